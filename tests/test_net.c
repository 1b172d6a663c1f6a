/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_net: passes against naive loops in double and central differences, initialization against
 * the recursion of its variance, evaluation, and what happens without memory. */
#include "test.h"

#include <float.h>

#include "aborts.h"
#include "base/memory.h"
#include "linalg/blas.h"
#include "net/loss.h"
#include "net/net.h"

enum { LAYERS = 3, ROWS = 9, WIDEST = 7, CLASSES = 4 };

static const size_t widths[LAYERS + 1] = {5, 7, 6, CLASSES};

static const enum activation activations[] = {ACTIVATION_IDENTITY, ACTIVATION_RELU,
                                              ACTIVATION_TANH};
static const enum parameterization parameterizations[] = {NET_STANDARD, NET_NTK, NET_PYTORCH};

enum target_kind { BY_CROSS_ENTROPY, BY_SQUARED_LABELS, BY_SQUARED_TARGETS, TARGET_KINDS };

/* ---- the naive network: double, one row at a time, straight from the formulas ---- */

static double naive_activation(enum activation kind, double z)
{
    switch (kind) {
    case ACTIVATION_RELU:
        return z > 0 ? z : 0;
    case ACTIVATION_TANH:
        return tanh(z);
    default:
        return z;
    }
}

/* Logits (outputs) of one row x with parameters in double. */
static void naive_forward(const struct net *net, const double *params, const double *x,
                          double *logits)
{
    double h[64], z[64];

    for (size_t i = 0; i < net->inputs; i++)
        h[i] = x[i];
    for (size_t l = 0; l < net->layer_count; l++) {
        const size_t in = net->layers[l].in, out = net->layers[l].out;
        const int ntk = net->parameterization == NET_NTK;
        const double s = ntk ? sqrt(net->sigma_w2 / (double)in) : 1;
        const double t = ntk ? sqrt(net->sigma_b2) : 1;

        for (size_t j = 0; j < out; j++) {
            z[j] = t * params[in * out + j];
            for (size_t i = 0; i < in; i++)
                z[j] += s * h[i] * params[i * out + j];
        }
        params += (in + 1) * out;
        for (size_t j = 0; j < out; j++)
            h[j] = l + 1 < net->layer_count ? naive_activation(net->activation, z[j]) : z[j];
    }
    for (size_t j = 0; j < net->outputs; j++)
        logits[j] = h[j];
}

static double naive_row_loss(enum target_kind kind, const double *f, size_t width, size_t label,
                             const float *target)
{
    double sum = 0;

    if (kind == BY_CROSS_ENTROPY) {
        for (size_t k = 0; k < width; k++)
            sum += exp(f[k]);
        return log(sum) - f[label];
    }
    for (size_t k = 0; k < width; k++) {
        const double y = kind == BY_SQUARED_TARGETS ? (double)target[k] : (k == label);
        sum += 0.5 * (f[k] - y) * (f[k] - y);
    }
    return sum;
}

/* ---- a case: a small network with inputs and targets ---- */

struct fixture {
    struct arena mem;
    struct net net;
    float x[ROWS * WIDEST];
    float targets[ROWS * CLASSES];
    uint8_t labels[ROWS];
    double params[256], inputs[ROWS * WIDEST]; /* the same in double */
};

static void widen(double *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (double)in[i];
}

static void fixture_make(struct fixture *f, enum activation activation,
                         enum parameterization parameterization)
{
    const struct net_spec spec = {.layer_count = LAYERS,
                                  .widths = widths,
                                  .activation = activation,
                                  .parameterization = parameterization,
                                  .sigma_w2 = 1.7,
                                  .sigma_b2 = 0.3};
    struct rng rng = rng_stream(7, "fixture");

    *f = (struct fixture){0};
    f->net = net_create(&f->mem, &spec, ROWS);
    net_init(&f->net, &rng);
    rng_normalsf(&rng, f->x, ROWS * widths[0]);
    rng_normalsf(&rng, f->targets, ROWS * CLASSES);
    for (size_t i = 0; i < ROWS; i++)
        f->labels[i] = (uint8_t)rng_below(&rng, CLASSES);
    widen(f->params, f->net.params, f->net.param_count);
    widen(f->inputs, f->x, ROWS * widths[0]);
}

static double fixture_naive_loss(const struct fixture *f, enum target_kind kind)
{
    double logits[CLASSES], total = 0;

    for (size_t i = 0; i < ROWS; i++) {
        naive_forward(&f->net, f->params, f->inputs + i * widths[0], logits);
        total += naive_row_loss(kind, logits, CLASSES, f->labels[i], f->targets + i * CLASSES);
    }
    return total / ROWS;
}

