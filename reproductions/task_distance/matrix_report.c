/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/matrix_report.h"

#include "task_distance/matrix_run.h"

const double matrix_report_numbers[MATRIX_REPORT_CELLS] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30};

static const struct matrix_correlation correlations[] = {
    {"coupled", TASK_MATRIX_COUPLED, TASK_MATRIX_EUCLIDEAN},
    {"coupled.whole", TASK_MATRIX_COUPLED, TASK_MATRIX_EUCLIDEAN_WHOLE},
    {"coarse.whole", TASK_MATRIX_COARSE, TASK_MATRIX_EUCLIDEAN_WHOLE},
    {"task2vec", TASK_MATRIX_TASK2VEC, TASK_MATRIX_EUCLIDEAN},
    {"task2vec.whole", TASK_MATRIX_TASK2VEC, TASK_MATRIX_EUCLIDEAN_WHOLE},
    {"source", TASK_MATRIX_COUPLED, TASK_MATRIX_SOURCE_MODEL},
    {"reached", TASK_MATRIX_COUPLED, TASK_MATRIX_TARGET_COUPLED},
    {"fitted", TASK_MATRIX_COUPLED, TASK_MATRIX_FITTED_COUPLED},
};

enum status matrix_report_emit(struct unit *u, const struct mat *k)
{
    const struct mat *d = &k[TASK_MATRIX_COUPLED], *before = &k[TASK_MATRIX_BEFORE];
    const struct mat *coarse = &k[TASK_MATRIX_COARSE], *earlier = &k[TASK_MATRIX_COARSE_BEFORE];

    emit(u, "asymmetry.coupled", task_matrix_asymmetry(d));
    emit(u, "asymmetry.noise", task_matrix_asymmetry_of_noise(d, before));
    emit(u, "asymmetry.coarse", task_matrix_asymmetry(coarse));
    emit(u, "asymmetry.noise.coarse", task_matrix_asymmetry_of_noise(coarse, earlier));
    emit(u, "asymmetry.fine-tuning", task_matrix_asymmetry(&k[TASK_MATRIX_EUCLIDEAN]));
    emit(u, "noise.coupled", task_matrix_noise(d, before));
    emit(u, "noise.coarse", task_matrix_noise(coarse, earlier));
    emit(u, "apart.coupled", task_matrix_apart(&k[TASK_MATRIX_FITTED_COUPLED]));
    emit(u, "apart.independent", task_matrix_apart(&k[TASK_MATRIX_FITTED_INDEPENDENT]));
    emit(u, "apart.mixture", task_matrix_apart(&k[TASK_MATRIX_FITTED_MIXTURE]));
    return matrix_run_correlate(u, k, correlations, sizeof correlations / sizeof correlations[0]);
}

static void coarse_curve(struct unit *u, const struct mat *k)
{
    struct curve *c = curve_open(u, "coarse", "pair [1]", "coupled [1]", "independent [1]",
                                 "mixture [1]", "euclidean whole [1]", "fitted [1]", NULL);
    const size_t n = k[0].rows;

    for (size_t e = 0; e < n * n; e++)
        if (e / n != e % n)
            curve_row(c, (const double[]){
                (double)(10 * (e / n + 1) + e % n + 1), k[TASK_MATRIX_COARSE].a[e],
                k[TASK_MATRIX_COARSE_INDEPENDENT].a[e], k[TASK_MATRIX_COARSE_MIXTURE].a[e],
                k[TASK_MATRIX_EUCLIDEAN_WHOLE].a[e], k[TASK_MATRIX_FITTED_COUPLED].a[e]});
}

void matrix_report_curve(struct unit *u, const struct mat *k,
                         const struct matrix_report_printed printed[3])
{
    const char *name[3];

    for (int i = 0; i < 3; i++)
        name[i] = arena_text(u->mem, "published %s [1]", printed[i].name);
    struct curve *c = curve_open(u, "matrix", "pair [1]", "coupled [1]", "riemannian [1]",
                                 "independent [1]", "mixture [1]", "euclidean [1]",
                                 "fine-tuning [1]", "task2vec [1]", "target [1]", name[0], name[1],
                                 name[2], NULL);
    const size_t n = k[0].rows;

    for (size_t e = 0; e < n * n; e++)
        if (e / n != e % n)
            curve_row(c, (const double[]){
                (double)(10 * (e / n + 1) + e % n + 1), k[TASK_MATRIX_COUPLED].a[e],
                k[TASK_MATRIX_RIEMANNIAN].a[e], k[TASK_MATRIX_INDEPENDENT].a[e],
                k[TASK_MATRIX_MIXTURE].a[e], k[TASK_MATRIX_EUCLIDEAN].a[e],
                k[TASK_MATRIX_FINE_TUNING].a[e], k[TASK_MATRIX_TASK2VEC].a[e],
                k[TASK_MATRIX_TARGET_COUPLED].a[e], printed[0].matrix->d[e],
                printed[1].matrix->d[e], printed[2].matrix->d[e]});
    coarse_curve(u, k);
}
