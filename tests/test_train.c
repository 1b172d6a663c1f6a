/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_train: losses, batches, and the training loop: what it learns, that it repeats, and what it
 * says when it cannot go on. */
#include "test.h"

#include "aborts.h"
#include "base/memory.h"
#include "linalg/blas.h"
#include "net/train.h"

/* ---- losses ---- */

static void cross_entropy_known_answers(void **state)
{
    const float f[] = {0, 0, /**/ 1, 3};
    const uint8_t labels[] = {1, 0};
    float d[4];
    const double p = 1 / (1 + exp(2.0)); /* of class 0 in the second row */

    (void)state;
    CHECK_NEAR(loss_cross_entropy(f, labels, 2, 2, 2, d), (log(2.0) - log(p)) / 2, 1e-7);
    CHECK_NEAR((double)d[0], 0.25, 1e-7);
    CHECK_NEAR((double)d[1], -0.25, 1e-7);
    CHECK_NEAR((double)d[2], (p - 1) / 2, 1e-7);
    CHECK_NEAR((double)d[3], (1 - p) / 2, 1e-7);
    CHECK_NEAR(loss_cross_entropy(f, labels, 2, 2, 8, NULL), (log(2.0) - log(p)) / 8, 1e-7);
}

/* Logits of any size, shifted by any constant; certain and hopeless rows. */
static void cross_entropy_is_stable(void **state)
{
    const float f[] = {10000, 10001, 9990, /**/ -1e30f, 0, 1e30f};
    const uint8_t good[] = {1, 2}, hopeless[] = {1, 0};
    float d[6];

    (void)state;
    CHECK_NEAR(loss_cross_entropy(f, good, 2, 3, 1, d), log1p(exp(-1.0) + exp(-11.0)), 1e-6);
    for (size_t i = 0; i < 6; i++)
        CHECK_TRUE(isfinite(d[i]));
    CHECK_RELATIVE(loss_cross_entropy(f, hopeless, 2, 3, 1, d), 2e30, 1e-6);
}

static void losses_let_nan_and_infinity_through(void **state)
{
    const float bad[] = {NAN, INFINITY};
    const uint8_t labels[] = {0};

    (void)state;
    for (size_t b = 0; b < 2; b++)
        for (size_t k = 0; k < 3; k++) {
            float f[3] = {1, 2, 3}, d[3];
            f[k] = bad[b];
            CHECK_TRUE(!isfinite(loss_cross_entropy(f, labels, 1, 3, 1, d)));
            CHECK_TRUE(!isfinite(loss_cross_entropy(f, labels, 1, 3, 1, NULL)));
            CHECK_TRUE(!isfinite(loss_squared_labels(f, labels, 1, 3, 1, d)));
            CHECK_TRUE(!isfinite(loss_squared(f, (float[]){0, 0, 0}, 1, 3, 1, d)));
        }
}

static void squared_losses_known_answers(void **state)
{
    const float f[] = {0.5f, 2, /**/ -1, 0}, targets[] = {0, 1, 1, 0};
    const uint8_t labels[] = {1, 0};
    float d[4], e[4];
    const double expected[] = {0.25, 0.5, -1, 0};

    (void)state;
    CHECK_NEAR(loss_squared_labels(f, labels, 2, 2, 2, d), (0.25 + 1 + 4) / 4, 1e-7);
    CHECK_NEAR(loss_squared(f, targets, 2, 2, 2, e), (0.25 + 1 + 4) / 4, 1e-7);
    for (size_t i = 0; i < 4; i++) {
        CHECK_NEAR((double)d[i], expected[i], 1e-7);
        CHECK_NEAR((double)e[i], expected[i], 1e-7);
    }
    CHECK_NEAR(loss_squared(f, targets, 2, 2, 1, NULL), 2.625, 1e-7);
}