static double fixture_loss(struct fixture *f, enum target_kind kind, float *d)
{
    const float *logits = net_forward(&f->net, f->x, ROWS);

    switch (kind) {
    case BY_CROSS_ENTROPY:
        return loss_labels(LOSS_CROSS_ENTROPY, logits, f->labels, ROWS, CLASSES, ROWS, d);
    case BY_SQUARED_LABELS:
        return loss_labels(LOSS_SQUARED, logits, f->labels, ROWS, CLASSES, ROWS, d);
    default:
        return loss_squared(logits, f->targets, ROWS, CLASSES, ROWS, d);
    }
}

/* (loss(v + h) - loss(v - h)) / 2h, h = eps^(1/3): its own error is about eps^(2/3) = 4e-11. */
static double central_difference(struct fixture *f, enum target_kind kind, double *v)
{
    const double h = cbrt(DBL_EPSILON), at = *v;

    *v = at + h;
    const double above = fixture_naive_loss(f, kind);
    *v = at - h;
    const double below = fixture_naive_loss(f, kind);
    *v = at;
    return (above - below) / (2 * h);
}

static double largest(const double *v, size_t n)
{
    double most = 0;

    for (size_t i = 0; i < n; i++)
        most = fabs(v[i]) > most ? fabs(v[i]) : most;
    return most;
}

/* max |gradient - v'| / max |v'| over n values; NaN anywhere gives NaN. */
static double worst_error(struct fixture *f, enum target_kind kind, const float *gradient,
                          double *v, size_t n)
{
    double expected[256], worst = 0;

    for (size_t i = 0; i < n; i++)
        expected[i] = central_difference(f, kind, &v[i]);
    for (size_t i = 0; i < n; i++) {
        const double error = fabs((double)gradient[i] - expected[i]);
        if (!(error <= worst))
            worst = error;
    }
    return worst / largest(expected, n);
}

/* ---- passes ---- */

static void net_forward_matches_naive(void **state)
{
    (void)state;
    for (size_t a = 0; a < 3; a++)
        for (size_t p = 0; p < 3; p++) {
            struct fixture f;
            double expected[CLASSES];

            fixture_make(&f, activations[a], parameterizations[p]);
            const float *logits = net_forward(&f.net, f.x, ROWS);
            for (size_t i = 0; i < ROWS; i++) {
                naive_forward(&f.net, f.params, f.inputs + i * widths[0], expected);
                for (size_t k = 0; k < CLASSES; k++)
                    CHECK_NEAR((double)logits[i * CLASSES + k], expected[k], 4e-6);
            }
            arena_free(&f.mem);
        }
}

/* Float gradients of about 20 terms a sum: 2e-6 of the largest is ten times what is met. */
static void net_gradient_matches_central_difference(void **state)
{
    double worst = 0;

    (void)state;
    for (size_t a = 0; a < 3; a++)
        for (size_t p = 0; p < 3; p++)
            for (enum target_kind kind = 0; kind < TARGET_KINDS; kind++) {
                struct fixture f;
                float d[ROWS * CLASSES];

                fixture_make(&f, activations[a], parameterizations[p]);
                CHECK_NEAR(fixture_loss(&f, kind, d), fixture_naive_loss(&f, kind), 1e-5);
                net_backward(&f.net, d, 0.0f);
                const double error =
                    worst_error(&f, kind, f.net.grads, f.params, f.net.param_count);
                CHECK_NEAR(error, 0.0, 2e-6);
                worst = error > worst ? error : worst;
                arena_free(&f.mem);
            }
    print_message("worst error of a gradient, relative to the largest entry: %.2g\n", worst);
}

static void net_input_gradient_matches_central_difference(void **state)
{
    struct fixture f;
    float d[ROWS * CLASSES], dx[ROWS * WIDEST];

    (void)state;
    fixture_make(&f, ACTIVATION_TANH, NET_NTK);
    fixture_loss(&f, BY_CROSS_ENTROPY, d);
    net_backward(&f.net, d, 0.0f);
    net_input_gradient(&f.net, dx);
    CHECK_NEAR(worst_error(&f, BY_CROSS_ENTROPY, dx, f.inputs, ROWS * widths[0]), 0.0, 1e-5);
    arena_free(&f.mem);
}

