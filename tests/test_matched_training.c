/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_matched_training: descent to a given training loss, against gradient steps by hand. */
#include "test.h"

#include "aborts.h"
#include "task_distance/matched_training.h"
#include "transfer_pair.h"

/* All images a step, no momentum: the order of images does not matter. */
static struct transfer_options plain(void)
{
    struct transfer_options o = transfer_settings(0.05).transfer;

    o.batch = T_N;
    o.momentum = o.weight_decay = 0;
    return o;
}

static double loss_by_hand(enum task_part k)
{
    const struct task_part_images *part = &b.part[k];
    float logits[T_N * T_OUTPUTS];

    memcpy(logits, net_forward(&m.net, part->x, part->n), part->n * T_OUTPUTS * sizeof *logits);
    return loss_cross_entropy(logits, pair.target_label[k], part->n, T_OUTPUTS, part->n, NULL);
}

static void step_by_hand(void)
{
    loss_cross_entropy(net_forward(&m.net, b.part[TASK_TRAIN].x, T_N),
                       pair.target_label[TASK_TRAIN], T_N, T_OUTPUTS, T_N, net_dlogits(&m.net));
    net_backward_step(&m.net, net_dlogits(&m.net), 0.05, 0);
}

static void losses_are_of_the_target_alone(void **state)
{
    (void)state;
    source_model_restore(&m.start, &m.model);
    const struct matched_losses l = matched_losses_of(&m.model, &pair);
    CHECK_RELATIVE(l.train, loss_by_hand(TASK_TRAIN), 1e-6);
    CHECK_RELATIVE(l.test, loss_by_hand(TASK_TEST), 1e-6);
    CHECK_TRUE(l.train > 2 && fabs(l.train / l.test - 1) > 1e-4); /* it knows no class of b */
}

static void it_stops_between_the_looks_around_the_loss(void **state)
{
    enum { LOOKS = 8, EVERY = 3 };
    const struct transfer_options o = plain();
    double train[LOOKS + 1], test[LOOKS + 1];
    struct matched_losses out;

    (void)state;
    source_model_restore(&m.start, &m.model);
    for (int k = 0; k <= LOOKS; k++) {
        train[k] = loss_by_hand(TASK_TRAIN);
        test[k] = loss_by_hand(TASK_TEST);
        for (int t = 0; t < EVERY; t++)
            step_by_hand();
    }
    for (int k = 1; k <= LOOKS; k++) {
        const double loss = 0.3 * train[k - 1] + 0.7 * train[k];

        CHECK_TRUE(train[k] < train[k - 1] && fabs(test[k] - test[k - 1]) > 1e-3);
        CHECK_STATUS(matched_training(&out, &mem, &pair, &m.model, &m.start, &o, loss, EVERY, 100,
                                      5), STATUS_OK);
        assert_int_equal(out.steps, k * EVERY);
        CHECK_NEAR(out.train, loss, 0);
        CHECK_RELATIVE(out.test, 0.3 * test[k - 1] + 0.7 * test[k], 1e-5);
    }
}

static void seeds_draw_other_batches(void **state)
{
    const struct transfer_options o = transfer_settings(0.01).transfer;
    struct matched_losses first, again, other;

    (void)state;
    CHECK_STATUS(matched_training(&first, &mem, &pair, &m.model, &m.start, &o, 1, 1, 200, 1),
                 STATUS_OK);
    CHECK_STATUS(matched_training(&again, &mem, &pair, &m.model, &m.start, &o, 1, 1, 200, 1),
                 STATUS_OK);
    CHECK_STATUS(matched_training(&other, &mem, &pair, &m.model, &m.start, &o, 1, 1, 200, 2),
                 STATUS_OK);
    CHECK_NEAR(first.test, again.test, 0);
    CHECK_TRUE(fabs(first.test - other.test) > 1e-9);
}

static void a_loss_out_of_reach_is_said(void **state)
{
    const struct transfer_options o = plain();
    struct transfer_options wild = o;
    struct matched_losses out;

    (void)state;
    CHECK_STATUS(matched_training(&out, &mem, &pair, &m.model, &m.start, &o, -1, 5, 20, 1),
                 STATUS_NO_CONVERGENCE);
    CHECK_MESSAGE("after 20 steps, above -1");
    CHECK_STATUS(matched_training(&out, &mem, &pair, &m.model, &m.start, &o, 100, 5, 20, 1),
                 STATUS_NO_CONVERGENCE);
    CHECK_MESSAGE("before the first step, below 100");
    wild.learning_rate = 1e38;
    CHECK_STATUS(matched_training(&out, &mem, &pair, &m.model, &m.start, &wild, 0, 5, 20, 1),
                 STATUS_DIVERGED);
    CHECK_ABORTS(CHECK_STATUS(matched_training(&out, &mem, &pair, &m.model, &m.start, &o, 1, 0, 20,
                                               1), STATUS_OK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_of_the_target_alone),
        cmocka_unit_test(it_stops_between_the_looks_around_the_loss),
        cmocka_unit_test(seeds_draw_other_batches),
        cmocka_unit_test(a_loss_out_of_reach_is_said),
    };

    return cmocka_run_group_tests(tests, transfer_pair_make, transfer_pair_drop);
}
