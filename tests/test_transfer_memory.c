/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_transfer_memory: transfers between convolutional networks whose k-th allocation fails end
 * with a status, for every k. A network takes memory at its first pass of each number of rows,
 * which comes in the middle of a run where it is not taken before. */
#include "test.h"

#include "base/memory.h"
#include "data/cifar.h"
#include "linalg/blas.h"
#include "task_distance/matrix_run.h"
#include "task_distance/transfer_baselines.h"

enum {
    SIDE = 16, INPUTS = 3 * SIDE * SIDE, TRAIN = 30, TESTS = 20, CLASSES = 2,
    RECORDS = 24 /* of the probe, in 2 classes */
};

static struct arena mem;
static struct task_images tasks[2];
static struct task_pair pair;
static struct source_model start;
static struct dataset records;
static struct probe_data data;

/* Steps, evaluations and parts of the tasks all have other numbers of rows. */
static const struct transfer_net_spec net_spec = {TRANSFER_CONV, 16, 3, SIDE, 2 * CLASSES, 20};
static const struct coupled_options options = {
    .transfer = {.steps = 2, .checkpoints = 2, .batch = 9, .momentum = 0.9, .evaluation_batch = 18},
    .block = 5, .cost_blocks = 1, .start_cost = FEATURE_COST_COSINE, .start_epsilon = 1e-2,
    .update = COUPLED_CONSTANT, .weight = 1, .last_update = 1, .losses = 1};

static struct task_images make_task(const char *name, size_t validation)
{
    const size_t counts[TASK_PARTS] = {TRAIN, validation, TESTS};
    struct rng r = rng_stream(1, "task:%s", name);
    struct task_images t = {.name = name, .channels = 3, .side = SIDE, .inputs = INPUTS,
                            .classes = CLASSES};

    for (int k = 0; k < TASK_PARTS; k++) {
        struct task_part_images *part = &t.part[k];

        *part = (struct task_part_images){.n = counts[k],
                                          .x = arena_get(&mem, counts[k] * INPUTS, sizeof(float)),
                                          .label = arena_get(&mem, counts[k], 1)};
        for (size_t i = 0; i < part->n * INPUTS; i++) {
            part->label[i / INPUTS] = (uint8_t)(i / INPUTS % CLASSES);
            part->x[i] = rng_uniformf(&r);
        }
    }
    return t;
}

static void make_probe_data(void)
{
    static const int classes[] = {0, 1};
    struct rng r = rng_stream(1, "records");

    records = (struct dataset){.name = "test", .count = RECORDS, .channels = 3,
                               .rows = CIFAR_SIDE, .cols = CIFAR_SIDE, .classes = 2};
    records.pixels = arena_get(&mem, RECORDS, CIFAR_PIXELS);
    records.label = arena_get(&mem, RECORDS, 1);
    for (size_t i = 0; i < RECORDS * CIFAR_PIXELS; i++)
        records.pixels[i] = (uint8_t)rng_below(&r, 256);
    for (size_t i = 0; i < RECORDS; i++)
        records.label[i] = (uint8_t)(i % 2);
    CHECK_STATUS(probe_data_select(&data, &mem, NULL, 0, &records, RECORDS / 2, classes, 2),
                 STATUS_OK);
}

static int prepare(void **state)
{
    struct convnet *net;

    (void)state;
    blas_set_threads(1);
    tasks[0] = make_task("a", 7);
    tasks[1] = make_task("b", 6);
    make_probe_data();
    CHECK_STATUS(transfer_net_create(&net, &net_spec, 1), STATUS_OK);
    const struct model m = convnet_model(net);
    start = (struct source_model){.param_count = m.param_count, .state_count = m.state_count,
                                  .params = arena_get(&mem, m.param_count, sizeof(float)),
                                  .state = arena_get(&mem, m.state_count, sizeof(float))};
    memcpy(start.params, m.params, m.param_count * sizeof(float));
    memcpy(start.state, m.state, m.state_count * sizeof(float));
    convnet_free(net);
    return 0;
}

