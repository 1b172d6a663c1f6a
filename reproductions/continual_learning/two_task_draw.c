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
    struct mat y;           /* room for the labels of a task, for each predictor */
    struct kernel_sequence A; /* one predictor */
    struct kernel_sequence B; /* count after A, one for each similarity, and one without A */
};

/* Mean square on the tests of column `column` of predictions - (a f_1 + b f_2). */
static double mean_square(const struct trial *t, const struct mat *predictions, size_t column,
                          double a, double b)
{
    const size_t n = t->d->tests, first = t->x.rows - n;
    double sum = 0;

    for (size_t i = first; i < t->x.rows; i++) {
        const double target = a * t->f.a[2 * i] + b * t->f.a[2 * i + 1];
        const double e = predictions->a[i * predictions->cols + column] - target;

        sum += e * e / (double)n;
    }
    return sum;
}

/* |(a f_1 + b f_2)|^2 on the tests. */
static double mean_square_target(const struct trial *t, double a, double b)
{
    const size_t n = t->d->tests, first = t->x.rows - n;
    double sum = 0;

    for (size_t i = first; i < t->x.rows; i++) {
        const double target = a * t->f.a[2 * i] + b * t->f.a[2 * i + 1];

        sum += target * target / (double)n;
    }
    return sum;
}

/* Both samples of f_1 at once. */
static enum status learn_joint(struct trial *t, struct arena *mem)
{
    const size_t n = t->d->N_A + t->d->N_B;
    struct kernel_sequence s = kernel_sequence_make(mem, &t->d->spec, &t->x, 1, 1, n);
    struct mat y = mat_zero(mem, n, 1);

    for (size_t i = 0; i < n; i++)
        y.a[i] = t->f.a[2 * i];
    TRY(kernel_sequence_learn(&s, 0, n, &y, 0, 0));
    t->errors->joint += mean_square(t, &s.f, 0, 1, 0);
    t->errors->condition = fmax(t->errors->condition, s.condition);
    return STATUS_OK;
}

/* Targets of B for similarity k are rho f_1 + other f_2. */
static double rho_of(const struct trial *t, size_t k)
{
    return t->d->similarities[k] / 1000.0;
}

static double other_of(const struct trial *t, size_t k)
{
    return sqrt(1 - rho_of(t, k) * rho_of(t, k));
}

static enum status learn_A(struct trial *t)
{
    struct mat y = mat_over(t->y.a, t->d->N_A, 1);

    for (size_t i = 0; i < t->d->N_A; i++)
        y.a[i] = t->f.a[2 * i];
    TRY(kernel_sequence_learn(&t->A, 0, t->d->N_A, &y, 0, 0));
    t->errors->A += mean_square(t, &t->A.f, 0, 1, 0);
    return STATUS_OK;
}

/* One factorization for all similarities; the last predictor has not seen A. */
static enum status learn_B(struct trial *t)
{
    const size_t count = t->d->count, k = count + 1;
    struct mat y = mat_over(t->y.a, t->d->N_B, k);

    for (size_t i = 0; i < t->x.rows; i++)
        for (size_t j = 0; j < count; j++)
            t->B.f.a[i * k + j] = t->A.f.a[i];
    for (size_t i = 0; i < t->d->N_B; i++) {
        const double *targets = t->f.a + 2 * (t->d->N_A + i);

        for (size_t j = 0; j < count; j++)
            y.a[i * k + j] = rho_of(t, j) * targets[0] + other_of(t, j) * targets[1];
        y.a[i * k + count] = targets[0];
    }
    return kernel_sequence_learn(&t->B, t->d->N_A, t->d->N_B, &y, 0, 0);
}

static void add_errors(struct trial *t)
{
    struct two_task_errors *e = t->errors;
    const size_t count = t->d->count, k = count + 1;

    for (size_t j = 0; j < count; j++) {
        const double rho = rho_of(t, j), other = other_of(t, j);

        e->forward[j] += mean_square(t, &t->B.f, j, rho, other);
        e->back[j] += mean_square(t, &t->B.f, j, 1, 0);
        e->apart[j] += mean_square_target(t, 1 - rho, -other);
    }
    e->B += mean_square(t, &t->B.f, count, 1, 0);
    for (size_t i = 0; i < t->x.rows; i++)
        t->A.f.a[i] = (t->B.f.a[i * k + count] + t->A.f.a[i]) / 2;
    e->average += mean_square(t, &t->A.f, 0, 1, 0);
    e->condition = fmax(e->condition, fmax(t->A.condition, t->B.condition));
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
    t->y = mat_zero(mem, most, d->count + 1);
    t->A = kernel_sequence_make(mem, &d->spec, &t->x, 1, 1, d->N_A);
    t->B = kernel_sequence_make(mem, &d->spec, &t->x, 1, d->count + 1, d->N_B);
    TRY(kernel_targets(&t->f, mem, &targets, &d->spec, &t->x, d->anchors));
    TRY(learn_A(t));
    TRY(learn_B(t));
    add_errors(t);
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
