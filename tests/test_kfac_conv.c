/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_kfac_conv: the factors against the exact Fisher matrix where they are exact, against K-FAC
 * for fully connected networks, and against sums in double as loops. */
#include "geometry/kfac_conv.h"

#include "convnet_naive.h"
#include "geometry/kfac.h"
#include "kfac_conv_cases.h"
#include "kfac_loops.h"
#include "linalg/blas.h"
#include "test.h"

/* ---- where the factors are exact ---- */

static double log_p(struct naive *n, size_t label)
{
    const double *f = naive_forward(n, MODEL_EVALUATE, (struct rng){0});
    double total = 0;

    for (size_t j = 0; j < OUT; j++)
        total += exp((double)scale[j] * f[j]);
    return (double)scale[label] * f[label] - log(total);
}

/* F (q x q) of image e, by central differences. */
static struct mat exact_fisher(struct problem *p, size_t e)
{
    const size_t q = p->m.param_count;
    struct naive n = naive_start(&p->spec, 1);
    struct mat f = mat_zero(&p->mem, q, q), s = mat_zero(&p->mem, 1, q);

    for (size_t i = 0; i < q; i++)
        n.params[i] = (double)p->m.params[i];
    for (size_t i = 0; i < p->m.inputs; i++)
        n.tensors[0][i] = (double)p->x[e * p->m.inputs + i];
    for (size_t label = 0; label < OUT; label++) {
        for (size_t i = 0; i < q; i++) {
            const double at = n.params[i], h = 1e-5;

            n.params[i] = at + h;
            s.a[i] = log_p(&n, label);
            n.params[i] = at - h;
            s.a[i] = (s.a[i] - log_p(&n, label)) / (2 * h);
            n.params[i] = at;
        }
        mat_gram(&f, exp(log_p(&n, label)), &s, MAT_TRANSPOSED, 1);
    }
    naive_end(&n);
    return f;
}

/* One image and one position: expectation and product change places. */
static void factors_of_one_position_are_the_fisher_blocks(void **state)
{
    const struct convnet_spec s = points();
    struct problem p;

    (void)state;
    make(&p, &s, &plain);
    observe(&p, 2, 1);
    const struct mat f = exact_fisher(&p, 2);
    const size_t q = p.m.param_count;

    assert_int_equal(p.k.layer_count, 3);
    for (size_t k = 0; k < p.k.layer_count; k++) {
        const struct kfac_conv_layer *l = &p.k.layers[k];
        double most = 0;

        for (size_t r = 0; r < l->out * l->in; r++)
            for (size_t c = 0; c < l->out * l->in; c++) {
                const size_t o = r / l->in, j = r % l->in, u = c / l->in, v = c % l->in;
                const double want = f.a[param_at(l, o, j) * q + param_at(l, u, v)];

                CHECK_NEAR(l->pair.g.a[o * l->out + u] * l->pair.a.a[j * l->in + v], want, 3e-6);
                most = fmax(most, fabs(want));
            }
        if (!(most > 0.01))
            fail_msg("layer %zu: the largest entry is %g", k, most);
    }
    end(&p);
}

/* ---- against K-FAC for fully connected networks ---- */

static struct convnet_spec dense(int as_convolution)
{
    struct convnet_spec s = convnet_spec_start(5, 1, 1);
    const size_t x = as_convolution ? convnet_conv_relu(&s, 0, 4, 1, 1, 0, 1)
                                    : convnet_linear_relu(&s, 0, 4);

    convnet_linear(&s, x, OUT);
    return s;
}

/* params of a net (in x out, biases below) from or to those of a convnet (out x in, biases). */
static void transpose(const struct net *net, float *own, float *other, int back)
{
    for (size_t l = 0, at = 0; l < net->layer_count; l++) {
        const size_t in = net->layers[l].in, out = net->layers[l].out;
        float *rows = own + net->layers[l].weights_at;

        for (size_t o = 0; o < out; o++)
            for (size_t j = 0; j <= in; j++) {
                float *a = &rows[j * out + o];
                float *b = &other[at + (j < in ? o * in + j : out * in + o)];

                *(back ? a : b) = *(back ? b : a);
            }
        at += (in + 1) * out;
    }
}

