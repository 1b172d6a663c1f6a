/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_probe: records that are learned and held back, training, where it is kept, features, and
 * embeddings of tasks by it. */
#include "test.h"

#include "base/file.h"
#include "linalg/blas.h"
#include "net/checkpoint.h"
#include "task_distance/probe.h"
#include "task_distance/probe_embedding.h"
#include "task_distance/task2vec.h"

/* Pictures of 3 x 16 x 16: a colour and stripes a class, and noise. */
enum { CLASSES = 12, TRAIN = 10, TEST = 20, SIDE = 16, DIM = 3 * SIDE * SIDE };

static uint8_t pixels[2][CLASSES * TEST * DIM], labels[2][CLASSES * TEST];
static struct dataset sets[2]; /* training, test */
static struct arena mem;

static const struct probe_spec spec = {.channels = 3, .side = SIDE, .divide = 8,
                                       .classes = 8, .epochs = 40, .batch = 20,
                                       .learning_rate = 0.02, .momentum = 0.9,
                                       .weight_decay = 5e-4, .shift = 1, .seed = 3};
static const int probe_classes[8] = {0, 1, 2, 3, 6, 7, 8, 9};

static void draw_set(int which, size_t each)
{
    struct rng r = rng_stream(1, "pictures:%d", which);

    sets[which] = (struct dataset){.name = which ? "test" : "train", .count = CLASSES * each,
                                   .channels = 3, .rows = SIDE, .cols = SIDE, .classes = CLASSES,
                                   .pixels = pixels[which], .label = labels[which]};
    for (size_t i = 0; i < CLASSES * each; i++) {
        const unsigned k = (unsigned)(i % CLASSES);

        labels[which][i] = (uint8_t)k;
        for (unsigned j = 0; j < DIM; j++) {
            const unsigned c = j / (SIDE * SIDE), y = j / SIDE % SIDE, x = j % SIDE;
            const unsigned along = k / 3 % 2 ? x : y;

            pixels[which][i * DIM + j] = (uint8_t)((c == k % 3 ? 60u : 0u) +
                                                   (along / (2 + k / 6 * 2) % 2 ? 40u : 0u) +
                                                   rng_below(&r, 40));
        }
    }
}

