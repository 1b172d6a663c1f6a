/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jko_kernel: see jko_kernel.h. */
#include "transport/jko_kernel.h"

#include <math.h>

/* Below this part of the largest one, a sum of products in xi a may have lost terms. */
#define LOG_SMALLEST (-460.0)

static const double inf = (double)INFINITY;

/* y = (I x K x I) x along one axis: `outer` blocks of count x inner numbers. */
static void multiply_axis(double *y, const double *x, const struct mat *factor, size_t outer,
                          size_t inner)
{
    const size_t n = factor->rows;

    if (inner == 1) {
        struct mat to = mat_over(y, outer, n);
        const struct mat from = mat_over(x, outer, n);

        mat_multiply(&to, 1, &from, MAT_AS_IS, factor, MAT_AS_IS, 0);
        return;
    }
    for (size_t o = 0; o < outer; o++) {
        struct mat to = mat_over(y + o * n * inner, n, inner);
        const struct mat from = mat_over(x + o * n * inner, n, inner);

        mat_multiply(&to, 1, factor, MAT_AS_IS, &from, MAT_AS_IS, 0);
    }
}

double *jko_kernel_multiply(struct jko *s, double *x, double *y, size_t fields)
{
    size_t outer = fields * s->species, inner = s->points;

    for (size_t k = 0; k < s->axes; k++) {
        double *const from = x;

        inner /= s->count[k];
        multiply_axis(y, x, &s->factor[k], outer, inner);
        outer *= s->count[k];
        x = y;
        y = from;
    }
    s->applications += fields;
    return x;
}

/* log sum_j exp(x_j + e_j), the x being `stride` apart; -inf for no mass. */
static double log_sum(const double *x, const double *e, size_t n, size_t stride)
{
    double top = -inf, sum = 0;

    for (size_t j = 0; j < n; j++)
        top = fmax(top, x[j * stride] + e[j]);
    if (!(top > -inf))
        return top;
    for (size_t j = 0; j < n; j++)
        sum += exp(x[j * stride] + e[j] - top);
    return top + log(sum);
}

void jko_kernel_logs(struct jko *s, const struct vec *in, struct vec *out)
{
    const double *x = in->x;
    size_t inner = s->points;

    for (size_t k = 0; k < s->axes; k++) {
        const size_t n = s->count[k];
        double *y = k + 1 == s->axes ? out->x : s->smooth[k % 2].x;

        inner /= n;
        for (size_t g = 0; g < s->G; g++) {
            const size_t i = g / inner % n, start = g - i * inner;

            y[g] = log_sum(x + start, s->exponent[k].a + i * n, n, inner);
        }
        x = y;
    }
    s->applications++;
}

void jko_kernel_tops(struct jko *s, const struct vec *x)
{
    for (size_t k = 0; k < s->species; k++) {
        const struct vec of_species = vec_over(x->x + k * s->points, s->points);
        struct vec tops = vec_over(s->top.x + k * s->points, s->points);
        const double top = vec_max(&of_species);

        vec_fill(&tops, top > -inf ? top : 0);
    }
}

/* out = log(xi exp(in)) by matrices; leaves the tops of `in`. */
static void apply_matrices(struct jko *s, const struct vec *in, struct vec *out)
{
    double *x = s->smooth[0].x;

    jko_kernel_tops(s, in);
    for (size_t g = 0; g < s->G; g++)
        x[g] = exp(in->x[g] - s->top.x[g]);
    x = jko_kernel_multiply(s, x, s->smooth[1].x, 1);
    for (size_t g = 0; g < s->G; g++)
        out->x[g] = log(x[g]) + s->top.x[g];
}

/* 1 when an entry where q has mass is too small, against the tops, to have kept its digits. */
static int underflows(const struct jko *s, const struct vec *out, const struct vec *log_q)
{
    for (size_t g = 0; g < s->G; g++)
        if ((log_q == NULL || log_q->x[g] > -inf) && !(out->x[g] >= s->top.x[g] + LOG_SMALLEST))
            return 1;
    return 0;
}

void jko_kernel_apply(struct jko *s, const struct vec *in, struct vec *out,
                      const struct vec *log_q)
{
    s->underflow = s->kernel == JKO_LOG;
    if (!s->underflow) {
        apply_matrices(s, in, out);
        s->underflow = underflows(s, out, log_q);
    }
    if (s->underflow)
        jko_kernel_logs(s, in, out);
}

void jko_kernel_apply_again(struct jko *s, const struct vec *in, struct vec *out)
{
    if (s->underflow)
        jko_kernel_logs(s, in, out);
    else
        apply_matrices(s, in, out);
}