static void a_network_of_points_is_stepped_like_a_dense_one(void **state)
{
    static const size_t widths[] = {5, 4, OUT};
    struct kfac_spec spec = plain;

    (void)state;
    spec.labels = KFAC_SAMPLED;
    spec.decay = 0.5;
    for (int kind = 0; kind < 2; kind++) {
        const struct convnet_spec s = dense(kind);
        struct problem p;
        struct kfac_report a, b;

        make(&p, &s, &spec);
        struct net net = net_create(&p.mem, &(struct net_spec){
            .layer_count = 2, .widths = widths, .activation = ACTIVATION_RELU,
            .parameterization = NET_PYTORCH}, MOST);
        struct kfac k = kfac_create(&p.mem, &spec, &net, scale, 5);

        transpose(&net, net.params, p.m.params, 1);
        for (size_t step = 0; step < 3; step++) {
            const size_t n = MOST - step;

            net_forward(&net, p.x, n);
            const float *f = passes(&p, n, MODEL_TRAIN);
            net_backward(&net, p.m.dlogits(p.m.self), 0);
            transpose(&net, net.grads, p.m.grads, 1);
            CHECK_STATUS(kfac_step(&k, &net, 0.1, &a), STATUS_OK);
            CHECK_STATUS(kfac_conv_step(&p.k, f, n, 0.1, &b), STATUS_OK);
            CHECK_RELATIVE(b.length, a.length, 1e-4);
            CHECK_RELATIVE(b.slope, a.slope, 1e-4);
        }
        for (size_t l = 0; l < 2; l++) {
            const struct kfac_pair *x = &k.layers[l], *y = &p.k.layers[l].pair;

            assert_int_equal(p.k.layers[l].in, x->a.rows);
            for (size_t i = 0; i < x->a.rows * x->a.rows; i++)
                CHECK_NEAR(y->a.a[i], x->a.a[i], 1e-5 * mat_norm(&x->a));
            for (size_t i = 0; i < x->g.rows * x->g.rows; i++)
                CHECK_NEAR(y->g.a[i], x->g.a[i], 1e-5 * mat_norm(&x->g));
        }
        transpose(&net, net.params, k.unused, 0);
        for (size_t i = 0; i < p.m.param_count; i++)
            CHECK_NEAR((double)p.m.params[i], (double)k.unused[i], 1e-4);
        end(&p);
    }
}

/* ---- against loops in double ---- */

static void add_loop_moments(struct problem *p, struct mat *sum, const double *d, size_t layer)
{
    static const struct kfac_window point = {1, 1, 0, 0};
    const struct tensor_shape s = p->spec.shapes[layer + 1];
    const struct mat m = loop_moments(&p->mem, d, MOST, s, &point, s.h, s.w);

    for (size_t i = 0; i < s.c * s.c; i++)
        sum->a[i] += m.a[i] / (double)(MOST * s.h * s.w);
}

/* G of the three layers of pictures() for one label: back through the layers by hand. */
static void add_label(struct problem *p, const struct naive *n, size_t label, struct mat g[3])
{
    const double *f = n->tensors[3], *w2 = n->params + 2 * 9 * 3 + 3, *w3 = w2 + 3 * 9 * 4;
    const struct conv_shape second = {.batch = MOST, .in = 3, .height = 5, .width = 4, .out = 4,
                                      .kernel = 3, .stride = 2};
    double d3[MOST * OUT], d2[MOST * 4 * 2], d1[MOST * 3 * 20];

    for (size_t i = 0; i < MOST; i++) {
        double total = 0, e[OUT];

        for (size_t j = 0; j < OUT; j++)
            total += e[j] = exp((double)scale[j] * f[i * OUT + j]);
        for (size_t j = 0; j < OUT; j++)
            d3[i * OUT + j] = sqrt(e[label] / total) * (double)scale[j] *
                              (e[j] / total - (j == label));
        for (size_t c = 0; c < 8; c++) {
            d2[i * 8 + c] = 0;
            for (size_t j = 0; j < OUT; j++)
                d2[i * 8 + c] += w3[j * 8 + c] * d3[i * OUT + j];
        }
    }
    conv_naive_backward_data(&second, w2, d2, d1);
    for (size_t i = 0; i < MOST * 3 * 20; i++)
        d1[i] = n->tensors[1][i] > 0 ? d1[i] : 0;
    add_loop_moments(p, &g[0], d1, 0);
    add_loop_moments(p, &g[1], d2, 1);
    add_loop_moments(p, &g[2], d3, 2);
}

