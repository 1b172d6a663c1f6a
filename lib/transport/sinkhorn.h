/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn: entropic optimal transport between two weighted sets, for a dense cost matrix.
 *
 *   OT(a, b) = min over P >= 0, P 1 = a, P' 1 = b of  <C, P> + eps KL(P | R),
 *   KL(P | R) = sum P log(P / R) - sum P + m,   R = a b' / m,   m = sum a = sum b,
 *   P_ij = (a_i b_j / m) exp((f_i + g_j - C_ij) / eps),
 *   dual(f, g) = <a, f> + <b, g> - eps (sum P - m)  <=  OT(a, b)  for every f, g.
 *
 * eps has the unit of C: nothing is scaled. The cost is the caller's; for squared distances this
 * project takes |x - y|^2 without 1/2. POT's `reg` is this eps: its objective <C, P> + reg
 * sum P log P has the same plan and differs by a constant of a and b. GeomLoss at p = 2 takes
 * |x - y|^2 / 2 and eps = blur^2: its value is half of ours at eps = 2 blur^2.
 *
 * Method: eps goes down from a hundredth of the range of C to its target, potentials carried along;
 * inside, plain scaling sweeps over the stored plan (Sinkhorn 1967), whose scalings are absorbed
 * into the potentials where they leave 1e-40 .. 1e40 (Schmitzer 2019, section 3), by two sweeps of
 * log-sum-exp that cannot underflow. Where the error falls so slowly that many sweeps are to come,
 * steps of Newton's method take turns with them (sinkhorn_newton.c). Scalings are relative to the
 * plan, so that range does not depend on the sizes. Bits do not depend on the CPU. Costs one read
 * of the plan a sweep.
 *
 * Rules for the input, STATUS_USAGE or, for NaN and the wrong infinity, STATUS_DIVERGED: C may be
 * negative, and +infinity forbids an entry; a, b >= 0, their sums equal up to 1e-5 relative (then b
 * is rescaled); weights up to 1e-100 m count as zero. A row or column that has mass and only
 * forbidden entries is STATUS_USAGE, and so is a finished run whose dual value proves that no plan
 * exists. */
#ifndef TRANSPORT_SINKHORN_H
#define TRANSPORT_SINKHORN_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/status.h"
#include "linalg/mat.h"
#include "linalg/vec.h"
#include "transport/transport.h"

struct sinkhorn_problem {
    const struct mat *cost; /* n x k */
    const struct vec *a;    /* n, weights of the rows */
    const struct vec *b;    /* k, weights of the columns */
};

/* Zero means the default, but eps has none. */
struct sinkhorn_options {
    double eps;            /* > 0 */
    double tolerance;      /* L1 error over both marginals, relative to m; 1e-9 */
    size_t max_iterations; /* sweeps, or products that cost one, over all levels of eps; 100000 */
    double scaling;        /* factor from one eps to the next, in (0, 1); 0.25 */
    const struct vec *f;   /* n, finite: start from it (g follows), without levels of eps */
    int raw;               /* 1: leave the plan as the sweeps made it, do not round it */
};

struct sinkhorn_result {
    /* primal: <C, P> + eps KL(P | R) of the plan; dual: of f and g; marginal_error: of the plan */
    struct transport_report report;
    struct vec f, g;   /* n, k; sum of a_i f_i = sum of b_j g_j; also right where a weight is 0 */
    struct mat plan;   /* n x k */
    double cost;       /* <C, P> of the plan */
    double raw_error;  /* L1 over both marginals before rounding: what tolerance was held against */
    int rounded;       /* the plan has the exact marginals */
};

/* Solves one problem; the result and the scratch live in `mem`. STATUS_NO_CONVERGENCE at the cap,
 * with the result filled. The plan is rounded onto the polytope, unless options say raw or the
 * remainder would fall on forbidden entries; then cost is an upper bound of the exact cost. */
enum status sinkhorn_solve(struct sinkhorn_result *result, const struct sinkhorn_problem *problem,
                           const struct sinkhorn_options *options, struct arena *mem) MUST_USE;

/* `count` independent problems, the blocks of one block-diagonal plan: results[i] is what
 * sinkhorn_solve gives for problems[i], to the bit. total: sums of the values and errors, and of
 * the sweeps. An initial f is refused. All blocks are solved; the status is the first that
 * is not OK, but a refused input ends the call there. */
enum status sinkhorn_blocks(struct sinkhorn_result *results, struct transport_report *total,
                            const struct sinkhorn_problem *problems, size_t count,
                            const struct sinkhorn_options *options, struct arena *mem) MUST_USE;

/* Entropic proximal step: min <C, P> + eps KL(P | previous), previous n x k, >= 0, finite. Its
 * zeros stay zero. Plain Sinkhorn with cost C - eps log(previous / R); the report is in terms of
 * this problem, cost is <C, P>. With previous = R it is sinkhorn_solve. */
enum status sinkhorn_proximal(struct sinkhorn_result *result,
                              const struct sinkhorn_problem *problem, const struct mat *previous,
                              const struct sinkhorn_options *options, struct arena *mem) MUST_USE;

/* Quadratic proximal step: min <C, P> + eps KL(P | R) + mu/2 |P - previous|^2 (Frobenius), mu >= 0.
 * Outer linearisation: P+ = argmin <C + mu (P - previous), P+> + eps KL(P+ | R) + L KL(P+ | P),
 * each a Sinkhorn solve at eps + L. On the polytope every entry is at most M = min(max a, max b),
 * so mu/2 |.|^2 is mu M-smooth relative to KL, and L = mu M makes the objective fall at every step,
 * by the factor L / (L + eps) or better (Lu, Freund and Nesterov 2018); L = 0 where 2 mu M <= eps,
 * where the plain fixed point contracts by half. Stops when |P+ - P|_1 <= 10 tolerance m;
 * max_steps outer steps. primal has the quadratic term; dual is the linearisation's lower bound. */
enum status sinkhorn_quadratic(struct sinkhorn_result *result,
                               const struct sinkhorn_problem *problem, const struct mat *previous,
                               double mu, size_t max_steps,
                               const struct sinkhorn_options *options, struct arena *mem) MUST_USE;

/* S = OT(a, b) - OT(a, a) / 2 - OT(b, b) / 2 (Feydy et al. 2019, eq. 3), from the dual values: at
 * least 0 up to the tolerance for costs |x - y|^2 and |x - y|, 0 to the bit for equal inputs.
 * xx n x n, xy n x k, yy k x k. */
enum status sinkhorn_divergence(double *divergence, const struct mat *xx, const struct mat *xy,
                                const struct mat *yy, const struct vec *a, const struct vec *b,
                                const struct sinkhorn_options *options) MUST_USE;

/* Moves a plan >= 0 onto the marginals a, b (equal sums): rows, then columns scaled down where they
 * have too much, the remainder as a rank-one term (Altschuler, Weed and Rigollet 2017, Algorithm
 * 2). The L1 distance moved is at most twice the marginal error. STATUS_NOTHING, and the plan is
 * as it was, when the remainder would need an entry where `cost` (or NULL) is infinite. scratch:
 * 2 (n + k) doubles. */
enum status sinkhorn_round(struct mat *plan, const struct vec *a, const struct vec *b,
                           const struct mat *cost, double *scratch) MUST_USE;

#endif
