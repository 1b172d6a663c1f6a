/* SPDX-License-Identifier: GPL-3.0-or-later */
/* self_knowledge_mnist: the same digits learned again and again from new samples.
 *
 * Claim    A network that learns one task again from a new sample of equal size gets better each
 *          time (self-knowledge transfer); a second sample that is small against the first makes it
 *          worse (self-knowledge forgetting); learning in sequence beats averaging the models.
 * Source   Karakida and Akaho, Learning curves for continual learning in neural networks, ICLR 2022
 *          (arXiv 2112.01653), abstract; R. Karakida's slides, three-panel figure, panel (b).
 * Measured test error on MNIST after each task, for later tasks of N_n samples after a first one of
 *          N_1; the same for single models and for their averaged outputs.
 * Differs  The slides give width 256 and plain SGD, N_1 = 10^4 and N_n from 500 to 10^4. Depth, batch,
 *          learning rate, stopping and the loss are not given and are ours; cross-entropy here. desk
 *          has N_1 = 4000. Samples are new as long as the pool lasts and are drawn again after that
 *          (only at `paper`). The claim about the average is one of kernel regression.
 * Minutes  smoke 0.2, desk 8 (on one core), paper many hours.
 */
#include <string.h>

#include "data/dataset.h"
#include "data/task.h"
#include "harness/harness.h"
#include "net/loss.h"
#include "net/net.h"
#include "net/train.h"

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

struct digits {
    struct dataset train, test;
    struct task pool, test_task;
};

static void release(void *data)
{
    struct digits *d = data;

    dataset_free(&d->train);
    dataset_free(&d->test);
}

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    static const int classes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct digits *d = arena_get(loaded->mem, 1, sizeof *d);
    struct data_source source;

    loaded->data = d;
    loaded->release = release;
    TRY(data_source_find(&source, "mnist", loaded->asked, loaded->stand_in));
    TRY(dataset_mnist(&source, &d->train, &d->test));
    TRY(task_pool(&d->pool, loaded->mem, &d->train, classes, 10, (size_t)p->pool));
    TRY(task_every(&d->test_task, loaded->mem, &d->test, classes, 10, (size_t)p->test_step));
    task_digest(&loaded->records, &d->pool);
    task_digest(&loaded->records, &d->test_task);
    loaded->kind = source.stand_in ? "stand-in" : "real";
    loaded->note = arena_text(loaded->mem, "%s, %zu training and %zu test records",
                              source.stand_in ? "generated digits" : "MNIST", d->pool.n,
                              d->test_task.n);
    return STATUS_OK;
}

/* Samples of one task, and where the next task's begin in the shuffled pool. */
struct sampler {
    struct task shuffled;
    size_t next, round;
};

/* New records for each task while the pool lasts; then it is shuffled again. */
static enum status next_sample(struct sampler *s, const struct unit *u, size_t n, float *x,
                               uint8_t *y)
{
    const struct digits *d = u->data;

    if (s->round == 0 || s->next + n > s->shuffled.n) {
        struct rng order = rng_stream(u->seed, "sample:%zu", s->round++);

        TRY(task_draw(&s->shuffled, u->mem, &d->pool, d->pool.n, &order, 0));
        s->next = 0;
    }
    const struct task sample = {s->shuffled.set, s->shuffled.index + s->next,
                                s->shuffled.label + s->next, n, s->shuffled.classes};

    task_features(x, &sample, &task_scale_unit);
    memcpy(y, sample.label, n);
    s->next += n;
    return STATUS_OK;
}

/* One task: plain SGD from where the parameters are, until the loss is small. */
static enum status learn(const struct parameters *p, struct unit *u, struct net *net,
                         const float *x, const uint8_t *y, size_t n, struct rng *order)
{
    const struct train_options options = {
        .batch = (size_t)p->batch, .loss = LOSS_CROSS_ENTROPY, .learning_rate = p->learning_rate,
        .max_epochs = (size_t)(n < 1000 ? p->epochs_small : p->epochs), .stop_below = p->trained};
    struct train_result result;
    const enum status status = train_classifier(net, x, y, n, &options, order, &result);

    if (status == STATUS_DIVERGED)
        return unit_diverged(u, (double)result.diverged_step, result.last_finite);
    return status;
}

