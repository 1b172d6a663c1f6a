/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fisher: distances between categorical predictions, and lengths of curves of predictions.
 *
 *   ds^2 = 2 KL(p_w, p_{w+dw}) = dw' g dw,   g = the Fisher matrix
 *   d(p, q) = 2 acos sum_k sqrt(p_k q_k) <= pi              (Fisher-Rao, one prediction)
 *   A = sum_m sqrt(E_x 2 KL_m(x))     the Riemannian length of the curve of models
 *   B = E_x sum_m sqrt(2 KL_m(x))     the mean length of the curves of single predictions, B <= A
 *   released = E_x (1/M) sum_m sqrt(KL_m(x)) = B / (sqrt(2) M)
 *
 * with KL_m(x) = KL(p_{m-1}(.|x) || p_m(.|x)), both at the same input, for M steps between
 * checkpoints. Source: Y. Gao and P. Chaudhari, An information-geometric distance on the space of
 * tasks (arXiv 2011.00613v1), equations (5)-(8) for A, (1) and (17b) for B; `released` is what
 * their published code computes. Never the Fisher matrix: predictions alone.
 *
 * Logits are float, everything after them is double: log-softmax by the row's maximum, and each
 * term of a KL by e^-d - 1 + d, d = log p - log q, which is >= 0 and keeps its digits where p and q
 * are near. Calls libm's exp and log. NaN and infinite logits give NaN. */
#ifndef GEOMETRY_FISHER_H
#define GEOMETRY_FISHER_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/memory.h"

/* log p of the softmax of each row; logits and log_p are rows x width. */
void fisher_log_softmax(const float *logits, size_t rows, size_t width, double *log_p);

/* KL(p || q) >= 0 of two distributions over width classes from their logarithms; -infinity is a
 * probability of 0: infinite where q has one and p has none. */
double fisher_kl(const double *log_p, const double *log_q, size_t width);

/* The same from logits, without an array between. */
double fisher_kl_logits(const float *from, const float *to, size_t width);

/* d(p, q) as 4 asin(|sqrt p - sqrt q| / 2), which keeps its digits where p and q are near. */
double fisher_rao_distance(const double *log_p, const double *log_q, size_t width);

/* The lengths of one curve, step by step. */
struct fisher_length {
    size_t items;         /* inputs x that are followed */
    size_t steps;         /* M so far */
    double *roots;        /* items: sum over steps of sqrt(KL(x)) */
    double mean_kl;       /* E_x KL of the step that is under way */
    double riemannian;    /* A of the steps that are done */
};

struct fisher_length fisher_length_create(struct arena *mem, size_t items) MUST_USE;

/* Back to no step at all. */
void fisher_length_reset(struct fisher_length *l);

/* Part of a step: inputs first .. first + count - 1 go from the logits `from` to `to` (count x
 * width). weights (count) are their shares in E_x, whose sum over all items is 1; NULL: equal ones.
 * No memory is taken. */
void fisher_length_add(struct fisher_length *l, size_t first, size_t count, const double *weights,
                       const float *from, const float *to, size_t width);

/* The step is complete: each item was added once. */
void fisher_length_step(struct fisher_length *l);

/* sum_m sqrt(2 KL_m(x)) of one item: the entry C_ij of (17b) where items are pairs. */
double fisher_length_of(const struct fisher_length *l, size_t item);

/* A, B and the released code's statistic; weights (items) as above, or NULL. */
double fisher_length_riemannian(const struct fisher_length *l);
double fisher_length_mean(const struct fisher_length *l, const double *weights);
double fisher_length_released(const struct fisher_length *l, const double *weights);

#endif
