/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task_matrix_kinds: the numbers of a pair by kind; matrices of them for results and for people. */
#include <stdio.h>

#include "task_distance/task_matrix.h"

const char *const task_matrix_names[TASK_MATRIX_KINDS] = {
    [TASK_MATRIX_COUPLED] = "coupled",
    [TASK_MATRIX_RIEMANNIAN] = "riemannian",
    [TASK_MATRIX_RELEASED] = "released",
    [TASK_MATRIX_START] = "start",
    [TASK_MATRIX_BEFORE] = "before",
    [TASK_MATRIX_KEPT] = "kept",
    [TASK_MATRIX_INDEPENDENT] = "independent",
    [TASK_MATRIX_INDEPENDENT_RIEMANNIAN] = "riemannian.independent",
    [TASK_MATRIX_MIXTURE] = "mixture",
    [TASK_MATRIX_MIXTURE_RIEMANNIAN] = "riemannian.mixture",
    [TASK_MATRIX_COARSE] = "coarse",
    [TASK_MATRIX_COARSE_RIEMANNIAN] = "coarse.riemannian",
    [TASK_MATRIX_COARSE_START] = "coarse.start",
    [TASK_MATRIX_COARSE_BEFORE] = "coarse.before",
    [TASK_MATRIX_COARSE_KEPT] = "coarse.kept",
    [TASK_MATRIX_COARSE_INDEPENDENT] = "coarse.independent",
    [TASK_MATRIX_COARSE_INDEPENDENT_RIEMANNIAN] = "coarse.riemannian.independent",
    [TASK_MATRIX_COARSE_MIXTURE] = "coarse.mixture",
    [TASK_MATRIX_COARSE_MIXTURE_RIEMANNIAN] = "coarse.riemannian.mixture",
    [TASK_MATRIX_EUCLIDEAN] = "euclidean",
    [TASK_MATRIX_EUCLIDEAN_WHOLE] = "euclidean.whole",
    [TASK_MATRIX_FINE_TUNING] = "fine-tuning",
    [TASK_MATRIX_FINE_TUNING_WHOLE] = "fine-tuning.whole",
    [TASK_MATRIX_STEPS] = "steps",
    [TASK_MATRIX_FITTED_COUPLED] = "fitted.coupled",
    [TASK_MATRIX_FITTED_INDEPENDENT] = "fitted.independent",
    [TASK_MATRIX_FITTED_MIXTURE] = "fitted.mixture",
    [TASK_MATRIX_FITTED_FINE_TUNING] = "fitted.fine-tuning",
    [TASK_MATRIX_TARGET_COUPLED] = "target.coupled",
    [TASK_MATRIX_TARGET_INDEPENDENT] = "target.independent",
    [TASK_MATRIX_TARGET_MIXTURE] = "target.mixture",
    [TASK_MATRIX_TARGET_FINE_TUNING] = "target.fine-tuning",
    [TASK_MATRIX_SOURCE_MODEL] = "source.model",
    [TASK_MATRIX_SOURCE_AFTER] = "source.coupled",
    [TASK_MATRIX_TASK2VEC] = "task2vec",
};

