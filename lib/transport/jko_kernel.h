/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jko_kernel: the kernel xi = exp(-c / gam) of a product grid, applied axis by axis to each species
 * alone. For the files jko*.c; others have jko_apply. in, out and log_q have G numbers. */
#ifndef TRANSPORT_JKO_KERNEL_H
#define TRANSPORT_JKO_KERNEL_H

#include "transport/jko.h"

/* s->top_g = the largest entry of the species that point g is of; 0 where all are -inf. */
void jko_kernel_tops(struct jko *s, const struct vec *x);

/* Applies xi to `fields` arrays of G numbers in x; y is scratch of the same size. Returns the one
 * of the two that holds the answer. Up to 2 G count flops an axis and array. */
double *jko_kernel_multiply(struct jko *s, double *x, double *y, size_t fields);

/* out = log(xi exp(in)) by log-sum-exp: G count exponentials an axis. */
void jko_kernel_logs(struct jko *s, const struct vec *in, struct vec *out);

/* out = log(xi exp(in)) by matrices, or by log-sum-exp where they would underflow; s->underflow
 * says which. Only entries where log_q > -inf have to be exact; NULL: all. */
void jko_kernel_apply(struct jko *s, const struct vec *in, struct vec *out,
                      const struct vec *log_q);

/* The same in the way that s->underflow says: for log xi b after log xi a, where what underflows
 * has no mass in p. */
void jko_kernel_apply_again(struct jko *s, const struct vec *in, struct vec *out);

#endif
