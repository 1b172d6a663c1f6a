/* SPDX-License-Identifier: GPL-3.0-or-later */
/* harness_run: the units of a call, one after the other; what they give is kept or printed. */
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "base/progress.h"
#include "base/text.h"
#include "harness/harness_call.h"
#include "harness/verdict.h"

static void record_run(const struct harness_call *c, const struct unit *u, struct provenance *p)
{
    char number[TEXT_DOUBLE];

    provenance_capture(p);
    mode_record(c->mode, p);
    if (c->r->record != NULL)
        c->r->record(p);
    provenance_set(p, "program.id", "%s", c->r->id);
    provenance_set(p, "program.hash", "%s", c->program);
    provenance_set(p, "program.profile", "%s", profile_name(c->profile));
    provenance_set(p, "program.seed", "%llu", (unsigned long long)u->seed);
    provenance_set(p, "program.cell", "%s", u->cell_name);
    provenance_set(p, "data.kind", "%s", c->loaded.kind);
    provenance_set(p, "data.note", "%s", c->loaded.note);
    provenance_set(p, "data.records", "%s", c->records);
    for (size_t i = 0; i < c->r->parameter_count; i++) {
        const struct parameter *row = &c->r->parameters[i];
        char key[96];

        snprintf(key, sizeof key, "parameter.%s", row->name);
        provenance_set(p, key, "%s", text_double(number, row->value[c->profile]));
    }
}

static void record_cost(struct provenance *p, double wall, time_t started)
{
    struct rusage use;
    char when[32];
    struct tm utc;

    getrusage(RUSAGE_SELF, &use);
    gmtime_r(&started, &utc);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    provenance_set(p, "started", "%s", when);
    provenance_set(p, "wall.seconds", "%.3f", wall);
    provenance_set(p, "cpu.seconds", "%.3f",
                   (double)use.ru_utime.tv_sec + 1e-6 * (double)use.ru_utime.tv_usec);
    provenance_set(p, "memory.peak_mib", "%.1f", (double)use.ru_maxrss / 1024);
}

static enum status run_guarded(const struct harness_call *c, struct unit *u)
{
    enum status status;

    if (arena_guard(u->mem))
        return STATUS_MEMORY;
    status = c->r->run_unit(c->parameters, u);
    arena_unguard(u->mem);
    if (status == STATUS_DIVERGED && u->diverged)
        status = STATUS_OK;
    return status == STATUS_OK ? unit_complete(u) : status;
}

static enum status add_results(struct results *results, const struct unit *u)
{
    if (arena_guard(&results->mem))
        return STATUS_MEMORY;
    results_add_unit(results, u->cell_name, u->seed, u->key, u->diverged);
    for (size_t i = 0; i < u->value_count; i++)
        results_add(results, u->cell_name, u->seed, u->values[i].name, u->values[i].metric->unit,
                    u->values[i].value, u->values[i].scale);
    arena_unguard(&results->mem);
    return STATUS_OK;
}

static enum status keep(struct harness_call *c, struct unit *u, double wall, time_t started,
                        struct results *results)
{
    struct provenance made_by = {0}, run = {0};
    enum status status = add_results(results, u);

    if (status != STATUS_OK || c->out == NULL)
        return status;
    record_run(c, u, &made_by);
    record_cost(&run, wall, started);
    status = unit_save(u, c->out, &made_by, &run);
    provenance_free(&made_by);
    provenance_free(&run);
    return status;
}

/* What units of one key but for cell and seed share lies in one folder. */
static const char *artifacts_folder(struct harness_call *c)
{
    char key[DIGEST_TEXT];

    harness_key(c, "artifacts", 0, key);
    return c->out == NULL ? NULL
                          : arena_text(&c->mem, "%s/artifacts/%s/%.16s", c->build, c->r->id, key);
}

static enum status run_one(struct harness_call *c, size_t cell, uint64_t seed,
                           struct results *results)
{
    struct arena mem = {0};
    struct unit *u = memory_get(1, sizeof *u);
    const double start = progress_clock();
    const time_t started = time(NULL);
    enum status status;

    if (u == NULL)
        return STATUS_MEMORY;
    *u = (struct unit){.seed = seed, .cell = (int)cell, .mem = &mem, .data = c->loaded.data,
                       .threads = (int)c->threads, .artifacts = artifacts_folder(c),
                       .id = c->r->id, .profile = c->profile,
                       .cell_value = c->r->axis ? c->r->axis->at[c->profile].values[cell] : 0,
                       .cell_name = reproduction_cell_name(c->r, c->profile, cell, &c->mem),
                       .data_kind = c->loaded.kind, .mode = mode_name(c->mode),
                       .metrics = c->r->metrics, .metric_count = c->r->metric_count};
    harness_key(c, u->cell_name, seed, u->key);
    status = run_guarded(c, u);
    if (status == STATUS_OK)
        status = keep(c, u, progress_clock() - start, started, results);
    unit_free(u);
    memory_free(u);
    arena_free(&mem);
    return status;
}

static void print_metrics(const struct results *results)
{
    char number[TEXT_DOUBLE];

    printf("%-20s %6s  %-28s %-14s %s\n", "cell", "seed", "metric", "value", "unit");
    for (size_t i = 0; i < results->unit_count; i++) {
        const struct outcome *unit = &results->units[i];

        if (unit->diverged)
            printf("%-20s %6llu  diverged\n", unit->cell, (unsigned long long)unit->seed);
    }
    for (size_t i = 0; i < results->count; i++) {
        const struct observation *o = &results->rows[i];

        printf("%-20s %6llu  %-28s %-14s %s\n", o->cell, (unsigned long long)o->seed, o->metric,
               text_short(number, o->value, 9), o->unit);
    }
}

static enum status print_verdicts(const struct harness_call *c, const struct results *results)
{
    for (size_t i = 0; i < c->r->claim_count; i++) {
        const struct claim *claim = &c->r->claims[i];
        struct verdict v;
        char measured[160];

        TRY(verdict_judge(&v, claim, c->r, c->profile, c->loaded.kind, results, c->seeds,
                          c->seed_count));
        printf("\nclaim    %s (%s)\nmeasured %s\nverdict  %s%s%s\n", claim->words, claim->place,
               verdict_measured(measured, &v, claim), verdict_name(v.word),
               v.why[0] != '\0' ? ": " : "", v.why);
    }
    return STATUS_OK;
}

enum status harness_run(struct harness_call *c)
{
    const size_t total = (c->end_cell - c->first_cell) * c->seed_count;
    struct results *results = memory_get(1, sizeof *results);
    struct progress progress;
    enum status status = STATUS_OK;
    size_t done = 0;

    if (results == NULL)
        return STATUS_MEMORY;
    if (total == 0)
        status = status_set(STATUS_NOTHING, "%s has no cells at %s", c->r->id, c->profile_name);
    progress_start(&progress, "units", total, c->quiet || total == 1);
    for (size_t i = c->first_cell; i < c->end_cell && status == STATUS_OK; i++)
        for (size_t s = 0; s < c->seed_count && status == STATUS_OK; s++) {
            status = run_one(c, i, c->seeds[s], results);
            progress_update(&progress, ++done, NULL);
        }
    progress_clear(&progress);
    if (status == STATUS_OK && c->out == NULL) {
        printf("%s at %s, %s, data: %s (%s)\n\n", c->r->id, profile_name(c->profile),
               mode_name(c->mode), c->loaded.kind, c->loaded.note);
        print_metrics(results);
        status = print_verdicts(c, results);
    }
    results_free(results);
    memory_free(results);
    return status;
}
