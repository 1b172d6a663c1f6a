/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/normal_rivals.h"

#include <string.h>

#define TARGETS CELL_NAMES("steep", "mild")
const struct axis normal_rivals_targets = {
    .name = "target", .meaning = "least variance of the target: 1e-4 (steep) or 1e-2 (mild)",
    .at = {TARGETS, TARGETS, TARGETS}};

void normal_rivals_make(struct normal_rivals *r, struct arena *mem,
                        const struct normal_rivals_setting *s, uint64_t seed)
{
    const struct kwng_options options = {.eps = s->eps, .cut = s->cut,
                                         .damping = KWNG_DAMPING_NORM_SQUARED};
    struct rng start = rng_stream(seed, "start");

    *r = (struct normal_rivals){.seed = seed, .start = vec_zero(mem, 2 * s->d),
                                .target = vec_zero(mem, 2 * s->d)};
    memcpy(r->iterations, s->iterations, sizeof r->iterations);
    normal_descent_problem(&r->start, &r->target, &start, s->v_low, s->exponent);
    r->first = gaussian_families_distance(NULL, GAUSSIAN_NORMAL_STD, &r->start, &r->target);
    r->estimator = normal_estimator_make(mem, s->N, s->M, s->d, &options, s->sigma_0);
    for (int m = 0; m < RIVALS; m++)
        r->by[m] = normal_descent_make(mem, GAUSSIAN_NORMAL_VAR,
                                       m == GRADIENT ? GAUSSIAN_EUCLIDEAN : GAUSSIAN_WASSERSTEIN,
                                       m == ESTIMATE ? &r->estimator : NULL, &r->start,
                                       &r->target);
}
