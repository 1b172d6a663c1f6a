/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_optimizer: single steps by hand, runs against PyTorch's numbers, closed forms on a quadratic
 * and naive loops in double; schedules. */
#include "test.h"

#include "aborts.h"
#include "base/memory.h"
#include "base/rng.h"
#include "net/optimizer.h"

/* ---- f(w) = (w0 - 1)^2 + 3 (w1 + 2)^2 + (w2 - 1/2)^2 / 2, from (0.3, 0.7, -1.1), rate 0.05 */

static void run_on_bowl(const struct optimizer_spec *spec, int steps, float w[3])
{
    struct arena mem = {0};
    struct optimizer o = optimizer_create(&mem, spec, 3);

    w[0] = 0.3f, w[1] = 0.7f, w[2] = -1.1f;
    for (int t = 0; t < steps; t++) {
        const float grads[3] = {2 * (w[0] - 1), 6 * (w[1] + 2), w[2] - 0.5f};
        optimizer_step(&o, w, grads, 0.05);
    }
    assert_int_equal(o.steps, steps);
    arena_free(&mem);
}

static void check_three(const float w[3], double a, double b, double c)
{
    CHECK_NEAR((double)w[0], a, 2e-6);
    CHECK_NEAR((double)w[1], b, 2e-6);
    CHECK_NEAR((double)w[2], c, 2e-6);
}

/* First step: g = grad + 0.1 w = (-1.37, 16.27, -1.71), w - 0.05 g. Five: PyTorch 1.13, double. */
static void sgd_takes_pytorchs_steps(void **state)
{
    const struct optimizer_spec spec = {.momentum = 0.9, .weight_decay = 0.1};
    float w[3];

    (void)state;
    run_on_bowl(&spec, 1, w);
    check_three(w, 0.3685, -0.1135, -1.0145);
    run_on_bowl(&spec, 5, w);
    check_three(w, 0.9960653171, -4.0499781583, -0.1154700799);
}

/* The first step of Adam is the rate times the sign of g; five by PyTorch 1.13 in double. */
static void adam_takes_pytorchs_steps(void **state)
{
    const struct optimizer_spec spec = {.kind = OPTIMIZER_ADAM, .weight_decay = 0.1};
    float w[3];

    (void)state;
    run_on_bowl(&spec, 1, w);
    check_three(w, 0.35, 0.65, -1.05);
    run_on_bowl(&spec, 5, w);
    check_three(w, 0.5473410142, 0.4504570700, -0.8508523410);
}

/* epsilon stands outside the root: g = 1e-8 moves by rate / 2 with the default of 1e-8. */
static void adam_adds_epsilon_outside_the_root(void **state)
{
    struct arena mem = {0};
    struct optimizer o =
        optimizer_create(&mem, &(struct optimizer_spec){.kind = OPTIMIZER_ADAM}, 1);
    float w = 0.0f;

    (void)state;
    optimizer_step(&o, &w, &(float){1e-8f}, 0.25);
    CHECK_RELATIVE((double)w, -0.125, 1e-4);
    arena_free(&mem);
}

/* ---- gradient a w: w_t = (1 - rate a)^t w_0, and with momentum the two roots of
 *      r^2 - (1 + momentum - rate a) r + momentum = 0 ---- */

static void sgd_follows_closed_form(void **state)
{
    enum { STEPS = 40 };
    const double a = 0.5, rate = 0.1, momentum = 0.5;

    (void)state;
    for (int with = 0; with < 2; with++) {
        struct arena mem = {0};
        const struct optimizer_spec spec = {.momentum = with ? momentum : 0};
        struct optimizer o = optimizer_create(&mem, &spec, 1);
        float w = 2.0f;

        for (int t = 0; t < STEPS; t++)
            optimizer_step(&o, &w, &(float){(float)a * w}, rate);
        if (with) {
            const double b = 1 + momentum - rate * a, root = sqrt(b * b - 4 * momentum);
            const double r1 = (b + root) / 2, r2 = (b - root) / 2;
            const double first = (2 * (1 - rate * a) - 2 * r2) / (r1 - r2);
            CHECK_RELATIVE((double)w, first * pow(r1, STEPS) + (2 - first) * pow(r2, STEPS), 2e-5);
        } else {
            CHECK_RELATIVE((double)w, 2 * pow(1 - rate * a, STEPS), 2e-5);
        }
        arena_free(&mem);
    }
}

