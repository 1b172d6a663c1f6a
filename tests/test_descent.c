/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_descent: steps on images with two weighted labels against derivatives and sums by hand, and
 * the order in which a task's images come. */
#include "test.h"

#include "aborts.h"
#include "base/memory.h"
#include "linalg/blas.h"
#include "task_distance/descent.h"
#include "transfer_tasks.h"

enum { PARAMS = (T_INPUTS + 1) * T_OUTPUTS };

static struct arena mem;
static struct task_images a;
static struct transfer_model m;

static int prepare(void **state)
{
    (void)state;
    blas_set_threads(1);
    a = transfer_task(&mem, "a", 1);
    transfer_model_make(&m, &mem, &a, 20);
    return 0;
}

static int drain(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

/* ---- steps ---- */

/* A descent at w^s whose rows are the task's images, with labels and weights drawn. */
static struct descent begin(const struct transfer_options *o)
{
    struct descent d = descent_create(&mem, &m.model, o, T_N);
    struct rng r = rng_stream(1, "rows");

    memcpy(d.x, a.part[TASK_TRAIN].x, (size_t)T_N * T_INPUTS * sizeof *d.x);
    for (size_t i = 0; i < T_N; i++) {
        d.first[i] = (uint8_t)rng_below(&r, T_OUTPUTS);
        d.second[i] = (uint8_t)rng_below(&r, T_OUTPUTS);
        d.a[i] = rng_uniform(&r) / T_N;
        d.b[i] = rng_uniform(&r) / T_N;
    }
    source_model_restore(&m.start, &m.model);
    return d;
}

/* CE of label y in double; w as the network lays it out: inputs x outputs, then biases. */
static double cross_entropy(const double *w, const float *x, size_t y)
{
    double logits[T_OUTPUTS], sum = 0;

    for (size_t k = 0; k < T_OUTPUTS; k++) {
        logits[k] = w[T_INPUTS * T_OUTPUTS + k];
        for (size_t p = 0; p < T_INPUTS; p++)
            logits[k] += (double)x[p] * w[p * T_OUTPUTS + k];
        sum += exp(logits[k]);
    }
    return log(sum) - logits[y];
}

static double loss(const struct descent *d, const double *w)
{
    double sum = 0;

    for (size_t r = 0; r < T_N; r++)
        sum += d->a[r] * cross_entropy(w, d->x + r * T_INPUTS, d->first[r]) +
               d->b[r] * cross_entropy(w, d->x + r * T_INPUTS, d->second[r]);
    return sum;
}

static void a_step_goes_along_the_gradient_of_both_losses(void **state)
{
    const struct transfer_options o = {.learning_rate = 1};
    const double h = 1e-5;
    struct descent d = begin(&o);
    double w[PARAMS], largest = 0;

    (void)state;
    assert_int_equal(m.model.param_count, PARAMS);
    for (size_t k = 0; k < PARAMS; k++)
        w[k] = (double)m.start.params[k];
    CHECK_STATUS(descent_step(&d, T_N), STATUS_OK);
    for (size_t k = 0; k < PARAMS; k++) {
        const double here = w[k];

        w[k] = here + h;
        const double above = loss(&d, w);
        w[k] = here - h;
        const double below = loss(&d, w);
        w[k] = here;
        CHECK_NEAR(here - (double)m.model.params[k], (above - below) / (2 * h), 1e-6);
        largest = fmax(largest, fabs(above - below) / (2 * h));
    }
    CHECK_TRUE(largest > 0.05); /* a thousandfold of what is let pass */
}

/* How far a step goes. */
static double stride(struct descent *d)
{
    float before[PARAMS];
    double squares = 0;

    memcpy(before, m.model.params, sizeof before);
    CHECK_STATUS(descent_step(d, T_N), STATUS_OK);
    for (size_t k = 0; k < PARAMS; k++)
        squares += pow((double)m.model.params[k] - (double)before[k], 2);
    return sqrt(squares);
}

/* With hardly a step the gradient stays, and the velocity is that times 1, 1.9, 2.71, then times 1
 * again: after so many steps, or when told to, it starts at 0. */
static void the_velocity_starts_again(void **state)
{
    static const double times[2][7] = {{1, 1.9, 2.71, 1, 1.9, 1, 1.9},
                                       {1, 1.9, 2.71, 3.439, 4.0951, 1, 1.9}};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const struct transfer_options o = {.learning_rate = 1e-2, .momentum = 0.9,
                                           .restart = k == 0 ? 3 : 0};
        struct descent d = begin(&o);
        const double first = stride(&d);

        for (size_t t = 1; t < 7; t++) {
            if (t == 5)
                descent_restart(&d);
            CHECK_RELATIVE(stride(&d), times[k][t] * first, 0.03);
        }
        assert_int_equal(d.steps, 2);
    }
}

