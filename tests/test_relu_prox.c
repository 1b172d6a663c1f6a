/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Proximal points: exact rationals, minimality by trial, all permutations of small networks. */
#include "test.h"

#include "relu_flows/relu_prox.h"

static struct arena mem;

static int release(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

/* Data of rows x (n x d, the last column given too) in the arena. */
static struct relu_data given(size_t n, size_t d, const double *x, const double *y)
{
    struct relu_data data = {.n = n, .d = d, .x = mat_zero(&mem, n, d), .y = vec_zero(&mem, n)};

    memcpy(data.x.a, x, n * d * sizeof *x);
    memcpy(data.y.x, y, n * sizeof *y);
    return data;
}

static void implicit_steps_of_three_points_are_the_exact_rationals(void **state)
{
    const struct relu_data data = given(3, 2, (double[]){1, 1, 2, 1, 4, 1}, (double[]){2, 4, 8});
    struct relu_network net = relu_network_make(&mem, &data, 1, 0, 1);
    struct relu_prox prox = relu_prox_make(&mem, &net);
    struct relu_prox_report report;
    struct mat w = mat_zero(&mem, 1, 2), v = mat_zero(&mem, 1, 2);

    (void)state;
    w.a[0] = v.a[0] = 1;
    CHECK_STATUS(relu_prox_frobenius(&prox, &w, 1, &v, &report), STATUS_OK);
    CHECK_RELATIVE(v.a[0], 172.0 / 95, 1e-14);
    CHECK_RELATIVE(v.a[1], 21.0 / 95, 1e-13);
    CHECK_RELATIVE(report.distance, (77.0 * 77 + 21 * 21) / 9025, 1e-13);
    CHECK_RELATIVE(report.objective, relu_network_loss(&net, &v) + report.distance / 2, 1e-14);
    CHECK_RELATIVE(report.decrease, 3.5 - report.objective, 1e-14);
    assert_int_equal(report.iterations, 1); /* quadratic: Newton is there at once */
    mat_set(&w, &v);
    CHECK_STATUS(relu_prox_frobenius(&prox, &w, 1, &v, &report), STATUS_OK);
    CHECK_RELATIVE(relu_network_loss(&net, &v), 7371.0 / 1303210, 1e-12);
}

/* One point x = (1, 1), y = -1, w = (1, 0): the active minimum has <v, x> = (1 - 2 gamma)/(1 + 2
 * gamma); from gamma = 1/2 on the neuron stays at the kink, v = w - x / 2. */
static void a_neuron_is_held_at_the_kink_that_its_residual_pushes_it_to(void **state)
{
    const struct relu_data data = given(1, 2, (double[]){1, 1}, (double[]){-1});
    struct relu_network net = relu_network_make(&mem, &data, 1, 0, 1);
    struct relu_prox prox = relu_prox_make(&mem, &net);
    struct relu_prox_report report;
    struct mat w = mat_zero(&mem, 1, 2), v = mat_zero(&mem, 1, 2);

    (void)state;
    w.a[0] = v.a[0] = 1;
    CHECK_STATUS(relu_prox_frobenius(&prox, &w, 0.25, &v, &report), STATUS_OK);
    CHECK_RELATIVE(v.a[0] + v.a[1], 1.0 / 3, 1e-14);
    assert_int_equal(report.kinks, 0);
    for (double gamma = 0.75; gamma < 1e4; gamma *= 10) {
        mat_set(&v, &w);
        CHECK_STATUS(relu_prox_frobenius(&prox, &w, gamma, &v, &report), STATUS_OK);
        CHECK_NEAR(v.a[0], 0.5, 1e-15);
        CHECK_NEAR(v.a[1], -0.5, 1e-15);
        assert_int_equal(report.kinks, 1);
    }
}

/* Points (1, 1), (-1, 1), targets far below: for a large step the answer is the point of the cone
 * v2 <= -|v1| next to (0, 1), which is 0 to the bit. */
static void a_neuron_lands_on_the_origin_and_stays_there(void **state)
{
    const struct relu_data data = given(2, 2, (double[]){1, 1, -1, 1}, (double[]){-10, -9});
    struct relu_network net = relu_network_make(&mem, &data, 1, 0, 1);
    struct relu_prox prox = relu_prox_make(&mem, &net);
    struct relu_prox_report report;
    struct mat w = mat_zero(&mem, 1, 2), v = mat_zero(&mem, 1, 2);

    (void)state;
    w.a[0] = 0.125;
    w.a[1] = 1;
    mat_set(&v, &w);
    CHECK_STATUS(relu_prox_frobenius(&prox, &w, 10, &v, &report), STATUS_OK);
    assert_true(v.a[0] == 0 && v.a[1] == 0);
    assert_int_equal(report.kinks, 2);
    CHECK_NEAR(report.residual, 0, 0);
    mat_set(&w, &v);
    CHECK_STATUS(relu_prox_frobenius(&prox, &w, 10, &v, &report), STATUS_OK);
    assert_int_equal(report.iterations, 0);
}

/* With y above 0 the kink is concave: 0 is no minimum, and the neuron leaves it. */
static void a_neuron_leaves_a_concave_kink(void **state)
{
    const struct relu_data data = given(2, 2, (double[]){1, 1, -1, 1}, (double[]){1, 1});
    struct relu_network net = relu_network_make(&mem, &data, 1, 0, 1);
    struct relu_prox prox = relu_prox_make(&mem, &net);
    struct relu_prox_report report;
    struct mat w = mat_zero(&mem, 1, 2), v = mat_zero(&mem, 1, 2);

    (void)state;
    CHECK_STATUS(relu_prox_frobenius(&prox, &w, 1, &v, &report), STATUS_OK);
    CHECK_NEAR(v.a[0], 0, 1e-15); /* (I + H) v = (1/2) sum x_j = (0, 1), H = I */
    CHECK_RELATIVE(v.a[1], 0.5, 1e-14);
    assert_int_equal(report.kinks, 0);
}

struct problem {
    struct relu_data data;
    struct relu_network net;
    struct relu_prox prox;
    struct mat w, v;
};

static struct problem *problem(struct rng *r, size_t n, size_t d, size_t positive, size_t negative,
                               double scale)
{
    struct problem *p = arena_get(&mem, 1, sizeof *p);

    p->data = relu_data_random(&mem, r, n, d);
    p->net = relu_network_make(&mem, &p->data, positive, negative, 1);
    p->prox = relu_prox_make(&mem, &p->net);
    p->w = mat_normal(&mem, r, positive + negative, d, scale * scale);
    p->v = mat_copy(&mem, &p->w);
    return p;
}

/* No move shorter than the way to the next kink lowers the objective, of one neuron or of all. */
static void check_local_minimum(struct problem *p, struct rng *r, double gamma, double objective)
{
    const size_t entries = p->v.rows * p->v.cols, d = p->v.cols;
    struct mat trial = mat_copy(&mem, &p->v);

    for (size_t t = 0; t < 400; t++) {
        const double size = 1e-6 * pow(10, -(double)(t % 3)) * mat_norm(&p->v);
        const size_t i = rng_below(r, (uint32_t)p->v.rows);

        mat_set(&trial, &p->v);
        for (size_t k = 0; k < entries; k++)
            if (t < 100 || k / d == i)
                trial.a[k] += size * rng_normal(r);
        CHECK_TRUE(relu_prox_objective(&p->prox, &trial, &p->w, gamma) >=
                   objective * (1 - 1e-13));
    }
}

/* (Neurons at 0 with points that pull both ways, which may be stationary only, come with larger
 * gamma.) */
static void answers_are_local_minima_below_the_start(void **state)
{
    struct rng r = rng_stream(1, "problems");
    struct relu_prox_report report;
    size_t kinks = 0;

    (void)state;
    for (size_t k = 0; k < 60; k++) {
        const double gamma = pow(10, -(double)(k % 5)), scale = k % 2 ? 1 : 0.1;
        struct problem *p = problem(&r, 3 + k % 8, 2 + k % 3, 1 + k % 10, k % 4 ? 5 : 0, scale);
        const double start = relu_prox_objective(&p->prox, &p->v, &p->w, gamma);

        CHECK_STATUS(relu_prox_frobenius(&p->prox, &p->w, gamma, &p->v, &report), STATUS_OK);
        CHECK_TRUE(report.residual <= 1e-11 && report.objective <= start);
        CHECK_NEAR(report.decrease, start - report.objective, 1e-13 * start);
        check_local_minimum(p, &r, gamma, report.objective);
        kinks += report.kinks;
    }
    assert_true(kinks > 50);
}

static void large_steps_end_at_stationary_points(void **state)
{
    struct rng r = rng_stream(11, "problems");
    struct relu_prox_report report;
    size_t kinks = 0, fallbacks = 0;

    (void)state;
    for (size_t k = 0; k < 400; k++) {
        struct problem *p = problem(&r, 3 + k % 8, 2 + k % 3, 1 + k % 10, k % 4 ? 5 : 0, 0.1);

        CHECK_STATUS(relu_prox_frobenius(&p->prox, &p->w, 10, &p->v, &report), STATUS_OK);
        CHECK_TRUE(report.residual <= 1e-11 && report.decrease >= 0);
        kinks += report.kinks;
        fallbacks += report.fallbacks;
    }
    assert_true(kinks > 2000 && fallbacks > 0);
}

static void answers_without_kinks_are_implicit_steps(void **state)
{
    struct rng r = rng_stream(2, "problems");
    struct relu_prox_report report;
    size_t seen = 0;

    (void)state;
    for (size_t k = 0; k < 20; k++) {
        struct problem *p = problem(&r, 5, 3, 4, 3, 1);
        struct mat g = mat_zero(&mem, 7, 3);

        CHECK_STATUS(relu_prox_frobenius(&p->prox, &p->w, 0.01, &p->v, &report), STATUS_OK);
        if (report.kinks > 0)
            continue;
        relu_network_gradient(&p->net, &p->v, &g);
        for (size_t l = 0; l < 21; l++)
            CHECK_NEAR(p->v.a[l], p->w.a[l] - 0.07 * g.a[l], 1e-12);
        seen++;
    }
    assert_true(seen >= 5);
}

static void frobenius_takes_no_memory(void **state)
{
    struct rng r = rng_stream(3, "problems");
    struct problem *p = problem(&r, 6, 3, 4, 4, 1);
    struct relu_prox_report report;
    const size_t before = memory_count();

    (void)state;
    CHECK_STATUS(relu_prox_frobenius(&p->prox, &p->w, 1, &p->v, &report), STATUS_OK);
    assert_true(memory_count() == before);
}

static void caps_and_numbers_that_are_not_finite_are_told(void **state)
{
    struct rng r = rng_stream(4, "problems");
    struct problem *p = problem(&r, 6, 3, 4, 4, 1);
    struct relu_prox_report report;

    (void)state;
    p->prox.limits.iterations = 1;
    CHECK_STATUS(relu_prox_frobenius(&p->prox, &p->w, 10, &p->v, &report), STATUS_NO_CONVERGENCE);
    CHECK_MESSAGE("after 1 steps");
    assert_int_equal(report.iterations, 1);
    assert_true(report.decrease > 0);
    p->v.a[5] = (double)NAN;
    CHECK_STATUS(relu_prox_frobenius(&p->prox, &p->w, 10, &p->v, &report), STATUS_DIVERGED);
    CHECK_MESSAGE("entry 5 of the start");
    CHECK_STATUS(relu_prox_wasserstein(&p->prox, &p->v, 10, 0, &p->v, &report), STATUS_DIVERGED);
}

/* ---- W2 ---- */

/* The least Frobenius objective over all permutations of the centre, each from its own centre. */
static double brute_force(struct problem *p, double gamma, int signs, size_t i, unsigned used,
                          struct mat *permuted)
{
    const size_t m = p->w.rows, d = p->w.cols;
    struct relu_prox_report report;
    double best = (double)INFINITY;

    if (i == m) {
        struct mat v = mat_copy(&mem, permuted);

        CHECK_STATUS(relu_prox_frobenius(&p->prox, permuted, gamma, &v, &report), STATUS_OK);
        return report.objective;
    }
    for (size_t k = 0; k < m; k++)
        if (!(used >> k & 1U) && (!signs || p->net.c.x[i] * p->net.c.x[k] > 0)) {
            memcpy(permuted->a + i * d, p->w.a + k * d, d * sizeof(double));
            best = fmin(best, brute_force(p, gamma, signs, i + 1, used | 1U << k, permuted));
        }
    return best;
}

static void w2_equals_frobenius_where_signs_are_kept(void **state)
{
    struct rng r = rng_stream(5, "problems");
    struct relu_prox_report report;

    (void)state;
    for (size_t k = 0; k < 8; k++) {
        const double gamma = pow(10, -(double)(k % 4));
        struct problem *p = problem(&r, 4, 2, 2, 3, 0.5);
        struct mat permuted = mat_copy(&mem, &p->w);
        const double all = brute_force(p, gamma, 1, 0, 0, &permuted);

        CHECK_STATUS(relu_prox_frobenius(&p->prox, &p->w, gamma, &p->v, &report), STATUS_OK);
        CHECK_RELATIVE(report.objective, all, 1e-12); /* relabelling changes nothing */
        CHECK_STATUS(relu_prox_wasserstein(&p->prox, &p->w, gamma, 1, &p->v, &report), STATUS_OK);
        CHECK_TRUE(report.objective <= all * (1 + 1e-12));
        CHECK_TRUE(report.decrease >= -1e-14 && report.residual <= 1e-11);
    }
}

static void w2_without_signs_reaches_the_best_of_all_permutations(void **state)
{
    struct rng r = rng_stream(6, "problems");
    struct relu_prox_report frobenius, w2;
    size_t jumps = 0;

    (void)state;
    for (size_t k = 0; k < 12; k++) {
        struct problem *p = problem(&r, 4, 2, 3, 2, 0.5);
        struct mat permuted = mat_copy(&mem, &p->w);
        const double best = brute_force(p, 1e-3, 0, 0, 0, &permuted);

        CHECK_STATUS(relu_prox_frobenius(&p->prox, &p->w, 1e-3, &p->v, &frobenius), STATUS_OK);
        mat_set(&p->v, &p->w);
        if (relu_prox_relabel(&p->prox, &p->v) == 0)
            continue;
        CHECK_STATUS(relu_prox_wasserstein(&p->prox, &p->w, 1e-3, 0, &p->v, &w2), STATUS_OK);
        CHECK_RELATIVE(w2.objective, best, 1e-10);
        CHECK_TRUE(w2.objective < frobenius.objective && w2.moved >= 2);
        jumps++;
    }
    assert_true(jumps >= 6);
}

static void a_permuted_start_is_recognized(void **state)
{
    struct rng r = rng_stream(7, "problems");
    struct problem *p = problem(&r, 5, 3, 6, 0, 1);
    struct relu_prox_report straight, turned;

    (void)state;
    CHECK_STATUS(relu_prox_wasserstein(&p->prox, &p->w, 1e-4, 1, &p->v, &straight), STATUS_OK);
    assert_int_equal(straight.moved, 0);
    assert_int_equal(straight.rounds, 1);
    for (size_t k = 0; k < 18; k++)
        p->v.a[k] = p->w.a[(k + 3) % 18]; /* neuron i starts at centre i + 1 */
    CHECK_STATUS(relu_prox_wasserstein(&p->prox, &p->w, 1e-4, 1, &p->v, &turned), STATUS_OK);
    assert_int_equal(turned.moved, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(p->prox.sigma[i], (i + 1) % 6);
    CHECK_RELATIVE(turned.objective, straight.objective, 1e-13);
    CHECK_RELATIVE(turned.distance, straight.distance, 1e-9);
}

/* Equal neurons can be exchanged for nothing: that is the identity. */
static void equal_neurons_are_not_counted_as_moved(void **state)
{
    struct rng r = rng_stream(8, "problems");
    struct problem *p = problem(&r, 5, 2, 4, 0, 1);
    struct relu_prox_report report;

    (void)state;
    for (size_t k = 0; k < 8; k++)
        p->w.a[k] = p->w.a[k % 2];
    mat_set(&p->v, &p->w);
    CHECK_STATUS(relu_prox_wasserstein(&p->prox, &p->w, 1, 1, &p->v, &report), STATUS_OK);
    assert_int_equal(report.moved, 0);
}

/* ---- the note's iterations ---- */

static void the_notes_inner_loop_has_the_proximal_point_as_its_fixed_point(void **state)
{
    struct rng r = rng_stream(9, "problems");
    struct problem *p = problem(&r, 5, 3, 4, 3, 1);
    struct relu_prox_report report;
    struct mat u = mat_copy(&mem, &p->w), g = mat_zero(&mem, 7, 3);

    (void)state;
    relu_network_gradient(&p->net, &u, &g);
    CHECK_TRUE(relu_prox_descend(&p->prox, &p->w, 1e-3, 7e-3, 1, &u) > 0);
    for (size_t k = 0; k < 21; k++) /* the first explicit step is gradient descent */
        CHECK_NEAR(u.a[k], p->w.a[k] - 7e-3 * g.a[k], 1e-15);
    CHECK_TRUE(relu_prox_descend(&p->prox, &p->w, 1e-3, 7e-3, 200, &u) < 1e-14);
    CHECK_STATUS(relu_prox_frobenius(&p->prox, &p->w, 1e-3, &p->v, &report), STATUS_OK);
    for (size_t k = 0; k < 21; k++)
        CHECK_NEAR(u.a[k], p->v.a[k], 1e-12);
    mat_set(&u, &p->w); /* any inner step has it */
    CHECK_TRUE(relu_prox_descend(&p->prox, &p->w, 1e-3, 3e-3, 400, &u) < 1e-14);
    for (size_t k = 0; k < 21; k++)
        CHECK_NEAR(u.a[k], p->v.a[k], 1e-12);
}

static void relabelling_lowers_the_loss_and_keeps_the_neurons(void **state)
{
    struct rng r = rng_stream(10, "problems");
    struct problem *p = problem(&r, 5, 2, 4, 4, 1);
    const double before = relu_network_loss(&p->net, &p->w);
    double sum = 0;

    (void)state;
    assert_true(relu_prox_relabel(&p->prox, &p->v) > 0);
    CHECK_TRUE(relu_network_loss(&p->net, &p->v) < before);
    for (size_t i = 0; i < 8; i++) {
        size_t found = 0;

        for (size_t k = 0; k < 8; k++)
            found += p->v.a[2 * i] == p->w.a[2 * k] && p->v.a[2 * i + 1] == p->w.a[2 * k + 1];
        assert_int_equal(found, 1);
        sum += p->v.a[2 * i] - p->w.a[2 * i];
    }
    CHECK_NEAR(sum, 0, 1e-14);
    assert_int_equal(relu_prox_relabel(&p->prox, &p->v), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(implicit_steps_of_three_points_are_the_exact_rationals, release),
        cmocka_unit_test_teardown(a_neuron_is_held_at_the_kink_that_its_residual_pushes_it_to,
                                  release),
        cmocka_unit_test_teardown(a_neuron_lands_on_the_origin_and_stays_there, release),
        cmocka_unit_test_teardown(a_neuron_leaves_a_concave_kink, release),
        cmocka_unit_test_teardown(answers_are_local_minima_below_the_start, release),
        cmocka_unit_test_teardown(large_steps_end_at_stationary_points, release),
        cmocka_unit_test_teardown(answers_without_kinks_are_implicit_steps, release),
        cmocka_unit_test_teardown(frobenius_takes_no_memory, release),
        cmocka_unit_test_teardown(caps_and_numbers_that_are_not_finite_are_told, release),
        cmocka_unit_test_teardown(w2_equals_frobenius_where_signs_are_kept, release),
        cmocka_unit_test_teardown(w2_without_signs_reaches_the_best_of_all_permutations, release),
        cmocka_unit_test_teardown(a_permuted_start_is_recognized, release),
        cmocka_unit_test_teardown(equal_neurons_are_not_counted_as_moved, release),
        cmocka_unit_test_teardown(
            the_notes_inner_loop_has_the_proximal_point_as_its_fixed_point, release),
        cmocka_unit_test_teardown(relabelling_lowers_the_loss_and_keeps_the_neurons, release),
    };

    return cmocka_run_group_tests_name("relu_prox", tests, NULL, NULL);
}
