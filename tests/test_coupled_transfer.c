/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_coupled_transfer: what holds of the distance whatever the tasks are, and that a run that was
 * killed goes on to the same bits. */
#include "test.h"

#include "aborts.h"
#include "base/file.h"
#include "geometry/fisher.h"
#include "task_distance/coupled_memo.h"
#include "task_distance/coupled_work.h"
#include "transfer_pair.h"

static struct coupled_transfer create(const struct coupled_options *options)
{
    return coupled_transfer_create(&mem, &pair, &m.model, &m.start, options);
}

static void no_learning_is_no_distance(void **state)
{
    const struct coupled_options o = transfer_settings(0);
    struct coupled_transfer c = create(&o);
    struct coupled_iteration out[2];

    (void)state;
    CHECK_STATUS(coupled_transfer_run(&c, 2, 1, NULL, out), STATUS_OK);
    for (size_t k = 0; k < 2; k++) {
        CHECK_NEAR(out[k].length.mean, 0, 0);
        CHECK_NEAR(out[k].length.riemannian, 0, 0);
        CHECK_NEAR(out[k].accuracy.target[TASK_TRAIN], 0, 0);
    }
    assert_memory_equal(m.model.params, m.start.params, m.model.param_count * sizeof(float));
}

static void lengths_are_related(void **state)
{
    const struct coupled_options o = transfer_settings(0.05);
    struct coupled_transfer c = create(&o);
    struct coupled_iteration out[3];

    (void)state;
    CHECK_STATUS(coupled_transfer_run(&c, 3, 1, NULL, out), STATUS_OK);
    for (size_t k = 0; k < 3; k++) {
        const struct transfer_length *l = &out[k].length;
        double steps = 0;

        for (size_t s = 1; s <= 6; s++)
            steps += out[k].step[s];
        CHECK_TRUE(l->mean > 0.1 && l->riemannian > l->mean);
        CHECK_RELATIVE(l->released, l->mean / (sqrt(2) * 6), 1e-12);
        CHECK_RELATIVE(steps, l->mean, 1e-12);
        CHECK_TRUE(k < 2 || out[k].accuracy.target[TASK_TEST] > 0.9);
        CHECK_TRUE(out[k].tau[0] == 0 && out[k].tau[6] == 1 && out[k].tau[3] == 0.5);
        CHECK_TRUE(out[k].train_loss[3] > out[k].train_loss[0]);
    }
}

/* The model, seen from outside: training passes are counted, and before pass `at` the weights are
 * noted, or the process ends. */
static size_t passes, at;
static int dies;
static float noted[T_INPUTS * T_OUTPUTS + T_OUTPUTS];

static const float *watched_forward(void *self, const float *x, size_t batch, enum model_mode mode)
{
    if (mode == MODEL_TRAIN && passes++ == at) {
        if (dies)
            _exit(0);
        memcpy(noted, m.model.params, sizeof noted);
    }
    return m.model.forward(self, x, batch, mode);
}

static struct model watched(size_t pass, int kill)
{
    struct model model = m.model;

    passes = 0;
    at = pass;
    dies = kill;
    model.forward = watched_forward;
    return model;
}

/* sqrt(2 KL) between the predictions of two weights at x. */
static double step_at(const float *from, const float *to, const float *x)
{
    const size_t bytes = m.model.param_count * sizeof(float);
    float logits[T_OUTPUTS];

    memcpy(m.model.params, from, bytes);
    memcpy(logits, m.model.forward(m.model.self, x, 1, MODEL_EVALUATE), sizeof logits);
    memcpy(m.model.params, to, bytes);
    return sqrt(2 * fisher_kl_logits(logits, m.model.forward(m.model.self, x, 1, MODEL_EVALUATE),
                                     T_OUTPUTS));
}