static void softmax_rows_sum_to_one(void **state)
{
    float f[] = {1, 2, 3, /**/ 500, -500, 499};

    (void)state;
    loss_softmax(f, 2, 3, f);
    CHECK_NEAR((double)f[2], exp(3.0) / (exp(1.0) + exp(2.0) + exp(3.0)), 1e-7);
    CHECK_NEAR((double)(f[0] + f[1] + f[2]), 1, 1e-6);
    CHECK_NEAR((double)f[3], 1 / (1 + exp(-1.0)), 1e-7);
    CHECK_NEAR((double)f[4], 0, 0);
}

/* ---- batches ---- */

static void batches_are_fresh_permutations(void **state)
{
    enum { N = 23, BATCH = 5 };
    struct arena mem = {0};
    struct rng rng = rng_stream(1, "batches");
    struct batches b = batches_create(&mem, &rng, N, BATCH);
    uint32_t orders[3][N];

    (void)state;
    for (int e = 0; e < 3; e++) {
        const uint32_t *indices;
        size_t count, n = 0, seen[N] = {0};

        while ((count = batches_next(&b, &indices)) > 0) {
            assert_int_equal(count, n < 20 ? BATCH : 3);
            for (size_t i = 0; i < count; i++) {
                seen[indices[i]]++;
                orders[e][n++] = indices[i];
            }
        }
        assert_int_equal(n, N);
        for (size_t i = 0; i < N; i++)
            assert_int_equal(seen[i], 1);
    }
    CHECK_TRUE(memcmp(orders[0], orders[1], sizeof orders[0]) != 0);
    CHECK_TRUE(memcmp(orders[1], orders[2], sizeof orders[0]) != 0);
    arena_free(&mem);
}

static void batches_gather_copies_rows(void **state)
{
    const float x[] = {0, 1, 10, 11, 20, 21};
    float out[6];

    (void)state;
    batches_gather(x, 2, (uint32_t[]){2, 0, 2}, 3, out);
    assert_memory_equal(out, ((float[]){20, 21, 0, 1, 20, 21}), sizeof out);
}

/* ---- what it learns ---- */

static struct net make_net(struct arena *mem, const size_t *widths, size_t layers,
                           enum activation activation, size_t max_batch, uint64_t seed)
{
    const struct net_spec spec = {
        .layer_count = layers, .widths = widths, .activation = activation};
    struct net net = net_create(mem, &spec, max_batch);
    struct rng rng = rng_stream(seed, "init");

    net_init(&net, &rng);
    return net;
}

static void training_learns_xor(void **state)
{
    const size_t widths[] = {2, 16, 2};
    const float x[] = {0, 0, 0, 1, 1, 0, 1, 1};
    const uint8_t labels[] = {0, 1, 1, 0};

    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        const struct train_options options = {.batch = 4, .max_epochs = 5000, .learning_rate = 0.2,
                                              .loss = kind ? LOSS_SQUARED : LOSS_CROSS_ENTROPY,
                                              .stop_below = 0.01};
        struct arena mem = {0};
        struct net net = make_net(&mem, widths, 2, ACTIVATION_TANH, 4, 1);
        struct rng rng = rng_stream(1, "order");
        struct train_result result;

        CHECK_STATUS(train_classifier(&net, x, labels, 4, &options, &rng, &result), STATUS_OK);
        CHECK_TRUE(result.loss < 0.01 && result.epochs < 5000);
        assert_int_equal(net_errors(&net, x, labels, 4), 0);
        arena_free(&mem);
    }
}

/* Two arms of one and a half turns, n points in all. */
static void draw_spirals(float *x, uint8_t *labels, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double t = 0.2 + 0.8 * (double)(i / 2) / (double)(n / 2);
        const double angle = 12.0 * t + (i % 2 ? 3.14159265 : 0);
        x[2 * i] = (float)(2 * t * cos(angle));
        x[2 * i + 1] = (float)(2 * t * sin(angle));
        labels[i] = (uint8_t)(i % 2);
    }
}

