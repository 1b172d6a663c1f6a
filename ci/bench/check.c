/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check: holds numbers against the stored references.
 *
 * 1. All programs at smoke, pinned, unit by unit against the `seed` rows. Where the machine cannot
 *    be pinned, natively and with native tolerances.
 * 2. Programs in which nothing is drawn also at desk.
 * 3. Every desk verdict and mean computed again from the stored per-seed values, against the
 *    recorded ones; recorded verdicts and files that belong to nothing fail.
 * 4. The generated tables of README.md and reproductions/README.md.
 * Nothing compared is a failure of its own. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "harness/finding.h"
#include "harness/results.h"
#include "reference_files.h"

struct tally {
    size_t passed, near, failed, compared;
    struct text failures; /* a line each, repeated at the end */
};

static void fail(struct tally *t, const char *line)
{
    t->failed++;
    printf("  FAIL %s\n", line);
    text_add(&t->failures, "%s\n", line);
}

static void count(struct tally *t, const struct finding *findings, size_t n, const char *id)
{
    char words[400];

    for (size_t i = 0; i < n; i++) {
        t->compared++;
        if (!finding_passes(findings[i].kind)) {
            fail(t, finding_words(words, &findings[i], id));
            continue;
        }
        t->passed++;
        if (findings[i].kind == FINDING_NEAR) {
            t->near++;
            printf("  near %s\n", finding_words(words, &findings[i], id));
        }
    }
}

static enum status compare_units(struct bench *b, struct program *p, const struct references *refs,
                                 enum mode ref_mode, struct tally *t)
{
    struct results *results = memory_get(1, sizeof *results);
    struct finding *findings;
    enum status status;
    size_t n = 0;

    if (results == NULL)
        return STATUS_MEMORY;
    status = collect_results(b, p, results);
    if (status == STATUS_OK) {
        findings_compare(refs, results, profile_name(b->profile), mode_name(ref_mode), p->mode,
                         p->data_kind, b->metric, &b->mem, &findings, &n);
        count(t, findings, n, p->id);
    }
    results_free(results);
    memory_free(results);
    return status;
}

/* One program at the bench's profile: references there, units there, numbers inside. */
static enum status check_program(struct bench *b, struct program *p, enum mode ref_mode,
                                 struct tally *t)
{
    struct references refs = {0};
    const size_t passed = t->passed, failed = t->failed;
    char line[400];
    int found;
    enum status status = plan_units(b, p);

    if (status == STATUS_OK)
        status = references_read(&refs, reference_path(b, p), &found);
    if (status == STATUS_OK && !found) {
        snprintf(line, sizeof line, "%s: expected references in %s, found no such file: look at "
                 "the numbers, then make bless ID=%s WHY=... PROFILE=%s", p->id,
                 reference_path(b, p), p->id, profile_name(b->profile));
        fail(t, line);
    } else if (status == STATUS_OK) {
        status = compare_units(b, p, &refs, ref_mode, t);
    }
    if (status == STATUS_OK)
        printf("%-28s %s, %s, data: %s: %zu inside, %zu not\n", p->id, profile_name(b->profile),
               mode_name(p->mode), p->data_kind, t->passed - passed, t->failed - failed);
    references_free(&refs);
    return status;
}

static enum status run_and_compare(struct bench *b, enum mode ref_mode, struct tally *t)
{
    size_t ran = 0, failed = 0;

    TRY(run_units(b, &ran, &failed));
    for (size_t i = 0; i < b->program_count; i++)
        TRY(check_program(b, &b->programs[i], ref_mode, t));
    return STATUS_OK;
}

/* All programs, or those in which nothing is drawn, at one profile. */
static enum status check_profile(struct bench *b, enum profile profile, int deterministic_only,
                                 enum mode ref_mode, struct tally *t)
{
    const enum profile asked = b->profile;
    struct program *const all = b->programs;
    const size_t all_count = b->program_count;
    enum status status = STATUS_OK;

    b->profile = profile;
    b->programs = arena_get(&b->mem, all_count + 1, sizeof *b->programs);
    b->program_count = 0;
    for (size_t i = 0; i < all_count; i++)
        if (!deterministic_only || all[i].r.deterministic)
            b->programs[b->program_count++] = all[i];
    if (b->program_count > 0)
        status = run_and_compare(b, ref_mode, t);
    b->profile = asked;
    b->programs = all;
    b->program_count = all_count;
    return status;
}

