/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_train_model: training a network of any kind, and the options that the classical loop of
 * test_train does not have: optimizers that go on, restarts, filled batches, schedules over steps,
 * hooks that stop. */
#include "test.h"

#include "aborts.h"
#include "base/memory.h"
#include "linalg/blas.h"
#include "net/train.h"
#include "noisy_model.h"

enum { N = 50, IN = 6, OUT = 3, BATCH = 8, AN_EPOCH = 7 };

static const size_t widths[] = {IN, 9, OUT};
static const struct net_spec spec = {
    .layer_count = 2, .widths = widths, .activation = ACTIVATION_TANH};
static float x[N * IN], targets[N * OUT];
static uint8_t labels[N];
static const struct train_data plain = {.n = N, .x = x, .labels = labels};

static int start(void **state)
{
    struct rng r = rng_stream(1, "rows");

    (void)state;
    blas_set_threads(1);
    rng_normalsf(&r, x, N * IN);
    rng_normalsf(&r, targets, N * OUT);
    for (size_t i = 0; i < N; i++)
        labels[i] = (uint8_t)(x[i * IN] > 0.5f ? 2 : x[i * IN + 1] > 0);
    return 0;
}

/* A net, the stream of its order, and what its trainings said. */
struct run {
    struct arena mem;
    struct net net;
    struct model model;
    struct rng rng;
    struct train_result result;
};

static void run_start(struct run *r)
{
    struct rng init = rng_stream(1, "init");

    *r = (struct run){.rng = rng_stream(1, "order")};
    r->net = net_create(&r->mem, &spec, N);
    net_init(&r->net, &init);
    r->model = model_of_net(&r->net);
}

static void run_train(struct run *r, const struct train_data *data,
                      const struct train_options *options)
{
    CHECK_STATUS(train_model(&r->model, data, options, &r->rng, &r->result), STATUS_OK);
}

static int same(const struct run *a, const struct run *b)
{
    return memcmp(a->net.params, b->net.params, a->net.param_count * sizeof(float)) == 0;
}

/* Compares two runs and frees them. */
static int same_at_last(struct run *a, struct run *b)
{
    const int result = same(a, b);

    arena_free(&a->mem);
    arena_free(&b->mem);
    return result;
}

/* ---- kinds of networks ---- */

static void wrappers_train_the_same_model(void **state)
{
    const struct train_options options = {.batch = BATCH, .max_epochs = 3, .learning_rate = 0.1};
    const struct train_data regression = {.n = N, .x = x, .targets = targets};
    struct run a, b;

    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        run_start(&a);
        run_start(&b);
        run_train(&a, kind ? &regression : &plain, &options);
        CHECK_STATUS(kind ? train_regression(&b.net, x, targets, N, &options, &b.rng, &b.result)
                          : train_classifier(&b.net, x, labels, N, &options, &b.rng, &b.result),
                     STATUS_OK);
        CHECK_TRUE(a.result.loss == b.result.loss);
        CHECK_TRUE(same_at_last(&a, &b));
    }
}

/* The detour over grads gives the same steps up to rounding. */
static void models_without_a_backward_step_take_the_same_steps(void **state)
{
    const struct train_options options = {
        .batch = BATCH, .max_epochs = 3, .learning_rate = 0.1, .weight_decay = 0.01};
    struct run a, b;

    (void)state;
    run_start(&a);
    run_start(&b);
    run_train(&a, &plain, &options);
    b.model.backward_step = NULL;
    run_train(&b, &plain, &options);
    for (size_t i = 0; i < a.net.param_count; i++)
        CHECK_NEAR((double)a.net.params[i], (double)b.net.params[i], 1e-5);
    CHECK_TRUE(!same_at_last(&a, &b));
}

