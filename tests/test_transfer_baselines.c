/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_transfer_baselines: transfer without couplings against sums by hand. */
#include "test.h"

#include "aborts.h"
#include "base/memory.h"
#include "geometry/fisher.h"
#include "linalg/blas.h"
#include "task_distance/transfer_baselines.h"
#include "transfer_tasks.h"

static struct arena mem;
static struct task_images a, b;
static struct transfer_model m;
static struct task_pair pair;

static int prepare(void **state)
{
    (void)state;
    blas_set_threads(1);
    a = transfer_task(&mem, "a", 1);
    b = transfer_task(&mem, "b", 1);
    transfer_model_make(&m, &mem, &a, 100);
    pair = task_pair_make(&mem, &a, &b, T_OUTPUTS);
    return 0;
}

static int drain(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static void without_learning_nothing_moves(void **state)
{
    const struct transfer_options o = transfer_settings(0).transfer;
    struct mixture_result mixture;
    static struct fine_tuning_result fine;

    (void)state;
    CHECK_STATUS(transfer_mixture(&mixture, &mem, &pair, &m.model, &m.start, &o, 1), STATUS_OK);
    CHECK_NEAR(mixture.length.mean, 0, 0);
    CHECK_NEAR(mixture.length.riemannian, 0, 0);
    CHECK_STATUS(transfer_fine_tuning(&fine, &mem, &pair, &m.model, &m.start, &o, 4, 1),
                 STATUS_OK);
    CHECK_NEAR(fine.euclidean_whole, 0, 0);
    CHECK_NEAR(fine.length_whole.riemannian, 0, 0);
    CHECK_NEAR(fine.accuracy.source[TASK_TEST], 1, 0);
}

static void lengths_are_related(void **state)
{
    const struct transfer_options o = transfer_settings(0.05).transfer;
    struct mixture_result mixture, again;
    static struct fine_tuning_result fine;

    (void)state;
    CHECK_STATUS(transfer_mixture(&mixture, &mem, &pair, &m.model, &m.start, &o, 1), STATUS_OK);
    CHECK_TRUE(mixture.length.mean > 0.1 && mixture.length.riemannian > mixture.length.mean);
    CHECK_RELATIVE(mixture.length.released, mixture.length.mean / (sqrt(2) * 6), 1e-12);
    CHECK_TRUE(mixture.accuracy.target[TASK_TEST] > 0.9);
    CHECK_STATUS(transfer_mixture(&again, &mem, &pair, &m.model, &m.start, &o, 1), STATUS_OK);
    assert_memory_equal(&mixture, &again, sizeof again);
    CHECK_STATUS(transfer_fine_tuning(&fine, &mem, &pair, &m.model, &m.start, &o, 4, 1),
                 STATUS_OK);
    CHECK_TRUE(fine.length.mean > 0 && fine.length.riemannian > fine.length.mean);
    CHECK_TRUE(fine.length.mean <= fine.length_whole.mean);
    CHECK_TRUE(fine.euclidean > 0 && fine.euclidean <= fine.euclidean_whole);
    assert_int_equal(fine.validations, 6);
    CHECK_NEAR(fine.validation, fine.curve[5], 0);
    assert_int_equal(fine.cut, 4 * (fine_tuning_cut(fine.curve, 6) + 1));
}

/* One step of the whole task by plain descent: w moves by rate |g|, and the gradient is that of the
 * shifted labels. */
static void the_weights_path_is_the_gradients(void **state)
{
    struct transfer_options o = transfer_settings(0.05).transfer;
    const struct task_part_images *part = &b.part[TASK_TRAIN];
    static struct fine_tuning_result fine;
    double squares = 0;

    (void)state;
    o.steps = o.checkpoints = 1;
    o.batch = T_N;
    o.momentum = o.weight_decay = 0;
    source_model_restore(&m.start, &m.model);
    const float *logits = net_forward(&m.net, part->x, T_N);
    loss_cross_entropy(logits, pair.target_label[TASK_TRAIN], T_N, T_OUTPUTS, T_N,
                       net_dlogits(&m.net));
    net_backward(&m.net, net_dlogits(&m.net), 0);
    for (size_t i = 0; i < m.model.param_count; i++)
        squares += (double)m.model.grads[i] * (double)m.model.grads[i];
    CHECK_STATUS(transfer_fine_tuning(&fine, &mem, &pair, &m.model, &m.start, &o, 1, 1),
                 STATUS_OK);
    CHECK_RELATIVE(fine.euclidean_whole, 0.05 * sqrt(squares), 1e-4);
}

/* With one checkpoint a length is measured at tau_0 = 0: at the source's images alone, after steps
 * of which the only one has tau = 1. By hand from the predictions before and after. */
static void a_mixture_is_measured_where_it_was(void **state)
{
    struct transfer_options o = transfer_settings(0.05).transfer;
    const struct task_part_images *part = &a.part[TASK_TRAIN];
    float before[T_N * T_OUTPUTS], after[T_N * T_OUTPUTS];
    struct mixture_result out;
    double root = 0, squared = 0;

    (void)state;
    o.steps = o.checkpoints = 1;
    source_model_restore(&m.start, &m.model);
    model_outputs(&m.model, part->x, T_N, before);
    CHECK_STATUS(transfer_mixture(&out, &mem, &pair, &m.model, &m.start, &o, 1), STATUS_OK);
    model_outputs(&m.model, part->x, T_N, after);
    for (size_t i = 0; i < T_N; i++) {
        const double twice = 2 * fisher_kl_logits(before + i * T_OUTPUTS, after + i * T_OUTPUTS,
                                                  T_OUTPUTS);

        root += sqrt(twice) / T_N;
        squared += twice / T_N;
    }
    CHECK_RELATIVE(out.length.mean, root, 1e-6);
    CHECK_RELATIVE(out.length.riemannian, sqrt(squared), 1e-6);
}

static void the_cut_is_the_first_at_95_percent(void **state)
{
    (void)state;
    assert_int_equal(fine_tuning_cut((double[]){0.1, 0.94, 0.96, 0.5, 1}, 5), 2);
    assert_int_equal(fine_tuning_cut((double[]){0.1, 0.95, 0.96, 0.5, 1}, 5), 1);
    assert_int_equal(fine_tuning_cut((double[]){0.1, 0.2, 0.3}, 3), 2);
    assert_int_equal(fine_tuning_cut((double[]){0, 0}, 2), 0);
    assert_int_equal(fine_tuning_cut((double[]){0.4}, 1), 0);
}

static void divergence_is_said(void **state)
{
    const struct transfer_options o = transfer_settings(1e30).transfer;
    struct mixture_result mixture;
    static struct fine_tuning_result fine;

    (void)state;
    CHECK_STATUS(transfer_mixture(&mixture, &mem, &pair, &m.model, &m.start, &o, 1),
                 STATUS_DIVERGED);
    CHECK_STATUS(transfer_fine_tuning(&fine, &mem, &pair, &m.model, &m.start, &o, 4, 1),
                 STATUS_DIVERGED);
    CHECK_ABORTS(if (transfer_fine_tuning(&fine, &mem, &pair, &m.model, &m.start, &o, 5, 1) !=
                     STATUS_OK) return);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_learning_nothing_moves),
        cmocka_unit_test(lengths_are_related),
        cmocka_unit_test(the_weights_path_is_the_gradients),
        cmocka_unit_test(a_mixture_is_measured_where_it_was),
        cmocka_unit_test(the_cut_is_the_first_at_95_percent),
        cmocka_unit_test(divergence_is_said),
    };

    return cmocka_run_group_tests(tests, prepare, drain);
}
