/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of lib/net/batch_norm: every layout against naive loops in double over NCHW, gradients
 * against central differences of those. */
#include "test.h"

#include "aborts.h"
#include "base/parallel.h"
#include "net/batch_norm.h"
#include "tensor_cases.h"

static const double EPSILON = 1e-5;

/* One batch norm with its arrays, all by channel (c) but x. */
struct fixture {
    struct tensor x;
    float *plain; /* x as NCHW */
    float *mean, *inverse, *scale, *shift, *running_mean, *running_variance;
    double *scratch;
};

static float *normals(struct arena *mem, size_t n, const char *name, double mean)
{
    const struct tensor shape = {1, n, 1, 1, 1, NULL};

    return plain_normals(mem, &shape, name, mean);
}

/* n times NaN: what must be written before it is read. */
static float *nothing(struct arena *mem, size_t n)
{
    const struct tensor shape = {1, n, 1, 1, 1, NULL};

    return tensor_of_case(mem, &shape).data;
}

static struct fixture fixture_of(struct arena *mem, const struct tensor *shape, double mean)
{
    const size_t c = shape->c;
    struct fixture f = {.plain = plain_normals(mem, shape, "x", mean),
                        .mean = nothing(mem, c),
                        .inverse = nothing(mem, c),
                        .scale = normals(mem, c, "scale", 1),
                        .shift = normals(mem, c, "shift", 0),
                        .running_mean = normals(mem, c, "running mean", 0),
                        .running_variance = normals(mem, c, "running variance", 7)};

    f.x = tensor_holding(mem, shape, f.plain);
    f.scratch = arena_get(mem, batch_norm_scratch(shape), sizeof *f.scratch);
    return f;
}

static void run_statistics(struct fixture *f)
{
    batch_norm_statistics(&f->x, EPSILON, f->mean, f->inverse, f->running_mean,
                          f->running_variance, 0.1, f->scratch);
}

/* ---- naive, in double ---- */

/* Element k of channel ch, k = 0 .. m-1, as an index of NCHW. */
static size_t at(const struct tensor *t, size_t ch, size_t k)
{
    const size_t hw = t->h * t->w;

    return (k / hw * t->c + ch) * hw + k % hw;
}

static size_t count_of(const struct tensor *t)
{
    return t->n * t->h * t->w;
}

static double naive_mean(const struct tensor *t, const double *x, size_t ch)
{
    double sum = 0;

    for (size_t k = 0; k < count_of(t); k++)
        sum += x[at(t, ch, k)];
    return sum / (double)count_of(t);
}

static double naive_variance(const struct tensor *t, const double *x, size_t ch)
{
    const double mean = naive_mean(t, x, ch);
    double sum = 0;

    for (size_t k = 0; k < count_of(t); k++)
        sum += (x[at(t, ch, k)] - mean) * (x[at(t, ch, k)] - mean);
    return sum / (double)count_of(t);
}

static double *widened(struct arena *mem, const float *x, size_t n)
{
    double *out = arena_get(mem, n, sizeof *out);

    for (size_t j = 0; j < n; j++)
        out[j] = (double)x[j];
    return out;
}

/* ---- statistics ---- */

static void statistics_are_the_naive_ones(void **state)
{
    static const double means[] = {0, 3, -1000};

    (void)state;
    for (size_t k = 0; k < 3 * TENSOR_CASES; k++) {
        struct arena mem = {0};
        struct fixture f = fixture_of(&mem, &tensor_cases[k / 3], means[k % 3]);
        const double *x = widened(&mem, f.plain, tensor_plain_size(&f.x));
        const float *old_mean = normals(&mem, f.x.c, "running mean", 0);
        const float *old_variance = normals(&mem, f.x.c, "running variance", 7);
        const double m = (double)count_of(&f.x);
        run_statistics(&f);
        for (size_t ch = 0; ch < f.x.c; ch++) {
            const double mean = naive_mean(&f.x, x, ch), v = naive_variance(&f.x, x, ch);
            CHECK_NEAR((double)f.mean[ch], mean, 1e-6 * (1 + fabs(mean)));
            CHECK_RELATIVE((double)f.inverse[ch], 1 / sqrt(v + EPSILON), 3e-6);
            CHECK_NEAR((double)f.running_mean[ch], 0.9 * (double)old_mean[ch] + 0.1 * mean,
                       1e-6 * (1 + fabs(mean)));
            CHECK_RELATIVE((double)f.running_variance[ch],
                           0.9 * (double)old_variance[ch] + 0.1 * v * m / (m - 1), 2e-6);
        }
        arena_free(&mem);
    }
}

