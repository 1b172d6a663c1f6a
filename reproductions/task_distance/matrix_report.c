/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/matrix_report.h"

#include <math.h>

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

/* Coupled distances against others of the same pair. */
static void emit_ratios(struct unit *u, const struct mat *k)
{
    const struct mat *d = &k[TASK_MATRIX_COUPLED], *a = &k[TASK_MATRIX_RIEMANNIAN];
    const struct mat *start = &k[TASK_MATRIX_START], *kept = &k[TASK_MATRIX_KEPT];

    emit(u, "mean.independent", task_matrix_mean_ratio(&k[TASK_MATRIX_INDEPENDENT], d));
    emit(u, "mean.mixture", task_matrix_mean_ratio(&k[TASK_MATRIX_MIXTURE], d));
    emit(u, "mean.independent.riemannian",
         task_matrix_mean_ratio(&k[TASK_MATRIX_INDEPENDENT_RIEMANNIAN], a));
    emit(u, "mean.mixture.riemannian",
         task_matrix_mean_ratio(&k[TASK_MATRIX_MIXTURE_RIEMANNIAN], a));
    emit(u, "mean.start", task_matrix_mean_ratio(start, d));
    emit(u, "mean.featureless", task_matrix_mean_ratio(&k[TASK_MATRIX_INDEPENDENT], start));
    emit(u, "mean.redrawn", task_matrix_mean_ratio(start, kept));
    emit(u, "mean.fitted.coupled", task_matrix_mean(&k[TASK_MATRIX_FITTED_COUPLED]));
    emit(u, "mean.fitted.independent", task_matrix_mean(&k[TASK_MATRIX_FITTED_INDEPENDENT]));
    emit(u, "mean.fitted.mixture", task_matrix_mean(&k[TASK_MATRIX_FITTED_MIXTURE]));
    task_matrix_emit_ratio(u, "ratio.independent", &k[TASK_MATRIX_INDEPENDENT], d);
    task_matrix_emit_ratio(u, "ratio.mixture", &k[TASK_MATRIX_MIXTURE], d);
    task_matrix_emit_ratio(u, "ratio.start", start, d);
    task_matrix_emit_ratio(u, "ratio.kept", kept, d);
}

/* The same means of coarse lengths. */
static void emit_coarse(struct unit *u, const struct mat *k)
{
    const struct mat *d = &k[TASK_MATRIX_COARSE], *a = &k[TASK_MATRIX_COARSE_RIEMANNIAN];
    const struct mat *start = &k[TASK_MATRIX_COARSE_START], *kept = &k[TASK_MATRIX_COARSE_KEPT];

    emit(u, "mean.independent.coarse",
         task_matrix_mean_ratio(&k[TASK_MATRIX_COARSE_INDEPENDENT], d));
    emit(u, "mean.mixture.coarse", task_matrix_mean_ratio(&k[TASK_MATRIX_COARSE_MIXTURE], d));
    emit(u, "mean.independent.coarse.riemannian",
         task_matrix_mean_ratio(&k[TASK_MATRIX_COARSE_INDEPENDENT_RIEMANNIAN], a));
    emit(u, "mean.mixture.coarse.riemannian",
         task_matrix_mean_ratio(&k[TASK_MATRIX_COARSE_MIXTURE_RIEMANNIAN], a));
    emit(u, "mean.start.coarse", task_matrix_mean_ratio(start, d));
    emit(u, "mean.featureless.coarse",
         task_matrix_mean_ratio(&k[TASK_MATRIX_COARSE_INDEPENDENT], start));
    emit(u, "mean.redrawn.coarse", task_matrix_mean_ratio(start, kept));
}

/* What is left to pairs beyond the levels of sources and of targets. */
static void emit_levels(struct unit *u, const char *name, const struct mat *d,
                        const struct published_matrix *printed)
{
    const size_t n = d->rows;
    struct mat left = mat_zero(u->mem, n, n), known = mat_zero(u->mem, n, n);
    const struct task_matrix_levels levels = task_matrix_levels(d, &left);
    const struct mat theirs = mat_over(printed->d, n, n);
    double product = 0, own = 0, norm = 0;

    (void)task_matrix_levels(&theirs, &known);
    for (size_t e = 0; e < n * n; e++) {
        product += left.a[e] * known.a[e];
        own += left.a[e] * left.a[e];
        norm += known.a[e] * known.a[e];
        if (e / n != e % n)
            emit_at(u, arena_text(u->mem, "left.%s", name), (int)(10 * (e / n + 1) + e % n + 1),
                    left.a[e]);
    }
    emit(u, arena_text(u->mem, "share.source.%s", name), levels.source);
    emit(u, arena_text(u->mem, "share.levels.%s", name), levels.both);
    emit(u, arena_text(u->mem, "left.printed.%s", name), product / sqrt(own * norm));
}

