/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_kfac_conv: the factors against the exact Fisher matrix where they are exact, against K-FAC
 * for fully connected networks, and against sums in double as loops; the step against the dense
 * Kronecker system; limits and hostile input. */
#include "geometry/kfac_conv.h"

#include "aborts.h"
#include "convnet_naive.h"
#include "geometry/kfac.h"
#include "linalg/blas.h"
#include "linalg/lapack.h"
#include "net/loss.h"
#include "test.h"

enum { OUT = 3, MOST = 5 };

static const float scale[OUT] = {0.1f, 1.0f, 3.0f};
static const struct kfac_spec plain = {.labels = KFAC_EXPECTED, .damping = 0.01, .period = 1};

struct problem {
    struct arena mem;
    struct convnet_spec spec;
    struct convnet *net;
    struct model m;
    struct kfac_conv k;
    float *x;            /* MOST x inputs */
};

static void make(struct problem *p, const struct convnet_spec *net, const struct kfac_spec *spec)
{
    struct rng init = rng_stream(3, "init"), inputs = rng_stream(3, "inputs");

    *p = (struct problem){.spec = *net};
    CHECK_STATUS(convnet_create(&p->net, &p->spec, &(struct convnet_options){.max_batch = MOST}),
                 STATUS_OK);
    convnet_init(p->net, &init);
    p->m = convnet_model(p->net);
    for (size_t i = 0; i < p->m.param_count; i++)
        p->m.params[i] += 0.2f * (float)rng_normal(&init);
    p->x = arena_get(&p->mem, MOST * p->m.inputs, sizeof(float));
    rng_normalsf(&inputs, p->x, MOST * p->m.inputs);
    p->k = kfac_conv_create(&p->mem, spec, p->net, scale, 5);
}

static void end(struct problem *p)
{
    convnet_free(p->net);
    arena_free(&p->mem);
}

static const float *forward(struct problem *p, size_t first, size_t n)
{
    return p->m.forward(p->m.self, p->x + first * p->m.inputs, n, MODEL_EVALUATE);
}

static void observe(struct problem *p, size_t first, size_t n)
{
    CHECK_STATUS(kfac_conv_observe(&p->k, forward(p, first, n), n), STATUS_OK);
}

/* Both passes of a definite loss. */
static const float *passes(struct problem *p, size_t n, enum model_mode mode)
{
    struct rng r = rng_stream(8, "cotangents");
    const float *f = p->m.forward(p->m.self, p->x, n, mode);
    float *d = p->m.dlogits(p->m.self);

    rng_normalsf(&r, d, n * OUT);
    p->m.backward(p->m.self, d, 0);
    return f;
}

/* One position in every layer. */
static struct convnet_spec points(void)
{
    struct convnet_spec s = convnet_spec_start(2, 3, 3);
    const size_t x = convnet_conv_relu(&s, 0, 4, 3, 1, 0, 1);

    convnet_linear(&s, convnet_conv(&s, x, 3, 1, 1, 0, 0), OUT);
    return s;
}

/* Padding, a stride, with and without biases. */
static struct convnet_spec pictures(void)
{
    struct convnet_spec s = convnet_spec_start(2, 5, 4);
    const size_t x = convnet_conv_relu(&s, 0, 3, 3, 1, 1, 1);

    convnet_linear(&s, convnet_conv(&s, x, 4, 3, 2, 0, 0), OUT);
    return s;
}

/* Batch normalization with a ReLU, without, and with something added; a shortcut. */
static struct convnet_spec normalized(void)
{
    struct convnet_spec s = convnet_spec_start(2, 4, 5);
    const size_t from = convnet_batch_norm_relu(&s, convnet_conv(&s, 0, 8, 3, 1, 1, 0));
    const size_t x = convnet_conv(&s, from, 8, 3, 2, 1, 0);
    const size_t other = convnet_batch_norm(&s, convnet_conv(&s, from, 8, 1, 2, 0, 0));

    convnet_linear(&s, convnet_global_pool(&s, convnet_batch_norm_add_relu(&s, x, other)), OUT);
    return s;
}

/* ---- where the factors are exact ---- */

/* The parameter of entry (o, j) of a layer's homogeneous weights. */
static size_t param_at(const struct kfac_conv_layer *l, size_t o, size_t j)
{
    const size_t columns = l->in - (size_t)l->window.bias;

    return l->params_at + (j < columns ? o * columns + j : l->out * columns + o);
}

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