static void constant_channels_have_no_variance(void **state)
{
    const struct tensor shape = {3, 20, 5, 5, 16, NULL};
    struct arena mem = {0};
    struct fixture f = fixture_of(&mem, &shape, 0);

    (void)state;
    for (size_t j = 0; j < tensor_plain_size(&shape); j++)
        f.plain[j] = 0.1f * (float)(j / 25 % 20);
    tensor_from_plain(f.plain, &f.x);
    run_statistics(&f);
    for (size_t ch = 0; ch < 20; ch++) {
        CHECK_NEAR((double)f.mean[ch], (double)(0.1f * (float)ch), 1e-7);
        CHECK_RELATIVE((double)f.inverse[ch], 1 / sqrt(EPSILON), 1e-6);
    }
    arena_free(&mem);
}

static void running_values_are_left_alone_without_them(void **state)
{
    const struct tensor shape = {2, 3, 4, 4, 8, NULL};
    struct arena mem = {0};
    struct fixture f = fixture_of(&mem, &shape, 0), g = fixture_of(&mem, &shape, 0);

    (void)state;
    run_statistics(&f);
    batch_norm_statistics(&g.x, EPSILON, g.mean, g.inverse, NULL, NULL, 0.1, g.scratch);
    check_same_bits(f.mean, g.mean, 3);
    check_same_bits(f.inverse, g.inverse, 3);
    CHECK_ABORTS(batch_norm_statistics(&g.x, EPSILON, g.mean, g.inverse, g.running_mean, NULL, 0.1,
                                       g.scratch));
    CHECK_ABORTS(batch_norm_statistics(&g.x, 0, g.mean, g.inverse, NULL, NULL, 0.1, g.scratch));
    CHECK_ABORTS(batch_norm_inverse(g.running_variance, 3, 0, g.inverse));
    batch_norm_inverse(g.running_variance, 3, 0.5, g.inverse);
    for (size_t ch = 0; ch < 3; ch++)
        CHECK_RELATIVE((double)g.inverse[ch], 1 / sqrt((double)g.running_variance[ch] + 0.5), 1e-7);
    arena_free(&mem);
}

/* m = 1: no unbiased variance. */
static void one_element_has_no_variance(void **state)
{
    const struct tensor shape = {1, 5, 1, 1, 8, NULL};
    struct arena mem = {0};
    struct fixture f = fixture_of(&mem, &shape, 2);

    (void)state;
    run_statistics(&f);
    for (size_t ch = 0; ch < 5; ch++) {
        CHECK_TRUE(f.mean[ch] == f.plain[ch]);
        CHECK_RELATIVE((double)f.inverse[ch], 1 / sqrt(EPSILON), 1e-6);
        CHECK_TRUE(isfinite(f.running_variance[ch]));
    }
    arena_free(&mem);
}

/* ---- forward ---- */

static void apply_is_the_naive_line(void **state)
{
    (void)state;
    for (size_t k = 0; k < 4 * TENSOR_CASES; k++) {
        struct arena mem = {0};
        const int relu = k & 1, add = (k & 2) != 0;
        struct fixture f = fixture_of(&mem, &tensor_cases[k / 4], 1);
        const float *plain = plain_normals(&mem, &f.x, "addend", 0);
        const struct tensor addend = tensor_holding(&mem, &f.x, plain);
        struct tensor y = tensor_of_case(&mem, &f.x);
        run_statistics(&f);
        batch_norm_apply(&f.x, f.mean, f.inverse, f.scale, f.shift, add ? &addend : NULL, relu, &y);
        const float *out = plain_of(&mem, &y);
        for (size_t j = 0; j < tensor_plain_size(&f.x); j++) {
            const size_t ch = j / (f.x.h * f.x.w) % f.x.c;
            const double slope = (double)f.scale[ch] * (double)f.inverse[ch];
            const double line = ((double)f.plain[j] - (double)f.mean[ch]) * slope +
                                (double)f.shift[ch] + (add ? (double)plain[j] : 0);
            CHECK_NEAR((double)out[j], relu && line < 0 ? 0 : line, 2e-6);
        }
        check_padding(&y);
        arena_free(&mem);
    }
}