static int start(void **state)
{
    (void)state;
    blas_set_threads(1);
    draw_set(0, TRAIN);
    draw_set(1, TEST);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static struct probe_data select_all(void)
{
    struct probe_data d;

    CHECK_STATUS(probe_data_select(&d, &mem, &sets[0], TRAIN, &sets[1], TEST, probe_classes, 8),
                 STATUS_OK);
    return d;
}

static struct probe get(const char *folder, const char *made_by)
{
    const struct probe_data d = select_all();
    struct probe p;

    CHECK_STATUS(probe_get(&p, &spec, &d, &(struct probe_place){folder, made_by}), STATUS_OK);
    return p;
}

/* ---- records ---- */

static void other_classes_are_those_not_used(void **state)
{
    const int used[] = {11, 0, 4};
    const int expected[] = {1, 2, 3, 5, 6, 7, 8, 9, 10};
    int classes[CLASSES];

    (void)state;
    assert_int_equal(probe_other_classes(classes, &sets[0], used, 3), 9);
    assert_memory_equal(classes, expected, sizeof expected);
}

static void every_tenth_test_record_of_a_class_is_held_back(void **state)
{
    const struct probe_data d = select_all();
    size_t held[8] = {0}, more[8] = {0};
    int taken[CLASSES * TEST] = {0};

    (void)state;
    assert_int_equal(d.old.n, 8 * TRAIN);
    assert_ptr_equal(d.held.set, &sets[1]);
    for (size_t i = 0; i < d.held.n; i++) {
        held[d.held.label[i]]++;
        taken[d.held.index[i]]++;
        assert_int_equal(sets[1].label[d.held.index[i]], probe_classes[d.held.label[i]]);
    }
    for (size_t i = 0; i < d.more.n; i++) {
        more[d.more.label[i]]++;
        taken[d.more.index[i]]++;
    }
    for (int k = 0; k < 8; k++) {
        assert_int_equal(held[k], TEST / 10);
        assert_int_equal(more[k], TEST - TEST / 10);
    }
    for (size_t i = 0; i < CLASSES * TEST; i++)
        assert_true(taken[i] <= 1);
}

static void too_few_records_are_refused(void **state)
{
    struct probe_data d;

    (void)state;
    CHECK_STATUS(probe_data_select(&d, &mem, &sets[0], TRAIN + 1, &sets[1], TEST, probe_classes, 8),
                 STATUS_DATA);
    CHECK_STATUS(probe_data_select(&d, &mem, NULL, 5, &sets[1], TEST, probe_classes, 8),
                 STATUS_OK);
    assert_int_equal(d.old.n, 0);
}

static void images_are_pooled_pixels(void **state)
{
    const struct probe_spec pooled = {.channels = 3, .side = SIDE / 2, .pooled = 1};
    const struct probe_data d = select_all();
    float *x = memory_get(d.held.n * 192, sizeof *x);
    const uint8_t *p = pixels[1] + d.held.index[3] * DIM + SIDE * SIDE; /* green */

    (void)state;
    probe_images(&pooled, &d.held, x);
    CHECK_NEAR((double)x[3 * 192 + 64 + 8 + 2],
               (p[2 * SIDE + 4] + p[2 * SIDE + 5] + p[3 * SIDE + 4] + p[3 * SIDE + 5]) / 4.0 / 255,
               1e-7);
    memory_free(x);
}

/* ---- training, and where it is kept ---- */

static void a_probe_learns_its_classes(void **state)
{
    const struct probe_data d = select_all();
    struct probe p = get(NULL, NULL), fresh;
    double learned, chance;

    (void)state;
    CHECK_STATUS(probe_held_error(&p, &d, &learned), STATUS_OK);
    CHECK_STATUS(probe_create(&fresh, &spec, 20), STATUS_OK);
    CHECK_STATUS(probe_held_error(&fresh, &d, &chance), STATUS_OK);
    CHECK_TRUE(learned < 0.2);
    CHECK_TRUE(chance > 0.6);
    probe_free(&p);
    probe_free(&fresh);
}

static void check_equal(const struct probe *a, const struct probe *b)
{
    assert_memory_equal(a->model.params, b->model.params, a->model.param_count * sizeof(float));
    assert_memory_equal(a->model.state, b->model.state, a->model.state_count * sizeof(float));
}

static void a_kept_probe_is_the_trained_one(void **state)
{
    const char *folder = test_folder();
    struct probe trained = get(NULL, NULL), first = get(folder, "a"), second = get(folder, "a");
    struct probe other = get(folder, "b");
    char **names;
    size_t n;

    (void)state;
    check_equal(&trained, &first);
    check_equal(&trained, &second);
    check_equal(&trained, &other);
    CHECK_STATUS(file_list(&mem, folder, &names, &n), STATUS_OK);
    assert_int_equal(n, 2); /* of a and of b */
    probe_free(&trained);
    probe_free(&first);
    probe_free(&second);
    probe_free(&other);
}

/* What lies under the key is taken, and what is damaged is made again. */
static void a_place_is_read_and_not_trusted(void **state)
{
    const char *folder = test_folder();
    const struct probe_data d = select_all();
    struct probe p = get(folder, "a"), read;
    const struct model *m = &p.model;
    const struct checkpoint_block blocks[2] = {
        {"params", m->params, m->param_count * sizeof *m->params},
        {"state", m->state, m->state_count * sizeof *m->state}};
    void *room = memory_get(checkpoint_size(blocks, 2), 1);
    char key[DIGEST_TEXT], path[700];
    const float before = m->params[5];

    (void)state;
    probe_key(key, &spec, &d, "a");
    snprintf(path, sizeof path, "%s/probe-%.16s", folder, key);
    m->params[5] = 17;
    CHECK_STATUS(checkpoint_save(path, key, blocks, 2, room), STATUS_OK);
    read = get(folder, "a");
    CHECK_NEAR((double)read.model.params[5], 17, 0);
    probe_free(&read);
    CHECK_STATUS(file_write(path, "damaged", 7), STATUS_OK);
    read = get(folder, "a");
    CHECK_NEAR((double)read.model.params[5], (double)before, 0);
    probe_free(&read);
    probe_free(&p);
    memory_free(room);
}

static void the_key_depends_on_all(void **state)
{
    const struct probe_data d = select_all();
    struct probe_data fewer = d;
    struct probe_spec other[4] = {spec, spec, spec, spec};
    char key[7][DIGEST_TEXT];

    (void)state;
    other[0].epochs++;
    other[1].learning_rate *= 1.0000001;
    other[2].seed++;
    other[3].divide = 4;
    fewer.old.n--;
    probe_key(key[0], &spec, &d, NULL);
    for (int i = 0; i < 4; i++)
        probe_key(key[1 + i], &other[i], &d, NULL);
    probe_key(key[5], &spec, &fewer, NULL);
    probe_key(key[6], &spec, &d, "program");
    for (int i = 0; i < 7; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(key[i], key[j]);
}

/* ---- features ---- */

/* logits = W phi + b with the last layer's parameters, whatever the batches. */
static void features_are_what_the_classifier_reads(void **state)
{
    enum { N = 43, WIDTH = 128 };
    const struct probe_data d = select_all();
    struct probe p;
    float *x = memory_get(d.more.n * DIM, sizeof *x), phi[N * WIDTH], logits[N * 8];
    const float *w, *b;

    (void)state;
    CHECK_STATUS(probe_create(&p, &spec, 20), STATUS_OK);
    probe_images(&spec, &d.more, x);
    assert_int_equal(p.features, WIDTH);
    probe_features(&p, x, N, phi);
    model_outputs(&p.model, x, N, logits);
    w = p.model.params + p.model.param_count - (WIDTH + 1) * 8;
    b = w + WIDTH * 8;
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < 8; k++) {
            double sum = (double)b[k];

            for (size_t f = 0; f < WIDTH; f++)
                sum += (double)w[k * WIDTH + f] * (double)phi[i * WIDTH + f];
            CHECK_NEAR((double)logits[i * 8 + k], sum, 1e-5);
        }
    memory_free(x);
    probe_free(&p);
}

/* ---- embeddings ---- */

static struct probe_embedding embed(const struct probe *p, const int *classes, uint64_t seed,
                                    size_t skip)
{
    const struct probe_embedding_spec s = {.epochs = 10, .draws = 1000, .learning_rate = 1e-2,
                                           .skip = skip, .labels = 4, .seed = seed};
    struct probe_embedding e;
    struct task t;
    float *x = memory_get(3 * TEST * DIM, sizeof *x);

    CHECK_STATUS(task_pool(&t, &mem, &sets[1], classes, 3, TEST), STATUS_OK);
    probe_images(&spec, &t, x);
    CHECK_STATUS(probe_embedding_make(&e, &mem, p, &s, x, t.label, t.n, 3), STATUS_OK);
    memory_free(x);
    return e;
}

static double distance(const struct probe_embedding *a, const struct probe_embedding *b)
{
    double d;

    CHECK_STATUS(task2vec_distance(a->filters, b->filters, a->n, &d), STATUS_OK);
    return d;
}

/* Filters: 4 + 8 + 16 + 16 + 32 + 32 and 4 + 16 + 32 scales. The classifier was put into the
 * network the right way round if it tells the classes apart there. */
static void an_embedding_has_an_entry_a_filter(void **state)
{
    const int classes[3] = {4, 5, 10};
    struct probe p = get(NULL, NULL);
    const struct probe_embedding all = embed(&p, classes, 1, 0), late = embed(&p, classes, 1, 2);
    const struct probe_embedding same = embed(&p, classes, 1, 0);

    (void)state;
    assert_int_equal(all.n, 160);
    assert_int_equal(late.n, 144);
    assert_memory_equal(all.filters + 16, late.filters, 144 * sizeof(double));
    assert_memory_equal(all.filters, same.filters, 160 * sizeof(double));
    CHECK_TRUE(all.error < 0.4); /* two of three by chance */
    probe_free(&p);
}

/* New draws of labels move an embedding less than another task does. */
static void another_task_is_farther_than_another_seed(void **state)
{
    const int classes[3] = {4, 5, 10}, others[3] = {0, 7, 11};
    struct probe p = get(NULL, NULL);
    const struct probe_embedding a = embed(&p, classes, 1, 0), again = embed(&p, classes, 2, 0);
    const struct probe_embedding b = embed(&p, others, 1, 0);

    (void)state;
    CHECK_TRUE(distance(&a, &again) > 0);
    CHECK_TRUE(distance(&a, &b) > 2 * distance(&a, &again));
    probe_free(&p);
}

/* ---- exhausted memory ---- */

enum { ROWS = 25 }; /* in batches of 20: the last one is of another size */

static struct probe_data data;

static enum status try_create(struct probe *p, struct arena *own)
{
    (void)own;
    return probe_create(p, &spec, 20);
}

static enum status try_held(struct probe *p, struct arena *own)
{
    double error;

    (void)own;
    return probe_held_error(p, &data, &error);
}

static enum status try_embedding(struct probe *p, struct arena *own)
{
    static const struct probe_embedding_spec s = {.epochs = 1, .draws = 60, .labels = 1};
    static float x[ROWS * DIM];
    uint8_t label[ROWS];
    struct probe_embedding e;

    for (size_t i = 0; i < ROWS; i++)
        label[i] = (uint8_t)(i % 3);
    return probe_embedding_make(&e, own, p, &s, x, label, ROWS, 3);
}

/* The k-th allocation fails, for every k, on a probe that has made no pass. */
static void try_all(enum status (*call)(struct probe *, struct arena *), size_t least)
{
    enum status status = STATUS_MEMORY;

    for (size_t k = 1; status != STATUS_OK; k++) {
        struct arena own = {0};
        struct probe p = {0};

        (void)!arena_get(&own, 1, 1); /* a block for all: its end is the caller's to guard */
        if (call != try_create)
            CHECK_STATUS(probe_create(&p, &spec, 20), STATUS_OK);
        memory_fail_at(k);
        status = call(&p, &own);
        memory_fail_at(0);
        CHECK_TRUE(status == STATUS_OK || status == STATUS_MEMORY);
        CHECK_TRUE(k < 2000 && (status != STATUS_OK || k > least));
        probe_free(&p);
        arena_free(&own);
    }
}

static void failing_allocations_are_a_status(void **state)
{
    (void)state;
    data = select_all();
    try_all(try_create, 10);
    try_all(try_held, 3);
    try_all(try_embedding, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_classes_are_those_not_used),
        cmocka_unit_test(every_tenth_test_record_of_a_class_is_held_back),
        cmocka_unit_test(too_few_records_are_refused),
        cmocka_unit_test(images_are_pooled_pixels),
        cmocka_unit_test(a_probe_learns_its_classes),
        cmocka_unit_test(a_kept_probe_is_the_trained_one),
        cmocka_unit_test(a_place_is_read_and_not_trusted),
        cmocka_unit_test(the_key_depends_on_all),
        cmocka_unit_test(features_are_what_the_classifier_reads),
        cmocka_unit_test(an_embedding_has_an_entry_a_filter),
        cmocka_unit_test(another_task_is_farther_than_another_seed),
        cmocka_unit_test(failing_allocations_are_a_status),
    };

    return cmocka_run_group_tests(tests, start, end);
}
