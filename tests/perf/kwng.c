/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kwng: a training step by the kernelized Wasserstein natural gradient with 5 and 20 basis points,
 * and one by plain SGD: 784-256-256-10, batch 128, in turns. And on 196-64-64-10, whose steps are
 * small, those of SGD, KWNG and K-FAC as the classification programs make them, beside the
 * multiply-adds that these count as their work: eigenvalues, draws, kernels and passes over the
 * parameters take time and are not counted.
 *
 * Prints lines "name<TAB>median<TAB>unit<TAB>wanted": with 5 points, the published number, a step
 * is to take at most six times that of SGD, and at most half of the peer's, unless the core of
 * OpenBLAS was prescribed, which a peer on another library does not obey. Argument: seconds to
 * measure (default 2). */
#include <stdio.h>
#include <stdlib.h>

#include "base/progress.h"
#include "geometry/kwng_net.h"
#include "kwng/class_method.h"
#include "linalg/blas.h"
#include "net/loss.h"

enum { BATCH = 128, LAYERS = 3, MOST = 100000, WAYS = 4, METHODS = 3, BLOCK = 20 };

static const size_t wide[LAYERS + 1] = {784, 256, 256, 10};
static const size_t narrow[LAYERS + 1] = {196, 64, 64, 10};
static const struct class_method methods[METHODS] = {
    {.name = "sgd", .family = CLASS_SGD},
    {.name = "5", .family = CLASS_KWNG, .damping = KWNG_DAMPING_NORM},
    {.name = "kfac", .family = CLASS_KFAC}};

struct bench {
    struct net net;
    struct optimizer sgd;
    struct kwng_net few, many; /* 5 and 20 basis points */
    struct class_optimizer by[METHODS]; /* of the narrow network, for which the above are unused */
    float *x;                  /* BATCH x inputs */
    uint8_t labels[BATCH];
    double seen;               /* keeps results alive */
    int broken;
};

static double gradient(struct bench *s)
{
    const float *logits = net_forward(&s->net, s->x, BATCH);
    float *d = net_dlogits(&s->net);
    const double loss = loss_cross_entropy(logits, s->labels, BATCH, s->net.outputs, BATCH, d);

    net_backward(&s->net, d, 0.0f);
    s->seen += loss;
    return loss;
}

static void step_sgd(struct bench *s)
{
    gradient(s);
    optimizer_step(&s->sgd, s->net.params, s->net.grads, 1e-4);
}

static void step_kwng(struct bench *s, struct kwng_net *k)
{
    struct kwng_net_report report;
    const enum status status = kwng_net_step(k, &s->net, gradient(s), 1e-4, &report);

    s->broken |= status != STATUS_OK || report.fallback;
}

static void step_few(struct bench *s)
{
    step_kwng(s, &s->few);
}

static void step_many(struct bench *s)
{
    step_kwng(s, &s->many);
}

/* The products of the five backward passes alone: what a step with M = 5 cannot do without. */
static void backward_few(struct bench *s)
{
    kwng_net_backward(&s->few, &s->net, &s->few.c);
}

/* As many steps as K-FAC has from one inversion to the next. */
static void block(struct bench *s, size_t method)
{
    for (int i = 0; i < BLOCK; i++) {
        const double loss = gradient(s);

        s->broken |= class_optimizer_step(&s->by[method], &s->net, loss, 1e-4) != STATUS_OK;
    }
}

static void block_sgd(struct bench *s)
{
    block(s, 0);
}

static void block_kwng(struct bench *s)
{
    block(s, 1);
}

static void block_kfac(struct bench *s)
{
    block(s, 2);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Medians in seconds, taken in turns so that a disturbance meets all. */
static void medians(struct bench *s, void (*const ways[])(struct bench *), size_t count,
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

static void prepare(struct bench *s, struct arena *mem, const size_t *widths)
{
    const struct net_spec spec = {
        .layer_count = LAYERS, .widths = widths, .activation = ACTIVATION_RELU};
    struct kwng_net_spec many = kwng_net_official;
    struct rng rng = rng_stream(1, "perf");

    many.basis = 20;
    s->net = net_create(mem, &spec, BATCH);
    net_init(&s->net, &rng);
    s->sgd = optimizer_create(mem, &(struct optimizer_spec){0}, s->net.param_count);
    s->few = kwng_net_create(mem, &kwng_net_official, &s->net, NULL, 1);
    s->many = kwng_net_create(mem, &many, &s->net, NULL, 1);
    s->x = arena_get(mem, BATCH * widths[0], sizeof *s->x);
    for (size_t i = 0; i < BATCH * widths[0]; i++)
        s->x[i] = rng_uniformf(&rng);
    for (size_t i = 0; i < BATCH; i++)
        s->labels[i] = (uint8_t)rng_below(&rng, 10);
}

static void classification(struct arena *mem, double seconds)
{
    void (*const blocks[METHODS])(struct bench *) = {block_sgd, block_kwng, block_kfac};
    struct bench s = {0};
    double t[METHODS];

    prepare(&s, mem, narrow);
    for (size_t k = 0; k < METHODS; k++)
        s.by[k] = class_optimizer_create(mem, &methods[k], &s.net, NULL, 1, 1);
    medians(&s, blocks, METHODS, seconds, t);
    if (s.broken)
        exit(1);
    printf("kwng.narrow.sgd\t%.6g\tms\n", t[0] * 1e3 / BLOCK);
    for (size_t k = 1; k < METHODS; k++) {
        printf("kwng.narrow.%s.of-sgd\t%.4g\tratio\n", methods[k].name, t[k] / t[0]);
        printf("kwng.narrow.%s.counted\t%.4g\tratio\n", methods[k].name,
               class_method_cost(&methods[k], &s.net, BATCH));
    }
}

int main(int argc, char **argv)
{
    void (*const ways[WAYS])(struct bench *) = {step_sgd, step_few, step_many, backward_few};
    struct arena mem = {0};
    struct bench s = {0};
    const int native = getenv("OPENBLAS_CORETYPE") == NULL;
    const double seconds = argc > 1 ? atof(argv[1]) : 2.0;
    double t[WAYS];

    blas_set_threads(1);
    prepare(&s, &mem, wide);
    medians(&s, ways, WAYS, seconds, t);
    printf("kwng.core\t%s\tname\n", blas_core());
    printf("kwng.sgd\t%.6g\tms\n", t[0] * 1e3);
    printf("kwng.5\t%.6g\tms\t%s\n", t[1] * 1e3, native ? ">2" : "");
    printf("kwng.20\t%.6g\tms\n", t[2] * 1e3);
    printf("kwng.5.backward\t%.6g\tms\n", t[3] * 1e3);
    printf("kwng.5.of-sgd\t%.4g\tratio\t<6\n", t[1] / t[0]);
    printf("kwng.20.of-sgd\t%.4g\tratio\n", t[2] / t[0]);
    classification(&mem, seconds / 2);
    arena_free(&mem);
    return s.seen > 0 && !s.broken ? 0 : 1;
}
