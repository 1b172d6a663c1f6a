/* SPDX-License-Identifier: GPL-3.0-or-later */
/* classification: images learned by a network whose logits f are multiplied by a fixed diagonal U
 * before the softmax,
 *
 *   L = cross entropy of softmax(U f(x)),   U = I (well-conditioned) or
 *                                           U = diag(10^-6 ... 10^1), evenly in the exponent
 *
 * and one training run of it: what the programs on Arbel et al.'s classification experiment share.
 * The variants are (method, condition) with the learning rate that is best on held-out training
 * records; test records choose nothing. */
#ifndef KWNG_CLASSIFICATION_H
#define KWNG_CLASSIFICATION_H

#include <stddef.h>
#include <stdint.h>

#include "harness/harness.h"
#include "kwng/class_data.h"
#include "kwng/class_method.h"

struct class_variant {
    const char *name;               /* of the cell: "ill-kwng" */
    enum class_condition condition;
    struct class_method method;
    int rate;                       /* learning rate of the first half, in half decades */
    int first, last;                /* rates of the grid that it was chosen from */
};

/* V(name, condition, method, first, rate, last). Rates are 10^(k/2): those from k = first to last
 * were tried by the program learning_rates at desk on MNIST, and k = rate is in use. That program
 * says how much better another one of the grid is, and whether the grid is the one printed here. */
#define CLASS_OPTIMIZERS(V)                                                                        \
    V("well-sgd",           CLASS_WELL, SGD,                   -2,  0,  1)                         \
    V("well-momentum",      CLASS_WELL, MOMENTUM,              -3, -1,  0)                         \
    V("well-adam",          CLASS_WELL, ADAM,                  -5, -4, -2)                         \
    V("well-diagonal",      CLASS_WELL, DIAGONAL,              -1,  1,  2)                         \
    V("well-kfac",          CLASS_WELL, KFAC(1e-3),            -2, -1,  1)                         \
    V("well-kwng",          CLASS_WELL, KWNG(NORM, 5),         -1,  0,  2)                         \
    V("ill-sgd",            CLASS_ILL,  SGD,                   -2,  0,  1)                         \
    V("ill-momentum",       CLASS_ILL,  MOMENTUM,              -3, -1,  0)                         \
    V("ill-adam",           CLASS_ILL,  ADAM,                  -5, -3, -2)                         \
    V("ill-diagonal",       CLASS_ILL,  DIAGONAL,               0,  1,  3)                         \
    V("ill-kfac",           CLASS_ILL,  KFAC(1e-3),             0,  2,  3)                         \
    V("ill-kfac-small",     CLASS_ILL,  KFAC(1e-8),            -1,  2,  3)                         \
    V("ill-kwng",           CLASS_ILL,  KWNG(NORM, 5),          0,  3,  4)
#define CLASS_PARTS(V)                                                                             \
    V("ill-kwng-1",         CLASS_ILL,  KWNG(NORM, 1),         -1,  0,  2)                         \
    V("ill-kwng-20",        CLASS_ILL,  KWNG(NORM, 20),         0,  2,  3)                         \
    V("ill-identity",       CLASS_ILL,  KWNG(IDENTITY, 5),     -2,  0,  1)                         \
    V("ill-squared",        CLASS_ILL,  KWNG(NORM_SQUARED, 5),  2,  4,  5)                         \
    V("ill-rational",       CLASS_ILL,  RATIONAL,               0,  3,  4)                         \
    V("ill-kwng-momentum",  CLASS_ILL,  KWNG_MOMENTUM,         -2,  1,  2)                         \
    V("well-kwng-momentum", CLASS_WELL, KWNG_MOMENTUM,         -2, -1,  1)
/* The same for pictures, by learning_rates_cifar on CIFAR-10. */
#define CLASS_PICTURES_OPTIMIZERS(V)                                                               \
    V("well-sgd",           CLASS_WELL, SGD,                   -2,  0,  1)                         \
    V("well-momentum",      CLASS_WELL, MOMENTUM,              -3, -1,  0)                         \
    V("well-adam",          CLASS_WELL, ADAM,                  -5, -3, -2)                         \
    V("well-diagonal",      CLASS_WELL, DIAGONAL,               0,  2,  3)                         \
    V("well-kfac",          CLASS_WELL, KFAC(1e-3),            -2,  1,  2)                         \
    V("well-kwng",          CLASS_WELL, KWNG(NORM, 5),         -1,  1,  2)                         \
    V("ill-sgd",            CLASS_ILL,  SGD,                   -2, -1,  1)                         \
    V("ill-momentum",       CLASS_ILL,  MOMENTUM,              -3, -2,  0)                         \
    V("ill-adam",           CLASS_ILL,  ADAM,                  -5, -3, -2)                         \
    V("ill-diagonal",       CLASS_ILL,  DIAGONAL,               1,  2,  4)                         \
    V("ill-kfac",           CLASS_ILL,  KFAC(1e-3),             0,  1,  3)                         \
    V("ill-kwng",           CLASS_ILL,  KWNG(NORM, 5),          0,  2,  3)
