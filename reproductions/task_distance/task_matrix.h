/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task_matrix: distances between all ordered pairs of some tasks, by all methods, for one seed.
 *
 * A pair is one source model, shared by all pairs of its source, and all methods one after the
 * other. What a pair gives is kept as an artifact, and so is the state of a pair that was killed;
 * whoever needs a pair and does not find it computes it. */
#ifndef TASK_DISTANCE_TASK_MATRIX_H
#define TASK_DISTANCE_TASK_MATRIX_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "harness/unit.h"
#include "linalg/mat.h"
#include "task_distance/coupled_transfer.h"
#include "task_distance/probe.h"
#include "task_distance/probe_embedding.h"
#include "task_distance/task_pair.h"
#include "task_distance/transfer_baselines.h"

enum { TASK_MATRIX_MOST = 6 };

/* A length, and the coarse one of the same path. */
struct task_matrix_reading {
    struct transfer_length length, coarse;
};

/* Shares of the target's images right at the end of a path. */
struct task_matrix_end {
    double fitted, target;                /* of the training images, of the test images */
};

/* What a pair gives: plain numbers, kept as they are. */
struct task_matrix_pair {
    struct task_matrix_reading coupled;   /* the last iteration */
    struct task_matrix_reading start;     /* iteration 0: the plan of features */
    struct task_matrix_reading before;    /* the last iteration but one */
    double kept, kept_coarse;             /* B of the plan of features along the last iteration's
                                             path */
    struct task_matrix_reading independent; /* mixed images, plan 1 / b^2 (U2) */
    struct task_matrix_reading mixture;   /* real images (U1) */
    struct transfer_length fine_tuning, fine_tuning_whole; /* up to the cut; all of it */
    double euclidean, euclidean_whole;    /* fine-tuning, the same */
    double cut;                           /* steps up to there */
    double source_model;                  /* test accuracy of w^s on the source */
    double source_after;                  /* the same of the last coupled iteration's end */
    struct task_matrix_end after_coupled, after_independent, after_mixture, after_fine_tuning;
};

/* One method's numbers of all pairs. */
enum task_matrix_kind {
    TASK_MATRIX_COUPLED, TASK_MATRIX_RIEMANNIAN, TASK_MATRIX_RELEASED, TASK_MATRIX_START,
    TASK_MATRIX_BEFORE, TASK_MATRIX_KEPT, TASK_MATRIX_INDEPENDENT,
    TASK_MATRIX_INDEPENDENT_RIEMANNIAN, TASK_MATRIX_MIXTURE, TASK_MATRIX_MIXTURE_RIEMANNIAN,
    TASK_MATRIX_COARSE, TASK_MATRIX_COARSE_RIEMANNIAN, TASK_MATRIX_COARSE_START,
    TASK_MATRIX_COARSE_BEFORE, TASK_MATRIX_COARSE_KEPT, TASK_MATRIX_COARSE_INDEPENDENT,
    TASK_MATRIX_COARSE_INDEPENDENT_RIEMANNIAN, TASK_MATRIX_COARSE_MIXTURE,
    TASK_MATRIX_COARSE_MIXTURE_RIEMANNIAN, TASK_MATRIX_EUCLIDEAN, TASK_MATRIX_EUCLIDEAN_WHOLE,
    TASK_MATRIX_FINE_TUNING, TASK_MATRIX_FINE_TUNING_WHOLE, TASK_MATRIX_STEPS,
    TASK_MATRIX_FITTED_COUPLED, TASK_MATRIX_FITTED_INDEPENDENT, TASK_MATRIX_FITTED_MIXTURE,
    TASK_MATRIX_FITTED_FINE_TUNING, TASK_MATRIX_TARGET_COUPLED, TASK_MATRIX_TARGET_INDEPENDENT,
    TASK_MATRIX_TARGET_MIXTURE, TASK_MATRIX_TARGET_FINE_TUNING, TASK_MATRIX_SOURCE_MODEL,
    TASK_MATRIX_SOURCE_AFTER, TASK_MATRIX_TASK2VEC, TASK_MATRIX_KINDS
};

