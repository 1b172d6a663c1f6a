/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_classification: data, networks, runs and the search for rates of the classification
 * programs, on pictures that are made here: each class has a colour of its own, in noise. */
#include "kwng/classification.h"

#include "aborts.h"
#include "kwng/class_measure.h"
#include "kwng/class_network.h"
#include "kwng/class_search.h"
#include "linalg/blas.h"
#include "test.h"

enum { SIDE = 16, PICTURE = 3 * SIDE * SIDE, EACH = 20, TEST_EACH = 4, CLASSES = CLASS_ALL };

static const struct class_setup setup = {
    .images = CLASS_PICTURES, .pool = EACH, .examples = 120, .held_out = 60, .test_step = 1,
    .batch = 32, .size = SIDE, .blocks = 1, .width = 8, .epochs = {6, 6}, .clip = 1,
    .U = {1e-6, 1e1}, .curve_rows = 3};

struct pictures {
    struct arena mem;
    struct class_data data;
    struct unit unit;
};

static struct dataset make_set(struct arena *mem, size_t each, uint64_t seed)
{
    const size_t n = each * CLASSES;
    struct dataset set = {.name = "pictures", .count = n, .channels = 3, .rows = SIDE,
                          .cols = SIDE, .classes = CLASSES,
                          .pixels = arena_get(mem, n, PICTURE), .label = arena_get(mem, n, 1)};
    struct rng r = rng_stream(seed, "pictures");

    for (size_t i = 0; i < n; i++) {
        set.label[i] = (uint8_t)(i % CLASSES);
        for (size_t j = 0; j < PICTURE; j++) {
            const size_t channel = j / (SIDE * SIDE);
            const int shade = 40 + 80 * ((set.label[i] >> channel) & 1) +
                              (set.label[i] >= 8 && j % 2 ? 60 : 0);

            set.pixels[i * PICTURE + j] = (uint8_t)(shade + (int)rng_below(&r, 30));
        }
    }
    return set;
}

