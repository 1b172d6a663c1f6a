/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pair_programs: what the programs about chosen pairs of the five CIFAR-100 tasks share beside
 * pair_setup.h: rows of their tables, the three pairs, the frame of a unit, words. */
#ifndef TASK_DISTANCE_PAIR_PROGRAMS_H
#define TASK_DISTANCE_PAIR_PROGRAMS_H

#include <stddef.h>

#include "harness/harness.h"
#include "task_distance/pair_setup.h"

/* ---- rows ---- */

#define PAIR_TRAIN_PARAMETER(P)                                                                    \
    P(int,    train,         50,   500,  2500, "images a task; code of 2021 (paper)")

#define PAIR_DIVISOR_PARAMETER(P)                                                                  \
    P(int,    divisor,       8,    8,    1,    "of the channels of the convolutional net")

#define PAIR_TRANSFER_PARAMETERS(P)                                                                \
    P(int,    steps,         40,   1000, 20000, "T; code of 2021 (paper)")                         \
    P(int,    checkpoints,   4,    20,   100,  "M; code of 2021 (paper)")                          \
    P(double, learning_rate, .002, .002, 8e-4, "code (paper); desk: no other gives more held-out " \
                                               "accuracy than two seeds' noise, 0.02: "            \
                                               "learning_rates_transfer")                          \
    P(int,    restart,       0,    0,    125,  "steps from velocity 0 to 0; code (paper: epochs)")

#define PAIR_EPOCHS_PARAMETER(P)                                                                   \
    P(int,    source_epochs, 6,    60,   180,  "code of 2020 (paper)")

#define PAIR_SOURCE_PARAMETERS(P)                                                                  \
    P(double, source_rate,   .01,  .01,  1e-3, "of the source model; code (paper)")                \
    P(double, source_drop,   .2,   .2,   1,    "of that rate at 3, 6 and 8 tenths of the epochs")

/* A smaller and a larger net, and the larger one's source model. */
#define PAIR_SIZE_PARAMETERS(P)                                                                    \
    P(int,    small,         8,    8,    1,    "divides the channels of the smaller net; ours")    \
    P(int,    large,         4,    4,    1,    "of the larger one; ours")                          \
    P(int,    residual,      0,    0,    1,    "1: the larger one is WRN-16-4; paper")

#define PAIR_LARGE_PARAMETERS(P)                                                                   \
    P(int,    large_epochs,  6,    60,   600,  "source model of the larger net; code (paper)")     \
    P(double, large_rate,    .01,  .01,  .1,   "the same; code (paper)")                           \
    P(double, large_drop,    .2,   .2,   .2,   "the same; code (paper)")

/* ---- pairs ---- */

/* Cells: herbivores-carnivores, vehicles1-vehicles2, carnivores-flowers, and the mean over them; at
 * smoke the second and the mean over it. */
extern const struct axis pair_programs_axis;

/* Their sources and targets, 0 .. 4 as in cifar_subsets. */
enum { PAIR_PROGRAMS_PAIRS = 3 };
extern const size_t pair_programs_pairs[PAIR_PROGRAMS_PAIRS][2];

/* ---- a unit ---- */

enum { PAIR_PROGRAMS_ITERATIONS = 16 }; /* at most, of one transfer */

/* pair_setup_images of both tasks: source, target. */
enum status pair_programs_images(struct task_images images[2], const struct unit *u,
                                 const struct pair_setup *s, const size_t *tasks) MUST_USE;

/* One pair: its images, its source model, what the program measures of it. A transfer or source
 * model that diverged is the unit's outcome. */
enum status pair_programs_run(const struct parameters *p, struct unit *u,
                              const struct pair_setup *s, const size_t *tasks,
                              enum status (*measure)(const struct parameters *p, struct unit *u,
                                                     struct pair_run *r)) MUST_USE;

enum { PAIR_PROGRAMS_NUMBERS = 128 }; /* metrics of a program, at most */

/* What a program does in a unit of the axis above. */
struct pair_program {
    /* Emits all metrics of the pair `tasks`, the same ones in the same order for each. */
    enum status (*measure)(const struct parameters *p, struct unit *u, const size_t *tasks);
    /* Curves from what was emitted. */
    void (*draw)(const struct parameters *p, struct unit *u);
};

/* A unit of the axis: a pair, or the mean of each metric over the pairs, which takes pairs that
 * are measured already from the artifacts, and measures the others. Where a pair diverged, so did
 * the mean. STATUS_DATA: a damaged artifact; STATUS_IO. */
enum status pair_programs_unit(const struct pair_program *program, const struct parameters *p,
                               struct unit *u) MUST_USE;

/* What was emitted as `name`, or as member `index` of the family. */
double pair_programs_value(const struct unit *u, const char *name);
double pair_programs_member(const struct unit *u, const char *family, size_t index);

/* ---- words ---- */

#define PAIR_PROGRAMS_PAPER                                                                        \
    "Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks "            \
    "(arXiv 2011.00613v1)"

#define PAIR_PROGRAMS_PLANS                                                                        \
    "Plans and tau are the published code's of 2021: a quadratic proximal term without entropy "   \
    "instead of (17a), a fixed schedule instead of draws."

#endif