/* The same on CIFAR-100: those that desk tries, there on 25 classes, and those that it does not,
 * with the rates of CIFAR-10. */
#define CLASS_HUNDRED_TRIED(V)                                                                     \
    V("well-adam-100",      CLASS_WELL, ADAM,                  -5, -3, -2)                         \
    V("well-kwng-100",      CLASS_WELL, KWNG(NORM, 5),         -1,  1,  2)                         \
    V("ill-adam-100",       CLASS_ILL,  ADAM,                  -5, -3, -2)                         \
    V("ill-kwng-100",       CLASS_ILL,  KWNG(NORM, 5),          0,  1,  3)
#define CLASS_HUNDRED_OTHERS(V)                                                                    \
    V("well-sgd-100",       CLASS_WELL, SGD,                   -2,  0,  1)                         \
    V("well-momentum-100",  CLASS_WELL, MOMENTUM,              -3, -1,  0)                         \
    V("well-diagonal-100",  CLASS_WELL, DIAGONAL,               0,  2,  3)                         \
    V("well-kfac-100",      CLASS_WELL, KFAC(1e-3),            -2,  1,  2)                         \
    V("ill-sgd-100",        CLASS_ILL,  SGD,                   -2, -1,  1)                         \
    V("ill-momentum-100",   CLASS_ILL,  MOMENTUM,              -3, -2,  0)                         \
    V("ill-diagonal-100",   CLASS_ILL,  DIAGONAL,               1,  2,  4)                         \
    V("ill-kfac-100",       CLASS_ILL,  KFAC(1e-3),             0,  1,  3)
#define CLASS_NAME(name, condition, method, first, rate, last) name,
/* The grids in words. */
#define CLASS_GRID(name, condition, method, first, rate, last)                                     \
    " (" name " " #first " to " #last ", best " #rate ")"

/* 10^(k / 2): rates lie on half decades; without libm, since training is chaotic. */
double class_rate(int half_decades);

/* Cells with the names of an array; their values are 0, 1, 2, ... */
enum { CLASS_CELLS_MOST = 24 };
extern const double class_cell_values[CLASS_CELLS_MOST];
#define CLASS_CELLS(names) {sizeof names / sizeof names[0], class_cell_values, names}

/* All variants for these images. */
const struct class_variant *class_variants(enum class_images images, size_t *count);

/* An unknown name is a CHECK. */
const struct class_variant *class_variant_find(enum class_images images, const char *name);

/* The pictures that a variant's name stands for: CIFAR-100's where it ends in -100. */
enum class_images class_pictures_of(const char *name);

/* Rows of the parameter table that the programs share; CLASS_SETUP(p) reads them. */
#define CLASS_PARAMETERS(P)                                                                        \
    P(int,    pool,        60,   400,  5400, "records a digit to draw from; ours")                 \
    P(int,    examples,    256,  1400, 50000, "training records of a run; ours (paper: all)")      \
    P(int,    held_out,    300,  2000, 4000, "records that choose the learning rate; ours")        \
    P(int,    test_step,   20,   5,    1,    "every k-th test record of each digit; ours")         \
    P(int,    hidden,      64,   64,   64,   "units of each of two hidden layers; ours")           \
    P(int,    batch,       128,  128,  128,  "examples a step; paper")                             \
    P(int,    epochs_well, 3,    40,   350,  "well-conditioned; ours (paper: 350)")                \
    P(int,    epochs_ill,  6,    200,  350,  "ill-conditioned; ours (paper: 350)")                 \
    P(double, clip,        1.0,  1.0,  1.0,  "longest step over the rate; official code")          \
    P(double, U_first,     1e-6, 1e-6, 1e-6, "smallest scale of a logit; paper")                   \
    P(double, U_last,      1e1,  1e1,  1e1,  "largest; paper")                                     \
    P(int,    curve_rows,  3,    25,   50,   "points of a curve")

#define CLASS_SETUP(p)                                                                             \
    ((struct class_setup){                                                                         \
        .pool = (size_t)(p)->pool, .examples = (size_t)(p)->examples,                              \
        .held_out = (size_t)(p)->held_out, .test_step = (size_t)(p)->test_step,                    \
        .hidden = (size_t)(p)->hidden, .batch = (size_t)(p)->batch,                                \
        .epochs = {(size_t)(p)->epochs_well, (size_t)(p)->epochs_ill}, .clip = (p)->clip,          \
        .U = {(p)->U_first, (p)->U_last}, .curve_rows = (size_t)(p)->curve_rows})

