/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "continual_learning/digit_sequence.h"

#include <string.h>

#include "base/check.h"
#include "continual_learning/digit_tasks.h"
#include "net/net.h"
#include "net/train.h"

/* The state of one unit: network, samples, test set, the three models' bookkeeping. */
struct run {
    const struct digit_sequence_spec *spec;
    struct net net;
    struct digit_sampler sampler;
    float *x, *x_test;         /* N x 784 */
    uint8_t *y;
    const uint8_t *y_test;
    size_t n_test;
    float *start, *sequential; /* parameters: at the start, after the tasks so far */
    float *first;              /* parameters after task 1 */
    struct task first_sample;
    size_t steps;              /* of the last training */
    float *outputs;            /* n_test x 10: of one single model */
    double *sum;               /* n_test x 10: of all single models so far */
};

/* One task: plain SGD from where the parameters are, until the loss is small. */
static enum status learn(struct unit *u, struct run *r, size_t n, struct rng *order)
{
    const struct digit_sequence_spec *spec = r->spec;
    const struct train_options options = {
        .batch = spec->batch, .loss = spec->loss, .learning_rate = spec->learning_rate,
        .max_epochs = n < 1000 ? spec->epochs_small : spec->epochs, .stop_below = spec->trained};
    struct train_result result;
    const enum status status = train_classifier(&r->net, r->x, r->y, n, &options, order, &result);

    r->steps = result.steps;
    if (status == STATUS_DIVERGED)
        return unit_diverged(u, (double)result.diverged_step, result.last_finite);
    return status;
}

static void prepare(struct unit *u, struct run *r)
{
    const struct digit_tasks *d = u->data;
    const size_t dim = task_dim(&d->pool);
    const size_t most = r->spec->later > r->spec->first ? r->spec->later : r->spec->first;
    const size_t width = r->spec->width, layers = r->spec->layers;
    size_t *widths = arena_get(u->mem, layers + 1, sizeof *widths);
    struct rng init = rng_stream(u->seed, "init");

    for (size_t l = 0; l <= layers; l++)
        widths[l] = l == 0 ? dim : l == layers ? 10 : width;
    r->net = net_create(u->mem, &(struct net_spec){.layer_count = layers, .widths = widths,
                                                   .activation = ACTIVATION_RELU,
                                                   .parameterization = NET_STANDARD}, 500);
    net_init(&r->net, &init);
    r->start = arena_get(u->mem, r->net.param_count, sizeof(float));
    r->sequential = arena_get(u->mem, r->net.param_count, sizeof(float));
    r->first = arena_get(u->mem, r->net.param_count, sizeof(float));
    net_get_params(&r->net, r->start);
    net_get_params(&r->net, r->sequential);
    r->x = arena_get(u->mem, most * dim, sizeof(float));
    r->y = arena_get(u->mem, most, 1);
    r->n_test = d->test_task.n;
    r->x_test = arena_get(u->mem, r->n_test * dim, sizeof(float));
    r->y_test = d->test_task.label;
    task_features(r->x_test, &d->test_task, &task_scale_unit);
    r->outputs = arena_get(u->mem, r->n_test * 10, sizeof(float));
    r->sum = arena_get(u->mem, r->n_test * 10, sizeof(double));
}

/* Errors of (f_1 + ... + f_n) / n, the single models' averaged outputs, after adding f_n. */
static size_t average_errors(struct run *r)
{
    size_t wrong = 0;

    net_outputs(&r->net, r->x_test, r->n_test, r->outputs);
    for (size_t i = 0; i < r->n_test; i++) {
        double *sum = r->sum + 10 * i;
        size_t best = 0;

        for (size_t k = 0; k < 10; k++) {
            sum[k] += (double)r->outputs[10 * i + k];
            best = sum[k] > sum[best] ? k : best;
        }
        wrong += best != r->y_test[i];
    }
    return wrong;
}

static void use_sample(struct run *r, const struct task *sample)
{
    task_features(r->x, sample, &task_scale_unit);
    memcpy(r->y, sample->label, sample->n);
}

/* Task n: the sequential model goes on from task n - 1, the single one starts at the beginning. For
 * n = 1 they are the same. */
static enum status one_task(struct unit *u, struct run *r, int n, size_t wrong[3])
{
    const size_t N = n == 1 ? r->spec->first : r->spec->later;
    struct rng order = rng_stream(u->seed, "order:%d", n);
    struct rng order_single = rng_stream(u->seed, "order-single:%d", n);
    struct task sample;
    size_t steps;

