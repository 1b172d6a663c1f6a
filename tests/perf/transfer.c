/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transfer: what coupled transfer adds to a network's own training steps.
 *
 * Prints lines "name<TAB>value<TAB>unit<TAB>wanted". Arguments: seconds to measure (default 2) and
 * a cell, desk:1 or paper:1: a step of coupled transfer (two images drawn, shifted and mixed, two
 * labels) over forward, loss, backward and SGD of the same network on one batch that lies there, in
 * turns, of the processor's time. What is measured at checkpoints is left out. */
#include <time.h>

#include "base/progress.h"
#include "linalg/blas.h"
#include "net/loss.h"

#include "transfer_settings.h"

enum { MOST = 2000, LEAST = 3 };

static struct task_images noise(struct arena *mem, const char *name, size_t side, const size_t *n)
{
    struct task_images t = {.name = name, .channels = 3, .side = side, .inputs = 3 * side * side,
                            .classes = OUTPUTS / 2};
    struct rng r = rng_stream(1, "%s", name);

    for (int k = 0; k < TASK_PARTS; k++) {
        struct task_part_images *part = &t.part[k];

        *part = (struct task_part_images){n[k], arena_get(mem, n[k] * t.inputs, sizeof(float)),
                                          arena_get(mem, n[k], 1), NULL};
        for (size_t i = 0; i < n[k] * t.inputs; i++)
            part->x[i] = rng_uniformf(&r);
        for (size_t i = 0; i < n[k]; i++)
            part->label[i] = (uint8_t)(i % t.classes);
    }
    return t;
}

static double processor(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds of n steps on images that lie there. */
static double time_steps(const struct model *m, const struct task_part_images *images,
                         struct optimizer *optimizer, size_t batch, double rate, size_t n)
{
    const double start = processor();

    for (size_t t = 0; t < n; t++) {
        const float *logits = m->forward(m->self, images->x, batch, MODEL_TRAIN);
        float *d = m->dlogits(m->self);

        loss_cross_entropy(logits, images->label, batch, OUTPUTS, batch, d);
        m->backward(m->self, d, 0);
        optimizer_step(optimizer, m->params, m->grads, rate);
    }
    return processor() - start;
}

static double time_transfer(struct coupled_transfer *c)
{
    struct coupled_iteration out;
    const double start = processor();

    must(coupled_transfer_independent(c, 1, &out));
    return processor() - start;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, ascending);
    return values[n / 2];
}

static void print_steps(const char *profile, double *own, double *ratio, size_t n, size_t steps)
{
    printf("transfer.%s.own\t%.4g\tms a step of the network alone\n", profile,
           median(own, n) * 1e3 / (double)steps);
    printf("transfer.%s\t%.4g\tof that with all that transfer does\t<1.15\n", profile,
           median(ratio, n));
}

static void measure_steps(const char *profile, double seconds)
{
    const struct parameters p = parameters_of(profile);
    const size_t steps = p.pooled ? 100 : 2, counts[] = {(size_t)p.train, (size_t)p.block,
                                                         (size_t)p.block};
    struct task_matrix_spec spec = MATRIX_SETTINGS(&p, CLASSES);
    static double own[MOST], ratio[MOST];
    struct arena mem = {0};
    struct convnet *net;
    size_t n = 0;

    spec.net.outputs = OUTPUTS;
    spec.coupled.transfer.steps = steps;
    spec.coupled.transfer.checkpoints = 1;
    spec.coupled.cost_blocks = 1;
    const struct task_images a = noise(&mem, "a", spec.net.side, counts);
    const struct task_images b = noise(&mem, "b", spec.net.side, counts);
    const struct task_pair pair = task_pair_make(&mem, &a, &b, OUTPUTS);
    must(transfer_net_create(&net, &spec.net, 1));
    const struct source_model start = untrained(net, &mem);
    const struct model model = some_passes(net, 0, (size_t)-1);
    struct optimizer optimizer = optimizer_create(
        &mem, &(struct optimizer_spec){.momentum = p.momentum, .weight_decay = p.decay},
        model.param_count);
    struct coupled_transfer c = coupled_transfer_create(&mem, &pair, &model, &start,
                                                        &spec.coupled);
    time_steps(&inner, a.part, &optimizer, (size_t)p.batch, p.rate, 1);
    for (const double end = progress_clock() + seconds;
         n < MOST && (n < LEAST || progress_clock() < end); n++) {
        own[n] = time_steps(&inner, a.part, &optimizer, (size_t)p.batch, p.rate, steps);
        ratio[n] = time_transfer(&c) / own[n];
    }
    print_steps(profile, own, ratio, n, steps);
    convnet_free(net);
    arena_free(&mem);
}

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? atof(argv[1]) : 2;
    const char *cell = argc > 2 ? argv[2] : "all";

    blas_set_threads(1);
    if (strcmp(cell, "paper:1") != 0)
        measure_steps("desk", seconds);
    if (strcmp(cell, "desk:1") != 0)
        measure_steps("paper", seconds);
    return 0;
}
