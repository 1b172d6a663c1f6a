/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_cases: small networks that together have every layer in every neighbourhood that the
 * planning of memory knows, and some that it must notice. `c` is the number of channels inside:
 * with 5 all lie last, with 16 in blocks. */
#ifndef TESTS_CONVNET_CASES_H
#define TESTS_CONVNET_CASES_H

#include "net/convnet_spec.h"

/* conv, norm, ReLU twice, a block with a shortcut, one without: ResNet in small. */
static inline struct convnet_spec case_residual(size_t c)
{
    struct convnet_spec s = convnet_spec_start(3, 6, 5);
    size_t x = convnet_batch_norm_relu(&s, convnet_conv(&s, 0, c, 3, 1, 1, 0));
    const size_t first = x;

    x = convnet_batch_norm_relu(&s, convnet_conv(&s, x, c, 3, 2, 1, 0));
    x = convnet_conv(&s, x, c, 3, 1, 1, 0);
    const size_t shortcut = convnet_batch_norm(&s, convnet_conv(&s, first, c, 1, 2, 0, 0));
    const size_t second = convnet_batch_norm_add_relu(&s, x, shortcut);
    x = convnet_batch_norm_relu(&s, convnet_conv(&s, second, c, 3, 1, 1, 0));
    x = convnet_batch_norm_add_relu(&s, convnet_conv(&s, x, c, 3, 1, 1, 0), second);
    convnet_linear(&s, convnet_global_pool(&s, x), 4);
    return s;
}

/* norm, ReLU, conv with the raw input added: WRN in small. */
static inline struct convnet_spec case_preactivation(size_t c)
{
    struct convnet_spec s = convnet_spec_start(3, 5, 6);
    size_t x = convnet_conv(&s, 0, c, 3, 1, 1, 1);

    for (size_t k = 0; k < 2; k++) {
        const size_t raw = x;
        x = convnet_conv(&s, convnet_batch_norm_relu(&s, raw), c, 3, 1, 1, 1);
        x = convnet_dropout(&s, convnet_batch_norm_relu(&s, x), 0.3, 0);
        x = convnet_conv(&s, x, c, 3, 1 + k, 1, 1);
        x = convnet_add(&s, x, k == 0 ? raw : convnet_conv(&s, raw, c, 1, 2, 0, 1));
    }
    convnet_linear(&s, convnet_average_pool(&s, convnet_batch_norm_relu(&s, x), 2, 1), 4);
    return s;
}

/* Convolutions with ReLU, pools, dropped channels, two linear layers. */
static inline struct convnet_spec case_pools(size_t c)
{
    struct convnet_spec s = convnet_spec_start(1, 8, 9);
    size_t x = convnet_batch_norm_relu(&s, convnet_conv(&s, 0, c, 3, 1, 1, 1));

    x = convnet_max_pool(&s, convnet_conv_relu(&s, x, c, 3, 1, 1, 1), 2, 2, 0);
    x = convnet_dropout(&s, convnet_max_pool(&s, x, 3, 2, 1), 0.4, 1);
    x = convnet_relu(&s, convnet_batch_norm(&s, x));
    convnet_linear(&s, convnet_linear_relu(&s, x, 7), 4);
    return s;
}

/* Numbers to pictures and out again, channel by channel. */
static inline struct convnet_spec case_decoder(size_t c)
{
    struct convnet_spec s = convnet_spec_start(4, 1, 1);
    size_t x = convnet_reshape(&s, convnet_linear(&s, 0, 6 * c), c, 2, 3);

    x = convnet_transposed_conv(&s, convnet_batch_norm_relu(&s, x), c, 4, 2, 1, 0, 1);
    x = convnet_transposed_conv(&s, convnet_batch_norm_relu(&s, x), c, 3, 2, 1, 1, 0);
    convnet_flatten(&s, convnet_sigmoid(&s, x));
    return s;
}

/* The same down to one channel of pictures. */
static inline struct convnet_spec case_picture(size_t c)
{
    struct convnet_spec s = convnet_spec_start(5, 1, 1);
    size_t x = convnet_reshape(&s, convnet_linear_relu(&s, 0, 4 * c), c, 2, 2);

    x = convnet_transposed_conv(&s, x, 1, 3, 2, 1, 1, 1);
    convnet_sigmoid(&s, convnet_flatten(&s, x));
    return s;
}

/* A tensor that two convolutions and a sum read. */
static inline struct convnet_spec case_three_readers(size_t c)
{
    struct convnet_spec s = convnet_spec_start(3, 5, 5);
    const size_t x = convnet_conv_relu(&s, 0, c, 3, 1, 1, 1);
    const size_t a = convnet_conv(&s, x, c, 3, 1, 1, 0);
    const size_t b = convnet_conv_relu(&s, x, c, 1, 1, 0, 1);

    convnet_linear(&s, convnet_add(&s, convnet_add(&s, a, b), x), 4);
    return s;
}

/* A summand that another layer reads after the other summand was made. */
static inline struct convnet_spec case_late_reader(size_t c)
{
    struct convnet_spec s = convnet_spec_start(3, 5, 5);
    const size_t x = convnet_conv(&s, 0, c, 3, 1, 1, 1);
    const size_t a = convnet_conv(&s, x, c, 3, 1, 1, 0), b = convnet_conv(&s, x, c, 3, 1, 1, 0);
    const size_t sum = convnet_conv(&s, convnet_add(&s, a, x), c, 3, 1, 1, 0);

    convnet_linear(&s, convnet_batch_norm_add_relu(&s, sum, b), 4);
    return s;
}

