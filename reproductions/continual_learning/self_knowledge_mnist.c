/* SPDX-License-Identifier: GPL-3.0-or-later */
/* self_knowledge_mnist: the same digits learned again and again from new samples.
 *
 * Claim    A network that learns one task again from a new sample of equal size gets better each
 *          time (self-knowledge transfer); a second sample that is small against the first makes it
 *          worse (self-knowledge forgetting); learning in sequence beats averaging the models.
 * Source   Karakida and Akaho, Learning curves for continual learning in neural networks, ICLR 2022
 *          (arXiv 2112.01653), abstract; R. Karakida's slides, three-panel figure, panel (b).
 * Measured test error on MNIST after each task, for later tasks of N_n samples after a first one of
 *          N_1; the same for single models (from the same initial weights) and for their averaged
 *          outputs; as a control, the first model trained on over its own samples for as many steps
 *          as task 2 took.
 * Differs  The slides give width 256 and plain SGD, N_1 = 10^4 and N_n from 500 to 10^4. Depth,
 *          batch, learning rate, stopping and the loss are not given and are ours; cross-entropy
 *          here. desk has N_1 = 4000. Samples are new as long as the pool lasts and are drawn
 *          again, with overlap, after that (at `paper` and `smoke`). A task ends at a small
 *          training loss or at a number of epochs; from the initial weights the epochs decide (a
 *          loss of about 0.002 at 4,000 samples), later tasks mostly end by the loss. The claim
 *          about the average, and that the error falls from task to task, are of noiseless kernel
 *          regression. Intervals are over seeds; the test set is one.
 * Minutes  smoke 0.03, desk 3.8, paper 350 (estimated from the cost of a step), on one core.
 */
#include "continual_learning/digit_sequence.h"
#include "continual_learning/sample_sequence.h"
#include "continual_learning/sample_tasks.h"
#include "harness/harness.h"

#define PARAMETERS(P) DIGIT_SEQUENCE_PARAMETERS(P, 10, 5)
DEFINE_PARAMETERS(PARAMETERS)

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    return sample_tasks_mnist(loaded, (size_t)p->pool, (size_t)p->test_step);
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct digit_sequence_spec spec = DIGIT_SEQUENCE_SPEC(p, u, LOSS_CROSS_ENTROPY);

    return digit_sequence_run(&spec, u);
}

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "self_knowledge_mnist", .title = "The same digits learned again from new samples",
        .paper = "R. Karakida and S. Akaho, Learning curves for continual learning in neural "
                 "networks: self-knowledge transfer and forgetting, ICLR 2022 (arXiv 2112.01653)",
        .data = "MNIST",
        .differs = "The slides give width 256, SGD, N_1 = 10^4 and N_n from 500 to 10^4 over 100 "
                   "tasks; desk has N_1 = 4000 and 5 tasks. Depth, batch size, learning rate, loss "
                   "(cross-entropy) and the stopping rule are not given and are ours: a task ends "
                   "at a mean training loss of 0.001 or after 60 epochs, and from the initial "
                   "weights the epochs decide. That the error falls from task to task, and the "
                   "order of sequence and average, are the paper's for noiseless kernel "
                   "regression, tested here on a trained network; single models start from the "
                   "same initial weights. The control of further steps on the same sample is ours.",
        .caption = "Test error on MNIST after task n. Left: later tasks of N_n samples after a "
                   "first one of the largest size shown. Right: equal sizes; the model trained in "
                   "sequence, the average of the single models so far, and the single models.",
        .minutes = {0.03, 3.8, 350}, PARAMETER_TABLE, METRICS(sample_sequence_metrics),
        CLAIMS(digit_sequence_claims), .axis = &digit_sequence_axis, .load = load,
        .run_unit = run_unit});
}