/* keep 0 does not read the old gradients, keep k is k old + new. */
static void net_backward_keeps_what_it_is_told(void **state)
{
    struct fixture f;
    float d[ROWS * CLASSES], once[256];

    (void)state;
    fixture_make(&f, ACTIVATION_RELU, NET_NTK);
    fixture_loss(&f, BY_CROSS_ENTROPY, d);
    for (size_t i = 0; i < f.net.param_count; i++)
        f.net.grads[i] = NAN;
    net_backward(&f.net, d, 0.0f);
    memcpy(once, f.net.grads, f.net.param_count * sizeof *once);
    net_backward(&f.net, d, 1.0f);
    for (size_t i = 0; i < f.net.param_count; i++)
        CHECK_NEAR((double)f.net.grads[i], 2.0 * (double)once[i], 1e-6);
    net_backward(&f.net, d, 0.25f);
    for (size_t i = 0; i < f.net.param_count; i++)
        CHECK_NEAR((double)f.net.grads[i], 1.5 * (double)once[i], 1e-6);
    arena_free(&f.mem);
}

static void net_backward_step_equals_gradient_then_update(void **state)
{
    (void)state;
    for (size_t p = 0; p < 3; p++) {
        struct fixture f;
        float d[ROWS * CLASSES];
        const double rate = 0.3, decay = 0.05;

        fixture_make(&f, ACTIVATION_TANH, parameterizations[p]);
        fixture_loss(&f, BY_SQUARED_LABELS, d);
        net_backward(&f.net, d, 0.0f);
        net_backward_step(&f.net, d, rate, decay);
        for (size_t i = 0; i < f.net.param_count; i++)
            CHECK_NEAR((double)f.net.params[i],
                       f.params[i] - rate * ((double)f.net.grads[i] + decay * f.params[i]), 2e-6);
        arena_free(&f.mem);
    }
}

/* The gradient of a batch is the mean of those of its parts (also of a part of one row). */
static void net_gradients_of_parts_add_up(void **state)
{
    struct fixture f;
    float d[ROWS * CLASSES], whole[256];
    const size_t first[] = {0, 5, 8, ROWS};

    (void)state;
    fixture_make(&f, ACTIVATION_RELU, NET_STANDARD);
    const double loss = fixture_loss(&f, BY_CROSS_ENTROPY, d);
    net_backward(&f.net, d, 0.0f);
    memcpy(whole, f.net.grads, f.net.param_count * sizeof *whole);

    double sum = 0;
    for (size_t part = 0; part < 3; part++) {
        const size_t at = first[part], rows = first[part + 1] - at;
        const float *logits = net_forward(&f.net, f.x + at * widths[0], rows);
        sum += loss_cross_entropy(logits, f.labels + at, rows, CLASSES, ROWS, d);
        net_backward(&f.net, d, part > 0 ? 1.0f : 0.0f);
    }
    CHECK_NEAR(sum, loss, 1e-6);
    for (size_t i = 0; i < f.net.param_count; i++)
        CHECK_NEAR((double)f.net.grads[i], (double)whole[i], 1e-6);
    arena_free(&f.mem);
}

static void net_passes_allocate_nothing(void **state)
{
    struct fixture f;
    float d[ROWS * CLASSES], out[ROWS * CLASSES];

    (void)state;
    fixture_make(&f, ACTIVATION_TANH, NET_STANDARD);
    const size_t before = memory_count();
    for (int i = 0; i < 3; i++) {
        fixture_loss(&f, BY_CROSS_ENTROPY, d);
        net_backward(&f.net, d, 0.0f);
        net_backward_step(&f.net, d, 0.1, 0.0);
        net_outputs(&f.net, f.x, ROWS, out);
        net_errors(&f.net, f.x, f.labels, ROWS);
    }
    assert_int_equal(memory_count(), before);
    arena_free(&f.mem);
}

/* Bits of one step with inputs and parameters `shift` floats off their place. */
static void step_bits(size_t shift, float *params, size_t count)
{
    const size_t wide[] = {33, 65, 10};
    const struct net_spec spec = {.layer_count = 2, .widths = wide, .activation = ACTIVATION_TANH};
    struct arena mem = {0};
    struct rng rng = rng_stream(3, "bits");
    uint8_t labels[21];

    struct net net = net_create(&mem, &spec, 21);
    float *x = (float *)arena_get(&mem, 21 * 33 + 8, sizeof *x) + shift;
    net.params = (float *)arena_get(&mem, count + 8, sizeof *x) + shift;
    assert_int_equal(net.param_count, count);
    net_init(&net, &rng);
    rng_normalsf(&rng, x, 21 * 33);
    for (size_t i = 0; i < 21; i++)
        labels[i] = (uint8_t)rng_below(&rng, 10);
    for (int t = 0; t < 5; t++) {
        loss_cross_entropy(net_forward(&net, x, 21), labels, 21, 10, 21, net_dlogits(&net));
        net_backward_step(&net, net_dlogits(&net), 0.1, 0.0);
    }
    net_get_params(&net, params);
    arena_free(&mem);
}

