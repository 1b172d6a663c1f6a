/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_transfer_mixture: the mixture of real images between the ends of its path, where both tasks
 * count: its length and its steps against sums by hand. */
#include "test.h"

#include "base/memory.h"
#include "geometry/fisher.h"
#include "linalg/blas.h"
#include "task_distance/transfer_baselines.h"
#include "transfer_tasks.h"

enum { PARAMS = (T_INPUTS + 1) * T_OUTPUTS, STEPS = 24, ROWS = 2 * T_N };

static struct arena mem;
static struct task_images a, b;
static struct transfer_model m;
static struct net net; /* as m's, for as many rows as both tasks have */
static struct model model;
static struct task_pair pair;

/* w_0 .. w_STEPS: before each training pass, and at the end. */
static float path[STEPS + 1][PARAMS];
static size_t passes;

static const float *noting_forward(void *self, const float *x, size_t batch, enum model_mode mode)
{
    if (mode == MODEL_TRAIN) {
        CHECK_TRUE(passes < STEPS);
        memcpy(path[passes++], net.params, sizeof path[0]);
    }
    return net_forward(self, x, batch);
}

static int prepare(void **state)
{
    static const size_t widths[] = {T_INPUTS, T_OUTPUTS};

    (void)state;
    blas_set_threads(1);
    a = transfer_task(&mem, "a", 1);
    b = transfer_task(&mem, "b", 1);
    transfer_model_make(&m, &mem, &a, 100);
    net = net_create(&mem, &(struct net_spec){.layer_count = 1, .widths = widths,
                                              .activation = ACTIVATION_RELU}, ROWS);
    model = model_of_net(&net);
    model.forward = noting_forward;
    pair = task_pair_make(&mem, &a, &b, T_OUTPUTS);
    return model.param_count != PARAMS;
}

static int drain(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static void run(const struct transfer_options *o, struct mixture_result *out)
{
    passes = 0;
    CHECK_STATUS(transfer_mixture(out, &mem, &pair, &model, &m.start, o, 1), STATUS_OK);
    assert_int_equal(passes, o->steps);
    memcpy(path[o->steps], net.params, sizeof path[0]);
}

/* Means over a task's images of sqrt(2 KL) and of 2 KL from w_i to w_j. */
struct moved {
    double root, squared;
};

static struct moved moved(const struct task_images *task, size_t i, size_t j)
{
    const struct task_part_images *part = &task->part[TASK_TRAIN];
    float from[T_N * T_OUTPUTS], to[T_N * T_OUTPUTS];
    struct moved out = {0};

    memcpy(net.params, path[i], sizeof path[0]);
    model_outputs(&model, part->x, T_N, from);
    memcpy(net.params, path[j], sizeof path[0]);
    model_outputs(&model, part->x, T_N, to);
    for (size_t r = 0; r < T_N; r++) {
        const double twice =
            2 * fisher_kl_logits(from + r * T_OUTPUTS, to + r * T_OUTPUTS, T_OUTPUTS);

        out.root += sqrt(twice) / T_N;
        out.squared += twice / T_N;
    }
    return out;
}

/* Adds the step from w_i to w_j, whose images are of the target with weight tau. */
static void add(struct transfer_length *l, size_t i, size_t j, double tau)
{
    const struct moved s = moved(&a, i, j), t = moved(&b, i, j);

    l->mean += (1 - tau) * s.root + tau * t.root;
    l->riemannian += sqrt((1 - tau) * s.squared + tau * t.squared);
    /* else a weight that is wrong would not be seen */
    CHECK_TRUE(fabs(s.root / t.root - 1) > 0.02 && fabs(s.squared / t.squared - 1) > 0.02);
}

static void both_tasks_count_by_tau_in_a_length(void **state)
{
    static const enum transfer_schedule kinds[] = {TRANSFER_LINEAR, TRANSFER_DETERMINISTIC};

    (void)state;
    for (size_t s = 0; s < 2; s++) {
        struct transfer_options o = transfer_settings(0.05).transfer;
        struct transfer_length length = {0}, coarse = {0};
        struct mixture_result out;

        o.schedule = kinds[s];
        o.checkpoints = 8;
        run(&o, &out);
        for (size_t k = 1; k <= 8; k++)
            add(&length, 3 * (k - 1), 3 * k, transfer_tau(kinds[s], (double)(k - 1) / 8, NULL));
        add(&coarse, 0, 12, 0);
        add(&coarse, 12, 24, 0.5);
        CHECK_RELATIVE(out.length.mean, length.mean, 1e-6);
        CHECK_RELATIVE(out.length.riemannian, length.riemannian, 1e-6);
        CHECK_RELATIVE(out.length.released, length.mean / (sqrt(2) * 8), 1e-6);
        CHECK_RELATIVE(out.coarse.mean, coarse.mean, 1e-6);
        CHECK_RELATIVE(out.coarse.riemannian, coarse.riemannian, 1e-6);
        CHECK_RELATIVE(out.coarse.released, coarse.mean / (sqrt(2) * 2), 1e-6);
    }
}

/* g += weight x (p - e_label), biases last, of all of a task's images at the present weights. */
static void add_gradient(double *g, const struct task_images *task, const uint8_t *labels,
                         double weight)
{
    const float *x = task->part[TASK_TRAIN].x;
    float logits[T_N * T_OUTPUTS];
    double log_p[T_N * T_OUTPUTS];

    model_outputs(&model, x, T_N, logits);
    fisher_log_softmax(logits, T_N, T_OUTPUTS, log_p);
    for (size_t r = 0; r < T_N; r++)
        for (size_t k = 0; k < T_OUTPUTS; k++) {
            const double d = weight * (exp(log_p[r * T_OUTPUTS + k]) - (labels[r] == k));

            for (size_t p = 0; p < T_INPUTS; p++)
                g[p * T_OUTPUTS + k] += d * (double)x[r * T_INPUTS + p];
            g[T_INPUTS * T_OUTPUTS + k] += d;
        }
}

/* Steps over all images of both tasks by plain descent: (1 - tau) mean_s CE + tau mean_t CE. */
static void both_tasks_count_by_tau_in_a_step(void **state)
{
    struct transfer_options o = transfer_settings(0.5).transfer;
    struct mixture_result out;

    (void)state;
    o.schedule = TRANSFER_LINEAR;
    o.steps = o.checkpoints = 4;
    o.batch = o.evaluation_batch = ROWS;
    o.momentum = o.weight_decay = 0;
    run(&o, &out);
    for (size_t t = 1; t <= 4; t++) {
        const double tau = (double)t / 4;
        double g[PARAMS] = {0}, largest = 0;

        memcpy(net.params, path[t - 1], sizeof path[0]);
        add_gradient(g, &a, a.part[TASK_TRAIN].label, (1 - tau) / T_N);
        add_gradient(g, &b, pair.target_label[TASK_TRAIN], tau / T_N);
        for (size_t k = 0; k < PARAMS; k++) {
            CHECK_NEAR((double)path[t][k], (double)path[t - 1][k] - 0.5 * g[k], 2e-6);
            largest = fmax(largest, fabs(g[k]));
        }
        CHECK_TRUE(largest > 0.02); /* ten thousand times what is let pass */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_tasks_count_by_tau_in_a_length),
        cmocka_unit_test(both_tasks_count_by_tau_in_a_step),
    };

    return cmocka_run_group_tests(tests, prepare, drain);
}
