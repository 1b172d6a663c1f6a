/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/matrix_run.h"

#include "task_distance/matrix_statistics.h"

/* The softmax of the largest pair. */
static size_t outputs_of(const struct task_matrix *t)
{
    size_t first = 0, second = 0;

    for (size_t i = 0; i < t->n; i++) {
        const size_t classes = t->images[i].classes, least = classes < first ? classes : first;

        first = classes > first ? classes : first;
        second = least > second ? least : second;
    }
    return first + second;
}

static enum status run_all(const struct matrix_run *run, struct unit *u, struct task_matrix *t)
{
    const int own = t->probe_data == NULL;
    struct mat kinds[TASK_MATRIX_KINDS];

    TRY(task_matrix_all(t, kinds));
    for (size_t i = 0; i < t->n; i++)
        for (size_t j = 0; j < t->n; j++)
            if (i != j)
                task_matrix_emit(u, kinds, i, j, own ? 1 : 0);
    if (!own)
        return run->measure(u, kinds);
    u->part = 1;
    task_matrix_print(t, kinds);
    return STATUS_OK;
}

static enum status run_pair(struct unit *u, struct task_matrix *t, size_t k)
{
    const size_t i = k / (t->n - 1), j = k % (t->n - 1) + (k % (t->n - 1) >= i);
    struct mat kinds[TASK_MATRIX_KINDS];
    struct task_matrix_pair pair;

    u->part = 1;
    TRY(task_matrix_pair(t, i, j, &pair));
    for (size_t m = 0; m < TASK_MATRIX_KINDS; m++)
        kinds[m] = mat_zero(u->mem, t->n, t->n);
    task_matrix_enter(kinds, i, j, &pair);
    task_matrix_emit(u, kinds, i, j, 1);
    return STATUS_OK;
}

enum status matrix_run(const struct matrix_run *run, struct unit *u)
{
    struct task_matrix t = {.spec = run->spec, .mem = u->mem, .seed = u->seed,
                            .artifacts = u->artifacts};
    enum status status = matrix_data_images(u->data, &t, &run->images);

    t.spec.net.outputs = outputs_of(&t);
    if (status == STATUS_OK)
        status = (size_t)u->cell_value < run->pairs ? run_pair(u, &t, (size_t)u->cell_value)
                                                    : run_all(run, u, &t);
    task_matrix_free(&t);
    return status == STATUS_DIVERGED ? unit_diverged(u, 0, 0) : status;
}

static enum status correlate(struct unit *u, const struct mat *kinds,
                             const struct matrix_correlation *of)
{
    double r, p;
    const enum status status =
        matrix_statistics_exact(MATRIX_SPEARMAN, &kinds[of->kind], &kinds[of->with], &r, &p);

    if (status != STATUS_OK && status != STATUS_NOTHING)
        return status;
    emit(u, arena_text(u->mem, "spearman.%s", of->name), status == STATUS_OK ? r : 0);
    emit(u, arena_text(u->mem, "p.%s", of->name), status == STATUS_OK ? p : 1);
    return STATUS_OK;
}

enum status matrix_run_correlate(struct unit *u, const struct mat *kinds,
                                 const struct matrix_correlation *of, size_t n)
{
    for (size_t i = 0; i < n; i++)
        TRY(correlate(u, kinds, &of[i]));
    return STATUS_OK;
}
