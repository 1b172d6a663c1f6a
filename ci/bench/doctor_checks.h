/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_checks: what doctor_numbers.c tries; each adds its cases to the tally. */
#ifndef BENCH_DOCTOR_CHECKS_H
#define BENCH_DOCTOR_CHECKS_H

#include "scratch.h"

void doctor_gemm_check(struct scratch *w, struct tally *t);
void doctor_gemm_check_syrk(struct scratch *w, struct tally *t);
void doctor_gemm_check_nan(struct scratch *w, struct tally *t);
void doctor_vectors_gemv(struct scratch *w, struct tally *t);
void doctor_vectors_dot(struct scratch *w, struct tally *t);
void doctor_factors_cholesky(struct scratch *w, struct tally *t);
void doctor_factors_eigen(struct scratch *w, struct tally *t);
void doctor_factors_svd(struct scratch *w, struct tally *t);

/* A = G G^T + n I into w->a, without gaps. */
void doctor_factors_definite(struct scratch *w, size_t n);

#endif
