/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_agree: training steps of three networks, with Winograd convolutions and with direct ones
 * alone, written for an independent implementation (convnet_agree_torch.py) to repeat.
 *
 * A unit so near to 0 that rounding moves it across the kink of a ReLU changes a gradient by its
 * own share of it, whoever computes. So there are two kinds of trials: ten steps from five seeds,
 * and ".first", one step on few small images from many seeds, at some of which no unit is so near.
 * Of fewer than four images a batch normalization has so few numbers that it amplifies rounding.
 *
 * Files $PERF_TMP/<trial>.<seed>, floats in the machine's order: the parameters and the state at
 * the beginning, the batches of images and of labels; then with Winograd and with direct
 * convolutions: the loss of every step (doubles), the gradients of the first, and of several steps
 * parameters and state at the end. Nothing is dropped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "linalg/blas.h"
#include "net/convnet.h"
#include "net/convnet_models.h"
#include "net/optimizer.h"

struct trial {
    const char *name;
    struct convnet_spec net;
    size_t steps, batch;
    uint64_t seeds;
};

struct run {
    const struct trial *trial;
    struct convnet *net;
    struct model model;
    struct arena mem;
    float *x;             /* steps x batch x inputs */
    uint8_t *labels;      /* steps x batch */
    FILE *out;
};

static void put(const struct run *r, const float *numbers, size_t n)
{
    if (fwrite(numbers, sizeof *numbers, n, r->out) != n) {
        perror("convnet_agree");
        exit(6);
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
    const size_t images = r->trial->steps * r->trial->batch, numbers = images * r->model.inputs;

    r->x = arena_get(&r->mem, numbers, sizeof *r->x);
    r->labels = arena_get(&r->mem, images, sizeof *r->labels);
    rng_normalsf(&rng, r->x, numbers);
    for (size_t i = 0; i < images; i++)
        r->labels[i] = (uint8_t)rng_below(&rng, 10);
    put(r, r->x, numbers);
    for (size_t i = 0; i < images; i++)
        put(r, &(float){(float)r->labels[i]}, 1);
}

static void train(struct run *r)
{
    const struct model *m = &r->model;
    const size_t batch = r->trial->batch;
    struct optimizer sgd = optimizer_create(
        &r->mem, &(struct optimizer_spec){.momentum = 0.9, .weight_decay = 5e-4}, m->param_count);
    float *first = arena_get(&r->mem, m->param_count, sizeof *first);

    for (size_t k = 0; k < r->trial->steps; k++) {
        const float *logits = m->forward(m->self, r->x + k * batch * m->inputs, batch, MODEL_TRAIN);
        float *d = m->dlogits(m->self);
        const double loss =
            loss_cross_entropy(logits, r->labels + k * batch, batch, m->outputs, batch, d);
        m->backward(m->self, d, 0.0f);
        if (k == 0)
            memcpy(first, m->grads, m->param_count * sizeof *first);
        optimizer_step(&sgd, m->params, m->grads, 0.001);
        if (fwrite(&loss, sizeof loss, 1, r->out) != 1)
            exit(6);
    }
    put(r, first, m->param_count);
    if (r->trial->steps > 1)
        put_network(r);
}

static void create(struct run *r, int direct, uint64_t seed)
{
    const struct convnet_options options = {.max_batch = r->trial->batch, .direct = direct};
    struct rng rng = rng_stream(seed, "init");

    if (convnet_create(&r->net, &r->trial->net, &options) != STATUS_OK) {
        fprintf(stderr, "convnet_agree: %s: %s\n", r->trial->name, status_message());
        exit(6);
    }
    convnet_init(r->net, &rng);
    r->model = convnet_model(r->net);
}

static void write_run(const struct trial *trial, uint64_t seed)
{
    const char *folder = getenv("PERF_TMP");
    struct run r = {.trial = trial};
    char path[512];

    snprintf(path, sizeof path, "%s/%s.%d", folder ? folder : ".", trial->name, (int)seed);
    r.out = fopen(path, "wb");
    if (r.out == NULL) {
        perror(path);
        exit(6);
    }
    for (int direct = 0; direct < 2; direct++) {
        create(&r, direct, seed);
        if (!direct) {
            put_network(&r);
            draw_batches(&r, seed);
        }
        train(&r);
        if (!direct && seed == 1)
            printf("agree.%s.winograd\t%zu\tof %zu convolutions\n", trial->name,
                   convnet_winograd_count(r.net), convnet_conv_count(r.net));
        convnet_free(r.net);
    }
    if (fclose(r.out) != 0)
        exit(6);
    arena_free(&r.mem);
}

/* The peer draws other masks. */
static struct convnet_spec without_dropout(struct convnet_spec s)
{
    for (size_t i = 0; i < s.count; i++)
        s.layers[i].probability = 0;
    return s;
}

int main(void)
{
    const struct convnet_model_options whole = {.channels = 3, .size = 16, .outputs = 10},
        half = {.channels = 3, .size = 16, .outputs = 10, .divide = 2},
        quarter = {.channels = 3, .size = 16, .outputs = 10, .divide = 4},
        little = {.channels = 3, .size = 8, .outputs = 10};
    const struct trial trials[] = {
        {"conv", without_dropout(convnet_models_conv(&half)), 10, 8, 5},
        {"wide", convnet_models_wrn(&whole), 10, 8, 5},
        {"residual", convnet_models_resnet(&half), 10, 8, 5},
        {"conv.first", without_dropout(convnet_models_conv(&half)), 1, 4, 20},
        {"wide.first", convnet_models_wrn(&little), 1, 4, 20},
        {"residual.first", convnet_models_resnet(&quarter), 1, 4, 20},
    };

    if (getenv("PERF_ROUND") != NULL && atoi(getenv("PERF_ROUND")) > 0)
        return 0; /* nothing else in the next round */
    blas_set_threads(1);
    parallel_set_threads(1);
    for (size_t k = 0; k < sizeof trials / sizeof *trials; k++)
        for (uint64_t seed = 1; seed <= trials[k].seeds; seed++)
            write_run(&trials[k], seed);
    return 0;
}
