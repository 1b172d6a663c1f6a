/* SPDX-License-Identifier: GPL-3.0-or-later */
/* objects: see objects.h. */
#include "data/objects.h"

#include <stdio.h>

#include "base/check.h"
#include "base/rng.h"
#include "data/objects_view.h"

#define SEED 0x6f626a65637473u

static const char *kind_name(enum cifar_kind kind)
{
    return kind == CIFAR_10 ? "cifar-10" : "cifar-100";
}

uint8_t objects_label(enum cifar_kind kind, const char *part, size_t i)
{
    const uint32_t classes = (uint32_t)cifar_classes(kind);
    struct rng r = rng_stream(SEED, "order:%s:%s:%zu", kind_name(kind), part, i / classes);
    uint32_t order[OBJECTS_SUPERS * OBJECTS_EACH];

    rng_permutation(&r, order, classes);
    return (uint8_t)order[i % classes];
}

uint8_t objects_draw(uint8_t image[CIFAR_PIXELS], enum cifar_kind kind, const char *part, size_t i)
{
    const uint8_t label = objects_label(kind, part, i);
    struct rng r = rng_stream(SEED, "object:%s:%s:%zu", kind_name(kind), part, i);
    struct objects_view w;

    if (kind == CIFAR_10) /* ten shapes are told apart too easily before backgrounds of their own */
        objects_view_draw(&w, &r, label * OBJECTS_EACH, 3);
    else
        objects_view_draw(&w, &r, label, 8);
    objects_paint(image, &w, &r);
    return label;
}

void objects_name(char out[OBJECTS_NAME], int label)
{
    snprintf(out, OBJECTS_NAME, "%s_%s", objects_super_name(label / OBJECTS_EACH),
             objects_view_texture(label));
}

const char *objects_super_name(int super)
{
    CHECK(super >= 0 && super < OBJECTS_SUPERS, "superclass %d", super);
    return objects_view_super(super);
}