/* M of one convolution's input, as kfac_moments.h says it. */
static struct mat loop_moments(struct arena *mem, const double *x, size_t n, struct tensor_shape s,
                               const struct kfac_window *w, size_t rows, size_t cols)
{
    const size_t width = s.c * w->kernel * w->kernel + (size_t)w->bias;
    struct mat m = mat_zero(mem, width, width);
    double *a = arena_get(mem, width, sizeof *a);

    for (size_t i = 0; i < n * rows * cols; i++) {
        const size_t image = i / (rows * cols), row = i / cols % rows, col = i % cols;

        for (size_t j = 0; j < width; j++) {
            const size_t c = j / (w->kernel * w->kernel);
            const long y = (long)(row * w->stride + j / w->kernel % w->kernel) - (long)w->padding;
            const long z = (long)(col * w->stride + j % w->kernel) - (long)w->padding;
            const int inside = y >= 0 && z >= 0 && y < (long)s.h && z < (long)s.w;

            a[j] = c == s.c ? 1 : 0;
            if (c < s.c && inside)
                a[j] = x[((image * s.c + c) * s.h + (size_t)y) * s.w + (size_t)z];
        }
        for (size_t j = 0; j < width * width; j++)
            m.a[j] += a[j / width] * a[j % width];
    }
    return m;
}

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

enum { IMAGES = 90, COLOURS = 3, SIDE = 16, IMAGE = COLOURS * SIDE * SIDE };

/* Of images x against the loops, in three layouts. */
static void check_moments(struct arena *mem, const float *x, const struct kfac_window *w)
{
    const size_t rows = (SIDE + 2 * w->padding - w->kernel) / w->stride + 1;
    const size_t width = COLOURS * w->kernel * w->kernel + (size_t)w->bias;
    double *y = arena_get(mem, IMAGES * IMAGE, sizeof *y);
    struct kfac_moments m = kfac_moments_create(mem, IMAGES * IMAGE, rows * rows * width, width);

    for (size_t i = 0; i < IMAGES * IMAGE; i++)
        y[i] = (double)x[i];
    const struct mat want = loop_moments(mem, y, IMAGES, (struct tensor_shape){COLOURS, SIDE, SIDE},
                                         w, rows, rows);
    for (size_t block = 1; block <= 8; block = block == 1 ? COLOURS : block + 5) {
        struct tensor t = {IMAGES, COLOURS, SIDE, SIDE, block, NULL};
        struct mat got = mat_identity(mem, width);

        t.data = arena_get(mem, tensor_size(&t), sizeof *t.data);
        tensor_from_plain(x, &t);
        kfac_moments_add(&m, &got, &t, w, rows, rows, 0.5, 2);
        for (size_t i = 0; i < width * width; i++)
            CHECK_NEAR(got.a[i], 0.5 * want.a[i] + 2 * (i % (width + 1) == 0),
                       1e-6 * mat_norm(&want));
    }
    struct mat narrow = mat_zero(mem, width - 1, width - 1);
    const struct tensor none = {IMAGES, COLOURS, SIDE, SIDE, 1, NULL};

    CHECK_ABORTS(kfac_moments_add(&m, &narrow, &none, w, rows, rows, 1, 0));
}

/* In whatever layout, and whether images are summed at once or not: 90 images of 256 patches of 28
 * do not fit in one part. */
static void moments_do_not_hang_on_parts_and_layouts(void **state)
{
    const struct kfac_window windows[] = {{3, 1, 1, 1}, {3, 2, 1, 0}, {1, 2, 0, 1}, {2, 3, 1, 0},
                                          {5, 3, 4, 1}};
    struct arena mem = {0};
    struct rng r = rng_stream(1, "images");
    float *x = arena_get(&mem, IMAGES * IMAGE, sizeof *x);

    (void)state;
    CHECK_TRUE(IMAGES * SIDE * SIDE * 28 > kfac_moments_create(&mem, 1, 1, 1).room);
    rng_normalsf(&r, x, IMAGES * IMAGE);
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++)
        check_moments(&mem, x, &windows[i]);
    arena_free(&mem);
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

/* ---- the step ---- */

/* (G + r / pi I) V (A + pi r I) = dW, as one dense system in double, pi by the traces; of a
 * normalization (block + lambda I) v = g. */
