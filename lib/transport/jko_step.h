/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jko_step: what the solvers of a JKO step share: the formulas of jko.h one by one, and what comes
 * before and after. For the files jko*.c. */
#ifndef TRANSPORT_JKO_STEP_H
#define TRANSPORT_JKO_STEP_H

#include "transport/jko.h"

void jko_step_set_a(struct jko *s, const struct vec *u); /* log a = -sigma A^T u */
void jko_step_set_b(struct jko *s); /* log b = log q - log xi a, -inf without mass */

/* gradient = u + y - A p for the p in s->mass. */
void jko_step_gradient(struct jko *s, const struct vec *u);

/* sum_j q_j x_j over the q_j > 0. */
double jko_step_mean(const struct jko *s, const struct vec *x);

/* H(u) of jko_newton; leaves log a and log xi a. */
double jko_step_dual(struct jko *s, const struct vec *u);

/* L1 error of b . xi a against q, with log xi a in log_s. */
double jko_step_column_error(const struct jko *s);

/* STATUS_DIVERGED, naming `what` and the entry, where x is not finite. */
enum status jko_step_check_finite(const char *what, const struct vec *x) MUST_USE;

/* Checks shapes and numbers, empties the report and takes log q. */
enum status jko_step_begin(struct jko *s, const struct vec *p, const struct vec *u,
                           const struct vec *q, struct jko_report *report) MUST_USE;

/* The report of an entropic step that ended with `status`, everything anew from p, u and log b.
 * Returns `status`. */
enum status jko_step_end(struct jko *s, enum status status, const struct vec *p,
                         const struct vec *u, struct jko_report *report) MUST_USE;

#endif
