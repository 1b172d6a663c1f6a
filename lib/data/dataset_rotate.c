/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dataset_rotate: pictures turned by whole numbers. */
#include <math.h>

#include "base/check.h"
#include "data/dataset.h"

#define UNIT_BITS 40

/* Multiples of 2^-40; exactly symmetric, and exact at multiples of 90 degrees. */
struct turn {
    int64_t cosine, sine;
};

static int64_t to_units(double v)
{
    const double scaled = v * (double)((int64_t)1 << UNIT_BITS);

    return (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

/* Taylor series at an angle of at most 45 degrees, error below 1e-17: libm's values differ in the
 * last bit from CPU to CPU. */
static struct turn small_turn(double degrees)
{
    const double x = degrees * (3.14159265358979323846 / 180), square = x * x;
    double sine = 1, cosine = 1;

    for (int k = 18; k >= 2; k -= 2) {
        cosine = 1 - cosine * square / (k * (k - 1));
        sine = 1 - sine * square / (k * (k + 1));
    }
    return (struct turn){to_units(cosine), to_units(sine * x)};
}

static struct turn turn_by(double degrees)
{
    double rest = fmod(degrees, 360); /* exact */
    int quarters = 0;

    for (; rest > 45; rest -= 90)
        quarters++;
    for (; rest < -45; rest += 90)
        quarters += 3;
    const struct turn t = small_turn(rest);
    switch (quarters % 4) {
    case 0:
        return t;
    case 1:
        return (struct turn){-t.sine, t.cosine};
    case 2:
        return (struct turn){-t.cosine, -t.sine};
    default:
        return (struct turn){t.sine, -t.cosine};
    }
}

void dataset_rotate(uint8_t *out, const uint8_t *in, size_t channels, size_t rows, size_t cols,
                    double degrees)
{
    const int64_t height = (int64_t)rows, width = (int64_t)cols;
    const size_t plane = rows * cols;

    CHECK(isfinite(degrees), "an angle of %g degrees", degrees);
    CHECK(rows < 1 << 20 && cols < 1 << 20, "%zu x %zu pixels", rows, cols);
    const struct turn t = turn_by(degrees);
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++, out++) {
            /* All in units of half a pixel; dividing by 2^41 gives the place in pixels. */
            const int64_t dx = 2 * x + 1 - width, dy = 2 * y + 1 - height;
            const int64_t u = t.cosine * dx - t.sine * dy + width * ((int64_t)1 << UNIT_BITS);
            const int64_t v = t.sine * dx + t.cosine * dy + height * ((int64_t)1 << UNIT_BITS);
            const int64_t col = u / ((int64_t)2 << UNIT_BITS);
            const int64_t row = v / ((int64_t)2 << UNIT_BITS);
            const int inside = u >= 0 && v >= 0 && col < width && row < height;
            for (size_t c = 0; c < channels; c++)
                out[c * plane] = inside ? in[c * plane + (size_t)(row * width + col)] : 0;
        }
}
