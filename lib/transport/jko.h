/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jko: one entropic step of the scheme of Jordan, Kinderlehrer and Otto (1998) for a measure on a
 * product grid, by three solvers that have to agree, and its limit gam -> 0.
 *
 *   p+ = argmin_p  W_gam(p, q) + tau f(p),   f(p) = 1/2 |A p - y|^2,
 *   W_gam(p, q) = min <c, pi> + gam sum pi (log pi - 1)  over plans with marginals p and q,
 *   c_ij = |theta_i - theta_j|^2.
 *
 * In physical time a step is tau / 2 long (c has no 1/2), and the entropy adds a variance of
 * gam / 2 to every coordinate in every step. With xi = exp(-c / gam) and sigma = tau / gam the
 * answer is p+ = a . xi b, a = exp(-sigma A^T u), b = q / (xi a), u = A p+ - y; the plan is
 * diag(a) xi diag(b). a is never formed as a quotient, so nothing is 0 / 0 where mass underflows.
 *
 * Several species, each on its own copy of the grid, share A p - y and nothing else: p, q, a, b and
 * the columns of A are then those of the first species, followed by those of the next; xi is
 * block-diagonal, so each species keeps its mass. A network with output weights +1 and -1 is two
 * species, the second with columns -A.
 *
 * All scalings are carried as logarithms. xi is applied axis by axis: as matrices exp(-c / gam)
 * where that keeps every digit that counts, and by log-sum-exp where it would underflow (found at
 * each application). Nothing is truncated. Results are deterministic for one BLAS core. */
#ifndef TRANSPORT_JKO_H
#define TRANSPORT_JKO_H

#include "linalg/mat.h"
#include "linalg/vec.h"
#include "transport/transport.h"

#define JKO_AXES 3 /* most axes of a grid */

/* Points are numbered row-major: the last axis runs fastest, species the slowest. G is the product
 * of the counts, times the species. */
struct jko_grid {
    size_t axes;           /* 1 .. JKO_AXES */
    struct vec axis[JKO_AXES]; /* finite coordinates along each axis, in any order */
    size_t species;        /* copies of the grid, each with a measure of its own; 0 means 1 */
};

enum jko_kernel {
    JKO_AUTO, /* matrices, log-sum-exp where they underflow */
    JKO_LOG   /* log-sum-exp always: slower, for tests and for the smallest gam */
};

/* Workspace of jko_exact: plans that send all mass of a point to one other, and their mixture. */
struct jko_corners {
    size_t n;                 /* in the mixture, up to N + 1; one more joins it */
    struct mat mass, output;  /* N + 2 x G: p; N + 2 x N: A p - y */
    struct vec cost, share;   /* N + 2: <c, pi>; part of the mixture */
    size_t *choice[JKO_AXES]; /* G: where each point goes along an axis */
    struct mat difference;    /* N + 2 x N */
    struct mat gram;          /* N + 2 x N + 2 */
    struct vec border, solved, slope, way; /* N + 2 */
};

/* Everything that steps on one grid with one A, y, gam, tau share; filled by jko_init. */
struct jko {
    size_t G, N;                /* points of all species, rows of A */
    size_t species, points;     /* points of one species: G / species */
    size_t axes, count[JKO_AXES];
    double gam, tau, sigma;     /* sigma = tau / gam */
    enum jko_kernel kernel;
    struct mat a;               /* N x G, a copy */
    struct vec y;               /* N, a copy */
    struct vec low;             /* N: smallest entry of each row of A */
    struct mat exponent[JKO_AXES]; /* -(x_i - x_j)^2 / gam, count x count */
    struct mat factor[JKO_AXES];   /* exp of it */
    struct mat square[JKO_AXES];   /* (x_i - x_j)^2 */
    struct vec log_a, log_b;    /* G: scalings of the last step's plan */
    /* the rest is workspace */
    struct vec log_s, log_r;    /* G: log xi a, log xi b */
    struct vec log_q, mass;     /* G */
    struct vec smooth[2];       /* G */
    struct vec top;             /* G */
    struct vec gradient, step, trial; /* N */
    struct mat hessian;         /* N x N */
    struct mat mean;            /* N x G: B of the Hessian */
    struct mat wide[2];         /* N x G */
    struct vec correction[3];   /* G: Dykstra's odd u, even u, even v */
    struct vec last, base;      /* G: its scaling before a step, and times its correction */
    struct jko_corners corner;
    size_t applications;        /* of xi to one vector since jko_init */
    int underflow;              /* the last application had to be redone by log-sum-exp */
};

