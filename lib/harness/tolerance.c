/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/tolerance.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/check.h"

static const char *const names[CLASS_COUNT] = {"exact", "arith",   "libm",   "blas", "cond",
                                               "short32", "long32", "rate", "residual"};

const char *tolerance_name(enum tolerance_class class)
{
    CHECK((int)class >= 0 && class < CLASS_COUNT, "class %d", (int)class);
    return names[class];
}

int tolerance_find(const char *name)
{
    for (int i = 0; i < CLASS_COUNT; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return -1;
}

static double relative(enum tolerance_class class, enum mode mode, double scale)
{
    static const double table[CLASS_COUNT][2] = {/* native, pinned */
        [CLASS_ARITH] = {1e-13, 1e-15},   [CLASS_LIBM] = {1e-12, 1e-13},
        [CLASS_BLAS] = {1e-12, 1e-13},    [CLASS_SHORT32] = {1e-4, 1e-5},
        [CLASS_LONG32] = {2e-2, 1e-3}};

    if (class == CLASS_COND) {
        const double pinned = scale * DBL_EPSILON > 1e-13 ? scale * DBL_EPSILON : 1e-13;
        const double allowed = mode == PINNED ? pinned : 10 * pinned;

        return allowed < 0.5 ? allowed : 0.5;
    }
    return table[class][mode];
}

static double rate(enum mode mode, double samples)
{
    if (!(samples > 0))
        return 0;
    if (mode == PINNED)
        return 2 / samples;
    return 10 / samples > 0.002 ? 10 / samples : 0.002;
}

double tolerance_allowed(enum tolerance_class class, enum mode mode, double reference, double scale,
                         double override)
{
    const int overridden = override > 0 && isfinite(override);

    switch (class) {
    case CLASS_EXACT:
        return overridden ? override : 0;
    case CLASS_RATE:
        return overridden ? override : rate(mode, scale);
    case CLASS_RESIDUAL:
        return overridden ? override : fabs(reference) * (mode == PINNED ? 1 : 10);
    default:
        return (overridden ? override : relative(class, mode, scale)) * fabs(reference);
    }
}

double tolerance_distance(enum tolerance_class class, enum mode mode, double actual,
                          double reference, double scale, double override)
{
    const double allowed = tolerance_allowed(class, mode, reference, scale, override);
    const double off = class == CLASS_RESIDUAL ? fabs(actual) : fabs(actual - reference);

    if (!isfinite(off) || !isfinite(reference))
        return (double)INFINITY;
    if (off <= 0)
        return 0;
    if (!(allowed > 0))
        return (double)INFINITY;
    /* k / N - (k - 2) / N may round to a little more than 2 / N. */
    return off <= allowed * (1 + 1e-9) && off > allowed ? 1 : off / allowed;
}

double tolerance_drift(enum tolerance_class class, enum mode mode, double actual, double reference,
                       double scale, double override, double n, double sd)
{
    const double by_class = tolerance_distance(class, mode, actual, reference, scale, override);
    const double spread = n >= 2 ? 4 * sd * sqrt(2 / n) : 0;

    if (mode == PINNED || !(spread > 0) || !isfinite(spread) ||
        (class != CLASS_LONG32 && class != CLASS_RATE))
        return by_class;
    return fmin(by_class, fabs(actual - reference) / spread);
}
