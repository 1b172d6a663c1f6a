/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/check.h"
#include "kwng/classification.h"

#define SGD      {.name = "SGD", .family = CLASS_SGD}
#define MOMENTUM {.name = "momentum", .family = CLASS_SGD, .momentum = 0.9}
#define ADAM     {.name = "Adam", .family = CLASS_ADAM}
#define DIAGONAL {.name = "diagonal", .family = CLASS_DIAGONAL}
#define KFAC(lambda) {.name = "K-FAC", .family = CLASS_KFAC, .kfac_damping = lambda}
#define KWNG(D, M)                                                                                 \
    {.name = "KWNG", .family = CLASS_KWNG, .damping = KWNG_DAMPING_##D, .basis = M}
#define RATIONAL                                                                                   \
    {.name = "KWNG", .family = CLASS_KWNG, .damping = KWNG_DAMPING_NORM,                           \
     .kernel = KERNEL_RATIONAL_QUADRATIC}
#define KWNG_MOMENTUM                                                                              \
    {.name = "KWNG", .family = CLASS_KWNG, .damping = KWNG_DAMPING_NORM, .momentum = 0.9}
#define VARIANT(name, condition, method, first, rate, last)                                        \
    {name, condition, method, rate, first, last},

static const struct class_variant digits[] = {CLASS_OPTIMIZERS(VARIANT) CLASS_PARTS(VARIANT)};
static const struct class_variant pictures[] = {CLASS_PICTURES_OPTIMIZERS(VARIANT)};
static const struct class_variant hundred[] = {CLASS_HUNDRED_TRIED(VARIANT)
                                               CLASS_HUNDRED_OTHERS(VARIANT)};

const double class_cell_values[CLASS_CELLS_MOST] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23};

const struct class_variant *class_variants(enum class_images images, size_t *count)
{
    *count = images == CLASS_DIGITS     ? sizeof digits / sizeof digits[0]
             : images == CLASS_PICTURES ? sizeof pictures / sizeof pictures[0]
                                        : sizeof hundred / sizeof hundred[0];
    return images == CLASS_DIGITS ? digits : images == CLASS_PICTURES ? pictures : hundred;
}

const struct class_variant *class_variant_find(enum class_images images, const char *name)
{
    size_t count, i = 0;
    const struct class_variant *all = class_variants(images, &count);

    while (i < count && strcmp(all[i].name, name) != 0)
        i++;
    CHECK(i < count, "no variant \"%s\"", name);
    return &all[i];
}

enum class_images class_pictures_of(const char *name)
{
    static const char mark[] = "-100";
    const size_t n = strlen(name), length = sizeof mark - 1;

    return n > length && strcmp(name + n - length, mark) == 0 ? CLASS_HUNDRED : CLASS_PICTURES;
}

double class_rate(int half_decades)
{
    double rate = half_decades % 2 == 0 ? 1 : 3.1622776601683795;

    if (half_decades % 2 < 0)
        rate /= 10;
    for (int k = half_decades / 2; k > 0; k--)
        rate *= 10;
    for (int k = half_decades / 2; k < 0; k++)
        rate /= 10;
    return rate;
}
