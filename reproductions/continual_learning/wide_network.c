/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "continual_learning/wide_network.h"

#include <math.h>

#include "base/check.h"
#include "geometry/empirical_ntk.h"
#include "kernel/kernel_regression.h"
#include "kernel/learning_curve.h"
#include "kernel/ntk_gram.h"
#include "net/net.h"

struct run {
    const struct wide_network_spec *spec;
    size_t N, n;            /* of a task; of A, B and tests together */
    struct mat x, f;        /* n x D, n x 2 */
    struct mat kernel[WIDE_WAYS]; /* n x n: WIDE_OWN, at the initial weights, which is WIDE_STEPS's
                                     too, and WIDE_INFINITE */
    struct net net;
    float *inputs;          /* n x D */
    struct vec start, now;  /* n: outputs at the initial weights, and minus these */
    float *initial, *after_A; /* parameters */
    struct wide_network_errors *out;
};

static void prepare(struct unit *u, struct run *r)
{
    const struct wide_network_spec *spec = r->spec;
    const size_t D = spec->D, L = spec->network.layers;
    size_t *widths = arena_get(u->mem, L + 1, sizeof *widths);
    struct rng inputs = rng_stream(u->seed, "inputs"), init = rng_stream(u->seed, "init");

    r->N = spec->N;
    r->n = 2 * r->N + spec->tests;
    r->x = kernel_sphere_points(u->mem, &inputs, r->n, D);
    r->f = mat_zero(u->mem, r->n, 2);
    r->kernel[WIDE_OWN] = r->kernel[WIDE_STEPS] = mat_zero(u->mem, r->n, r->n);
    r->kernel[WIDE_INFINITE] = mat_zero(u->mem, r->n, r->n);
    r->start = vec_zero(u->mem, r->n);
    r->now = vec_zero(u->mem, r->n);
    r->inputs = arena_get(u->mem, r->n * D, sizeof(float));
    /* u_1 = sigma_w / sqrt(D) W x: inputs of length sqrt(D) have A_0 = <x, x'> of unit vectors */
    for (size_t i = 0; i < r->n * D; i++)
        r->inputs[i] = (float)(sqrt((double)D) * r->x.a[i]);
    for (size_t l = 0; l <= L; l++)
        widths[l] = l == 0 ? D : l == L ? 1 : spec->width;
    r->net = net_create(u->mem, &(struct net_spec){
        .layer_count = L, .widths = widths, .activation = ACTIVATION_RELU,
        .parameterization = NET_NTK, .sigma_w2 = spec->network.sigma_w2,
        .sigma_b2 = spec->network.sigma_b2}, r->n);
    net_init(&r->net, &init);
    r->initial = arena_get(u->mem, r->net.param_count, sizeof(float));
    r->after_A = arena_get(u->mem, r->net.param_count, sizeof(float));
    net_get_params(&r->net, r->initial);
}

static void look(struct run *r, struct vec *out)
{
    const float *f = net_forward(&r->net, r->inputs, r->n);

    for (size_t i = 0; i < r->n; i++)
        out->x[i] = (double)f[i];
}

/* Mean square of now - f_target on the tests. */
static double test_error(const struct run *r, size_t target)
{
    double sum = 0;

    for (size_t i = 2 * r->N; i < r->n; i++) {
        const double e = r->now.x[i] - r->f.a[2 * i + target];

        sum += e * e / (double)r->spec->tests;
    }
    return sum;
}

/* Gradient descent on (1/2N) sum (f - f_0 - y)^2 over rows first .. first + N - 1: steps from ..
 * to - 1 of those of a task. */
