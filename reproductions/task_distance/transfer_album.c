/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/transfer_album.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"

int transfer_album_shows(const struct transfer_album *a, size_t t)
{
    return t % a->every == 0 || t % a->each == 0;
}

enum status transfer_album_open(struct transfer_album *a, const struct model *model,
                                const struct transfer_options *o, size_t every)
{
    size_t most = 0;

    *a = (struct transfer_album){.every = every, .each = o->steps / o->checkpoints,
                                 .steps = o->steps,
                                 .size = model->param_count + model->state_count};
    for (size_t t = 1; t <= o->steps; t++)
        most += (size_t)transfer_album_shows(a, t);
    a->pictures = memory_get(most * a->size, sizeof *a->pictures);
    a->euclidean = memory_get(most, sizeof *a->euclidean);
    a->before = memory_get(model->param_count, sizeof *a->before);
    if (a->pictures == NULL || a->euclidean == NULL || a->before == NULL)
        return STATUS_MEMORY;
    memcpy(a->before, model->params, model->param_count * sizeof *a->before);
    return STATUS_OK;
}

void transfer_album_close(struct transfer_album *a)
{
    memory_free(a->pictures);
    memory_free(a->euclidean);
    memory_free(a->before);
    *a = (struct transfer_album){0};
}

double transfer_album_moved(struct transfer_album *a, const struct model *model)
{
    double squares = 0;

    for (size_t i = 0; i < model->param_count; i++) {
        const double d = (double)model->params[i] - (double)a->before[i];

        squares += d * d;
    }
    memcpy(a->before, model->params, model->param_count * sizeof *a->before);
    return sqrt(squares);
}

void transfer_album_keep(struct transfer_album *a, const struct model *model, double euclidean)
{
    float *to = a->pictures + a->count * a->size;

    memcpy(to, model->params, model->param_count * sizeof *to);
    if (model->state_count > 0)
        memcpy(to + model->param_count, model->state, model->state_count * sizeof *to);
    a->euclidean[a->count++] = euclidean;
}

void transfer_album_show(const struct transfer_album *a, size_t picture, const struct model *model)
{
    const float *from = a->pictures + picture * a->size;

    CHECK(picture < a->count, "picture %zu of %zu", picture, a->count);
    memcpy(model->params, from, model->param_count * sizeof *from);
    if (model->state_count > 0)
        memcpy(model->state, from + model->param_count, model->state_count * sizeof *from);
}
