/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn_solver: the sweeps of sinkhorn.h over one problem. For the files sinkhorn*.c. */
#ifndef TRANSPORT_SINKHORN_SOLVER_H
#define TRANSPORT_SINKHORN_SOLVER_H

#include "transport/sinkhorn.h"

/* One problem being solved. The plan is kept as diag(u) K diag(v), K = plan. */
struct sinkhorn_solver {
    size_t n, k;
    double mass;                 /* m */
    const struct mat *cost;      /* n x k */
    struct vec a, b;             /* n, k: negligible weights are 0, b has the mass of a */
    struct vec log_a, log_b;     /* n, k: log a_i, log (b_j / m) */
    struct vec u, v;             /* n, k */
    struct vec t;                /* k: column sums of diag(u) K */
    struct vec alpha, beta;      /* n, k: potential / eps + log weight; t and beta are scratch */
    struct vec step, residual, direction, image, before; /* k: of sinkhorn_newton */
    double *scratch;             /* 2 (n + k) */
    struct vec f, g;             /* n, k: potentials that K holds */
    struct mat plan;             /* n x k */
    double lowest, highest;      /* finite costs */
    double eps, tolerance;       /* of the level; L1 error wanted, absolute */
    double scaling;
    size_t sweeps, max_sweeps;
    double error;                /* L1 over both marginals of diag(u) K diag(v) */
};

/* All levels of eps; a warm start has the last one alone, from the f that is there. The last level
 * runs from wherever the others got to, cap or not, so that the plan is of the eps asked for. */
void sinkhorn_solver_run(struct sinkhorn_solver *s, int warm);

/* Scalings into plan and potentials; potentials where weights are 0; <a, f> = <b, g>. */
void sinkhorn_solver_settle(struct sinkhorn_solver *s);

/* Whether a scaling may stand in u or v. */
int sinkhorn_solver_in_range(double scaling);

/* u = a / K v and t = K' u in one pass; the error is then that of the columns. Returns 0 when a
 * scaling would leave its range: those rows keep their old one. */
int sinkhorn_solver_scale_rows(struct sinkhorn_solver *s);

#endif