static void in_place_has_the_same_bits(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES; k++) {
        struct arena mem = {0};
        struct fixture f = fixture_of(&mem, &tensor_cases[k], 1);
        const float *plain = plain_normals(&mem, &f.x, "addend", 0);
        struct tensor addend = tensor_holding(&mem, &f.x, plain);
        struct tensor y = tensor_of_case(&mem, &f.x), z = tensor_of_case(&mem, &f.x);
        run_statistics(&f);
        batch_norm_apply(&f.x, f.mean, f.inverse, f.scale, f.shift, &addend, 1, &y);
        batch_norm_apply(&f.x, f.mean, f.inverse, f.scale, f.shift, NULL, 0, &z);
        batch_norm_apply(&f.x, f.mean, f.inverse, f.scale, f.shift, &addend, 1, &addend);
        check_same_bits(addend.data, y.data, tensor_size(&y));
        batch_norm_apply(&f.x, f.mean, f.inverse, f.scale, f.shift, NULL, 0, &f.x);
        check_same_bits(f.x.data, z.data, tensor_size(&z));
        arena_free(&mem);
    }
}

/* ---- backward ---- */

/* sum of weights * y over one channel, in double; mean and inverse of x itself, or as given. */
static double naive_loss(const struct fixture *f, const double *x, const float *weights, size_t ch,
                         double scale, double shift, int relu, int evaluation)
{
    const struct tensor *t = &f->x;
    const double mean = evaluation ? (double)f->mean[ch] : naive_mean(t, x, ch);
    const double inverse = evaluation ? (double)f->inverse[ch]
                                      : 1 / sqrt(naive_variance(t, x, ch) + EPSILON);
    double sum = 0;

    for (size_t k = 0; k < count_of(t); k++) {
        const double y = scale * (x[at(t, ch, k)] - mean) * inverse + shift;
        sum += (double)weights[at(t, ch, k)] * (relu && y < 0 ? 0 : y);
    }
    return sum;
}

/* Central differences for channel ch against what backward gave. */
static void check_channel(const struct fixture *f, double *x, const float *weights, size_t ch,
                          int relu, int evaluation, const float *dx, float dscale, float dshift)
{
    const double h = 1e-6, a = (double)f->scale[ch], b = (double)f->shift[ch];
    const double count = (double)count_of(&f->x);

    for (size_t k = 0; k < count_of(&f->x); k += 1 + count_of(&f->x) / 7) {
        const size_t j = at(&f->x, ch, k);
        const double old = x[j];
        x[j] = old + h;
        const double above = naive_loss(f, x, weights, ch, a, b, relu, evaluation);
        x[j] = old - h;
        const double below = naive_loss(f, x, weights, ch, a, b, relu, evaluation);
        x[j] = old;
        CHECK_NEAR((double)dx[j], (above - below) / (2 * h), 1e-5);
    }
    const double by_scale = naive_loss(f, x, weights, ch, a + h, b, relu, evaluation) -
                            naive_loss(f, x, weights, ch, a - h, b, relu, evaluation);
    const double by_shift = naive_loss(f, x, weights, ch, a, b + h, relu, evaluation) -
                            naive_loss(f, x, weights, ch, a, b - h, relu, evaluation);
    CHECK_NEAR((double)dscale, by_scale / (2 * h), 2e-6 * count);
    CHECK_NEAR((double)dshift, by_shift / (2 * h), 2e-6 * count);
}

static void gradients_are_central_differences(void **state)
{
    (void)state;
    for (size_t k = 0; k < 4 * TENSOR_CASES; k++) {
        struct arena mem = {0};
        const int relu = k & 1, evaluation = (k & 2) != 0;
        struct fixture f = fixture_of(&mem, &tensor_cases[k / 4], 1);
        const float *weights = plain_normals(&mem, &f.x, "weights", 0.5);
        const struct tensor dy = tensor_holding(&mem, &f.x, weights);
        struct tensor dx = tensor_of_case(&mem, &f.x);
        float *dscale = nothing(&mem, f.x.c), *dshift = nothing(&mem, f.x.c);
        run_statistics(&f);
        batch_norm_backward(&f.x, f.mean, f.inverse, f.scale, f.shift, relu, evaluation, &dy, &dx,
                            0, dscale, dshift, 0, f.scratch);
        const float *out = plain_of(&mem, &dx);
        double *x = widened(&mem, f.plain, tensor_plain_size(&f.x));
        for (size_t ch = 0; ch < f.x.c; ch += 1 + f.x.c / 24)
            check_channel(&f, x, weights, ch, relu, evaluation, out, dscale[ch], dshift[ch]);
        check_padding(&dx);
        arena_free(&mem);
    }
}

