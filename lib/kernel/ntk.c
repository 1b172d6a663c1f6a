/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernel/ntk.h"

#include <math.h>

#include "base/check.h"

#define PI 3.14159265358979323846

static void check_spec(const struct ntk_spec *spec)
{
    CHECK(spec->layers >= 1 && spec->layers <= NTK_LAYERS, "%zu layers", spec->layers);
    CHECK(spec->sigma_w2 > 0 && spec->sigma_b2 >= 0, "sigma_w^2 = %g, sigma_b^2 = %g",
          spec->sigma_w2, spec->sigma_b2);
}

double ntk_value(const struct ntk_spec *spec, double product, double square, double other_square,
                 double *covariance, double *layers)
{
    const size_t L = spec->layers;
    const double w = spec->sigma_w2, b = spec->sigma_b2;
    double Q[NTK_LAYERS + 1], K[NTK_LAYERS + 1], B = 1, sum = 0;

    check_spec(spec);
    for (size_t l = 1; l <= L; l++) { /* Q[l] = sigma_w^2 A_{l-1} + sigma_b^2 */
        const double s = w * square + b, other = w * other_square + b, scale = sqrt(s * other);

        Q[l] = w * product + b;
        if (l < L) {
            const int same = Q[l] == s && s == other; /* stays so to the bit: arccos has a root
                                                         at 1 that makes 1e-8 of a rounding */
            const double r = scale > 0 ? fmax(-1, fmin(1, Q[l] / scale)) : 0;
            const double half = same ? PI : PI - acos(r);

            product = same ? s / 2 : scale / (2 * PI) * (sqrt(1 - r * r) + half * r);
            square = s / 2;
            other_square = other / 2;
            K[l] = half / (2 * PI);
        }
    }
    if (covariance != NULL)
        *covariance = Q[L];
    for (size_t l = L; l >= 1; l--) {
        if (l < L)
            B *= w * K[l];
        if (layers != NULL)
            layers[l - 1] = Q[l] * B;
        sum += Q[l] * B;
    }
    return sum;
}

double ntk_sphere(double cosine, const void *spec)
{
    return ntk_value(spec, cosine, 1, 1, NULL, NULL);
}
