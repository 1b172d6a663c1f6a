/* SPDX-License-Identifier: GPL-3.0-or-later */
/* augment: what the next batch costs beside the step that it is for. Training draws, shifts,
 * mirrors and normalizes a batch between two steps, on the one thread that a unit has: nothing
 * hides that time, so it has to be small.
 *
 * Prints lines "name<TAB>value<TAB>unit<TAB>wanted": the time of a batch as a share of that of a
 * step of the conv net, both of the processor and in turns. Argument: seconds to measure. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/parallel.h"
#include "base/progress.h"
#include "data/augment.h"
#include "linalg/blas.h"
#include "net/convnet.h"
#include "net/convnet_models.h"
#include "net/optimizer.h"

enum { IMAGES = 512, MOST = 5000, LEAST = 3 };

/* The published net for 32 x 32, and an eighth of it for 16 x 16, where a step is half a ms. */
static const struct setting {
    const char *name, *wanted;
    size_t side, divide, batch, pad;
} settings[] = {{"conv", "<0.02", 32, 1, 128, 4}, {"small", "<0.1", 16, 8, 20, 2}};

static double processor(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *times, size_t n)
{
    qsort(times, n, sizeof *times, ascending);
    return times[n / 2];
}

static void step(const struct model *m, struct optimizer *optimizer, const float *x,
                 const uint8_t *labels, size_t batch)
{
    const float *logits = m->forward(m->self, x, batch, MODEL_TRAIN);
    float *d = m->dlogits(m->self);

    loss_cross_entropy(logits, labels, batch, m->outputs, batch, d);
    m->backward(m->self, d, 0.0f);
    optimizer_step(optimizer, m->params, m->grads, 0.01);
}

static void measure(const struct setting *s, double seconds)
{
    static double batches[MOST], steps[MOST];
    const size_t channels = 3, numbers = channels * s->side * s->side;
    const struct convnet_model_options o = {.channels = channels, .size = s->side, .outputs = 10,
                                            .divide = s->divide};
    const struct convnet_spec spec = convnet_models_conv(&o);
    struct rng rng = rng_stream(1, "perf");
    struct arena mem = {0};
    struct convnet *net;
    size_t n = 0;

    if (convnet_create(&net, &spec, &(struct convnet_options){.max_batch = s->batch}))
        exit(6);
    convnet_init(net, &rng);
    const struct model m = convnet_model(net);
    struct optimizer optimizer = optimizer_create(
        &mem, &(struct optimizer_spec){.momentum = 0.9, .weight_decay = 5e-4}, m.param_count);
    float *images = arena_get(&mem, IMAGES * numbers, sizeof *images);
    float *x = arena_get(&mem, s->batch * numbers, sizeof *x);
    uint8_t *labels = arena_get(&mem, s->batch, 1);
    uint32_t *indices = arena_get(&mem, s->batch, sizeof *indices);
    for (size_t i = 0; i < IMAGES * numbers; i++)
        images[i] = rng_uniformf(&rng);
    for (size_t i = 0; i < s->batch; i++)
        labels[i] = (uint8_t)(i % 10);
    const struct augment augment =
        augment_of_images(images, IMAGES, channels, s->side, s->side, &task_scale_cifar10, s->pad,
                          1, rng_stream(1, "augment"));

    for (const double end = progress_clock() + seconds;
         n < MOST && (n < LEAST || progress_clock() < end); n++) {
        for (size_t i = 0; i < s->batch; i++)
            indices[i] = (uint32_t)rng_below(&rng, IMAGES);
        const double start = processor();
        augment_batch(&augment, n, indices, s->batch, x);
        const double between = processor();
        step(&m, &optimizer, x, labels, s->batch);
        batches[n] = between - start;
        steps[n] = processor() - between;
    }
    printf("augment.%s\t%.3g\tof a step\t%s\n", s->name, median(batches, n) / median(steps, n),
           s->wanted);
    convnet_free(net);
    arena_free(&mem);
}

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? atof(argv[1]) : 2.0;

    blas_set_threads(1);
    parallel_set_threads(1);
    for (size_t k = 0; k < sizeof settings / sizeof *settings; k++)
        measure(&settings[k], seconds / 2);
    return 0;
}
