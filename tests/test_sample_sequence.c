/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sequences of samples: digit_sequence is the one of its network to the last bit; a network with a
 * state starts over with all that it is; samples are disjoint while the pool lasts. */
#include "test.h"

#include "continual_learning/digit_sequence.h"
#include "continual_learning/sample_sequence.h"
#include "continual_learning/sample_tasks.h"
#include "data/digits.h"
#include "linalg/blas.h"

static struct unit *unit_of(struct arena *mem, void *data)
{
    struct unit *u = arena_get(mem, 1, sizeof *u);

    u->seed = 3;
    u->data = data;
    u->mem = mem;
    u->metrics = sample_sequence_metrics;
    u->metric_count = SAMPLE_SEQUENCE_METRICS;
    return u;
}

static double value_of(const struct unit *u, const char *name)
{
    for (size_t i = 0; i < u->value_count; i++)
        if (strcmp(u->values[i].name, name) == 0)
            return u->values[i].value;
    fail_msg("%s was not emitted", name);
    return (double)NAN;
}

/* ---- digits ---- */

static void draw_digits(struct arena *mem, const char *part, struct dataset *set, struct task *t,
                        size_t n)
{
    *set = (struct dataset){.count = n, .channels = 1, .rows = 28, .cols = 28, .classes = 10};
    set->pixels = arena_get(mem, n, DIGITS_PIXELS);
    *t = (struct task){.set = set, .n = n, .classes = 10};
    t->index = arena_get(mem, n, sizeof *t->index);
    t->label = arena_get(mem, n, 1);
    for (size_t i = 0; i < n; i++) {
        t->index[i] = (uint32_t)i;
        t->label[i] = digits_draw(set->pixels + i * DIGITS_PIXELS, part, i);
    }
    set->label = t->label;
}

static void digit_sequence_is_one_of_a_relu_network(void **state)
{
    static const size_t widths[] = {784, 32, 32, 10};
    const struct digit_sequence_spec spec = {
        .first = 100, .later = 60, .tasks = 4, .width = 32, .layers = 3, .batch = 20,
        .loss = LOSS_CROSS_ENTROPY, .learning_rate = 0.1, .epochs = 1, .epochs_small = 20,
        .trained = 0.1};
    struct arena mem = {0};
    struct sample_tasks *d = arena_get(&mem, 1, sizeof *d);
    struct unit *one = unit_of(&mem, d), *other = unit_of(&mem, d);
    struct rng init = rng_stream(one->seed, "init");
    struct net net = net_create(&mem, &(struct net_spec){.layer_count = 3, .widths = widths,
                                                         .activation = ACTIVATION_RELU}, 500);
    struct model model = model_of_net(&net);

    (void)state;
    draw_digits(&mem, "train", &d->train, &d->pool, 250); /* does not last: samples overlap */
    draw_digits(&mem, "test", &d->test, &d->test_task, 300);
    net_init(&net, &init);
    CHECK_STATUS(digit_sequence_run(&spec, one), STATUS_OK);
    CHECK_STATUS(sample_sequence_run(
                     &(struct sample_sequence){
                         .model = &model, .pool = &d->pool, .test = &d->test_task,
                         .scale = &task_scale_unit, .first = 100, .later = 60, .tasks = 4,
                         .options = {.batch = 20, .max_epochs = 20, .learning_rate = 0.1,
                                     .stop_below = 0.1}}, other),
                 STATUS_OK);
    CHECK_TRUE(one->value_count == other->value_count && one->value_count > 15);
    for (size_t i = 0; i < one->value_count; i++)
        CHECK_NEAR(value_of(other, one->values[i].name), one->values[i].value, 0);
    CHECK_TRUE(value_of(one, "error.task.4") > 0 && value_of(one, "error.task.4") < 0.7);
    unit_free(one);
    unit_free(other);
    arena_free(&mem);
}

/* ---- a network that counts its training passes, in its parameter and in its state ---- */

enum { POOL = 100, EACH = 20, BATCH = 10, LOG = 1000 };

