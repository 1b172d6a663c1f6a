/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/transfer.h"

#include <math.h>

#include "base/check.h"

static double early(double u)
{
    return 0.5 - 2 / acos(-1) * asin(sqrt(0.5 - u));
}

double transfer_tau(enum transfer_schedule schedule, double u, struct rng *rng)
{
    CHECK(u >= 0 && u <= 1, "u = %g", u);
    if (u <= 0 || u >= 1)
        return u;
    if (schedule == TRANSFER_LINEAR)
        return u;
    if (schedule == TRANSFER_BETA)
        return rng_beta(rng, u, 1 - u);
    return u < 0.5 ? early(u) : 1 - early(1 - u);
}

int transfer_is_coarse(size_t m, size_t checkpoints)
{
    return m % TRANSFER_COARSE == 0 || m == checkpoints;
}

size_t transfer_coarse_count(size_t checkpoints)
{
    return (checkpoints + TRANSFER_COARSE - 1) / TRANSFER_COARSE;
}

enum status transfer_prepare(const struct model *model, const struct task_pair *pair)
{
    for (int k = 0; k < TASK_PARTS; k++) {
        TRY(model_prepare(model, pair->source->part[k].n, model->max_batch));
        TRY(model_prepare(model, pair->target->part[k].n, model->max_batch));
    }
    return STATUS_OK;
}

struct transfer_accuracy transfer_accuracy_of(const struct model *model,
                                              const struct task_pair *pair)
{
    struct transfer_accuracy a;

    for (int k = 0; k < TASK_PARTS; k++) {
        const struct task_part_images *s = &pair->source->part[k], *t = &pair->target->part[k];

        a.source[k] = s->n ? 1 - model_error_rate(model, s->x, s->label, s->n) : 0;
        a.target[k] = t->n ? 1 - model_error_rate(model, t->x, pair->target_label[k], t->n) : 0;
    }
    return a;
}