/* (17b) by hand for two checkpoints: both steps at the image that was there before them. */
static void cost_is_the_length_at_frozen_inputs(void **state)
{
    const size_t i = 7, j = 9, item = 1 * T_BLOCK * T_BLOCK + 1 * T_BLOCK + 3;
    struct coupled_options o = transfer_settings(0.05);
    const float *x = a.part[TASK_TRAIN].x + i * T_INPUTS, *y = b.part[TASK_TRAIN].x + j * T_INPUTS;
    float mixed[T_INPUTS], last[sizeof noted / sizeof noted[0]];
    struct coupled_iteration out;

    (void)state;
    assert_int_equal(m.model.param_count * sizeof(float), sizeof noted);
    o.transfer.schedule = TRANSFER_LINEAR;
    o.transfer.checkpoints = 2;
    const struct model model = watched(12, 0);
    struct coupled_transfer c = coupled_transfer_create(&mem, &pair, &model, &m.start, &o);
    CHECK_STATUS(coupled_transfer_independent(&c, 1, &out), STATUS_OK);
    assert_int_equal(passes, 24);
    memcpy(last, m.model.params, sizeof last);
    for (size_t p = 0; p < T_INPUTS; p++)
        mixed[p] = 0.5f * x[p] + 0.5f * y[p];
    CHECK_RELATIVE(c.cost[item],
                   step_at(m.start.params, noted, x) + step_at(noted, last, mixed), 1e-5);
}

/* With six checkpoints the coarse ones are the fourth and the sixth, by hand for the plan that has
 * every pair: from w^s to w_4 at the source's images, from there to the end at mixed ones. */
static void a_coarse_length_skips_checkpoints(void **state)
{
    const size_t pairs = T_N * T_BLOCK;
    struct coupled_options o = transfer_settings(0.05);
    float mixed[T_INPUTS], last[sizeof noted / sizeof noted[0]];
    double root = 0, early = 0, late = 0;
    struct coupled_iteration out;

    (void)state;
    o.transfer.schedule = TRANSFER_LINEAR;
    const struct model model = watched(16, 0);
    struct coupled_transfer c = coupled_transfer_create(&mem, &pair, &model, &m.start, &o);
    CHECK_STATUS(coupled_transfer_independent(&c, 1, &out), STATUS_OK);
    memcpy(last, m.model.params, sizeof last);
    for (size_t item = 0; item < pairs; item++) {
        const size_t i = item / T_BLOCK, j = i / T_BLOCK * T_BLOCK + item % T_BLOCK;
        const float *x = a.part[TASK_TRAIN].x + i * T_INPUTS;
        const float *y = b.part[TASK_TRAIN].x + j * T_INPUTS;

        for (size_t p = 0; p < T_INPUTS; p++)
            mixed[p] = x[p] / 3 + 2 * y[p] / 3;
        const double first = step_at(m.start.params, noted, x), then = step_at(noted, last, mixed);
        root += (first + then) / (double)pairs;
        early += first * first / (double)pairs;
        late += then * then / (double)pairs;
    }
    CHECK_RELATIVE(out.coarse.mean, root, 1e-5);
    CHECK_RELATIVE(out.coarse.riemannian, sqrt(early) + sqrt(late), 1e-5);
    CHECK_RELATIVE(out.coarse.released, out.coarse.mean / (sqrt(2) * 2), 1e-12);
    CHECK_TRUE(out.coarse.mean < out.length.mean);
}

static void plans_stay_couplings(void **state)
{
    static const enum coupled_update kinds[] = {COUPLED_GROWING, COUPLED_CONSTANT,
                                                COUPLED_ENTROPIC, COUPLED_NEVER};
    struct coupled_iteration out[3];

    (void)state;
    for (size_t u = 0; u < 4; u++) {
        struct coupled_options o = transfer_settings(0.05);

        o.update = kinds[u];
        o.epsilon = 1e-2;
        o.lambda = 10;
        struct coupled_transfer c = create(&o);
        CHECK_STATUS(coupled_transfer_run(&c, 3, 1, NULL, out), STATUS_OK);
        for (size_t block = 0; block < c.plan.blocks; block++)
            for (size_t i = 0; i < T_BLOCK; i++) {
                double row = 0, column = 0;

                for (size_t j = 0; j < T_BLOCK; j++) {
                    CHECK_TRUE(coupling_block(&c.plan, block)[i * T_BLOCK + j] >= 0);
                    row += coupling_block(&c.plan, block)[i * T_BLOCK + j];
                    column += coupling_block(&c.plan, block)[j * T_BLOCK + i];
                }
                CHECK_RELATIVE(row, 1.0 / T_BLOCK, 1e-9);
                CHECK_RELATIVE(column, 1.0 / T_BLOCK, 1e-9);
            }
        CHECK_TRUE(kinds[u] == COUPLED_NEVER ? out[0].moved == 0 : out[0].moved > 0.01);
    }
}

