/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pair_setup: what programs about single pairs of the five CIFAR-100 tasks share: their data, a
 * source model, the features of both tasks, and one coupled transfer, by one table of parameters.
 *
 * Features are the probe's (probe.h), trained on the 75 classes of no task. */
#ifndef TASK_DISTANCE_PAIR_SETUP_H
#define TASK_DISTANCE_PAIR_SETUP_H

#include <stddef.h>
#include <stdint.h>

#include "harness/harness.h"
#include "task_distance/cifar_tasks.h"
#include "task_distance/coupled_transfer.h"
#include "task_distance/probe.h"

/* Rows of a program's table, beside `seeds` and its own. */
#define PAIR_PARAMETERS(P)                                                                         \
    P(int,    pool,          12,   500,  500,  "training records a class to draw from; all")       \
    P(int,    validation,    10,   250,  0,    "records drawn beside those trained on; ours")      \
    P(int,    test,          50,   250,  500,  "test images a task; all of them (paper)")          \
    P(int,    pooled,        1,    1,    0,    "1: images of 16 x 16 by means of 2 x 2 pixels")    \
    P(int,    block,         10,   10,   25,   "images a block of the plan; code of 2021 (paper)") \
    P(int,    cost_blocks,   1,    10,   0,    "blocks whose plan is learned; 0: all")             \
    P(int,    batch,         20,   20,   20,   "images a step; published code")                    \
    P(double, momentum,      .9,   .9,   .9,   "published code")                                   \
    P(double, weight_decay,  5e-4, 5e-4, 5e-4, "published code")                                   \
    P(int,    pad,           0,    0,    4,    "shift of training images, with mirroring; code")   \
    P(int,    source_batch,  20,   20,   20,   "of the source model; code of 2020 (paper)")        \
    P(double, start_epsilon, 1e-3, 1e-3, 1e-3, "entropic first plan, cost -cosine; code")          \
    P(double, weight,        .05,  .05,  .05,  "of the proximal term at k = 0; code")              \
    PROBE_PARAMETERS(P)                                                                            \
    P(int,    probe_old,     2,    40,   40,   "training records a class for the probe; all here") \
    P(int,    probe_more,    10,   100,  100,  "test records a class for the probe; all")

struct pair_setup {
    size_t pool, train, validation, test;
    int pooled;
    size_t block, cost_blocks;
    struct transfer_options transfer;
    struct source_options source;
    double start_epsilon, weight;
    size_t divisor;
    struct probe_spec probe;  /* the classes are the data's */
    size_t probe_old, probe_more;
    enum transfer_network network;
};

/* From a program's parameters: those above, and steps, restart, source_rate, source_drop. rate and
 * M are of the transfer, epochs_each of the source model. */
#define PAIR_SETUP(p, kind, channels_over, images, epochs_each, rate, M)                           \
    {                                                                                              \
        .pool = (size_t)(p)->pool, .train = (images),                                              \
        .validation = (size_t)(p)->validation, .test = (size_t)(p)->test, .pooled = (p)->pooled,   \
        .block = (size_t)(p)->block, .cost_blocks = (size_t)(p)->cost_blocks,                      \
        .transfer = {.steps = (size_t)(p)->steps, .checkpoints = (M),                              \
                     .batch = (size_t)(p)->batch, .learning_rate = (rate),                         \
                     .momentum = (p)->momentum, .weight_decay = (p)->weight_decay,                 \
                     .restart = (size_t)(p)->restart, .evaluation_batch = PAIR_SETUP_BATCH,        \
                     .pad = (size_t)(p)->pad},                                                     \
        .source = {.epochs = (epochs_each), .batch = (size_t)(p)->source_batch,                    \
                   .learning_rate = (p)->source_rate, .momentum = (p)->momentum,                   \
                   .weight_decay = (p)->weight_decay, .drop = (p)->source_drop,                    \
                   .pad = (size_t)(p)->pad},                                                       \
        .start_epsilon = (p)->start_epsilon, .weight = (p)->weight, .divisor = (channels_over),    \
        .network = (kind), .probe = PROBE_SPEC(p, (p)->pooled ? 16 : 32, 0),                       \
        .probe_old = (size_t)(p)->probe_old, .probe_more = (size_t)(p)->probe_more                 \
    }
#define PAIR_SETUP_BATCH 250 /* rows of an evaluation */

/* Fills `loaded`: the five tasks, and the probe's records. */
enum status pair_setup_load(struct loaded *loaded, const struct pair_setup *s) MUST_USE;

/* The images of a task (0 .. 4 as in cifar_subsets) for the unit's seed, with features. */
enum status pair_setup_images(struct task_images *out, const struct unit *u,
                              const struct pair_setup *s, size_t task) MUST_USE;

/* The same records as they are, without features, for people to look at. */
enum status pair_setup_originals(struct task_images *out, const struct unit *u,
                                 const struct pair_setup *s, size_t task) MUST_USE;

/* One pair ready for transfer. */
struct pair_run {
    struct convnet *net;
    struct model model;
    struct source_model start;
    struct task_pair pair;
    struct coupled_options options; /* update: COUPLED_GROWING; no losses, no last update */
    struct coupled_memo *memo;      /* NULL */
};

/* Of `images`, which must stay; source == target: the task and itself, with equal labels. Free with
 * pair_run_close also on failure. STATUS_DIVERGED: the source model's training. */
enum status pair_run_open(struct pair_run *r, const struct unit *u, const struct pair_setup *s,
                          const struct task_images *source,
                          const struct task_images *target) MUST_USE;
void pair_run_close(struct pair_run *r);

/* From now on transfers whose options differ in how they update the plan share the iterations that
 * they have in common, of which `most` are kept. */
void pair_run_share(struct pair_run *r, const struct unit *u, size_t most);

/* `iterations` of coupled transfer by r->options; out (iterations). Memory is the unit's. */
enum status pair_run_transfer(const struct pair_run *r, const struct unit *u, size_t iterations,
                              struct coupled_iteration *out) MUST_USE;

/* The first iteration measured by n numbers of checkpoints; out (n). */
enum status pair_run_measure(const struct pair_run *r, const struct unit *u,
                             const size_t *checkpoints, size_t n,
                             struct coupled_iteration *out) MUST_USE;

#endif