/* ---- naive loops in double ---- */

static void naive_step(const struct optimizer_spec *s, int t, double *w, double *m, double *v,
                       double gradient, double rate)
{
    const double g = gradient + s->weight_decay * *w;

    if (s->kind == OPTIMIZER_SGD) {
        *m = s->momentum * *m + g;
        *w -= rate * *m;
        return;
    }
    *m = s->beta1 * *m + (1 - s->beta1) * g;
    *v = s->beta2 * *v + (1 - s->beta2) * g * g;
    *w -= rate * (*m / (1 - pow(s->beta1, t))) /
          (sqrt(*v / (1 - pow(s->beta2, t))) + s->epsilon);
}

static void check_against_naive(const struct optimizer_spec *spec)
{
    enum { N = 37, STEPS = 30 };
    struct arena mem = {0};
    struct optimizer o = optimizer_create(&mem, spec, N);
    struct rng rng = rng_stream(2, "gradients");
    float w[N], gradient[N];
    double w2[N], m[N] = {0}, v[N] = {0};

    rng_normalsf(&rng, w, N);
    for (int i = 0; i < N; i++)
        w2[i] = (double)w[i];
    for (int t = 1; t <= STEPS; t++) {
        const double rate = 0.01 * t;
        rng_normalsf(&rng, gradient, N);
        optimizer_step(&o, w, gradient, rate);
        for (int i = 0; i < N; i++)
            naive_step(spec, t, &w2[i], &m[i], &v[i], (double)gradient[i], rate);
    }
    for (int i = 0; i < N; i++)
        CHECK_NEAR((double)w[i], w2[i], 1e-5);
    arena_free(&mem);
}

static void optimizers_match_naive(void **state)
{
    (void)state;
    check_against_naive(&(struct optimizer_spec){.weight_decay = 0.02});
    check_against_naive(&(struct optimizer_spec){.momentum = 0.8, .weight_decay = 0.02});
    check_against_naive(&(struct optimizer_spec){
        .kind = OPTIMIZER_ADAM, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.1});
}

/* ---- state and memory ---- */

static void optimizer_reset_starts_again(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        const struct optimizer_spec spec = {.kind = kind ? OPTIMIZER_ADAM : OPTIMIZER_SGD,
                                            .momentum = 0.9};
        struct arena mem = {0};
        struct optimizer o = optimizer_create(&mem, &spec, 2);
        const float grads[2] = {0.3f, -0.7f};
        float first[2] = {1, 2}, again[2] = {1, 2};

        optimizer_step(&o, first, grads, 0.1);
        optimizer_step(&o, first, grads, 0.1);
        optimizer_reset(&o);
        optimizer_step(&o, again, grads, 0.1);
        optimizer_step(&o, again, grads, 0.1);
        assert_memory_equal(first, again, sizeof first);
        arena_free(&mem);
    }
}

static void optimizer_steps_allocate_nothing(void **state)
{
    struct arena mem = {0};
    struct optimizer o =
        optimizer_create(&mem, &(struct optimizer_spec){.kind = OPTIMIZER_ADAM}, 2);
    float w[2] = {1, 2};
    const float grads[2] = {1, 1};
    const size_t before = memory_count();

    (void)state;
    for (int t = 0; t < 5; t++)
        optimizer_step(&o, w, grads, 0.1);
    assert_int_equal(memory_count(), before);
    arena_free(&mem);
}

/* Does optimizer_create come through when the k-th allocation fails? */
static int creates(size_t k)
{
    struct arena mem = {0};

    memory_fail_at(k);
    if (arena_guard(&mem)) {
        memory_fail_at(0);
        arena_free(&mem);
        return 0;
    }
    const struct optimizer o =
        optimizer_create(&mem, &(struct optimizer_spec){.kind = OPTIMIZER_ADAM}, 1000000);
    memory_fail_at(0);
    arena_free(&mem);
    return o.first != NULL && o.second != NULL;
}

