/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_source_model: a source model is trained once, kept, and found again to the bit; a matrix of
 * tasks is the same with kept pairs as without. */
#include "test.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/memory.h"
#include "linalg/blas.h"
#include "task_distance/source_model.h"
#include "task_distance/task_matrix.h"

enum { SIDE = 16, INPUTS = 3 * SIDE * SIDE, N = 20, TESTS = 10, CLASSES = 2 };

static struct arena mem;
static struct task_images tasks[3];
static const char *const names[3] = {"a", "b", "c"};

static struct task_images make_task(const char *name)
{
    static const size_t counts[TASK_PARTS] = {N, TESTS, TESTS};
    struct rng r = rng_stream(1, "task:%s", name);
    struct task_images t = {.name = name, .channels = 3, .side = SIDE, .inputs = INPUTS,
                            .classes = CLASSES};
    float pattern[CLASSES][INPUTS];

    for (size_t i = 0; i < CLASSES * INPUTS; i++)
        pattern[i / INPUTS][i % INPUTS] = rng_uniformf(&r);
    for (int k = 0; k < TASK_PARTS; k++) {
        struct task_part_images *part = &t.part[k];

        *part = (struct task_part_images){.n = counts[k],
                                          .x = arena_get(&mem, counts[k] * INPUTS, sizeof(float)),
                                          .label = arena_get(&mem, counts[k], 1)};
        for (size_t i = 0; i < part->n * INPUTS; i++) {
            part->label[i / INPUTS] = (uint8_t)(i / INPUTS % CLASSES);
            part->x[i] = 0.8f * pattern[i / INPUTS % CLASSES][i % INPUTS] +
                         0.2f * rng_uniformf(&r);
        }
    }
    return t;
}

static int fill(void **state)
{
    (void)state;
    blas_set_threads(1);
    for (size_t i = 0; i < 3; i++)
        tasks[i] = make_task(names[i]);
    return 0;
}

