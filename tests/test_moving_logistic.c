/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_moving_logistic: the known lengths, exact minima, directions, learning fast and slowly. */
#include "task_distance/moving_logistic.h"

#include "aborts.h"
#include "test.h"

static struct arena mem;

static int release(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

/* Classes N(-2, 1) and N(2, 1), the target's s further right. */
static struct moving_logistic toy(enum moving_path path, double s, size_t nodes)
{
    struct moving_logistic m;

    CHECK_STATUS(moving_logistic_create(&m, &mem, nodes), STATUS_OK);
    m.path = path;
    m.source = (struct moving_task){{-2, 2}, {1, 1}};
    m.target = (struct moving_task){{-2 + s, 2 + s}, {1, 1}};
    return m;
}

static void classes_that_slide_keep_their_slope(void **state)
{
    struct moving_logistic m = toy(MOVING_DISPLACEMENT, 3, 200);

    (void)state;
    for (double tau = 0; tau <= 1; tau += 0.25) {
        double w[2] = {-12 * tau, 4};

        CHECK_STATUS(moving_logistic_minimum(&m, tau, w), STATUS_OK);
        CHECK_NEAR(w[1], 4, 1e-8);
        CHECK_NEAR(w[0], -12 * tau, 1e-7);
    }
}

/* Printed: 0.5236 s, 0.2707 s and the slope 3.9995. Those are of 40 nodes; 0.5238 s is exact. */
static void displacement_has_the_known_lengths(void **state)
{
    (void)state;
    for (double s = 1; s <= 8; s *= 2) {
        struct moving_logistic coarse = toy(MOVING_DISPLACEMENT, s, 40);
        struct moving_logistic fine = toy(MOVING_DISPLACEMENT, s, 200);
        struct moving_length l;

        CHECK_STATUS(moving_logistic_follow(&coarse, 800, &l), STATUS_OK);
        CHECK_NEAR(l.riemannian / s, .5236, 5e-5);
        CHECK_NEAR(l.mean / s, .2707, 5e-5);
        CHECK_NEAR(l.w[1], 3.9995, 5e-5);
        CHECK_STATUS(moving_logistic_follow(&fine, 800, &l), STATUS_OK);
        CHECK_NEAR(l.riemannian / s, .523822, 1e-5);
        CHECK_NEAR(l.mean / s, .270671, 1e-5);
    }
}

/* A = 4 s sqrt(E sigma'(4 x)) where all moves at constant speed: by the trapezoidal rule, which
 * converges exponentially for such integrands. */
static void displacement_is_the_integral_of_the_metric(void **state)
{
    struct moving_logistic m = toy(MOVING_DISPLACEMENT, 1, 200);
    struct moving_length l;
    double metric = 0, root = 0;
    const double h = 1.0 / 64;

    (void)state;
    for (double x = -12; x <= 12; x += h) {
        const double p = 1 / (1 + exp(-4 * x)), density = h * exp(-(x - 2) * (x - 2) / 2) /
                                                          sqrt(2 * 3.14159265358979323846);

        metric += density * p * (1 - p);
        root += density * sqrt(p * (1 - p));
    }
    CHECK_STATUS(moving_logistic_follow(&m, 1600, &l), STATUS_OK);
    CHECK_RELATIVE(l.riemannian, 4 * sqrt(metric), 1e-6);
    CHECK_RELATIVE(l.mean, 4 * root, 1e-6);
}

/* To the digits printed, the last one give or take one: Riemannian and mean. */
static void mixture_has_the_known_lengths(void **state)
{
    static const struct {
        double s, a, b, tolerance;
    } known[5] = {{1, .556, .315, 1e-3}, {2, 1.193, .815, 1e-3}, {4, 2.264, 1.917, 2e-3},
                  {6, 2.835, 2.537, 2e-3}, {8, 3.14, 2.82, 5e-3}};

    (void)state;
    for (int k = 0; k < 5; k++) {
        struct moving_logistic m = toy(MOVING_MIXTURE, known[k].s, 200);
        struct moving_length l;

        CHECK_STATUS(moving_logistic_follow(&m, 1600, &l), STATUS_OK);
        CHECK_NEAR(l.riemannian, known[k].a, known[k].tolerance);
        CHECK_NEAR(l.mean, known[k].b, known[k].tolerance);
        CHECK_TRUE(l.mean <= l.riemannian);
        CHECK_TRUE(l.mean > .270671 * known[k].s);
        CHECK_TRUE((l.riemannian > .523822 * known[k].s) == (known[k].s < 5));
    }
}

/* A reflection exchanges source and target of the toy: both ways are the same to rounding. A pair
 * without that symmetry differs by the size of the steps. */
static void the_way_back_is_as_long(void **state)
{
    struct moving_logistic m = toy(MOVING_MIXTURE, 2, 100);
    struct moving_length way[2];
    double gap[2];

    (void)state;
    for (m.backwards = 0; m.backwards < 2; m.backwards++)
        CHECK_STATUS(moving_logistic_follow(&m, 50, &way[m.backwards]), STATUS_OK);
    CHECK_RELATIVE(way[1].mean, way[0].mean, 1e-9);
    m.target.mean[1] = 5;
    m.target.sd[0] = 1.3;
    for (int k = 0; k < 2; k++) {
        for (m.backwards = 0; m.backwards < 2; m.backwards++)
            CHECK_STATUS(moving_logistic_follow(&m, k ? 800 : 100, &way[m.backwards]), STATUS_OK);
        gap[k] = fabs(way[1].mean / way[0].mean - 1);
    }
    CHECK_NEAR(gap[0] / gap[1], 8, 0.8);
}

/* Infinitely fast learning is the minimum; none at all stands still. */
static void learning_approaches_the_minimum_with_its_speed(void **state)
{
    struct moving_logistic m = toy(MOVING_DISPLACEMENT, 1, 60);
    struct moving_length still, slow, fast, best;
    double w[2] = {-4, 4};

    (void)state;
    CHECK_STATUS(moving_logistic_follow(&m, 50, &best), STATUS_OK);
    CHECK_STATUS(moving_logistic_learn(&m, 50, 100, 0, &still), STATUS_OK);
    CHECK_STATUS(moving_logistic_learn(&m, 50, 1000, 50, &slow), STATUS_OK);
    CHECK_STATUS(moving_logistic_learn(&m, 50, 20000, 10000, &fast), STATUS_OK);
    CHECK_NEAR(still.riemannian, 0, 0);
    CHECK_RELATIVE(fast.riemannian, best.riemannian, 0.02);
    CHECK_TRUE(slow.riemannian < 0.8 * best.riemannian);
    CHECK_STATUS(moving_logistic_minimum(&m, 1, w), STATUS_OK);
    CHECK_TRUE(moving_logistic_loss(&m, 1, slow.w) > moving_logistic_loss(&m, 1, w) + 1e-3);
    CHECK_TRUE(moving_logistic_loss(&m, 1, fast.w) >= moving_logistic_loss(&m, 1, w));
}

static void broken_settings_are_checked(void **state)
{
    struct moving_logistic m = toy(MOVING_DISPLACEMENT, 1, 20);
    struct moving_length l;

    (void)state;
    CHECK_ABORTS((void)!moving_logistic_learn(&m, 7, 20, 1, &l));
    m.source.mean[0] = 3;
    CHECK_ABORTS((void)!moving_logistic_follow(&m, 5, &l));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_that_slide_keep_their_slope),
        cmocka_unit_test(displacement_has_the_known_lengths),
        cmocka_unit_test(displacement_is_the_integral_of_the_metric),
        cmocka_unit_test(mixture_has_the_known_lengths),
        cmocka_unit_test(the_way_back_is_as_long),
        cmocka_unit_test(learning_approaches_the_minimum_with_its_speed),
        cmocka_unit_test(broken_settings_are_checked),
    };

    return cmocka_run_group_tests_name("moving_logistic", tests, NULL, release);
}
