/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolutions of the library against loops in double, for odd shapes in every layout, and the
 * loops against cases by hand. Everything is done once more with the library limited to AVX2.
 *
 * Tolerance: T products of floats added in any order, with or without FMA, are within
 * (T + 1) u sum |terms| of the exact sum, u = 2^-24 (Higham, 2002, section 3.1); sum |terms| is the
 * same convolution of absolute values. A term that is missing or in the wrong place is larger than
 * that as long as T is below some 4000, as here. Winograd's transforms are outside this bound and
 * have one of their own. */
#include "test.h"

#include "aborts.h"
#include "again_with_avx2.h"
#include "base/memory.h"
#include "base/rng.h"
#include "linalg/blas.h"
#include "net/conv_naive.h"
#include "net/conv_onednn.h"

enum { LAST = 0 }; /* layout of a case: all channels last; else channels a block */

/* ---- the loops ---- */

static void check_numbers(const double *actual, const double *expected, size_t n)
{
    for (size_t i = 0; i < n; i++)
        CHECK_NEAR(actual[i], expected[i], 0);
}

static void loops_agree_with_hand(void **state)
{
    static const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, w[] = {1, 2, 3, 4}, b[] = {0.5};
    static const double plain[] = {37.5, 47.5, 67.5, 77.5}, strided[] = {4, 18, 36, 77};
    struct conv_shape s = {.batch = 1, .in = 1, .height = 3, .width = 3, .out = 1, .kernel = 2,
                           .stride = 1, .bias = 1};
    double y[4];

    (void)state;
    conv_naive_forward(&s, w, b, x, y);
    check_numbers(y, plain, 4);
    s.stride = 2;
    s.padding = 1;
    s.bias = 0;
    conv_naive_forward(&s, w, NULL, x, y);
    check_numbers(y, strided, 4);
}

