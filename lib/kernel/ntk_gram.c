/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernel/ntk_gram.h"

#include <float.h>
#include <math.h>

#include "base/check.h"
#include "base/memory.h"

#define PI 3.14159265358979323846
#define PARALLEL (1 - 0x1p-48) /* a cosine that rounding cannot tell from 1 */
enum { ROWS = 64, COLUMNS = 256 }; /* of a tile: 128 KiB of products */

/* For each layer l = 1 .. L-1 and each input: sqrt(s) and 1 / sqrt(s), s = sigma_w^2 q_{l-1} +
 * sigma_b^2 (0 for 1 / 0, also where the square of 1 / sqrt(s) would overflow). */
struct lengths {
    size_t n;
    double *root;    /* (L - 1) x n */
    double *inverse; /* (L - 1) x n */
};

struct job {
    const struct ntk_spec *spec;
    int what;
    const struct mat *x, *y;
    double scale;
    struct lengths of_x, of_y;
    double *tile;    /* ROWS x COLUMNS */
};

static enum status measure(struct lengths *out, const struct ntk_spec *spec, const struct mat *x,
                           double scale)
{
    const size_t n = x->rows, hidden = spec->layers - 1;

    *out = (struct lengths){.n = n};
    out->root = memory_get(hidden * n, sizeof *out->root);
    out->inverse = memory_get(hidden * n, sizeof *out->inverse);
    if (out->root == NULL || out->inverse == NULL)
        return STATUS_MEMORY;
    for (size_t i = 0; i < n; i++) {
        const struct vec row = mat_row(x, i);
        double q = scale * vec_dot(&row, &row);

        if (!isfinite(q))
            return status_set(STATUS_DIVERGED, "input %zu is not finite, or too long", i);
        for (size_t l = 0; l < hidden; l++) {
            const double s = spec->sigma_w2 * q + spec->sigma_b2;

            out->root[l * n + i] = sqrt(s);
            out->inverse[l * n + i] = s >= DBL_MIN ? 1 / sqrt(s) : 0;
            q = s / 2;
        }
    }
    return STATUS_OK;
}

/* One row of a tile, one layer: from Q_l and T_l to Q_{l+1} and T_{l+1}. keep 1 adds Q_{l+1} to T
 * (the sum over layers), 0 does not (one layer's kernel). The polynomial is (asin(s)/s - 1)/s^2 in
 * z = s^2 on [0, 1/4], relative error of the arcsine below 2e-16. */
VECTORIZED
static void ntk_gram_layer(double *Q, double *T, size_t n, double root, double inverse,
                           const double *roots, const double *inverses, double w, double b,
                           double keep)
{
    for (size_t j = 0; j < n; j++) {
        const double r = Q[j] * (inverse * inverses[j]);
        const double a = fabs(r) > PARALLEL ? 1 : fabs(r);
        const int large = a > 0.5;
        const double z = large ? (1 - a) * 0.5 : a * a, s = large ? sqrt(z) : a;
        double p = 0x1.d72b2bc8155f8p-6;

        p = p * z - 0x1.e6aaa8a0a04ccp-7;
        p = p * z + 0x1.1d189408314eep-6;
        p = p * z + 0x1.65a9c4dfcf8b2p-8;
        p = p * z + 0x1.52420b04b37bep-7;
        p = p * z + 0x1.782651caa6547p-7;
        p = p * z + 0x1.c9cf07674736ap-7;
        p = p * z + 0x1.1c4d35cf95421p-6;
        p = p * z + 0x1.6e8bb1c8209a2p-6;
        p = p * z + 0x1.f1c71c1db0623p-6;
        p = p * z + 0x1.6db6db6e31f13p-5;
        p = p * z + 0x1.3333333332ecap-4;
        p = p * z + 0x1.5555555555556p-3;
        p = s + s * (z * p);

        const double arc = large ? PI / 2 - 2 * p : p;
        const double half = PI / 2 + (r < 0 ? -arc : arc); /* pi - arccos r */
        const double clipped = r < 0 ? -a : a;
        const double next = root * roots[j] * (1 / (2 * PI)) *
                            (sqrt((1 - a) * (1 + a)) + half * clipped);

        Q[j] = w * next + b;
        T[j] = keep * Q[j] + w * (half * (1 / (2 * PI))) * T[j];
    }
}

VECTORIZED
static void ntk_gram_start(double *Q, double *T, size_t n, double w, double b)
{
    for (size_t j = 0; j < n; j++)
        T[j] = Q[j] = w * Q[j] + b;
}

/* The kernel over products A_0 in `row`, of input i with inputs j .. j + n - 1; the result replaces
 * them. */
static void transform(const struct job *job, double *row, size_t i, size_t j, size_t n)
{
    const struct ntk_spec *spec = job->spec;
    const size_t L = spec->layers;
    const double w = spec->sigma_w2, b = spec->sigma_b2;
    double T[COLUMNS];

    ntk_gram_start(row, T, n, w, b);
    for (size_t l = 1; l < L; l++) {
        const size_t x = (l - 1) * job->of_x.n + i, y = (l - 1) * job->of_y.n + j;

        ntk_gram_layer(row, T, n, job->of_x.root[x], job->of_x.inverse[x], job->of_y.root + y,
                       job->of_y.inverse + y, w, b, job->what == NTK_TANGENT);
        if (job->what == (int)l + 1) /* layer l + 1 starts here */
            for (size_t k = 0; k < n; k++)
                T[k] = row[k];
    }
    if (job->what != NTK_COVARIANCE)
        for (size_t k = 0; k < n; k++)
            row[k] = T[k];
}