static void check_factor(const struct mat *got, const struct mat *want)
{
    assert_int_equal(got->rows, want->rows);
    for (size_t i = 0; i < want->rows * want->rows; i++)
        CHECK_NEAR(got->a[i], want->a[i], 3e-6 * mat_norm(want));
}

static void factors_of_pictures_are_sums_over_positions(void **state)
{
    const struct convnet_spec s = pictures();
    struct problem p;

    (void)state;
    make(&p, &s, &plain);
    observe(&p, 0, MOST);
    struct naive n = naive_start(&p.spec, MOST);
    struct mat g[3] = {mat_zero(&p.mem, 3, 3), mat_zero(&p.mem, 4, 4), mat_zero(&p.mem, OUT, OUT)};

    for (size_t i = 0; i < p.m.param_count; i++)
        n.params[i] = (double)p.m.params[i];
    for (size_t i = 0; i < MOST * p.m.inputs; i++)
        n.tensors[0][i] = (double)p.x[i];
    naive_forward(&n, MODEL_EVALUATE, (struct rng){0});
    for (size_t label = 0; label < OUT; label++)
        add_label(&p, &n, label, g);
    for (size_t k = 0; k < 3; k++) {
        const struct kfac_conv_layer *l = &p.k.layers[k];
        const struct tensor_shape from = k < 2 ? s.shapes[k] : (struct tensor_shape){8, 1, 1};
        struct mat a = loop_moments(&p.mem, n.tensors[k], MOST, from, &l->window, l->rows, l->cols);

        for (size_t i = 0; i < a.rows * a.rows; i++)
            a.a[i] /= MOST;
        check_factor(&l->pair.a, &a);
        check_factor(&l->pair.g, &g[k]);
    }
    assert_int_equal(p.k.layers[1].in, 27); /* no bias */
    naive_end(&n);
    end(&p);
}

/* ---- batch normalization ---- */

/* Blocks of one image: the derivatives of its own losses, label by label. */
static void add_blocks(struct problem *p, size_t e, double *const *blocks)
{
    float *d = p->m.dlogits(p->m.self), probability[OUT];

    CHECK_STATUS(kfac_probabilities(probability, forward(p, e, 1), scale, 1, OUT), STATUS_OK);
    for (size_t label = 0; label < OUT; label++) {
        kfac_cotangent(d, probability, scale, OUT, label, 1);
        p->m.backward(p->m.self, d, 0);
        for (size_t k = 0; k < p->k.layer_count; k++) {
            const struct kfac_conv_layer *l = &p->k.layers[k];
            const float *g = p->m.grads + l->params_at;

            for (size_t c = 0; l->in == 0 && c < l->out; c++) {
                const double s = (double)g[c], t = (double)g[l->out + c];
                const double weight = (double)probability[label] / MOST;

                blocks[k][3 * c] += weight * s * s;
                blocks[k][3 * c + 1] += weight * s * t;
                blocks[k][3 * c + 2] += weight * t * t;
            }
        }
    }
}

