/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transfer_album: the weights of a model along its way, for what can be measured only when the end
 * is known. */
#ifndef TASK_DISTANCE_TRANSFER_ALBUM_H
#define TASK_DISTANCE_TRANSFER_ALBUM_H

#include <stddef.h>

#include "base/status.h"
#include "net/model.h"
#include "task_distance/transfer.h"

struct transfer_album {
    size_t every, each, steps; /* pictures are taken after every and each so many steps, of steps */
    size_t size, count;       /* floats of a picture; how many there are */
    float *pictures;          /* room for all: parameters and state */
    double *euclidean;        /* count: length of the weights' path up to there */
    float *before;            /* params: w_t */
};

/* Pictures at validations, `every` steps apart, and at checkpoints; the way begins at the model's
 * present weights. STATUS_MEMORY. Close it also on failure. */
enum status transfer_album_open(struct transfer_album *a, const struct model *model,
                                const struct transfer_options *o, size_t every) MUST_USE;
void transfer_album_close(struct transfer_album *a);

/* Whether there is a picture of step t. */
int transfer_album_shows(const struct transfer_album *a, size_t t);

/* |w_t+1 - w_t| since the last call. */
double transfer_album_moved(struct transfer_album *a, const struct model *model);

/* Takes the next picture. */
void transfer_album_keep(struct transfer_album *a, const struct model *model, double euclidean);

/* Brings the model back to a picture, counted from 0. */
void transfer_album_show(const struct transfer_album *a, size_t picture,
                         const struct model *model);

#endif
