/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/normal_paths.h"

#include <math.h>

#include "linalg/lapack.h"

enum { TIMES = 1000 };

double normal_paths_from(const struct mat *a, size_t k, const struct vec *point)
{
    const struct vec row = mat_row(a, k);

    return sqrt(vec_mean_squared_difference(&row, point) * (double)row.n);
}

double normal_paths_apart(const struct mat *a, const struct mat *b, size_t k)
{
    const struct vec point = mat_row(b, k);

    return normal_paths_from(a, k, &point);
}

double normal_paths_euler_gap(const struct vec *start, const struct vec *target, double horizon)
{
    const size_t d = start->n / 2;
    double most = 0;

    for (int k = 0; k <= TIMES; k++) {
        const double left = exp(-2 * horizon * k / TIMES);
        double squared = 0;

        for (size_t i = d; i < 2 * d; i++) {
            const double far = start->x[i] - target->x[i];

            squared += pow(2 * left * far * log(start->x[i] / (target->x[i] + far * left)), 2);
        }
        most = fmax(most, sqrt(squared));
    }
    return most;
}

enum status normal_paths_plane(struct mat *at, double *explained, const struct mat *paths,
                               size_t count, const struct vec *target, struct arena *mem)
{
    const size_t q = target->n;
    struct mat gram = mat_zero(mem, q, q), plane = mat_zero(mem, q, q);
    struct mat *about = arena_get(mem, count, sizeof *about);
    struct vec values = vec_zero(mem, q);

    for (size_t m = 0; m < count; m++) {
        about[m] = mat_copy(mem, &paths[m]);
        for (size_t k = 0; k < about[m].rows; k++) {
            struct vec row = mat_row(&about[m], k);

            vec_axpy(&row, -1, target);
        }
        mat_gram(&gram, 1, &about[m], MAT_TRANSPOSED, 1);
    }
    TRY(lapack_eigen(&values, &plane, &gram));
    *explained = (values.x[q - 1] + values.x[q - 2]) / vec_sum(&values);
    for (size_t m = 0; m < count; m++)
        for (size_t j = 0; j < 2; j++) {
            const struct vec axis = mat_row(&plane, q - 1 - j), start = mat_row(&about[m], 0);
            const double sign = vec_dot(&axis, &start) < 0 ? -1 : 1;

            for (size_t k = 0; k < about[m].rows; k++) {
                const struct vec row = mat_row(&about[m], k);

                at[m].a[2 * k + j] = sign * vec_dot(&axis, &row);
            }
        }
    return STATUS_OK;
}