/* The metric family of a kind, "coupled" for "coupled.*": its members are 10 i + j for the pair
 * from task i to task j, counted from 1. */
extern const char *const task_matrix_names[TASK_MATRIX_KINDS];

/* For a program's table of metrics. */
#define TASK_MATRIX_METRICS                                                                        \
    {"coupled.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,                                           \
     "B of the last coupled iteration, from task i to j as number 10 i + j"},                      \
    {"riemannian.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "A of the same"},                      \
    {"released.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,                                          \
     "the published code's statistic of the same, B / (sqrt 2 M)"},                                \
    {"start.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "B with the plan of features"},             \
    {"before.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "B of the last coupled iteration but one"},\
    {"kept.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,                                              \
     "B with the plan of features along the path of the last coupled iteration"},                  \
    {"independent.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,                                       \
     "B of mixed images, independent plan (U2)"},                                                  \
    {"riemannian.independent.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "A of the same"},          \
    {"mixture.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "B of a mixture of real images (U1)"},    \
    {"riemannian.mixture.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "A of the same"},              \
    {"coarse.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,                                            \
     "B of the last coupled iteration over every fourth checkpoint and the last"},                 \
    {"coarse.riemannian.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "A of the same"},               \
    {"coarse.start.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "as start.*, coarse"},               \
    {"coarse.before.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "as before.*, coarse"},             \
    {"coarse.kept.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "as kept.*, coarse"},                 \
    {"coarse.independent.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "as independent.*, coarse"},   \
    {"coarse.riemannian.independent.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "A of the same"},   \
    {"coarse.mixture.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "as mixture.*, coarse"},           \
    {"coarse.riemannian.mixture.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "A of the same"},       \
    {"euclidean.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,                                         \
     "fine-tuning: length of the weights' path up to the cut"},                                    \
    {"euclidean.whole.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "the same of all steps"},         \
    {"fine-tuning.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "fine-tuning: A up to the cut"},      \
    {"fine-tuning.whole.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "the same of all checkpoints"}, \
    {"steps.*", "steps", LOWER_IS_BETTER, CLASS_LONG32, 0, "fine-tuning: steps up to the cut"},    \
    {"fitted.coupled.*", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0,                                   \
     "share of the target's training images right at the end of the path"},                        \
    {"fitted.independent.*", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0, "the same, U2"},              \
    {"fitted.mixture.*", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0, "the same, U1"},                  \
    {"fitted.fine-tuning.*", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0, "the same, all steps"},       \
    {"target.coupled.*", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0, "test accuracy on the target"},   \
    {"target.independent.*", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0, "the same, U2"},              \
    {"target.mixture.*", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0, "the same, U1"},                  \
    {"target.fine-tuning.*", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0, "the same, all steps"},       \
    {"source.model.*", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0,                                     \
     "test accuracy of the source model on the source"},                                           \
    {"source.coupled.*", "1", HIGHER_IS_BETTER, CLASS_LONG32, 0,                                   \
     "the same at the end of coupled transfer"},                                                   \
    {"task2vec.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "distance of embeddings"}

struct task_matrix_spec {
    struct transfer_net_spec net;         /* outputs: of the largest pair */
    struct source_options source;
    struct coupled_options coupled;
    size_t iterations;
    size_t every;                         /* fine-tuning: steps from validation to validation */
    struct probe_spec probe;
    struct probe_embedding_spec embedding;
};

struct task_matrix {
    struct task_matrix_spec spec;
    size_t n;
    struct task_images images[TASK_MATRIX_MOST]; /* the caller's to fill; features come later */
    const struct probe_data *probe_data;  /* NULL: pixels are the features, no Task2Vec */
    struct arena *mem;
    uint64_t seed;
    const char *artifacts;
    /* made when needed */
    struct convnet *net;
    struct model model;
    struct probe probe;
    struct source_model source[TASK_MATRIX_MOST];
};

/* Frees networks; a zeroed one is fine. */
void task_matrix_free(struct task_matrix *t);

/* The pair from task i to task j, found or made. STATUS_DIVERGED and others. */
enum status task_matrix_pair(struct task_matrix *t, size_t i, size_t j,
                             struct task_matrix_pair *out) MUST_USE;

/* Task2Vec's distances of all pairs, n x n. */
enum status task_matrix_task2vec(struct task_matrix *t, struct mat *distance) MUST_USE;

/* Entry (i, j) of kinds[..] (TASK_MATRIX_KINDS matrices n x n) from a pair. */
void task_matrix_enter(struct mat *kinds, size_t i, size_t j, const struct task_matrix_pair *pair);

/* All pairs of all kinds: n x n each, 0 on the diagonal. */
enum status task_matrix_all(struct task_matrix *t, struct mat *kinds) MUST_USE;

/* Emits the entry (i, j) of each kind but the last `without`. */
void task_matrix_emit(struct unit *u, const struct mat *kinds, size_t i, size_t j, size_t without);

/* Emits a family of n (n - 1) numbers a / b by pair. */
void task_matrix_emit_ratio(struct unit *u, const char *family, const struct mat *a,
                            const struct mat *b);

/* The matrices, for people. */
void task_matrix_print(const struct task_matrix *t, const struct mat *kinds);

/* ---- one number of a matrix ---- */

double task_matrix_asymmetry(const struct mat *d); /* max d_ij / d_ji */
double task_matrix_spread(const struct mat *d);    /* max / min off the diagonal */
/* Geometric mean of a / b over pairs: noise of b does not lift it, as it lifts a mean of ratios. */
double task_matrix_mean_ratio(const struct mat *a, const struct mat *b);
double task_matrix_mean(const struct mat *a);      /* over pairs */

/* How far targets are apart: of the means over sources, the largest less the smallest. */
double task_matrix_apart(const struct mat *a);

/* Two measurements of the same distances: the root mean square of log(a / b) / sqrt 2 over pairs,
 * that is the relative noise of one of them; and what noise alone makes of an asymmetry, the
 * largest of a / b and b / a over pairs i < j. */
double task_matrix_noise(const struct mat *a, const struct mat *b);
double task_matrix_asymmetry_of_noise(const struct mat *a, const struct mat *b);

/* Mean of d_ij and d_ji over the mean of all entries, less the largest (or, with `least`, the
 * smallest) such number of another pair: above 0, it is the farthest (below 0, the nearest). */
double task_matrix_excess(const struct mat *d, size_t i, size_t j, int least);

/* The same less the mean of the other pairs. The largest of several noisy numbers lies above all of
 * their means, so that a single run of each pair cannot show one to be the farthest; this number's
 * mean over runs is that of the noiseless one. */
double task_matrix_beyond(const struct mat *d, size_t i, size_t j);

/* Logarithms of distances as a mean, a level of the source, a level of the target and what is left
 * to the pair, by least squares over the ordered pairs of 3 to TASK_MATRIX_MOST tasks (CHECKed).
 * Shares are of the sum of squares about the mean. Entries that are noise alone have in the mean
 * the shares (n - 1) / (n (n - 1) - 1) and twice that. residual: n x n, 0 on the diagonal. */
struct task_matrix_levels {
    double source;            /* share of the means of sources */
    double both;              /* share of levels of sources and targets */
};
struct task_matrix_levels task_matrix_levels(const struct mat *d, struct mat *residual);

/* Slope, through 0 and over pairs i < j, of log d_ij / d_ji on that of known distances: 1, as
 * asymmetric as those; 0, not along them; below 0, the other way round. */
double task_matrix_along(const struct mat *d, const struct mat *known);

/* Of n ordered pairs the one number `which`: its distance less the mean of all but these n, over
 * the mean of all. */
double task_matrix_less_others(const struct mat *d, const size_t (*pair)[2], size_t n,
                               size_t which);

#endif