static void training_separates_spirals(void **state)
{
    enum { N = 200 };
    const size_t widths[] = {2, 32, 32, 2};
    const struct train_options ways[] = {
        {.batch = 32, .max_epochs = 600, .learning_rate = 0.1, .momentum = 0.9},
        {.batch = 32, .max_epochs = 600, .learning_rate = 0.01, .optimizer = OPTIMIZER_ADAM,
         .schedule = SCHEDULE_COSINE},
        {.batch = 10, .max_epochs = 1500, .learning_rate = 0.2, .schedule = SCHEDULE_STEP,
         .schedule_period = 1200},
    };
    float x[2 * N];
    uint8_t labels[N];

    (void)state;
    draw_spirals(x, labels, N);
    for (size_t w = 0; w < 3; w++) {
        struct arena mem = {0};
        struct net net =
            make_net(&mem, widths, 3, w == 1 ? ACTIVATION_TANH : ACTIVATION_RELU, 64, 3);
        struct rng rng = rng_stream(1, "order");
        struct train_options options = ways[w];
        struct train_result result;

        options.stop_below = 0.01;
        CHECK_STATUS(train_classifier(&net, x, labels, N, &options, &rng, &result), STATUS_OK);
        assert_int_equal(net_errors(&net, x, labels, N), 0);
        arena_free(&mem);
    }
}

/* ---- against a naive loop: linear regression by full-batch descent with decay, in double ---- */

enum { ROWS = 12, IN = 3 };

static void naive_descent(const float *x, const float *y, double *w, int steps, double rate,
                          double decay)
{
    for (int t = 0; t < steps; t++) {
        double gradient[IN + 1] = {0};
        for (int i = 0; i < ROWS; i++) {
            double rest = w[IN] - (double)y[i];
            for (int j = 0; j < IN; j++)
                rest += w[j] * (double)x[i * IN + j];
            for (int j = 0; j < IN; j++)
                gradient[j] += rest * (double)x[i * IN + j] / ROWS;
            gradient[IN] += rest / ROWS;
        }
        for (int j = 0; j <= IN; j++)
            w[j] -= rate * (gradient[j] + decay * w[j]);
    }
}

static void training_matches_naive_descent(void **state)
{
    const size_t widths[] = {IN, 1};
    const struct train_options options = {
        .batch = ROWS, .max_epochs = 50, .learning_rate = 0.1, .weight_decay = 0.03};
    struct arena mem = {0};
    struct net net = make_net(&mem, widths, 1, ACTIVATION_IDENTITY, ROWS, 1);
    struct rng rng = rng_stream(1, "regression"), before;
    struct train_result result;
    float x[ROWS * IN], y[ROWS];
    double w[IN + 1];

    (void)state;
    rng_normalsf(&rng, x, ROWS * IN);
    rng_normalsf(&rng, y, ROWS);
    for (int j = 0; j <= IN; j++)
        w[j] = (double)net.params[j];
    before = rng;
    CHECK_STATUS(train_regression(&net, x, y, ROWS, &options, &rng, &result), STATUS_OK);
    naive_descent(x, y, w, 50, 0.1, 0.03);
    for (int j = 0; j <= IN; j++)
        CHECK_NEAR((double)net.params[j], w[j], 2e-6);
    CHECK_TRUE(rng_word64(&rng) == rng_word64(&before)); /* a full batch draws nothing */
    arena_free(&mem);
}

/* ---- the loop ---- */

enum { POINTS = 50 };

struct problem {
    struct arena mem;
    struct net net;
    float x[2 * POINTS], y[POINTS];
    uint8_t labels[POINTS];
};

static void problem_make(struct problem *p, uint64_t seed)
{
    const size_t widths[] = {2, 20, 2};

    *p = (struct problem){0};
    draw_spirals(p->x, p->labels, POINTS);
    p->net = make_net(&p->mem, widths, 2, ACTIVATION_RELU, POINTS, seed);
}

static enum status problem_train(struct problem *p, const struct train_options *options,
                                 struct rng *rng, struct train_result *result)
{
    return train_classifier(&p->net, p->x, p->labels, POINTS, options, rng, result);
}