static void optimizer_create_survives_failing_allocations(void **state)
{
    size_t k = 1;

    (void)state;
    while (k < 10 && !creates(k))
        k++;
    CHECK_TRUE(k >= 2 && k < 10);
}

/* ---- schedules: values of PyTorch's StepLR(3, 0.5) and CosineAnnealingLR(8, 0.01) ---- */

static void schedules_give_pytorchs_rates(void **state)
{
    const struct schedule constant = {.base = 0.2};
    const struct schedule step = {SCHEDULE_STEP, .base = 0.2, .period = 3, .factor = 0.5};
    const struct schedule cosine = {SCHEDULE_COSINE, .base = 0.2, .period = 8, .end = 0.01};
    const double stepped[] = {0.2, 0.2, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05};
    const double annealed[] = {0.2,          0.1927685556, 0.1721751442, 0.1413549261, 0.105,
                               0.0686450739, 0.0378248558, 0.0172314444, 0.01};

    (void)state;
    for (size_t t = 0; t < 9; t++) {
        CHECK_NEAR(schedule_rate(&constant, t), 0.2, 0);
        CHECK_NEAR(schedule_rate(&step, t), stepped[t], 1e-15);
        CHECK_NEAR(schedule_rate(&cosine, t), annealed[t], 1e-10);
    }
    CHECK_NEAR(schedule_rate(&cosine, 100), 0.01, 0);
}

/* PyTorch's MultiStepLR([180, 360, 480], 0.2), base 0.1: the rates of wide residual networks. */
static void milestones_multiply_once_each(void **state)
{
    static const size_t at[] = {180, 360, 480};
    const struct schedule s = {SCHEDULE_MILESTONES, .base = 0.1, .factor = 0.2, .milestones = at,
                               .milestone_count = 3};
    static const struct {
        size_t t;
        double rate;
    } expected[] = {{0, 0.1},     {179, 0.1},   {180, 0.02},   {359, 0.02},
                    {360, 0.004}, {479, 0.004}, {480, 0.0008}, {599, 0.0008}};

    (void)state;
    for (size_t k = 0; k < sizeof expected / sizeof *expected; k++)
        CHECK_RELATIVE(schedule_rate(&s, expected[k].t), expected[k].rate, 1e-15);
    const struct schedule none = {SCHEDULE_MILESTONES, .base = 0.1, .factor = 0.2};
    CHECK_NEAR(schedule_rate(&none, 1000), 0.1, 0);
}

/* u^2 (1 - u)^5 / 0.015178321: nothing at the ends, the base at u = 2/7, the printed constant. */
static void equilibration_rises_and_falls(void **state)
{
    struct schedule s = {SCHEDULE_EQUILIBRATION, .base = 1.5e-3, .period = 700};

    (void)state;
    CHECK_NEAR(schedule_rate(&s, 0), 0, 0);
    CHECK_RELATIVE(schedule_rate(&s, 200), 1.5e-3, 1e-14);
    CHECK_NEAR(schedule_rate(&s, 700), 0, 0);
    CHECK_NEAR(schedule_rate(&s, 701), 0, 0);
    for (size_t t = 1; t < 700; t++) {
        const double u = (double)t / 700;
        const double rate = schedule_rate(&s, t), next = schedule_rate(&s, t + 1);
        CHECK_RELATIVE(rate, 1.5e-3 * u * u * pow(1 - u, 5) / 0.015178321, 1e-7);
        CHECK_TRUE(t < 200 ? next > rate : next < rate);
    }
    s.end = 1e-5;
    for (size_t t = 0; t <= 1000; t++)
        CHECK_TRUE(schedule_rate(&s, t) >= 1e-5);
    CHECK_NEAR(schedule_rate(&s, 0), 1e-5, 0);
    CHECK_NEAR(schedule_rate(&s, 1000), 1e-5, 0);
    CHECK_RELATIVE(schedule_rate(&s, 200), 1.5e-3, 1e-14);
}