static void steps_are_training_passes(void **state)
{
    const struct train_options options = {.batch = BATCH, .max_epochs = 3, .learning_rate = 0.1};
    struct rng rng = rng_stream(1, "order");
    struct train_result result;
    struct arena mem = {0};
    struct noisy noisy;
    const struct model m = noisy_create(&noisy, &mem, &spec, N, 1);

    (void)state;
    CHECK_STATUS(train_model(&m, &plain, &options, &rng, &result), STATUS_OK);
    CHECK_TRUE(noisy.passes == 3 * AN_EPOCH && result.steps == 3 * AN_EPOCH);
    CHECK_TRUE(noisy.state[0] != 1.0f);
    noisy.state[0] = INFINITY;
    memset(noisy.net.params, 0, noisy.net.param_count * sizeof(float));
    CHECK_STATUS(train_model(&m, &plain, &options, &rng, &result), STATUS_DIVERGED);
    arena_free(&mem);
}

/* A state that the last pass broke is found, although the loss of that pass was finite. */
static void states_that_are_not_finite_are_found(void **state)
{
    const struct train_options options = {.batch = N, .max_epochs = 1, .learning_rate = 0.1};
    struct rng rng = rng_stream(1, "order");
    struct train_result result;
    struct arena mem = {0};
    struct noisy noisy;
    struct model m = noisy_create(&noisy, &mem, &spec, N, 1);
    float extra[2] = {0, 0};

    (void)state;
    m.state = extra;
    m.state_count = 2;
    CHECK_STATUS(train_model(&m, &plain, &options, &rng, &result), STATUS_OK);
    extra[1] = NAN;
    CHECK_STATUS(train_model(&m, &plain, &options, &rng, &result), STATUS_DIVERGED);
    CHECK_TRUE(isfinite(result.last_finite));
    arena_free(&mem);
}

/* ---- the optimizer's state ---- */

static void optimizers_go_on_over_calls(void **state)
{
    const struct optimizer_spec kinds[] = {
        {.momentum = 0.9}, {.kind = OPTIMIZER_ADAM}, {.weight_decay = 0.1}};

    (void)state;
    for (int k = 0; k < 3; k++) {
        struct train_options whole = {.batch = BATCH, .max_epochs = 4, .learning_rate = 0.02,
                                      .optimizer = kinds[k].kind, .momentum = kinds[k].momentum,
                                      .weight_decay = kinds[k].weight_decay};
        struct train_options half = {.batch = BATCH, .max_epochs = 2, .learning_rate = 0.02};
        struct run a, b;

        run_start(&a);
        run_start(&b);
        struct optimizer o = optimizer_create(&b.mem, &kinds[k], b.net.param_count);
        half.continued = &o;
        run_train(&a, &plain, &whole);
        run_train(&b, &plain, &half);
        run_train(&b, &plain, &half);
        assert_int_equal(o.steps, 4 * AN_EPOCH);
        CHECK_TRUE(same_at_last(&a, &b));
    }
}

/* Without an optimizer of the caller's each call starts with a state of zero, and so does, with
 * restart, each epoch. */
static void optimizers_restart_where_they_are_told(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct train_options options = {.batch = BATCH, .max_epochs = 1, .learning_rate = 0.02,
                                        .momentum = kind ? 0 : 0.9,
                                        .optimizer = kind ? OPTIMIZER_ADAM : OPTIMIZER_SGD};
        struct run calls, restarted, kept;

        run_start(&calls);
        run_start(&restarted);
        run_start(&kept);
        for (int e = 0; e < 4; e++)
            run_train(&calls, &plain, &options);
        options.max_epochs = 4;
        run_train(&kept, &plain, &options);
        options.restart = 1;
        run_train(&restarted, &plain, &options);
        CHECK_TRUE(same(&calls, &restarted));
        CHECK_TRUE(!same(&calls, &kept));
        arena_free(&calls.mem);
        CHECK_TRUE(!same_at_last(&kept, &restarted));
    }
}

/* ---- where batches come from ---- */

struct source {
    size_t epoch, calls;
    uint32_t order[2][N]; /* of the first two epochs */
    size_t seen[2];
};

static void fill_rows(void *context, size_t epoch, const uint32_t *indices, size_t n, float *out)
{
    struct source *s = context;

    CHECK_TRUE(epoch == s->epoch || (epoch == s->epoch + 1 && s->seen[s->epoch] == N));
    s->epoch = epoch;
    s->calls++;
    for (size_t i = 0; i < n; i++)
        s->order[epoch][s->seen[epoch]++] = indices[i];
    batches_gather(x, IN, indices, n, out);
}

