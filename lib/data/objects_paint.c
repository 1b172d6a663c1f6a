/* SPDX-License-Identifier: GPL-3.0-or-later */
/* objects_paint: from a view to pixels. */
#include <math.h>
#include <string.h>

#include "data/objects_view.h"

#define STRAYS 2 /* shapes that do not belong to the object, at most */

struct stray {
    double x, y, half_x, half_y; /* pixels */
    double colour[3];
};

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double size_of(double v)
{
    return v < 0 ? -v : v;
}

/* The part of v behind the point; |v| < 2^31. */
static double fraction(double v)
{
    const double rest = v - (double)(int)v;

    return rest < 0 ? rest + 1 : rest;
}

/* ---- textures ---- */

/* A wave of period 1 between 0 and 1 with soft steps. */
static double wave(double v)
{
    return objects_clamp(1.75 - 2.5 * size_of(2 * fraction(v) - 1));
}

/* The smooth field at (x, y) of the unit square, bilinear. */
static double field_at(const struct objects_view *w, double x, double y)
{
    const double a = objects_clamp(x) * (OBJECTS_FIELD - 1.001);
    const double b = objects_clamp(y) * (OBJECTS_FIELD - 1.001);
    const int i = (int)b, j = (int)a;
    const double p = a - j, q = b - i;
    const double *low = w->field[i], *high = w->field[i + 1];

    return (1 - q) * ((1 - p) * low[j] + p * low[j + 1]) +
           q * ((1 - p) * high[j] + p * high[j + 1]);
}

/* How much of the second colour lies at (u, v) of the shape, `depth` hundredths inside its edge. */
static double texture_at(const struct objects_view *w, double u, double v, double depth)
{
    const double f = w->frequency / 22, a = u * f + w->phase[0], b = v * f + w->phase[1];

    switch (w->texture) {
    case 1:
        return wave(b);
    case 2:
        return wave(a);
    case 3:
        return wave(0.7 * (a + b));
    case 4:
        return wave(a) + wave(b) - 2 * wave(a) * wave(b);
    case 5: {
        const double x = fraction(a) - 0.5, y = fraction(b) - 0.5;
        return objects_clamp(2.2 - 7 * sqrt(x * x + y * y));
    }
    case 6: {
        const double x = u - 50, y = v - 50;
        return wave(f * sqrt(x * x + y * y) + w->phase[0]);
    }
    case 7:
        return objects_clamp((v - 20) / 60);
    case 8:
        return objects_clamp(0.5 + 2.5 * field_at(w, u / 100, v / 100));
    case 9:
        return objects_clamp(1.6 - depth / 5);
    default:
        return 0;
    }
}

/* ---- painting ---- */

/* How far the triangle's inside reaches past the point; `along` runs from apex to base. */
static double triangle_depth(double along, double across, double half_along, double half_across)
{
    const double t = (along + half_along) / (2 * half_along);

    return least(half_across * t - across, half_along - along);
}

/* How deep (u, v) lies inside the part, in hundredths, about; below 0 outside. */
static double part_depth(const struct objects_part *p, double u, double v)
{
    const double x = u - p->x, y = v - p->y;
    const double half_x = p->half_x, half_y = p->half_y;

    switch (p->kind | 0x20) { /* in small letters */
    case 'b':
        return least(half_x - size_of(x), half_y - size_of(y));
    case 't':
        return triangle_depth(y, size_of(x), half_y, half_x);
    case 'd':
        return triangle_depth(-y, size_of(x), half_y, half_x);
    case 'l':
        return triangle_depth(x, size_of(y), half_x, half_y);
    default: {
        const double p_x = x / half_x, p_y = y / half_y, reach = least(half_x, half_y);
        const double inside = (1 - sqrt(p_x * p_x + p_y * p_y)) * reach;
        return (p->kind | 0x20) == 'o' ? 6 - size_of(inside) : inside;
    }
    }
}

static void blend(double colour[3], const double over[3], double share)
{
    for (int c = 0; c < 3; c++)
        colour[c] += share * (over[c] - colour[c]);
}

static void paint_background(double colour[3], const struct objects_view *w, double col, double row)
{
    const double edge = w->horizon[0] + w->horizon[1] * (col - CIFAR_SIDE / 2.0);
    const double cloud = field_at(w, col / CIFAR_SIDE, row / CIFAR_SIDE);

    memcpy(colour, w->above, sizeof w->above);
    blend(colour, w->below, objects_clamp((row - edge) / w->horizon[2] + 0.5));
    for (int c = 0; c < 3; c++)
        colour[c] += cloud * w->cloud[c];
}

static void paint_object(double colour[3], const struct objects_view *w, double col, double row)
{
    const double u = w->u[0] * col + w->u[1] * row + w->u[2];
    const double v = w->v[0] * col + w->v[1] * row + w->v[2];
    const double light = w->light[0] + w->light[1] * u + w->light[2] * v;
    const struct objects_part *p = w->super->part, *end = p + OBJECTS_PARTS;

    for (; p < end && p->kind != 0; p++) {
        const double depth = part_depth(p, u, v);
        const double share = objects_clamp(depth * w->pixels / w->soft + 0.5);
        const int textured = p->kind >= 'a';
        double paint[3];
        if (share == 0)
            continue;
        memcpy(paint, textured ? w->body : w->accent, sizeof paint);
        if (textured)
            blend(paint, w->second, texture_at(w, u, v, depth));
        for (int c = 0; c < 3; c++)
            paint[c] *= light;
        blend(colour, paint, share);
    }
}

static void paint_strays(double colour[3], const struct stray *stray, size_t n, double col,
                         double row)
{
    for (size_t i = 0; i < n; i++) {
        const struct stray *s = &stray[i];
        const double x = (col - s->x) / s->half_x, y = (row - s->y) / s->half_y;
        blend(colour, s->colour,
              objects_clamp((1 - sqrt(x * x + y * y)) * least(s->half_x, s->half_y) + 0.5));
    }
}

static size_t draw_strays(struct stray stray[STRAYS], struct rng *r)
{
    const size_t n = rng_below(r, STRAYS + 1);

    for (size_t i = 0; i < n; i++) {
        struct stray *s = &stray[i];
        s->x = objects_between(r, 0, CIFAR_SIDE);
        s->y = objects_between(r, 0, CIFAR_SIDE);
        s->half_x = objects_between(r, 1.5, 6);
        s->half_y = objects_between(r, 1.5, 6);
        for (int c = 0; c < 3; c++)
            s->colour[c] = rng_uniform(r);
    }
    return n;
}

void objects_paint(uint8_t image[CIFAR_PIXELS], const struct objects_view *w, struct rng *r)
{
    struct stray stray[STRAYS];
    const size_t strays = draw_strays(stray, r);
    const int plane = CIFAR_SIDE * CIFAR_SIDE;

    for (int i = 0; i < plane; i++) {
        const double col = i % CIFAR_SIDE + 0.5;
        const double row = (double)(i / CIFAR_SIDE) + 0.5;
        const double grain = w->lift + w->grain * ((double)rng_uniformf(r) - 0.5);
        double colour[3];
        paint_background(colour, w, col, row);
        paint_strays(colour, stray, strays, col, row);
        paint_object(colour, w, col, row);
        for (int c = 0; c < 3; c++)
            image[c * plane + i] =
                (uint8_t)(255 * objects_clamp(w->gain * colour[c] + grain) + 0.5);
    }
}