void task_matrix_enter(struct mat *kinds, size_t i, size_t j, const struct task_matrix_pair *p)
{
    const double value[TASK_MATRIX_KINDS] = {
        [TASK_MATRIX_COUPLED] = p->coupled.length.mean,
        [TASK_MATRIX_RIEMANNIAN] = p->coupled.length.riemannian,
        [TASK_MATRIX_RELEASED] = p->coupled.length.released,
        [TASK_MATRIX_START] = p->start.length.mean,
        [TASK_MATRIX_BEFORE] = p->before.length.mean,
        [TASK_MATRIX_KEPT] = p->kept,
        [TASK_MATRIX_INDEPENDENT] = p->independent.length.mean,
        [TASK_MATRIX_INDEPENDENT_RIEMANNIAN] = p->independent.length.riemannian,
        [TASK_MATRIX_MIXTURE] = p->mixture.length.mean,
        [TASK_MATRIX_MIXTURE_RIEMANNIAN] = p->mixture.length.riemannian,
        [TASK_MATRIX_COARSE] = p->coupled.coarse.mean,
        [TASK_MATRIX_COARSE_RIEMANNIAN] = p->coupled.coarse.riemannian,
        [TASK_MATRIX_COARSE_START] = p->start.coarse.mean,
        [TASK_MATRIX_COARSE_BEFORE] = p->before.coarse.mean,
        [TASK_MATRIX_COARSE_KEPT] = p->kept_coarse,
        [TASK_MATRIX_COARSE_INDEPENDENT] = p->independent.coarse.mean,
        [TASK_MATRIX_COARSE_INDEPENDENT_RIEMANNIAN] = p->independent.coarse.riemannian,
        [TASK_MATRIX_COARSE_MIXTURE] = p->mixture.coarse.mean,
        [TASK_MATRIX_COARSE_MIXTURE_RIEMANNIAN] = p->mixture.coarse.riemannian,
        [TASK_MATRIX_EUCLIDEAN] = p->euclidean,
        [TASK_MATRIX_EUCLIDEAN_WHOLE] = p->euclidean_whole,
        [TASK_MATRIX_FINE_TUNING] = p->fine_tuning.riemannian,
        [TASK_MATRIX_FINE_TUNING_WHOLE] = p->fine_tuning_whole.riemannian,
        [TASK_MATRIX_STEPS] = p->cut,
        [TASK_MATRIX_FITTED_COUPLED] = p->after_coupled.fitted,
        [TASK_MATRIX_FITTED_INDEPENDENT] = p->after_independent.fitted,
        [TASK_MATRIX_FITTED_MIXTURE] = p->after_mixture.fitted,
        [TASK_MATRIX_FITTED_FINE_TUNING] = p->after_fine_tuning.fitted,
        [TASK_MATRIX_TARGET_COUPLED] = p->after_coupled.target,
        [TASK_MATRIX_TARGET_INDEPENDENT] = p->after_independent.target,
        [TASK_MATRIX_TARGET_MIXTURE] = p->after_mixture.target,
        [TASK_MATRIX_TARGET_FINE_TUNING] = p->after_fine_tuning.target,
        [TASK_MATRIX_SOURCE_MODEL] = p->source_model,
        [TASK_MATRIX_SOURCE_AFTER] = p->source_after,
    };

    for (size_t k = 0; k < TASK_MATRIX_KINDS; k++)
        kinds[k].a[i * kinds[k].cols + j] = value[k];
}

static int number_of(size_t i, size_t j)
{
    return (int)(10 * (i + 1) + j + 1);
}

void task_matrix_emit(struct unit *u, const struct mat *kinds, size_t i, size_t j, size_t without)
{
    for (size_t k = 0; k + without < TASK_MATRIX_KINDS; k++)
        emit_at(u, task_matrix_names[k], number_of(i, j), kinds[k].a[i * kinds[k].cols + j]);
}

void task_matrix_emit_ratio(struct unit *u, const char *family, const struct mat *a,
                            const struct mat *b)
{
    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = 0; j < a->rows; j++)
            if (i != j)
                emit_at(u, family, number_of(i, j), a->a[i * a->cols + j] / b->a[i * b->cols + j]);
}

void task_matrix_print(const struct task_matrix *t, const struct mat *kinds)
{
    for (size_t k = 0; k < TASK_MATRIX_TASK2VEC; k++) {
        printf("%-32s", task_matrix_names[k]);
        for (size_t j = 0; j < t->n; j++)
            printf(" %12.12s", t->images[j].name);
        for (size_t i = 0; i < t->n; i++) {
            printf("\n%-32.32s", t->images[i].name);
            for (size_t j = 0; j < t->n; j++)
                printf(" %12.4g", kinds[k].a[i * t->n + j]);
        }
        printf("\n\n");
    }
}
