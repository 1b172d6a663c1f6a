/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sliced: see sliced.h. */
#include "transport/sliced.h"

#include <math.h>

#include "base/check.h"
#include "base/memory.h"

/* The projections of one cloud and their order. */
struct cloud {
    const struct mat *points; /* n x d */
    double *place;            /* n: <x_i, th> */
    size_t *order, *scratch;  /* n: indices by place, then by index */
};

static void cloud_free(struct cloud *c)
{
    memory_free(c->place);
    memory_free(c->order);
    memory_free(c->scratch);
}

static enum status cloud_make(struct cloud *c, const struct mat *points)
{
    const size_t n = points->rows;

    *c = (struct cloud){.points = points, .place = memory_get(n, sizeof *c->place),
                        .order = memory_get(n, sizeof *c->order),
                        .scratch = memory_get(n, sizeof *c->scratch)};
    return c->place == NULL || c->order == NULL || c->scratch == NULL ? STATUS_MEMORY : STATUS_OK;
}

/* Merges order[low..middle) and order[middle..high) through scratch. Stable. */
static void merge(struct cloud *c, size_t low, size_t middle, size_t high)
{
    size_t i = low, j = middle;

    for (size_t k = low; k < high; k++)
        if (i < middle && (j == high || c->place[c->order[i]] <= c->place[c->order[j]]))
            c->scratch[k] = c->order[i++];
        else
            c->scratch[k] = c->order[j++];
}

static void cloud_sort(struct cloud *c, const double *direction)
{
    const size_t n = c->points->rows, d = c->points->cols;

    for (size_t i = 0; i < n; i++) {
        const struct vec th = vec_over(direction, d), row = mat_row(c->points, i);

        c->place[i] = vec_dot(&row, &th);
        c->order[i] = i;
    }
    for (size_t width = 1; width < n; width *= 2) {
        size_t *const swap = c->order;

        for (size_t low = 0; low < n; low += 2 * width) {
            const size_t middle = n - low < width ? n : low + width;

            merge(c, low, middle, n - low < 2 * width ? n : low + 2 * width);
        }
        c->order = c->scratch;
        c->scratch = swap;
    }
}

/* Adds one direction's terms to the sum and `factor` times their gradient to the gradient. The
 * quantile functions are joined in units of 1 / (m n): piece after piece ends where the nearer of
 * the two atoms is used up. */
static void add_direction(struct vec_adder *sum, struct mat *gradient, struct cloud *x,
                          struct cloud *y, const double *direction, double factor)
{
    const size_t m = x->points->rows, n = y->points->rows, d = x->points->cols;
    size_t i = 0, j = 0, left_x = n, left_y = m;

    cloud_sort(x, direction);
    cloud_sort(y, direction);
    while (i < m && j < n) {
        const size_t piece = left_x < left_y ? left_x : left_y, at = x->order[i];
        const double weight = (double)piece / ((double)m * (double)n);
        const double move = x->place[at] - y->place[y->order[j]];

        vec_adder_add(sum, weight * move * move);
        if (gradient != NULL)
            for (size_t k = 0; k < d; k++)
                gradient->a[at * d + k] += 2 * factor * weight * move * direction[k];
        left_x -= piece;
        left_y -= piece;
        if (left_x == 0) {
            i++;
            left_x = n;
        }
        if (left_y == 0) {
            j++;
            left_y = m;
        }
    }
}

static enum status check_finite(const char *what, const struct mat *a)
{
    const struct vec flat = mat_flat(a);
    const size_t i = vec_first_not_finite(&flat);

    if (i < flat.n)
        return status_set(STATUS_DIVERGED, "sliced distance: %s, entry (%zu, %zu) is %g", what,
                          i / a->cols, i % a->cols, flat.x[i]);
    return STATUS_OK;
}

static enum status check_input(const struct mat *gradient, const struct mat *x,
                               const struct mat *y)
{
    CHECK(x->rows >= 1 && y->rows >= 1 && x->cols >= 1 && x->cols == y->cols,
          "X is %zu x %zu, Y %zu x %zu", x->rows, x->cols, y->rows, y->cols);
    CHECK(gradient == NULL || (gradient->rows == x->rows && gradient->cols == x->cols),
          "gradient is %zu x %zu", gradient->rows, gradient->cols);
    TRY(check_finite("X", x));
    return check_finite("Y", y);
}

/* Directions come from the matrix or, where it is NULL, from the stream. */
static enum status average(double *value, struct mat *gradient, const struct mat *x,
                           const struct mat *y, const struct mat *directions, size_t count,
                           struct rng *r)
{
    struct cloud from = {0}, to = {0};
    struct vec drawn = {x->cols, memory_get(x->cols, sizeof(double))};
    struct vec_adder sum = {0};
    const int whole = cloud_make(&from, x) == STATUS_OK && cloud_make(&to, y) == STATUS_OK;

    if (whole && drawn.x != NULL) {
        if (gradient != NULL)
            for (size_t i = 0; i < x->rows * x->cols; i++)
                gradient->a[i] = 0;
        for (size_t l = 0; l < count; l++) {
            if (directions == NULL)
                sliced_direction(&drawn, r);
            add_direction(&sum, gradient, &from, &to,
                          directions == NULL ? drawn.x : directions->a + l * x->cols,
                          1 / (double)count);
        }
        *value = vec_adder_total(&sum) / (double)count;
    }
    const enum status status = whole && drawn.x != NULL ? STATUS_OK : STATUS_MEMORY;

    cloud_free(&from);
    cloud_free(&to);
    memory_free(drawn.x);
    return status;
}

void sliced_direction(struct vec *out, struct rng *r)
{
    double length = 0;

    while (!(length > 0)) {
        rng_normals(r, out->x, out->n);
        length = vec_norm(out);
    }
    for (size_t k = 0; k < out->n; k++)
        out->x[k] /= length;
}

enum status sliced_distance(double *value, struct mat *gradient, const struct mat *x,
                            const struct mat *y, const struct mat *directions)
{
    TRY(check_input(gradient, x, y));
    CHECK(directions->rows >= 1 && directions->cols == x->cols, "%zu directions of %zu numbers",
          directions->rows, directions->cols);
    TRY(check_finite("directions", directions));
    for (size_t l = 0; l < directions->rows; l++) {
        const struct vec th = mat_row(directions, l);

        if (!(fabs(vec_norm(&th) - 1) <= 1e-9))
            return status_set(STATUS_USAGE, "sliced distance: direction %zu has length %g, not 1",
                              l, vec_norm(&th));
    }
    return average(value, gradient, x, y, directions, directions->rows, NULL);
}

enum status sliced_stream(double *value, struct mat *gradient, const struct mat *x,
                          const struct mat *y, size_t count, struct rng *r)
{
    TRY(check_input(gradient, x, y));
    CHECK(count >= 1, "%zu directions", count);
    return average(value, gradient, x, y, NULL, count, r);
}
