/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_pair_setup: what a program's table becomes, which records and features units get, and that
 * a run is a coupled transfer between them. From small files in CIFAR-100's format. */
#include "test.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/cifar.h"
#include "linalg/blas.h"
#include "task_distance/pair_setup.h"

enum { EACH = 14, TEST_EACH = 10, SIDE = 32, POOLED = 16 };

#define PARAMETERS(P)                                                                              \
    P(int,    seeds,         1,    1,    1,    "")                                                 \
    P(int,    steps,         8,    1,    1,    "")                                                 \
    P(int,    restart,       3,    1,    1,    "")                                                 \
    P(double, source_rate,   .02,  1,    1,    "")                                                 \
    P(double, source_drop,   .5,   1,    1,    "")                                                 \
    PAIR_PARAMETERS(P)
DEFINE_PARAMETERS(PARAMETERS)

static struct arena mem;
static struct parameters parameters;
static struct loaded loaded;
static char folder[512];

static void write_records(const char *name, size_t each)
{
    const size_t size = 2 + CIFAR_PIXELS;
    uint8_t *bytes = memory_get(100 * each, size);
    struct rng r = rng_stream(1, "records:%s", name);
    char path[700];

    for (size_t i = 0; i < 100 * each; i++) {
        uint8_t *record = bytes + i * size;

        record[0] = (uint8_t)(i % 20);
        record[1] = (uint8_t)(i % 100);
        for (size_t p = 0; p < CIFAR_PIXELS; p++)
            record[2 + p] = (uint8_t)(i % 100 + rng_below(&r, 150));
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK_STATUS(file_write(path, bytes, 100 * each * size), STATUS_OK);
    memory_free(bytes);
}

static void write_names(const char *name, int n)
{
    char path[700], *text = arena_text(&mem, "%s", "");

    for (int i = 0; i < n; i++)
        text = arena_text(&mem, "%sname-%d\n", text, i);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK_STATUS(file_write(path, text, strlen(text)), STATUS_OK);
}

/* Three checkpoints would not divide eight steps; two do. */
static struct pair_setup setup(void)
{
    return (struct pair_setup)PAIR_SETUP(&parameters, TRANSFER_CONV, 16, 50, 2, .003, 2);
}

static struct loaded start(void)
{
    struct loaded l = {.asked = folder, .mem = &mem};

    digest_start(&l.records);
    return l;
}

static int fill(void **state)
{
    const size_t rows = sizeof parameter_rows / sizeof *parameter_rows;

    (void)state;
    blas_set_threads(1);
    parameter_resolve(&parameters, parameter_rows, rows, SMOKE);
    snprintf(folder, sizeof folder, "%s", test_folder());
    write_records("train.bin", EACH);
    write_records("test.bin", TEST_EACH);
    write_names("fine_label_names.txt", 100);
    write_names("coarse_label_names.txt", 20);
    const struct pair_setup s = setup();
    loaded = start();
    CHECK_STATUS(pair_setup_load(&loaded, &s), STATUS_OK);
    return 0;
}

static int drain(void **state)
{
    (void)state;
    loaded.release(loaded.data);
    arena_free(&mem);
    return 0;
}

/* A unit as far as pair_setup reads it. */
static struct unit *unit_of(uint64_t seed, const char *artifacts)
{
    struct unit *u = arena_get(&mem, 1, sizeof *u);

    *u = (struct unit){.seed = seed, .data = loaded.data, .mem = &mem, .artifacts = artifacts};
    return u;
}

static void rows_become_the_setup(void **state)
{
    const struct pair_setup s = setup();
    const struct transfer_options *t = &s.transfer;
    const struct source_options *o = &s.source;

    (void)state;
    CHECK_TRUE(s.pool == 12 && s.train == 50 && s.validation == 10 && s.test == 50 && s.pooled);
    CHECK_TRUE(s.block == 10 && s.cost_blocks == 1 && s.divisor == 16);
    CHECK_TRUE(s.network == TRANSFER_CONV && s.weight == .05 && s.start_epsilon == 1e-3);
    CHECK_TRUE(t->steps == 8 && t->checkpoints == 2 && t->batch == 20 && t->restart == 3);
    CHECK_TRUE(t->learning_rate == .003 && t->momentum == .9 && t->weight_decay == 5e-4);
    CHECK_TRUE(t->pad == 0 && t->evaluation_batch == PAIR_SETUP_BATCH);
    CHECK_TRUE(o->epochs == 2 && o->batch == 20 && o->learning_rate == .02 && o->drop == .5);
    CHECK_TRUE(o->momentum == .9 && o->weight_decay == 5e-4 && o->pad == 0);
    CHECK_TRUE(s.probe.divide == 8 && s.probe.epochs == 1 && s.probe.learning_rate == .01);
    CHECK_TRUE(s.probe.side == POOLED && s.probe.pooled && s.probe_old == 2 && s.probe_more == 10);
}

static void images_are_the_drawn_records_and_their_features(void **state)
{
    const struct pair_setup s = setup();
    struct task_images images, again, other, seed;

    (void)state;
    CHECK_STATUS(pair_setup_images(&images, unit_of(1, NULL), &s, 3), STATUS_OK);
    CHECK_STATUS(pair_setup_images(&again, unit_of(1, NULL), &s, 3), STATUS_OK);
    CHECK_STATUS(pair_setup_images(&other, unit_of(1, NULL), &s, 0), STATUS_OK);
    CHECK_STATUS(pair_setup_images(&seed, unit_of(2, NULL), &s, 3), STATUS_OK);
    CHECK_TEXT(images.name, "vehicles-2");
    CHECK_TEXT(other.name, "herbivores");
    CHECK_TRUE(images.side == POOLED && images.channels == 3 && images.classes == 5);
    CHECK_TRUE(images.part[TASK_TRAIN].n == 50 && images.part[TASK_VALIDATION].n == 10 &&
               images.part[TASK_TEST].n == 50);
    CHECK_TRUE(images.feature_dim >= 1 && images.feature_dim == other.feature_dim);
    for (int k = 0; k < TASK_PARTS; k++) {
        const struct task_part_images *a = &images.part[k], *b = &again.part[k];
        const size_t pixels = a->n * images.inputs * sizeof *a->x;
        const size_t features = a->n * images.feature_dim * sizeof *a->features;

        assert_memory_equal(a->x, b->x, pixels);
        assert_memory_equal(a->features, b->features, features);
        CHECK_TRUE(memcmp(a->features, other.part[k].features, features) != 0);
        for (size_t i = 1; i < a->n; i++)
            CHECK_TRUE(memcmp(a->features, a->features + i * images.feature_dim,
                              images.feature_dim * sizeof *a->features) != 0);
    }
    CHECK_TRUE(memcmp(images.part[TASK_TRAIN].x, seed.part[TASK_TRAIN].x,
                      50 * images.inputs * sizeof(float)) != 0);
}

static void the_net_sees_means_of_the_originals(void **state)
{
    const struct pair_setup s = setup();
    const struct unit *u = unit_of(5, NULL);
    struct task_images images, originals;

    (void)state;
    CHECK_STATUS(pair_setup_images(&images, u, &s, 4), STATUS_OK);
    CHECK_STATUS(pair_setup_originals(&originals, u, &s, 4), STATUS_OK);
    CHECK_TRUE(originals.side == SIDE && originals.feature_dim == 0);
    for (int k = 0; k < TASK_PARTS; k++) {
        const struct task_part_images *a = &images.part[k], *b = &originals.part[k];

        assert_int_equal(a->n, b->n);
        assert_memory_equal(a->label, b->label, a->n);
        for (size_t at = 0; at < a->n * 3 * POOLED * POOLED; at++) {
            const float *corner = b->x + at / (POOLED * POOLED) * SIDE * SIDE +
                                  at / POOLED % POOLED * 2 * SIDE + at % POOLED * 2;

            const float mean =
                (corner[0] + corner[1] + corner[SIDE] + corner[SIDE + 1]) / 4;

            CHECK_NEAR((double)a->x[at], (double)mean, 1e-6);
        }
    }
}

static void a_probe_is_trained_once_and_kept(void **state)
{
    const char *artifacts = test_folder();
    struct pair_setup s = setup();
    struct task_images fresh, kept, found, slower;
    struct arena names = {0};
    char **files;
    size_t n;

    (void)state;
    CHECK_STATUS(pair_setup_images(&fresh, unit_of(1, NULL), &s, 1), STATUS_OK);
    CHECK_STATUS(pair_setup_images(&kept, unit_of(1, artifacts), &s, 1), STATUS_OK);
    CHECK_STATUS(pair_setup_images(&found, unit_of(1, artifacts), &s, 1), STATUS_OK);
    CHECK_STATUS(file_list(&names, artifacts, &files, &n), STATUS_OK);
    assert_int_equal(n, 1);
    s.probe.learning_rate = .001;
    CHECK_STATUS(pair_setup_images(&slower, unit_of(1, artifacts), &s, 1), STATUS_OK);
    CHECK_STATUS(file_list(&names, artifacts, &files, &n), STATUS_OK);
    assert_int_equal(n, 2);
    const size_t bytes = 50 * fresh.feature_dim * sizeof(float);
    assert_memory_equal(fresh.part[0].features, kept.part[0].features, bytes);
    assert_memory_equal(fresh.part[0].features, found.part[0].features, bytes);
    CHECK_TRUE(memcmp(fresh.part[0].features, slower.part[0].features, bytes) != 0);
    arena_free(&names);
}

static enum status images_guarded(struct unit *u, const struct pair_setup *s)
{
    struct task_images images;

    if (arena_guard(u->mem))
        return STATUS_MEMORY;
    return pair_setup_images(&images, u, s, 1);
}

/* The k-th allocation fails. A large block makes the arena's next one large enough for all. */
static enum status images_without(size_t k, const char *artifacts)
{
    const struct pair_setup s = setup();
    struct arena own = {0};
    struct unit *u = unit_of(1, artifacts);

    (void)!arena_get(&own, 1 << 20, 1);
    u->mem = &own;
    memory_fail_at(k);
    const enum status status = images_guarded(u, &s);
    memory_fail_at(0);
    arena_free(&own);
    return status;
}

/* Features are of a probe that was read and has made no pass; where it cannot be read it is trained
 * again. */
static void exhausted_memory_is_a_status(void **state)
{
    const char *artifacts = test_folder();
    size_t failed = 0;

    (void)state;
    CHECK_STATUS(images_without(0, artifacts), STATUS_OK);
    const size_t before = memory_count();
    CHECK_STATUS(images_without(0, artifacts), STATUS_OK);
    const size_t allocations = memory_count() - before;
    for (size_t k = 2; k <= allocations; k++) { /* the first is the test's own */
        const enum status status = images_without(k - 1, artifacts);

        CHECK_TRUE(status == STATUS_OK || status == STATUS_MEMORY);
        failed += status == STATUS_MEMORY;
    }
    CHECK_TRUE(failed > 10 && failed + 2 >= allocations - 1);
}

static void records_of_the_probe_are_in_the_key(void **state)
{
    char keys[3][DIGEST_TEXT];

    (void)state;
    for (int k = 0; k < 3; k++) {
        struct pair_setup s = setup();
        struct loaded l = start();

        s.probe_old += k == 1;
        s.probe_more -= k == 2;
        CHECK_STATUS(pair_setup_load(&l, &s), STATUS_OK);
        digest_end(&l.records, keys[k]);
        l.release(l.data);
    }
    CHECK_TRUE(strcmp(keys[0], keys[1]) != 0 && strcmp(keys[0], keys[2]) != 0);
}

static void too_few_records_are_refused(void **state)
{
    struct pair_setup s = setup();
    struct loaded l = start();

    (void)state;
    s.pool = EACH + 1;
    CHECK_STATUS(pair_setup_load(&l, &s), STATUS_DATA);
    l.release(l.data);
    s = setup();
    s.probe_more = TEST_EACH + 1;
    l = start();
    CHECK_STATUS(pair_setup_load(&l, &s), STATUS_DATA);
    l.release(l.data);
    s = setup();
    s.validation = 11; /* 12 a class are 60 */
    struct task_images images;
    CHECK_STATUS(pair_setup_images(&images, unit_of(1, NULL), &s, 0), STATUS_DATA);
}

/* Images of two tasks with features, made once. */
static struct task_images tasks[2];

static void make_tasks(const struct pair_setup *s)
{
    for (size_t k = 0; k < 2 && tasks[k].name == NULL; k++)
        CHECK_STATUS(pair_setup_images(&tasks[k], unit_of(1, NULL), s, k), STATUS_OK);
}

static void a_task_and_itself_have_equal_labels(void **state)
{
    const struct pair_setup s = setup();
    struct pair_run r;

    (void)state;
    make_tasks(&s);
    CHECK_STATUS(pair_run_open(&r, unit_of(1, NULL), &s, &tasks[0], &tasks[1]), STATUS_OK);
    assert_int_equal(r.model.outputs, 10);
    assert_int_equal(r.options.update, COUPLED_GROWING);
    for (size_t i = 0; i < 50; i++)
        assert_int_equal(r.pair.target_label[TASK_TRAIN][i],
                         tasks[1].part[TASK_TRAIN].label[i] + 5);
    pair_run_close(&r);
    CHECK_STATUS(pair_run_open(&r, unit_of(1, NULL), &s, &tasks[0], &tasks[0]), STATUS_OK);
    assert_memory_equal(r.pair.target_label[TASK_TRAIN], tasks[0].part[TASK_TRAIN].label, 50);
    pair_run_close(&r);
    pair_run_close(&r); /* twice is once */
}

static void a_run_is_coupled_transfer_by_its_options(void **state)
{
    const struct pair_setup s = setup();
    struct unit *u = unit_of(1, NULL);
    static struct coupled_iteration by_run[2], by_hand[2], kept[2], longer[2];
    struct pair_run r;

    (void)state;
    make_tasks(&s);
    CHECK_STATUS(pair_run_open(&r, u, &s, &tasks[0], &tasks[1]), STATUS_OK);
    CHECK_STATUS(pair_run_transfer(&r, u, 2, by_run), STATUS_OK);
    struct coupled_options o = {.transfer = s.transfer, .block = s.block,
                                .cost_blocks = s.cost_blocks, .start_cost = FEATURE_COST_COSINE,
                                .start_epsilon = s.start_epsilon, .update = COUPLED_GROWING,
                                .weight = s.weight};
    struct coupled_transfer c = coupled_transfer_create(&mem, &r.pair, &r.model, &r.start, &o);
    CHECK_STATUS(coupled_transfer_run(&c, 2, 1, NULL, by_hand), STATUS_OK);
    r.options.update = COUPLED_NEVER;
    CHECK_STATUS(pair_run_transfer(&r, u, 2, kept), STATUS_OK);
    r.options.transfer.learning_rate *= 30;
    CHECK_STATUS(pair_run_transfer(&r, u, 2, longer), STATUS_OK);
    pair_run_close(&r);
    for (int k = 0; k < 2; k++) {
        CHECK_NEAR(by_run[k].length.mean, by_hand[k].length.mean, 0);
        CHECK_NEAR(by_run[k].moved, by_hand[k].moved, 0);
    }
    CHECK_TRUE(by_run[0].moved > 0.01);
    CHECK_NEAR(kept[0].moved, 0, 0);
    /* The same first plan; entries may be evaluated in batches of other sizes. */
    CHECK_RELATIVE(by_run[0].length.mean, kept[0].length.mean, 1e-5);
    CHECK_TRUE(fabs(by_run[1].length.mean / kept[1].length.mean - 1) > 1e-4);
    CHECK_TRUE(longer[0].length.mean > kept[0].length.mean);
}

static void a_source_model_that_diverges_says_so(void **state)
{
    struct pair_setup s = setup();
    struct pair_run r;

    (void)state;
    make_tasks(&s);
    s.source.learning_rate = 1e30;
    CHECK_STATUS(pair_run_open(&r, unit_of(1, NULL), &s, &tasks[0], &tasks[1]), STATUS_DIVERGED);
    pair_run_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_become_the_setup),
        cmocka_unit_test(images_are_the_drawn_records_and_their_features),
        cmocka_unit_test(the_net_sees_means_of_the_originals),
        cmocka_unit_test(a_probe_is_trained_once_and_kept),
        cmocka_unit_test(exhausted_memory_is_a_status),
        cmocka_unit_test(records_of_the_probe_are_in_the_key),
        cmocka_unit_test(too_few_records_are_refused),
        cmocka_unit_test(a_task_and_itself_have_equal_labels),
        cmocka_unit_test(a_run_is_coupled_transfer_by_its_options),
        cmocka_unit_test(a_source_model_that_diverges_says_so),
    };

    return cmocka_run_group_tests(tests, fill, drain);
}
