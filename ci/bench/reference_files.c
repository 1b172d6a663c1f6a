/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reference_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/results.h"

const char *reference_path(struct bench *b, const struct program *p)
{
    return arena_text(&b->mem, REFERENCE_FOLDER "/%s.ref", p->id);
}

const char *reference_seeds(struct bench *b, const struct program *p)
{
    return arena_text(&b->mem, REFERENCE_FOLDER "/%s.seeds.tsv", p->id);
}

const char *reference_data(const struct program *p)
{
    return p->r.data != NULL ? "real" : "none";
}

static int ascending(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* The seeds that any cell has: one that is missing elsewhere makes a claim `not tested`. */
static size_t stored_seeds(struct bench *b, const struct results *results, uint64_t **seeds)
{
    size_t n = 0;

    *seeds = arena_get(&b->mem, results->unit_count + 1, sizeof **seeds);
    for (size_t i = 0; i < results->unit_count; i++) {
        size_t k = 0;

        while (k < n && (*seeds)[k] != results->units[i].seed)
            k++;
        if (k == n)
            (*seeds)[n++] = results->units[i].seed;
    }
    qsort(*seeds, n, sizeof **seeds, ascending);
    return n;
}

static enum status judge_all(struct bench *b, const struct program *p,
                             const struct results *results, struct verdict *verdicts)
{
    uint64_t *seeds;
    const size_t n = stored_seeds(b, results, &seeds);

    for (size_t i = 0; i < p->r.claim_count; i++)
        TRY(verdict_judge(&verdicts[i], &p->r.claims[i], &p->r, DESK, reference_data(p), results,
                          seeds, n));
    return STATUS_OK;
}

enum status reference_verdicts(struct bench *b, const struct program *p, struct verdict **verdicts)
{
    struct results *results = memory_get(1, sizeof *results);
    enum status status = STATUS_OK;

    if (results == NULL)
        return STATUS_MEMORY;
    *verdicts = arena_get(&b->mem, p->r.claim_count + 1, sizeof **verdicts);
    if (file_exists(reference_seeds(b, p)))
        status = results_read_stored(results, reference_seeds(b, p), DESK, reference_data(p),
                                     mode_name(NATIVE));
    if (status == STATUS_OK)
        status = judge_all(b, p, results, *verdicts);
    results_free(results);
    memory_free(results);
    return status;
}