static void blocks_of_normalization_are_those_of_each_image(void **state)
{
    const struct convnet_spec s = normalized();
    struct problem p;
    double *blocks[8];
    size_t norms = 0;

    (void)state;
    make(&p, &s, &plain);
    for (size_t k = 0; k < p.k.layer_count; k++)
        blocks[k] = arena_get(&p.mem, 3 * 8, sizeof *blocks[k]);
    for (size_t e = 0; e < MOST; e++)
        add_blocks(&p, e, blocks);
    observe(&p, 0, MOST);
    for (size_t k = 0; k < p.k.layer_count; k++) {
        const struct kfac_conv_layer *l = &p.k.layers[k];
        double most = 0;

        if (l->in > 0)
            continue;
        norms++;
        for (size_t i = 0; i < 3 * l->out; i++)
            most = fmax(most, fabs(blocks[k][i]));
        CHECK_TRUE(most > 1e-3);
        for (size_t i = 0; i < 3 * l->out; i++)
            CHECK_NEAR(l->blocks.a[i], blocks[k][i], 1e-5 * most);
    }
    assert_int_equal(norms, 3);
    end(&p);
}

/* ---- over batches ---- */

/* Of the labels that are drawn the expectation is the mean: 3000 batches of 5. */
static void sampled_labels_average_to_the_expectation(void **state)
{
    const struct kfac_spec sampled = {.labels = KFAC_SAMPLED, .decay = 0.9999999, .period = 1};
    const struct convnet_spec s = pictures();
    struct problem p, q;

    (void)state;
    make(&p, &s, &plain);
    make(&q, &s, &sampled);
    observe(&p, 0, MOST);
    const float *f = forward(&q, 0, MOST);

    for (int i = 0; i < 3000; i++)
        CHECK_STATUS(kfac_conv_observe(&q.k, f, MOST), STATUS_OK);
    for (size_t l = 0; l < p.k.layer_count; l++) {
        const struct mat *a = &p.k.layers[l].pair.g, *b = &q.k.layers[l].pair.g;
        double most = 0;

        for (size_t i = 0; i < a->rows * a->rows; i++)
            most = fmax(most, fabs(a->a[i] - b->a[i]));
        CHECK_TRUE(most > 0 && most < 0.05 * mat_norm(a));
    }
    end(&p);
    end(&q);
}

/* The k-th batch has the weight max(1/k, 1 - decay): of three equal in size, decay 1/2, the weights
 * are 1/4, 1/4, 1/2, in all three kinds of factors. */
static void running_factors_have_the_weights_of_the_rule(void **state)
{
    const struct convnet_spec s = normalized();
    struct kfac_spec spec = plain;
    struct problem p;
    double want[3] = {0, 0, 0};

    (void)state;
    for (size_t e = 0; e < 3; e++) {
        const double weight = e == 2 ? 0.5 : 0.25;

        make(&p, &s, &plain);
        observe(&p, e, 1);
        want[0] += weight * mat_trace(&p.k.layers[0].pair.a);
        want[1] += weight * mat_trace(&p.k.layers[0].pair.g);
        want[2] += weight * p.k.layers[1].blocks.a[0];
        end(&p);
    }
    spec.decay = 0.5;
    make(&p, &s, &spec);
    for (size_t e = 0; e < 3; e++)
        observe(&p, e, 1);
    CHECK_RELATIVE(mat_trace(&p.k.layers[0].pair.a), want[0], 1e-12);
    CHECK_RELATIVE(mat_trace(&p.k.layers[0].pair.g), want[1], 1e-6);
    CHECK_RELATIVE(p.k.layers[1].blocks.a[0], want[2], 1e-6);
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_of_one_position_are_the_fisher_blocks),
        cmocka_unit_test(a_network_of_points_is_stepped_like_a_dense_one),
        cmocka_unit_test(factors_of_pictures_are_sums_over_positions),
        cmocka_unit_test(blocks_of_normalization_are_those_of_each_image),
        cmocka_unit_test(sampled_labels_average_to_the_expectation),
        cmocka_unit_test(running_factors_have_the_weights_of_the_rule),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("kfac_conv", tests, NULL, NULL);
}