/* Equal bits from run to run; on the core of pinned mode also for every alignment. */
static void net_bits_repeat_for_every_alignment(void **state)
{
    enum { COUNT = 34 * 65 + 66 * 10 };
    static float first[COUNT], again[COUNT];
    const size_t shifts[] = {0, 1, 2, 5};
    const int pinned = strcmp(blas_core(), "Haswell") == 0;

    (void)state;
    step_bits(0, first, COUNT);
    for (size_t s = 0; s < (pinned ? 4 : 1); s++) {
        step_bits(shifts[s], again, COUNT);
        assert_memory_equal(first, again, sizeof first);
    }
}

/* ---- activations ---- */

/* Units in the last place of the float nearest to the true value. */
static double ulp_error(float x)
{
    const double truth = tanh((double)x);
    const double unit = (double)(nextafterf((float)fabs(truth), 2.0f) - (float)fabs(truth));

    return fabs((double)activation_tanh(x) - truth) / unit;
}

static void activation_tanh_is_near_libm(void **state)
{
    double worst = 0;

    (void)state;
    for (float x = 1e-30f; x < 100.0f; x *= 1.0003f) {
        worst = ulp_error(x) > worst ? ulp_error(x) : worst;
        CHECK_TRUE(activation_tanh(-x) == -activation_tanh(x));
        CHECK_TRUE(activation_tanh(x) <= 1.0f);
    }
    print_message("worst error of tanh: %.2f units in the last place\n", worst);
    CHECK_NEAR(worst, 0.0, 3.0);
    CHECK_TRUE(activation_tanh(INFINITY) == 1.0f && activation_tanh(-INFINITY) == -1.0f);
    CHECK_TRUE(activation_tanh(0.0f) == 0.0f);
}

static void activations_let_nan_through(void **state)
{
    const float bias[3] = {0, 0, 0};

    (void)state;
    for (size_t a = 0; a < 3; a++) {
        float z[3] = {-1.0f, NAN, 2.0f}, d[3] = {1.0f, NAN, 1.0f};
        const float h[3] = {0.5f, 0.5f, NAN};

        activation_forward(activations[a], z, bias, 1.0f, 1, 3);
        CHECK_TRUE(isnan(z[1]) && !isnan(z[0]) && !isnan(z[2]));
        activation_backward(activations[a], d, h, 1, 3);
        CHECK_TRUE(isnan(d[1]) && !isnan(d[0]));
    }
}

/* Vectors and remainders: every width and row count around the register sizes. */
static void activation_loops_match_naive(void **state)
{
    float z[6 * 37], h[6 * 37], d[6 * 37], bias[37], sums[37];

    (void)state;
    for (size_t width = 1; width <= 37; width++)
        for (size_t rows = 1; rows <= 6; rows++) {
            struct rng rng = rng_stream(width, "rows %zu", rows);
            rng_normalsf(&rng, z, rows * width);
            rng_normalsf(&rng, bias, width);
            rng_normalsf(&rng, d, rows * width);
            memcpy(h, z, sizeof h);
            activation_forward(ACTIVATION_RELU, h, bias, 0.5f, rows, width);
            for (size_t i = 0; i < rows * width; i++)
                CHECK_NEAR((double)h[i], fmax(0, (double)z[i] + 0.5 * (double)bias[i % width]),
                           1e-6);
            for (size_t j = 0; j < width; j++)
                sums[j] = 4.0f;
            activation_bias_gradient(d, rows, width, 3.0f, 0.5f, sums);
            for (size_t j = 0; j < width; j++) {
                double sum = 2.0;
                for (size_t i = 0; i < rows; i++)
                    sum += 3.0 * (double)d[i * width + j];
                CHECK_NEAR((double)sums[j], sum, 1e-5);
            }
        }
}

/* ---- initialization ---- */

/* A mean with its standard error. */
struct moment {
    double sum, sum_of_squares, n;
};

static void moment_add(struct moment *m, double v)
{
    m->sum += v;
    m->sum_of_squares += v * v;
    m->n += 1;
}

static void check_moment(const struct moment *m, double expected, double standard_errors)
{
    const double mean = m->sum / m->n;
    const double variance = m->sum_of_squares / m->n - mean * mean;

    CHECK_NEAR(mean, expected, standard_errors * sqrt(variance / m->n));
}

/* For ReLU the recursion of the mean square is linear, hence exact at every width:
 *   q_1 = sigma_w2 |x|^2 / in + sigma_b2,   q_{l+1} = sigma_w2 q_l / 2 + sigma_b2,
 * and both parameterizations follow it. Averages over 3000 networks. */