/* dx in place of dy, dx added to what is there, dscale and dshift kept by a factor. */
static void gradients_in_place_and_added_are_the_same(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES; k++) {
        struct arena mem = {0};
        struct fixture f = fixture_of(&mem, &tensor_cases[k], 1);
        const size_t n = tensor_size(&f.x), c = f.x.c;
        const float *weights = plain_normals(&mem, &f.x, "weights", 0.5);
        struct tensor dy = tensor_holding(&mem, &f.x, weights), dx = tensor_of_case(&mem, &f.x);
        struct tensor added = tensor_holding(&mem, &f.x, f.plain);
        float *first = nothing(&mem, 2 * c), *kept = normals(&mem, 2 * c, "kept", 0);
        const float *start = normals(&mem, 2 * c, "kept", 0);
        run_statistics(&f);
        batch_norm_backward(&f.x, f.mean, f.inverse, f.scale, f.shift, 1, 0, &dy, &dx, 0, first,
                            first + c, 0, f.scratch);
        batch_norm_backward(&f.x, f.mean, f.inverse, f.scale, f.shift, 1, 0, &dy, &added, 1, kept,
                            kept + c, 0.5f, f.scratch);
        for (size_t j = 0; j < n; j++)
            CHECK_TRUE(added.data[j] == f.x.data[j] + dx.data[j]);
        for (size_t j = 0; j < 2 * c; j++)
            CHECK_NEAR((double)kept[j], 0.5 * (double)start[j] + (double)first[j],
                       2e-7 * (1 + fabs((double)first[j])));
        batch_norm_backward(&f.x, f.mean, f.inverse, f.scale, f.shift, 1, 0, &dy, &dy, 0, kept,
                            kept + c, 0, f.scratch);
        check_same_bits(dy.data, dx.data, n);
        check_same_bits(kept, first, 2 * c);
        arena_free(&mem);
    }
}

/* The mask of backward is where the output of apply is 0, to the last bit. */
static void the_mask_is_that_of_the_output(void **state)
{
    const struct tensor shape = {4, 20, 17, 13, 16, NULL};
    struct arena mem = {0};
    struct fixture f = fixture_of(&mem, &shape, 0);
    struct tensor y = tensor_of_case(&mem, &shape), dy = tensor_of_case(&mem, &shape);
    struct tensor dx = tensor_of_case(&mem, &shape);
    float *d = normals(&mem, 40, "none", 0);
    size_t open = 0;

    (void)state;
    run_statistics(&f);
    for (size_t ch = 0; ch < 20; ch++) { /* some lines meet 0 exactly, others within a few ulp */
        f.shift[ch] = -(f.plain[ch * 17 * 13] - f.mean[ch]) * (f.scale[ch] * f.inverse[ch]);
        if (ch % 3 == 1)
            f.shift[ch] = nextafterf(f.shift[ch], INFINITY);
    }
    for (size_t j = 0; j < tensor_size(&shape); j++)
        dy.data[j] = 1;
    batch_norm_apply(&f.x, f.mean, f.inverse, f.scale, f.shift, NULL, 1, &y);
    batch_norm_backward(&f.x, f.mean, f.inverse, f.scale, f.shift, 1, 1, &dy, &dx, 0, d, d + 20, 0,
                        f.scratch);
    const float *out = plain_of(&mem, &y), *gradient = plain_of(&mem, &dx);
    for (size_t j = 0; j < tensor_plain_size(&shape); j++) {
        CHECK_TRUE((out[j] > 0) == (gradient[j] != 0));
        open += out[j] > 0;
    }
    CHECK_TRUE(open > 100 && open < tensor_plain_size(&shape) - 100);
    check_padding(&y);
    arena_free(&mem);
}

/* ---- both ---- */

static void two_threads_give_the_same_bits(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES; k++) {
        struct arena mem = {0};
        struct fixture f[2];
        struct tensor y[2], dx[2];
        float *d[2];
        const size_t c = tensor_cases[k].c, n = tensor_size(&tensor_cases[k]);
        for (int i = 0; i < 2; i++) {
            parallel_set_threads(1 + i);
            f[i] = fixture_of(&mem, &tensor_cases[k], 1);
            y[i] = tensor_of_case(&mem, &f[i].x);
            dx[i] = tensor_of_case(&mem, &f[i].x);
            d[i] = normals(&mem, 2 * c, "d", 0);
            run_statistics(&f[i]);
            batch_norm_apply(&f[i].x, f[i].mean, f[i].inverse, f[i].scale, f[i].shift, NULL, 1,
                             &y[i]);
            batch_norm_backward(&f[i].x, f[i].mean, f[i].inverse, f[i].scale, f[i].shift, 1, 0,
                                &y[i], &dx[i], 0, d[i], d[i] + c, 1, f[i].scratch);
        }
        parallel_set_threads(1);
        check_same_bits(f[0].mean, f[1].mean, c);
        check_same_bits(f[0].inverse, f[1].inverse, c);
        check_same_bits(f[0].running_variance, f[1].running_variance, c);
        check_same_bits(y[0].data, y[1].data, n);
        check_same_bits(dx[0].data, dx[1].data, n);
        check_same_bits(d[0], d[1], 2 * c);
        arena_free(&mem);
    }
}

