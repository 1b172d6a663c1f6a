/* SPDX-License-Identifier: GPL-3.0-or-later */
/* objects: see objects.h. */
#include "data/objects.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"

#define PARTS    7 /* of one shape, at most */
#define STRAYS   2 /* shapes that do not belong to the object, at most */
#define TEXTURES 10
#define FIELD    6 /* nodes of the smooth random field along a side */
#define SEED     0x6f626a65637473u

/* One part of a shape in a field of 100 x 100, y down: e an ellipse, o a ring along it, b a box,
 * and a triangle with its apex up (t), down (d) or to the left (l). Middle and half extents. A part
 * in capitals has the accent's colour, the others texture. Later ones cover earlier ones. */
struct part {
    char kind;
    int8_t x, y, half_x, half_y;
};

static const struct super {
    const char *name;
    uint32_t body, accent, above, below; /* 0xRRGGBB; the last two are behind the object */
    struct part part[PARTS];             /* kind 0 ends the list */
} supers[OBJECTS_SUPERS] = {
    {"fish", 0xc88c46, 0x303040, 0x3c82aa, 0x285f78,
     {{'e', 42, 50, 34, 20}, {'l', 82, 50, 14, 20}, {'d', 46, 28, 10, 8}, {'E', 22, 46, 4, 4}}},
    {"whale", 0x5a6e82, 0xd2dce6, 0x78a0be, 0x32648c,
     {{'e', 45, 56, 38, 22}, {'l', 86, 40, 12, 16}, {'E', 42, 68, 26, 8}, {'e', 50, 70, 10, 14}}},
    {"flower", 0xdc5a82, 0xf0c83c, 0x3c6e32, 0x285028,
     {{'B', 50, 78, 3, 20}, {'e', 50, 22, 13, 16}, {'e', 30, 40, 16, 13}, {'e', 70, 40, 16, 13},
      {'e', 40, 58, 14, 14}, {'e', 60, 58, 14, 14}, {'E', 50, 42, 11, 11}}},
    {"bush", 0x508c3c, 0xbe3c46, 0x96b4be, 0x5a6e3c,
     {{'e', 32, 60, 26, 24}, {'e', 68, 58, 26, 26}, {'e', 50, 38, 26, 24}, {'E', 36, 50, 5, 5},
      {'E', 62, 42, 5, 5}, {'E', 58, 66, 5, 5}}},
    {"bottle", 0x3c785a, 0xc8b48c, 0xd2cdc3, 0xb4a591,
     {{'b', 50, 64, 19, 32}, {'t', 50, 30, 19, 10}, {'b', 50, 22, 7, 16}, {'B', 50, 66, 19, 11},
      {'B', 50, 7, 8, 4}}},
    {"cup", 0xc8c3be, 0x6e4632, 0xa08264, 0x785541,
     {{'o', 76, 50, 18, 20}, {'b', 42, 54, 28, 32}, {'E', 42, 22, 28, 8}}},
    {"fruit", 0xd2783c, 0x3c7828, 0xe6dcc8, 0xc8b9a0,
     {{'e', 42, 60, 34, 33}, {'e', 60, 60, 32, 32}, {'B', 50, 20, 3, 12}, {'E', 64, 16, 14, 6}}},
    {"lamp", 0xe6c86e, 0x5f4b3c, 0x8c7864, 0x5a463c,
     {{'t', 50, 24, 34, 22}, {'b', 50, 36, 24, 10}, {'B', 50, 66, 4, 24}, {'B', 50, 92, 22, 5}}},
    {"chair", 0x8c5032, 0x46321e, 0xc8beb4, 0x967d69,
     {{'b', 30, 34, 7, 32}, {'b', 52, 58, 28, 8}, {'B', 28, 80, 4, 18}, {'B', 76, 80, 4, 18},
      {'e', 38, 26, 14, 20}}},
    {"beetle", 0x464132, 0x1e1e1e, 0x78963c, 0xa0a05a,
     {{'B', 50, 40, 38, 3}, {'B', 50, 58, 40, 3}, {'B', 50, 76, 36, 3}, {'e', 50, 58, 24, 34},
      {'E', 50, 18, 13, 12}}},
    {"cat", 0xb4824b, 0x282319, 0x6e7346, 0xa08c5f,
     {{'t', 26, 22, 13, 18}, {'t', 74, 22, 13, 18}, {'e', 50, 54, 36, 34}, {'E', 36, 46, 6, 7},
      {'E', 64, 46, 6, 7}, {'D', 50, 66, 7, 5}}},
    {"beast", 0x82695a, 0x4b3c32, 0xaaaf9b, 0x91824b,
     {{'B', 26, 78, 6, 18}, {'B', 66, 78, 6, 18}, {'e', 46, 52, 34, 20}, {'e', 82, 32, 14, 15},
      {'b', 72, 44, 8, 12}}},
    {"house", 0xb9aa96, 0x9b412d, 0x82b4e6, 0x6e825a,
     {{'b', 50, 68, 32, 28}, {'T', 50, 24, 42, 18}, {'B', 50, 80, 8, 16}, {'B', 30, 58, 6, 7}}},
    {"tower", 0x8c96a5, 0x3c4b5f, 0xa0c8f0, 0x828791,
     {{'b', 50, 58, 15, 40}, {'b', 26, 72, 12, 26}, {'b', 76, 66, 12, 32}, {'T', 50, 12, 8, 10}}},
    {"hills", 0x5f735f, 0xe6ebf0, 0x91bef0, 0x465f37,
     {{'t', 34, 60, 44, 30}, {'t', 74, 66, 34, 26}, {'T', 34, 37, 11, 8}}},
    {"tree", 0x3c6432, 0x5f4632, 0xbed2e1, 0x739150,
     {{'B', 50, 82, 6, 16}, {'t', 50, 58, 34, 20}, {'t', 50, 38, 26, 18}, {'t', 50, 20, 18, 15}}},
    {"mushroom", 0xb44b37, 0xe6dcc8, 0x4b5a32, 0x5f4b32,
     {{'B', 50, 70, 10, 26}, {'e', 50, 36, 40, 24}, {'B', 50, 56, 28, 3}}},
    {"person", 0x465596, 0xe1aa87, 0xb9b4af, 0x91877d,
     {{'t', 50, 68, 32, 32}, {'b', 50, 54, 26, 6}, {'E', 50, 22, 16, 19}}},
    {"car", 0xb42d32, 0x191919, 0xb4b9be, 0x64646e,
     {{'b', 46, 40, 26, 16}, {'b', 50, 58, 44, 14}, {'E', 26, 74, 11, 11}, {'E', 74, 74, 11, 11},
      {'B', 46, 38, 16, 7}}},
    {"train", 0x328264, 0x232328, 0x9bb9d2, 0x6e645a,
     {{'b', 50, 50, 46, 20}, {'b', 22, 24, 12, 8}, {'E', 20, 76, 9, 9}, {'E', 50, 76, 9, 9},
      {'E', 80, 76, 9, 9}, {'B', 62, 42, 20, 7}}},
};

