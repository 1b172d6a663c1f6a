/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/probe_embedding.h"

#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "geometry/fisher_model.h"
#include "net/batches.h"
#include "net/net.h"
#include "net/train.h"
#include "task_distance/task2vec.h"

enum { BATCH = 100 /* rows of an evaluation */ };

static struct probe_embedding_spec filled(const struct probe_embedding_spec *given)
{
    struct probe_embedding_spec s = *given;

    s.epochs = s.epochs ? s.epochs : 10;
    s.draws = s.draws ? s.draws : 10000;
    s.batch = s.batch ? s.batch : 64;
    s.learning_rate = s.learning_rate > 0 ? s.learning_rate : 4e-4;
    s.weight_decay = s.weight_decay > 0 ? s.weight_decay : 1e-4;
    s.labels = s.labels ? s.labels : 1;
    return s;
}

/* ---- the classifier on frozen features ---- */

/* order (n) = the examples sorted by label; first[k] .. first[k + 1] - 1 are those of label k. */
static void sort_by_label(const uint8_t *labels, size_t n, size_t classes, uint32_t *order,
                          size_t *first)
{
    for (size_t i = 0; i < n; i++)
        first[labels[i] + 1]++;
    for (size_t k = 0; k < classes; k++) {
        CHECK(first[k + 1] > 0, "no example of class %zu", k);
        first[k + 1] += first[k];
    }
    for (size_t k = 0, at = 0; k < classes; k++)
        for (size_t i = 0; i < n; i++)
            if (labels[i] == k)
                order[at++] = (uint32_t)i;
}

/* One epoch's draws, with replacement, of class 0, 1, .., 0, 1, ..: the batches shuffle them. */
struct draws {
    const uint32_t *order; /* n */
    const size_t *first;   /* classes + 1 */
    size_t classes, count;
    uint32_t *drawn;       /* count */
    float *x;              /* count x width */
    uint8_t *labels;       /* count */
};

static void draw_epoch(struct draws *d, const float *phi, size_t width, struct rng *rng)
{
    for (size_t i = 0; i < d->count; i++) {
        const size_t k = i % d->classes, many = d->first[k + 1] - d->first[k];

        d->drawn[i] = d->order[d->first[k] + rng_below(rng, (uint32_t)many)];
        d->labels[i] = (uint8_t)k;
    }
    batches_gather(phi, width, d->drawn, d->count, d->x);
}

static struct draws prepare_draws(struct arena *mem, const uint8_t *labels, size_t n,
                                  size_t classes, size_t count, size_t width)
{
    uint32_t *order = arena_get(mem, n, sizeof *order);
    size_t *first = arena_get(mem, classes + 1, sizeof *first);

    sort_by_label(labels, n, classes, order, first);
    return (struct draws){.order = order,
                          .first = first,
                          .classes = classes,
                          .count = count,
                          .drawn = arena_get(mem, count, sizeof(uint32_t)),
                          .x = arena_get(mem, count * width, sizeof(float)),
                          .labels = arena_get(mem, count, 1)};
}

/* A linear classifier of phi (n x width); head is its network. */
static enum status fit(struct net *head, struct arena *mem, const struct probe_embedding_spec *s,
                       const float *phi, const uint8_t *labels, size_t n)
{
    const size_t width = head->inputs;
    struct draws d = prepare_draws(mem, labels, n, head->outputs, s->draws, width);
    struct rng init = rng_stream(s->seed, "embedding:init");
    struct rng draw = rng_stream(s->seed, "embedding:draws");
    struct rng order = rng_stream(s->seed, "embedding:order");
    struct optimizer adam = optimizer_create(
        mem, &(struct optimizer_spec){.kind = OPTIMIZER_ADAM, .weight_decay = s->weight_decay},
        head->param_count);
    const struct train_options options = {.batch = s->batch,
                                          .max_epochs = 1,
                                          .loss = LOSS_CROSS_ENTROPY,
                                          .optimizer = OPTIMIZER_ADAM,
                                          .learning_rate = s->learning_rate,
                                          .continued = &adam};
    struct train_result result;

    net_init(head, &init);
    for (size_t epoch = 0; epoch < s->epochs; epoch++) {
        draw_epoch(&d, phi, width, &draw);
        TRY(train_classifier(head, d.x, d.labels, d.count, &options, &order, &result));
    }
    return STATUS_OK;
}

/* ---- the network with that classifier ---- */

/* Trunk of the probe, and the classifier's in x out turned to the network's out x in. */
static void assemble(struct convnet *net, const struct probe *p, const struct net *head)
{
    const struct model m = convnet_model(net);
    const size_t at = convnet_params_at(net, convnet_plan(net)->count - 1);
    const size_t in = head->inputs, out = head->outputs;
    const float *w = net_weights(head, 0);

    CHECK(at + (in + 1) * out == m.param_count && m.state_count == p->model.state_count,
          "another network");
    memcpy(m.params, p->model.params, at * sizeof *m.params);
    memcpy(m.state, p->model.state, m.state_count * sizeof *m.state);
    for (size_t k = 0; k < out; k++)
        for (size_t i = 0; i < in; i++)
            m.params[at + k * in + i] = w[i * out + k];
    memcpy(m.params + at + in * out, net_biases(head, 0), out * sizeof *m.params);
}