static void check_pair(struct problem *p, const struct kfac_conv_layer *l, const float *v)
{
    struct mat a = mat_copy(&p->mem, &l->pair.a), g = mat_copy(&p->mem, &l->pair.g);
    const size_t n = l->in * l->out;
    struct mat system = mat_zero(&p->mem, n, n);
    struct vec x = vec_zero(&p->mem, n);
    const double pi = sqrt(mat_trace(&a) / (double)a.rows / (mat_trace(&g) / (double)g.rows));

    mat_add_diagonal(&a, pi * sqrt(0.01));
    mat_add_diagonal(&g, sqrt(0.01) / pi);
    for (size_t i = 0; i < n * n; i++) {
        const size_t r = i / n, c = i % n;

        system.a[i] = g.a[r / l->in * l->out + c / l->in] * a.a[r % l->in * l->in + c % l->in];
    }
    for (size_t i = 0; i < n; i++)
        x.x[i] = (double)p->m.grads[param_at(l, i / l->in, i % l->in)];
    CHECK_STATUS(lapack_cholesky(&system), STATUS_OK);
    CHECK_STATUS(lapack_cholesky_solve(&system, &x), STATUS_OK);
    for (size_t i = 0; i < n; i++)
        CHECK_NEAR((double)v[param_at(l, i / l->in, i % l->in)], x.x[i], 3e-5 * vec_norm(&x));
}

static void check_norm(const struct problem *p, const struct kfac_conv_layer *l, const float *v)
{
    for (size_t c = 0; c < l->out; c++) {
        const double *b = l->blocks.a + 3 * c;
        const double s = (double)v[l->params_at + c], t = (double)v[l->params_at + l->out + c];
        const double ds = (double)p->m.grads[l->params_at + c];
        const double dt = (double)p->m.grads[l->params_at + l->out + c];
        const double tolerance = 1e-5 * (fabs(ds) + fabs(dt));

        CHECK_NEAR((b[0] + 0.01) * s + b[1] * t, ds, tolerance);
        CHECK_NEAR(b[1] * s + (b[2] + 0.01) * t, dt, tolerance);
    }
}

static void direction_solves_the_damped_systems(void **state)
{
    const struct convnet_spec s[] = {pictures(), normalized()};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct problem p;
        struct kfac_report report;

        make(&p, &s[k], &plain);
        float *before = arena_get(&p.mem, p.m.param_count, sizeof *before);
        const float *f = passes(&p, MOST, MODEL_TRAIN);

        memcpy(before, p.m.params, p.m.param_count * sizeof *before);
        CHECK_STATUS(kfac_conv_step(&p.k, f, MOST, 0.25, &report), STATUS_OK);
        for (size_t i = 0; i < p.k.layer_count; i++)
            if (p.k.layers[i].in > 0)
                check_pair(&p, &p.k.layers[i], p.k.direction);
            else
                check_norm(&p, &p.k.layers[i], p.k.direction);
        for (size_t i = 0; i < p.m.param_count; i++)
            CHECK_NEAR((double)p.m.params[i],
                       (double)before[i] - 0.25 * (double)p.k.direction[i], 1e-6 * report.length);
        CHECK_TRUE(report.slope > 0 && report.clipped >= 1);
        end(&p);
    }
}

/* Far above the factors, the inverses are those of the damping alone: both of the same share. */
static void damping_is_shared_by_the_traces(void **state)
{
    const struct convnet_spec s = pictures();
    struct kfac_spec spec = plain;
    struct problem p;

    (void)state;
    spec.damping = 1e12;
    make(&p, &s, &spec);
    observe(&p, 0, MOST);
    CHECK_STATUS(kfac_conv_invert(&p.k), STATUS_OK);
    for (size_t i = 0; i < p.k.layer_count; i++) {
        const struct kfac_pair *k = &p.k.layers[i].pair;
        const double a = mat_trace(&k->a) / (double)k->a.rows;
        const double g = mat_trace(&k->g) / (double)k->g.rows;

        CHECK_RELATIVE((double)k->a_inverse.a[0] * a, (double)k->g_inverse.a[0] * g, 1e-4);
        CHECK_RELATIVE((double)k->a_inverse.a[0] * (double)k->g_inverse.a[0], 1e-12, 1e-4);
    }
    end(&p);
}