/* The same for pictures: CLASS_PICTURES_SETUP(p). */
#define CLASS_PICTURES_PARAMETERS(P)                                                               \
    P(int,    pool,        64,   1020, 5000, "records a class to draw from; ours")                 \
    P(int,    examples,    256,  8192, 45000, "training records of a run; ours (paper: all)")      \
    P(int,    held_out,    256,  2000, 5000, "records that choose the learning rate; ours")        \
    P(int,    test_step,   20,   5,    1,    "every k-th test record of each class; ours")         \
    P(int,    size,        16,   16,   32,  "rows of an image, 16: 2 x 2 means; ours (paper: 32)") \
    P(int,    blocks,      1,    1,    8,    "residual blocks; ours (paper: 8)")                   \
    P(int,    width,       16,   16,   64,   "channels of the first; ours (paper: 64)")            \
    P(int,    pad,         0,    0,    4,    "pixels to shift by, and mirrored; paper: 4")         \
    P(int,    batch,       128,  128,  128,  "examples a step; paper")                             \
    P(int,    epochs,      6,    12,   350,  "in both cases; ours (paper: 350)")                   \
    P(double, clip,        1.0,  1.0,  1.0,  "longest step over the rate; official code")          \
    P(double, U_first,     1e-6, 1e-6, 1e-6, "smallest scale of a logit; paper")                   \
    P(double, U_last,      1e1,  1e1,  1e1,  "largest; paper")                                     \
    P(int,    curve_rows,  3,    12,   50,   "points of a curve")

#define CLASS_PICTURES_SETUP(p)                                                                    \
    ((struct class_setup){                                                                         \
        .images = CLASS_PICTURES, .pool = (size_t)(p)->pool, .examples = (size_t)(p)->examples,    \
        .held_out = (size_t)(p)->held_out, .test_step = (size_t)(p)->test_step,                    \
        .size = (size_t)(p)->size, .blocks = (size_t)(p)->blocks, .width = (size_t)(p)->width,     \
        .pad = (size_t)(p)->pad, .batch = (size_t)(p)->batch,                                      \
        .epochs = {(size_t)(p)->epochs, (size_t)(p)->epochs}, .clip = (p)->clip,                   \
        .U = {(p)->U_first, (p)->U_last}, .curve_rows = (size_t)(p)->curve_rows})

/* CIFAR-100 in its place, for programs about both: CLASS_HUNDRED_SETUP(p). */
#define CLASS_HUNDRED_PARAMETERS(P)                                                                \
    P(int,    part,        25,   25,   100,  "classes of CIFAR-100; ours (paper: 100)")            \
    P(int,    part_pool,   24,   408,  500,  "records of each of them to draw from; ours")         \
    P(int,    part_step,   5,    1,    1,    "every k-th test record of each of them; ours")

#define CLASS_HUNDRED_SETUP(p)                                                                     \
    class_data_hundred(&CLASS_PICTURES_SETUP(p), (p)->part, (p)->part_pool, (p)->part_step)

/* Reached when the mean training loss of the last `window` steps, each met before its step, is
 * below `loss` [nat]. */
struct class_level {
    double loss;
    size_t window;
};

struct class_outcome {
    size_t wrong, of;               /* of the records it is judged by */
    size_t train_wrong, train_of;
    double train_loss;              /* mean over the last epoch, as met along the way [nat] */
    size_t steps;
    size_t steps_to_level;          /* until the level was reached; `steps` where it never was */
    int reached;                    /* 1: it was */
    double cost;                    /* of a step, in steps of SGD */
    size_t fallbacks;               /* steps of KWNG and diagonal without a metric to estimate */
    size_t diverged_step;           /* where a run ended early, and then the rest holds no meaning;
                                       0: it did not */
    double last_finite;
};

/* One run of `v` at class_rate(rate) on u->data, a struct class_data. Streams "<name>:init",
 * ":sample", ":order", ":augment" of the seed, the same for every variant, so runs are paired.
 * `level`, NULL: none. `curve`: one row (step, work, mean training loss of an epoch, error of the
 * records) every few epochs; NULL: none. A run that leaves the finite numbers, or
 * whose method finds no step (a matrix that cannot be inverted, an iteration without an end), is
 * an outcome, not a failure. The optimizers' own streams are those of the seed whatever the name.
 * Errors are those of class_network_create. */
enum status class_run(const struct class_setup *s, const struct class_variant *v, int rate,
                      const struct unit *u, uint64_t seed, const char *name,
                      enum class_records records, const struct class_level *level,
                      struct curve *curve, struct class_outcome *out) MUST_USE;

#endif