/* What class c of a superclass adds to the body's colour, and its width as a part of the height. */
static const struct manner {
    int8_t tint[3];
    double width;
} manners[OBJECTS_EACH] = {
    {{0, 0, 0}, 1},         {{24, -8, -18}, 0.87}, {{-20, 18, -4}, 1.12},
    {{-10, -16, 24}, 0.94}, {{20, 18, 12}, 1.05},
};

static const char *const texture_names[TEXTURES] = {"plain",    "barred", "striped", "slanted",
                                                    "checked",  "dotted", "ringed",  "shaded",
                                                    "blotched", "rimmed"};

/* Texture of a class: superclasses 2 i and 2 i + 1 share all five, and with the next pair four. */
static int texture_of(int label)
{
    return (label / OBJECTS_EACH / 2 + label % OBJECTS_EACH) % TEXTURES;
}

/* What one record has of its own. */
struct view {
    const struct super *super;
    int texture;
    double u[3], v[3];         /* place in the shape = u[0] col + u[1] row + u[2]; v too */
    double pixels;             /* of one hundredth of the shape */
    double soft;               /* width of an edge, pixels */
    double body[3], second[3]; /* colours, 0..1 */
    double accent[3], above[3], below[3];
    double frequency, phase[2]; /* of the texture */
    double light[3];            /* brightness = light[0] + light[1] u + light[2] v */
    double field[FIELD][FIELD]; /* nodes of a smooth random field, -1..1 */
    double cloud[3];            /* colour that the field adds to the background */
    double horizon[3];          /* row where `above` ends, its slope, width of the change */
    double gain, lift, grain;   /* of the whole picture */
};

struct stray {
    double x, y, half_x, half_y; /* pixels */
    double colour[3];
};

static double between(struct rng *r, double low, double high)
{
    return low + (high - low) * rng_uniform(r);
}

/* Standard normal, cut at two and a half. */
static double normal(struct rng *r)
{
    double z;

    do
        z = rng_normal(r);
    while (z < -2.5 || z > 2.5);
    return z;
}