static void optimizer_reset_leaves_zeros(void **state)
{
    const struct optimizer_spec spec = {.kind = OPTIMIZER_ADAM};
    struct arena mem = {0};
    struct optimizer o = optimizer_create(&mem, &spec, 100);
    float w[100] = {0}, grads[100];

    (void)state;
    for (size_t i = 0; i < 100; i++)
        grads[i] = (float)i + 1;
    optimizer_step(&o, w, grads, 0.1);
    assert_int_equal(o.steps, 1);
    CHECK_TRUE(o.first[99] > 0 && o.second[99] > 0);
    optimizer_reset(&o);
    assert_int_equal(o.steps, 0);
    for (size_t i = 0; i < 100; i++)
        CHECK_TRUE(o.first[i] == 0 && o.second[i] == 0);
    arena_free(&mem);
}

/* Plain descent has no state, momentum one array, Adam two; their defaults are PyTorch's. */
static void optimizers_take_the_state_they_need(void **state)
{
    struct optimizer_spec spec = {.kind = OPTIMIZER_SGD};
    struct arena mem = {0};

    (void)state;
    struct optimizer o = optimizer_create(&mem, &spec, 3);
    CHECK_TRUE(o.n == 3 && o.steps == 0 && o.first == NULL && o.second == NULL);
    spec.momentum = 0.5;
    o = optimizer_create(&mem, &spec, 3);
    CHECK_TRUE(o.first != NULL && o.second == NULL);
    o = optimizer_create(&mem, &(struct optimizer_spec){.kind = OPTIMIZER_ADAM}, 3);
    CHECK_TRUE(o.first != NULL && o.second != NULL && o.first != o.second);
    CHECK_NEAR(o.spec.beta1, 0.9, 0);
    CHECK_NEAR(o.spec.beta2, 0.999, 0);
    CHECK_NEAR(o.spec.epsilon, 1e-8, 0);
    arena_free(&mem);
}

static void optimizers_out_of_range_abort(void **state)
{
    struct schedule s = {SCHEDULE_STEP, .base = 1, .period = 1, .factor = 0.5};
    struct optimizer_spec spec;
    struct arena mem = {0};

    (void)state;
    spec = (struct optimizer_spec){.momentum = -0.1};
    CHECK_ABORTS((void)optimizer_create(&mem, &spec, 1).n);
    spec = (struct optimizer_spec){.weight_decay = -0.1};
    CHECK_ABORTS((void)optimizer_create(&mem, &spec, 1).n);
    CHECK_NEAR(schedule_rate(&s, 3), 0.125, 0);
    s.period = 0;
    CHECK_ABORTS((void)schedule_rate(&s, 0));
    s.kind = SCHEDULE_COSINE;
    CHECK_ABORTS((void)schedule_rate(&s, 0));
    s.kind = SCHEDULE_EQUILIBRATION;
    CHECK_ABORTS((void)schedule_rate(&s, 0));
    s.kind = SCHEDULE_CONSTANT;
    CHECK_NEAR(schedule_rate(&s, 7), 1, 0);
    s = (struct schedule){SCHEDULE_MILESTONES, .base = 1, .factor = 0.5,
                          .milestones = (size_t[]){3, 3}, .milestone_count = 2};
    CHECK_ABORTS((void)schedule_rate(&s, 0));
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgd_takes_pytorchs_steps),
        cmocka_unit_test(adam_takes_pytorchs_steps),
        cmocka_unit_test(adam_adds_epsilon_outside_the_root),
        cmocka_unit_test(sgd_follows_closed_form),
        cmocka_unit_test(optimizers_match_naive),
        cmocka_unit_test(optimizer_reset_starts_again),
        cmocka_unit_test(optimizer_steps_allocate_nothing),
        cmocka_unit_test(optimizer_create_survives_failing_allocations),
        cmocka_unit_test(schedules_give_pytorchs_rates),
        cmocka_unit_test(milestones_multiply_once_each),
        cmocka_unit_test(equilibration_rises_and_falls),
        cmocka_unit_test(optimizer_reset_leaves_zeros),
        cmocka_unit_test(optimizers_take_the_state_they_need),
        cmocka_unit_test(optimizers_out_of_range_abort),
    };

    return cmocka_run_group_tests_name("optimizer", tests, NULL, NULL);
}