static void net_output_variance_follows_recursion(void **state)
{
    const size_t sizes[] = {6, 24, 16, 2};
    const float x[6] = {1.0f, -2.0f, 0.5f, 0.0f, 1.5f, -1.0f};
    const double squares = 1 + 4 + 0.25 + 2.25 + 1, w2 = 1.8, b2 = 0.2;
    double q = w2 * squares / 6 + b2;

    (void)state;
    q = w2 * q / 2 + b2;
    q = w2 * q / 2 + b2;
    for (int p = 0; p < 2; p++) {
        const struct net_spec spec = {.layer_count = 3, .widths = sizes,
                                      .activation = ACTIVATION_RELU,
                                      .parameterization = p ? NET_NTK : NET_STANDARD,
                                      .sigma_w2 = w2, .sigma_b2 = b2};
        struct arena mem = {0};
        struct net net = net_create(&mem, &spec, 1);
        struct rng rng = rng_stream(11, "variance %d", p);
        struct moment m = {0};

        for (int draw = 0; draw < 3000; draw++) {
            net_init(&net, &rng);
            const float *f = net_forward(&net, x, 1);
            moment_add(&m, ((double)f[0] * (double)f[0] + (double)f[1] * (double)f[1]) / 2);
        }
        check_moment(&m, q, 4);
        arena_free(&mem);
    }
}

static void check_layer_moments(const struct net *net, size_t l, double weight, double bias)
{
    const struct net_layer *layer = &net->layers[l];
    struct moment first = {0}, w = {0}, b = {0};

    for (size_t i = 0; i < layer->in * layer->out; i++) {
        moment_add(&first, (double)net_weights(net, l)[i]);
        moment_add(&w, pow((double)net_weights(net, l)[i], 2));
    }
    for (size_t j = 0; j < layer->out; j++)
        moment_add(&b, pow((double)net_biases(net, l)[j], 2));
    check_moment(&first, 0.0, 4);
    check_moment(&w, weight, 4);
    check_moment(&b, bias, 4);
}

/* He's variance 2 / in and zero biases by default; N(0, 1) for NTK; 1 / (3 in) for uniforms. */
static void net_init_has_its_variances(void **state)
{
    const size_t sizes[] = {50, 400, 300};

    (void)state;
    for (size_t p = 0; p < 3; p++) {
        const struct net_spec spec = {.layer_count = 2, .widths = sizes,
                                      .activation = ACTIVATION_RELU,
                                      .parameterization = parameterizations[p]};
        const double weight[] = {2.0, 1.0, 1.0 / 3}, bias[] = {0.0, 1.0, 1.0 / 3};
        struct arena mem = {0};
        struct net net = net_create(&mem, &spec, 1);
        struct rng rng = rng_stream(5, "init");

        net_init(&net, &rng);
        for (size_t l = 0; l < 2; l++) {
            const double by = p == 1 ? 1.0 : (double)sizes[l];
            check_layer_moments(&net, l, weight[p] / by, bias[p] / by);
            for (size_t i = 0; p == 2 && i < (sizes[l] + 1) * sizes[l + 1]; i++)
                CHECK_NEAR((double)net_weights(&net, l)[i], 0.0, 1 / sqrt((double)sizes[l]));
        }
        arena_free(&mem);
    }
}

/* Without a variance the biases are +0 and leave the stream to the weights. */
static void net_init_of_zero_biases_draws_weights_alone(void **state)
{
    const size_t sizes[] = {3, 5, 4};
    const struct net_spec spec = {.layer_count = 2, .widths = sizes,
                                  .activation = ACTIVATION_RELU,
                                  .parameterization = NET_STANDARD};
    struct arena mem = {0};
    struct net net = net_create(&mem, &spec, 1);
    struct rng rng = rng_stream(6, "init"), again = rng;

    (void)state;
    net_init(&net, &rng);
    for (size_t l = 0; l < 2; l++) {
        const double deviation = sqrt(net.sigma_w2 / (double)sizes[l]);

        for (size_t i = 0; i < sizes[l] * sizes[l + 1]; i++)
            CHECK_NEAR((double)net_weights(&net, l)[i],
                       (double)(float)(deviation * rng_normal(&again)), 0.0);
        for (size_t j = 0; j < sizes[l + 1]; j++)
            CHECK_TRUE(net_biases(&net, l)[j] == 0 && !signbit(net_biases(&net, l)[j]));
    }
    arena_free(&mem);
}