static void blocks_without_a_cost_keep_their_plan(void **state)
{
    struct coupled_options o = transfer_settings(0.05), never = o;
    struct coupled_iteration out[2];
    const size_t entries = T_BLOCK * T_BLOCK * sizeof(double);
    double mean = 0;

    (void)state;
    o.cost_blocks = 2;
    never.update = COUPLED_NEVER;
    struct coupled_transfer c = create(&o), start = create(&never);
    CHECK_STATUS(coupled_transfer_run(&c, 2, 1, NULL, out), STATUS_OK);
    CHECK_STATUS(coupled_transfer_run(&start, 1, 1, NULL, out), STATUS_OK);
    never.cost_blocks = 2;
    struct coupled_transfer two = create(&never);
    CHECK_STATUS(coupled_transfer_run(&two, 1, 1, NULL, out), STATUS_OK);
    for (size_t e = 0; e < 2 * T_BLOCK * T_BLOCK; e++)
        mean += two.cost[e] * two.plan.plan[e] / 2;
    CHECK_RELATIVE(out[0].length.mean, mean, 1e-12);
    for (size_t block = 0; block < c.plan.blocks; block++)
        CHECK_TRUE((memcmp(coupling_block(&c.plan, block), coupling_block(&start.plan, block),
                           entries) == 0) == (block >= 2));
}

/* Iteration 0 is drawn by it; along a later path it costs what its entries cost there. */
static void the_first_plan_is_priced_along_every_path(void **state)
{
    struct coupled_options o = transfer_settings(0.05), never = o;
    struct coupled_iteration out[2], kept[2];
    double sum = 0;

    (void)state;
    o.cost_blocks = never.cost_blocks = 2;
    never.update = COUPLED_NEVER;
    struct coupled_transfer c = create(&o), start = create(&never);
    CHECK_STATUS(coupled_transfer_run(&c, 2, 1, NULL, out), STATUS_OK);
    CHECK_STATUS(coupled_transfer_run(&start, 2, 1, NULL, kept), STATUS_OK);
    for (size_t e = 0; e < 2 * T_BLOCK * T_BLOCK; e++)
        sum += start.plan.plan[e] * c.cost[e] / 2;
    CHECK_NEAR(out[0].first_plan, out[0].length.mean, 0);
    CHECK_NEAR(out[0].first_coarse, out[0].coarse.mean, 0);
    CHECK_NEAR(kept[1].first_coarse, kept[1].coarse.mean, 0);
    CHECK_NEAR(kept[1].first_plan, kept[1].length.mean, 0);
    CHECK_RELATIVE(out[1].first_plan, sum, 1e-12);
    CHECK_TRUE(fabs(out[1].first_plan / out[1].length.mean - 1) > 1e-3);
    o.last_update = 0;
    sum = 0;
    c = create(&o); /* its last coarse costs are not rescaled for an update */
    CHECK_STATUS(coupled_transfer_run(&c, 2, 1, NULL, out), STATUS_OK);
    for (size_t e = 0; e < 2 * T_BLOCK * T_BLOCK; e++)
        sum += start.plan.plan[e] * c.work->scaled[e] / 2;
    CHECK_RELATIVE(out[1].first_coarse, sum, 1e-12);
    CHECK_TRUE(fabs(out[1].first_coarse / out[1].coarse.mean - 1) > 1e-3);
}

/* Without a last update the last iteration looks at the pairs in its plan alone, and without losses
 * at the ends of the path it need not look: the lengths are those of a run that does all of it. */