/* The tile of rows i .. and columns j .. in job->tile. */
static struct mat fill_tile(const struct job *job, size_t i, size_t j)
{
    const size_t rows = job->x->rows - i < ROWS ? job->x->rows - i : ROWS;
    const size_t columns = job->y->rows - j < COLUMNS ? job->y->rows - j : COLUMNS;
    const struct mat x = mat_rows(job->x, i, rows), y = mat_rows(job->y, j, columns);
    struct mat tile = mat_over(job->tile, rows, columns);

    mat_multiply(&tile, job->scale, &x, MAT_AS_IS, &y, MAT_TRANSPOSED, 0);
    for (size_t r = 0; r < rows; r++)
        transform(job, tile.a + r * columns, i + r, j, columns);
    return tile;
}

static enum status begin(struct job *job)
{
    const struct ntk_spec *spec = job->spec;

    CHECK(spec->layers >= 1 && spec->layers <= NTK_LAYERS, "%zu layers", spec->layers);
    CHECK(spec->sigma_w2 > 0 && spec->sigma_b2 >= 0, "sigma_w^2 = %g, sigma_b^2 = %g",
          spec->sigma_w2, spec->sigma_b2);
    CHECK(job->what >= NTK_COVARIANCE && job->what <= (int)spec->layers, "kernel %d of %zu layers",
          job->what, spec->layers);
    CHECK(job->x->cols == job->y->cols, "inputs of %zu and %zu numbers", job->x->cols,
          job->y->cols);
    CHECK(job->scale > 0, "inner products times %g", job->scale);
    job->tile = memory_get(ROWS * COLUMNS, sizeof *job->tile);
    if (job->tile == NULL)
        return STATUS_MEMORY;
    TRY(measure(&job->of_x, spec, job->x, job->scale));
    return measure(&job->of_y, spec, job->y, job->scale);
}

static void end(struct job *job)
{
    memory_free(job->tile);
    memory_free(job->of_x.root);
    memory_free(job->of_x.inverse);
    memory_free(job->of_y.root);
    memory_free(job->of_y.inverse);
}

static void copy_tile(struct mat *out, const struct mat *tile, size_t i, size_t j)
{
    for (size_t r = 0; r < tile->rows; r++)
        for (size_t c = 0; c < tile->cols; c++)
            out->a[(i + r) * out->cols + j + c] = tile->a[r * tile->cols + c];
}

enum status ntk_gram_cross(struct mat *out, const struct ntk_spec *spec, int what,
                           const struct mat *x, const struct mat *y, double scale)
{
    struct job job = {.spec = spec, .what = what, .x = x, .y = y, .scale = scale};
    const enum status status = begin(&job);

    CHECK(out->rows == x->rows && out->cols == y->rows, "%zu x %zu for %zu and %zu inputs",
          out->rows, out->cols, x->rows, y->rows);
    for (size_t i = 0; i < x->rows && status == STATUS_OK; i += ROWS)
        for (size_t j = 0; j < y->rows; j += COLUMNS) {
            const struct mat tile = fill_tile(&job, i, j);

            copy_tile(out, &tile, i, j);
        }
    end(&job);
    return status;
}

/* An input with itself by the scalar recursion: arccos has a root at 1, where a rounding of r would
 * cost half of the digits. */
static void set_diagonal(struct mat *out, const struct job *job)
{
    for (size_t i = 0; i < out->rows; i++) {
        const struct vec row = mat_row(job->x, i);
        const double q = job->scale * vec_dot(&row, &row);
        double covariance, layers[NTK_LAYERS], value;

        value = ntk_value(job->spec, q, q, q, &covariance, layers);
        out->a[i * out->cols + i] = job->what == NTK_TANGENT      ? value
                                    : job->what == NTK_COVARIANCE ? covariance
                                                                  : layers[job->what - 1];
    }
}

enum status ntk_gram(struct mat *out, const struct ntk_spec *spec, int what, const struct mat *x,
                     double scale)
{
    struct job job = {.spec = spec, .what = what, .x = x, .y = x, .scale = scale};
    const enum status status = begin(&job);

    CHECK(out->rows == x->rows && out->cols == x->rows, "%zu x %zu for %zu inputs", out->rows,
          out->cols, x->rows);
    for (size_t i = 0; i < x->rows && status == STATUS_OK; i += ROWS)
        for (size_t j = 0; j < i + ROWS && j < x->rows; j += COLUMNS) {
            const struct mat tile = fill_tile(&job, i, j);

            copy_tile(out, &tile, i, j);
        }
    end(&job);
    if (status == STATUS_OK) {
        set_diagonal(out, &job);
        mat_mirror_lower(out);
    }
    return status;
}

enum status ntk_gram_apply(struct mat *f, const struct ntk_spec *spec, const struct mat *x,
                           const struct mat *y, double scale, const struct mat *a)
{
    struct job job = {.spec = spec, .what = NTK_TANGENT, .x = x, .y = y, .scale = scale};
    const enum status status = begin(&job);

    CHECK(f->rows == x->rows && a->rows == y->rows && f->cols == a->cols, "%zu x %zu from %zu x "
          "%zu for %zu and %zu inputs", f->rows, f->cols, a->rows, a->cols, x->rows, y->rows);
    for (size_t i = 0; i < x->rows && status == STATUS_OK; i += ROWS)
        for (size_t j = 0; j < y->rows; j += COLUMNS) {
            const struct mat tile = fill_tile(&job, i, j);
            const struct mat from = mat_rows(a, j, tile.cols);
            struct mat to = mat_rows(f, i, tile.rows);

            mat_multiply(&to, 1, &tile, MAT_AS_IS, &from, MAT_AS_IS, 1);
        }
    end(&job);
    return status;
}
