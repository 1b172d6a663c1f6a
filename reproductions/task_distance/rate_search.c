/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/rate_search.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"

static enum status try_rate(struct rate_search *s, int k, struct curve *curve)
{
    const double rate = ldexp(s->in_use, k);
    double sum = 0, mean, best;

    CHECK(abs(k) <= RATE_SEARCH_ZERO, "2^%d times the rate in use", k);
    for (int i = 0; i < s->trials; i++) {
        double accuracy = 0;
        const enum status status = s->accuracy(s->self, rate, i, &accuracy);

        if (status == STATUS_DIVERGED)
            accuracy = 0;
        else
            TRY(status);
        sum += accuracy;
        if (curve != NULL)
            curve_row(curve, (double[]){rate, i, accuracy});
    }
    mean = s->mean[RATE_SEARCH_ZERO + k] = sum / s->trials;
    best = s->mean[RATE_SEARCH_ZERO + s->best];
    if (k == 0 ? mean >= best : mean > best) /* of equals, the one in use */
        s->best = k;
    return STATUS_OK;
}

enum status rate_search_run(struct rate_search *s, struct curve *curve)
{
    CHECK(s->trials >= 1 && s->grid >= 2, "%d trials of %d rates", s->trials, s->grid);
    s->first = s->best = -1;
    s->last = s->first + s->grid - 1;
    for (int k = s->first; k <= s->last; k++)
        TRY(try_rate(s, k, curve));
    while (s->last - s->first + 1 < s->widest) {
        if (s->best == s->last)
            TRY(try_rate(s, ++s->last, curve));
        else if (s->best == s->first)
            TRY(try_rate(s, --s->first, curve));
        else
            break;
    }
    return STATUS_OK;
}

void rate_search_emit(const struct rate_search *s, struct unit *u)
{
    for (int k = s->first; k <= s->last; k++)
        emit_at(u, "accuracy", RATE_SEARCH_ZERO + k, s->mean[RATE_SEARCH_ZERO + k]);
    emit(u, "in-use", s->in_use);
    emit(u, "best", ldexp(s->in_use, s->best));
    emit(u, "off", abs(s->best));
    emit(u, "at-edge", s->best == s->first || s->best == s->last);
    emit(u, "regret", s->mean[RATE_SEARCH_ZERO + s->best] - s->mean[RATE_SEARCH_ZERO]);
}
