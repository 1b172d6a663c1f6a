/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stored: desk references held against the raw values that they come from, and present results
 * held against both. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "harness/tolerance.h"
#include "linalg/stat.h"
#include "reference_files.h"

/* Mean of a metric over all seeds of a cell that have it; the seeds' number in *n. */
static double mean_of(struct bench *b, const struct results *results, const char *cell,
                      const char *metric, size_t *n)
{
    double *x = arena_get(&b->mem, results->unit_count + 1, sizeof *x);

    *n = 0;
    for (size_t i = 0; i < results->unit_count; i++) {
        const double value = strcmp(results->units[i].cell, cell) == 0
                                 ? results_value(results, cell, results->units[i].seed, metric)
                                 : (double)NAN;

        if (isfinite(value))
            x[(*n)++] = value;
    }
    return stat_mean(x, *n);
}

static int is_desk_row(const struct program *p, const struct reference *row, const char *scope)
{
    return strcmp(row->source, "ours") == 0 && strcmp(row->profile, "desk") == 0 &&
           strcmp(row->mode, mode_name(NATIVE)) == 0 &&
           strcmp(row->data, reference_data(p)) == 0 && strcmp(row->scope, scope) == 0;
}

static int near(double a, double b)
{
    return fabs(a - b) <= 1e-12 * fabs(b) + 1e-300;
}

/* A `mean` row is what the stored values give, and every stored metric has one. */
static void check_means(struct bench *b, const struct program *p, const struct references *refs,
                        const struct results *stored, void (*finding)(void *, int, const char *),
                        void *context)
{
    char line[400];

    for (size_t i = 0; i < refs->count; i++) {
        const struct reference *row = &refs->rows[i];
        size_t n;

        if (!is_desk_row(p, row, "mean"))
            continue;
        const double mean = mean_of(b, stored, row->cell, row->metric, &n);
        const int same = near(mean, row->value) && near((double)n, row->n);

        snprintf(line, sizeof line, "%s: desk mean of %s at %s is %.9g over %g seeds, the stored "
                 "values give %.9g over %zu", p->id, row->metric, row->cell, row->value, row->n,
                 mean, n);
        finding(context, same, line);
    }
    for (size_t i = 0; i < stored->count; i++) {
        const struct observation *o = &stored->rows[i];
        const struct reference like = {.profile = "desk", .mode = mode_name(NATIVE),
                                       .data = reference_data(p), .cell = o->cell, .seed = "",
                                       .metric = o->metric, .scope = "mean"};

        if (!p->r.deterministic && references_find(refs, &like) == NULL) {
            snprintf(line, sizeof line, "%s: stored values of %s at %s have no desk mean", p->id,
                     o->metric, o->cell);
            finding(context, 0, line);
        }
    }
}

/* Every recorded claim is one that the program still makes. */
static void check_orphans(const struct program *p, const struct references *refs,
                          void (*finding)(void *, int, const char *), void *context)
{
    char line[400];

    for (size_t i = 0; i < refs->count; i++) {
        const struct reference *row = &refs->rows[i];
        int known = strcmp(row->scope, "claim") != 0;

        for (size_t k = 0; k < p->r.claim_count && !known; k++)
            known = strcmp(p->r.claims[k].id, row->metric) == 0;
        snprintf(line, sizeof line, "%s: a verdict is recorded for %s, which is no claim of it",
                 p->id, row->metric);
        if (!known)
            finding(context, 0, line);
    }
}

enum status stored_check(struct bench *b, const struct program *p, const struct references *refs,
                         void (*finding)(void *, int, const char *), void *context)
{
    struct results *stored = memory_get(1, sizeof *stored);
    enum status status = STATUS_OK;

    if (stored == NULL)
        return STATUS_MEMORY;
    if (file_exists(reference_seeds(b, p)))
        status = results_read_stored(stored, reference_seeds(b, p), DESK, reference_data(p),
                                     mode_name(NATIVE));
    if (status == STATUS_OK) {
        check_means(b, p, refs, stored, finding, context);
        check_orphans(p, refs, finding, context);
    }
    results_free(stored);
    memory_free(stored);
    return status;
}

enum status stored_files(struct bench *b, void (*finding)(void *, int, const char *),
                         void *context)
{
    char **names, line[400];
    size_t n;

    TRY(file_list(&b->mem, REFERENCE_FOLDER, &names, &n));
    for (size_t i = 0; i < n; i++) {
        int known = 0;

        for (size_t k = 0; k < b->program_count; k++) {
            const char *id = b->programs[k].id;

            known = known || strcmp(names[i], arena_text(&b->mem, "%s.ref", id)) == 0 ||
                    strcmp(names[i], arena_text(&b->mem, "%s.seeds.tsv", id)) == 0;
        }
        snprintf(line, sizeof line, REFERENCE_FOLDER "/%s belongs to no program: remove it",
                 names[i]);
        if (!known)
            finding(context, 0, line);
    }
    return STATUS_OK;
}

/* ---- drift of present results ---- */

struct drift {
    size_t compared, moved;
    double worst;
    char where[200];
};

static void note(struct drift *d, double distance, const char *cell, const char *metric)
{
    d->compared++;
    d->moved += (size_t)!(distance <= 1);
    if (!(distance <= d->worst)) {
        d->worst = distance;
        snprintf(d->where, sizeof d->where, "%s at %s", metric, cell);
    }
}

static void drift_of(struct bench *b, const struct program *p, const struct references *refs,
                     const struct results *results, struct drift *d)
{
    for (size_t i = 0; i < refs->count; i++) {
        const struct reference *row = &refs->rows[i];
        const int class = tolerance_find(row->class);
        const int mean = strcmp(row->scope, "mean") == 0;
        double now = (double)NAN;
        size_t n = 0;

        if (strcmp(row->source, "ours") != 0 || class < 0 || strcmp(row->data, p->data_kind) != 0 ||
            strcmp(row->profile, profile_name(b->profile)) != 0 ||
            (!mean && strcmp(row->scope, "seed") != 0))
            continue;
        if (mean) {
            now = mean_of(b, results, row->cell, row->metric, &n);
        } else {
            int64_t seed;

            if (text_to_int(row->seed, "seed", 0, INT64_MAX, &seed) == STATUS_OK)
                now = results_value(results, row->cell, (uint64_t)seed, row->metric);
            n = isfinite(now) != 0;
        }
        if (n > 0 && (!mean || near((double)n, row->n)))
            note(d, tolerance_drift((enum tolerance_class)class, p->mode, now, row->value,
                                    row->scale, row->tol, row->n, row->sd),
                 row->cell, row->metric);
    }
}

enum status stored_drift(struct bench *b, struct program *p)
{
    struct results *results = memory_get(1, sizeof *results);
    struct references refs = {0};
    struct drift d = {0, 0, 0, ""};
    int found = 0;
    enum status status = STATUS_MEMORY;

    if (results != NULL)
        status = references_read(&refs, reference_path(b, p), &found);
    if (status == STATUS_OK)
        status = collect_results(b, p, results);
    if (status == STATUS_OK)
        drift_of(b, p, &refs, results, &d);
    if (status == STATUS_OK && d.compared > 0 && d.moved == 0)
        printf("  %zu numbers as in the references (within %.2g of their tolerance)\n", d.compared,
               d.worst);
    else if (status == STATUS_OK && d.compared > 0)
        printf("  %zu of %zu numbers moved against the references; the most %s, %.3g tolerances\n",
               d.moved, d.compared, d.where, d.worst);
    references_free(&refs);
    if (results != NULL)
        results_free(results);
    memory_free(results);
    return status;
}