static void same_seed_gives_same_bits_also_when_resumed(void **state)
{
    struct train_options options = {.batch = 8, .max_epochs = 4, .learning_rate = 0.1};
    struct problem a, b, c;
    struct rng ra = rng_stream(1, "order"), rb = ra, rc = rng_stream(2, "order");
    struct train_result result;

    (void)state;
    problem_make(&a, 1);
    problem_make(&b, 1);
    problem_make(&c, 1);
    CHECK_STATUS(problem_train(&a, &options, &ra, &result), STATUS_OK);
    assert_int_equal(result.epochs, 4);
    assert_int_equal(result.steps, 4 * 7);
    CHECK_STATUS(problem_train(&c, &options, &rc, &result), STATUS_OK);
    options.max_epochs = 2;
    CHECK_STATUS(problem_train(&b, &options, &rb, &result), STATUS_OK);
    CHECK_STATUS(problem_train(&b, &options, &rb, &result), STATUS_OK);
    const size_t bytes = a.net.param_count * sizeof *a.net.params;
    assert_memory_equal(a.net.params, b.net.params, bytes);
    CHECK_TRUE(memcmp(a.net.params, c.net.params, bytes) != 0);
    arena_free(&a.mem);
    arena_free(&b.mem);
    arena_free(&c.mem);
}

/* One epoch in batches of 8 by the loop equals the same steps made by hand. */
static void training_is_the_loop_it_says(void **state)
{
    const struct train_options options = {.batch = 8, .max_epochs = 1, .learning_rate = 0.1};
    struct problem a, b;
    struct rng ra = rng_stream(1, "order"), rb = ra;
    struct train_result result;
    const uint32_t *indices;
    double sum = 0;
    size_t n;

    (void)state;
    problem_make(&a, 1);
    problem_make(&b, 1);
    CHECK_STATUS(problem_train(&a, &options, &ra, &result), STATUS_OK);
    struct batches order = batches_create(&b.mem, &rb, POINTS, 8);
    while ((n = batches_next(&order, &indices)) > 0) {
        float x[16];
        uint8_t labels[8];
        batches_gather(b.x, 2, indices, n, x);
        for (size_t i = 0; i < n; i++)
            labels[i] = b.labels[indices[i]];
        const float *logits = net_forward(&b.net, x, n);
        sum += (double)n * loss_cross_entropy(logits, labels, n, 2, n, net_dlogits(&b.net));
        net_backward_step(&b.net, net_dlogits(&b.net), 0.1, 0.0);
    }
    assert_memory_equal(a.net.params, b.net.params, a.net.param_count * sizeof *a.net.params);
    CHECK_NEAR(result.loss, sum / POINTS, 1e-15);
    arena_free(&a.mem);
    arena_free(&b.mem);
}

/* A factor that is left out of a schedule is the one that train.h names. */
static void schedules_have_their_default_factor(void **state)
{
    static const double factors[] = {0, 0.1, 0.2};
    struct train_options options = {.batch = POINTS, .max_epochs = 4, .learning_rate = 0.5,
                                    .schedule = SCHEDULE_STEP, .schedule_period = 2};
    struct problem problems[3];
    struct train_result result;
    struct rng rng = rng_stream(1, "order");

    (void)state;
    for (int k = 0; k < 3; k++) {
        options.schedule_factor = factors[k];
        problem_make(&problems[k], 1);
        CHECK_STATUS(problem_train(&problems[k], &options, &rng, &result), STATUS_OK);
    }
    const size_t bytes = problems[0].net.param_count * sizeof(float);
    assert_memory_equal(problems[0].net.params, problems[1].net.params, bytes);
    CHECK_TRUE(memcmp(problems[0].net.params, problems[2].net.params, bytes) != 0);
    for (int k = 0; k < 3; k++)
        arena_free(&problems[k].mem);
}

static void one_example_is_enough(void **state)
{
    const struct train_options options = {.batch = 1, .max_epochs = 3, .learning_rate = 0.1};
    struct train_result result;
    struct problem p;
    struct rng rng = rng_stream(1, "order");

    (void)state;
    problem_make(&p, 1);
    CHECK_STATUS(train_classifier(&p.net, p.x, p.labels, 1, &options, &rng, &result), STATUS_OK);
    assert_int_equal(result.steps, 3);
    arena_free(&p.mem);
}