struct counter {
    float params[1], grads[1], state[1];
    float logits[2 * POOL], dlogits[2 * POOL];
    int log[LOG];         /* records met in training */
    size_t met;
    size_t passes, poison_at;
};

/* Class 0 wins up to three passes by both counts. */
static const float *counter_forward(void *self, const float *x, size_t batch, enum model_mode mode)
{
    struct counter *c = self;
    const int poisoned = mode == MODEL_TRAIN && ++c->passes == c->poison_at;

    if (mode == MODEL_TRAIN)
        c->state[0] += 1;
    for (size_t i = 0; i < batch; i++) {
        if (mode == MODEL_TRAIN)
            c->log[c->met++] = (int)lrintf(255 * x[i]);
        c->logits[2 * i] = poisoned ? NAN : 7 - c->state[0] - c->params[0];
        c->logits[2 * i + 1] = 0;
    }
    return c->logits;
}

static void counter_backward(void *self, const float *dlogits, float keep)
{
    (void)dlogits;
    (void)keep;
    ((struct counter *)self)->grads[0] = -1;
}

static float *counter_dlogits(void *self)
{
    return ((struct counter *)self)->dlogits;
}

/* A pool of POOL records whose pixel is their number, and four test records, one of class 1. */
struct counted {
    struct counter counter;
    struct model model;
    struct dataset set;
    struct task pool, test;
    uint8_t pixels[POOL], labels[POOL], test_labels[4];
    uint32_t index[POOL];
};

static struct sample_sequence sequence_of(struct counted *c, int tasks)
{
    struct counter *n = &c->counter;

    *c = (struct counted){.test_labels = {0, 0, 1, 0}};
    for (int i = 0; i < POOL; i++) {
        c->pixels[i] = (uint8_t)i;
        c->index[i] = (uint32_t)i;
    }
    c->set = (struct dataset){.count = POOL, .channels = 1, .rows = 1, .cols = 1, .classes = 2,
                              .pixels = c->pixels, .label = c->labels};
    c->pool = (struct task){&c->set, c->index, c->labels, POOL, 2};
    c->test = (struct task){&c->set, c->index, c->test_labels, 4, 2};
    c->model = (struct model){.self = n, .inputs = 1, .outputs = 2, .max_batch = POOL,
                              .param_count = 1, .params = n->params, .grads = n->grads,
                              .state = n->state, .state_count = 1, .forward = counter_forward,
                              .backward = counter_backward, .dlogits = counter_dlogits};
    return (struct sample_sequence){
        .model = &c->model, .pool = &c->pool, .test = &c->test, .scale = &task_scale_unit,
        .first = EACH, .later = EACH, .tasks = tasks, .few = EACH, .epochs_small = 1,
        .options = {.batch = BATCH, .max_epochs = 1, .learning_rate = 1}};
}

/* Two passes a task: right after one task, wrong after two, for parameter and state alike. */
static void sample_sequence_starts_over_with_all_of_the_network(void **state)
{
    struct arena mem = {0};
    struct unit *u = unit_of(&mem, NULL);
    struct counted c;
    const struct sample_sequence s = sequence_of(&c, 3);

    (void)state;
    CHECK_STATUS(sample_sequence_run(&s, u), STATUS_OK);
    for (int n = 1; n <= 3; n++) {
        CHECK_NEAR(value_of(u, arena_text(&mem, "error.task.%d", n)), n == 1 ? 0.25 : 0.75, 0);
        CHECK_NEAR(value_of(u, arena_text(&mem, "error.single.%d", n)), 0.25, 0);
        CHECK_NEAR(value_of(u, arena_text(&mem, "error.average.%d", n)), 0.25, 0);
    }
    CHECK_NEAR(value_of(u, "error.more-steps"), 0.75, 0);
    CHECK_NEAR(value_of(u, "ratio.task.2"), 3, 1e-15);
    CHECK_NEAR(value_of(u, "change.task.2"), 0.5, 0);
    CHECK_NEAR(value_of(u, "change.task.3"), 0, 0);
    CHECK_NEAR(value_of(u, "error.sequential.last"), 0.75, 0);
    CHECK_NEAR(value_of(u, "error.average.last"), 0.25, 0);
    CHECK_STATUS(unit_complete(u), STATUS_OK);
    unit_free(u);
    arena_free(&mem);
}

