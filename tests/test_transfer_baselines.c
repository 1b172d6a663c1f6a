/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_transfer_baselines: transfer without couplings against sums by hand. */
#include "test.h"

#include "aborts.h"
#include "geometry/fisher.h"
#include "task_distance/transfer_baselines.h"
#include "transfer_pair.h"

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
    CHECK_NEAR(fine.euclidean, 0, 0);
    CHECK_NEAR(fine.length.riemannian, 0, 0);
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
    CHECK_TRUE(fine.euclidean > 0);
}

/* Fine-tuning of fewer steps, validated at its end alone, is the beginning of a longer one. */
static struct fine_tuning_result beginning(size_t steps)
{
    struct transfer_options o = transfer_settings(0.01).transfer;
    struct fine_tuning_result out;

    o.steps = steps;
    o.checkpoints = steps / 4;
    CHECK_STATUS(transfer_fine_tuning(&out, &mem, &pair, &m.model, &m.start, &o, steps, 1),
                 STATUS_OK);
    assert_int_equal(out.cut, steps);
    return out;
}

static void the_cut_is_the_first_at_95_percent_of_the_last(void **state)
{
    struct transfer_options o = transfer_settings(0.01).transfer;
    const struct fine_tuning_result whole = beginning(24);
    struct fine_tuning_result fine;
    size_t cut = 4;

    (void)state;
    while (beginning(cut).validation < FINE_TUNING_CUT * whole.validation)
        cut += 4;
    CHECK_TRUE(whole.validation > 0.5 && cut > 4 && cut < 24); /* else nothing is tested */
    CHECK_STATUS(transfer_fine_tuning(&fine, &mem, &pair, &m.model, &m.start, &o, 4, 1),
                 STATUS_OK);
    assert_int_equal(fine.cut, cut);
    CHECK_NEAR(fine.validation, whole.validation, 0);
    CHECK_NEAR(fine.euclidean, beginning(cut).euclidean, 0);
    CHECK_NEAR(fine.length.mean, beginning(cut).length.mean, 0);
    CHECK_NEAR(fine.length.riemannian, beginning(cut).length.riemannian, 0);
    assert_memory_equal(&fine.accuracy, &whole.accuracy, sizeof whole.accuracy);
    CHECK_NEAR(fine.euclidean_whole, whole.euclidean, 0);
    assert_memory_equal(&fine.whole, &whole.length, sizeof whole.length);
    CHECK_TRUE(fine.euclidean_whole > fine.euclidean && fine.whole.mean > fine.length.mean);
    o.checkpoints = 2; /* the next one lies behind the cut */
    CHECK_STATUS(transfer_fine_tuning(&fine, &mem, &pair, &m.model, &m.start, &o, 4, 1),
                 STATUS_OK);
    assert_int_equal(fine.cut, cut);
    CHECK_TRUE(fine.length.mean > 0);
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
    CHECK_RELATIVE(fine.euclidean, 0.05 * sqrt(squares), 1e-4);
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

/* Every fourth of 24 checkpoints are 6, and where they lie no step knows. */
static void a_coarse_length_is_that_of_fewer_checkpoints(void **state)
{
    struct transfer_options o = transfer_settings(0.05).transfer, six = o;
    struct mixture_result mixture, mixture_six;
    static struct fine_tuning_result fine, fine_six;

    (void)state;
    o.checkpoints = 24;
    CHECK_STATUS(transfer_mixture(&mixture, &mem, &pair, &m.model, &m.start, &o, 1), STATUS_OK);
    CHECK_STATUS(transfer_mixture(&mixture_six, &mem, &pair, &m.model, &m.start, &six, 1),
                 STATUS_OK);
    assert_memory_equal(&mixture.coarse, &mixture_six.length, sizeof mixture.coarse);
    CHECK_TRUE(mixture.coarse.mean < 0.99 * mixture.length.mean);
    CHECK_STATUS(transfer_fine_tuning(&fine, &mem, &pair, &m.model, &m.start, &o, 4, 1),
                 STATUS_OK);
    CHECK_STATUS(transfer_fine_tuning(&fine_six, &mem, &pair, &m.model, &m.start, &six, 4, 1),
                 STATUS_OK);
    assert_memory_equal(&fine.coarse, &fine_six.whole, sizeof fine.coarse);
    CHECK_TRUE(fabs(fine.coarse.mean / fine.whole.mean - 1) > 1e-4);
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
        cmocka_unit_test(the_cut_is_the_first_at_95_percent_of_the_last),
        cmocka_unit_test(a_coarse_length_is_that_of_fewer_checkpoints),
        cmocka_unit_test(divergence_is_said),
    };

    return cmocka_run_group_tests(tests, transfer_pair_make, transfer_pair_drop);
}
