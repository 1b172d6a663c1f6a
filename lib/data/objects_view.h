/* SPDX-License-Identifier: GPL-3.0-or-later */
/* objects_view: what is drawn for one record before it is painted: the shape of its class, its
 * place, colours, texture, light and background. */
#ifndef DATA_OBJECTS_VIEW_H
#define DATA_OBJECTS_VIEW_H

#include <stdint.h>

#include "base/rng.h"
#include "data/objects.h"

#define OBJECTS_PARTS 7 /* of one shape, at most */
#define OBJECTS_FIELD 6 /* nodes of the smooth random field along a side */

/* One part of a shape in a field of 100 x 100, y down: e an ellipse, o a ring along it, b a box,
 * and a triangle with its apex up (t), down (d) or to the left (l). Middle and half extents. A part
 * in capitals has the accent's colour, the others texture. Later ones cover earlier ones. */
struct objects_part {
    char kind;
    int8_t x, y, half_x, half_y;
};

struct objects_super {
    const char *name;
    uint32_t body, accent, above, below; /* 0xRRGGBB; the last two are behind the object */
    struct objects_part part[OBJECTS_PARTS]; /* kind 0 ends the list */
};

/* What one record has of its own. */
struct objects_view {
    const struct objects_super *super;
    int texture;
    double u[3], v[3];         /* place in the shape = u[0] col + u[1] row + u[2]; v too */
    double pixels;             /* of one hundredth of the shape */
    double soft;               /* width of an edge, pixels */
    double body[3], second[3]; /* colours, 0..1 */
    double accent[3], above[3], below[3];
    double frequency, phase[2]; /* of the texture */
    double light[3];            /* brightness = light[0] + light[1] u + light[2] v */
    double field[OBJECTS_FIELD][OBJECTS_FIELD]; /* nodes of a smooth random field, -1..1 */
    double cloud[3];            /* colour that the field adds to the background */
    double horizon[3];          /* row where `above` ends, its slope, width of the change */
    double gain, lift, grain;   /* of the whole picture */
};

static inline double objects_clamp(double v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

static inline double objects_between(struct rng *r, double low, double high)
{
    return low + (high - low) * rng_uniform(r);
}

/* Draws the view of one record of the class; one background in `foreign` has nothing to do with the
 * object. */
void objects_view_draw(struct objects_view *w, struct rng *r, int label, uint32_t foreign);

/* "plain", "barred", ...: the texture of a class. */
const char *objects_view_texture(int label);

/* The name of a superclass, 0 .. OBJECTS_SUPERS - 1. */
const char *objects_view_super(int super);

/* Paints the view, strays and grain drawn from the stream. */
void objects_paint(uint8_t image[CIFAR_PIXELS], const struct objects_view *w, struct rng *r);

#endif
