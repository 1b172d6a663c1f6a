/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kfac_conv_cases: small networks for the tests of geometry/kfac_conv.h, and what these begin
 * with. */
#ifndef TESTS_KFAC_CONV_CASES_H
#define TESTS_KFAC_CONV_CASES_H

#include "geometry/kfac_conv.h"
#include "test.h"

enum { OUT = 3, MOST = 5 };

static const float scale[OUT] = {0.1f, 1.0f, 3.0f};
static const struct kfac_spec plain = {.labels = KFAC_EXPECTED, .damping = 0.01, .period = 1};

struct problem {
    struct arena mem;
    struct convnet_spec spec;
    struct convnet *net;
    struct model m;
    struct kfac_conv k;
    float *x;            /* MOST x inputs */
};

static inline void make(struct problem *p, const struct convnet_spec *net,
                        const struct kfac_spec *spec)
{
    struct rng init = rng_stream(3, "init"), inputs = rng_stream(3, "inputs");

    *p = (struct problem){.spec = *net};
    CHECK_STATUS(convnet_create(&p->net, &p->spec,
                                &(struct convnet_options){.max_batch = MOST,
                                                          .repeat_backward = 1}),
                 STATUS_OK);
    convnet_init(p->net, &init);
    p->m = convnet_model(p->net);
    for (size_t i = 0; i < p->m.param_count; i++)
        p->m.params[i] += 0.2f * (float)rng_normal(&init);
    p->x = arena_get(&p->mem, MOST * p->m.inputs, sizeof(float));
    rng_normalsf(&inputs, p->x, MOST * p->m.inputs);
    p->k = kfac_conv_create(&p->mem, spec, p->net, scale, 5);
}

static inline void end(struct problem *p)
{
    convnet_free(p->net);
    arena_free(&p->mem);
}

static inline const float *forward(struct problem *p, size_t first, size_t n)
{
    return p->m.forward(p->m.self, p->x + first * p->m.inputs, n, MODEL_EVALUATE);
}

static inline void observe(struct problem *p, size_t first, size_t n)
{
    CHECK_STATUS(kfac_conv_observe(&p->k, forward(p, first, n), n), STATUS_OK);
}

/* Both passes of a definite loss. */
static inline const float *passes(struct problem *p, size_t n, enum model_mode mode)
{
    struct rng r = rng_stream(8, "cotangents");
    const float *f = p->m.forward(p->m.self, p->x, n, mode);
    float *d = p->m.dlogits(p->m.self);

    rng_normalsf(&r, d, n * OUT);
    p->m.backward(p->m.self, d, 0);
    return f;
}

/* One position in every layer. */
static inline struct convnet_spec points(void)
{
    struct convnet_spec s = convnet_spec_start(2, 3, 3);
    const size_t x = convnet_conv_relu(&s, 0, 4, 3, 1, 0, 1);

    convnet_linear(&s, convnet_conv(&s, x, 3, 1, 1, 0, 0), OUT);
    return s;
}

/* Padding, a stride, with and without biases. */
static inline struct convnet_spec pictures(void)
{
    struct convnet_spec s = convnet_spec_start(2, 5, 4);
    const size_t x = convnet_conv_relu(&s, 0, 3, 3, 1, 1, 1);

    convnet_linear(&s, convnet_conv(&s, x, 4, 3, 2, 0, 0), OUT);
    return s;
}

/* Batch normalization with a ReLU, without, and with something added; a shortcut. */
static inline struct convnet_spec normalized(void)
{
    struct convnet_spec s = convnet_spec_start(2, 4, 5);
    const size_t from = convnet_batch_norm_relu(&s, convnet_conv(&s, 0, 8, 3, 1, 1, 0));
    const size_t x = convnet_conv(&s, from, 8, 3, 2, 1, 0);
    const size_t other = convnet_batch_norm(&s, convnet_conv(&s, from, 8, 1, 2, 0, 0));

    convnet_linear(&s, convnet_global_pool(&s, convnet_batch_norm_add_relu(&s, x, other)), OUT);
    return s;
}

/* The parameter of entry (o, j) of a layer's homogeneous weights. */
static inline size_t param_at(const struct kfac_conv_layer *l, size_t o, size_t j)
{
    const size_t columns = l->in - (size_t)l->window.bias;

    return l->params_at + (j < columns ? o * columns + j : l->out * columns + o);
}

#endif
