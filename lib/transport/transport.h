/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transport: what every solver of this folder says about its answer.
 *
 * Primal value, dual value and marginal error are recomputed from what the solver returns, never
 * carried along from its iteration, so that an answer cannot look better than it is. A caller holds
 * them against transport_accepts. */
#ifndef TRANSPORT_TRANSPORT_H
#define TRANSPORT_TRANSPORT_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/status.h"

struct transport_report {
    enum status status;    /* STATUS_OK, STATUS_NO_CONVERGENCE at the cap, ... */
    size_t iterations;     /* of the solver's own kind: paths, sweeps, Newton steps */
    double primal;         /* <C, P> (plus the entropy where the problem has one) */
    double dual;           /* value of the returned potentials; a lower bound of the optimum */
    double marginal_error; /* L1 over both marginals of the returned plan */
};

/* 1 when the answer is exact: primal - dual <= tolerance (1 + |primal|), marginal error <=
 * tolerance, status OK. NaN gives 0. The exact solvers are held against 1e-12. */
int transport_accepts(const struct transport_report *report, double tolerance);

#endif