static enum status descend(struct unit *u, struct run *r, size_t first, size_t target, int from,
                           int to)
{
    const float *x = r->inputs + first * r->spec->D;
    double loss = 0, scale = 0;

    for (int step = from; step < to; step++) {
        const float *f = net_forward(&r->net, x, r->N);
        float *d = net_dlogits(&r->net);

        loss = scale = 0;
        for (size_t i = 0; i < r->N; i++) {
            const double y = r->f.a[2 * (first + i) + target];
            const double e = (double)f[i] - r->start.x[first + i] - y;

            loss += e * e;
            scale += y * y;
            d[i] = (float)(e / (double)r->N);
        }
        if (!(loss < 1e6 * scale))
            return unit_diverged(u, step, loss);
        net_backward_step(&r->net, d, r->spec->rate, 0);
    }
    r->out->residual = loss / scale;
    look(r, &r->now);
    vec_axpy(&r->now, -1, &r->start);
    return STATUS_OK;
}

/* Task A with looks at its course. */
static enum status train_first(struct unit *u, struct run *r)
{
    struct wide_network_errors *out = r->out;
    const int steps = r->spec->steps;

    for (int from = 0, to = 1; from < steps; from = to, to = 2 * to < steps ? 2 * to : steps) {
        CHECK(out->looks < WIDE_LOOKS, "%d steps", steps);
        TRY(descend(u, r, 0, 0, from, to));
        out->look[out->looks++] = (struct wide_network_look){.step = to,
                                                             .trained = test_error(r, 0)};
    }
    out->error[WIDE_TRAINED][WIDE_SINGLE] = test_error(r, 0);
    return STATUS_OK;
}

/* Biases are not counted: where sigma_b is 0 they cannot move. */
static void measure_moves(struct run *r)
{
    for (size_t l = 0; l < r->net.layer_count; l++) {
        const struct net_layer *layer = &r->net.layers[l];
        double squares = 0;

        for (size_t k = layer->weights_at; k < layer->biases_at; k++) {
            const double move = (double)r->after_A[k] - (double)r->initial[k];

            squares += move * move;
            r->out->moved_most = fmax(r->out->moved_most, fabs(move));
        }
        r->out->moved[l] = sqrt(squares / (double)(layer->biases_at - layer->weights_at));
    }
}

static enum status train_all(struct unit *u, struct run *r)
{
    TRY(train_first(u, r));
    net_get_params(&r->net, r->after_A);
    measure_moves(r);
    TRY(descend(u, r, r->N, 1, 0, r->spec->steps));
    r->out->error[WIDE_TRAINED][WIDE_UNRELATED] = test_error(r, 1);
    net_set_params(&r->net, r->after_A);
    TRY(descend(u, r, r->N, 0, 0, r->spec->steps));
    r->out->error[WIDE_TRAINED][WIDE_EQUAL] = test_error(r, 0);
    return STATUS_OK;
}

/* K(all, rows) and a copy of K(rows, rows) for rows first .. first + N - 1. */
static struct mat gram_at(struct unit *u, struct run *r, enum wide_network_way by, size_t first,
                          struct mat *columns)
{
    struct mat square;

    *columns = mat_columns(u->mem, &r->kernel[by], first, r->N);
    square = mat_rows(columns, first, r->N);
    return mat_copy(u->mem, &square);
}

/* now += K(all, rows) a over rows first .. first + N - 1, a = K(rows, rows)^-1 (f_target - now) or
 * what as many steps as the network's make of it. */
static enum status regress(struct unit *u, struct run *r, enum wide_network_way by, size_t first,
                           size_t target)
{
    struct mat columns, gram = gram_at(u, r, by, first, &columns);
    struct vec a = vec_zero(u->mem, r->N);
    struct kernel_descent descent;
    double rcond;

    for (size_t i = 0; i < r->N; i++)
        a.x[i] = r->f.a[2 * (first + i) + target] - r->now.x[first + i];
    if (by == WIDE_STEPS) {
        TRY(kernel_descent_make(&descent, u->mem, &gram, &a));
        TRY(kernel_descent_coefficients(&a, &descent, r->spec->rate, r->spec->steps));
    } else {
        TRY(kernel_regression_solve(&gram, 0, &a, &rcond));
        r->out->condition[by] = fmax(r->out->condition[by], 1 / rcond);
    }
    mat_vec_add(&r->now, 1, &columns, MAT_AS_IS, &a, 1);
    return STATUS_OK;
}