/* The state of one unit: network, samples, test set, the three models' bookkeeping. */
struct run {
    struct net net;
    struct sampler sampler;
    float *x, *x_test;         /* N x 784 */
    uint8_t *y;
    const uint8_t *y_test;
    size_t n_test;
    float *start, *sequential; /* parameters: at the start, after the tasks so far */
    float *outputs;            /* n_test x 10: of one single model */
    double *sum;               /* n_test x 10: of all single models so far */
};

static void prepare(const struct parameters *p, struct unit *u, struct run *r)
{
    const struct digits *d = u->data;
    const size_t dim = task_dim(&d->pool);
    const size_t most = (size_t)(u->cell_value > p->N_1 ? u->cell_value : p->N_1);
    const size_t width = (size_t)p->width, layers = (size_t)p->layers;
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

/* Task n: the sequential model goes on from task n - 1, the single one starts at the beginning. For
 * n = 1 they are the same. */
static enum status one_task(const struct parameters *p, struct unit *u, struct run *r, int n,
                            size_t wrong[3])
{
    const size_t N = (size_t)(n == 1 ? p->N_1 : u->cell_value);
    struct rng order = rng_stream(u->seed, "order:%d", n);
    struct rng order_single = rng_stream(u->seed, "order-single:%d", n);

    TRY(next_sample(&r->sampler, u, N, r->x, r->y));
    net_set_params(&r->net, r->sequential);
    TRY(learn(p, u, &r->net, r->x, r->y, N, &order));
    net_get_params(&r->net, r->sequential);
    wrong[0] = net_errors(&r->net, r->x_test, r->y_test, r->n_test);
    if (n > 1) {
        net_set_params(&r->net, r->start);
        TRY(learn(p, u, &r->net, r->x, r->y, N, &order_single));
    }
    wrong[1] = net_errors(&r->net, r->x_test, r->y_test, r->n_test);
    wrong[2] = average_errors(r);
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    struct curve *error = curve_open(u, "error", "task [1]", "sequential [1]", "single [1]",
                                     "average [1]", NULL);
    struct run *r = arena_get(u->mem, 1, sizeof *r);
    size_t wrong[3] = {0}, first = 0, last = 0;

    prepare(p, u, r);
    for (int n = 1; n <= p->tasks; n++) {
        const double of = (double)r->n_test;

        TRY(one_task(p, u, r, n, wrong));
        emit_rate_at(u, "error.task", n, wrong[0], r->n_test);
        emit_rate_at(u, "error.single", n, wrong[1], r->n_test);
        emit_rate_at(u, "error.average", n, wrong[2], r->n_test);
        first = n == 1 ? wrong[0] : first;
        if (n > 1) {
            emit_at(u, "ratio.task", n, (double)wrong[0] / (double)first);
            emit_at(u, "change.task", n, ((double)wrong[0] - (double)last) / of);
        }
        last = wrong[0];
        curve_row(error, (double[]){n, (double)wrong[0] / of, (double)wrong[1] / of,
                                    (double)wrong[2] / of});
    }
    emit_rate(u, "error.sequential.last", wrong[0], r->n_test);
    emit_rate(u, "error.average.last", wrong[2], r->n_test);
    return STATUS_OK;
}

static const struct metric metrics[] = {
    {"error.task.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9, "test error after task n in sequence"},
    {"error.single.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9, "of a model trained on task n alone"},
    {"error.average.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9,
     "of the averaged outputs of the single models 1 to n"},
    {"ratio.task.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "error after task n over that after task 1"},
    {"change.task.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0, "error after task n less that after n - 1"},
    {"error.sequential.last", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9, "after the last task"},
    {"error.average.last", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9, "average of all single models"},
};

static const struct claim claims[] = {
    {.id = "equal-sizes-help", .place = "abstract; slides, self-knowledge transfer",
     .words = "learning the same task again from an equal sample lowers the test error",
     .kind = ORDER, .metric = "error.task.2", .cell = LAST_CELL, .is = BELOW,
     .to_metric = "error.task.1"},
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
     .words = "and that average beats a single model",
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
                   "(cross-entropy) and the stopping rule are not given and are ours. The order of "
                   "sequence and average is the paper's for kernel regression, tested here on a "
                   "trained network.",
        .caption = "Test error on MNIST after task n. Left: later tasks of N_n samples after a "
                   "first one of the largest size shown. Right: equal sizes; the model trained in "
                   "sequence, the average of the single models so far, and the single models.",
        .minutes = {0.2, 8, 0}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &later_samples, .load = load, .run_unit = run_unit});
}
