/* SPDX-License-Identifier: GPL-3.0-or-later */
/* references: reference files and stored values per seed; what is accepted compares without a NaN
 * and survives being saved and read again; see fuzz.h. */
#include "fuzz.h"

#include "harness/finding.h"
#include "harness/tolerance.h"

static void compare(const struct references *r, const struct results *results, const char *profile,
                    const char *mode, const char *data)
{
    struct arena mem = {0};
    struct finding *findings;
    char words[400];
    size_t n;

    findings_compare(r, results, profile, mode, NATIVE, data, NULL, &mem, &findings, &n);
    for (size_t i = 0; i < n; i++) {
        HOLDS(findings[i].distance >= 0);
        HOLDS(!finding_passes(findings[i].kind) || findings[i].distance <= 1);
        HOLDS(finding_words(words, &findings[i], "id") == words && strlen(words) < sizeof words);
    }
    arena_free(&mem);
}

/* What a row that was accepted may say. */
static void inspect(const struct reference *row)
{
    const int verdict = strcmp(row->scope, "claim") == 0;

    HOLDS(verdict || row->value - row->value == 0); /* finite */
    HOLDS(verdict || tolerance_find(row->class) >= 0);
    HOLDS(row->tol == 0 || (row->tol > 0 && row->why[0] != 0));
}

/* Results that say of each stored row what the row says. */
static void compare_with_itself(const struct references *r)
{
    for (size_t i = 0; i < r->count && i < 3; i++) {
        struct results results = {0};
        const struct reference *row = &r->rows[i];

        results_add_unit(&results, row->cell, 1, "", 0);
        results_add(&results, row->cell, 1, row->metric, row->unit, row->value, row->scale);
        compare(r, &results, row->profile, row->mode, row->data);
        results_free(&results);
    }
}

static void read_references(const char *path)
{
    struct references r = {0}, again = {0};
    int found;
    const enum status status = references_read(&r, path, &found);

    HOLDS(found);
    if (status == STATUS_OK) {
        char saved[320];
        for (size_t i = 0; i < r.count; i++)
            inspect(&r.rows[i]);
        compare_with_itself(&r);
        snprintf(saved, sizeof saved, "%s.saved", path);
        if (r.count < 4) { /* a file is flushed to disk: seldom is often enough */
            HOLDS(references_save(&r, saved) == STATUS_OK);
            HOLDS(references_read(&again, saved, &found) == STATUS_OK && found);
            HOLDS(again.count == r.count);
        }
    } else {
        fuzz_refused(status);
    }
    references_free(&r);
    references_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *path = fuzz_file(data, n, 0);
    struct results results = {0};
    const enum status status = results_read_stored(&results, path, SMOKE, "none", "pinned");

    if (status != STATUS_OK)
        fuzz_refused(status);
    for (size_t i = 0; status == STATUS_OK && i < results.count; i++) {
        const struct observation *o = &results.rows[i];
        HOLDS(results_unit(&results, o->cell, o->seed) != NULL);
        HOLDS(results_value(&results, o->cell, o->seed, o->metric) - o->value == 0);
    }
    results_free(&results);
    read_references(path);
    return 0;
}
