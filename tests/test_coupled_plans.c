/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_coupled_plans: which plan an iteration of coupled transfer draws its images by, and with
 * which weight it is updated. */
#include "test.h"

#include "task_distance/coupled_work.h"
#include "transfer_pair.h"

enum { ENTRIES = T_N * T_BLOCK };

/* ---- what is drawn ---- */

/* The transfer whose training passes are looked at, and how many there were. */
static struct coupled_transfer *looked_at;
static size_t passes, unlikely;

static int is_mix(const float *x, size_t i, size_t j, double tau)
{
    const float *s = a.part[TASK_TRAIN].x + i * T_INPUTS, *t = b.part[TASK_TRAIN].x + j * T_INPUTS;

    for (size_t p = 0; p < T_INPUTS; p++)
        if (!(fabs((double)x[p] - (1 - tau) * (double)s[p] - tau * (double)t[p]) < 1e-5))
            return 0;
    return 1;
}

/* The pair of images of which a row is a mixture, the only one. */
static void find_pair(const float *x, double tau, size_t *i, size_t *j)
{
    size_t found = 0;

    for (size_t k = 0; k < T_N * T_N; k++)
        if (is_mix(x, k / T_N, k % T_N, tau)) {
            *i = k / T_N;
            *j = k % T_N;
            found++;
        }
    assert_int_equal(found, 1);
}

/* Entry (i, j) of a plan, over what it has in a permutation; 0 outside of the blocks. */
static double share(const struct coupling *plan, size_t i, size_t j)
{
    return i / T_BLOCK == j / T_BLOCK ? plan->plan[i * T_BLOCK + j % T_BLOCK] * T_BLOCK : 0;
}

static void look_at_row(size_t r, const float *x, double tau)
{
    const struct descent *d = &looked_at->work->descent;
    size_t i = 0, j = 0;

    find_pair(x, tau, &i, &j);
    CHECK_NEAR(share(&looked_at->plan, i, j), 1, 1e-12);
    unlikely += share(&looked_at->first, i, j) < 0.01;
    assert_int_equal(d->first[r], a.part[TASK_TRAIN].label[i]);
    assert_int_equal(d->second[r], pair.target_label[TASK_TRAIN][j]);
    CHECK_NEAR(d->a[r], (1 - tau) / T_BATCH, 1e-15);
    CHECK_NEAR(d->b[r], tau / T_BATCH, 1e-15);
}

/* At tau = 1 the source's image is not in the mixture. */
static const float *looking_forward(void *self, const float *x, size_t batch, enum model_mode mode)
{
    if (mode == MODEL_TRAIN && passes++ >= 24 && passes < 48) {
        const double tau = transfer_tau(TRANSFER_DETERMINISTIC, (double)(passes - 24) / 24, NULL);

        assert_int_equal(batch, T_BATCH);
        for (size_t r = 0; r < batch; r++)
            look_at_row(r, x + r * T_INPUTS, tau);
    }
    return m.model.forward(self, x, batch, mode);
}

/* An update without a weight makes a plan a permutation: then the partner of each image is known,
 * and the plan of features has few of these pairs. */
static void images_are_drawn_by_the_plan_of_the_iteration(void **state)
{
    struct coupled_options o = transfer_settings(0.05);
    struct coupled_iteration out[2];
    struct model model = m.model;

    (void)state;
    o.weight = 0;
    o.last_update = 0;
    model.forward = looking_forward;
    struct coupled_transfer c = coupled_transfer_create(&mem, &pair, &model, &m.start, &o);
    looked_at = &c;
    passes = unlikely = 0;
    CHECK_STATUS(coupled_transfer_run(&c, 2, 1, NULL, out), STATUS_OK);
    assert_int_equal(passes, 48);
    CHECK_TRUE(unlikely > 23 * T_BATCH / 4);
}

/* ---- what is updated ---- */

/* G^n by hand: each iteration's cost of all pairs, then one quadratic step with its weight. */
static void update_by_hand(struct coupled_transfer *c, size_t n, const double *weight)
{
    struct coupling_report report;
    struct coupled_iteration out;

    for (size_t k = 0; k < n; k++) {
        CHECK_STATUS(coupled_transfer_iterate(c, k, 1, &out), STATUS_OK);
        for (size_t e = 0; e < ENTRIES; e++)
            c->cost[e] *= 1 / (sqrt(2) * 6);
        CHECK_STATUS(coupling_quadratic(&c->plan, c->cost, weight[k], COUPLED_GAP, COUPLED_SWEEPS,
                                        &report), STATUS_OK);
    }
}

static void updates_have_the_weight_of_their_iteration(void **state)
{
    static const double weights[2][3] = {{0.2, 0.2 * 5, 0.2 * 25}, {0.2, 0.2, 0.2}};
    static const enum coupled_update kinds[] = {COUPLED_GROWING, COUPLED_CONSTANT};
    struct coupled_iteration out[3];
    double plan[2][ENTRIES];

    (void)state;
    for (size_t u = 0; u < 2; u++) {
        struct coupled_options o = transfer_settings(0.05);

        o.weight = 0.2;
        o.update = kinds[u];
        struct coupled_transfer c = coupled_transfer_create(&mem, &pair, &m.model, &m.start, &o);
        CHECK_STATUS(coupled_transfer_run(&c, 3, 1, NULL, out), STATUS_OK);
        memcpy(plan[u], c.plan.plan, sizeof plan[u]);
        memcpy(c.plan.plan, c.first.plan, sizeof plan[u]);
        update_by_hand(&c, 3, weights[u]);
        for (size_t e = 0; e < ENTRIES; e++)
            CHECK_NEAR(c.plan.plan[e], plan[u][e], 1e-12);
        CHECK_TRUE(out[2].moved > 1e-3); /* the third weight is seen in the plan */
    }
    CHECK_TRUE(memcmp(plan[0], plan[1], sizeof plan[0]) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_are_drawn_by_the_plan_of_the_iteration),
        cmocka_unit_test(updates_have_the_weight_of_their_iteration),
    };

    return cmocka_run_group_tests(tests, transfer_pair_make, transfer_pair_drop);
}