static void what_nobody_asks_for_is_left_out(void **state)
{
    struct coupled_options o = transfer_settings(0.05);
    struct coupled_iteration all[2], few[2];
    size_t left_out = 0;

    (void)state;
    o.weight = 1e-3; /* so that plans become vertices */
    struct coupled_transfer c = create(&o);
    o.last_update = o.losses = 0;
    struct coupled_transfer lean = create(&o);
    CHECK_STATUS(coupled_transfer_run(&c, 2, 1, NULL, all), STATUS_OK);
    CHECK_STATUS(coupled_transfer_run(&lean, 2, 1, NULL, few), STATUS_OK);
    for (size_t k = 0; k < 2; k++) {
        CHECK_RELATIVE(few[k].length.mean, all[k].length.mean, 1e-6);
        CHECK_RELATIVE(few[k].length.riemannian, all[k].length.riemannian, 1e-6);
        CHECK_RELATIVE(few[k].coarse.mean, all[k].coarse.mean, 1e-6);
        CHECK_TRUE(all[k].train_loss[3] > 0 && all[k].test_loss[3] > 0);
        CHECK_NEAR(few[k].train_loss[3] + few[k].test_loss[3], 0, 0);
    }
    CHECK_NEAR(few[1].accuracy.target[TASK_TEST], all[1].accuracy.target[TASK_TEST], 0);
    for (size_t e = 0; e < T_N * T_BLOCK; e++) {
        CHECK_TRUE(c.cost[e] > 0);
        left_out += lean.cost[e] <= 0;
    }
    CHECK_TRUE(left_out > 0 && left_out < T_N * T_BLOCK); /* two plans have mass */
}

/* Growing and constant weights differ from iteration 2 on, a plan that is never updated from 1 on:
 * of nine iterations six are different, and each run's last is done in any case. */
static void runs_share_what_they_have_in_common(void **state)
{
    static const enum coupled_update kinds[] = {COUPLED_GROWING, COUPLED_CONSTANT, COUPLED_NEVER};
    struct coupled_memo memo =
        coupled_memo_create(&mem, 9, T_N * T_BLOCK, T_N * T_BLOCK);
    struct coupled_iteration alone[3], shared[3];
    size_t done = 0;

    (void)state;
    for (size_t u = 0; u < 3; u++) {
        struct coupled_options o = transfer_settings(0.05);

        o.update = kinds[u];
        struct coupled_transfer c = create(&o);
        CHECK_STATUS(coupled_transfer_run(&c, 3, 1, NULL, alone), STATUS_OK);
        const struct model model = watched(1000, 0);
        struct coupled_transfer d = coupled_transfer_create(&mem, &pair, &model, &m.start, &o);
        d.memo = &memo;
        CHECK_STATUS(coupled_transfer_run(&d, 3, 1, NULL, shared), STATUS_OK);
        done += passes;
        for (size_t k = 0; k < 3; k++) {
            CHECK_RELATIVE(shared[k].length.mean, alone[k].length.mean, 1e-6);
            CHECK_NEAR(shared[k].moved, alone[k].moved, 0);
        }
        CHECK_NEAR(shared[2].accuracy.target[TASK_TEST], alone[2].accuracy.target[TASK_TEST], 0);
        assert_memory_equal(d.plan.plan, c.plan.plan, T_N * T_BLOCK * sizeof(double));
    }
    assert_int_equal(done, 6 * 24);
    struct coupled_iteration other;
    struct coupled_options o = transfer_settings(0.05);
    struct coupled_transfer c = create(&o);
    assert_int_equal(coupled_memo_find(&memo, &c, 0, 2, 0, &other), 0); /* another seed and plan */
    memo.plan++;
    CHECK_ABORTS(if (coupled_memo_find(&memo, &c, 0, 1, 0, &other)) return);
}

static void one_trajectory_serves_many_counts_of_checkpoints(void **state)
{
    static const size_t checkpoints[] = {2, 6, 24};
    struct coupled_options o[3];
    struct coupled_transfer c[3], *each[3];
    struct coupled_iteration alone[3], out[3];
    const struct model model = watched(1000, 0);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        o[i] = transfer_settings(0.05);
        o[i].update = COUPLED_NEVER;
        o[i].transfer.checkpoints = checkpoints[i];
        c[i] = coupled_transfer_create(&mem, &pair, &model, &m.start, &o[i]);
        each[i] = &c[i];
        CHECK_STATUS(coupled_transfer_run(&c[i], 1, 1, NULL, &alone[i]), STATUS_OK);
    }
    assert_int_equal(passes, 3 * 24);
    CHECK_STATUS(coupled_transfer_together(each, 3, 1, out), STATUS_OK);
    assert_int_equal(passes, 4 * 24);
    assert_memory_equal(out, alone, sizeof out);
    CHECK_RELATIVE(out[2].coarse.mean, out[1].length.mean, 1e-6);
    CHECK_RELATIVE(out[2].coarse.riemannian, out[1].length.riemannian, 1e-6);
    CHECK_TRUE(out[2].coarse.mean < 0.99 * out[2].length.mean); /* else nothing is tested */
    o[1].transfer.steps = c[1].options.transfer.steps = 12;
    CHECK_ABORTS(if (coupled_transfer_together(each, 3, 1, out) != STATUS_OK) return);
}

