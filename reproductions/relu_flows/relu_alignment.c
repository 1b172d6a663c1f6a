/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/relu_alignment.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"

struct relu_alignment relu_alignment_make(struct arena *mem, size_t m, size_t d,
                                          struct relu_alignment_limits limits)
{
    return (struct relu_alignment){.limits = limits, .v = vec_zero(mem, d),
                                   .along = vec_zero(mem, d), .normal = mat_zero(mem, d, d),
                                   .cosine = arena_get(mem, m, sizeof(double))};
}

double relu_alignment_cosine(const struct vec *a, const struct vec *b)
{
    const double size = vec_norm(a) * vec_norm(b);

    return size > 0 ? vec_dot(a, b) / size : 0;
}

double relu_alignment_angle(const struct vec *a, const struct vec *b, struct vec *across)
{
    const double size = vec_norm(a), along = vec_dot(a, b) / size;

    vec_set(across, b);
    vec_axpy(across, -along / size, a);
    return atan2(vec_norm(across), along);
}

/* Takes the first k normals' directions off x. */
static void project(struct vec *x, const struct mat *normal, size_t k)
{
    for (size_t i = 0; i < k; i++) {
        const struct vec q = mat_row(normal, i);

        vec_axpy(x, -vec_dot(x, &q), &q);
    }
}

/* One normal more, after k (Gram and Schmidt), unless x is among their directions. */
static size_t add_normal(struct mat *normal, size_t k, const struct vec *x)
{
    struct vec q;
    double size;

    if (k == normal->rows)
        return k;
    q = mat_row(normal, k);
    vec_set(&q, x);
    project(&q, normal, k);
    size = vec_norm(&q);
    if (!(size > 1e-6 * vec_norm(x)))
        return k;
    vec_scale(&q, 1 / size);
    return k + 1;
}

size_t relu_alignment_vectors(struct relu_alignment *a, const struct relu_network *net,
                              const struct mat *w, size_t i)
{
    const struct relu_data *data = net->data;
    const double weight = (net->c.x[i] > 0 ? 1 : -1) / (double)data->n;
    const struct vec wi = mat_row(w, i);
    size_t active = 0, k = 0;

    CHECK(i < net->m && w->rows == net->m && w->cols == data->d && a->v.n == data->d,
          "neuron %zu, W %zu x %zu, working memory for %zu dimensions", i, w->rows, w->cols,
          a->v.n);
    vec_fill(&a->v, 0);
    for (size_t j = 0; j < data->n; j++) {
        const struct vec x = mat_row(&data->x, j);

        if (vec_dot(&wi, &x) > 0) {
            active++;
            vec_axpy(&a->v, weight * data->y.x[j], &x);
        }
        if (fabs(relu_alignment_cosine(&wi, &x)) < a->limits.boundary)
            k = add_normal(&a->normal, k, &x);
    }
    vec_set(&a->along, &a->v);
    project(&a->along, &a->normal, k);
    return active;
}

struct relu_sight relu_alignment_look(struct relu_alignment *a, const struct relu_network *net,
                                      const struct mat *w)
{
    struct relu_sight s = {0};
    size_t own = 0, general = 0;

    for (size_t i = 0; i < net->m; i++) {
        const struct vec wi = mat_row(w, i);
        double c;

        if (relu_alignment_vectors(a, net, w, i) == 0)
            continue;
        c = relu_alignment_cosine(&wi, &a->v);
        a->cosine[s.active++] = c;
        own += c > a->limits.aligned;
        general += c > a->limits.aligned ||
                   relu_alignment_cosine(&wi, &a->along) > a->limits.aligned;
        s.growth = fmax(s.growth, c * vec_norm(&a->v));
    }
    if (s.active > 0) {
        s.cosine = relu_alignment_median(a->cosine, s.active);
        s.share = (double)own / (double)s.active;
        s.general = (double)general / (double)s.active;
    }
    return s;
}

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

double relu_alignment_median(double *x, size_t n)
{
    if (n == 0)
        return 0;
    qsort(x, n, sizeof *x, ascending);
    return (x[(n - 1) / 2] + x[n / 2]) / 2;
}