struct watch {
    size_t epochs, allocations[3];
    double losses[3];
};

static int watch_epoch(void *context, size_t epoch, double mean_loss)
{
    struct watch *w = context;

    CHECK_TRUE(epoch == w->epochs + 1 && epoch <= 3);
    w->allocations[w->epochs] = memory_count();
    w->losses[w->epochs] = mean_loss;
    w->epochs = epoch;
    return 0;
}

static void training_allocates_nothing_between_epochs(void **state)
{
    struct watch w = {0};
    const struct train_options options = {.batch = 8, .max_epochs = 3, .learning_rate = 0.1,
                                          .momentum = 0.9, .on_epoch = watch_epoch, .context = &w};
    struct problem p;
    struct rng rng = rng_stream(1, "order");
    struct train_result result;

    (void)state;
    problem_make(&p, 1);
    CHECK_STATUS(problem_train(&p, &options, &rng, &result), STATUS_OK);
    assert_int_equal(w.epochs, 3);
    CHECK_TRUE(w.allocations[0] > 0 && w.allocations[2] == w.allocations[0]);
    CHECK_TRUE(w.losses[2] == result.loss && w.losses[0] != w.losses[2]);
    arena_free(&p.mem);
}

static void training_stops_where_it_is_told(void **state)
{
    struct train_options options = {.batch = 8, .max_epochs = 9, .max_steps = 10,
                                    .learning_rate = 0.1};
    struct problem p;
    struct rng rng = rng_stream(1, "order");
    struct train_result result;

    (void)state;
    problem_make(&p, 1);
    CHECK_STATUS(problem_train(&p, &options, &rng, &result), STATUS_OK);
    assert_int_equal(result.steps, 10);
    assert_int_equal(result.epochs, 1);
    options.max_steps = 0;
    options.stop_below = 100;
    CHECK_STATUS(problem_train(&p, &options, &rng, &result), STATUS_OK);
    assert_int_equal(result.epochs, 1);
    assert_int_equal(result.diverged_step, 0);
    arena_free(&p.mem);
}

/* A rate far too large: squared loss overflows within a few steps. The result says where, and the
 * step in question was not made. */
static void divergence_is_reported(void **state)
{
    struct train_options options = {.batch = POINTS, .max_epochs = 1000, .learning_rate = 1e4,
                                    .loss = LOSS_SQUARED};
    struct problem p, q;
    struct rng rng = rng_stream(1, "order");
    struct train_result result, shorter;

    (void)state;
    problem_make(&p, 1);
    problem_make(&q, 1);
    CHECK_STATUS(problem_train(&p, &options, &rng, &result), STATUS_DIVERGED);
    CHECK_MESSAGE("diverged at step");
    assert_int_equal(result.status, STATUS_DIVERGED);
    CHECK_TRUE(result.diverged_step > 1 && result.diverged_step < 1000);
    assert_int_equal(result.steps + 1, result.diverged_step);
    CHECK_TRUE(isfinite(result.last_finite) && result.last_finite > 1);

    /* The last update before it leaves parameters that are finite, or that the end reports. */
    options.max_epochs = result.steps;
    const enum status end = problem_train(&q, &options, &rng, &shorter);
    CHECK_TRUE(end == shorter.status);
    CHECK_TRUE(shorter.last_finite == result.last_finite);
    assert_memory_equal(p.net.params, q.net.params, p.net.param_count * sizeof *p.net.params);
    arena_free(&p.mem);
    arena_free(&q.mem);
}

/* Parameters that the very last update broke are found although no loss was computed with them. */
static void divergence_in_the_last_update_is_found(void **state)
{
    const struct train_options options = {
        .batch = POINTS, .max_epochs = 1, .learning_rate = 1e39, .loss = LOSS_SQUARED};
    struct problem p;
    struct rng rng = rng_stream(1, "order");
    struct train_result result;

    (void)state;
    problem_make(&p, 1);
    CHECK_STATUS(problem_train(&p, &options, &rng, &result), STATUS_DIVERGED);
    assert_int_equal(result.diverged_step, 1);
    assert_int_equal(result.steps, 1);
    CHECK_TRUE(isfinite(result.last_finite));
    arena_free(&p.mem);
}

