/* SPDX-License-Identifier: GPL-3.0-or-later */
/* list: the programs, their claims, and the verdicts of the results that are there. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "harness/results.h"
#include "programs.h"

static enum status print_claim(const struct bench *b, const struct program *p,
                               const struct claim *claim, const struct results *results,
                               size_t counts[VERDICT_COUNT])
{
    struct verdict v;
    char measured[160];

    TRY(verdict_judge(&v, claim, &p->r, b->profile, p->data_kind, results, p->seeds,
                      p->seed_count));
    verdict_measured(measured, &v, claim);
    counts[v.word]++;
    printf("  %-34s %-15s %s%s%s\n", claim->id, verdict_name(v.word),
           v.word == NOT_TESTED ? "" : measured, v.word != NOT_TESTED && v.why[0] ? "; " : "",
           v.why);
    return STATUS_OK;
}

enum status list_claims(struct bench *b, const struct program *p, size_t counts[VERDICT_COUNT])
{
    struct results results = {0};
    enum status status = collect_results(b, p, &results);

    for (size_t i = 0; i < p->r.claim_count && status == STATUS_OK; i++)
        status = print_claim(b, p, &p->r.claims[i], &results, counts);
    results_free(&results);
    return status;
}

/* What the description says, for a program that could not be asked for its keys. */
static size_t described_units(const struct bench *b, const struct program *p)
{
    const double seeds = parameter_value(p->r.parameters, p->r.parameter_count, "seeds", b->profile,
                                         0);

    return reproduction_cell_count(&p->r, b->profile) * (size_t)seeds;
}

static void print_program(const struct bench *b, const struct program *p)
{
    const size_t units = p->unit_count > 0 ? p->unit_count : described_units(b, p);
    char minutes[TEXT_DOUBLE];
    size_t stale = 0;

    for (size_t i = 0; i < p->unit_count; i++)
        stale += !p->units[i].fresh;
    printf("%s: %s; data: %s%s%s%s; %zu units at %s", p->id, p->r.paper,
           p->r.data != NULL ? p->r.data : "none",
           p->r.data != NULL && p->unit_count > 0 ? " (" : "",
           p->r.data != NULL && p->unit_count > 0 ? p->data_kind : "",
           p->r.data != NULL && p->unit_count > 0 ? ")" : "", units, profile_name(b->profile));
    if (stale > 0)
        printf(", %zu stale", stale);
    if (p->r.minutes[b->profile] > 0)
        printf("; %s min on one core", text_short(minutes, p->r.minutes[b->profile], 3));
    printf("\n");
}

enum status verb_list(struct bench *b)
{
    size_t counts[VERDICT_COUNT] = {0};

    TRY(programs_find(b));
    enum status *statuses = arena_get(&b->mem, b->program_count, sizeof *statuses);
    const char **words = arena_get(&b->mem, b->program_count, sizeof *words);
    TRY(programs_plan(b, statuses, words));
    for (size_t i = 0; i < b->program_count; i++) {
        const struct program *p = &b->programs[i];

        print_program(b, p);
        if (statuses[i] == STATUS_OK) {
            TRY(list_claims(b, p, counts));
            continue;
        }
        printf("  %s\n", words[i]);
        for (size_t k = 0; k < p->r.claim_count; k++)
            printf("  %-34s %s\n", p->r.claims[k].id, verdict_name(NOT_TESTED));
    }
    return STATUS_OK;
}