static void filled_batches_are_trained_on(void **state)
{
    static const size_t sizes[] = {BATCH, N, N + 7};

    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        const struct train_options options = {
            .batch = sizes[kind / 2], .max_epochs = 2, .learning_rate = 0.1, .momentum = 0.5};
        struct source source = {0};
        struct train_data given = plain, filled;
        struct run a, b;

        if (kind % 2) {
            given.labels = NULL;
            given.targets = targets;
        }
        filled = given;
        filled.x = NULL;
        filled.fill = fill_rows;
        filled.source = &source;
        run_start(&a);
        run_start(&b);
        run_train(&a, &given, &options);
        run_train(&b, &filled, &options);
        assert_int_equal(source.calls, kind < 2 ? 2 * AN_EPOCH : 2);
        CHECK_TRUE(source.seen[0] == N && source.seen[1] == N && source.epoch == 1);
        for (uint32_t i = 0; i < N; i++)
            CHECK_TRUE(kind < 2 || (source.order[0][i] == i && source.order[1][i] == i));
        CHECK_TRUE(memcmp(source.order[0], source.order[1], sizeof source.order[0]) != 0 ||
                   kind >= 2);
        CHECK_TRUE(a.rng.block == b.rng.block && a.rng.left == b.rng.left);
        CHECK_TRUE(same_at_last(&a, &b));
    }
}

/* ---- schedules ---- */

/* The same steps by hand, each at the rate of its number. */
static void schedules_count_steps(void **state)
{
    const struct schedule schedules[] = {
        {SCHEDULE_COSINE, .base = 0.2, .period = 2 * AN_EPOCH, .end = 0.01},
        {SCHEDULE_EQUILIBRATION, .base = 0.2, .period = 2 * AN_EPOCH, .end = 0.001},
        {SCHEDULE_MILESTONES, .base = 0.2, .factor = 0.2, .milestones = (size_t[]){3, 9},
         .milestone_count = 2},
    };

    (void)state;
    for (int k = 0; k < 6; k++) {
        const struct schedule *s = &schedules[k / 2];
        const size_t limit = k % 2 ? 2 * AN_EPOCH : 0; /* the period's default comes from either */
        const struct train_options options = {
            .batch = BATCH, .max_epochs = k % 2 ? 9 : 2, .max_steps = limit, .learning_rate = 0.2,
            .schedule = s->kind, .schedule_steps = 1, .schedule_end = s->end,
            .schedule_factor = s->factor, .milestones = s->milestones,
            .milestone_count = s->milestone_count};
        struct run a, b;
        const uint32_t *indices;
        size_t t = 0, n;

        run_start(&a);
        run_start(&b);
        run_train(&a, &plain, &options);
        assert_int_equal(a.result.steps, 2 * AN_EPOCH);
        struct batches order = batches_create(&b.mem, &b.rng, N, BATCH);
        while (t < 2 * AN_EPOCH) {
            float rows[BATCH * IN];
            uint8_t row_labels[BATCH];

            if ((n = batches_next(&order, &indices)) == 0)
                continue;
            batches_gather(x, IN, indices, n, rows);
            for (size_t i = 0; i < n; i++)
                row_labels[i] = labels[indices[i]];
            const float *f = net_forward(&b.net, rows, n);
            loss_cross_entropy(f, row_labels, n, OUT, n, net_dlogits(&b.net));
            net_backward_step(&b.net, net_dlogits(&b.net), schedule_rate(s, t++), 0);
        }
        CHECK_TRUE(same_at_last(&a, &b));
    }
}

/* Milestones and equilibration over epochs: a training in one piece equals one an epoch at a time
 * at the rates of a list. */
