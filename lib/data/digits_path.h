/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digits_path: where the pen goes that writes a digit (digits.h), for digits.c alone.
 *
 * A hand is drawn for a record; the points of one of the digit's styles are displaced and bent by
 * it and joined by splines, and the path is fitted into the field. */
#ifndef DATA_DIGITS_PATH_H
#define DATA_DIGITS_PATH_H

#include <stddef.h>

#include "base/rng.h"

#define DIGITS_CLASSES 10
#define DIGITS_PATH    (3 * 14 * 6) /* strokes, points of one, straight pieces between two */

/* What one record has of its own; lengths in heights of the digit unless in pixels. */
struct digits_hand {
    double jitter;           /* sd of a point's displacement */
    double width, slant;     /* x' = width x - slant y, about the middle */
    double cosine, sine;     /* of the turn */
    double warp[4];          /* smooth bending, see place_point */
    double box;              /* side of the box that the digit fills, pixels */
    double shift[2];         /* of the centre of mass from the middle, pixels */
    double radius, pressure; /* of the pen in pixels; its relative change along a stroke */
    double ink, soft;        /* darkest value 0..1; width of the stroke's edge, pixels */
};

struct digits_pen {
    double at[2], radius; /* x, y */
    int lifted;           /* no ink between this point and the one before */
};

struct digits_path {
    struct digits_pen at[DIGITS_PATH];
    size_t n;
};

/* The hand of one record. */
struct digits_hand digits_path_hand(struct rng *r);

/* The path of one of the digit's styles in that hand, in pixels of the field, and sometimes a stray
 * mark. */
void digits_path_draw(struct digits_path *path, int digit, const struct digits_hand *h,
                      struct rng *r);

#endif