/* Sums of what still has a ReLU to mask, from either side. */
static inline struct convnet_spec case_masked_sums(size_t c)
{
    struct convnet_spec s = convnet_spec_start(3, 5, 5);
    const size_t x = convnet_conv(&s, 0, c, 3, 1, 1, 1);
    const size_t a = convnet_conv(&s, x, c, 3, 1, 1, 0);
    const size_t b = convnet_conv_relu(&s, x, c, 3, 1, 1, 0);
    const size_t sum = convnet_add(&s, a, b);
    const size_t d = convnet_conv_relu(&s, sum, c, 3, 1, 1, 0);
    const size_t e = convnet_conv(&s, sum, c, 1, 1, 0, 0);
    const size_t f = convnet_relu(&s, convnet_add(&s, d, e));
    const size_t g = convnet_conv(&s, f, c, 3, 1, 1, 0);
    const size_t h = convnet_batch_norm_add_relu(&s, convnet_conv(&s, f, c, 3, 1, 1, 0), f);

    convnet_linear(&s, convnet_global_pool(&s, convnet_add(&s, g, h)), 4);
    return s;
}

/* Sums of sums, and of a tensor with itself. */
static inline struct convnet_spec case_sums_in_a_row(size_t c)
{
    struct convnet_spec s = convnet_spec_start(3, 4, 5);
    const size_t a = convnet_conv(&s, 0, c, 3, 1, 1, 1), b = convnet_batch_norm(&s, a);
    const size_t d = convnet_conv(&s, b, c, 1, 1, 0, 0), e = convnet_add(&s, d, a);
    const size_t f = convnet_add(&s, e, b), g = convnet_add(&s, f, f);
    const size_t h = convnet_batch_norm_add_relu(&s, g, g), i = convnet_add(&s, h, f);
    const size_t j = convnet_sigmoid(&s, convnet_dropout(&s, i, 0.2, 1));

    convnet_linear(&s, convnet_add(&s, convnet_relu(&s, j), convnet_add(&s, g, i)), 4);
    return s;
}

/* What a sum alone reads, twice. */
static inline struct convnet_spec case_doubled(size_t c)
{
    struct convnet_spec s = convnet_spec_start(3, 4, 4);
    const size_t a = convnet_conv(&s, 0, c, 3, 1, 1, 1), b = convnet_add(&s, a, a);
    const size_t d = convnet_conv(&s, b, c, 3, 1, 1, 1);

    convnet_linear(&s, convnet_batch_norm_add_relu(&s, d, d), 4);
    return s;
}

/* Pictures that shrink to one place and go on from there. */
static inline struct convnet_spec case_one_place(size_t c)
{
    struct convnet_spec s = convnet_spec_start(3, 4, 4);
    size_t x = convnet_batch_norm_relu(&s, convnet_conv(&s, 0, c, 3, 1, 0, 1));

    x = convnet_batch_norm_relu(&s, convnet_max_pool(&s, x, 2, 2, 0));
    x = convnet_add(&s, convnet_conv(&s, x, c, 1, 1, 0, 1), x);
    x = convnet_batch_norm(&s, convnet_conv_relu(&s, x, c, 1, 1, 0, 1));
    x = convnet_dropout(&s, x, 0.2, 0);
    convnet_batch_norm(&s, convnet_linear(&s, x, 4));
    return s;
}

/* No pictures at all. */
static inline struct convnet_spec case_numbers(size_t c)
{
    struct convnet_spec s = convnet_spec_start(11, 1, 1);
    size_t x = convnet_batch_norm_relu(&s, convnet_linear(&s, 0, 2 * c));

    x = convnet_add(&s, convnet_linear_relu(&s, x, 2 * c), x);
    convnet_linear(&s, convnet_dropout(&s, x, 0.25, 0), 4);
    return s;
}

/* Pictures of input that are changed before the first convolution. */
static inline struct convnet_spec case_noisy_input(size_t c)
{
    struct convnet_spec s = convnet_spec_start(3, 6, 6);
    const size_t noisy = convnet_dropout(&s, 0, 0.2, 0), norm = convnet_batch_norm(&s, 0);
    const size_t x = convnet_conv(&s, noisy, c, 3, 2, 1, 1);
    const size_t y = convnet_conv(&s, norm, c, 2, 2, 0, 1);

    convnet_linear(&s, convnet_batch_norm_add_relu(&s, x, y), 4);
    return s;
}

struct convnet_case {
    const char *name;
    struct convnet_spec (*spec)(size_t c);
};

static const struct convnet_case convnet_cases[] = {
    {"residual", case_residual},
    {"preactivation", case_preactivation},
    {"pools", case_pools},
    {"decoder", case_decoder},
    {"picture", case_picture},
    {"three readers", case_three_readers},
    {"late reader", case_late_reader},
    {"masked sums", case_masked_sums},
    {"sums in a row", case_sums_in_a_row},
    {"doubled", case_doubled},
    {"one place", case_one_place},
    {"numbers", case_numbers},
    {"noisy input", case_noisy_input},
};

enum { CONVNET_CASES = sizeof convnet_cases / sizeof *convnet_cases };

#endif
