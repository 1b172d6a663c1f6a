/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "continual_learning/two_task_draw.h"

#include <math.h>

#include "base/check.h"
#include "continual_learning/draws.h"
#include "kernel/kernel_regression.h"

struct trial {
    const struct two_task_draws *d;
    uint64_t seed;
    int draw;
    struct two_task_errors *errors;
    struct mat x;           /* A, then B, then tests */
    struct mat f;           /* two targets there */
    struct vec y;           /* room for the labels of a task */
    struct kernel_sequence s, alone;
    struct mat after_A;     /* predictions when A is learned */
};

/* Mean square on the tests of prediction - (a f_1 + b f_2); no prediction is 0. */
static double mean_square(const struct trial *t, const double *prediction, double a, double b)
{
    const size_t n = t->d->tests, first = t->x.rows - n;
    double sum = 0;

    for (size_t i = first; i < t->x.rows; i++) {
        const double target = a * t->f.a[2 * i] + b * t->f.a[2 * i + 1];
        const double e = (prediction != NULL ? prediction[i] : 0) - target;

        sum += e * e / (double)n;
    }
    return sum;
}

/* B alone, and its mean with A alone, for equal targets. */
static enum status learn_alone(struct trial *t)
{
    struct two_task_errors *e = t->errors;
    struct vec y = vec_over(t->y.x, t->d->N_B);

    TRY(kernel_sequence_learn(&t->alone, t->d->N_A, t->d->N_B, &y, 0, 0));
    e->B += mean_square(t, t->alone.f.a, 1, 0);
    for (size_t i = 0; i < t->x.rows; i++)
        t->alone.f.a[i] = (t->alone.f.a[i] + t->after_A.a[i]) / 2;
    e->average += mean_square(t, t->alone.f.a, 1, 0);
    return STATUS_OK;
}

/* Both samples of f_1 at once. */
static enum status learn_joint(struct trial *t, struct arena *mem)
{
    const size_t n = t->d->N_A + t->d->N_B;
    struct kernel_sequence s = kernel_sequence_make(mem, &t->d->spec, &t->x, 1, n);
    struct vec y = vec_zero(mem, n);

    for (size_t i = 0; i < n; i++)
        y.x[i] = t->f.a[2 * i];
    TRY(kernel_sequence_learn(&s, 0, n, &y, 0, 0));
    t->errors->joint += mean_square(t, s.f.a, 1, 0);
    t->errors->condition = fmax(t->errors->condition, s.condition);
    return STATUS_OK;
}

static enum status learn_B(struct trial *t, size_t k)
{
    const double rho = t->d->similarities[k] / 1000.0, other = sqrt(1 - rho * rho);
    struct two_task_errors *e = t->errors;
    struct vec y = vec_over(t->y.x, t->d->N_B);

    mat_set(&t->s.f, &t->after_A);
    for (size_t i = 0; i < t->d->N_B; i++) {
        const double *targets = t->f.a + 2 * (t->d->N_A + i);

        y.x[i] = rho * targets[0] + other * targets[1];
    }
    TRY(kernel_sequence_learn(&t->s, t->d->N_A, t->d->N_B, &y, 0, 0));
    e->forward[k] += mean_square(t, t->s.f.a, rho, other);
    e->back[k] += mean_square(t, t->s.f.a, 1, 0);
    e->apart[k] += mean_square(t, NULL, 1 - rho, -other);
    return k + 1 == t->d->count ? learn_alone(t) : STATUS_OK;
}

static enum status learn_both(struct trial *t)
{
    struct vec y = vec_over(t->y.x, t->d->N_A);

    for (size_t i = 0; i < t->d->N_A; i++)
        y.x[i] = t->f.a[2 * i];
    TRY(kernel_sequence_learn(&t->s, 0, t->d->N_A, &y, 0, 0));
    mat_set(&t->after_A, &t->s.f);
    t->errors->A += mean_square(t, t->after_A.a, 1, 0);
    for (size_t k = 0; k < t->d->count; k++)
        TRY(learn_B(t, k));
    t->errors->condition = fmax(t->errors->condition, t->s.condition);
    return STATUS_OK;
}

static enum status run_trial(void *context, struct arena *mem)
{
    struct trial *t = context;
    const struct two_task_draws *d = t->d;
    const size_t n = d->N_A + d->N_B + d->tests, most = d->N_A > d->N_B ? d->N_A : d->N_B;
    struct rng inputs = rng_stream(t->seed, "inputs:%d", t->draw);
    struct rng targets = rng_stream(t->seed, "targets:%d", t->draw);

    t->x = kernel_sphere_points(mem, &inputs, n, d->D);
    t->f = mat_zero(mem, n, 2);
    t->y = vec_zero(mem, most);
    t->after_A = mat_zero(mem, n, 1);
    t->s = kernel_sequence_make(mem, &d->spec, &t->x, 1, most);
    t->alone = kernel_sequence_make(mem, &d->spec, &t->x, 1, d->N_B);
    TRY(kernel_targets(&t->f, mem, &targets, &d->spec, &t->x, d->anchors));
    TRY(learn_both(t));
    return d->joint ? learn_joint(t, mem) : STATUS_OK;
}

static enum status check(const struct two_task_draws *d)
{
    if (d->N_A == 0 || d->N_B == 0 || d->tests == 0)
        return status_set(STATUS_USAGE, "tasks of %zu and %zu inputs, %zu test inputs; expected at "
                          "least 1 each", d->N_A, d->N_B, d->tests);
    for (size_t k = 0; k < d->count; k++)
        if (d->similarities[k] < -1000 || d->similarities[k] > 1000)
            return status_set(STATUS_USAGE, "a similarity of %g; expected one in [-1, 1]",
                              d->similarities[k] / 1000.0);
    return STATUS_OK;
}

enum status two_task_draw(const struct two_task_draws *d, uint64_t seed, int draw,
                          struct two_task_errors *errors)
{
    struct trial t = {.d = d, .seed = seed, .draw = draw, .errors = errors};

    CHECK(d->count >= 1 && d->count <= TWO_TASK_SIMILARITIES &&
          d->similarities[d->count - 1] == 1000, "%zu similarities", d->count);
    TRY(check(d));
    return draws_within(run_trial, &t);
}
