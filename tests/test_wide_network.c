/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "continual_learning/wide_network.h"

#include <math.h>

#include "kernel/learning_curve.h"
#include "linalg/blas.h"
#include "test.h"

static const struct wide_network_spec small = {
    .network = {3, 2, 0}, .width = 256, .D = 5, .N = 20, .tests = 40, .anchors = 50, .steps = 120,
    .rate = 0.6, .degrees = 40, .nodes = 128};

static enum status run(const struct wide_network_spec *spec, uint64_t seed, struct unit *u,
                       struct wide_network_errors *e)
{
    static struct arena mem;
    enum status status;

    *u = (struct unit){.seed = seed, .mem = &mem};
    status = wide_network_run(spec, u, e);
    arena_free(&mem);
    return status;
}

/* Training is nearly linear, so that a network does what its own kernel says. */
static void a_network_follows_its_own_kernel(void **state)
{
    static struct unit u;
    struct wide_network_errors e;

    (void)state;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        CHECK_STATUS(run(&small, seed, &u, &e), STATUS_OK);
        for (int k = 0; k < WIDE_CASES; k++)
            CHECK_RELATIVE(e.error[WIDE_TRAINED][k], e.error[WIDE_OWN][k], 0.25);
        CHECK_TRUE(e.error[WIDE_OWN][WIDE_EQUAL] < e.error[WIDE_OWN][WIDE_SINGLE]);
        CHECK_TRUE(e.residual < 1e-2);
        CHECK_TRUE(e.condition[WIDE_OWN] > 1 && e.condition[WIDE_INFINITE] > 1);
        CHECK_NEAR(e.condition[WIDE_TRAINED], 0, 0);
    }
}

/* In the course of A too: at steps 1, 2, 4, .., 64 and 120; the last look is the end. */
static void the_course_is_that_of_its_own_kernel(void **state)
{
    static struct unit u;
    struct wide_network_spec spec = small;
    struct wide_network_errors e;

    (void)state;
    spec.width = 512;
    CHECK_STATUS(run(&spec, 1, &u, &e), STATUS_OK);
    assert_int_equal(e.looks, 8);
    for (size_t k = 0; k < e.looks; k++) {
        assert_int_equal(e.look[k].step, k == 7 ? 120 : 1 << k);
        CHECK_RELATIVE(e.look[k].trained, e.look[k].kernel, 0.1);
        CHECK_TRUE(k == 0 || e.look[k].kernel < e.look[k - 1].kernel);
    }
    CHECK_NEAR(e.look[7].trained, e.error[WIDE_TRAINED][WIDE_SINGLE], 0);
    CHECK_RELATIVE(e.look[7].kernel, e.error[WIDE_STEPS][WIDE_SINGLE], 1e-10);
    spec.steps = 1 << 12; /* the end of time */
    spec.width = 32;
    CHECK_STATUS(run(&spec, 1, &u, &e), STATUS_OK);
    for (int k = 0; k < WIDE_CASES; k++)
        CHECK_RELATIVE(e.error[WIDE_STEPS][k], e.error[WIDE_OWN][k], 1e-6);
}

/* Weights of the first and of the last layer move by width^(-1/2), those between by 1 / width: by 4
 * and 16 from 32 to 512 units. */
static void moves_have_their_order_in_the_width(void **state)
{
    static struct unit u;
    struct wide_network_spec spec = small;
    double ratio[3] = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct wide_network_errors narrow, wide;

        spec.width = 32;
        CHECK_STATUS(run(&spec, seed, &u, &narrow), STATUS_OK);
        spec.width = 512;
        CHECK_STATUS(run(&spec, seed, &u, &wide), STATUS_OK);
        for (size_t l = 0; l < 3; l++) {
            ratio[l] += log2(narrow.moved[l] / wide.moved[l]) / 4;
            CHECK_TRUE(wide.moved_most > wide.moved[l] && narrow.moved_most > narrow.moved[l]);
        }
    }
    CHECK_NEAR(ratio[0], 2, 0.4);
    CHECK_NEAR(ratio[1], 4, 0.4);
    CHECK_NEAR(ratio[2], 2, 0.4);
}

/* The kernels come nearer and weights move less with the width; theory and infinite width stay. */
static void width_brings_it_to_the_limit(void **state)
{
    static struct unit u;
    struct wide_network_spec spec = small;
    struct wide_network_errors narrow, wide;

    (void)state;
    spec.width = 32;
    CHECK_STATUS(run(&spec, 1, &u, &narrow), STATUS_OK);
    CHECK_STATUS(run(&small, 1, &u, &wide), STATUS_OK);
    CHECK_TRUE(wide.apart < narrow.apart && wide.moved[1] < narrow.moved[1] / 3);
    for (int k = 0; k < WIDE_CASES; k++)
        for (int way = WIDE_INFINITE; way <= WIDE_THEORY; way++)
            CHECK_NEAR(wide.error[way][k], narrow.error[way][k], 0);
}

static void theory_is_the_learning_curve(void **state)
{
    static struct unit u;
    struct wide_network_spec spec = small;
    struct arena mem = {0};
    struct wide_network_errors e;
    struct learning_curve c;
    struct spectrum s;

    (void)state;
    spec.width = 16;
    spec.steps = 1;
    CHECK_STATUS(run(&spec, 1, &u, &e), STATUS_OK);
    CHECK_STATUS(spectrum_sphere(&s, &mem, ntk_sphere, &small.network, 5, 40, 128), STATUS_OK);
    CHECK_STATUS(learning_curve_solve(&c, &mem, &s, 20, 0), STATUS_OK);
    CHECK_NEAR(e.error[WIDE_THEORY][WIDE_SINGLE], learning_curve_error(&c, 0), 0);
    CHECK_NEAR(e.error[WIDE_THEORY][WIDE_UNRELATED], learning_curve_forward(&c, &c, 0), 0);
    CHECK_NEAR(e.error[WIDE_THEORY][WIDE_EQUAL], learning_curve_forward(&c, &c, 1), 0);
    arena_free(&mem);
}

static void a_rate_beyond_stability_diverges(void **state)
{
    static struct unit u;
    struct wide_network_spec spec = small;
    struct wide_network_errors e;

    (void)state;
    spec.rate = 30;
    spec.width = 64;
    assert_int_equal(run(&spec, 1, &u, &e), STATUS_DIVERGED);
    CHECK_TRUE(u.diverged && u.diverged_step >= 0);
    spec.rate = 0.9; /* the network gets to a flatter place, its kernel at the start does not */
    spec.width = 32;
    CHECK_STATUS(run(&spec, 1, &u, &e), STATUS_USAGE);
    CHECK_MESSAGE("limit of stability");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_follows_its_own_kernel),
        cmocka_unit_test(the_course_is_that_of_its_own_kernel),
        cmocka_unit_test(moves_have_their_order_in_the_width),
        cmocka_unit_test(width_brings_it_to_the_limit),
        cmocka_unit_test(theory_is_the_learning_curve),
        cmocka_unit_test(a_rate_beyond_stability_diverges),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("wide_network", tests, NULL, NULL);
}
