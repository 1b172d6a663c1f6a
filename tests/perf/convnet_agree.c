/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_agree: ten training steps of three networks from five seeds, with Winograd convolutions
 * and with direct ones alone, written for an independent implementation (convnet_agree_torch.py)
 * to repeat. Small batches and images leave few units so near to 0 that rounding moves them across
 * the kink of a ReLU, where one unit changes a gradient by its own share of it.
 *
 * Files $PERF_TMP/<network>.<way>.<seed>, doubles in the machine's order: the parameters and the
 * state at the beginning, STEPS batches of images and of labels, the loss of every step, the
 * gradients of the first, and parameters and state at the end. Nothing is dropped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "linalg/blas.h"
#include "net/convnet.h"
#include "net/convnet_models.h"
#include "net/optimizer.h"

enum { STEPS = 10, BATCH = 8, SEEDS = 5 };

struct run {
    struct convnet *net;
    struct model model;
    struct arena mem;
    float *x;             /* STEPS x BATCH x inputs */
    uint8_t *labels;      /* STEPS x BATCH */
    FILE *out;
};

static void put(const struct run *r, const float *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double wide = (double)numbers[i];
        if (fwrite(&wide, sizeof wide, 1, r->out) != 1) {
            perror("convnet_agree");
            exit(6);
        }
    }
}

static void put_network(const struct run *r)
{
    put(r, r->model.params, r->model.param_count);
    put(r, r->model.state, r->model.state_count);
}

static void draw_batches(struct run *r, uint64_t seed)
{
    struct rng rng = rng_stream(seed, "batches");
    const size_t numbers = STEPS * BATCH * r->model.inputs;

    r->x = arena_get(&r->mem, numbers, sizeof *r->x);
    r->labels = arena_get(&r->mem, STEPS * BATCH, sizeof *r->labels);
    rng_normalsf(&rng, r->x, numbers);
    for (size_t i = 0; i < STEPS * BATCH; i++)
        r->labels[i] = (uint8_t)rng_below(&rng, 10);
    put(r, r->x, numbers);
    for (size_t i = 0; i < STEPS * BATCH; i++)
        put(r, &(float){(float)r->labels[i]}, 1);
}

static void train(struct run *r)
{
    const struct model *m = &r->model;
    struct optimizer sgd = optimizer_create(
        &r->mem, &(struct optimizer_spec){.momentum = 0.9, .weight_decay = 5e-4}, m->param_count);
    float *first = arena_get(&r->mem, m->param_count, sizeof *first);

    for (size_t k = 0; k < STEPS; k++) {
        const float *logits = m->forward(m->self, r->x + k * BATCH * m->inputs, BATCH, MODEL_TRAIN);
        float *d = m->dlogits(m->self);
        const double loss =
            loss_cross_entropy(logits, r->labels + k * BATCH, BATCH, m->outputs, BATCH, d);
        m->backward(m->self, d, 0.0f);
        if (k == 0)
            memcpy(first, m->grads, m->param_count * sizeof *first);
        optimizer_step(&sgd, m->params, m->grads, 0.001);
        if (fwrite(&loss, sizeof loss, 1, r->out) != 1)
            exit(6);
    }
    put(r, first, m->param_count);
}

static void write_run(const char *name, const struct convnet_spec *spec, int direct,
                      uint64_t seed)
{
    const struct convnet_options options = {.max_batch = BATCH, .direct = direct};
    const char *folder = getenv("PERF_TMP");
    struct run r = {0};
    struct rng rng = rng_stream(seed, "init");
    char path[512];

    snprintf(path, sizeof path, "%s/%s.%s.%d", folder ? folder : ".", name,
             direct ? "direct" : "winograd", (int)seed);
    r.out = fopen(path, "wb");
    if (r.out == NULL || convnet_create(&r.net, spec, &options) != STATUS_OK) {
        fprintf(stderr, "convnet_agree: %s: %s\n", path, status_message());
        exit(6);
    }
    convnet_init(r.net, &rng);
    r.model = convnet_model(r.net);
    put_network(&r);
    draw_batches(&r, seed);
    train(&r);
    put_network(&r);
    if (!direct && seed == 1)
        printf("agree.%s.winograd\t%zu\tof %zu convolutions\n", name,
               convnet_winograd_count(r.net), convnet_conv_count(r.net));
    if (fclose(r.out) != 0)
        exit(6);
    convnet_free(r.net);
    arena_free(&r.mem);
}

/* The peer draws other masks. */
static void drop_nothing(struct convnet_spec *s)
{
    for (size_t i = 0; i < s->count; i++)
        s->layers[i].probability = 0;
}

int main(void)
{
    const struct convnet_model_options whole = {.channels = 3, .size = 16, .outputs = 10};
    const struct convnet_model_options half = {.channels = 3, .size = 16, .outputs = 10,
                                               .divide = 2};
    struct convnet_spec nets[] = {convnet_models_conv(&half), convnet_models_wrn(&whole),
                                  convnet_models_resnet(&half)};
    const char *const names[] = {"conv", "wide", "residual"};

    if (getenv("PERF_ROUND") != NULL && atoi(getenv("PERF_ROUND")) > 0)
        return 0; /* nothing else in the next round */
    drop_nothing(&nets[0]);
    blas_set_threads(1);
    parallel_set_threads(1);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        for (uint64_t seed = 1; seed <= SEEDS; seed++)
            for (int direct = 0; direct < 2; direct++)
                write_run(names[k], &nets[k], direct, seed);
    return 0;
}
