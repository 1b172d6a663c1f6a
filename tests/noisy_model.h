/* SPDX-License-Identifier: GPL-3.0-or-later */
/* noisy_model: a network of another kind for tests: fully connected, but a training pass multiplies
 * each input by 1/2 or 3/2, drawn from a stream of its own, and brings a state forward that scales
 * the inputs. It has no backward_step. With kill_at > 0 training pass number kill_at ends the
 * process as kill -9 does. */
#ifndef TESTS_NOISY_MODEL_H
#define TESTS_NOISY_MODEL_H

#include <signal.h>

#include "base/memory.h"
#include "base/rng.h"
#include "net/model.h"
#include "net/net.h"

struct noisy {
    struct net net;
    struct rng rng;
    float state[1];       /* starts at 1 */
    float *x;             /* max_batch x inputs */
    size_t passes;        /* training passes in this process */
    size_t kill_at;
};

static inline const float *noisy_forward(void *self, const float *x, size_t batch,
                                         enum model_mode mode)
{
    struct noisy *m = self;
    const int train = mode == MODEL_TRAIN;

    if (train && ++m->passes == m->kill_at)
        raise(SIGKILL);
    for (size_t i = 0; i < batch * m->net.inputs; i++)
        m->x[i] = m->state[0] * x[i] * (train ? rng_uniformf(&m->rng) < 0.5f ? 0.5f : 1.5f : 1.0f);
    if (train)
        m->state[0] += 0.001f * (x[0] - m->state[0] + 1.0f);
    return net_forward(&m->net, m->x, batch);
}

static inline void noisy_backward(void *self, const float *dlogits, float keep)
{
    net_backward(&((struct noisy *)self)->net, dlogits, keep);
}

static inline float *noisy_dlogits(void *self)
{
    return net_dlogits(&((struct noisy *)self)->net);
}

static inline struct model noisy_create(struct noisy *m, struct arena *mem,
                                        const struct net_spec *spec, size_t max_batch,
                                        uint64_t seed)
{
    struct rng init = rng_stream(seed, "init");

    *m = (struct noisy){.net = net_create(mem, spec, max_batch),
                        .rng = rng_stream(seed, "noise"),
                        .state = {1}};
    m->x = arena_get(mem, max_batch * m->net.inputs, sizeof *m->x);
    net_init(&m->net, &init);
    struct model model = model_of_net(&m->net);
    model.self = m;
    model.state = m->state;
    model.state_count = 1;
    model.rng = &m->rng;
    model.forward = noisy_forward;
    model.backward = noisy_backward;
    model.backward_step = NULL;
    model.dlogits = noisy_dlogits;
    return model;
}

#endif
