/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "harness/judge.h"

static const char *const words[VERDICT_COUNT] = {"not tested", "reproduced", "not reproduced",
                                                 "partly", "undecided"};

const char *verdict_name(enum verdict_word word)
{
    CHECK((int)word >= 0 && word < VERDICT_COUNT, "verdict %d", (int)word);
    return words[word];
}

int verdict_find(const char *name)
{
    for (int i = 0; i < VERDICT_COUNT; i++)
        if (strcmp(name, words[i]) == 0)
            return i;
    return -1;
}

/* A table that says nothing that could be judged is a mistake of its author. */
static void check_claim(const struct evidence *e, const struct claim *c)
{
    const int all = evidence_needs_all_cells(c) && e->cell_count > 1;
    const int family = metric_is_family(c->metric);

    evidence_metric(e, c->metric);
    if (c->to_metric != NULL)
        evidence_metric(e, c->to_metric);
    CHECK(!family || c->kind == TREND || c->kind == EVERY, "%s: %s is a family", c->id, c->metric);
    CHECK(c->to_metric == NULL || (c->kind != TREND && c->kind != BOUND),
          "%s: this kind compares with a number", c->id);
    CHECK(c->to_cell == NULL || c->to_metric != NULL, "%s: a second cell needs to_metric", c->id);
    CHECK(c->to_metric == NULL || !metric_is_family(c->to_metric) || family,
          "%s: %s is a family", c->id, c->to_metric);
    CHECK(!all || c->kind == EVERY || c->kind == BOUND || (c->kind == TREND && !family),
          "%s: this kind looks at one cell", c->id);
    CHECK(c->members == NULL || (c->kind == EVERY && family), "%s: names of no members", c->id);
    CHECK(isfinite(c->to) && c->within >= 0, "%s: to %g, within %g", c->id, c->to, c->within);
}

static enum status weigh(struct verdict *v, struct evidence *e, const struct claim *claim,
                         enum profile profile, const char *data_kind)
{
    const int known = evidence_use(e, claim);
    char text[96];
    size_t missing, asked;
    int any;

    if (!known || e->seed_count == 0) {
        judge_not_tested(v, "%s", known ? "no results" : "this profile has no such cell");
        return STATUS_OK;
    }
    missing = evidence_missing(e, claim->to_cell != NULL ? evidence_cell(e, claim->to_cell) : NULL,
                               &asked, &v->finite, &any);
    if (missing > 0) {
        snprintf(text, sizeof text, "%zu of %zu units are missing", missing, asked);
        judge_not_tested(v, "%s", missing == asked ? "no results" : text);
        v->finite = 0;
        return STATUS_OK;
    }
    if (any || (claim->kind != TREND && evidence_has_worst(evidence_metric(e, claim->metric)))) {
        TRY(judge_claim(v, e, claim));
    } else {
        v->word = UNDECIDED;
        snprintf(v->why, sizeof v->why, "every unit diverged");
    }
    if (e->r->data != NULL && strcmp(data_kind, "real") != 0)
        judge_not_tested(v, strcmp(data_kind, "own") == 0 ? "needs %s, ran on other data"
                                                          : "needs %s, ran on stand-ins",
                         e->r->data);
    else if (profile == SMOKE && !e->r->deterministic)
        judge_not_tested(v, "%s", "the smoke profile gives no verdicts");
    return STATUS_OK;
}

static enum status judge_guarded(struct verdict *v, struct evidence *e, const struct claim *claim,
                                 enum profile profile, const char *data_kind)
{
    if (arena_guard(e->mem))
        return STATUS_MEMORY;
    e->cell_count = reproduction_cell_count(e->r, profile);
    e->cells = arena_get(e->mem, e->cell_count, sizeof *e->cells);
    for (size_t i = 0; i < e->cell_count; i++)
        e->cells[i] = reproduction_cell_name(e->r, profile, i, e->mem);
    e->worst = arena_get(e->mem, 2 * e->r->metric_count, sizeof *e->worst);
    check_claim(e, claim);
    return weigh(v, e, claim, profile, data_kind);
}

static const struct verdict no_verdict = {.interval = {0, (double)NAN, (double)NAN, (double)NAN,
                                                       (double)NAN},
                                          .mean = (double)NAN, .to = (double)NAN};

enum status verdict_judge(struct verdict *v, const struct claim *claim,
                          const struct reproduction *r, enum profile profile,
                          const char *data_kind, const struct results *results,
                          const uint64_t *seeds, size_t seed_count)
{
    struct arena mem = {0};
    struct evidence e = {.r = r, .results = results, .seeds = seeds, .seed_count = seed_count,
                         .mem = &mem};
    enum status status;

    *v = no_verdict;
    v->asked = seed_count;
    status = judge_guarded(v, &e, claim, profile, data_kind);
    arena_free(&mem);
    if (status != STATUS_OK) {
        *v = no_verdict;
        v->asked = seed_count;
    }
    return status;
}

char *verdict_measured(char out[160], const struct verdict *v, const struct claim *claim)
{
    const double from = claim->to_metric == NULL && claim->kind != TREND ? v->to : 0;
    char count[48] = "";

    if (isnan(v->interval.mean)) {
        snprintf(out, 160, "-");
        return out;
    }
    if (v->finite < v->asked)
        snprintf(count, sizeof count, " (%zu diverged)", v->asked - v->finite);
    if (claim->kind == EVERY)
        snprintf(out, 160, "%zu of %zu hold; the worst %.3g [%.3g, %.3g], n = %zu%s", v->holds,
                 v->of, v->interval.mean, v->interval.low, v->interval.high, v->asked, count);
    else if (claim->kind == BOUND || !(v->interval.high > v->interval.low))
        snprintf(out, 160, "%s%.4g, n = %zu%s", claim->kind == TREND ? "rank correlation " : "",
                 v->mean, v->asked, count);
    else
        snprintf(out, 160, "%s%.3g [%.3g, %.3g], n = %zu%s",
                 claim->kind == TREND ? "rank correlation "
                 : claim->to_metric != NULL ? "difference " : "",
                 v->interval.mean + from, v->interval.low + from, v->interval.high + from,
                 v->asked, count);
    return out;
}