/* The model has learned the task already: what is left are the steps of its own training. */
static void an_identical_task_is_near(void **state)
{
    const struct coupled_options o = transfer_settings(0.05);
    const struct task_pair other = pair;
    struct coupled_iteration out, far;

    (void)state;
    struct coupled_transfer c = create(&o);
    CHECK_STATUS(coupled_transfer_run(&c, 1, 1, NULL, &far), STATUS_OK);
    pair = task_pair_identical(&a, T_OUTPUTS);
    c = create(&o);
    CHECK_STATUS(coupled_transfer_run(&c, 1, 1, NULL, &out), STATUS_OK);
    pair = other;
    CHECK_TRUE(out.accuracy.target[TASK_TEST] > 0.9);
    CHECK_TRUE(out.length.mean > 0 && out.length.mean < 0.15 * far.length.mean);
}

static void same_seed_same_bits(void **state)
{
    static const enum transfer_schedule kinds[] = {TRANSFER_DETERMINISTIC, TRANSFER_LINEAR,
                                                   TRANSFER_BETA};
    struct coupled_iteration first[2], again[2], other[2];

    (void)state;
    for (size_t s = 0; s < 3; s++) {
        struct coupled_options o = transfer_settings(0.05);

        o.transfer.schedule = kinds[s];
        o.transfer.pad = s == 1 ? 1 : 0;
        struct coupled_transfer c = create(&o);
        CHECK_STATUS(coupled_transfer_run(&c, 2, 1, NULL, first), STATUS_OK);
        CHECK_STATUS(coupled_transfer_run(&c, 2, 2, NULL, other), STATUS_OK);
        CHECK_STATUS(coupled_transfer_run(&c, 2, 1, NULL, again), STATUS_OK);
        assert_memory_equal(first, again, sizeof first);
        CHECK_TRUE(first[1].length.mean != other[1].length.mean);
    }
}