static void transposed_loops_agree_with_hand(void **state)
{
    static const double x[] = {1, 2, 3, 4}, w[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const double copies[] = {1, 2, 2, 4, 4, 5, 8, 10, 3, 6, 4, 8, 12, 15, 16, 20};
    static const double padded[] = {5,  14, 10, 12, 14, 36, 24, 30,
                                    15, 34, 20, 24, 24, 55, 32, 36};
    static const double corner[] = {1, 2, 4, 5};
    struct conv_shape s = {.batch = 1, .in = 1, .height = 2, .width = 2, .out = 1, .kernel = 2,
                           .stride = 2, .transposed = 1};
    double y[16];

    (void)state;
    conv_naive_forward(&s, corner, NULL, x, y);
    check_numbers(y, copies, 16);
    s.kernel = 3;
    s.padding = 1;
    s.output_padding = 1;
    conv_naive_forward(&s, w, NULL, x, y);
    check_numbers(y, padded, 16);
}

/* W is out x in, of a transposed one in x out. */
static void loops_read_weights_in_order(void **state)
{
    static const double x[] = {1, 10}, w[] = {1, 2, 3, 4, 5, 6};
    static const double plain[] = {21, 43, 65}, transposed[] = {41, 52, 63};
    struct conv_shape s = {.batch = 1, .in = 2, .height = 1, .width = 1, .out = 3, .kernel = 1,
                           .stride = 1};
    double y[3];

    (void)state;
    conv_naive_forward(&s, w, NULL, x, y);
    check_numbers(y, plain, 3);
    s.transposed = 1;
    conv_naive_forward(&s, w, NULL, x, y);
    check_numbers(y, transposed, 3);
}

/* ---- cases ---- */

struct test_case {
    struct conv_shape shape;
    size_t x_block, y_block;
    enum conv_use use;
    int relu;
    int winograd;         /* expected with AVX-512 */
};

#define SHAPE(n, c, h, w, o, k, s, p, ...)                                                         \
    {.batch = n, .in = c, .height = h, .width = w, .out = o, .kernel = k, .stride = s,             \
     .padding = p, __VA_ARGS__}
#define UP(extra) .transposed = 1, .output_padding = extra

static const struct test_case cases[] = {
    /* any channels, channels last */
    {SHAPE(1, 1, 1, 1, 1, 1, 1, 0, .bias = 0), LAST, LAST, CONV_TRAIN, 0, 0},
    {SHAPE(1, 5, 7, 9, 3, 3, 1, 1, .bias = 1), LAST, LAST, CONV_TRAIN, 1, 0},
    {SHAPE(3, 7, 5, 4, 19, 3, 2, 1, .bias = 0), LAST, LAST, CONV_TRAIN, 0, 0},
    {SHAPE(2, 3, 11, 6, 10, 5, 1, 2, .bias = 1), LAST, LAST, CONV_TRAIN, 0, 0},
    {SHAPE(2, 17, 6, 7, 33, 1, 1, 0, .bias = 1), LAST, LAST, CONV_TRAIN, 1, 0},
    {SHAPE(2, 4, 8, 9, 6, 1, 2, 0, .bias = 0), LAST, LAST, CONV_TRAIN, 0, 0},
    {SHAPE(2, 6, 9, 9, 5, 3, 3, 0, .bias = 1), LAST, LAST, CONV_TRAIN, 0, 0},
    {SHAPE(4, 20, 5, 5, 40, 3, 1, 1, .bias = 1), LAST, LAST, CONV_TRAIN, 1, 0},
    {SHAPE(3, 4, 3, 3, 4, 3, 1, 0, .bias = 1), LAST, LAST, CONV_EVALUATE, 1, 0},
    {SHAPE(3, 8, 5, 5, 16, 3, 1, 1, .bias = 1), LAST, LAST, CONV_TRAIN, 1, 0},
    /* blocks of 8 and 16 */
    {SHAPE(1, 8, 5, 7, 16, 3, 1, 1, .bias = 1), 8, 8, CONV_TRAIN, 1, 0},
    {SHAPE(2, 16, 7, 5, 8, 3, 2, 1, .bias = 0), 8, 8, CONV_TRAIN, 0, 0},
    {SHAPE(2, 24, 4, 4, 8, 1, 2, 0, .bias = 1), 8, 8, CONV_TRAIN, 0, 0},
    {SHAPE(2, 8, 9, 9, 24, 5, 1, 2, .bias = 1), 8, 8, CONV_TRAIN, 0, 0},
    {SHAPE(1, 16, 7, 9, 32, 3, 1, 1, .bias = 1), 16, 16, CONV_TRAIN, 1, 0},
    {SHAPE(3, 32, 9, 7, 16, 3, 2, 1, .bias = 0), 16, 16, CONV_TRAIN, 0, 0},
    {SHAPE(2, 16, 5, 5, 48, 1, 1, 0, .bias = 1), 16, 16, CONV_TRAIN, 1, 0},
    {SHAPE(2, 48, 7, 7, 16, 1, 2, 0, .bias = 1), 16, 16, CONV_TRAIN, 0, 0},
    {SHAPE(2, 16, 9, 8, 16, 5, 1, 2, .bias = 0), 16, 16, CONV_TRAIN, 0, 0},
    {SHAPE(5, 16, 3, 3, 16, 3, 1, 0, .bias = 1), 16, 16, CONV_EVALUATE, 1, 0},
    /* plain pictures of few channels, as a network begins */
    {SHAPE(2, 1, 9, 7, 16, 3, 1, 1, .bias = 1), 1, 16, CONV_TRAIN_FIRST, 1, 0},
    {SHAPE(2, 3, 8, 9, 16, 3, 1, 1, .bias = 1), 1, 16, CONV_TRAIN_FIRST, 0, 0},
    {SHAPE(2, 3, 9, 9, 32, 5, 2, 2, .bias = 0), 1, 16, CONV_TRAIN_FIRST, 0, 0},
    {SHAPE(1, 3, 8, 9, 32, 3, 1, 1, .bias = 1), 1, 8, CONV_TRAIN_FIRST, 1, 0},
    {SHAPE(3, 3, 7, 7, 8, 3, 2, 1, .bias = 1), 1, 8, CONV_TRAIN_FIRST, 0, 0},
    {SHAPE(2, 2, 7, 7, 16, 3, 1, 1, .bias = 1), 1, 16, CONV_TRAIN_FIRST, 0, 0},
    {SHAPE(2, 1, 6, 5, 5, 3, 1, 1, .bias = 1), 1, LAST, CONV_TRAIN_FIRST, 0, 0},
    {SHAPE(2, 3, 6, 5, 5, 3, 1, 1, .bias = 1), LAST, LAST, CONV_TRAIN_FIRST, 1, 0},
    /* transposed */
    {SHAPE(1, 3, 4, 5, 2, 3, 2, 1, UP(1), .bias = 1), LAST, LAST, CONV_TRAIN, 1, 0},
    {SHAPE(2, 5, 3, 3, 7, 4, 2, 1, UP(0), .bias = 0), LAST, LAST, CONV_TRAIN, 0, 0},
    {SHAPE(2, 6, 4, 3, 1, 3, 3, 0, UP(2), .bias = 1), LAST, LAST, CONV_TRAIN, 0, 0},
    {SHAPE(2, 6, 4, 3, 4, 3, 1, 1, UP(0), .bias = 1), LAST, LAST, CONV_EVALUATE, 1, 0},
    {SHAPE(2, 2, 4, 3, 4, 2, 2, 0, UP(0), .bias = 1), LAST, LAST, CONV_TRAIN_FIRST, 0, 0},
    {SHAPE(2, 32, 4, 5, 16, 3, 2, 1, UP(1), .bias = 1), 16, 16, CONV_TRAIN, 1, 0},
    {SHAPE(2, 16, 3, 3, 32, 4, 2, 1, UP(0), .bias = 0), 16, 16, CONV_TRAIN, 0, 0},
    {SHAPE(2, 8, 5, 3, 16, 3, 2, 1, UP(1), .bias = 1), 8, 8, CONV_TRAIN, 0, 0},
    /* Winograd where there is AVX-512 */
    {SHAPE(1, 64, 7, 9, 64, 3, 1, 1, .bias = 1), 16, 16, CONV_TRAIN, 1, 1},
    {SHAPE(3, 64, 8, 8, 96, 3, 1, 1, .bias = 0), 16, 16, CONV_TRAIN, 0, 1},
    {SHAPE(1, 80, 5, 6, 64, 3, 1, 1, .bias = 1), 16, 16, CONV_TRAIN, 0, 1},
    {SHAPE(2, 64, 6, 5, 64, 3, 1, 0, .bias = 1), 16, 16, CONV_TRAIN, 0, 1},
    {SHAPE(2, 64, 1, 1, 64, 3, 1, 1, .bias = 1), 16, 16, CONV_TRAIN, 0, 1},
    /* and its neighbours, where it must not be taken */
    {SHAPE(1, 48, 7, 9, 64, 3, 1, 1, .bias = 1), 16, 16, CONV_TRAIN, 0, 0},
    {SHAPE(1, 64, 7, 9, 64, 3, 2, 1, .bias = 1), 16, 16, CONV_TRAIN, 0, 0},
    {SHAPE(1, 64, 7, 7, 64, 3, 1, 1, .bias = 1), LAST, LAST, CONV_TRAIN, 0, 0},
    {SHAPE(1, 64, 5, 6, 64, 3, 1, 2, .bias = 1), 16, 16, CONV_EVALUATE, 0, 0},
};

enum {
    CASES = sizeof cases / sizeof *cases,
    FENCE = 256, FENCE_BYTE = 0x5a /* behind the workspace */
};

/* ---- arrays of a case ---- */

struct trial {
    struct conv_shape shape;
    struct conv_options options;
    struct conv *conv;
    struct tensor x, y;   /* layouts; data of both the library's */
    size_t rows, columns, x_count, y_count, w_count;
    double *w, *b, *px, *py; /* plain; py is y's gradient */
    double *sum, *size;      /* what is expected, and the sum of absolute terms */
    float *fw, *fb, *plain;
    char *workspace;
};

static size_t largest(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Normal numbers that are floats. */
static double *draw(struct rng *rng, size_t n)
{
    double *a = memory_get(n, sizeof *a);

    for (size_t i = 0; i < n; i++)
        a[i] = (double)(float)rng_normal(rng);
    return a;
}

static float *narrow(const double *a, size_t n)
{
    float *f = memory_get(n, sizeof *f);

    for (size_t i = 0; i < n; i++)
        f[i] = (float)a[i];
    return f;
}

static struct tensor make_tensor(size_t n, size_t c, size_t h, size_t w, size_t block)
{
    struct tensor t = {n, c, h, w, block, NULL};

    t.data = memory_get(tensor_size(&t), sizeof *t.data);
    return t;
}

static void put(const double *plain, size_t n, struct tensor *t)
{
    float *f = narrow(plain, n);

    tensor_from_plain(f, t);
    memory_free(f);
}

static struct conv_options options_of(const struct test_case *c)
{
    return (struct conv_options){.use = c->use,
                                 .x_block = c->x_block == LAST ? c->shape.in : c->x_block,
                                 .y_block = c->y_block == LAST ? c->shape.out : c->y_block,
                                 .channels_last = c->y_block == LAST,
                                 .relu = c->relu};
}

static struct trial trial_start(const struct test_case *c, int direct)
{
    struct trial t = {.shape = c->shape, .options = options_of(c)};
    struct rng rng = rng_stream(7, "conv");
    const struct conv_shape *s = &t.shape;

    t.options.direct = direct;
    t.rows = conv_output_size(s, s->height);
    t.columns = conv_output_size(s, s->width);
    t.x_count = s->batch * s->in * s->height * s->width;
    t.y_count = s->batch * s->out * t.rows * t.columns;
    t.w_count = conv_weight_count(s);
    t.w = draw(&rng, t.w_count);
    t.b = draw(&rng, s->out);
    t.px = draw(&rng, t.x_count);
    t.py = draw(&rng, t.y_count);
    t.fw = narrow(t.w, t.w_count);
    t.fb = narrow(t.b, s->out);
    const size_t most = largest(largest(t.x_count, t.y_count), t.w_count);
    t.sum = memory_get(most, sizeof *t.sum);
    t.size = memory_get(most, sizeof *t.size);
    t.plain = memory_get(most, sizeof *t.plain);
    t.x = make_tensor(s->batch, s->in, s->height, s->width, t.options.x_block);
    t.y = make_tensor(s->batch, s->out, t.rows, t.columns, t.options.y_block);
    CHECK_STATUS(conv_create(&t.conv, s, &t.options), STATUS_OK);
    t.workspace = memory_get(conv_workspace(t.conv) + FENCE, 1);
    memset(t.workspace + conv_workspace(t.conv), FENCE_BYTE, FENCE);
    return t;
}

static void trial_end(struct trial *t)
{
    void *blocks[] = {t->w,    t->b,  t->px, t->py,    t->sum,    t->size,
                      t->fw, t->fb, t->plain, t->x.data, t->y.data, t->workspace};

    for (size_t i = 0; i < FENCE; i++)
        assert_int_equal(t->workspace[conv_workspace(t->conv) + i], FENCE_BYTE);
    conv_free(t->conv);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        memory_free(blocks[i]);
}

static void poison(float *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        a[i] = NAN;
}

/* What a pass leaves behind or finds must not matter. */
static void spoil(struct trial *t)
{
    memset(t->workspace, 0xff, conv_workspace(t->conv));
}

static double *absolute(const double *a, size_t n)
{
    double *positive = memory_get(n, sizeof *positive);

    for (size_t i = 0; i < n; i++)
        positive[i] = fabs(a[i]);
    return positive;
}

static void check_within(const struct trial *t, const float *actual, size_t n, size_t terms,
                         const char *what)
{
    const double u = ldexp(1.0, -24);
    double error = 0, norm = 0;

    for (size_t i = 0; i < n; i++) {
        const double difference = fabs((double)actual[i] - t->sum[i]);
        const double bound = ((double)terms + 2) * u * t->size[i];
        error += difference * difference;
        norm += t->sum[i] * t->sum[i];
        if (!conv_is_winograd(t->conv) && !(difference <= bound))
            fail_msg("%s[%zu] = %.9g, expected %.17g within %.3g (%s)", what, i, (double)actual[i],
                     t->sum[i], bound, conv_implementation(t->conv));
    }
    /* F(4x4, 3x3) multiplies rounding errors by up to some tens; measured 2e-7 to 1e-6 */
    if (!(sqrt(error) <= 3e-6 * sqrt(norm)))
        fail_msg("%s is off by a relative %.3g in norm (%s)", what, sqrt(error / norm),
                 conv_implementation(t->conv));
}

/* ---- passes ---- */

static void check_forward(struct trial *t)
{
    const struct conv_shape *s = &t->shape;
    double *w = absolute(t->w, t->w_count), *x = absolute(t->px, t->x_count);
    double *b = absolute(t->b, s->out);

    conv_naive_forward(s, t->w, s->bias ? t->b : NULL, t->px, t->sum);
    conv_naive_forward(s, w, s->bias ? b : NULL, x, t->size);
    for (size_t i = 0; t->options.relu && i < t->y_count; i++)
        t->sum[i] = t->sum[i] > 0 ? t->sum[i] : 0;
    put(t->px, t->x_count, &t->x);
    poison(t->y.data, tensor_size(&t->y));
    spoil(t);
    conv_forward(t->conv, t->fw, s->bias ? t->fb : NULL, &t->x, &t->y, t->workspace);
    tensor_to_plain(&t->y, t->plain);
    check_within(t, t->plain, t->y_count, s->in * s->kernel * s->kernel + 1, "y");
    memory_free(w);
    memory_free(x);
    memory_free(b);
}

static void check_backward_data(struct trial *t)
{
    const struct conv_shape *s = &t->shape;
    double *w = absolute(t->w, t->w_count), *dy = absolute(t->py, t->y_count);

    conv_naive_backward_data(s, t->w, t->py, t->sum);
    conv_naive_backward_data(s, w, dy, t->size);
    put(t->py, t->y_count, &t->y);
    poison(t->x.data, tensor_size(&t->x));
    spoil(t);
    conv_backward_data(t->conv, t->fw, &t->y, &t->x, t->workspace);
    tensor_to_plain(&t->x, t->plain);
    check_within(t, t->plain, t->x_count, s->out * s->kernel * s->kernel, "dx");
    memory_free(w);
    memory_free(dy);
}

/* What is expected of keep old + gradient, for old = the weights themselves. */
static void add_kept(struct trial *t, const double *old, size_t n, double keep)
{
    for (size_t i = 0; i < n; i++) {
        t->sum[i] += keep * old[i];
        t->size[i] += fabs(keep * old[i]);
    }
}

static void check_backward_weights(struct trial *t, float keep)
{
    const struct conv_shape *s = &t->shape;
    double *x = absolute(t->px, t->x_count), *dy = absolute(t->py, t->y_count);
    double *db = memory_get(s->out, sizeof *db), *db_size = memory_get(s->out, sizeof *db);
    float *dw = narrow(t->w, t->w_count), *dbias = narrow(t->b, s->out);
    const size_t terms = s->batch * largest(t->rows * t->columns, s->height * s->width) + 2;

    conv_naive_backward_weights(s, t->px, t->py, t->sum, db);
    conv_naive_backward_weights(s, x, dy, t->size, db_size);
    put(t->px, t->x_count, &t->x);
    put(t->py, t->y_count, &t->y);
    if (keep == 0) {
        poison(dw, t->w_count);
        poison(dbias, s->out);
    }
    spoil(t);
    conv_backward_weights(t->conv, &t->x, &t->y, dw, s->bias ? dbias : NULL, keep, t->workspace);
    add_kept(t, t->w, t->w_count, (double)keep);
    check_within(t, dw, t->w_count, terms, "dw");
    if (s->bias) {
        memcpy(t->sum, db, s->out * sizeof *db);
        memcpy(t->size, db_size, s->out * sizeof *db);
        add_kept(t, t->b, s->out, (double)keep);
        check_within(t, dbias, s->out, terms, "db");
    }
    void *blocks[] = {x, dy, db, db_size, dw, dbias};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        memory_free(blocks[i]);
}

/* Blocks that the library has no kernels for here. */
static int is_foreign(const struct test_case *c)
{
    return (c->x_block > 1 && c->x_block > conv_block()) ||
           (c->y_block > 1 && c->y_block > conv_block());
}

static void check_case(const struct test_case *c, int direct)
{
    struct trial t = trial_start(c, direct);

    CHECK_TRUE(conv_is_winograd(t.conv) == (c->winograd && !direct));
    if (conv_block() > 0)
        assert_int_equal(conv_reference_passes(t.conv), 0);
    check_forward(&t);
    if (c->use == CONV_TRAIN)
        check_backward_data(&t);
    if (c->use != CONV_EVALUATE) {
        check_backward_weights(&t, 0.0f);
        check_backward_weights(&t, 1.0f);
        check_backward_weights(&t, 0.75f);
    }
    trial_end(&t);
}

static void passes_agree_with_loops(void **state)
{
    size_t done = 0;

    (void)state;
    for (size_t i = 0; i < CASES; i++)
        if (!is_foreign(&cases[i]) && !cases[i].winograd) {
            check_case(&cases[i], 0);
            done++;
        }
    CHECK_TRUE(done >= 15);
}

static void winograd_agrees_with_loops(void **state)
{
    (void)state;
    if (conv_block() < 16)
        skip();
    for (size_t i = 0; i < CASES; i++)
        if (cases[i].winograd) {
            check_case(&cases[i], 0);
            check_case(&cases[i], 1);
        }
}

/* ---- the adjoint ---- */

static double inner(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* <W x, y> = <x, W' y> = <W, dW>: three sums of the same products. */
static void loops_are_adjoint(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        struct trial t = trial_start(&(struct test_case){.shape = cases[i].shape}, 1);
        conv_naive_forward(&t.shape, t.w, NULL, t.px, t.sum);
        const double forward = inner(t.sum, t.py, t.y_count);
        conv_naive_backward_data(&t.shape, t.w, t.py, t.sum);
        CHECK_NEAR(inner(t.px, t.sum, t.x_count), forward, 1e-9);
        conv_naive_backward_weights(&t.shape, t.px, t.py, t.sum, t.b);
        CHECK_NEAR(inner(t.w, t.sum, t.w_count), forward, 1e-9);
        trial_end(&t);
    }
}

static void bias_gradients_are_sums(void **state)
{
    const struct conv_shape s = {.batch = 2, .in = 1, .height = 1, .width = 2, .out = 2,
                                 .kernel = 1, .stride = 1, .bias = 1};
    static const double x[4], dy[] = {1, 2, 3, 4, 5, 6, 7, 8}, expected[] = {14, 22};
    double dw[2], db[2];

    (void)state;
    conv_naive_backward_weights(&s, x, dy, dw, db);
    check_numbers(db, expected, 2);
}

/* ---- what else a caller relies on ---- */

static void same_call_gives_same_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        if (is_foreign(&cases[i]))
            continue;
        struct trial t = trial_start(&cases[i], 0);
        const size_t n = tensor_size(&t.y);
        const float *bias = t.shape.bias ? t.fb : NULL;
        float *first = memory_get(n, sizeof *first);
        put(t.px, t.x_count, &t.x);
        conv_forward(t.conv, t.fw, bias, &t.x, &t.y, t.workspace);
        memcpy(first, t.y.data, n * sizeof *first);
        spoil(&t);
        conv_forward(t.conv, t.fw, bias, &t.x, &t.y, t.workspace);
        CHECK_TRUE(memcmp(first, t.y.data, n * sizeof *first) == 0);
        memory_free(first);
        trial_end(&t);
    }
}

