/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "continual_learning/many_task_draw.h"

#include <math.h>

#include "base/check.h"
#include "base/rng.h"
#include "continual_learning/draws.h"
#include "kernel/kernel_regression.h"

struct trial {
    const struct many_task_draws *d;
    uint64_t seed;
    int pair;
    struct many_task_errors *errors;
};

/* Inputs of all tasks of one sample, then the tests of the pair. */
static struct mat draw_inputs(const struct trial *t, struct arena *mem, size_t samples, int which)
{
    const size_t tests = t->d->tests, D = t->d->D;
    struct rng inputs = rng_stream(t->seed, "inputs:%d:%d", t->pair, which);
    struct rng test = rng_stream(t->seed, "tests:%d", t->pair);
    const struct mat own = kernel_sphere_points(mem, &inputs, samples, D);
    const struct mat shared = kernel_sphere_points(mem, &test, tests, D);
    struct mat x = mat_zero(mem, samples + tests, D);
    struct mat first = mat_rows(&x, 0, samples), last = mat_rows(&x, samples, tests);

    mat_set(&first, &own);
    mat_set(&last, &shared);
    return x;
}

/* error (tasks x tests): predictions less target after each task of sample `which` of the pair. */
static enum status learn(const struct trial *t, struct arena *mem, int which, struct mat *error)
{
    const struct many_task_draws *d = t->d;
    const size_t samples = d->first + (d->tasks - 1) * d->later, tests = d->tests;
    struct rng target = rng_stream(t->seed, "target:%d", t->pair);
    struct rng noise = rng_stream(t->seed, "noise:%d:%d", t->pair, which);
    const struct mat x = draw_inputs(t, mem, samples, which);
    struct mat f = mat_zero(mem, samples + tests, 1);
    struct kernel_sequence sequence = kernel_sequence_make(
        mem, &d->spec, &x, 1, 1, d->first > d->later ? d->first : d->later);
    struct vec y = vec_zero(mem, samples);

    TRY(kernel_targets(&f, mem, &target, &d->spec, &x, d->anchors));
    for (size_t i = 0; i < samples; i++)
        y.x[i] = f.a[i] + (d->noise > 0 ? sqrt(d->noise) * rng_normal(&noise) : 0);
    for (size_t n = 0, at = 0; n < d->tasks; n++) {
        const size_t count = n == 0 ? d->first : d->later;
        const struct mat labels = mat_over(y.x + at, count, 1);

        TRY(kernel_sequence_learn(&sequence, at, count, &labels, 0, 0));
        for (size_t i = 0; i < tests; i++)
            error->a[n * tests + i] = sequence.f.a[samples + i] - f.a[samples + i];
        at += count;
    }
    t->errors->condition = fmax(t->errors->condition, sequence.condition);
    return STATUS_OK;
}

static enum status run_trial(void *context, struct arena *mem)
{
    const struct trial *t = context;
    const size_t tests = t->d->tests;
    struct mat e[2];

    for (int which = 0; which < 2; which++) {
        e[which] = mat_zero(mem, t->d->tasks, tests);
        TRY(learn(t, mem, which, &e[which]));
    }
    for (size_t n = 0; n < t->d->tasks; n++)
        for (size_t i = n * tests; i < (n + 1) * tests; i++) {
            const double a = e[0].a[i], b = e[1].a[i];

            t->errors->bias[n] += a * b / (double)tests;
            t->errors->variance[n] += (a - b) * (a - b) / 2 / (double)tests;
        }
    return STATUS_OK;
}

enum status many_task_draw(const struct many_task_draws *d, uint64_t seed, int pair,
                           struct many_task_errors *errors)
{
    struct trial t = {.d = d, .seed = seed, .pair = pair, .errors = errors};

    CHECK(d->tasks >= 1 && d->tasks <= MANY_TASKS, "%zu tasks", d->tasks);
    if (d->first == 0 || d->later == 0 || d->tests == 0)
        return status_set(STATUS_USAGE, "tasks of %zu and %zu inputs, %zu test inputs; expected at "
                          "least 1 each", d->first, d->later, d->tests);
    if (!(d->noise >= 0))
        return status_set(STATUS_USAGE, "labels with a variance of noise of %g; expected at least "
                          "0", d->noise);
    return draws_within(run_trial, &t);
}