static double clamp(double v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

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

/* ---- one record's own ---- */

/* A palette colour, moved by `spread` in brightness and half as much in each channel. */
static void draw_colour(double out[3], struct rng *r, uint32_t colour, const int8_t tint[3],
                        double spread)
{
    const double all = spread * normal(r);

    for (int c = 0; c < 3; c++) {
        const int value = (int)(colour >> (16 - 8 * c) & 0xff) + (tint != NULL ? tint[c] : 0);
        out[c] = clamp(value / 255.0 + all + 0.5 * spread * normal(r));
    }
}

/* One background in `foreign` has nothing to do with the object. */
static void draw_colours(struct view *w, struct rng *r, const struct manner *manner,
                         uint32_t foreign)
{
    const struct super *s = w->super;
    const int dark = rng_below(r, 4) > 0;
    const double contrast = between(r, 0.25, 0.6);

    draw_colour(w->body, r, s->body, manner->tint, 0.11);
    draw_colour(w->accent, r, s->accent, NULL, 0.07);
    for (int c = 0; c < 3; c++)
        w->second[c] = w->body[c] + contrast * ((dark ? 0.05 : 0.95) - w->body[c]);
    const struct super *place =
        rng_below(r, foreign) == 0 ? &supers[rng_below(r, OBJECTS_SUPERS)] : s;
    draw_colour(w->above, r, place->above, NULL, 0.07);
    draw_colour(w->below, r, place->below, NULL, 0.07);
    for (int c = 0; c < 3; c++)
        w->cloud[c] = 0.1 * normal(r);
    const double haze = 0.1 * normal(r);
    for (int c = 0; c < 3; c++)
        w->cloud[c] += haze;
}

/* The map from pixels to the shape: move, turn (by twice the angle with tangent t), slant, mirror,
 * scale. */
static void draw_pose(struct view *w, struct rng *r, double width)
{
    const double t = 0.13 * normal(r), square = 1 + t * t;
    const double cosine = (1 - t * t) / square, sine = 2 * t / square;
    const double slant = 0.12 * normal(r), tall = between(r, 0.23, 0.35);
    const double wide = tall * width * (1 + 0.08 * normal(r)) * (rng_below(r, 2) ? 1 : -1);
    const double x = CIFAR_SIDE / 2.0 + 1.8 * normal(r), y = CIFAR_SIDE / 2.0 + 1.6 * normal(r);

    w->pixels = tall;
    w->v[0] = sine / tall;
    w->v[1] = cosine / tall;
    w->u[0] = (cosine - slant * sine) / wide;
    w->u[1] = (-sine - slant * cosine) / wide;
    w->u[2] = 50 - w->u[0] * x - w->u[1] * y;
    w->v[2] = 50 - w->v[0] * x - w->v[1] * y;
}

static void draw_view(struct view *w, struct rng *r, int label, uint32_t foreign)
{
    const struct manner *manner = &manners[label % OBJECTS_EACH];

    w->super = &supers[label / OBJECTS_EACH];
    w->texture = texture_of(label);
    draw_pose(w, r, manner->width);
    draw_colours(w, r, manner, foreign);
    w->soft = between(r, 0.8, 1.8);
    w->frequency = between(r, 0.85, 1.25);
    for (int i = 0; i < 2; i++) {
        w->phase[i] = rng_uniform(r);
        w->light[1 + i] = 0.003 * normal(r);
    }
    w->light[0] = between(r, 0.8, 1.15) - 50 * (w->light[1] + w->light[2]);
    for (int i = 0; i < FIELD; i++)
        for (int j = 0; j < FIELD; j++)
            w->field[i][j] = between(r, -1, 1);
    w->horizon[0] = between(r, 0.3, 0.75) * CIFAR_SIDE;
    w->horizon[1] = 0.15 * normal(r);
    w->horizon[2] = between(r, 2, 30);
    w->gain = between(r, 0.82, 1.15);
    w->lift = 0.04 * normal(r);
    w->grain = between(r, 0.02, 0.08);
}

/* ---- textures ---- */

/* A wave of period 1 between 0 and 1 with soft steps. */
static double wave(double v)
{
    return clamp(1.75 - 2.5 * size_of(2 * fraction(v) - 1));
}

/* The smooth field at (x, y) of the unit square, bilinear. */
static double field_at(const struct view *w, double x, double y)
{
    const double a = clamp(x) * (FIELD - 1.001), b = clamp(y) * (FIELD - 1.001);
    const int i = (int)b, j = (int)a;
    const double p = a - j, q = b - i;
    const double *low = w->field[i], *high = w->field[i + 1];

    return (1 - q) * ((1 - p) * low[j] + p * low[j + 1]) +
           q * ((1 - p) * high[j] + p * high[j + 1]);
}

/* How much of the second colour lies at (u, v) of the shape, `depth` hundredths inside its edge. */
static double texture_at(const struct view *w, double u, double v, double depth)
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
        return clamp(2.2 - 7 * sqrt(x * x + y * y));
    }
    case 6: {
        const double x = u - 50, y = v - 50;
        return wave(f * sqrt(x * x + y * y) + w->phase[0]);
    }
    case 7:
        return clamp((v - 20) / 60);
    case 8:
        return clamp(0.5 + 2.5 * field_at(w, u / 100, v / 100));
    case 9:
        return clamp(1.6 - depth / 5);
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
static double part_depth(const struct part *p, double u, double v)
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