static void passes_allocate_nothing(void **state)
{
    struct trial t = trial_start(&cases[1], 0);

    (void)state;
    put(t.px, t.x_count, &t.x);
    put(t.py, t.y_count, &t.y);
    const size_t before = memory_count();
    for (int round = 0; round < 3; round++) {
        conv_forward(t.conv, t.fw, t.fb, &t.x, &t.y, t.workspace);
        conv_backward_data(t.conv, t.fw, &t.y, &t.x, t.workspace);
        conv_backward_weights(t.conv, &t.x, &t.y, t.fw, t.fb, 0.0f, t.workspace);
    }
    assert_int_equal(memory_count(), before);
    trial_end(&t);
}

static void creation_without_memory_says_so(void **state)
{
    const struct conv_options options = options_of(&cases[1]);
    size_t k = 0;
    enum status status = STATUS_MEMORY;

    (void)state;
    while (status != STATUS_OK) {
        struct conv *conv = NULL;
        memory_fail_at(++k);
        status = conv_create(&conv, &cases[1].shape, &options);
        memory_fail_at(0);
        CHECK_TRUE((status == STATUS_OK) == (conv != NULL));
        CHECK_TRUE(status == STATUS_OK || status == STATUS_MEMORY);
        conv_free(conv);
    }
    CHECK_TRUE(k > 1);
    conv_free(NULL);
}