static void nan_in_the_data_is_a_divergence(void **state)
{
    const struct train_options options = {.batch = 8, .max_epochs = 3, .learning_rate = 0.1};
    struct problem p;
    struct rng rng = rng_stream(1, "order");
    struct train_result result;

    (void)state;
    problem_make(&p, 1);
    p.x[37] = NAN;
    CHECK_STATUS(problem_train(&p, &options, &rng, &result), STATUS_DIVERGED);
    CHECK_TRUE(result.diverged_step >= 1 && result.diverged_step <= 7);
    CHECK_TRUE(isnan(result.last_finite) == (result.diverged_step == 1));
    arena_free(&p.mem);
}

static void training_without_memory_says_so(void **state)
{
    const struct train_options options = {
        .batch = 8, .max_epochs = 1, .learning_rate = 0.1, .optimizer = OPTIMIZER_ADAM};
    struct problem p;
    struct train_result result = {.status = STATUS_OK};
    size_t k = 1;

    (void)state;
    problem_make(&p, 1);
    for (; k < 20; k++) {
        struct rng rng = rng_stream(1, "order");
        memory_fail_at(k);
        const enum status status = problem_train(&p, &options, &rng, &result);
        memory_fail_at(0);
        if (status == STATUS_OK)
            break;
        CHECK_STATUS(status, STATUS_MEMORY);
        CHECK_TRUE(result.status == STATUS_MEMORY && result.steps == 0);
    }
    CHECK_TRUE(k >= 2 && k < 20);
    arena_free(&p.mem);
}

/* Each row has a maximum of its own: a row's neighbours do not shift it. */
static void rows_of_very_different_size_stay_apart(void **state)
{
    static const float f[] = {1e4f, -1e4f, 1e4f, /**/ 300, 200, 100, /**/ 1e4f, 1e4f, 1e4f};
    static const uint8_t labels[] = {0, 1, 2};
    const double rest = log(exp(100.0) + 1 + exp(-100.0));
    float d[9], p[9];

    (void)state;
    CHECK_NEAR(loss_cross_entropy(f, labels, 3, 3, 1, d), log(2) + rest + log(3), 1e-6);
    CHECK_NEAR(loss_cross_entropy(f, labels, 3, 3, 1, NULL), log(2) + rest + log(3), 1e-6);
    loss_softmax(f, 3, 3, p);
    CHECK_NEAR((double)p[0], 0.5, 1e-7);
    CHECK_NEAR((double)p[1], 0, 0);
    CHECK_NEAR((double)p[4], exp(-rest), 1e-7);
    CHECK_NEAR((double)p[8], 1.0 / 3, 1e-7);
    for (size_t i = 0; i < 9; i++)
        CHECK_NEAR((double)d[i], (double)p[i] - (i % 3 == labels[i / 3]), 1e-7);
}

static void either_loss_is_chosen_by_its_kind(void **state)
{
    static const float f[] = {0.5f, 2, /**/ -1, 0};
    static const uint8_t labels[] = {1, 0};

    (void)state;
    CHECK_NEAR(loss_labels(LOSS_SQUARED, f, labels, 2, 2, 2, NULL),
               loss_squared_labels(f, labels, 2, 2, 2, NULL), 0);
    CHECK_NEAR(loss_labels(LOSS_CROSS_ENTROPY, f, labels, 2, 2, 2, NULL),
               loss_cross_entropy(f, labels, 2, 2, 2, NULL), 0);
}

