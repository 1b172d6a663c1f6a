/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_pair: a network over images beside the same network as plain loops in double.
 *
 * The loss is a fixed random weighting of all outputs, so that its gradient by them is known.
 * Outputs pass through some ten float operations with sums of some hundred terms: 1e-5 of the
 * largest one holds all of that (measured: 1e-6). Differences with a step of 1e-6 in double are
 * right to 1e-9 of the loss. */
#ifndef TESTS_CONVNET_PAIR_H
#define TESTS_CONVNET_PAIR_H

#include "test.h"

#include "aborts.h"
#include "convnet_cases.h"
#include "convnet_naive.h"
#include "base/memory.h"
#include "base/rng.h"
#include "linalg/blas.h"
#include "net/convnet.h"
#include "net/convnet_parts.h"

enum { BATCH = 6, ODD = 5, BLOCKS = 16 };

/* A network, its loops, inputs and the weights of the loss. */
struct pair {
    struct convnet_spec spec;
    struct convnet *net;
    struct model m;
    struct naive loops;
    size_t batch;
    float *x, *weighting;
    const char *name;
};

static inline void draw(struct rng *rng, float *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        a[i] = (float)rng_normal(rng);
}

/* Scales and shifts that are not 1 and 0, running statistics that are not 0 and 1. */
static inline void draw_params(struct pair *p, struct rng *rng)
{
    convnet_init(p->net, rng);
    for (size_t i = 0; i < p->m.param_count; i++)
        p->m.params[i] += 0.1f * (float)rng_normal(rng);
    for (size_t i = 0; i < p->m.state_count; i++)
        p->m.state[i] += 0.5f * (float)rng_uniform(rng);
}

static inline struct pair pair_start(const struct convnet_case *c, size_t channels,
                              const struct convnet_options *options, size_t batch)
{
    struct rng rng = rng_stream(11, "convnet");
    struct pair p = {.spec = c->spec(channels), .batch = batch, .name = c->name};

    CHECK_STATUS(convnet_create(&p.net, &p.spec, options), STATUS_OK);
    p.m = convnet_model(p.net);
    draw_params(&p, &rng);
    p.x = memory_get(batch * p.m.inputs, sizeof *p.x);
    p.weighting = memory_get(batch * p.m.outputs, sizeof *p.weighting);
    draw(&rng, p.x, batch * p.m.inputs);
    draw(&rng, p.weighting, batch * p.m.outputs);
    return p;
}

static inline void pair_end(struct pair *p)
{
    convnet_free(p->net);
    memory_free(p->x);
    memory_free(p->weighting);
}

/* The loops, with what the network holds now. */
static inline void loops_start(struct pair *p)
{
    p->loops = naive_start(p->net != NULL ? convnet_plan(p->net) : &p->spec, p->batch);
    for (size_t i = 0; i < p->m.param_count; i++)
        p->loops.params[i] = (double)p->m.params[i];
    for (size_t i = 0; i < p->m.state_count; i++)
        p->loops.state[i] = (double)p->m.state[i];
    for (size_t i = 0; i < p->batch * p->m.inputs; i++)
        p->loops.tensors[0][i] = (double)p->x[i];
}

static inline double largest(const double *a, size_t n)
{
    double most = 0;

    for (size_t i = 0; i < n; i++)
        most = fabs(a[i]) > most ? fabs(a[i]) : most;
    return most;
}

static inline void check_close(const char *name, const char *what, const float *actual,
                        const double *expected, size_t n, double tolerance)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)actual[i] - expected[i]) <= tolerance))
            fail_msg("%s: %s[%zu] = %.9g, expected %.9g within %.3g", name, what, i,
                     (double)actual[i], expected[i], tolerance);
}

static const struct convnet_options variants[] = {
    {.max_batch = BATCH},
    {.max_batch = BATCH, .keep_all = 1},
    {.max_batch = BATCH + 4, .direct = 1},
};

enum { VARIANTS = sizeof variants / sizeof *variants };

/* ---- outputs and gradients ---- */

static inline void check_outputs(struct pair *p, enum model_mode mode)
{
    const size_t n = p->batch * p->m.outputs;

    loops_start(p);
    const double *expected = naive_forward(&p->loops, mode, *p->m.rng);
    const float *actual = p->m.forward(p->m.self, p->x, p->batch, mode);
    check_close(p->name, "logits", actual, expected, n, 1e-5 * largest(expected, n));
    for (size_t i = 0; i < p->m.state_count; i++)
        CHECK_NEAR((double)p->m.state[i], p->loops.state[i],
                   1e-6 * (1 + fabs(p->loops.state[i])));
    naive_end(&p->loops);
}

static inline double loss_of_loops(struct pair *p, enum model_mode mode, struct rng rng)
{
    const double *y = naive_forward(&p->loops, mode, rng);
    double sum = 0;

    for (size_t i = 0; i < p->batch * p->m.outputs; i++)
        sum += (double)p->weighting[i] * y[i];
    return sum;
}

/* d loss / dt at params + t direction. The training state moves, but nothing reads it. */
static inline double slope(struct pair *p, enum model_mode mode, struct rng rng,
                           const double *direction, size_t first, size_t count)
{
    const double step = 1e-6;
    double loss[2];

    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < count; i++)
            p->loops.params[first + i] += (side == 0 ? step : -2 * step) * direction[i];
        loss[side] = loss_of_loops(p, mode, rng);
    }
    for (size_t i = 0; i < count; i++)
        p->loops.params[first + i] = (double)p->m.params[first + i];
    return (loss[0] - loss[1]) / (2 * step);
}

static inline void run_gradient(struct pair *p, enum model_mode mode, float keep)
{
    p->m.forward(p->m.self, p->x, p->batch, mode);
    p->m.backward(p->m.self, p->weighting, keep);
}

/* Each layer along a random direction. */
static inline void check_directions(struct pair *p, enum model_mode mode)
{
    const struct rng rng = *p->m.rng;
    struct rng draws = rng_stream(5, "directions");
    double *direction = memory_get(p->m.param_count, sizeof *direction);

    loops_start(p);
    run_gradient(p, mode, 0);
    rng_normals(&draws, direction, p->m.param_count);
    for (size_t i = 0; i < p->spec.count; i++) {
        const size_t at = convnet_params_at(p->net, i), n = convnet_layer_params(&p->spec, i);
        double actual = 0, norm = 0;
        if (n == 0)
            continue;
        for (size_t k = at; k < at + n; k++) {
            actual += direction[k] * (double)p->m.grads[k];
            norm += (double)p->m.grads[k] * (double)p->m.grads[k];
        }
        const double expected = slope(p, mode, rng, direction + at, at, n);
        if (!(fabs(actual - expected) <= 2e-5 * sqrt(norm) + 1e-5))
            fail_msg("%s: layer %zu: slope %.9g, expected %.9g (norm %.3g)", p->name, i, actual,
                     expected, sqrt(norm));
    }
    memory_free(direction);
    naive_end(&p->loops);
}

static inline float *copy_of(const float *a, size_t n)
{
    float *copy = memory_get(n, sizeof *copy);

    memcpy(copy, a, n * sizeof *copy);
    return copy;
}

static inline void poison(float *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        a[i] = NAN;
}

#endif