struct view {
    struct model model;
    const float *x;        /* examples x inputs */
};

static const float *forward(void *context, size_t first, size_t rows)
{
    const struct view *v = context;

    return v->model.forward(v->model.self, v->x + first * v->model.inputs, rows, MODEL_EVALUATE);
}

static const float *backward(void *context, const float *dlogits)
{
    const struct view *v = context;

    v->model.backward(v->model.self, dlogits, 0);
    return v->model.grads;
}

/* Weights of convolutions (out x in k k) and scales of normalizations, in the plan's order, without
 * those of the first `skip` convolutions and what normalizes them. */
static size_t tensors(const struct convnet *net, size_t skip, struct task2vec_weights *weights)
{
    const struct convnet_spec *s = convnet_plan(net);
    size_t count = 0, convs = 0;

    for (size_t l = 0; l < s->count; l++) {
        const struct layer_spec *layer = &s->layers[l];
        const size_t out = s->shapes[l + 1].c;

        convs += layer->kind == LAYER_CONV;
        if ((layer->kind != LAYER_CONV && layer->kind != LAYER_BATCH_NORM) || convs <= skip)
            continue;
        const size_t rest = layer->kind == LAYER_CONV
                                ? s->shapes[layer->from].c * layer->kernel * layer->kernel : 1;
        weights[count++] = (struct task2vec_weights){.offset = convnet_params_at(net, l),
                                                     .filters = out, .rest = rest,
                                                     .filter_stride = rest, .rest_stride = 1};
    }
    return count;
}

static enum status embed(struct probe_embedding *e, struct arena *mem, struct arena *scratch,
                         struct convnet *net, const struct probe_embedding_spec *s,
                         const float *images, size_t n)
{
    struct view view = {.model = convnet_model(net), .x = images};
    const struct fisher_model model = {.params = view.model.param_count,
                                       .outputs = view.model.outputs,
                                       .context = &view, .forward = forward, .backward = backward};
    double *diagonal = arena_get(scratch, model.params, sizeof *diagonal);
    struct task2vec_weights weights[CONVNET_LAYERS_MAX];
    const size_t count = tensors(net, s->skip, weights);
    struct rng labels = rng_stream(s->seed, "embedding:labels");

    TRY(fisher_model_diagonal(&model, n, 1, s->labels, &labels, scratch, diagonal));
    e->n = task2vec_size(weights, count);
    e->filters = arena_get(mem, e->n, sizeof *e->filters);
    task2vec_embed(e->filters, diagonal, model.params, weights, count);
    return STATUS_OK;
}

/* All that is given back at the end. */
struct scratch {
    struct arena mem;
    struct convnet *net;
};

static enum status make(struct probe_embedding *e, struct arena *mem, struct scratch *scratch,
                        const struct probe *p, const struct probe_embedding_spec *s,
                        const float *images, const uint8_t *labels, size_t n, size_t classes)
{
    size_t features;
    const struct convnet_spec plan = probe_plan(&p->spec, classes, &features);
    struct model model;
    struct net head;
    float *phi;

    TRY(model_prepare(&p->model, n, p->model.max_batch));
    if (arena_guard(&scratch->mem))
        return STATUS_MEMORY;
    phi = arena_get(&scratch->mem, n * p->features, sizeof *phi);
    head = net_create(&scratch->mem,
                      &(struct net_spec){.layer_count = 1,
                                         .widths = (size_t[]){p->features, classes},
                                         .parameterization = NET_PYTORCH},
                      s->batch > BATCH ? s->batch : BATCH);
    probe_features(p, images, n, phi);
    TRY(fit(&head, &scratch->mem, s, phi, labels, n));
    TRY(convnet_create(&scratch->net, &plan, &(struct convnet_options){.max_batch = 1}));
    assemble(scratch->net, p, &head);
    model = convnet_model(scratch->net);
    e->error = model_error_rate(&model, images, labels, n);
    return embed(e, mem, &scratch->mem, scratch->net, s, images, n);
}

enum status probe_embedding_make(struct probe_embedding *e, struct arena *mem,
                                 const struct probe *p, const struct probe_embedding_spec *spec,
                                 const float *images, const uint8_t *labels, size_t n,
                                 size_t classes)
{
    const struct probe_embedding_spec s = filled(spec);
    struct scratch scratch = {0};
    enum status status;

    *e = (struct probe_embedding){0};
    status = make(e, mem, &scratch, p, &s, images, labels, n, classes);
    convnet_free(scratch.net);
    arena_free(&scratch.mem);
    return status;
}