/* How often records of one training were met in the log so far. */
static void count_records(int *times, const struct counter *c, size_t training)
{
    for (size_t i = 0; i < EACH; i++)
        times[c->log[training * EACH + i]]++;
}

/* Trainings in order: task 1; task 2 in sequence, single, and further steps on sample 1; then two a
 * task. */
static void sample_sequence_draws_without_repetition(void **state)
{
    struct arena mem = {0};
    struct unit *u = unit_of(&mem, NULL);
    struct counted c;
    const struct sample_sequence s = sequence_of(&c, 6);
    int times[256] = {0}, again[256] = {0};

    (void)state;
    CHECK_STATUS(sample_sequence_run(&s, u), STATUS_OK);
    CHECK_TRUE(c.counter.met == 12 * EACH);
    for (size_t training = 0; training < 10; training++)
        count_records(times, &c.counter, training);
    for (int i = 0; i < POOL; i++)
        CHECK_TRUE(times[i] == 2); /* five samples, all of the pool, each met twice */
    count_records(again, &c.counter, 0);
    count_records(again, &c.counter, 3);
    for (int i = 0; i < POOL; i++)
        CHECK_TRUE(again[i] == 0 || again[i] == 2);
    unit_free(u);
    arena_free(&mem);
}

/* Tasks end after one epoch, their loss being small; the control does not end before its time. */
static void sample_sequence_control_takes_as_many_steps(void **state)
{
    struct arena mem = {0};
    struct unit *u = unit_of(&mem, NULL);
    struct counted c;
    struct sample_sequence s = sequence_of(&c, 2);

    (void)state;
    s.later = 2 * EACH;
    s.options.max_epochs = 3;
    s.options.stop_below = 100;
    CHECK_STATUS(sample_sequence_run(&s, u), STATUS_OK);
    CHECK_TRUE(c.counter.met == EACH + 3 * s.later);
    unit_free(u);
    arena_free(&mem);
}

/* One epoch of the first sample, three of each smaller one, three steps of the control. */
static void sample_sequence_trains_longer_on_few(void **state)
{
    struct arena mem = {0};
    struct unit *u = unit_of(&mem, NULL);
    struct counted c;
    struct sample_sequence s = sequence_of(&c, 2);

    (void)state;
    s.later = BATCH;
    s.epochs_small = 3;
    CHECK_STATUS(sample_sequence_run(&s, u), STATUS_OK);
    CHECK_TRUE(c.counter.met == EACH + 2 * 3 * BATCH + 3 * BATCH);
    unit_free(u);
    arena_free(&mem);
}

static void sample_sequence_says_what_fails(void **state)
{
    struct arena mem = {0};
    struct unit *u = unit_of(&mem, NULL);
    struct counted c;
    struct sample_sequence s = sequence_of(&c, 2);

    (void)state;
    c.counter.poison_at = 4;
    CHECK_STATUS(sample_sequence_run(&s, u), STATUS_DIVERGED);
    CHECK_TRUE(u->diverged);
    CHECK_NEAR(u->diverged_step, 2, 0);
    unit_free(u);
    u = unit_of(&mem, NULL);
    s = sequence_of(&c, 2);
    s.later = POOL + 1;
    CHECK_STATUS(sample_sequence_run(&s, u), STATUS_DATA);
    CHECK_MESSAGE("101 from a pool of 100");
    unit_free(u);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digit_sequence_is_one_of_a_relu_network),
        cmocka_unit_test(sample_sequence_starts_over_with_all_of_the_network),
        cmocka_unit_test(sample_sequence_draws_without_repetition),
        cmocka_unit_test(sample_sequence_control_takes_as_many_steps),
        cmocka_unit_test(sample_sequence_trains_longer_on_few),
        cmocka_unit_test(sample_sequence_says_what_fails),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