static void labels_and_batches_out_of_range_abort(void **state)
{
    static const float f[] = {0, 1};
    static const uint8_t label[] = {2};
    struct arena mem = {0};
    struct rng rng = rng_stream(1, "batches");

    (void)state;
    CHECK_ABORTS((void)loss_cross_entropy(f, label, 1, 2, 1, NULL));
    CHECK_ABORTS((void)loss_squared_labels(f, label, 1, 2, 1, NULL));
    CHECK_TRUE(batches_create(&mem, &rng, 1, 1).n == 1);
    CHECK_ABORTS((void)batches_create(&mem, &rng, 0, 1).n);
    CHECK_ABORTS((void)batches_create(&mem, &rng, 1, 0).n);
    CHECK_ABORTS((void)batches_create(&mem, &rng, UINT32_MAX, 1).n);
    arena_free(&mem);
}

static void options_out_of_range_abort(void **state)
{
    struct train_options options = {.batch = POINTS, .max_epochs = 1, .learning_rate = 0.1};
    struct problem p;
    struct rng rng = rng_stream(1, "order");
    struct train_result result;

    (void)state;
    problem_make(&p, 1);
    CHECK_STATUS(problem_train(&p, &options, &rng, &result), STATUS_OK);
    options.batch = 0;
    CHECK_ABORTS((void)!problem_train(&p, &options, &rng, &result));
    options.batch = POINTS;
    options.max_epochs = 0;
    CHECK_ABORTS((void)!problem_train(&p, &options, &rng, &result));
    options.max_epochs = 1;
    CHECK_ABORTS((void)!train_classifier(&p.net, p.x, p.labels, 0, &options, &rng, &result));
    p.net.max_batch = POINTS - 1;
    CHECK_ABORTS((void)!problem_train(&p, &options, &rng, &result));
    options.batch = POINTS - 1;
    CHECK_STATUS(problem_train(&p, &options, &rng, &result), STATUS_OK);
    assert_int_equal(result.steps, 2);
    arena_free(&p.mem);
}

/* A batch of all examples draws nothing, one less does; a limit ends an epoch half-way, whose loss
 * is then the mean over what was seen; and a limit that falls on an epoch's end adds nothing. */
static void limits_of_steps_are_exact(void **state)
{
    struct train_options options = {.batch = 10, .max_epochs = 9, .learning_rate = 0.1};
    struct rng rng = rng_stream(1, "order"), before = rng;
    struct train_result result;
    struct problem p;

    (void)state;
    for (size_t most = 1; most <= 11; most++) {
        problem_make(&p, 1);
        rng = before;
        options.max_steps = most;
        CHECK_STATUS(problem_train(&p, &options, &rng, &result), STATUS_OK);
        assert_int_equal(result.steps, most);
        assert_int_equal(result.epochs, most / 5);
        assert_int_equal(result.diverged_step, 0);
        CHECK_TRUE(result.loss > 0.1 && result.loss < 3);
        if (most % 5 == 1)
            CHECK_NEAR(result.loss, result.last_finite, 1e-15);
        arena_free(&p.mem);
    }
    problem_make(&p, 1);
    options.max_steps = 3;
    options.batch = POINTS;
    rng = before;
    CHECK_STATUS(problem_train(&p, &options, &rng, &result), STATUS_OK);
    assert_int_equal(result.steps, 3);
    assert_int_equal(result.epochs, 3);
    assert_memory_equal(&rng, &before, sizeof rng);
    arena_free(&p.mem);
}

/* The epoch whose mean loss is below ends the training, one that only reaches it does not. */
static void stopping_needs_a_loss_below(void **state)
{
    struct train_options options = {.batch = POINTS, .max_epochs = 3, .learning_rate = 0};
    struct rng rng = rng_stream(1, "order");
    struct train_result result;
    struct problem p;

    (void)state;
    problem_make(&p, 1);
    CHECK_STATUS(problem_train(&p, &options, &rng, &result), STATUS_OK);
    assert_int_equal(result.epochs, 3);
    options.stop_below = result.loss;
    CHECK_STATUS(problem_train(&p, &options, &rng, &result), STATUS_OK);
    assert_int_equal(result.epochs, 3);
    options.stop_below = nextafter(result.loss, 9);
    CHECK_STATUS(problem_train(&p, &options, &rng, &result), STATUS_OK);
    assert_int_equal(result.epochs, 1);
    arena_free(&p.mem);
}