static void strong_damping_gives_the_gradient(void **state)
{
    const struct convnet_spec s = normalized();
    struct kfac_spec spec = plain;
    struct problem p;
    struct kfac_report report;

    (void)state;
    spec.damping = 1e12;
    make(&p, &s, &spec);
    const float *f = passes(&p, MOST, MODEL_TRAIN);

    CHECK_STATUS(kfac_conv_step(&p.k, f, MOST, 0, &report), STATUS_OK);
    for (size_t i = 0; i < p.m.param_count; i++)
        CHECK_NEAR(1e12 * (double)p.k.direction[i], (double)p.m.grads[i],
                   1e-4 * fabs((double)p.m.grads[i]) + 1e-6);
    end(&p);
}

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

static void inverses_are_made_new_every_period(void **state)
{
    const struct convnet_spec s = normalized();
    struct kfac_spec spec = plain;
    struct problem p;
    struct kfac_report report;
    float first = 0;
    double block = 0;

    (void)state;
    spec.period = 3;
    spec.decay = 0.5;
    make(&p, &s, &spec);
    for (size_t step = 1; step <= 4; step++) {
        const float *f = passes(&p, MOST, MODEL_TRAIN);
        const size_t before = memory_count();

        CHECK_STATUS(kfac_conv_step(&p.k, f, MOST, 0.01, &report), STATUS_OK);
        if (step == 1) {
            first = p.k.layers[0].pair.g_inverse.a[0];
            block = p.k.layers[1].inverses.a[0];
        } else if (step < 4) {
            assert_int_equal(memory_count(), before);
        }
        CHECK_TRUE((p.k.layers[0].pair.g_inverse.a[0] == first) == (step < 4));
        CHECK_TRUE((p.k.layers[1].inverses.a[0] == block) == (step < 4));
    }
    end(&p);
}

/* And the network's passes are the same to the bit before and after. */
static void the_network_is_left_as_it_was(void **state)
{
    const struct convnet_spec s = normalized();
    struct problem p;

    (void)state;
    make(&p, &s, &plain);
    const size_t bytes = p.m.param_count * sizeof(float);
    float *before = arena_get(&p.mem, p.m.param_count, sizeof *before);
    const float *f = passes(&p, MOST, MODEL_TRAIN);

    memcpy(before, p.m.grads, bytes);
    CHECK_STATUS(kfac_conv_observe(&p.k, f, MOST), STATUS_OK);
    assert_memory_equal(before, p.m.grads, bytes);
    passes(&p, MOST, MODEL_TRAIN);
    assert_memory_equal(before, p.m.grads, bytes);
    end(&p);
}

/* ---- hopeless cases ---- */

static void refuse(struct problem *p, const float *f, enum status expected)
{
    struct kfac_report report;
    const size_t bytes = p->m.param_count * sizeof(float);
    float *before = arena_get(&p->mem, p->m.param_count, sizeof *before);

    memcpy(before, p->m.params, bytes);
    CHECK_STATUS(kfac_conv_step(&p->k, f, 2, 1, &report), expected);
    assert_memory_equal(before, p->m.params, bytes);
}

/* Softmax does not see a common shift, so G of the last layer is singular. */
static void without_damping_the_last_factor_is_singular(void **state)
{
    const struct convnet_spec s = pictures();
    struct kfac_spec spec = plain;
    struct problem p;

    (void)state;
    spec.damping = 0;
    make(&p, &s, &spec);
    refuse(&p, passes(&p, 2, MODEL_TRAIN), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("raise the damping");
    end(&p);
}

/* Scale and shift of a channel that no image's loss depends on. */
static void without_damping_a_dead_channel_is_singular(void **state)
{
    const struct convnet_spec s = normalized();
    struct kfac_spec spec = plain;
    struct problem p;

    (void)state;
    spec.damping = 0;
    make(&p, &s, &spec);
    observe(&p, 0, MOST);
    p.k.layers[1].blocks.a[3] = p.k.layers[1].blocks.a[4] = p.k.layers[1].blocks.a[5] = 0;
    for (size_t i = 0; i < p.k.layer_count; i++)
        for (size_t j = 0; j < p.k.layers[i].pair.a.rows; j++)
            p.k.layers[i].pair.a.a[j * (p.k.layers[i].pair.a.rows + 1)] += 1;
    for (size_t i = 0; i < p.k.layer_count; i++)
        for (size_t j = 0; j < p.k.layers[i].pair.g.rows; j++)
            p.k.layers[i].pair.g.a[j * (p.k.layers[i].pair.g.rows + 1)] += 1;
    CHECK_STATUS(kfac_conv_invert(&p.k), STATUS_NOT_DEFINITE);
    CHECK_MESSAGE("channel 1 of layer 1");
    p.k.layers[1].blocks.a[3] = (double)NAN;
    CHECK_STATUS(kfac_conv_invert(&p.k), STATUS_DIVERGED);
    end(&p);
}

static void numbers_that_are_not_finite_make_no_step(void **state)
{
    const struct convnet_spec s = normalized();
    struct problem p;
    const float bad[] = {NAN, INFINITY};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        make(&p, &s, &plain);
        p.x[3] = bad[k];
        const float *f = p.m.forward(p.m.self, p.x, 2, MODEL_EVALUATE);

        p.x[3] = 0;
        refuse(&p, f, STATUS_DIVERGED);
        CHECK_MESSAGE("output");
        assert_int_equal(p.k.steps, 0);
        f = passes(&p, 2, MODEL_TRAIN);
        p.m.grads[7] = bad[k];
        refuse(&p, f, STATUS_DIVERGED);
        CHECK_MESSAGE("gradient");
        end(&p);
    }
}