static void net_layers_lie_in_order(void **state)
{
    struct fixture f;
    size_t at = 0;

    (void)state;
    fixture_make(&f, ACTIVATION_RELU, NET_STANDARD);
    for (size_t l = 0; l < LAYERS; l++) {
        assert_ptr_equal(net_weights(&f.net, l), f.net.params + at);
        assert_ptr_equal(net_weight_grads(&f.net, l), f.net.grads + at);
        at += widths[l] * widths[l + 1];
        assert_ptr_equal(net_biases(&f.net, l), f.net.params + at);
        assert_ptr_equal(net_bias_grads(&f.net, l), f.net.grads + at);
        at += widths[l + 1];
    }
    assert_int_equal(f.net.param_count, at);

    float copy[256];
    net_get_params(&f.net, copy);
    net_init(&f.net, &(struct rng){.seed = 1});
    CHECK_TRUE(memcmp(copy, f.net.params, at * sizeof *copy) != 0);
    net_set_params(&f.net, copy);
    assert_memory_equal(copy, f.net.params, at * sizeof *copy);
    arena_free(&f.mem);
}

/* Does net_create come through when the k-th allocation fails? */
static int creates(size_t k)
{
    const size_t large[] = {100000, 300, 10};
    const struct net_spec spec = {.layer_count = 2, .widths = large};
    struct arena mem = {0};

    memory_fail_at(k);
    if (arena_guard(&mem)) {
        memory_fail_at(0);
        arena_free(&mem);
        return 0;
    }
    const struct net net = net_create(&mem, &spec, 64);
    memory_fail_at(0);
    arena_free(&mem);
    return net.param_count == 100001 * 300 + 301 * 10;
}

static void net_create_survives_failing_allocations(void **state)
{
    size_t k = 1;

    (void)state;
    while (k < 20 && !creates(k))
        k++;
    CHECK_TRUE(k >= 3 && k < 20);
}

/* ---- evaluation ---- */

/* A network whose logits are its inputs. */
static struct net identity_net(struct arena *mem, size_t width, size_t max_batch)
{
    const size_t sizes[] = {width, width};
    const struct net_spec spec = {.layer_count = 1, .widths = sizes};
    struct net net = net_create(mem, &spec, max_batch);

    for (size_t i = 0; i < width; i++)
        net_weights(&net, 0)[i * width + i] = 1.0f;
    return net;
}

static void net_errors_breaks_ties_downwards_and_rejects_nan(void **state)
{
    const float x[] = {1, 2, 2, /**/ 5, 5, 5, /**/ 0, 1, 3, /**/ -1, -2, -1};
    const uint8_t lower[] = {1, 0, 2, 0}, upper[] = {2, 1, 2, 2};
    struct arena mem = {0};
    struct net net = identity_net(&mem, 3, 2);

    (void)state;
    assert_int_equal(net_errors(&net, x, lower, 4), 0);
    assert_int_equal(net_errors(&net, x, upper, 4), 3);
    CHECK_NEAR(net_error_rate(&net, x, upper, 4), 0.75, 0.0);
    net_biases(&net, 0)[2] = NAN;
    assert_int_equal(net_errors(&net, x, lower, 4), 4);
    arena_free(&mem);
}

static void net_outputs_do_not_depend_on_the_batch(void **state)
{
    struct fixture f;
    float whole[ROWS * CLASSES], parts[ROWS * CLASSES];

    (void)state;
    fixture_make(&f, ACTIVATION_TANH, NET_STANDARD);
    net_outputs(&f.net, f.x, ROWS, whole);
    const size_t errors = net_errors(&f.net, f.x, f.labels, ROWS);
    CHECK_TRUE(errors > 0 && errors < ROWS);
    f.net.max_batch = 4;
    net_outputs(&f.net, f.x, ROWS, parts);
    for (size_t i = 0; i < ROWS * CLASSES; i++)
        CHECK_NEAR((double)parts[i], (double)whole[i], 1e-6);
    assert_int_equal(net_errors(&f.net, f.x, f.labels, ROWS), errors);
    arena_free(&f.mem);
}

/* Three members with logits (6, 0), (0, 2), (0, 2): the mean logit says class 0, the mean
 * probability class 1. */
static void net_ensemble_averages_what_it_is_told(void **state)
{
    struct arena mem = {0};
    struct net net = identity_net(&mem, 2, 1);
    float members[3][6] = {{6, 0, 0, 0, 0, 0}, {0, 2, 0, 0, 0, 0}, {0, 2, 0, 0, 0, 0}};
    const float *const params[] = {members[0], members[1], members[2]};
    const float x[] = {1, 0, 1, 0};
    const uint8_t zero[] = {0, 0};
    float before[6];

    (void)state;
    net_get_params(&net, before);
    assert_int_equal(net_ensemble_errors(&net, params, 3, ENSEMBLE_LOGITS, x, zero, 2), 0);
    assert_int_equal(net_ensemble_errors(&net, params, 3, ENSEMBLE_PROBABILITIES, x, zero, 2), 2);
    CHECK_NEAR(net_ensemble_error_rate(&net, params + 1, 2, ENSEMBLE_LOGITS, x, zero, 2), 1.0, 0);
    assert_memory_equal(before, net.params, sizeof before);
    arena_free(&mem);
}

