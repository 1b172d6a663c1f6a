/* SPDX-License-Identifier: GPL-3.0-or-later */
/* self_knowledge_squared: self_knowledge_mnist with the squared loss of the theory.
 *
 * Claim    A network that learns one task again from a new sample of equal size gets better each
 *          time (self-knowledge transfer); a second sample that is small against the first makes it
 *          worse (self-knowledge forgetting); learning in sequence beats averaging the models.
 * Source   Karakida and Akaho, Learning curves for continual learning in neural networks, ICLR 2022
 *          (arXiv 2112.01653), abstract; R. Karakida's slides, three-panel figure, panel (b).
 * Measured as in self_knowledge_mnist, with the loss (1/2) |f - onehot|^2: test error on MNIST
 *          after each task, for later tasks of N_n samples after a first one of N_1, of single
 *          models and of their averaged outputs, and the control of further steps on the first
 *          sample.
 * Differs  The loss behind the published figure is not given; the theory is of the squared one. All
 *          else is as in self_knowledge_mnist: width 256, plain SGD, N_1 = 10^4 and N_n from 500 to
 *          10^4 are the slides'; depth, batch, learning rate and stopping are ours. desk has N_1 =
 *          4000 and fewer seeds and tasks. The 100 tasks of `paper` are more than the pool holds,
 *          and samples are drawn again, with overlap between tasks. That the error falls from task
 *          to task, and the claim about the average, are of noiseless kernel regression. Intervals
 *          are over seeds; the test set is one.
 * Minutes  smoke 0.03, desk 1.7, paper 350 (estimated from the cost of a step), on one core.
 */
#include "continual_learning/digit_sequence.h"
#include "continual_learning/sample_sequence.h"
#include "continual_learning/sample_tasks.h"
#include "harness/harness.h"

#define PARAMETERS(P) DIGIT_SEQUENCE_PARAMETERS(P, 5, 4)
DEFINE_PARAMETERS(PARAMETERS)

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    return sample_tasks_mnist(loaded, (size_t)p->pool, (size_t)p->test_step);
}

/* (1/2N) sum_i |f(x_i) - onehot(y_i)|^2, the theory's loss, in place of cross-entropy. */
static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct digit_sequence_spec spec = DIGIT_SEQUENCE_SPEC(p, u, LOSS_SQUARED);

    return digit_sequence_run(&spec, u);
}

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "self_knowledge_squared",
        .title = "The same digits learned again from new samples, with the squared loss",
        .paper = "R. Karakida and S. Akaho, Learning curves for continual learning in neural "
                 "networks: self-knowledge transfer and forgetting, ICLR 2022 (arXiv 2112.01653)",
        .data = "MNIST",
        .differs = "As self_knowledge_mnist, with the squared loss of the theory, (1/2) |f - "
                   "onehot|^2, in place of cross-entropy; which of the two the published figure "
                   "used is not given. desk has N_1 = 4000, N_n = 50, 1000 and 4000, 4 tasks and 5 "
                   "seeds; paper has the slides' N_1 = 10^4, N_n from 500 to 10^4 and 100 tasks, "
                   "which draw the pool again and overlap.",
        .caption = "Squared loss: test error on MNIST after task n. Left: later tasks of N_n "
                   "samples after a first one of the largest size shown. Right: equal sizes; the "
                   "model trained in sequence, the average of the single models so far, and the "
                   "single models.",
        .minutes = {0.03, 1.7, 350}, PARAMETER_TABLE, METRICS(sample_sequence_metrics),
        CLAIMS(digit_sequence_claims), .axis = &digit_sequence_axis, .load = load,
        .run_unit = run_unit});
}