static int drain(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

/* ---- what is tried ---- */

/* A network that has made no pass, and an arena whose end is guarded. */
struct trial {
    struct model model;
    struct arena *mem;
};

static enum status try_run(const struct trial *t)
{
    struct coupled_iteration out;
    struct coupled_transfer c =
        coupled_transfer_create(t->mem, &pair, &t->model, &start, &options);

    return coupled_transfer_run(&c, 1, 1, NULL, &out);
}

static enum status try_independent(const struct trial *t)
{
    struct coupled_iteration out;
    struct coupled_transfer c =
        coupled_transfer_create(t->mem, &pair, &t->model, &start, &options);

    return coupled_transfer_independent(&c, 1, &out);
}

static enum status try_together(const struct trial *t)
{
    struct coupled_iteration out[2];
    struct coupled_options other = options;

    other.transfer.checkpoints = 1;
    struct coupled_transfer c[2] = {
        coupled_transfer_create(t->mem, &pair, &t->model, &start, &options),
        coupled_transfer_create(t->mem, &pair, &t->model, &start, &other)};
    struct coupled_transfer *const each[2] = {&c[0], &c[1]};

    return coupled_transfer_together(each, 2, 1, out);
}

static enum status try_iterate(const struct trial *t)
{
    struct coupled_iteration out;
    struct coupled_transfer c =
        coupled_transfer_create(t->mem, &pair, &t->model, &start, &options);

    return coupled_transfer_iterate(&c, 0, 1, &out);
}

static enum status try_mixture(const struct trial *t)
{
    struct mixture_result out;

    return transfer_mixture(&out, t->mem, &pair, &t->model, &start, &options.transfer, 1);
}

static enum status try_fine_tuning(const struct trial *t)
{
    struct fine_tuning_result out;

    return transfer_fine_tuning(&out, t->mem, &pair, &t->model, &start, &options.transfer, 1, 1);
}

static enum status guarded(enum status (*call)(const struct trial *), struct trial *t)
{
    if (arena_guard(t->mem))
        return STATUS_MEMORY;
    return call(t);
}

static enum status without(size_t k, enum status (*call)(const struct trial *))
{
    struct arena own = {0};
    struct convnet *net;

    CHECK_STATUS(transfer_net_create(&net, &net_spec, 1), STATUS_OK);
    struct trial t = {convnet_model(net), &own};
    memory_fail_at(k);
    const enum status status = guarded(call, &t);
    memory_fail_at(0);
    convnet_free(net);
    arena_free(&own);
    return status;
}

/* Fails at each allocation, of which there are more than `least`. */
static void fail_at_each(enum status (*call)(const struct trial *), size_t least)
{
    enum status status = STATUS_MEMORY;

    for (size_t k = 1; status != STATUS_OK; k++) {
        status = without(k, call);
        CHECK_TRUE(status == STATUS_OK || status == STATUS_MEMORY);
        CHECK_TRUE(k < 2000 && (status != STATUS_OK || k > least));
    }
}

static void exhausted_memory_is_a_status(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        if (tasks[i].feature_dim == 0)
            task_images_pixel_features(&tasks[i], &mem);
    pair = task_pair_make(&mem, &tasks[0], &tasks[1], 2 * CLASSES);
    fail_at_each(try_run, 5);
    fail_at_each(try_independent, 5);
    fail_at_each(try_together, 5);
    fail_at_each(try_iterate, 5);
    fail_at_each(try_mixture, 5);
    fail_at_each(try_fine_tuning, 5);
}

/* ---- a pair of a matrix, with features of a probe ---- */

static enum status pair_guarded(struct task_matrix *t)
{
    struct task_matrix_pair out;

    if (arena_guard(t->mem))
        return STATUS_MEMORY;
    return task_matrix_pair(t, 0, 1, &out);
}

static enum status pair_without(size_t k)
{
    struct arena own = {0};
    struct task_matrix t = {
        .spec = {.net = net_spec, .source = {1, 8, 0.01, 0.9, 5e-4, 1, 0}, .coupled = options,
                 .iterations = 1, .every = 1,
                 .probe = {.channels = 3, .side = SIDE, .pooled = 1, .divide = 16, .classes = 2,
                           .epochs = 1, .batch = 8, .learning_rate = 0.01, .seed = 1}},
        .n = 2, .probe_data = &data, .mem = &own, .seed = 1};

    for (size_t i = 0; i < 2; i++) {
        t.images[i] = tasks[i];
        t.images[i].feature_dim = 0;
    }
    memory_fail_at(k);
    const enum status status = pair_guarded(&t);
    memory_fail_at(0);
    task_matrix_free(&t);
    arena_free(&own);
    return status;
}

static void so_it_is_of_a_pair_with_a_probe(void **state)
{
    enum status status = STATUS_MEMORY;

    (void)state;
    for (size_t k = 1; status != STATUS_OK; k++) {
        status = pair_without(k);
        CHECK_TRUE(status == STATUS_OK || status == STATUS_MEMORY);
        CHECK_TRUE(k < 4000 && (status != STATUS_OK || k > 50));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exhausted_memory_is_a_status),
        cmocka_unit_test(so_it_is_of_a_pair_with_a_probe),
    };

    return cmocka_run_group_tests(tests, prepare, drain);
}