static void plans_and_settings_without_sense_abort(void **state)
{
    struct kfac_spec spec = plain;
    struct problem p;
    struct convnet_spec s = convnet_spec_start(4, 2, 2);

    (void)state;
    convnet_linear(&s, convnet_transposed_conv(&s, 0, 2, 2, 2, 0, 0, 1), OUT);
    CHECK_ABORTS(make(&p, &s, &spec));
    s = pictures();
    spec.period = 0;
    CHECK_ABORTS(make(&p, &s, &spec));
    make(&p, &s, &plain);
    const float *f = forward(&p, 0, 2);

    CHECK_ABORTS((void)!kfac_conv_observe(&p.k, f, MOST + 1));
    end(&p);
}

/* Images of three kinds, told apart by the means of their halves. */
static void a_network_learns(void **state)
{
    const struct kfac_spec spec = {.labels = KFAC_SAMPLED, .decay = 0.9, .damping = 1e-3,
                                   .period = 3, .clip = 1};
    const struct convnet_spec s = normalized();
    const uint8_t label[MOST] = {0, 1, 2, 0, 1};
    struct problem p;
    struct kfac_report report;
    double first = 0, last = 0;

    (void)state;
    make(&p, &s, &spec);
    for (int step = 0; step < 40; step++) {
        const float *f = p.m.forward(p.m.self, p.x, MOST, MODEL_TRAIN);
        float scaled[MOST * OUT], *d = p.m.dlogits(p.m.self);

        for (size_t i = 0; i < MOST * OUT; i++)
            scaled[i] = scale[i % OUT] * f[i];
        last = loss_cross_entropy(scaled, label, MOST, OUT, MOST, d);
        first = step == 0 ? last : first;
        for (size_t i = 0; i < MOST * OUT; i++)
            d[i] *= scale[i % OUT];
        p.m.backward(p.m.self, d, 0);
        CHECK_STATUS(kfac_conv_step(&p.k, f, MOST, 0.1, &report), STATUS_OK);
    }
    if (!(last < 0.2 * first))
        fail_msg("from %g to %g", first, last);
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_of_one_position_are_the_fisher_blocks),
        cmocka_unit_test(a_network_of_points_is_stepped_like_a_dense_one),
        cmocka_unit_test(factors_of_pictures_are_sums_over_positions),
        cmocka_unit_test(moments_do_not_hang_on_parts_and_layouts),
        cmocka_unit_test(blocks_of_normalization_are_those_of_each_image),
        cmocka_unit_test(direction_solves_the_damped_systems),
        cmocka_unit_test(damping_is_shared_by_the_traces),
        cmocka_unit_test(strong_damping_gives_the_gradient),
        cmocka_unit_test(sampled_labels_average_to_the_expectation),
        cmocka_unit_test(running_factors_have_the_weights_of_the_rule),
        cmocka_unit_test(inverses_are_made_new_every_period),
        cmocka_unit_test(the_network_is_left_as_it_was),
        cmocka_unit_test(without_damping_the_last_factor_is_singular),
        cmocka_unit_test(without_damping_a_dead_channel_is_singular),
        cmocka_unit_test(numbers_that_are_not_finite_make_no_step),
        cmocka_unit_test(plans_and_settings_without_sense_abort),
        cmocka_unit_test(a_network_learns),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("kfac_conv", tests, NULL, NULL);
}