/* The directions of pairs against the printed ones. */
static void emit_directions(struct unit *u, const struct mat *k,
                            const struct matrix_report_printed *printed)
{
    const size_t n = k[0].rows;
    const struct mat coupled = mat_over(printed->coupled->d, n, n);
    const struct mat fine = mat_over(printed->fine_tuning->d, n, n);

    emit(u, "along.coupled", task_matrix_along(&k[TASK_MATRIX_COUPLED], &coupled));
    emit(u, "along.riemannian", task_matrix_along(&k[TASK_MATRIX_RIEMANNIAN], &coupled));
    emit(u, "along.coarse", task_matrix_along(&k[TASK_MATRIX_COARSE], &coupled));
    emit(u, "along.fine-tuning", task_matrix_along(&k[TASK_MATRIX_EUCLIDEAN], &fine));
    emit(u, "along.fine-tuning.whole", task_matrix_along(&k[TASK_MATRIX_EUCLIDEAN_WHOLE], &fine));
}

enum status matrix_report_emit(struct unit *u, const struct mat *k,
                               const struct matrix_report_printed *printed)
{
    const struct mat *d = &k[TASK_MATRIX_COUPLED], *before = &k[TASK_MATRIX_BEFORE];
    const struct mat *coarse = &k[TASK_MATRIX_COARSE], *earlier = &k[TASK_MATRIX_COARSE_BEFORE];

    emit(u, "asymmetry.coupled", task_matrix_asymmetry(d));
    emit(u, "asymmetry.noise", task_matrix_asymmetry_of_noise(d, before));
    emit(u, "asymmetry.coarse", task_matrix_asymmetry(coarse));
    emit(u, "asymmetry.noise.coarse", task_matrix_asymmetry_of_noise(coarse, earlier));
    emit(u, "asymmetry.fine-tuning", task_matrix_asymmetry(&k[TASK_MATRIX_EUCLIDEAN]));
    emit_directions(u, k, printed);
    emit_levels(u, "coupled", d, printed->coupled);
    emit_levels(u, "coarse", coarse, printed->coupled);
    emit_ratios(u, k);
    emit_coarse(u, k);
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

static void uncoupled_curve(struct unit *u, const struct published_matrix *printed)
{
    struct curve *c = curve_open(u, "printed", "pair [1]", "published uncoupled [1]", NULL);
    const size_t n = printed->n;

    for (size_t e = 0; e < n * n; e++)
        if (e / n != e % n)
            curve_row(c, (const double[]){(double)(10 * (e / n + 1) + e % n + 1), printed->d[e]});
}

void matrix_report_curve(struct unit *u, const struct mat *k,
                         const struct matrix_report_printed *printed)
{
    struct curve *c = curve_open(u, "matrix", "pair [1]", "coupled [1]", "riemannian [1]",
                                 "independent [1]", "mixture [1]", "euclidean [1]",
                                 "fine-tuning [1]", "task2vec [1]", "target [1]",
                                 "published coupled [1]", "published fine-tuning [1]",
                                 "published task2vec [1]", NULL);
    const size_t n = k[0].rows;

    for (size_t e = 0; e < n * n; e++)
        if (e / n != e % n)
            curve_row(c, (const double[]){
                (double)(10 * (e / n + 1) + e % n + 1), k[TASK_MATRIX_COUPLED].a[e],
                k[TASK_MATRIX_RIEMANNIAN].a[e], k[TASK_MATRIX_INDEPENDENT].a[e],
                k[TASK_MATRIX_MIXTURE].a[e], k[TASK_MATRIX_EUCLIDEAN].a[e],
                k[TASK_MATRIX_FINE_TUNING].a[e], k[TASK_MATRIX_TASK2VEC].a[e],
                k[TASK_MATRIX_TARGET_COUPLED].a[e], printed->coupled->d[e],
                printed->fine_tuning->d[e], printed->task2vec->d[e]});
    coarse_curve(u, k);
    if (printed->uncoupled != NULL)
        uncoupled_curve(u, printed->uncoupled);
}
