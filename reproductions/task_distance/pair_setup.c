/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/pair_setup.h"

#include "base/check.h"
#include "task_distance/coupled_memo.h"

/* What units get: the tasks' own data first, whose release takes it. */
struct pair_data {
    struct cifar_tasks *tasks;
    void (*release)(void *tasks);
    struct probe_data probe;
    size_t probe_classes;
};

static void release(void *data)
{
    struct pair_data *d = data;

    if (d->release != NULL)
        d->release(d->tasks);
}

/* The classes of no task. */
static int other_classes(const struct cifar_tasks *t, int *classes)
{
    int used[CIFAR_TASKS_MOST * 20], n = 0;

    for (size_t i = 0; i < t->count; i++)
        for (int k = 0; k < t->tasks[i].count; k++)
            used[n++] = t->tasks[i].classes[k];
    return probe_other_classes(classes, &t->train100, used, n);
}

enum status pair_setup_load(struct loaded *loaded, const struct pair_setup *s)
{
    struct pair_data *d = arena_get(loaded->mem, 1, sizeof *d);
    enum status status = cifar_tasks_load(loaded, cifar_subsets, CIFAR_SUBSETS, s->pool, 1);
    int classes[100];

    d->tasks = loaded->data;
    d->release = loaded->release;
    loaded->data = d;
    loaded->release = release;
    TRY(status);
    d->probe_classes = (size_t)other_classes(d->tasks, classes);
    TRY(probe_data_select(&d->probe, loaded->mem, &d->tasks->train100, s->probe_old,
                          &d->tasks->test100, s->probe_more, classes, (int)d->probe_classes));
    probe_data_digest(&d->probe, &loaded->records);
    return STATUS_OK;
}

static enum status add_features(struct task_images *images, const struct unit *u,
                                const struct pair_setup *s, const struct pair_data *d)
{
    struct probe_spec spec = s->probe;
    const struct probe_place place = {u->artifacts, NULL};
    struct probe probe = {0};
    enum status status;

    spec.classes = d->probe_classes;
    status = probe_get(&probe, &spec, &d->probe, &place);
    for (int k = 0; k < TASK_PARTS && status == STATUS_OK; k++)
        status = model_prepare(&probe.model, images->part[k].n, probe.model.max_batch);
    for (int k = 0; k < TASK_PARTS && status == STATUS_OK; k++) {
        struct task_part_images *part = &images->part[k];

        part->features = arena_get(u->mem, part->n * probe.features, sizeof *part->features);
        probe_features(&probe, part->x, part->n, part->features);
    }
    images->feature_dim = probe.features;
    probe_free(&probe);
    return status;
}

static enum status draw(struct task_images *out, const struct unit *u, const struct pair_setup *s,
                        size_t task, int pooled)
{
    const struct pair_data *d = u->data;
    const struct task_images_spec spec = {.train = s->train, .validation = s->validation,
                                          .test = s->test, .pooled = pooled};

    return cifar_tasks_images(out, u->mem, d->tasks, task, &spec, u->seed);
}

enum status pair_setup_images(struct task_images *out, const struct unit *u,
                              const struct pair_setup *s, size_t task)
{
    TRY(draw(out, u, s, task, s->pooled));
    return add_features(out, u, s, u->data);
}

enum status pair_setup_originals(struct task_images *out, const struct unit *u,
                                 const struct pair_setup *s, size_t task)
{
    return draw(out, u, s, task, 0);
}

enum status pair_run_open(struct pair_run *r, const struct unit *u, const struct pair_setup *s,
                          const struct task_images *source, const struct task_images *target)
{
    const struct transfer_net_spec net = {.kind = s->network, .divisor = s->divisor,
                                          .channels = source->channels, .side = source->side,
                                          .outputs = 10, .max_batch = PAIR_SETUP_BATCH};

    *r = (struct pair_run){.options = {.transfer = s->transfer, .block = s->block,
                                       .cost_blocks = s->cost_blocks,
                                       .start_cost = FEATURE_COST_COSINE,
                                       .start_epsilon = s->start_epsilon,
                                       .update = COUPLED_GROWING, .weight = s->weight}};
    TRY(transfer_net_create(&r->net, &net, u->seed));
    r->model = convnet_model(r->net);
    r->pair = source == target ? task_pair_identical(source, net.outputs)
                               : task_pair_make(u->mem, source, target, net.outputs);
    return source_model_get(&r->start, u->mem, r->net, source, &s->source, u->seed, u->artifacts);
}

void pair_run_close(struct pair_run *r)
{
    convnet_free(r->net);
    r->net = NULL;
}

void pair_run_share(struct pair_run *r, const struct unit *u, size_t most)
{
    const size_t block = r->options.block, images = r->pair.source->part[TASK_TRAIN].n;
    const size_t blocks = r->options.cost_blocks ? r->options.cost_blocks : images / block;

    r->memo = arena_get(u->mem, 1, sizeof *r->memo);
    *r->memo = coupled_memo_create(u->mem, most, images * block, blocks * block * block);
}

enum status pair_run_transfer(const struct pair_run *r, const struct unit *u, size_t iterations,
                              struct coupled_iteration *out)
{
    struct coupled_transfer c =
        coupled_transfer_create(u->mem, &r->pair, &r->model, &r->start, &r->options);

    c.memo = r->memo;
    return coupled_transfer_run(&c, iterations, u->seed, NULL, out);
}

enum status pair_run_measure(const struct pair_run *r, const struct unit *u,
                             const size_t *checkpoints, size_t n, struct coupled_iteration *out)
{
    struct coupled_transfer *c = arena_get(u->mem, n, sizeof *c);
    struct coupled_transfer **each = arena_get(u->mem, n, sizeof(struct coupled_transfer *));
    struct coupled_options *o = arena_get(u->mem, n, sizeof *o); /* steps look at them */

    for (size_t i = 0; i < n; i++) {
        o[i] = r->options;
        o[i].transfer.checkpoints = checkpoints[i];
        c[i] = coupled_transfer_create(u->mem, &r->pair, &r->model, &r->start, &o[i]);
        each[i] = &c[i];
    }
    return coupled_transfer_together(each, n, u->seed, out);
}
