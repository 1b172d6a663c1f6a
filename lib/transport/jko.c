/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jko: see jko.h. */
#include "transport/jko.h"

#include <math.h>

#include "base/check.h"
#include "transport/jko_kernel.h"
#include "transport/jko_step.h"

static const double inf = (double)INFINITY;

static void make_axis(struct jko *s, struct arena *mem, size_t k, const struct vec *axis)
{
    const size_t n = axis->n;

    s->count[k] = n;
    s->exponent[k] = mat_zero(mem, n, n);
    s->factor[k] = mat_zero(mem, n, n);
    s->square[k] = mat_zero(mem, n, n);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            const double d = axis->x[i] - axis->x[j];

            s->square[k].a[i * n + j] = d * d;
            s->exponent[k].a[i * n + j] = -d * d / s->gam;
            s->factor[k].a[i * n + j] = exp(-d * d / s->gam);
        }
}

static void make_workspace(struct jko *s, struct arena *mem)
{
    struct vec *const of_grid[] = {
        &s->log_a, &s->log_b, &s->log_s, &s->log_r, &s->log_q, &s->mass, &s->smooth[0],
        &s->smooth[1], &s->correction[0], &s->correction[1], &s->correction[2], &s->last,
        &s->base, &s->top,
    };

    for (size_t k = 0; k < sizeof of_grid / sizeof of_grid[0]; k++)
        *of_grid[k] = vec_zero(mem, s->G);
    s->gradient = vec_zero(mem, s->N);
    s->step = vec_zero(mem, s->N);
    s->trial = vec_zero(mem, s->N);
    s->hessian = mat_zero(mem, s->N, s->N);
    s->mean = mat_zero(mem, s->N, s->G);
    s->wide[0] = mat_zero(mem, s->N, s->G);
    s->wide[1] = mat_zero(mem, s->N, s->G);
}

static void make_corners(struct jko *s, struct arena *mem)
{
    struct jko_corners *const c = &s->corner;
    const size_t most = s->N + 2;
    struct vec *const of_corners[] = {&c->cost, &c->share, &c->border, &c->solved, &c->slope,
                                      &c->way};

    for (size_t k = 0; k < sizeof of_corners / sizeof of_corners[0]; k++)
        *of_corners[k] = vec_zero(mem, most);
    c->mass = mat_zero(mem, most, s->G);
    c->output = mat_zero(mem, most, s->N);
    c->difference = mat_zero(mem, most, s->N);
    c->gram = mat_zero(mem, most, most);
    for (size_t k = 0; k < s->axes; k++)
        c->choice[k] = arena_get(mem, s->G, sizeof *c->choice[k]);
}

enum status jko_init(struct jko *s, struct arena *mem, const struct jko_grid *grid,
                     const struct mat *a, const struct vec *y, double gam, double tau,
                     enum jko_kernel kernel)
{
    const struct vec flat = mat_flat(a);

    CHECK(grid->axes >= 1 && grid->axes <= JKO_AXES, "%zu axes", grid->axes);
    if (!(gam > 0 && gam < inf && tau > 0 && tau < inf && tau / gam < inf))
        return status_set(STATUS_USAGE, "JKO step: gam %g and tau %g have to be positive", gam,
                          tau);
    *s = (struct jko){.points = 1, .N = a->rows, .species = grid->species > 0 ? grid->species : 1,
                      .axes = grid->axes, .gam = gam, .tau = tau,
                      .sigma = tau / gam, .kernel = kernel};
    for (size_t k = 0; k < grid->axes; k++) {
        CHECK(grid->axis[k].n >= 1, "axis %zu has no points", k);
        TRY(jko_step_check_finite("coordinates", &grid->axis[k]));
        make_axis(s, mem, k, &grid->axis[k]);
        s->points *= grid->axis[k].n;
    }
    s->G = s->species * s->points;
    CHECK(a->rows >= 1 && a->cols == s->G && y->n == a->rows,
          "A is %zu x %zu, y has %zu, the grids %zu points", a->rows, a->cols, y->n, s->G);
    TRY(jko_step_check_finite("A", &flat));
    TRY(jko_step_check_finite("y", y));
    s->a = mat_copy(mem, a);
    s->y = vec_copy(mem, y);
    s->low = vec_zero(mem, s->N);
    make_workspace(s, mem);
    make_corners(s, mem);
    for (size_t k = 0; k < s->N; k++) {
        s->low.x[k] = inf;
        for (size_t g = 0; g < s->G; g++)
            s->low.x[k] = fmin(s->low.x[k], a->a[k * s->G + g]);
    }
    return STATUS_OK;
}

void jko_apply(struct jko *s, const struct vec *in, struct vec *out)
{
    CHECK(in->n == s->G && out->n == s->G, "%zu and %zu numbers on a grid of %zu", in->n, out->n,
          s->G);
    jko_kernel_apply(s, in, out, NULL);
}