static void make(struct pictures *p)
{
    static const int classes[CLASSES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct class_data *d = &p->data;

    *p = (struct pictures){.data = {.images = CLASS_PICTURES, .dim = PICTURE}};
    d->train = make_set(&p->mem, EACH, 1);
    d->test = make_set(&p->mem, TEST_EACH, 2);
    CHECK_STATUS(task_pool(&d->pool, &p->mem, &d->train, classes, CLASSES, EACH), STATUS_OK);
    CHECK_STATUS(task_every(&d->test_task, &p->mem, &d->test, classes, CLASSES, 1), STATUS_OK);
    d->x = arena_get(&p->mem, d->pool.n * PICTURE, sizeof *d->x);
    d->x_test = arena_get(&p->mem, d->test_task.n * PICTURE, sizeof *d->x_test);
    task_features(d->x, &d->pool, &task_scale_cifar10);
    task_features(d->x_test, &d->test_task, &task_scale_cifar10);
    p->unit = (struct unit){.seed = 1, .data = d, .mem = &p->mem};
}

/* ---- records ---- */

static void held_out_records_are_not_trained_on(void **state)
{
    struct class_rows train, judge;
    struct pictures p;

    (void)state;
    make(&p);
    for (size_t classes = 4; classes <= CLASSES; classes += 6) {
        uint8_t seen[EACH * CLASSES] = {0};

        class_data_choose(&train, &judge, &p.mem, &p.data, &setup, classes, 5, "run",
                          CLASS_HELD_OUT);
        assert_int_equal(train.n, setup.examples * classes / CLASSES);
        assert_int_equal(judge.n, setup.held_out * classes / CLASSES);
        for (size_t i = 0; i < train.n + judge.n; i++) {
            const uint32_t row = i < train.n ? train.row[i] : judge.row[i - train.n];

            CHECK_TRUE(row < EACH * CLASSES && !seen[row] && train.label[row] < classes);
            seen[row] = 1;
        }
    }
    arena_free(&p.mem);
}

static void test_records_are_all_of_the_other_file(void **state)
{
    struct class_rows train, judge;
    struct pictures p;

    (void)state;
    make(&p);
    class_data_choose(&train, &judge, &p.mem, &p.data, &setup, CLASSES, 5, "run", CLASS_TEST);
    assert_int_equal(judge.n, TEST_EACH * CLASSES);
    CHECK_TRUE(judge.x == p.data.x_test && judge.label == p.data.test_task.label);
    for (size_t i = 0; i < judge.n; i++)
        assert_int_equal(judge.row[i], i);
    arena_free(&p.mem);
}

/* The set with the images of the setting is taken, wherever it stands among those loaded. */
static void sets_are_found_by_their_images(void **state)
{
    struct class_data ten = {.images = CLASS_PICTURES};
    const struct class_data both = {.images = CLASS_HUNDRED, .next = &ten};

    (void)state;
    CHECK_TRUE(class_data_of(&both, CLASS_PICTURES) == &ten);
    CHECK_TRUE(class_data_of(&both, CLASS_HUNDRED) == &both);
    CHECK_ABORTS((void)class_data_of(&both, CLASS_DIGITS));
    const struct class_setup s = class_data_hundred(&setup, 25, 7, 3);

    CHECK_TRUE(s.images == CLASS_HUNDRED && s.part == 25 && s.pool == 7 && s.test_step == 3);
    CHECK_TRUE(s.examples == setup.examples && s.size == setup.size && s.blocks == setup.blocks);
}

/* A run on 5 of 20 classes takes a quarter of the records. */
static void records_are_in_proportion_to_the_classes_loaded(void **state)
{
    struct class_rows train, judge;
    struct pictures p;

    (void)state;
    make(&p);
    p.data.pool.classes = 20;
    class_data_choose(&train, &judge, &p.mem, &p.data, &setup, 5, 5, "run", CLASS_HELD_OUT);
    assert_int_equal(train.n, setup.examples / 4);
    assert_int_equal(judge.n, setup.held_out / 4);
    arena_free(&p.mem);
}

static void shifted_pictures_are_whole_ones(void **state)
{
    struct class_setup s = setup;
    struct pictures p;

    (void)state;
    make(&p);
    CHECK_ABORTS((void)class_data_augment(&p.data, &s, 1, "run").pad); /* no shift */
    s.pad = 2;
    const struct augment a = class_data_augment(&p.data, &s, 1, "run");

    assert_int_equal(a.count, p.data.pool.n);
    assert_int_equal(a.pad, 2);
    CHECK_TRUE(a.mirror);
    p.data.dim = PICTURE / 4; /* 2 x 2 means are no pictures of the set */
    CHECK_ABORTS((void)class_data_augment(&p.data, &s, 1, "run").pad);
    arena_free(&p.mem);
}

/* ---- networks ---- */

/* Width 16 and 16 x 16: 432 + 4608 + 9216 weights of 3 x 3, 512 of the shortcut, scales and shifts
 * of 16 + 3 x 32 channels, 330 of the linear layer. */
static void one_block_has_the_shape_that_is_promised(void **state)
{
    struct class_setup s = setup;
    struct class_network n;
    struct arena mem = {0};
    struct rng r = rng_stream(1, "init");

    (void)state;
    s.width = 16;
    CHECK_STATUS(class_network_create(&n, &mem, &s, PICTURE, 10, &r), STATUS_OK);
    assert_int_equal(n.model.param_count, 432 + 4608 + 9216 + 512 + 2 * (16 + 3 * 32) + 330);
    const double forward = 64 * 432 + 16 * (4608 + 9216 + 512) + 320;

    CHECK_RELATIVE(n.forward, forward, 1e-14);
    CHECK_RELATIVE(n.backward, 2 * forward - 64 * 432, 1e-14);
    CHECK_TRUE(n.net == NULL);
    class_network_free(&n);
    class_network_free(&n);
    arena_free(&mem);
}

static void eight_blocks_are_resnet18(void **state)
{
    struct class_setup s = setup;
    struct class_network n;
    struct arena mem = {0};
    struct rng r = rng_stream(1, "init");

    (void)state;
    s.batch = 1;
    s.size = 32;
    s.blocks = 8;
    s.width = 64;
    CHECK_STATUS(class_network_create(&n, &mem, &s, 3 * 32 * 32, 10, &r), STATUS_OK);
    assert_int_equal(n.model.param_count, 11173962);
    class_network_free(&n);
    s.blocks = 2;
    CHECK_ABORTS((void)!class_network_create(&n, &mem, &s, 3 * 32 * 32, 10, &r));
    arena_free(&mem);
}

static void digits_have_a_fully_connected_network(void **state)
{
    const struct class_setup s = {.images = CLASS_DIGITS, .hidden = 5, .batch = 8};
    struct class_network n;
    struct arena mem = {0};
    struct rng r = rng_stream(1, "init");

    (void)state;
    CHECK_STATUS(class_network_create(&n, &mem, &s, 7, 3, &r), STATUS_OK);
    CHECK_TRUE(n.net != NULL && n.convnet == NULL);
    assert_int_equal(n.model.param_count, 7 * 5 + 5 + 5 * 5 + 5 + 5 * 3 + 3);
    class_network_free(&n);
    arena_free(&mem);
}

/* ---- runs ---- */

static struct class_outcome run(struct pictures *p, const struct class_setup *s, const char *name,
                                int rate, uint64_t seed)
{
    struct class_outcome out;

    CHECK_STATUS(class_run(s, class_variant_find(CLASS_PICTURES, name), rate, &p->unit, seed,
                           "run", CLASS_TEST, NULL, NULL, &out), STATUS_OK);
    return out;
}

/* The steps until the mean loss of `window` of them is below `loss`; 0 where it never is. */
static size_t steps_to(struct pictures *p, const struct class_setup *s, double loss, size_t window)
{
    const struct class_level level = {loss, window};
    struct class_outcome out;

    CHECK_STATUS(class_run(s, class_variant_find(CLASS_PICTURES, "well-sgd"), -1, &p->unit, 3,
                           "run", CLASS_TEST, &level, NULL, &out), STATUS_OK);
    if (!out.reached)
        assert_int_equal(out.steps_to_level, out.steps);
    return out.reached ? out.steps_to_level : 0;
}

/* Guessing is wrong 9 times of 10. */
static void every_method_learns_pictures(void **state)
{
    struct pictures p;
    size_t count;
    const struct class_variant *all = class_variants(CLASS_PICTURES, &count);

    (void)state;
    make(&p);
    for (size_t i = 0; i < count; i++) {
        if (all[i].condition != CLASS_WELL)
            continue;
        const struct class_outcome out = run(&p, &setup, all[i].name, all[i].rate, 1);

        assert_int_equal(out.steps, 6 * 4);
        assert_int_equal(out.of, TEST_EACH * CLASSES);
        assert_int_equal(out.train_of, setup.examples);
        if (out.wrong > out.of / 2 || out.diverged_step > 0)
            fail_msg("%s: %zu of %zu wrong", all[i].name, out.wrong, out.of);
    }
    arena_free(&p.mem);
}

static void runs_depend_on_the_seed_alone(void **state)
{
    struct class_setup s = setup;
    struct pictures p;

    (void)state;
    make(&p);
    for (s.pad = 0; s.pad <= 2; s.pad += 2) {
        const struct class_outcome a = run(&p, &s, "ill-kwng", 0, 3);
        const struct class_outcome b = run(&p, &s, "ill-kwng", 0, 3);
        const struct class_outcome c = run(&p, &s, "ill-kwng", 0, 4);

        CHECK_NEAR(a.train_loss, b.train_loss, 0);
        assert_int_equal(a.wrong, b.wrong);
        CHECK_TRUE(a.train_loss < c.train_loss || a.train_loss > c.train_loss);
    }
    arena_free(&p.mem);
}

static void shifts_change_what_is_trained_on(void **state)
{
    struct class_setup s = setup;
    struct pictures p;

    (void)state;
    make(&p);
    const struct class_outcome plain = run(&p, &s, "well-sgd", 0, 3);

    s.pad = 2;
    const struct class_outcome shifted = run(&p, &s, "well-sgd", 0, 3);

    CHECK_TRUE(plain.train_loss < shifted.train_loss);
    arena_free(&p.mem);
}

/* With logits of 1e-6 and less the loss of a step is that of guessing, ln 10. */
static void scales_of_logits_are_in_the_loss(void **state)
{
    struct class_setup s = setup;
    struct pictures p;

    (void)state;
    make(&p);
    s.U[1] = 1e-6;
    s.epochs[CLASS_ILL] = 1;
    CHECK_NEAR(run(&p, &s, "ill-sgd", -2, 1).train_loss, log(10), 1e-4);
    arena_free(&p.mem);
}

/* Epochs of three full batches, whose losses fall: the mean of an epoch is that of its steps. */
static void a_level_is_reached_by_the_mean_of_the_last_steps(void **state)
{
    struct class_setup s = setup;
    struct pictures p;

    (void)state;
    make(&p);
    s.examples = 3 * s.batch;
    s.epochs[CLASS_WELL] = 1;
    const double whole = run(&p, &s, "well-sgd", -1, 3).train_loss;

    assert_int_equal(steps_to(&p, &s, whole * (1 + 1e-9), 3), 3);
    assert_int_equal(steps_to(&p, &s, whole * (1 - 1e-9), 3), 0);
    assert_int_equal(steps_to(&p, &s, 1e3, 2), 2);
    assert_int_equal(steps_to(&p, &s, 1e3, 4), 0);
    s.epochs[CLASS_WELL] = 2;
    const double last = run(&p, &s, "well-sgd", -1, 3).train_loss;

    assert_int_equal(steps_to(&p, &s, last * (1 + 1e-9), 3), 6);
    assert_int_equal(steps_to(&p, &s, last * (1 - 1e-9), 3), 0);
    assert_int_equal(steps_to(&p, &s, last * (1 + 1e-9), 6), 0);
    CHECK_ABORTS((void)steps_to(&p, &s, 1, 0));
    arena_free(&p.mem);
}

static void a_run_that_leaves_the_numbers_is_an_outcome(void **state)
{
    struct class_setup s = setup;
    struct pictures p;

    (void)state;
    make(&p);
    s.clip = 1e30;
    const struct class_outcome out = run(&p, &s, "ill-sgd", 40, 1);

    CHECK_TRUE(out.diverged_step >= 1 && out.diverged_step <= 24);
    arena_free(&p.mem);
}

/* The factor of eight inputs of more than eight numbers each is singular. */
static void a_method_that_finds_no_step_is_an_outcome(void **state)
{
    struct class_variant undamped = *class_variant_find(CLASS_PICTURES, "ill-kfac");
    struct class_setup s = setup;
    struct class_outcome out;
    struct pictures p;

    (void)state;
    make(&p);
    s.batch = 8;
    undamped.method.kfac_damping = 1e-300;
    CHECK_STATUS(class_run(&s, &undamped, 0, &p.unit, 1, "run", CLASS_TEST, NULL, NULL, &out),
                 STATUS_OK);
    assert_int_equal(out.diverged_step, 1);
    arena_free(&p.mem);
}

/* ---- the search and the unit ---- */

static const struct metric metrics[] = {CLASS_SEARCH_METRICS};
static const struct metric measured[] = {CLASS_METRICS};

static double value_of(const struct unit *u, const char *name)
{
    for (size_t i = 0; i < u->value_count; i++)
        if (strcmp(u->values[i].name, name) == 0)
            return u->values[i].value;
    fail_msg("no %s", name);
    return 0;
}

static double error_of(const struct unit *u, int rate)
{
    char name[UNIT_NAME];

    snprintf(name, sizeof name, "error.%d", rate + 20);
    return value_of(u, name);
}

static void a_search_ends_inside_its_grid_or_at_its_widest(void **state)
{
    const struct class_search rule = {.tuning = 1, .grid = 2, .widest = 5};
    struct class_setup s = setup;
    struct pictures p;
    double best, least = 1;

    (void)state;
    make(&p);
    s.epochs[CLASS_WELL] = 2;
    p.unit.cell_name = "well-sgd";
    p.unit.metrics = metrics;
    p.unit.metric_count = sizeof metrics / sizeof metrics[0];
    CHECK_STATUS(class_search_run(&s, &rule, &p.unit), STATUS_OK);
    const struct class_variant *v = class_variant_find(CLASS_PICTURES, "well-sgd");
    const double first = value_of(&p.unit, "first"), last = value_of(&p.unit, "last");

    best = value_of(&p.unit, "best");
    CHECK_TRUE(last - first + 1 >= 3 && last - first + 1 <= rule.widest);
    if (last - first + 1 < rule.widest)
        CHECK_TRUE(best > first && best < last);
    CHECK_NEAR(value_of(&p.unit, "at-edge"), best <= first || best >= last, 0);
    CHECK_NEAR(value_of(&p.unit, "off-print"), fabs(first - v->first) + fabs(last - v->last), 0);
    for (int k = (int)first; k <= (int)last; k++)
        least = fmin(least, error_of(&p.unit, k));
    CHECK_NEAR(error_of(&p.unit, (int)best), least, 0);
    if (v->rate >= first && v->rate <= last)
        CHECK_NEAR(value_of(&p.unit, "regret"), error_of(&p.unit, v->rate) - least, 0);
    CHECK_TRUE(value_of(&p.unit, "regret") >= 0);
    unit_free(&p.unit);
    arena_free(&p.mem);
}

/* Of what a unit is right beyond guessing, half is lost there. */
static void half_way_is_between_a_units_error_and_guessing(void **state)
{
    const struct class_level level = {2, 4};
    struct pictures p;

    (void)state;
    make(&p);
    p.unit.cell_name = "well-sgd";
    p.unit.metrics = measured;
    p.unit.metric_count = sizeof measured / sizeof measured[0];
    CHECK_STATUS(class_measure(&setup, &level, &p.unit), STATUS_OK);
    const double gain = 0.9 - value_of(&p.unit, "error.test");

    CHECK_TRUE(gain > 0.1);
    CHECK_RELATIVE(0.9 - value_of(&p.unit, "error.half"), gain / 2, 1e-12);
    CHECK_TRUE(value_of(&p.unit, "steps.level") >= 4);
    unit_free(&p.unit);
    arena_free(&p.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(held_out_records_are_not_trained_on),
        cmocka_unit_test(test_records_are_all_of_the_other_file),
        cmocka_unit_test(sets_are_found_by_their_images),
        cmocka_unit_test(records_are_in_proportion_to_the_classes_loaded),
        cmocka_unit_test(shifted_pictures_are_whole_ones),
        cmocka_unit_test(one_block_has_the_shape_that_is_promised),
        cmocka_unit_test(eight_blocks_are_resnet18),
        cmocka_unit_test(digits_have_a_fully_connected_network),
        cmocka_unit_test(every_method_learns_pictures),
        cmocka_unit_test(runs_depend_on_the_seed_alone),
        cmocka_unit_test(shifts_change_what_is_trained_on),
        cmocka_unit_test(scales_of_logits_are_in_the_loss),
        cmocka_unit_test(a_level_is_reached_by_the_mean_of_the_last_steps),
        cmocka_unit_test(a_run_that_leaves_the_numbers_is_an_outcome),
        cmocka_unit_test(a_method_that_finds_no_step_is_an_outcome),
        cmocka_unit_test(a_search_ends_inside_its_grid_or_at_its_widest),
        cmocka_unit_test(half_way_is_between_a_units_error_and_guessing),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("classification", tests, NULL, NULL);
}