static void a_loss_that_is_not_finite_changes_nothing(void **state)
{
    const struct transfer_options o = {.learning_rate = 0.01, .momentum = 0.9};
    struct descent d = begin(&o);
    float before[PARAMS];

    (void)state;
    CHECK_STATUS(descent_step(&d, T_N), STATUS_OK);
    memcpy(before, m.model.params, sizeof before);
    d.x[5] = (float)NAN;
    CHECK_STATUS(descent_step(&d, T_N), STATUS_DIVERGED);
    CHECK_MESSAGE("diverged at step 2");
    assert_memory_equal(before, m.model.params, sizeof before);
    assert_int_equal(d.steps, 1);
    CHECK_ABORTS(d = descent_create(&mem, &m.model, &o, m.model.max_batch + 1));
}

/* ---- images ---- */

/* 24 images, 7 a batch: three batches have 21 different ones, then comes another order. */
static void batches_are_cut_from_fresh_orders(void **state)
{
    enum { ROWS = 7, ROUNDS = 4 };
    struct image_stream s = image_stream_create(&mem, &a, ROWS, 0);
    uint32_t order[ROUNDS][3 * ROWS];
    float x[ROWS * T_INPUTS];

    (void)state;
    image_stream_restart(&s, rng_stream(1, "order"), rng_stream(1, "augment"));
    for (size_t round = 0; round < ROUNDS; round++) {
        int seen[T_N] = {0};

        for (size_t k = 0; k < 3; k++) {
            memcpy(order[round] + k * ROWS, image_stream_next(&s), ROWS * sizeof(uint32_t));
            image_stream_fill(&s, order[round] + k * ROWS, ROWS, x);
            for (size_t r = 0; r < ROWS; r++) {
                const uint32_t i = order[round][k * ROWS + r];

                CHECK_TRUE(i < T_N && !seen[i]);
                seen[i] = 1;
                assert_memory_equal(x + r * T_INPUTS, a.part[TASK_TRAIN].x + i * T_INPUTS,
                                    T_INPUTS * sizeof *x);
            }
        }
        CHECK_TRUE(round == 0 || memcmp(order[round], order[0], sizeof order[0]) != 0);
    }
    image_stream_restart(&s, rng_stream(1, "order"), rng_stream(1, "augment"));
    assert_memory_equal(image_stream_next(&s), order[0], ROWS * sizeof(uint32_t));
}

/* A shift and a mirror belong to a round and an image, not to a call. */
static void shifted_images_are_those_of_their_round(void **state)
{
    static const uint32_t few[] = {3, 3, 20, 1};
    struct image_stream s = image_stream_create(&mem, &a, 4, 1);
    float first[4 * T_INPUTS], again[4 * T_INPUTS];

    (void)state;
    image_stream_restart(&s, rng_stream(1, "order"), rng_stream(1, "augment"));
    (void)image_stream_next(&s);
    image_stream_fill(&s, few, 4, first);
    image_stream_fill(&s, few, 4, again);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_equal(first, first + T_INPUTS, T_INPUTS * sizeof *first);
    (void)image_stream_next(&s);
    image_stream_fill(&s, few, 4, again);
    CHECK_TRUE(memcmp(first, again, sizeof first) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_goes_along_the_gradient_of_both_losses),
        cmocka_unit_test(the_velocity_starts_again),
        cmocka_unit_test(a_loss_that_is_not_finite_changes_nothing),
        cmocka_unit_test(batches_are_cut_from_fresh_orders),
        cmocka_unit_test(shifted_images_are_those_of_their_round),
    };

    return cmocka_run_group_tests(tests, prepare, drain);
}
