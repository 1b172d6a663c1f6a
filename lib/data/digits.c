/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digits: see digits.h. Ink along the path of the pen. */
#include "data/digits.h"

#include <math.h>

#include "data/digits_path.h"

#define SEED 0x6469676974u

static int clamp_side(double v)
{
    return v < 0 ? 0 : v > DIGITS_SIDE - 1 ? DIGITS_SIDE - 1 : (int)v;
}

/* depth (28 x 28) becomes at least how far each pixel's middle lies inside the piece from a to b:
 * radius at the nearest point minus the distance to it. */
static void ink_piece(double *depth, const struct digits_pen *a, const struct digits_pen *b)
{
    const double reach = (a->radius > b->radius ? a->radius : b->radius) + 1;
    const double dx = b->at[0] - a->at[0], dy = b->at[1] - a->at[1], square = dx * dx + dy * dy;
    const int left = clamp_side((a->at[0] < b->at[0] ? a->at[0] : b->at[0]) - reach);
    const int right = clamp_side((a->at[0] > b->at[0] ? a->at[0] : b->at[0]) + reach);
    const int top = clamp_side((a->at[1] < b->at[1] ? a->at[1] : b->at[1]) - reach);
    const int bottom = clamp_side((a->at[1] > b->at[1] ? a->at[1] : b->at[1]) + reach);

    for (int row = top; row <= bottom; row++)
        for (int col = left; col <= right; col++) {
            const double px = col + 0.5 - a->at[0], py = row + 0.5 - a->at[1];
            double t = square > 0 ? (px * dx + py * dy) / square : 0;
            t = t < 0 ? 0 : t > 1 ? 1 : t;
            const double ex = px - t * dx, ey = py - t * dy;
            const double d = a->radius + t * (b->radius - a->radius) - sqrt(ex * ex + ey * ey);
            double *old = &depth[row * DIGITS_SIDE + col];
            *old = d > *old ? d : *old;
        }
}

/* Depth to grey, with an edge as wide as the hand's and a little grain in the ink. */
static void develop(uint8_t image[DIGITS_PIXELS], const double depth[DIGITS_PIXELS],
                    const struct digits_hand *h, struct rng *r)
{
    for (int i = 0; i < DIGITS_PIXELS; i++) {
        double value = depth[i] / h->soft + 0.5;
        if (value <= 0) {
            image[i] = 0;
            continue;
        }
        value = (value < 1 ? value : 1) * h->ink - 0.12 * (double)rng_uniformf(r);
        image[i] = (uint8_t)(value <= 0 ? 0 : value >= 1 ? 255 : 255 * value);
    }
}

uint8_t digits_draw(uint8_t image[DIGITS_PIXELS], const char *part, size_t i)
{
    struct rng r = rng_stream(SEED, "digit:%s:%zu", part, i);
    const int digit = (int)rng_below(&r, DIGITS_CLASSES);
    const struct digits_hand h = digits_path_hand(&r);
    double depth[DIGITS_PIXELS];
    struct digits_path path;

    digits_path_draw(&path, digit, &h, &r);
    for (int j = 0; j < DIGITS_PIXELS; j++)
        depth[j] = -DIGITS_SIDE;
    for (size_t j = 0; j < path.n; j++)
        if (!path.at[j].lifted)
            ink_piece(depth, &path.at[j - 1], &path.at[j]);
    develop(image, depth, &h, &r);
    return (uint8_t)digit;
}
