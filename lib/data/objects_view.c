/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/objects_view.h"

#define TEXTURES 10

static const struct objects_super supers[OBJECTS_SUPERS] = {
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

/* Standard normal, cut at two and a half. */
static double normal(struct rng *r)
{
    double z;

    do
        z = rng_normal(r);
    while (z < -2.5 || z > 2.5);
    return z;
}

/* A palette colour, moved by `spread` in brightness and half as much in each channel. */
static void draw_colour(double out[3], struct rng *r, uint32_t colour, const int8_t tint[3],
                        double spread)
{
    const double all = spread * normal(r);

    for (int c = 0; c < 3; c++) {
        const int value = (int)(colour >> (16 - 8 * c) & 0xff) + (tint != NULL ? tint[c] : 0);
        out[c] = objects_clamp(value / 255.0 + all + 0.5 * spread * normal(r));
    }
}

/* One background in `foreign` has nothing to do with the object. */
static void draw_colours(struct objects_view *w, struct rng *r, const struct manner *manner,
                         uint32_t foreign)
{
    const struct objects_super *s = w->super;
    const int dark = rng_below(r, 4) > 0;
    const double contrast = objects_between(r, 0.25, 0.6);

    draw_colour(w->body, r, s->body, manner->tint, 0.11);
    draw_colour(w->accent, r, s->accent, NULL, 0.07);
    for (int c = 0; c < 3; c++)
        w->second[c] = w->body[c] + contrast * ((dark ? 0.05 : 0.95) - w->body[c]);
    const struct objects_super *place =
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
static void draw_pose(struct objects_view *w, struct rng *r, double width)
{
    const double t = 0.13 * normal(r), square = 1 + t * t;
    const double cosine = (1 - t * t) / square, sine = 2 * t / square;
    const double slant = 0.12 * normal(r), tall = objects_between(r, 0.23, 0.35);
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

void objects_view_draw(struct objects_view *w, struct rng *r, int label, uint32_t foreign)
{
    const struct manner *manner = &manners[label % OBJECTS_EACH];

    w->super = &supers[label / OBJECTS_EACH];
    w->texture = texture_of(label);
    draw_pose(w, r, manner->width);
    draw_colours(w, r, manner, foreign);
    w->soft = objects_between(r, 0.8, 1.8);
    w->frequency = objects_between(r, 0.85, 1.25);
    for (int i = 0; i < 2; i++) {
        w->phase[i] = rng_uniform(r);
        w->light[1 + i] = 0.003 * normal(r);
    }
    w->light[0] = objects_between(r, 0.8, 1.15) - 50 * (w->light[1] + w->light[2]);
    for (int i = 0; i < OBJECTS_FIELD; i++)
        for (int j = 0; j < OBJECTS_FIELD; j++)
            w->field[i][j] = objects_between(r, -1, 1);
    w->horizon[0] = objects_between(r, 0.3, 0.75) * CIFAR_SIDE;
    w->horizon[1] = 0.15 * normal(r);
    w->horizon[2] = objects_between(r, 2, 30);
    w->gain = objects_between(r, 0.82, 1.15);
    w->lift = 0.04 * normal(r);
    w->grain = objects_between(r, 0.02, 0.08);
}

const char *objects_view_texture(int label)
{
    return texture_names[texture_of(label)];
}

const char *objects_view_super(int super)
{
    return supers[super].name;
}