static void tensors_of_other_shapes_abort(void **state)
{
    struct trial t = trial_start(&cases[1], 0);
    struct tensor x = t.x, y = t.y;

    (void)state;
    x.n++;
    CHECK_ABORTS(conv_forward(t.conv, t.fw, t.fb, &x, &t.y, t.workspace));
    x = t.x;
    x.block = 1;
    CHECK_ABORTS(conv_forward(t.conv, t.fw, t.fb, &x, &t.y, t.workspace));
    y.h++;
    CHECK_ABORTS(conv_forward(t.conv, t.fw, t.fb, &t.x, &y, t.workspace));
    CHECK_ABORTS(conv_backward_data(t.conv, t.fw, &y, &t.x, t.workspace));
    y = t.y;
    y.c = 1;
    CHECK_ABORTS(conv_backward_weights(t.conv, &t.x, &y, t.fw, t.fb, 0.0f, t.workspace));
    CHECK_ABORTS(conv_forward(t.conv, t.fw, NULL, &t.x, &t.y, t.workspace));
    CHECK_ABORTS(conv_backward_weights(t.conv, &t.x, &t.y, t.fw, NULL, 0.0f, t.workspace));
    trial_end(&t);
}

static void passes_not_asked_for_abort(void **state)
{
    struct test_case c = cases[1];

    (void)state;
    c.use = CONV_TRAIN_FIRST;
    struct trial first = trial_start(&c, 0);
    CHECK_ABORTS(conv_backward_data(first.conv, first.fw, &first.y, &first.x, first.workspace));
    trial_end(&first);
    c.use = CONV_EVALUATE;
    struct trial evaluate = trial_start(&c, 0);
    CHECK_ABORTS(conv_backward_weights(evaluate.conv, &evaluate.x, &evaluate.y, evaluate.fw,
                                       evaluate.fb, 0.0f, evaluate.workspace));
    trial_end(&evaluate);
}

