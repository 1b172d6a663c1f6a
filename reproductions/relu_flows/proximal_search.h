/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proximal_search: the minimum of a smooth objective P over a cloud V (m x d), on the branch that
 * begins at a centre W: gradient descent from V = W with the step lengths of Barzilai and Borwein
 * (1988), shortened until P falls by Armijo's rule. */
#ifndef RELU_FLOWS_PROXIMAL_SEARCH_H
#define RELU_FLOWS_PROXIMAL_SEARCH_H

#include <stddef.h>

#include "base/status.h"
#include "linalg/mat.h"

/* *value = P(V) and `gradient` (m x d) = dP/dV. STATUS_NO_CONVERGENCE: V is too far away to say;
 * the step is shortened then. */
typedef enum status proximal_search_objective(void *context, double *value, struct mat *gradient,
                                              const struct mat *v);

struct proximal_search {
    proximal_search_objective *objective;
    void *context;
    double natural;   /* length of the first step; later ones are within a factor of 1e4 of it */
    double tolerance; /* on the residual */
    size_t max_iterations;
};

struct proximal_search_report {
    size_t iterations;
    double residual;  /* natural |dP/dV| / max(|V - W|, 1e-6 |W|), Frobenius norms */
    double value;     /* P(V), at most P(W) */
};

/* The minimum, in v (m x d, not W itself). `work` is m x d each. STATUS_NO_CONVERGENCE, with v and
 * the report filled, at the cap or where no shorter step lowers P; STATUS_DIVERGED where P(W) is
 * not finite; else the statuses of the objective. */
enum status proximal_search_run(const struct proximal_search *s, struct mat *v, const struct mat *w,
                                struct mat work[3], struct proximal_search_report *report) MUST_USE;

#endif
