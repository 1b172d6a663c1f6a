/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/alignment_course.h"

#include "test.h"

/* One negative neuron in the direction (0.8, 1), active on all five points and for good: its
 * velocity is (-0.025, 0.493), |v| = 1 / 2.025764. */
#define SPEED (1 / 2.025764)

static const struct relu_alignment_limits limits = {.aligned = 0.99, .boundary = 0.01};
static const struct alignment_clock ticks = {.eta = 1e-3, .relative = 1e-3, .first = 1e-12,
                                             .horizon = 60, .early = 1e-9, .between = 1e-3,
                                             .moved = 0.9};

static struct alignment_flow one_neuron(struct arena *mem, struct relu_data *data, int trained)
{
    struct rng r = rng_stream(1, "start");
    struct alignment_flow f;

    *data = relu_data_sinus(mem, 5);
    f = alignment_flow_make(mem, data, 1, trained, &r, limits);
    f.directions.a[0] = 0.8;
    f.directions.a[1] = 1;
    return f;
}

/* Angle between the neuron's start and v. */
static double first_angle(struct arena *mem, struct alignment_flow *f)
{
    const struct vec w = mat_row(&f->directions, 0);
    struct vec across = vec_zero(mem, 2);

    relu_alignment_vectors(&f->alignment, &f->net, &f->directions, 0);
    return relu_alignment_angle(&f->alignment.v, &w, &across);
}

/* w(t) = w(0) + t v: tan(angle) = |w| sin t0 / (t |v| + |w| cos t0). */
static void frozen_neuron_aligns_in_proportion_to_its_length(void **state)
{
    struct arena mem = {0};
    struct relu_data data;
    struct alignment_flow f = one_neuron(&mem, &data, 0);
    const double t0 = first_angle(&mem, &f), limit = acos(0.99), size = hypot(0.8, 1);

    (void)state;
    for (double scale = 1e-6; scale > 1e-9; scale /= 10) {
        const double t = scale * size * (sin(t0) / tan(limit) - cos(t0)) / SPEED;
        struct alignment_course c;

        alignment_flow_start(&f, scale);
        c = alignment_course_follow(&f, &ticks, NULL, NULL);
        CHECK_RELATIVE(c.aligned, t, 1e-4);
        CHECK_NEAR(c.aligned_loss, 1, 1e-4);
        CHECK_NEAR(c.at_escape.share, 1, 0);
    }
    arena_free(&mem);
}

/* tan(angle / 2) = tan(t0 / 2) exp(-|v| t), whatever the scale; |w| grows as exp(|v| t), so the
 * loss waits log(10) / |v| longer for a tenth of the scale. */
static void trained_neuron_aligns_at_one_time_and_the_loss_waits(void **state)
{
    struct arena mem = {0};
    struct relu_data data;
    struct alignment_flow f = one_neuron(&mem, &data, 1);
    const double t = log(tan(first_angle(&mem, &f) / 2) / tan(acos(0.99) / 2)) / SPEED;
    struct alignment_course c, last = {0};

    (void)state;
    for (double scale = 1e-6; scale > 1e-9; scale /= 10) {
        alignment_flow_start(&f, scale);
        c = alignment_course_follow(&f, &ticks, NULL, NULL);
        CHECK_RELATIVE(c.aligned, t, 2e-3);
        if (last.escape > 0)
            CHECK_RELATIVE(c.escape - last.escape, log(10) / SPEED, 1e-3);
        last = c;
    }
    arena_free(&mem);
}

/* c_i^2 - |w_i|^2 does not move but for the squares of the steps, at most eta times the loss. */
static void trained_layers_stay_balanced(void **state)
{
    struct arena mem = {0};
    const struct relu_data data = relu_data_sinus(&mem, 5);
    struct rng r = rng_stream(2, "start");
    struct alignment_flow f = alignment_flow_make(&mem, &data, 10, 1, &r, limits);
    struct alignment_clock clock = ticks;

    (void)state;
    clock.horizon = 2;
    clock.moved = 0;
    alignment_flow_start(&f, 0.3);
    alignment_course_follow(&f, &clock, NULL, NULL);
    for (size_t i = 0; i < 10; i++) {
        const struct vec w = mat_row(&f.w, i);

        CHECK_NEAR(f.net.c.x[i] * f.net.c.x[i], vec_dot(&w, &w), 1e-3);
        CHECK_TRUE((f.net.c.x[i] > 0) == (i < 5));
    }
    CHECK_TRUE(alignment_flow_kept(&f) < 1 - 1e-6);
    arena_free(&mem);
}

static void step_descends_both_layers(void **state)
{
    struct arena mem = {0};
    const struct relu_data data = relu_data_sinus(&mem, 5);
    struct rng r = rng_stream(5, "start");
    struct alignment_flow f = alignment_flow_make(&mem, &data, 4, 1, &r, limits);
    const double h = 1e-6, c0 = f.net.c.x[1];
    double up, down;

    (void)state;
    f.net.c.x[1] = c0 + h;
    up = relu_network_loss(&f.net, &f.w);
    f.net.c.x[1] = c0 - h;
    down = relu_network_loss(&f.net, &f.w);
    f.net.c.x[1] = c0;
    relu_network_gradient(&f.net, &f.w, &f.g);
    alignment_flow_step(&f, 1e-3);
    CHECK_NEAR((c0 - f.net.c.x[1]) / 1e-3, (up - down) / (2 * h), 1e-8);
    arena_free(&mem);
}

struct seen {
    size_t looks;
    double t, F;
};

static void count(void *to, const struct alignment_flow *f, const struct relu_sight *sight,
                  double t, double F)
{
    struct seen *s = to;

    (void)f;
    (void)sight;
    s->looks++;
    s->t = t;
    s->F = F;
}

/* A neuron that no point activates does nothing, to the horizon; and nothing is allocated. */
static void what_never_happens_has_the_time_of_the_horizon(void **state)
{
    struct arena mem = {0};
    struct relu_data data;
    struct alignment_flow f = one_neuron(&mem, &data, 1);
    struct alignment_clock clock = ticks;
    struct alignment_course c;
    struct seen seen = {0};
    size_t allocated;

    (void)state;
    clock.horizon = 3;
    f.directions.a[1] = -1;
    alignment_flow_start(&f, 1);
    CHECK_NEAR(alignment_flow_kept(&f), 0, 0);
    allocated = memory_count();
    c = alignment_course_follow(&f, &clock, count, &seen);
    assert_int_equal(memory_count(), allocated);
    CHECK_NEAR(c.aligned, 3, 0);
    CHECK_NEAR(c.escape, 3, 0);
    CHECK_NEAR(c.aligned_loss, 0, 0);
    CHECK_NEAR(c.early_loss, 1, 0);
    CHECK_TRUE(seen.looks > 1000 && seen.t > 2.99);
    CHECK_NEAR(seen.F, 1, 0);
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frozen_neuron_aligns_in_proportion_to_its_length),
        cmocka_unit_test(trained_neuron_aligns_at_one_time_and_the_loss_waits),
        cmocka_unit_test(trained_layers_stay_balanced),
        cmocka_unit_test(step_descends_both_layers),
        cmocka_unit_test(what_never_happens_has_the_time_of_the_horizon),
    };

    return cmocka_run_group_tests_name("alignment_course", tests, NULL, NULL);
}
