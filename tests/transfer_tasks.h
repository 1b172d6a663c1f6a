/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transfer_tasks: small tasks and a linear softmax model between them, for tests of transfer. */
#ifndef TESTS_TRANSFER_TASKS_H
#define TESTS_TRANSFER_TASKS_H

#include <string.h>

#include "net/net.h"
#include "task_distance/coupled_transfer.h"

enum {
    T_SIDE = 4, T_INPUTS = 3 * T_SIDE * T_SIDE, T_CLASSES = 2, T_OUTPUTS = 4, T_N = 24, T_TEST = 12,
    T_BLOCK = 6, T_BATCH = 8
};

/* Classes are noisy patterns in 0..1, drawn by the name and the seed. */
static inline struct task_images transfer_task(struct arena *mem, const char *name, uint64_t seed)
{
    static const size_t counts[TASK_PARTS] = {T_N, T_TEST, T_TEST};
    struct rng r = rng_stream(seed, "task:%s", name);
    struct task_images t = {.name = name, .channels = 3, .side = T_SIDE, .inputs = T_INPUTS,
                            .classes = T_CLASSES};
    float pattern[T_CLASSES][T_INPUTS];

    for (size_t i = 0; i < T_CLASSES * T_INPUTS; i++)
        pattern[i / T_INPUTS][i % T_INPUTS] = rng_uniformf(&r);
    for (int k = 0; k < TASK_PARTS; k++) {
        struct task_part_images *part = &t.part[k];

        part->n = counts[k];
        part->x = arena_get(mem, part->n * T_INPUTS, sizeof(float));
        part->label = arena_get(mem, part->n, 1);
        for (size_t i = 0; i < part->n; i++) {
            part->label[i] = (uint8_t)(i % T_CLASSES);
            for (size_t p = 0; p < T_INPUTS; p++)
                part->x[i * T_INPUTS + p] =
                    0.7f * pattern[i % T_CLASSES][p] + 0.3f * rng_uniformf(&r);
        }
    }
    task_images_pixel_features(&t, mem);
    return t;
}

/* A linear softmax model, and its weights as the source model of a task: trained by plain gradient
 * descent on that task. */
struct transfer_model {
    struct net net;
    struct model model;
    struct source_model start;
};

static inline void transfer_model_make(struct transfer_model *m, struct arena *mem,
                                       const struct task_images *source, size_t steps)
{
    static const size_t widths[] = {T_INPUTS, T_OUTPUTS};
    const struct net_spec spec = {.layer_count = 1, .widths = widths,
                                  .activation = ACTIVATION_RELU};
    const struct task_part_images *part = &source->part[TASK_TRAIN];
    struct rng init = rng_stream(7, "init");

    m->net = net_create(mem, &spec, 32);
    net_init(&m->net, &init);
    m->model = model_of_net(&m->net);
    for (size_t t = 0; t < steps; t++) {
        const float *logits = net_forward(&m->net, part->x, part->n);

        loss_cross_entropy(logits, part->label, part->n, T_OUTPUTS, part->n, net_dlogits(&m->net));
        net_backward_step(&m->net, net_dlogits(&m->net), 0.5, 0);
    }
    m->start = (struct source_model){.param_count = m->model.param_count,
                                     .params = arena_get(mem, m->model.param_count,
                                                         sizeof(float))};
    memcpy(m->start.params, m->model.params, m->model.param_count * sizeof(float));
}

static inline struct coupled_options transfer_settings(double rate)
{
    return (struct coupled_options){
        .transfer = {.steps = 24, .checkpoints = 6, .batch = T_BATCH, .learning_rate = rate,
                     .momentum = 0.9, .weight_decay = 5e-4, .evaluation_batch = 32},
        .block = T_BLOCK, .start_cost = FEATURE_COST_COSINE, .start_epsilon = 1e-3,
        .update = COUPLED_GROWING, .weight = 0.05, .last_update = 1, .losses = 1};
}

#endif
