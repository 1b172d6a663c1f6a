/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_trial: convolutions of odd shapes in every layout, with all arrays that their passes need.
 *
 * Tolerance: T products of floats added in any order, with or without FMA, are within
 * (T + 1) u sum |terms| of the exact sum, u = 2^-24 (Higham, 2002, section 3.1); sum |terms| is the
 * same convolution of absolute values. A term that is missing or in the wrong place is larger than
 * that as long as T is below some 4000, as here. Winograd's transforms are outside this bound and
 * have one of their own. */
#ifndef TESTS_CONV_TRIAL_H
#define TESTS_CONV_TRIAL_H

#include "test.h"

#include "aborts.h"
#include "base/memory.h"
#include "base/rng.h"
#include "net/conv_naive.h"
#include "net/conv_onednn.h"

enum { LAST = 0 }; /* layout of a case: all channels last; else channels a block */

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
    {SHAPE(7, 8, 16, 16, 16, 1, 2, 0, .bias = 1), LAST, LAST, CONV_TRAIN, 0, 0},
    {SHAPE(7, 4, 15, 16, 8, 1, 2, 0, .bias = 0), LAST, LAST, CONV_TRAIN, 0, 0},
    {SHAPE(3, 12, 7, 10, 9, 1, 3, 0, .bias = 1), LAST, LAST, CONV_TRAIN, 0, 0},
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

static inline size_t largest(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Normal numbers that are floats. */
static inline double *draw(struct rng *rng, size_t n)
{
    double *a = memory_get(n, sizeof *a);

    for (size_t i = 0; i < n; i++)
        a[i] = (double)(float)rng_normal(rng);
    return a;
}

static inline float *narrow(const double *a, size_t n)
{
    float *f = memory_get(n, sizeof *f);

    for (size_t i = 0; i < n; i++)
        f[i] = (float)a[i];
    return f;
}

static inline struct tensor make_tensor(size_t n, size_t c, size_t h, size_t w, size_t block)
{
    struct tensor t = {n, c, h, w, block, NULL};

    t.data = memory_get(tensor_size(&t), sizeof *t.data);
    return t;
}

static inline void put(const double *plain, size_t n, struct tensor *t)
{
    float *f = narrow(plain, n);

    tensor_from_plain(f, t);
    memory_free(f);
}

static inline struct conv_options options_of(const struct test_case *c)
{
    return (struct conv_options){.use = c->use,
                                 .x_block = c->x_block == LAST ? c->shape.in : c->x_block,
                                 .y_block = c->y_block == LAST ? c->shape.out : c->y_block,
                                 .channels_last = c->y_block == LAST,
                                 .relu = c->relu};
}

static inline struct trial trial_start(const struct test_case *c, int direct)
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

static inline void trial_end(struct trial *t)
{
    void *blocks[] = {t->w,    t->b,  t->px, t->py,    t->sum,    t->size,
                      t->fw, t->fb, t->plain, t->x.data, t->y.data, t->workspace};

    for (size_t i = 0; i < FENCE; i++)
        assert_int_equal(t->workspace[conv_workspace(t->conv) + i], FENCE_BYTE);
    conv_free(t->conv);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        memory_free(blocks[i]);
}

#endif