/* Also in the first and in the last parameter, which no loss may have seen. */
static void parameters_that_are_not_finite_are_found_anywhere(void **state)
{
    const struct train_options options = {.batch = 1, .max_epochs = 1, .learning_rate = 0};
    const float x[] = {0, 0}, target[] = {0, 0};
    struct train_result result;
    struct rng rng = rng_stream(1, "order");

    (void)state;
    for (int last = 0; last < 2; last++) {
        struct arena mem = {0};
        const size_t widths[] = {2, 2};
        struct net net = make_net(&mem, widths, 1, ACTIVATION_RELU, 1, 1);
        net.params[last ? net.param_count - 1 : 0] = INFINITY;
        CHECK_STATUS(train_regression(&net, x, target, 1, &options, &rng, &result),
                     STATUS_DIVERGED);
        net_init(&net, &rng);
        CHECK_STATUS(train_regression(&net, x, target, 1, &options, &rng, &result), STATUS_OK);
        arena_free(&mem);
    }
}

/* Many examples of many numbers in large batches: each row comes with its own target. */
static void rows_and_targets_stay_together(void **state)
{
    enum { N = 90, WIDE = 7, OUT = 5 };
    const struct train_options options = {.batch = 64, .max_epochs = 400, .learning_rate = 0.2};
    const size_t widths[] = {WIDE, OUT};
    struct rng rng = rng_stream(1, "together");
    float x[N * WIDE], y[N * OUT];
    struct train_result result;
    struct arena mem = {0};
    struct net net = make_net(&mem, widths, 1, ACTIVATION_IDENTITY, 64, 1);

    (void)state;
    rng_normalsf(&rng, x, N * WIDE);
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < OUT; k++)
            y[i * OUT + k] = x[i * WIDE + k] - x[i * WIDE + k + 1] + (float)k;
    CHECK_STATUS(train_regression(&net, x, y, N, &options, &rng, &result), STATUS_OK);
    CHECK_NEAR(result.loss, 0, 1e-6);
    for (size_t k = 0; k < OUT; k++)
        CHECK_NEAR((double)net_biases(&net, 0)[k], (double)k, 1e-3);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cross_entropy_known_answers),
        cmocka_unit_test(cross_entropy_is_stable),
        cmocka_unit_test(losses_let_nan_and_infinity_through),
        cmocka_unit_test(squared_losses_known_answers),
        cmocka_unit_test(softmax_rows_sum_to_one),
        cmocka_unit_test(batches_are_fresh_permutations),
        cmocka_unit_test(batches_gather_copies_rows),
        cmocka_unit_test(training_learns_xor),
        cmocka_unit_test(training_separates_spirals),
        cmocka_unit_test(training_matches_naive_descent),
        cmocka_unit_test(same_seed_gives_same_bits_also_when_resumed),
        cmocka_unit_test(training_is_the_loop_it_says),
        cmocka_unit_test(schedules_have_their_default_factor),
        cmocka_unit_test(one_example_is_enough),
        cmocka_unit_test(training_allocates_nothing_between_epochs),
        cmocka_unit_test(training_stops_where_it_is_told),
        cmocka_unit_test(divergence_is_reported),
        cmocka_unit_test(divergence_in_the_last_update_is_found),
        cmocka_unit_test(nan_in_the_data_is_a_divergence),
        cmocka_unit_test(training_without_memory_says_so),
        cmocka_unit_test(rows_of_very_different_size_stay_apart),
        cmocka_unit_test(either_loss_is_chosen_by_its_kind),
        cmocka_unit_test(labels_and_batches_out_of_range_abort),
        cmocka_unit_test(options_out_of_range_abort),
        cmocka_unit_test(limits_of_steps_are_exact),
        cmocka_unit_test(stopping_needs_a_loss_below),
        cmocka_unit_test(parameters_that_are_not_finite_are_found_anywhere),
        cmocka_unit_test(rows_and_targets_stay_together),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("train", tests, NULL, NULL);
}