struct jko_report {
    struct transport_report transport; /* primal: W_gam + tau f of the returned plan and p */
    double residual;     /* |u - (A p - y)|_inf / (1 + |y|_inf) */
    size_t applications; /* of xi to one vector, without the report's own */
};

/* Takes all memory that steps need, from the arena: (16 + axes) G + 5 N G +
 * 3 sum count^2 numbers and less. A is
 * N x G, y has N, N >= 1. STATUS_USAGE: gam or tau not positive and finite; STATUS_DIVERGED: a
 * coordinate, A or y not finite. */
enum status jko_init(struct jko *s, struct arena *mem, const struct jko_grid *grid,
                     const struct mat *a, const struct vec *y, double gam, double tau,
                     enum jko_kernel kernel) MUST_USE;

/* out = log(xi exp(in)), both G, in and out apart; entries of -inf are masses of 0. */
void jko_apply(struct jko *s, const struct vec *in, struct vec *out);

/* p = argmin sum_i p_i log(p_i / r_i) - p_i + r_i + sigma f(p), for r = exp(log_r), by damped
 * Newton on the N numbers u: p = r exp(-sigma A^T u), u minimizes the convex
 *   1/2 |u|^2 + <y, u> + 1/sigma sum_i p_i.
 * u (N) holds the start on entry and u = A p - y on return; p has G. It ends at a residual
 * of `tolerance`. STATUS_NO_CONVERGENCE at 100 steps; STATUS_DIVERGED when the start has no finite
 * value. */
enum status jko_prox(struct jko *s, struct vec *p, struct vec *u, const struct vec *log_r,
                     double tolerance) MUST_USE;

/* The solvers. q (G) is the measure before the step, p (G) the one after it, u (N) the start on
 * entry (zeros, or the last step's) and A p - y on return. p may be q. No memory is taken.
 * STATUS_USAGE: a negative mass, or none at all; STATUS_DIVERGED: q or u not finite;
 * STATUS_NO_CONVERGENCE at the cap, with outputs and report filled; STATUS_NOT_DEFINITE when a
 * Hessian is lost to rounding. `report` may not be NULL.
 *
 * jko_newton: damped Newton on the convex function of N numbers
 *   H(u) = 1/2 |u|^2 + <y, u> + 1/sigma sum_j q_j log((xi exp(-sigma A^T u))_j),
 * whose gradient is u + y - A p(u). p(u) has the mass of q at every u. Three to seven iterations of
 * N + 2 applications on the problems tried, whatever gam; tolerance: of the residual, though a
 * value that is least to rounding, with a gradient that no longer falls, ends it as well. */
enum status jko_newton(struct jko *s, struct vec *p, struct vec *u, const struct vec *q,
                       double tolerance, size_t most, struct jko_report *report) MUST_USE;

/* jko_scaling: b = q / (xi a), p = prox(xi b), a = p / (xi b), until |b . xi a - q|_1 is at most
 * tolerance times the mass. 2 applications an iteration; their number grows like 1 / gam. */
enum status jko_scaling(struct jko *s, struct vec *p, struct vec *u, const struct vec *q,
                        double tolerance, size_t most, struct jko_report *report) MUST_USE;

/* jko_dykstra: the same with the correction variables of Dykstra's algorithm as Peyre (2015,
 * "Entropic approximation of Wasserstein gradient flows") writes it. The
 * corrections cancel, so its iterates are those of jko_scaling; started at u = 0 whatever u is. An
 * iteration is an odd and an even step. */
enum status jko_dykstra(struct jko *s, struct vec *p, struct vec *u, const struct vec *q,
                        double tolerance, size_t most, struct jko_report *report) MUST_USE;

/* jko_exact: the limit gam -> 0, W2^2 in the place of W_gam; gam is not looked at. The step is then
 *   min_pi <c, pi> + tau f(pi 1)
 *     = - tau min_u 1/2 |u|^2 + <y, u> + sum_j q_j max_i (-(A^T u)_i - c_ij / tau),
 * every mass moving to its own best points for the one u = A p - y. Solved exactly in finitely many
 * iterations (few on the problems tried), each one search over all pairs: G count steps an axis.
 * Ends when primal - dual <= tolerance (1 + |primal|), both recomputed from p and u;
 * marginal_error: of the masses of the species; residual 0 by construction. On a grid of spacing h
 * nothing moves where tau / 2 |grad f'| < h / 2. */
enum status jko_exact(struct jko *s, struct vec *p, struct vec *u, const struct vec *q,
                      double tolerance, size_t most, struct jko_report *report) MUST_USE;

#endif