/* Every array of a network at its full size, written to the last number: none touches another. */
static void net_arrays_are_apart(void **state)
{
    const size_t sizes[] = {40, 30, 20};
    const struct net_spec spec = {.layer_count = 2, .widths = sizes};
    struct arena mem = {0};
    struct net net = net_create(&mem, &spec, 50);
    float *const arrays[] = {net.params, net.grads, net.layers[0].outputs, net.layers[1].outputs,
                             net.layers[0].deltas, net.layers[1].deltas};
    const size_t lengths[] = {net.param_count, net.param_count, 50 * 30, 50 * 20, 50 * 30, 50 * 20};

    (void)state;
    assert_ptr_equal(net_dlogits(&net), net.layers[1].deltas);
    for (size_t i = 0; i < 50 * 20; i++)
        net.sums[i] = -1;
    for (size_t a = 0; a < 6; a++)
        for (size_t i = 0; i < lengths[a]; i++)
            arrays[a][i] = (float)a;
    for (size_t a = 0; a < 6; a++)
        for (size_t i = 0; i < lengths[a]; i++)
            CHECK_NEAR((double)arrays[a][i], (double)a, 0);
    for (size_t i = 0; i < 50 * 20; i++)
        CHECK_NEAR(net.sums[i], -1, 0);
    CHECK_TRUE(net.layers[0].in == 40 && net.layers[1].out == 20 && net.layer_count == 2);
    arena_free(&mem);
}

static struct net small_net(struct arena *mem, enum activation activation, double sigma_w2)
{
    const size_t sizes[] = {2, 2};
    const struct net_spec spec = {
        .layer_count = 1, .widths = sizes, .activation = activation, .sigma_w2 = sigma_w2};

    return net_create(mem, &spec, 3);
}

static void net_variances_have_their_defaults(void **state)
{
    struct arena mem = {0};

    (void)state;
    CHECK_NEAR(small_net(&mem, ACTIVATION_RELU, 0).sigma_w2, 2, 0);
    CHECK_NEAR(small_net(&mem, ACTIVATION_TANH, 0).sigma_w2, 1, 0);
    CHECK_NEAR(small_net(&mem, ACTIVATION_IDENTITY, 0).sigma_w2, 1, 0);
    CHECK_NEAR(small_net(&mem, ACTIVATION_RELU, 0.5).sigma_w2, 0.5, 0);
    CHECK_NEAR(small_net(&mem, ACTIVATION_RELU, 0).sigma_b2, 0, 0);
    arena_free(&mem);
}

static void net_specs_out_of_range_abort(void **state)
{
    const size_t sizes[] = {1, 1}, none[] = {1, 0}, large[] = {(size_t)INT32_MAX + 1, 1};
    struct net_spec spec = {.layer_count = 1, .widths = sizes};
    struct arena mem = {0};

    (void)state;
    CHECK_TRUE(net_create(&mem, &spec, 1).param_count == 2);
    CHECK_ABORTS((void)net_create(&mem, &spec, 0).inputs);
    CHECK_ABORTS((void)net_create(&mem, &spec, (size_t)INT32_MAX + 1).inputs);
    spec.sigma_w2 = -1;
    CHECK_ABORTS((void)net_create(&mem, &spec, 1).inputs);
    spec.sigma_w2 = 0;
    spec.sigma_b2 = -1;
    CHECK_ABORTS((void)net_create(&mem, &spec, 1).inputs);
    spec.sigma_b2 = 0;
    spec.layer_count = 0;
    CHECK_ABORTS((void)net_create(&mem, &spec, 1).inputs);
    spec.layer_count = 1;
    spec.widths = none;
    CHECK_ABORTS((void)net_create(&mem, &spec, 1).inputs);
    spec.widths = large;
    CHECK_ABORTS((void)net_create(&mem, &spec, 1).inputs);
    arena_free(&mem);
}

