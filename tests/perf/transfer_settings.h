/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transfer_settings: what the measurements of coupled transfer share: the settings of the matrix of
 * five tasks (matrix_cifar100), and a network some of whose passes give zeros at once. */
#ifndef PERF_TRANSFER_SETTINGS_H
#define PERF_TRANSFER_SETTINGS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/parameter.h"
#include "task_distance/matrix_run.h"

#define PARAMETERS(P)                                                                              \
    P(int,    seeds,        1,    1,    1,     "none here")                                        \
    P(int,    train,        40,   500,  2000,  "as matrix_cifar100")                               \
    MATRIX_PARAMETERS(P, 1000)
DEFINE_PARAMETERS(PARAMETERS)

enum { OUTPUTS = 10, ROWS = 250, CLASSES = 100 };

static inline void must(enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "%s\n", status_message());
    exit(6);
}

static inline int is_paper(const char *profile)
{
    return strcmp(profile, "paper") == 0;
}

static inline struct parameters parameters_of(const char *profile)
{
    struct parameters p;

    parameter_resolve(&p, parameter_rows, sizeof parameter_rows / sizeof parameter_rows[0],
                      is_paper(profile) ? PAPER : DESK);
    return p;
}

static struct model inner;
static size_t left[2][ROWS + 1]; /* by mode and rows: passes still to be done */
static int done;          /* the last pass was */

static inline const float *some_forward(void *self, const float *x, size_t rows,
                                        enum model_mode mode)
{
    static const float zeros[ROWS * OUTPUTS];

    done = left[mode][rows] > 0;
    left[mode][rows] -= (size_t)done;
    return done ? inner.forward(self, x, rows, mode) : zeros;
}

static inline void some_backward(void *self, const float *dlogits, float keep)
{
    if (done)
        inner.backward(self, dlogits, keep);
}

/* The network's model with so many passes of each number of rows. */
static inline struct model some_passes(struct convnet *net, size_t evaluate, size_t train)
{
    struct model m = inner = convnet_model(net);

    for (size_t rows = 0; rows <= ROWS; rows++) {
        left[MODEL_EVALUATE][rows] = evaluate;
        left[MODEL_TRAIN][rows] = train;
    }
    m.forward = some_forward;
    m.backward = some_backward;
    return m;
}

/* The network as it starts, in place of a source model. */
static inline struct source_model untrained(struct convnet *net, struct arena *mem)
{
    const struct model m = convnet_model(net);
    struct rng r = rng_stream(1, "init");
    struct source_model s = {.param_count = m.param_count, .state_count = m.state_count,
                             .params = arena_get(mem, m.param_count, sizeof(float)),
                             .state = arena_get(mem, m.state_count, sizeof(float))};

    convnet_init(net, &r);
    memcpy(s.params, m.params, m.param_count * sizeof(float));
    memcpy(s.state, m.state, m.state_count * sizeof(float));
    return s;
}

#endif
