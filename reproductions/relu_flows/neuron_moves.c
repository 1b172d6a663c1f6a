/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/neuron_moves.h"

#include <math.h>

#include "base/check.h"
#include "transport/assignment.h"
#include "transport/cost.h"

int neuron_moves_half_separated(const struct mat *v, const struct mat *w)
{
    const size_t d = w->cols;
    double move = 0, apart = (double)INFINITY;

    for (size_t i = 0; i < w->rows; i++)
        for (size_t j = 0; j <= i; j++) {
            double square = 0;

            for (size_t k = 0; k < d; k++) {
                const double to = j == i ? v->a[i * d + k] : w->a[j * d + k];

                square += (w->a[i * d + k] - to) * (w->a[i * d + k] - to);
            }
            if (j == i)
                move = fmax(move, sqrt(square));
            else
                apart = fmin(apart, sqrt(square));
        }
    return move < apart / 2;
}

enum status neuron_moves_ratio(double *ratio, size_t *moved, const struct mat *v,
                               const struct mat *w)
{
    struct arena mem = {0};
    struct assignment to = {0};
    struct mat cost;
    enum status status = cost_squared(&mem, v, w, &cost);
    double frobenius = 0;

    *ratio = 1;
    *moved = 0;
    if (status == STATUS_OK)
        status = assignment_solve(&mem, &cost, &to);
    for (size_t i = 0; i < v->rows && status == STATUS_OK; i++) {
        frobenius += cost.a[i * v->rows + i];
        *moved += to.column[i] != i;
    }
    if (frobenius > 0)
        *ratio = to.report.primal / frobenius;
    arena_free(&mem);
    return status;
}

void neuron_moves_grid(struct arena *mem, struct rng *r, double scale, struct mat *w)
{
    const size_t k = (size_t)ceil(sqrt((double)w->rows));
    uint32_t *place = arena_get(mem, k * k, sizeof *place);

    CHECK(w->cols == 2 && w->rows > 1, "%zu x %zu neurons on a grid", w->rows, w->cols);
    rng_permutation(r, place, k * k);
    for (size_t i = 0; i < w->rows; i++) {
        w->a[2 * i] = scale * (2 * (double)(place[i] / k) / (double)(k - 1) - 1);
        w->a[2 * i + 1] = scale * (2 * (double)(place[i] % k) / (double)(k - 1) - 1);
    }
}