/* Killed in the first, second and third iteration, at some step: a later call does the rest. */
static void a_killed_run_goes_on_to_the_same_bits(void **state)
{
    const struct coupled_options o = transfer_settings(0.05);
    struct coupled_iteration whole[3], out[3];
    const char *folder = test_folder();
    char path[600];

    (void)state;
    struct coupled_transfer c = create(&o);
    CHECK_STATUS(coupled_transfer_run(&c, 3, 1, NULL, whole), STATUS_OK);
    for (size_t k = 0; k < 3; k++) {
        snprintf(path, sizeof path, "%s/state.%zu", folder, k);
        const pid_t child = fork();
        int status = -1;

        if (child == 0) {
            const struct model model = watched(24 * k + 5, 1);
            struct coupled_transfer killed =
                coupled_transfer_create(&mem, &pair, &model, &m.start, &o);

            _exit(1 + (int)coupled_transfer_run(&killed, 3, 1, path, out));
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        CHECK_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        CHECK_TRUE(file_exists(path) == (k > 0));
        memset(out, 0, sizeof out);
        const struct model model = watched(1000, 0);
        struct coupled_transfer later =
            coupled_transfer_create(&mem, &pair, &model, &m.start, &o);
        CHECK_STATUS(coupled_transfer_run(&later, 3, 1, path, out), STATUS_OK);
        assert_int_equal(passes, 24 * (3 - k));
        assert_memory_equal(out, whole, sizeof whole);
        assert_memory_equal(later.plan.plan, c.plan.plan,
                            c.plan.blocks * T_BLOCK * T_BLOCK * sizeof(double));
        CHECK_STATUS(coupled_transfer_run(&later, 3, 2, path, out), STATUS_DATA); /* another's */
        CHECK_MESSAGE(path);
    }
}

static void iterations_take_no_memory(void **state)
{
    const struct coupled_options o = transfer_settings(0.05);
    struct coupled_transfer c = create(&o);
    struct coupled_iteration out;

    (void)state;
    CHECK_STATUS(coupled_transfer_independent(&c, 1, &out), STATUS_OK);
    const size_t before = memory_count();
    CHECK_STATUS(coupled_transfer_iterate(&c, 1, 1, &out), STATUS_OK);
    assert_int_equal(memory_count(), before);
}

static void a_loss_that_is_not_finite_is_said(void **state)
{
    const struct coupled_options o = transfer_settings(1e30);
    struct coupled_transfer c = create(&o);
    struct coupled_iteration out;

    (void)state;
    CHECK_STATUS(coupled_transfer_run(&c, 1, 1, NULL, &out), STATUS_DIVERGED);
    CHECK_MESSAGE("step");
}

/* Values of the published schedule, to the digits known. */
static void the_deterministic_schedule_is_the_published_one(void **state)
{
    static const double tau[] = {0, .0641, .1310, .2048, .2952, .5, .7048, .7952, .8690, .9359, 1};
    struct rng r = rng_stream(1, "tau");
    double mean = 0;

    (void)state;
    for (size_t u = 0; u <= 10; u++) {
        CHECK_NEAR(transfer_tau(TRANSFER_DETERMINISTIC, (double)u / 10, NULL), tau[u], 6e-5);
        CHECK_NEAR(transfer_tau(TRANSFER_LINEAR, (double)u / 10, NULL), (double)u / 10, 0);
    }
    CHECK_TRUE(transfer_tau(TRANSFER_BETA, 0, &r) == 0 && transfer_tau(TRANSFER_BETA, 1, &r) == 1);
    for (int n = 0; n < 10000; n++) {
        const double draw = transfer_tau(TRANSFER_BETA, 0.3, &r);

        CHECK_TRUE(draw >= 0 && draw <= 1);
        mean += draw / 10000;
    }
    CHECK_NEAR(mean, 0.3, 4 * sqrt(0.3 * 0.7 / 2 / 10000));
}

static void sizes_that_do_not_fit_abort(void **state)
{
    struct coupled_options o = transfer_settings(0.05);

    (void)state;
    o.block = 5;
    CHECK_ABORTS((void)create(&o));
    o = transfer_settings(0.05);
    o.transfer.checkpoints = 5;
    CHECK_ABORTS((void)create(&o));
    o = transfer_settings(0.05);
    o.transfer.evaluation_batch = 33;
    CHECK_ABORTS((void)create(&o));
    o = transfer_settings(0.05);
    o.cost_blocks = 5;
    CHECK_ABORTS((void)create(&o));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_learning_is_no_distance),
        cmocka_unit_test(lengths_are_related),
        cmocka_unit_test(cost_is_the_length_at_frozen_inputs),
        cmocka_unit_test(a_coarse_length_skips_checkpoints),
        cmocka_unit_test(plans_stay_couplings),
        cmocka_unit_test(blocks_without_a_cost_keep_their_plan),
        cmocka_unit_test(the_first_plan_is_priced_along_every_path),
        cmocka_unit_test(what_nobody_asks_for_is_left_out),
        cmocka_unit_test(runs_share_what_they_have_in_common),
        cmocka_unit_test(one_trajectory_serves_many_counts_of_checkpoints),
        cmocka_unit_test(an_identical_task_is_near),
        cmocka_unit_test(same_seed_same_bits),
        cmocka_unit_test(a_killed_run_goes_on_to_the_same_bits),
        cmocka_unit_test(iterations_take_no_memory),
        cmocka_unit_test(a_loss_that_is_not_finite_is_said),
        cmocka_unit_test(the_deterministic_schedule_is_the_published_one),
        cmocka_unit_test(sizes_that_do_not_fit_abort),
    };

    return cmocka_run_group_tests(tests, transfer_pair_make, transfer_pair_drop);
}
