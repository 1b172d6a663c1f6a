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
 *          here. desk has N_1 = 4000. Samples are new as long as the pool lasts and
 *          are drawn again after that (only at `paper`). A task ends at a small training loss or
 *          at a number of epochs; from the initial weights the epochs decide (a loss of about 0.002
 *          at 4,000 samples), later tasks mostly end by the loss. The claim about the average, and
 *          that the error falls from task to task, are of noiseless kernel regression. Intervals
 *          are over seeds; the test set is one.
 * Minutes  smoke 0.1, desk 8, paper 350 (estimated from the cost of a step), on one core.
 */
#include "continual_learning/digit_sequence.h"
#include "continual_learning/digit_tasks.h"
#include "harness/harness.h"

#define PARAMETERS(P)                                                                              \
    /* type   name           smoke desk   paper  */                                                \
    P(int,    seeds,         2,    10,    10,    "repetitions; ours")                              \
    P(int,    N_1,           400,  4000,  10000, "samples of the first task; slides (paper)")      \
    P(int,    tasks,         3,    5,     100,   "tasks in sequence; slides (paper)")              \
    P(int,    width,         256,  256,   256,   "hidden units of each hidden layer; slides")      \
    P(int,    layers,        3,    3,     3,     "weight layers; ours")                            \
    P(double, learning_rate, 0.1,  0.1,   0.1,   "of plain SGD, pixels in 0..1; ours")             \
    P(int,    batch,         50,   50,    50,    "samples a step; ours")                           \
    P(int,    epochs,        60,   60,    60,    "at most, for 1,000 samples or more; ours")       \
    P(int,    epochs_small,  60,   240,   240,   "at most, for fewer samples; ours")               \
    P(double, trained,       1e-3, 1e-3,  1e-3,  "a task ends below this mean training loss; ours")\
    P(int,    pool,          200,  5400,  5400,  "records a class to draw from; all there are")    \
    P(int,    test_step,     1,    1,     1,     "every k-th test record of each class")
DEFINE_PARAMETERS(PARAMETERS)

/* The published figure's axis: how many samples each later task has. */
static const struct axis later_samples = {
    .name = "N_n", .meaning = "samples of each later task",
    .at = {CELL_VALUES(50, 400), CELL_VALUES(50, 1000, 4000), CELL_VALUES(500, 2000, 5000, 10000)}};

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    return digit_tasks_load(loaded, (size_t)p->pool, (size_t)p->test_step);
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct digit_sequence_spec spec = DIGIT_SEQUENCE_SPEC(p, u, LOSS_CROSS_ENTROPY);

    return digit_sequence_run(&spec, u);
}

static const struct metric metrics[] = {DIGIT_SEQUENCE_METRICS};

static const struct claim claims[] = {
    {.id = "equal-sizes-help", .place = "abstract; slides, self-knowledge transfer",
     .words = "learning the same task again from an equal sample lowers the test error",
     .kind = ORDER, .metric = "error.task.2", .cell = LAST_CELL, .is = BELOW,
     .to_metric = "error.task.1"},
    {.id = "new-samples-not-steps", .place = "control of ours",
     .words = "it is the new sample that helps, not the further steps",
     .kind = ORDER, .metric = "error.task.2", .cell = LAST_CELL, .is = BELOW,
     .to_metric = "error.more-steps"},
    {.id = "falls-from-task-to-task", .place = "abstract: E_{n+1} <= E_n for equal sizes",
     .words = "with equal sizes the test error falls from task to task",
     .kind = EVERY, .metric = "change.task.*", .cell = LAST_CELL, .is = BELOW, .to = 0},
    {.id = "small-second-hurts", .place = "slides, self-knowledge forgetting, panel (b)",
     .words = "a second sample that is small against the first makes the model worse",
     .kind = ORDER, .metric = "error.task.2", .cell = FIRST_CELL, .is = ABOVE,
     .to_metric = "error.task.1"},
    {.id = "larger-second-helps-more", .place = "slides, panel (b)",
     .words = "the larger the second sample, the lower the error after it",
     .kind = TREND, .metric = "ratio.task.2", .cell = ALL_CELLS, .is = BELOW},
    {.id = "sequence-beats-average", .place = "slides: E_{A->B}(1) < E_ave, equal sizes",
     .words = "two samples learned in sequence beat the average of the two single models",
     .kind = ORDER, .metric = "error.task.2", .cell = LAST_CELL, .is = BELOW,
     .to_metric = "error.average.2"},
    {.id = "average-beats-single", .place = "slides: E_ave < E_A, equal sizes",
     .words = "the average of two single models beats one of them",
     .kind = ORDER, .metric = "error.average.2", .cell = LAST_CELL, .is = BELOW,
     .to_metric = "error.task.1"},
    {.id = "long-sequence-beats-average", .place = "follows from both; not stated for n > 2",
     .words = "after all tasks the sequence still beats the average of all single models",
     .kind = ORDER, .metric = "error.sequential.last", .cell = LAST_CELL, .is = BELOW,
     .to_metric = "error.average.last"},
};

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
        .minutes = {0.1, 8, 350}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &later_samples, .load = load, .run_unit = run_unit});
}