    TRY(digit_sampler_next(&r->sampler, u, N, &sample));
    use_sample(r, &sample);
    net_set_params(&r->net, r->sequential);
    TRY(learn(u, r, N, &order));
    net_get_params(&r->net, r->sequential);
    wrong[0] = net_errors(&r->net, r->x_test, r->y_test, r->n_test);
    if (n == 1) {
        net_get_params(&r->net, r->first);
        r->first_sample = sample;
    } else {
        steps = r->steps;
        net_set_params(&r->net, r->start);
        TRY(learn(u, r, N, &order_single));
        r->steps = steps;
    }
    wrong[1] = net_errors(&r->net, r->x_test, r->y_test, r->n_test);
    wrong[2] = average_errors(r);
    return STATUS_OK;
}

/* The control of a sceptic: the first model goes on over its own samples, as long as task 2 took.
 * Is it the new samples that help, or the further steps? */
static enum status more_steps(struct unit *u, struct run *r)
{
    const struct train_options options = {.batch = r->spec->batch, .loss = r->spec->loss,
                                          .learning_rate = r->spec->learning_rate,
                                          .max_epochs = r->steps, .max_steps = r->steps};
    struct rng order = rng_stream(u->seed, "order-more-steps");
    struct train_result result;
    enum status status;

    use_sample(r, &r->first_sample);
    net_set_params(&r->net, r->first);
    status = train_classifier(&r->net, r->x, r->y, r->first_sample.n, &options, &order, &result);
    if (status == STATUS_DIVERGED)
        return unit_diverged(u, (double)result.diverged_step, result.last_finite);
    emit_rate(u, "error.more-steps", net_errors(&r->net, r->x_test, r->y_test, r->n_test),
              r->n_test);
    return status;
}

enum status digit_sequence_run(const struct digit_sequence_spec *spec, struct unit *u)
{
    struct curve *error = curve_open(u, "error", "task [1]", "sequential [1]", "single [1]",
                                     "average [1]", NULL);
    struct run *r = arena_get(u->mem, 1, sizeof *r);
    size_t wrong[3] = {0}, first = 0, last = 0;

    CHECK(spec->tasks >= 2, "%d tasks", spec->tasks);
    r->spec = spec;
    prepare(u, r);
    for (int n = 1; n <= spec->tasks; n++) {
        const double of = (double)r->n_test;

        TRY(one_task(u, r, n, wrong));
        emit_rate_at(u, "error.task", n, wrong[0], r->n_test);
        emit_rate_at(u, "error.single", n, wrong[1], r->n_test);
        emit_rate_at(u, "error.average", n, wrong[2], r->n_test);
        first = n == 1 ? wrong[0] : first;
        if (n == 2)
            TRY(more_steps(u, r));
        if (n > 1) {
            emit_at(u, "ratio.task", n, (double)wrong[0] / (double)first);
            emit_scaled_at(u, "change.task", n, ((double)wrong[0] - (double)last) / of, of / 2);
        }
        last = wrong[0];
        curve_row(error, (double[]){n, (double)wrong[0] / of, (double)wrong[1] / of,
                                    (double)wrong[2] / of});
    }
    emit_rate(u, "error.sequential.last", wrong[0], r->n_test);
    emit_rate(u, "error.average.last", wrong[2], r->n_test);
    return STATUS_OK;
}

const struct metric digit_sequence_metrics[DIGIT_SEQUENCE_METRICS] = {
    {"error.task.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9,
     "test error after task n in sequence"},
    {"error.single.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9,
     "of a model trained on task n alone"},
    {"error.average.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9,
     "of the averaged outputs of the single models 1 to n"},
    {"ratio.task.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,
     "error after task n over that after task 1"},
    {"change.task.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0,
     "error after task n less that after task n - 1"},
    {"error.more-steps", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9,
     "of the first model after as many further steps on its own samples as task 2 took"},
    {"error.sequential.last", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9, "after the last task"},
    {"error.average.last", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9, "average of all single models"},
};

const struct claim digit_sequence_claims[DIGIT_SEQUENCE_CLAIMS] = {
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

/* The published figure's axis: how many samples each later task has. */
const struct axis digit_sequence_axis = {
    .name = "N_n", .meaning = "samples of each later task",
    .at = {CELL_VALUES(50, 400), CELL_VALUES(50, 1000, 4000), CELL_VALUES(500, 2000, 5000, 10000)}};