static void paint_background(double colour[3], const struct view *w, double col, double row)
{
    const double edge = w->horizon[0] + w->horizon[1] * (col - CIFAR_SIDE / 2.0);
    const double cloud = field_at(w, col / CIFAR_SIDE, row / CIFAR_SIDE);

    memcpy(colour, w->above, sizeof w->above);
    blend(colour, w->below, clamp((row - edge) / w->horizon[2] + 0.5));
    for (int c = 0; c < 3; c++)
        colour[c] += cloud * w->cloud[c];
}

static void paint_object(double colour[3], const struct view *w, double col, double row)
{
    const double u = w->u[0] * col + w->u[1] * row + w->u[2];
    const double v = w->v[0] * col + w->v[1] * row + w->v[2];
    const double light = w->light[0] + w->light[1] * u + w->light[2] * v;

    for (const struct part *p = w->super->part; p < w->super->part + PARTS && p->kind != 0; p++) {
        const double depth = part_depth(p, u, v);
        const double share = clamp(depth * w->pixels / w->soft + 0.5);
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
              clamp((1 - sqrt(x * x + y * y)) * least(s->half_x, s->half_y) + 0.5));
    }
}

static size_t draw_strays(struct stray stray[STRAYS], struct rng *r)
{
    const size_t n = rng_below(r, STRAYS + 1);

    for (size_t i = 0; i < n; i++) {
        struct stray *s = &stray[i];
        s->x = between(r, 0, CIFAR_SIDE);
        s->y = between(r, 0, CIFAR_SIDE);
        s->half_x = between(r, 1.5, 6);
        s->half_y = between(r, 1.5, 6);
        for (int c = 0; c < 3; c++)
            s->colour[c] = rng_uniform(r);
    }
    return n;
}

static void paint(uint8_t image[CIFAR_PIXELS], const struct view *w, struct rng *r)
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
            image[c * plane + i] = (uint8_t)(255 * clamp(w->gain * colour[c] + grain) + 0.5);
    }
}

/* ---- records ---- */

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
    struct view w;

    if (kind == CIFAR_10) /* ten shapes are told apart too easily before backgrounds of their own */
        draw_view(&w, &r, label * OBJECTS_EACH, 3);
    else
        draw_view(&w, &r, label, 8);
    paint(image, &w, &r);
    return label;
}

void objects_name(char out[OBJECTS_NAME], int label)
{
    snprintf(out, OBJECTS_NAME, "%s_%s", objects_super_name(label / OBJECTS_EACH),
             texture_names[texture_of(label)]);
}

const char *objects_super_name(int super)
{
    CHECK(super >= 0 && super < OBJECTS_SUPERS, "superclass %d", super);
    return supers[super].name;
}

/* ---- the files ---- */

#define FILES   7
#define BATCHES 5

/* The files of a format: first the training records, then the test records, then names. */
static const struct format {
    int batches; /* training files */
    const char *files[FILES + 1];
} formats[] = {
    [CIFAR_10] = {BATCHES,
                  {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                   "data_batch_5.bin", "test_batch.bin", "batches.meta.txt"}},
    [CIFAR_100] = {1, {"train.bin", "test.bin", "fine_label_names.txt", "coarse_label_names.txt"}},
};

/* What is to be written. */
struct order {
    enum cifar_kind kind;
    size_t train, test;
    char *path[FILES + 1]; /* NULL behind the last */
    char *complete;
};