static void try_shape(struct conv_shape shape)
{
    const struct conv_options options = {.x_block = shape.in, .y_block = shape.out};
    struct conv *conv;

    conv_free(conv_create(&conv, &shape, &options) == STATUS_OK ? conv : NULL);
}

static void shapes_without_sense_abort(void **state)
{
    const struct conv_shape good = cases[1].shape;
    struct conv_shape bad[9];

    (void)state;
    for (size_t i = 0; i < 9; i++)
        bad[i] = good;
    bad[0].batch = 0;
    bad[1].in = 0;
    bad[2].out = 0;
    bad[3].height = 0;
    bad[4].kernel = 0;
    bad[5].stride = 0;
    bad[6].padding = good.kernel;
    bad[7].output_padding = 1;
    bad[8].kernel = 12;
    for (size_t i = 0; i < 9; i++)
        CHECK_ABORTS(try_shape(bad[i]));
}

/* floor((h + 2 p - k) / s) + 1, transposed (h - 1) s - 2 p + k + extra; two a product. */
static void sizes_and_operations_are_counted(void **state)
{
    struct conv_shape s = {.batch = 2, .in = 3, .height = 7, .width = 8, .out = 4, .kernel = 3,
                           .stride = 2, .padding = 1};

    (void)state;
    assert_int_equal(conv_output_size(&s, 7), 4);
    assert_int_equal(conv_output_size(&s, 8), 4);
    CHECK_NEAR(conv_operations(&s), 2.0 * 2 * 16 * 3 * 4 * 9, 0);
    s.transposed = 1;
    s.output_padding = 1;
    assert_int_equal(conv_output_size(&s, 7), 14);
    CHECK_NEAR(conv_operations(&s), 2.0 * 2 * 56 * 3 * 4 * 9, 0);
    assert_int_equal(conv_weight_count(&s), 108);
}