static void check_verdict(const struct program *p, const struct claim *c, const struct verdict *v,
                          const struct references *refs, struct tally *t)
{
    const struct reference like = {.profile = "desk", .mode = mode_name(NATIVE),
                                   .data = reference_data(p), .cell = "", .seed = "",
                                   .metric = c->id, .scope = "claim"};
    const struct reference *row = references_find(refs, &like);
    char line[400];

    t->compared++;
    if (row != NULL && strcmp(row->verdict, verdict_name(v->word)) == 0) {
        t->passed++;
        return;
    }
    if (row == NULL)
        snprintf(line, sizeof line, "%s: claim %s has no recorded verdict: run it at desk, then "
                 "make bless ID=%s PROFILE=desk WHY=...", p->id, c->id, p->id);
    else
        snprintf(line, sizeof line, "%s: claim %s was '%s', the stored values now give '%s'", p->id,
                 c->id, row->verdict, verdict_name(v->word));
    fail(t, line);
}

static void stored_finding(void *context, int holds, const char *line)
{
    struct tally *t = context;

    t->compared++;
    if (holds)
        t->passed++;
    else
        fail(t, line);
}

static enum status check_verdicts(struct bench *b, struct tally *t)
{
    for (size_t i = 0; i < b->program_count; i++) {
        struct program *p = &b->programs[i];
        struct references refs = {0};
        struct verdict *verdicts = NULL;
        const size_t failed = t->failed;
        size_t wrong;
        int found;
        enum status status = references_read(&refs, reference_path(b, p), &found);

        if (status == STATUS_OK)
            status = reference_verdicts(b, p, &verdicts);
        for (size_t k = 0; status == STATUS_OK && k < p->r.claim_count; k++)
            check_verdict(p, &p->r.claims[k], &verdicts[k], &refs, t);
        wrong = t->failed - failed;
        if (status == STATUS_OK)
            status = stored_check(b, p, &refs, stored_finding, t);
        references_free(&refs);
        TRY(status);
        printf("%-28s desk verdicts from stored values: %zu of %zu as recorded\n", p->id,
               p->r.claim_count - wrong, p->r.claim_count);
    }
    return STATUS_OK;
}

/* A metric pattern without wildcards has to be a metric of some program. */
static enum status known_metric(const struct bench *b)
{
    const char *names[1024];
    const char *near;
    size_t n = 0;

    if (b->metric == NULL || strpbrk(b->metric, "*?[ ,") != NULL)
        return STATUS_OK;
    for (size_t i = 0; i < b->program_count; i++) {
        const struct reproduction *r = &b->programs[i].r;

        if (metric_find(r->metrics, r->metric_count, b->metric) != NULL)
            return STATUS_OK;
        for (size_t k = 0; k < r->metric_count && n < 1024; k++)
            names[n++] = r->metrics[k].name;
    }
    near = text_nearest(b->metric, names, n);
    return status_set(STATUS_USAGE, "no metric '%s'%s%s%s", b->metric,
                      near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
}

static enum status check_all(struct bench *b, struct tally *t)
{
    const enum mode mode = b->native || !mode_can_pin() ? NATIVE : PINNED;

    TRY(programs_find(b));
    TRY(known_metric(b));
    b->pinned = mode == PINNED;
    b->native = mode == NATIVE;
    if (mode == NATIVE)
        printf("not pinned: no AVX2 here, or --native was given; native tolerances hold\n");
    TRY(check_profile(b, SMOKE, 0, PINNED, t));
    b->pinned = 0;
    b->native = 1;
    TRY(check_profile(b, DESK, 1, NATIVE, t));
    if (b->metric == NULL)
        TRY(check_verdicts(b, t));
    if (b->metric == NULL && b->only == NULL) {
        TRY(stored_files(b, stored_finding, t));
        t->compared++;
        if (readme_compare(b) == STATUS_OK)
            t->passed++;
        else
            fail(t, status_message());
    }
    return STATUS_OK;
}

enum status verb_check(struct bench *b)
{
    struct tally t = {0};
    enum status status = check_all(b, &t);

    if (status == STATUS_OK && t.failures.length > 0)
        printf("\nfailures again:\n%s", text_get(&t.failures));
    printf("references: %zu passed, %zu failed\n", t.passed, t.failed);
    if (status == STATUS_OK && t.failed > 0)
        status = status_set(STATUS_OUTSIDE, "%zu numbers or verdicts are not what the references "
                                            "say", t.failed);
    else if (status == STATUS_OK && t.compared == 0)
        status = status_set(STATUS_NOTHING, "nothing was compared: no program or metric fits");
    text_free(&t.failures);
    return status;
}
