/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rates are those that reproductions/kwng/learning_rates.c finds on MNIST at desk; it says for
 * each how much better another one of its grid is. */
#include <string.h>

#include "base/check.h"
#include "kwng/classification.h"

#define SGD      {.name = "SGD", .family = CLASS_SGD}
#define MOMENTUM {.name = "momentum", .family = CLASS_SGD, .momentum = 0.9}
#define ADAM     {.name = "Adam", .family = CLASS_ADAM}
#define DIAGONAL {.name = "diagonal", .family = CLASS_DIAGONAL}
#define KFAC     {.name = "K-FAC", .family = CLASS_KFAC}
#define KWNG(...) {.name = "KWNG", .family = CLASS_KWNG, .damping = KWNG_DAMPING_NORM, __VA_ARGS__}

const struct class_variant class_variants[] = {
    {"well-sgd", CLASS_WELL, SGD, 0, -2},
    {"well-momentum", CLASS_WELL, MOMENTUM, -1, -3},
    {"well-adam", CLASS_WELL, ADAM, -4, -5},
    {"well-diagonal", CLASS_WELL, DIAGONAL, 1, -1},
    {"well-kfac", CLASS_WELL, KFAC, -1, -2},
    {"well-kwng", CLASS_WELL, KWNG(.basis = 5), 0, -1},
    {"ill-sgd", CLASS_ILL, SGD, 0, -2},
    {"ill-momentum", CLASS_ILL, MOMENTUM, -1, -3},
    {"ill-adam", CLASS_ILL, ADAM, -3, -5},
    {"ill-diagonal", CLASS_ILL, DIAGONAL, 1, 0},
    {"ill-kfac", CLASS_ILL, KFAC, 2, 0},
    {"ill-kfac-small", CLASS_ILL,
     {.name = "K-FAC, small damping", .family = CLASS_KFAC, .kfac_damping = 1e-8}, 2, -1},
    {"ill-kwng", CLASS_ILL, KWNG(.basis = 5), 3, 0},
    {"ill-kwng-1", CLASS_ILL, KWNG(.basis = 1), 0, -1},
    {"ill-kwng-20", CLASS_ILL, KWNG(.basis = 20), 2, 0},
    {"ill-identity", CLASS_ILL,
     {.name = "KWNG, D = I", .family = CLASS_KWNG, .damping = KWNG_DAMPING_IDENTITY}, 0, -2},
    {"ill-squared", CLASS_ILL,
     {.name = "KWNG, D squared", .family = CLASS_KWNG, .damping = KWNG_DAMPING_NORM_SQUARED}, 4, 2},
    {"ill-rational", CLASS_ILL, KWNG(.kernel = KERNEL_RATIONAL_QUADRATIC), 3, 0},
    {"ill-kwng-momentum", CLASS_ILL, KWNG(.momentum = 0.9), 1, -2},
    {"well-kwng-momentum", CLASS_WELL, KWNG(.momentum = 0.9), -1, -2},
};

const size_t class_variant_count = sizeof class_variants / sizeof class_variants[0];

const struct class_variant *class_variant_find(const char *name)
{
    size_t i = 0;

    while (i < class_variant_count && strcmp(class_variants[i].name, name) != 0)
        i++;
    CHECK(i < class_variant_count, "no variant \"%s\"", name);
    return &class_variants[i];
}
