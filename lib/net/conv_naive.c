/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/conv_naive.h"

#include <string.h>

/* A correlation from the arrays `large` to `small`: x to y, or y to x of a transposed one. */
struct loops {
    size_t batch, in, out, kernel, stride, padding;
    size_t height, width; /* of the large pictures */
    size_t rows, columns; /* of the small ones */
};

static struct loops loops_of(const struct conv_shape *s)
{
    const size_t rows = conv_output_size(s, s->height), columns = conv_output_size(s, s->width);

    if (s->transposed)
        return (struct loops){s->batch, s->out, s->in, s->kernel, s->stride, s->padding,
                              rows, columns, s->height, s->width};
    return (struct loops){s->batch, s->in, s->out, s->kernel, s->stride, s->padding,
                          s->height, s->width, rows, columns};
}

enum sum_into { INTO_SMALL, INTO_LARGE, INTO_WEIGHTS };

/* The products of one place (i, j) of a small picture with all places under the kernel. */
static void window(const struct loops *l, enum sum_into into, double *large, double *small,
                   double *weights, size_t i, size_t j)
{
    for (size_t u = 0; u < l->kernel; u++)
        for (size_t v = 0; v < l->kernel; v++) {
            const size_t row = i * l->stride + u - l->padding; /* wraps far beyond the height */
            const size_t column = j * l->stride + v - l->padding;
            if (row >= l->height || column >= l->width)
                continue;
            double *x = large + row * l->width + column, *w = weights + u * l->kernel + v;
            if (into == INTO_SMALL)
                *small += *w * *x;
            else if (into == INTO_LARGE)
                *x += *w * *small;
            else
                *w += *x * *small;
        }
}

static void walk(const struct conv_shape *shape, enum sum_into into, double *large, double *small,
                 double *weights)
{
    const struct loops l = loops_of(shape);
    const size_t taps = l.kernel * l.kernel;

    for (size_t n = 0; n < l.batch; n++)
        for (size_t o = 0; o < l.out; o++)
            for (size_t c = 0; c < l.in; c++)
                for (size_t i = 0; i < l.rows; i++)
                    for (size_t j = 0; j < l.columns; j++)
                        window(&l, into, large + (n * l.in + c) * l.height * l.width,
                               small + ((n * l.out + o) * l.rows + i) * l.columns + j,
                               weights + (o * l.in + c) * taps, i, j);
}

/* walk writes to one array only; which one, the callers know. */
static double *unwritten(const double *array)
{
    double *same;

    memcpy(&same, &array, sizeof same);
    return same;
}

static size_t output_area(const struct conv_shape *s)
{
    return conv_output_size(s, s->height) * conv_output_size(s, s->width);
}

void conv_naive_forward(const struct conv_shape *s, const double *weights, const double *bias,
                        const double *x, double *y)
{
    const size_t area = output_area(s);

    conv_check_shape(s);
    for (size_t n = 0; n < s->batch; n++)
        for (size_t o = 0; o < s->out; o++)
            for (size_t i = 0; i < area; i++)
                y[(n * s->out + o) * area + i] = bias != NULL ? bias[o] : 0;
    if (s->transposed)
        walk(s, INTO_LARGE, y, unwritten(x), unwritten(weights));
    else
        walk(s, INTO_SMALL, unwritten(x), y, unwritten(weights));
}

void conv_naive_backward_data(const struct conv_shape *s, const double *weights, const double *dy,
                              double *dx)
{
    conv_check_shape(s);
    memset(dx, 0, s->batch * s->in * s->height * s->width * sizeof *dx);
    if (s->transposed)
        walk(s, INTO_SMALL, unwritten(dy), dx, unwritten(weights));
    else
        walk(s, INTO_LARGE, dx, unwritten(dy), unwritten(weights));
}

void conv_naive_backward_weights(const struct conv_shape *s, const double *x, const double *dy,
                                 double *dweights, double *dbias)
{
    const size_t area = output_area(s);

    conv_check_shape(s);
    memset(dweights, 0, conv_weight_count(s) * sizeof *dweights);
    if (s->transposed)
        walk(s, INTO_WEIGHTS, unwritten(dy), unwritten(x), dweights);
    else
        walk(s, INTO_WEIGHTS, unwritten(x), unwritten(dy), dweights);
    for (size_t o = 0; dbias != NULL && o < s->out; o++) {
        dbias[o] = 0;
        for (size_t n = 0; n < s->batch; n++)
            for (size_t i = 0; i < area; i++)
                dbias[o] += dy[(n * s->out + o) * area + i];
    }
}