static int drain(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static const struct transfer_net_spec net_spec = {TRANSFER_CONV, 16, 3, SIDE, 2 * CLASSES, 20};
static const struct source_options source = {30, 10, 0.02, 0.9, 5e-4, 0.2, 0};

static void a_kept_model_is_the_trained_one(void **state)
{
    const char *folder = test_folder();
    struct source_model trained, kept, found, other, shifted;
    struct source_options augmented = source;
    struct convnet *net;

    (void)state;
    augmented.pad = 1;
    CHECK_STATUS(transfer_net_create(&net, &net_spec, 1), STATUS_OK);
    const struct model m = convnet_model(net);
    CHECK_STATUS(source_model_get(&trained, &mem, net, &tasks[0], &source, 1, NULL), STATUS_OK);
    CHECK_TRUE(trained.accuracy[TASK_TRAIN] == 1 && trained.accuracy[TASK_TEST] > 0.9);
    assert_memory_equal(trained.params, m.params, m.param_count * sizeof *m.params);
    assert_memory_equal(trained.state, m.state, m.state_count * sizeof *m.state);
    CHECK_STATUS(source_model_get(&kept, &mem, net, &tasks[0], &source, 1, folder), STATUS_OK);
    memset(m.params, 0, m.param_count * sizeof *m.params);
    CHECK_STATUS(source_model_get(&found, &mem, net, &tasks[0], &source, 1, folder), STATUS_OK);
    const struct source_model *same[] = {&trained, &kept, &found};
    for (size_t k = 0; k < 3; k++) {
        assert_memory_equal(same[k]->params, m.params, m.param_count * sizeof *m.params);
        assert_memory_equal(same[k]->state, m.state, m.state_count * sizeof *m.state);
        assert_memory_equal(same[k]->accuracy, trained.accuracy, sizeof trained.accuracy);
        CHECK_NEAR(same[k]->loss, trained.loss, 0);
    }
    /* another seed, other settings: other files */
    CHECK_STATUS(source_model_get(&other, &mem, net, &tasks[0], &source, 2, folder), STATUS_OK);
    CHECK_STATUS(source_model_get(&shifted, &mem, net, &tasks[0], &augmented, 1, folder),
                 STATUS_OK);
    CHECK_TRUE(memcmp(other.params, trained.params, m.param_count * sizeof *m.params) != 0);
    CHECK_TRUE(memcmp(shifted.params, trained.params, m.param_count * sizeof *m.params) != 0);
    source_model_restore(&trained, &m);
    assert_memory_equal(trained.params, m.params, m.param_count * sizeof *m.params);
    assert_memory_equal(trained.state, m.state, m.state_count * sizeof *m.state);
    convnet_free(net);
}

/* ---- a training that is killed ---- */

/* Backward passes of a convolution or the like, and the one that ends the process. */
struct passes {
    size_t seen, last;
};

static void count_passes(void *context, const struct convnet_sight *sight)
{
    struct passes *p = context;

    (void)sight;
    if (++p->seen == p->last)
        raise(SIGKILL);
}

/* The model of task b, its passes counted; with last > 0 the process ends there. */
static void get_counted(struct source_model *out, const struct source_options *options,
                        struct passes *passes, const char *folder)
{
    struct convnet *net;

    CHECK_STATUS(transfer_net_create(&net, &net_spec, 1), STATUS_OK);
    convnet_watch(net, count_passes, passes);
    CHECK_STATUS(source_model_get(out, &mem, net, &tasks[1], options, 1, folder), STATUS_OK);
    convnet_free(net);
}

static void kill_inside(const struct source_options *options, size_t last, const char *folder)
{
    const pid_t child = fork();
    int status = 0;

    if (child == 0) {
        struct passes passes = {0, last};
        struct source_model lost;
        get_counted(&lost, options, &passes, folder);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    CHECK_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Killed at two and at four fifths; the rest is then less than a third of the passes. */
static void a_killed_training_goes_on(void **state)
{
    const char *folder = test_folder();
    struct passes whole = {0, 0}, rest = {0, 0}, none = {0, 0};
    struct source_model expected, resumed, found;
    struct source_options augmented = source;

    (void)state;
    augmented.pad = 1;
    get_counted(&expected, &augmented, &whole, NULL);
    kill_inside(&augmented, whole.seen * 2 / 5, folder);
    kill_inside(&augmented, whole.seen * 2 / 5, folder);
    get_counted(&resumed, &augmented, &rest, folder);
    CHECK_TRUE(rest.seen > 0 && rest.seen * 3 < whole.seen);
    get_counted(&found, &augmented, &none, folder);
    assert_int_equal(none.seen, 0);
    const struct source_model *same[] = {&resumed, &found};
    for (size_t k = 0; k < 2; k++) {
        assert_memory_equal(same[k]->params, expected.params,
                            expected.param_count * sizeof(float));
        assert_memory_equal(same[k]->state, expected.state, expected.state_count * sizeof(float));
        assert_memory_equal(same[k]->accuracy, expected.accuracy, sizeof expected.accuracy);
        CHECK_NEAR(same[k]->loss, expected.loss, 0);
    }
}

/* An arena's own end is the caller's to guard. */
static enum status get_guarded(struct arena *own, struct convnet *net,
                               const struct source_options *options)
{
    struct source_model s;

    if (arena_guard(own))
        return STATUS_MEMORY;
    return source_model_get(&s, own, net, &tasks[0], options, 1, NULL);
}

static enum status get_without(size_t k)
{
    struct source_options large = source;
    struct arena own = {0};
    struct convnet *net;

    large.epochs = 1;
    large.batch = N; /* the parts of TESTS images are of another size */
    CHECK_STATUS(transfer_net_create(&net, &net_spec, 1), STATUS_OK);
    memory_fail_at(k);
    const enum status status = get_guarded(&own, net, &large);
    memory_fail_at(0);
    convnet_free(net);
    arena_free(&own);
    return status;
}

static void exhausted_memory_is_a_status(void **state)
{
    enum status status = STATUS_MEMORY;

    (void)state;
    for (size_t k = 1; status != STATUS_OK; k++) {
        status = get_without(k);
        CHECK_TRUE(status == STATUS_OK || status == STATUS_MEMORY);
        CHECK_TRUE(k < 2000 && (status != STATUS_OK || k > 3));
    }
}

static void both_networks_are_those_of_the_published_code(void **state)
{
    static const size_t params[] = {1167882, 2751146};

    (void)state;
    for (int kind = TRANSFER_CONV; kind <= TRANSFER_WRN; kind++) {
        const struct transfer_net_spec spec = {(enum transfer_network)kind, 1, 3, 32, 10, 1};
        struct convnet *net;

        CHECK_STATUS(transfer_net_create(&net, &spec, 1), STATUS_OK);
        assert_int_equal(convnet_model(net).param_count, params[kind]);
        convnet_free(net);
    }
}

/* Three tasks by pixels; `seed` only names what is drawn. */
static struct task_matrix matrix(const char *artifacts)
{
    struct task_matrix t = {
        .spec = {.net = net_spec, .source = source,
                 .coupled = {.transfer = {.steps = 4, .checkpoints = 2, .batch = 10,
                                          .learning_rate = 0.02, .momentum = 0.9,
                                          .evaluation_batch = 20},
                             .block = 5, .start_cost = FEATURE_COST_COSINE, .start_epsilon = 1e-3,
                             .update = COUPLED_GROWING, .weight = 0.05},
                 .iterations = 2, .every = 2},
        .n = 3, .mem = &mem, .seed = 1, .artifacts = artifacts};

    for (size_t i = 0; i < 3; i++)
        t.images[i] = tasks[i];
    return t;
}

static void a_matrix_is_the_same_from_kept_pairs(void **state)
{
    struct mat fresh[TASK_MATRIX_KINDS], first[TASK_MATRIX_KINDS], again[TASK_MATRIX_KINDS];
    const char *folder = test_folder();
    struct task_matrix_pair pair;

    (void)state;
    struct task_matrix t = matrix(NULL);
    CHECK_STATUS(task_matrix_all(&t, fresh), STATUS_OK);
    task_matrix_free(&t);
    t = matrix(folder);
    CHECK_STATUS(task_matrix_pair(&t, 2, 0, &pair), STATUS_OK);
    task_matrix_free(&t);
    t = matrix(folder);
    CHECK_STATUS(task_matrix_all(&t, first), STATUS_OK);
    task_matrix_free(&t);
    t = matrix(folder);
    CHECK_STATUS(task_matrix_all(&t, again), STATUS_OK);
    CHECK_TRUE(t.net == NULL); /* nothing was computed */
    task_matrix_free(&t);
    for (size_t k = 0; k < TASK_MATRIX_KINDS; k++)
        for (size_t e = 0; e < 9; e++) {
            CHECK_NEAR(first[k].a[e], fresh[k].a[e], 0);
            CHECK_NEAR(again[k].a[e], fresh[k].a[e], 0);
        }
    for (size_t e = 0; e < 9; e++)
        CHECK_TRUE((fresh[TASK_MATRIX_COUPLED].a[e] > 0) == (e % 4 != 0));
    CHECK_NEAR(fresh[TASK_MATRIX_COUPLED].a[6], pair.coupled.length.mean, 0);
    CHECK_NEAR(fresh[TASK_MATRIX_COARSE].a[6], pair.coupled.coarse.mean, 0);
    CHECK_NEAR(fresh[TASK_MATRIX_COARSE_KEPT].a[6], pair.kept_coarse, 0);
    CHECK_NEAR(fresh[TASK_MATRIX_FITTED_MIXTURE].a[6], pair.after_mixture.fitted, 0);
    for (size_t k = 0; k < TASK_MATRIX_KINDS; k++) /* each has a name, each length a number */
        CHECK_TRUE(task_matrix_names[k] != NULL &&
                   (k >= TASK_MATRIX_FITTED_COUPLED || fresh[k].a[6] > 0));
    char path[600];
    snprintf(path, sizeof path, "%s/state.a-b.1", folder);
    CHECK_TRUE(!file_exists(path));
    snprintf(path, sizeof path, "%s/pair.a-b.1", folder);
    CHECK_TRUE(file_exists(path));
}

static void numbers_of_a_matrix_are_those_by_hand(void **state)
{
    const double d[] = {0, 2, 3, 1, 0, 8, 6, 4, 0}, e[] = {0, 2, 4, 0.5, 0, 9, 7, 3, 0};
    const struct mat a = mat_over(d, 3, 3), b = mat_over(e, 3, 3);

    (void)state;
    CHECK_NEAR(task_matrix_asymmetry(&a), 2, 0);
    CHECK_NEAR(task_matrix_spread(&a), 8, 0);
    CHECK_RELATIVE(task_matrix_mean_ratio(&b, &a),
                   pow(4.0 / 3 * 0.5 * 9.0 / 8 * 7.0 / 6 * 3.0 / 4, 1.0 / 6), 1e-12);
    /* pair means 1.5, 4.5, 6; mean 4 */
    CHECK_RELATIVE(task_matrix_excess(&a, 1, 2, 0), (6 - 4.5) / 4, 1e-12);
    CHECK_RELATIVE(task_matrix_excess(&a, 2, 0, 0), (4.5 - 6) / 4, 1e-12);
    CHECK_RELATIVE(task_matrix_excess(&a, 0, 1, 1), (1.5 - 4.5) / 4, 1e-12);
    CHECK_RELATIVE(task_matrix_excess(&a, 0, 2, 1), (4.5 - 1.5) / 4, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kept_model_is_the_trained_one),
        cmocka_unit_test(a_killed_training_goes_on),
        cmocka_unit_test(exhausted_memory_is_a_status),
        cmocka_unit_test(both_networks_are_those_of_the_published_code),
        cmocka_unit_test(a_matrix_is_the_same_from_kept_pairs),
        cmocka_unit_test(numbers_of_a_matrix_are_those_by_hand),
    };

    return cmocka_run_group_tests(tests, fill, drain);
}