/* Records first .. first + count - 1 of the part into one file. */
static enum status write_records(const char *path, enum cifar_kind kind, const char *part,
                                 size_t first, size_t count)
{
    const size_t labels = cifar_label_bytes(kind), record = labels + CIFAR_PIXELS;
    uint8_t *bytes = memory_get(count, record);
    enum status status;

    if (bytes == NULL)
        return STATUS_MEMORY;
    for (size_t i = 0; i < count; i++) {
        uint8_t *at = bytes + i * record;
        const uint8_t label = objects_draw(at + labels, kind, part, first + i);
        at[0] = kind == CIFAR_100 ? label / OBJECTS_EACH : label;
        at[labels - 1] = label;
    }
    status = file_write(path, bytes, count * record);
    memory_free(bytes);
    return status;
}

/* One name a line; the `classes` classes of CIFAR-100's format, or as many superclasses. */
static enum status write_names(const char *path, int classes)
{
    struct text names = {0};
    char name[OBJECTS_NAME];
    enum status status;

    for (int c = 0; c < classes; c++) {
        if (classes > OBJECTS_SUPERS)
            objects_name(name, c);
        text_add(&names, "%s\n", classes > OBJECTS_SUPERS ? name : objects_super_name(c));
    }
    status = text_ok(&names);
    if (status == STATUS_OK)
        status = file_write(path, text_get(&names), names.length);
    text_free(&names);
    return status;
}

/* What "complete" says of the files as they are now. */
static enum status describe(struct text *out, const struct order *o)
{
    char sum[DIGEST_TEXT];

    text_add(out, "objects %d\ntrain %zu\ntest %zu\n", OBJECTS_VERSION, o->train, o->test);
    for (int i = 0; o->path[i] != NULL; i++) {
        TRY(digest_file(o->path[i], sum));
        text_add(out, "%s  %s\n", sum, formats[o->kind].files[i]);
    }
    return text_ok(out);
}

static int is_intact(struct order *o)
{
    const size_t batches = (size_t)formats[o->kind].batches;
    struct text now = {0};
    struct order more = *o;
    char *said = NULL;
    size_t n;
    int same = 0;

    if (file_exists(o->complete) && file_read(o->complete, 4096, &said, &n) == STATUS_OK) {
        if (sscanf(said, "objects %*d train %zu", &n) == 1 && n > o->train && n % batches == 0)
            more.train = n;
        same = describe(&now, &more) == STATUS_OK && strcmp(said, text_get(&now)) == 0;
    }
    text_free(&now);
    memory_free(said);
    return same;
}

static enum status write_files(const struct order *o)
{
    const int batches = formats[o->kind].batches;
    const size_t each = o->train / (size_t)batches;
    char *const *path = o->path;

    for (int i = 0; i < batches; i++)
        TRY(write_records(*path++, o->kind, "train", (size_t)i * each, each));
    TRY(write_records(*path++, o->kind, "test", 0, o->test));
    TRY(write_names(*path++, cifar_classes(o->kind)));
    return *path == NULL ? STATUS_OK : write_names(*path, cifar_coarse_classes(o->kind));
}

static enum status save_all(const struct order *o)
{
    struct text now = {0};
    enum status status;

    /* While the files change nothing may call them complete. */
    if (remove(o->complete) != 0 && file_exists(o->complete))
        return status_set(STATUS_IO,
                          "%s: expected to replace it, but it cannot be removed; remove its folder",
                          o->complete);
    TRY(write_files(o));
    status = describe(&now, o);
    if (status == STATUS_OK)
        status = file_write(o->complete, text_get(&now), now.length);
    text_free(&now);
    return status;
}

enum status objects_save(const char *folder, enum cifar_kind kind, size_t train, size_t test,
                         int *made)
{
    struct order order = {.kind = kind, .train = train, .test = test};
    struct arena mem = {0};
    enum status status;
    int intact;

    CHECK(train > 0 && test > 0, "%zu and %zu records", train, test);
    CHECK(train % (size_t)formats[kind].batches == 0, "%zu records in %d batches", train,
          formats[kind].batches);
    TRY(file_make_folder(folder));
    if (arena_guard(&mem)) {
        arena_free(&mem);
        return STATUS_MEMORY;
    }
    for (int i = 0; formats[kind].files[i] != NULL; i++)
        order.path[i] = arena_text(&mem, "%s/%s", folder, formats[kind].files[i]);
    order.complete = arena_text(&mem, "%s/complete", folder);
    intact = is_intact(&order);
    status = intact ? STATUS_OK : save_all(&order);
    if (intact) /* make must see it newer than the tool; where that fails it only asks again */
        (void)utimensat(AT_FDCWD, order.complete, NULL, 0);
    if (made != NULL)
        *made = !intact;
    arena_free(&mem);
    return status;
}
