/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/kfac_factors.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "linalg/lapack.h"
#include "linalg/vec.h"
#include "net/loss.h"

void kfac_check(const struct kfac_spec *spec)
{
    CHECK(spec->decay >= 0 && spec->decay < 1 && spec->damping >= 0 && spec->period >= 1 &&
          spec->clip >= 0, "decay %g, damping %g, period %zu, clip %g", spec->decay, spec->damping,
          spec->period, spec->clip);
    CHECK(spec->on_top.kind == OPTIMIZER_SGD, "only SGD takes a natural gradient");
}

struct kfac_pair kfac_pair_create(struct arena *mem, size_t in, size_t out)
{
    return (struct kfac_pair){mat_zero(mem, in, in), mat_zero(mem, out, out),
                              matf_zero(mem, in, in), matf_zero(mem, out, out)};
}

/* out = (factor + damping I)^{-1}, rounded. */
static enum status invert(struct matf *out, const struct mat *factor, double damping, size_t layer,
                          const char *which, struct mat *square_room, struct mat *inverse_room)
{
    const size_t n = factor->rows;
    struct mat square = mat_over(square_room->a, n, n), inverse = mat_over(inverse_room->a, n, n);
    enum status status;

    mat_set(&square, factor);
    mat_add_diagonal(&square, damping);
    memset(inverse.a, 0, n * n * sizeof *inverse.a);
    mat_add_diagonal(&inverse, 1);
    status = lapack_cholesky(&square);
    if (status == STATUS_NOT_DEFINITE)
        return status_set(status, "kfac: factor %s of layer %zu, damped by %g, is not positive "
                          "definite in double: raise the damping", which, layer, damping);
    TRY(status);
    TRY(lapack_cholesky_solve_matrix(&square, &inverse));
    for (size_t i = 0; i < n * n; i++)
        out->a[i] = (float)inverse.a[i];
    return STATUS_OK;
}

enum status kfac_pair_invert(struct kfac_pair *pair, double damping, size_t layer,
                             struct mat *square, struct mat *inverse)
{
    const double root = sqrt(damping);
    const double a = mat_trace(&pair->a) / (double)pair->a.rows;
    const double g = mat_trace(&pair->g) / (double)pair->g.rows;
    const double pi = g > 0 ? sqrt(a / g) : 1;

    TRY(invert(&pair->a_inverse, &pair->a, pi * root, layer, "A", square, inverse));
    return invert(&pair->g_inverse, &pair->g, root / pi, layer, "G", square, inverse);
}

enum status kfac_probabilities(float *p, const float *f, const float *scale, size_t n, size_t d)
{
    const struct vecf all = vec_overf(p, n * d);

    for (size_t i = 0; i < n * d; i++)
        p[i] = scale != NULL ? scale[i % d] * f[i] : f[i];
    if (vec_first_not_finitef(&all) < n * d)
        return status_set(STATUS_DIVERGED, "kfac: output %zu of the mini-batch is not finite",
                          vec_first_not_finitef(&all));
    loss_softmax(p, n, d, p);
    return STATUS_OK;
}

void kfac_cotangent(float *row, const float *p, const float *scale, size_t d, size_t label,
                    double root)
{
    for (size_t j = 0; j < d; j++) {
        const double u = scale != NULL ? (double)scale[j] : 1;

        row[j] = (float)(root * u * ((double)p[j] - (j == label)));
    }
}

size_t kfac_draw_label(struct rng *rng, const float *p, size_t d)
{
    const double u = rng_uniform(rng);
    double sum = 0;

    for (size_t j = 0; j + 1 < d; j++) {
        sum += (double)p[j];
        if (u < sum)
            return j;
    }
    return d - 1;
}

enum status kfac_clip(struct vecf *v, const struct vecf *g, double clip,
                      struct kfac_report *report)
{
    report->length = vec_normf(v);
    if (!isfinite(report->length))
        return status_set(STATUS_DIVERGED, "kfac: the direction is not finite");
    if (clip > 0 && report->length > clip) {
        report->clipped = clip / report->length;
        vec_scalef(v, (float)report->clipped);
    }
    report->slope = vec_dotf(g, v);
    return STATUS_OK;
}