/* NaN in one element makes its channel NaN in training, itself in evaluation, and no other. */
static void nan_reaches_its_channel_alone(void **state)
{
    (void)state;
    for (size_t k = 0; k < TENSOR_CASES; k++) {
        struct arena mem = {0};
        struct fixture f = fixture_of(&mem, &tensor_cases[k], 1);
        const size_t hw = f.x.h * f.x.w, bad = tensor_plain_size(&f.x) - 1;
        struct tensor y = tensor_of_case(&mem, &f.x);
        run_statistics(&f);
        f.plain[bad] = NAN;
        tensor_from_plain(f.plain, &f.x);
        batch_norm_apply(&f.x, f.mean, f.inverse, f.scale, f.shift, NULL, 1, &y);
        const float *out = plain_of(&mem, &y);
        for (size_t j = 0; j <= bad; j++)
            CHECK_TRUE(isnan(out[j]) == (j == bad));
        run_statistics(&f);
        for (size_t ch = 0; ch < f.x.c; ch++) {
            CHECK_TRUE(isnan(f.mean[ch]) == (ch == f.x.c - 1));
            CHECK_TRUE(isnan(f.inverse[ch]) == (ch == f.x.c - 1));
            CHECK_TRUE(isnan(f.running_variance[ch]) == (ch == f.x.c - 1));
        }
        batch_norm_apply(&f.x, f.mean, f.inverse, f.scale, f.shift, NULL, 1, &y);
        const float *again = plain_of(&mem, &y);
        for (size_t j = 0; j <= bad; j++)
            CHECK_TRUE(isnan(again[j]) == (j / hw % f.x.c == f.x.c - 1));
        arena_free(&mem);
    }
}

static void shapes_that_differ_are_refused(void **state)
{
    const struct tensor shape = {2, 3, 4, 4, 8, NULL};
    struct arena mem = {0};
    struct fixture f = fixture_of(&mem, &shape, 0);
    struct tensor other = f.x, dy = tensor_of_case(&mem, &shape), dx = tensor_of_case(&mem, &shape);
    float d[6];

    (void)state;
    run_statistics(&f);
    other.n = 1;
    CHECK_ABORTS(
        batch_norm_apply(&f.x, f.mean, f.inverse, f.scale, f.shift, NULL, 0, &other));
    CHECK_ABORTS(batch_norm_apply(&f.x, f.mean, f.inverse, f.scale, f.shift, &other, 0, &dx));
    CHECK_ABORTS(batch_norm_backward(&f.x, f.mean, f.inverse, f.scale, f.shift, 0, 0, &other, &dx,
                                     0, d, d + 3, 0, f.scratch));
    CHECK_ABORTS(batch_norm_backward(&f.x, f.mean, f.inverse, f.scale, f.shift, 0, 0, &dy, &other,
                                     0, d, d + 3, 0, f.scratch));
    CHECK_ABORTS(batch_norm_backward(&f.x, f.mean, f.inverse, f.scale, f.shift, 0, 0, &dy, &f.x, 0,
                                     d, d + 3, 0, f.scratch));
    CHECK_ABORTS(batch_norm_backward(&f.x, f.mean, f.inverse, f.scale, f.shift, 0, 0, &dy, &dy, 1,
                                     d, d + 3, 0, f.scratch));
    CHECK_ABORTS(batch_norm_backward(&f.x, f.mean, f.inverse, f.scale, f.shift, 0, 0, &dy, &dx,
                                     0.5f, d, d + 3, 0, f.scratch));
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_that_differ_are_refused),
        cmocka_unit_test(running_values_are_left_alone_without_them),
        cmocka_unit_test(statistics_are_the_naive_ones),
        cmocka_unit_test(constant_channels_have_no_variance),
        cmocka_unit_test(one_element_has_no_variance),
        cmocka_unit_test(apply_is_the_naive_line),
        cmocka_unit_test(in_place_has_the_same_bits),
        cmocka_unit_test(gradients_are_central_differences),
        cmocka_unit_test(gradients_in_place_and_added_are_the_same),
        cmocka_unit_test(the_mask_is_that_of_the_output),
        cmocka_unit_test(nan_reaches_its_channel_alone),
        cmocka_unit_test(two_threads_give_the_same_bits),
    };

    parallel_set_threads(1); /* a child that forks from two would hang in its first loop */
    return cmocka_run_group_tests_name("batch_norm", tests, NULL, NULL);
}
