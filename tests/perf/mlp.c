/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mlp: a training step of a 784-256-256-10 network, batch 128, plain SGD, against the speed of a
 * large product, of the step's own products and of the core's multiply-adds in the same process.
 *
 * Prints lines "name<TAB>median<TAB>unit<TAB>wanted". On the core that OpenBLAS chooses a step is
 * to be at least as fast as the peer's; nothing is wanted of a core that was prescribed, which a
 * peer on another library does not obey. Argument: seconds to measure (default 2). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "linalg/blas.h"
#include "linalg/mat.h"
#include "net/loss.h"
#include "net/net.h"
#include "net/optimizer.h"

#include "fma_peak.h"

enum { BATCH = 128, LAYERS = 3, LARGE = 1024, MOST = 100000 };

static const size_t widths[LAYERS + 1] = {784, 256, 256, 10};

struct bench {
    struct net net;
    struct optimizer optimizer;
    float *x;             /* BATCH x 784 */
    uint8_t labels[BATCH];
    struct matf a, b, c;  /* LARGE x LARGE */
    double seen;          /* keeps results alive */
};

/* One whole step: forward, loss, backward with the update inside. */
static void step_fused(struct bench *s)
{
    const float *logits = net_forward(&s->net, s->x, BATCH);
    float *d = net_dlogits(&s->net);

    s->seen += loss_cross_entropy(logits, s->labels, BATCH, s->net.outputs, BATCH, d);
    net_backward_step(&s->net, d, 0.1, 0.0);
}

/* The same with gradients in memory and an optimizer. */
static void step_with_gradients(struct bench *s)
{
    const float *logits = net_forward(&s->net, s->x, BATCH);
    float *d = net_dlogits(&s->net);

    s->seen += loss_cross_entropy(logits, s->labels, BATCH, s->net.outputs, BATCH, d);
    net_backward(&s->net, d, 0.0f);
    optimizer_step(&s->optimizer, s->net.params, s->net.grads, 0.1);
}

/* The step's matrix products and nothing else. */
static void products(struct bench *s)
{
    for (size_t l = 0; l < LAYERS; l++) {
        const struct net_layer *layer = &s->net.layers[l];
        struct matf in = matf_over(l ? s->net.layers[l - 1].deltas : s->x, BATCH, layer->in);
        struct matf out = matf_over(layer->outputs, BATCH, layer->out);
        struct matf w = matf_over(net_weights(&s->net, l), layer->in, layer->out);
        struct matf g = matf_over(net_weight_grads(&s->net, l), layer->in, layer->out);

        matf_multiply(&out, 1.0f, &in, 0, &w, 0, 0.0f);
        matf_multiply(&g, 1e-9f, &in, 1, &out, 0, 1.0f);
        if (l > 0)
            matf_multiply(&in, 1e-9f, &out, 0, &w, 1, 0.0f);
    }
}

static void large_product(struct bench *s)
{
    matf_multiply(&s->c, 1.0f, &s->a, 0, &s->b, 0, 0.0f);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Medians in seconds of several ways, taken in turns so that a disturbance meets all. */
static void medians(struct bench *s, void (*const *ways)(struct bench *), size_t count,
                    double seconds, double *out)
{
    double *times = calloc(count * MOST, sizeof *times);
    size_t n = 0;

    if (times == NULL)
        exit(6);
    for (size_t k = 0; k < count; k++)
        ways[k](s);
    for (const double end = progress_clock() + seconds; progress_clock() < end && n < MOST; n++)
        for (size_t k = 0; k < count; k++) {
            const double start = progress_clock();
            ways[k](s);
            times[k * MOST + n] = progress_clock() - start;
        }
    for (size_t k = 0; k < count; k++) {
        qsort(times + k * MOST, n, sizeof *times, ascending);
        out[k] = times[k * MOST + n / 2];
    }
    free(times);
}

static double step_flops(void)
{
    double multiplications = 0;

    for (size_t l = 0; l < LAYERS; l++)
        multiplications += (l > 0 ? 3.0 : 2.0) * (double)(BATCH * widths[l] * widths[l + 1]);
    return 2 * multiplications;
}

static void prepare(struct bench *s, struct arena *mem)
{
    const struct net_spec spec = {
        .layer_count = LAYERS, .widths = widths, .activation = ACTIVATION_RELU};
    struct rng rng = rng_stream(1, "perf");

    s->net = net_create(mem, &spec, BATCH);
    net_init(&s->net, &rng);
    s->optimizer = optimizer_create(mem, &(struct optimizer_spec){0}, s->net.param_count);
    s->x = arena_get(mem, BATCH * widths[0], sizeof *s->x);
    for (size_t i = 0; i < BATCH * widths[0]; i++)
        s->x[i] = rng_uniformf(&rng);
    for (size_t i = 0; i < BATCH; i++)
        s->labels[i] = (uint8_t)rng_below(&rng, 10);
    s->a = matf_normal(mem, &rng, LARGE, LARGE, 1.0);
    s->b = matf_normal(mem, &rng, LARGE, LARGE, 1.0);
    s->c = matf_zero(mem, LARGE, LARGE);
}

int main(int argc, char **argv)
{
    void (*const ways[])(struct bench *) = {step_fused, step_with_gradients, products};
    void (*const large[])(struct bench *) = {large_product};
    const double seconds = argc > 1 ? atof(argv[1]) : 2.0;
    struct arena mem = {0};
    struct bench s = {0};
    const int native = getenv("OPENBLAS_CORETYPE") == NULL;
    double t[3], t_large;

    blas_set_threads(1);
    prepare(&s, &mem);
    medians(&s, large, 1, 0.2 * seconds, &t_large);
    medians(&s, ways, 3, 0.8 * seconds, t);

    const double product = 2.0 * LARGE * LARGE * LARGE / t_large, rate = step_flops() / t[0];
    const double peak = 1e9 * fma_peak(strcmp(blas_core(), "Haswell") != 0);
    printf("mlp.core\t%s\tname\n", blas_core());
    printf("mlp.step\t%.6g\tms\t%s\n", t[0] * 1e3, native ? ">1.0" : "");
    printf("mlp.step.gradients\t%.6g\tms\n", t[1] * 1e3);
    printf("mlp.products\t%.6g\tms\n", t[2] * 1e3);
    printf("mlp.rate\t%.6g\tGFLOP/s\n", rate * 1e-9);
    printf("mlp.large-product\t%.6g\tGFLOP/s\n", product * 1e-9);
    printf("mlp.of-large-product\t%.4g\tfraction\n", rate / product);
    if (peak > 0) {
        printf("mlp.fma-peak\t%.6g\tGFLOP/s\n", peak * 1e-9);
        printf("mlp.of-fma-peak\t%.4g\tfraction\n", rate / peak);
        printf("mlp.floor\t%.6g\tms\n", step_flops() / peak * 1e3);
    }
    arena_free(&mem);
    return s.seen > 0 ? 0 : 1;
}