static void library_is_recorded(void **state)
{
    struct provenance p = {0};

    (void)state;
    conv_record(&p);
    CHECK_TEXT(provenance_get(&p, "onednn.isa"), conv_isa());
    const int has_none = strstr(provenance_get(&p, "onednn.winograd"), "none") != NULL;
    CHECK_TRUE(has_none == (conv_block() < 16));
    provenance_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_agree_with_hand),
        cmocka_unit_test(transposed_loops_agree_with_hand),
        cmocka_unit_test(loops_read_weights_in_order),
        cmocka_unit_test(loops_are_adjoint),
        cmocka_unit_test(bias_gradients_are_sums),
        cmocka_unit_test(passes_agree_with_loops),
        cmocka_unit_test(winograd_agrees_with_loops),
        cmocka_unit_test(same_call_gives_same_bits),
        cmocka_unit_test(passes_allocate_nothing),
        cmocka_unit_test(creation_without_memory_says_so),
        cmocka_unit_test(tensors_of_other_shapes_abort),
        cmocka_unit_test(passes_not_asked_for_abort),
        cmocka_unit_test(shapes_without_sense_abort),
        cmocka_unit_test(sizes_and_operations_are_counted),
        cmocka_unit_test(library_is_recorded),
        cmocka_unit_test(all_holds_with_avx2),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("conv", tests, NULL, NULL);
}
