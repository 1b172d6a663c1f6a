/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/finding.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "harness/tolerance.h"

int finding_passes(enum finding_kind kind)
{
    return kind == FINDING_INSIDE || kind == FINDING_NEAR;
}

char *finding_words(char out[400], const struct finding *f, const char *id)
{
    char actual[TEXT_DOUBLE], reference[TEXT_DOUBLE];
    const char *a = text_short(actual, f->actual, 9), *r = text_short(reference, f->reference, 9);

    switch (f->kind) {
    case FINDING_MISSING:
        snprintf(out, 400, "%s %s seed %s: metric %s is missing; its reference is %s", id, f->cell,
                 f->seed, f->metric, r);
        break;
    case FINDING_EXTRA:
        snprintf(out, 400, "%s %s seed %s: metric %s = %s has no reference; accept it with make "
                           "bless", id, f->cell, f->seed, f->metric, a);
        break;
    case FINDING_UNIT:
        snprintf(out, 400, "%s %s seed %s: metric %s has the unit '%s', unlike its reference", id,
                 f->cell, f->seed, f->metric, f->detail);
        break;
    default:
        snprintf(out, 400, "%s %s seed %s: %s = %s, reference %s: %.3g tolerances away%s", id,
                 f->cell, f->seed, f->metric, a, r, f->distance,
                 f->kind == FINDING_OUTSIDE ? "" : " (inside)");
    }
    return out;
}

static const struct observation *observed(const struct results *results, const char *cell,
                                          const char *seed, const char *metric)
{
    for (size_t i = 0; i < results->count; i++) {
        const struct observation *o = &results->rows[i];
        char number[24];

        snprintf(number, sizeof number, "%llu", (unsigned long long)o->seed);
        if (strcmp(o->metric, metric) == 0 && strcmp(number, seed) == 0 &&
            strcmp(o->cell, cell) == 0)
            return o;
    }
    return NULL;
}

static struct finding compare_row(const struct reference *row, const struct observation *o,
                                  enum mode mode)
{
    const enum tolerance_class class = (enum tolerance_class)tolerance_find(row->class);
    struct finding f = {FINDING_MISSING, row->cell, row->seed, row->metric, (double)NAN, row->value,
                        (double)INFINITY, ""};

    if (o == NULL)
        return f;
    f.actual = o->value;
    f.distance = tolerance_distance(class, mode, o->value, row->value, row->scale, row->tol);
    if (strcmp(o->unit, row->unit) != 0) {
        f.kind = FINDING_UNIT;
        f.detail = o->unit;
    } else if (f.distance <= 0.5) {
        f.kind = FINDING_INSIDE;
    } else if (f.distance <= 1) {
        f.kind = FINDING_NEAR;
    } else {
        f.kind = FINDING_OUTSIDE;
    }
    return f;
}

void findings_compare(const struct references *r, const struct results *results,
                      const char *profile, const char *ref_mode, enum mode run_mode,
                      const char *data, const char *metrics, struct arena *mem,
                      struct finding **findings, size_t *n)
{
    struct finding *out = arena_get(mem, r->count + results->count + 1, sizeof *out);

    *n = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct reference *row = &r->rows[i];

        if (reference_is_ours(row, profile, ref_mode, data) && strcmp(row->scope, "seed") == 0 &&
            text_matches(metrics, row->metric))
            out[(*n)++] = compare_row(row, observed(results, row->cell, row->seed, row->metric),
                                      run_mode);
    }
    for (size_t i = 0; i < results->count; i++) {
        const struct observation *o = &results->rows[i];
        const char *seed = arena_text(mem, "%llu", (unsigned long long)o->seed);
        const struct reference like = {.profile = profile, .mode = ref_mode, .data = data,
                                       .cell = o->cell, .seed = seed, .metric = o->metric,
                                       .scope = "seed"};

        if (text_matches(metrics, o->metric) && references_find(r, &like) == NULL)
            out[(*n)++] = (struct finding){FINDING_EXTRA, o->cell, seed, o->metric, o->value,
                                           (double)NAN, (double)INFINITY, ""};
    }
    *findings = out;
}