static void net_calls_out_of_range_abort(void **state)
{
    const float x[8] = {0};
    const uint8_t labels[4] = {0};
    struct arena mem = {0};
    struct net net = small_net(&mem, ACTIVATION_RELU, 0);
    const float *const params[] = {net.params};

    (void)state;
    CHECK_ABORTS(net_backward(&net, net_dlogits(&net), 0));
    CHECK_TRUE(net_forward(&net, x, 3) == net.layers[0].outputs);
    CHECK_ABORTS((void)net_forward(&net, x, 4));
    CHECK_ABORTS((void)net_forward(&net, x, 0));
    net_forward(&net, x, 1);
    net_backward(&net, net_dlogits(&net), 0);
    CHECK_ABORTS((void)net_weights(&net, 1));
    CHECK_NEAR(net_error_rate(&net, x, labels, 1), 0, 0);
    CHECK_ABORTS(net_backward(&net, net_dlogits(&net), 0)); /* another pass came between */
    CHECK_ABORTS((void)net_error_rate(&net, x, labels, 0));
    CHECK_ABORTS((void)net_ensemble_errors(&net, params, 0, ENSEMBLE_LOGITS, x, labels, 1));
    assert_int_equal(net_errors(&net, x, labels, 0), 0);
    arena_free(&mem);
}

/* What was there is forgotten, kept as it is, or multiplied: all rows are added to that. */
static void bias_gradients_keep_what_they_are_told(void **state)
{
    static const float keeps[] = {0, 1, 2, -1, 0.5f};
    const float d[] = {1, 10, 2, 20, 3, 30, 4, 40, 5, 50};

    (void)state;
    for (size_t i = 0; i < sizeof keeps / sizeof *keeps; i++) {
        float out[] = {8, 16};
        activation_bias_gradient(d, 5, 2, 2, keeps[i], out);
        CHECK_NEAR((double)out[0], 30 + 8 * (double)keeps[i], 0);
        CHECK_NEAR((double)out[1], 300 + 16 * (double)keeps[i], 0);
        float bad[] = {NAN, 0};
        activation_bias_gradient(d, 5, 2, 2, keeps[i], bad);
        CHECK_TRUE(isnan(bad[0]) == (i > 0));
    }
}

/* No loop goes a row or a number too far. */
static void activation_loops_end_where_they_should(void **state)
{
    enum { MORE = 80 };
    const float bias[MORE] = {1, 1, 1, 1, 1, 1, 1};
    float z[MORE], d[MORE], out[MORE];

    (void)state;
    for (size_t a = 0; a < 3; a++)
        for (size_t rows = 0; rows <= 9; rows++) {
            for (size_t i = 0; i < MORE; i++)
                z[i] = d[i] = out[i] = -0.5f; /* + 1 is positive */
            activation_forward(activations[a], z, bias, 1, rows, 7);
            activation_backward(activations[a], d, z, rows, 7);
            activation_bias_gradient(d, rows, 7, 1, 3, out);
            for (size_t i = 7 * rows; i < MORE; i++)
                CHECK_TRUE(z[i] == -0.5f && d[i] == -0.5f);
            for (size_t i = 0; i < 7 * rows; i++)
                CHECK_TRUE(z[i] > 0);
            for (size_t i = 7; i < MORE; i++)
                CHECK_TRUE(out[i] == -0.5f);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(net_forward_matches_naive),
        cmocka_unit_test(net_gradient_matches_central_difference),
        cmocka_unit_test(net_input_gradient_matches_central_difference),
        cmocka_unit_test(net_backward_keeps_what_it_is_told),
        cmocka_unit_test(net_backward_step_equals_gradient_then_update),
        cmocka_unit_test(net_gradients_of_parts_add_up),
        cmocka_unit_test(net_passes_allocate_nothing),
        cmocka_unit_test(net_bits_repeat_for_every_alignment),
        cmocka_unit_test(activation_tanh_is_near_libm),
        cmocka_unit_test(activations_let_nan_through),
        cmocka_unit_test(activation_loops_match_naive),
        cmocka_unit_test(net_output_variance_follows_recursion),
        cmocka_unit_test(net_init_has_its_variances),
        cmocka_unit_test(net_init_of_zero_biases_draws_weights_alone),
        cmocka_unit_test(net_layers_lie_in_order),
        cmocka_unit_test(net_create_survives_failing_allocations),
        cmocka_unit_test(net_errors_breaks_ties_downwards_and_rejects_nan),
        cmocka_unit_test(net_outputs_do_not_depend_on_the_batch),
        cmocka_unit_test(net_ensemble_averages_what_it_is_told),
        cmocka_unit_test(net_arrays_are_apart),
        cmocka_unit_test(net_variances_have_their_defaults),
        cmocka_unit_test(net_specs_out_of_range_abort),
        cmocka_unit_test(net_calls_out_of_range_abort),
        cmocka_unit_test(bias_gradients_keep_what_they_are_told),
        cmocka_unit_test(activation_loops_end_where_they_should),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