static enum status regress_all(struct unit *u, struct run *r, enum wide_network_way by)
{
    struct vec after_A;

    vec_fill(&r->now, 0);
    TRY(regress(u, r, by, 0, 0));
    r->out->error[by][WIDE_SINGLE] = test_error(r, 0);
    after_A = vec_copy(u->mem, &r->now);
    TRY(regress(u, r, by, r->N, 1));
    r->out->error[by][WIDE_UNRELATED] = test_error(r, 1);
    vec_set(&r->now, &after_A);
    TRY(regress(u, r, by, r->N, 0));
    r->out->error[by][WIDE_EQUAL] = test_error(r, 0);
    return STATUS_OK;
}

/* The course of task A, f_t = K(all, A) V' diag((1 - (1 - rate values / N)^t) / values) V y. */
static enum status predict_looks(struct unit *u, struct run *r)
{
    struct mat columns, gram = gram_at(u, r, WIDE_STEPS, 0, &columns);
    struct vec y = vec_zero(u->mem, r->N), a = vec_zero(u->mem, r->N);
    struct kernel_descent descent;

    for (size_t i = 0; i < r->N; i++)
        y.x[i] = r->f.a[2 * i];
    TRY(kernel_descent_make(&descent, u->mem, &gram, &y));
    for (size_t k = 0; k < r->out->looks; k++) {
        struct wide_network_look *at = &r->out->look[k];

        TRY(kernel_descent_coefficients(&a, &descent, r->spec->rate, at->step));
        mat_vec(&r->now, 1, &columns, &a);
        at->kernel = test_error(r, 0);
    }
    return STATUS_OK;
}

/* The mean over draws at infinite width, for large N. */
static enum status solve_theory(struct unit *u, struct run *r)
{
    const struct wide_network_spec *spec = r->spec;
    double *E = r->out->error[WIDE_THEORY];
    struct learning_curve c;
    struct spectrum s;

    TRY(spectrum_sphere(&s, u->mem, ntk_sphere, &spec->network, spec->D, spec->degrees,
                        spec->nodes));
    TRY(learning_curve_solve(&c, u->mem, &s, (double)spec->N, 0));
    E[WIDE_SINGLE] = learning_curve_error(&c, 0);
    E[WIDE_UNRELATED] = learning_curve_forward(&c, &c, 0);
    E[WIDE_EQUAL] = learning_curve_forward(&c, &c, 1);
    return STATUS_OK;
}

/* |own - infinite| / |infinite|, Frobenius. */
static double kernels_apart(const struct run *r)
{
    const double *own = r->kernel[WIDE_OWN].a, *infinite = r->kernel[WIDE_INFINITE].a;
    double apart = 0, norm = 0;

    for (size_t i = 0; i < r->n * r->n; i++) {
        apart += (own[i] - infinite[i]) * (own[i] - infinite[i]);
        norm += infinite[i] * infinite[i];
    }
    return sqrt(apart / norm);
}

enum status wide_network_run(const struct wide_network_spec *spec, struct unit *u,
                             struct wide_network_errors *out)
{
    struct run *r = arena_get(u->mem, 1, sizeof *r);
    struct rng targets = rng_stream(u->seed, "targets");

    *out = (struct wide_network_errors){0};
    r->spec = spec;
    r->out = out;
    prepare(u, r);
    TRY(kernel_targets(&r->f, u->mem, &targets, &spec->network, &r->x, spec->anchors));
    TRY(ntk_gram(&r->kernel[WIDE_INFINITE], &spec->network, NTK_TANGENT, &r->x, 1));
    TRY(empirical_ntk(&r->kernel[WIDE_OWN], &r->net, r->inputs, r->n));
    out->apart = kernels_apart(r);
    look(r, &r->start);
    TRY(train_all(u, r));
    TRY(regress_all(u, r, WIDE_OWN));
    TRY(regress_all(u, r, WIDE_STEPS));
    TRY(predict_looks(u, r));
    TRY(regress_all(u, r, WIDE_INFINITE));
    return solve_theory(u, r);
}