static void schedules_count_epochs(void **state)
{
    static const size_t milestones[] = {1, 3};
    static const double passed[] = {0.2, 0.04, 0.04, 0.008};

    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        const struct train_options whole = {
            .batch = BATCH, .max_epochs = 4, .learning_rate = 0.2, .schedule_end = 0.01,
            .schedule = kind ? SCHEDULE_EQUILIBRATION : SCHEDULE_MILESTONES,
            .schedule_factor = 0.2, .milestones = milestones, .milestone_count = 2};
        struct run a, b;

        run_start(&a);
        run_start(&b);
        run_train(&a, &plain, &whole);
        for (int e = 0; e < 4; e++) {
            const double u = e / 4.0, v = 1 - u;
            const double shape = 0.2 * u * u * v * v * v * v * v / 0.015178321;
            struct train_options one = {.batch = BATCH, .max_epochs = 1};
            one.learning_rate = !kind ? passed[e] : shape > 0.01 ? shape : 0.01;
            run_train(&b, &plain, &one);
        }
        for (size_t i = 0; i < a.net.param_count; i++)
            CHECK_NEAR((double)a.net.params[i], (double)b.net.params[i], 1e-5);
        arena_free(&a.mem);
        arena_free(&b.mem);
    }
}

/* ---- hooks ---- */

struct watch {
    const struct run *run;
    size_t stop_at, calls;
    double error;         /* of the network, as the hook measured it */
};

/* Measures on validation data, as a hook may: the whole network is used between two epochs. */
static int validate(void *context, size_t epoch, double loss)
{
    struct watch *w = context;

    CHECK_TRUE(epoch == ++w->calls && loss > 0);
    w->error = model_error_rate(&w->run->model, x, labels, N);
    return epoch == w->stop_at;
}

static void hooks_may_evaluate_and_stop(void **state)
{
    struct train_options options = {
        .batch = BATCH, .max_epochs = 5, .learning_rate = 0.1, .momentum = 0.9};
    struct run a, b;
    struct watch w = {.run = &a};

    (void)state;
    run_start(&a);
    run_start(&b);
    run_train(&b, &plain, &options);
    options.on_epoch = validate;
    options.context = &w;
    run_train(&a, &plain, &options);
    assert_int_equal(w.calls, 5);
    CHECK_TRUE(same(&a, &b) && a.result.loss == b.result.loss);
    CHECK_TRUE(w.error == model_error_rate(&b.model, x, labels, N) && w.error < 0.5);
    w = (struct watch){.run = &a, .stop_at = 3};
    run_train(&a, &plain, &options);
    CHECK_TRUE(w.calls == 3 && a.result.epochs == 3 && a.result.steps == 3 * AN_EPOCH);
    arena_free(&a.mem);
    arena_free(&b.mem);
}

/* ---- contradictions ---- */

static void contradictions_abort(void **state)
{
    struct train_options options = {.batch = BATCH, .max_epochs = 1, .learning_rate = 0.1};
    struct train_data data = plain;
    struct run r;

    (void)state;
    run_start(&r);
    struct optimizer other = optimizer_create(&r.mem, &(struct optimizer_spec){.momentum = 0.9},
                                              r.net.param_count - 1);
    run_train(&r, &data, &options);
    data.targets = targets;
    CHECK_ABORTS((void)!train_model(&r.model, &data, &options, &r.rng, &r.result));
    data.targets = NULL;
    data.labels = NULL;
    CHECK_ABORTS((void)!train_model(&r.model, &data, &options, &r.rng, &r.result));
    data.labels = labels;
    data.fill = fill_rows;
    CHECK_ABORTS((void)!train_model(&r.model, &data, &options, &r.rng, &r.result));
    data.fill = NULL;
    data.x = NULL;
    CHECK_ABORTS((void)!train_model(&r.model, &data, &options, &r.rng, &r.result));
    data.x = x;
    options.continued = &other;
    CHECK_ABORTS((void)!train_model(&r.model, &data, &options, &r.rng, &r.result));
    arena_free(&r.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrappers_train_the_same_model),
        cmocka_unit_test(models_without_a_backward_step_take_the_same_steps),
        cmocka_unit_test(steps_are_training_passes),
        cmocka_unit_test(states_that_are_not_finite_are_found),
        cmocka_unit_test(optimizers_go_on_over_calls),
        cmocka_unit_test(optimizers_restart_where_they_are_told),
        cmocka_unit_test(filled_batches_are_trained_on),
        cmocka_unit_test(schedules_count_steps),
        cmocka_unit_test(schedules_count_epochs),
        cmocka_unit_test(hooks_may_evaluate_and_stop),
        cmocka_unit_test(contradictions_abort),
    };

    return cmocka_run_group_tests_name("train_model", tests, start, NULL);
}
