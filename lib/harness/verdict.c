/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { MOST_MEMBERS = 512 };

/* What one claim is judged from. */
struct evidence {
    const struct reproduction *r;
    const struct results *results;
    const uint64_t *seeds;
    size_t seed_count;
    int deterministic;
    struct arena mem;
    const char **cells;       /* cell_count names, in the axis' order */
    size_t cell_count;
};

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

static void not_tested(struct verdict *v, const char *format, const char *what)
{
    v->word = NOT_TESTED;
    snprintf(v->why, sizeof v->why, format, what);
}

/* The worst outcome of a metric: what its table says, else the worst finite value of any unit. */
static double worst_value(const struct evidence *e, const char *name)
{
    const struct metric *m = metric_find(e->r->metrics, e->r->metric_count, name);
    double worst = NAN;

    CHECK(m != NULL, "claim names the metric '%s', which %s does not declare", name, e->r->id);
    if (m->worst < 0 || m->worst > 0)
        return m->worst;
    for (size_t i = 0; i < e->results->count; i++) {
        const struct observation *o = &e->results->rows[i];
        const int higher = m->direction == HIGHER_IS_BETTER;

        if (metric_find(m, 1, o->metric) == m &&
            (isnan(worst) || (higher ? o->value < worst : o->value > worst)))
            worst = o->value;
    }
    return worst;
}

/* One metric of one unit; *finite is cleared for a diverged one. */
static double value_of(const struct evidence *e, const char *cell, uint64_t seed,
                       const char *metric, int *finite)
{
    const struct outcome *unit = results_unit(e->results, cell, seed);

    if (unit == NULL || !unit->diverged)
        return results_value(e->results, cell, seed, metric);
    *finite = 0;
    return worst_value(e, metric);
}

/* Mean over seeds of metric(cell) - to, and what the interval says of `is`. */
static enum verdict_word compare(const struct evidence *e, const struct claim *c,
                                 const char *metric, const char *cell, struct verdict *v)
{
    double *x = arena_get((struct arena *)&e->mem, e->seed_count, sizeof *x);
    double *y = arena_get((struct arena *)&e->mem, e->seed_count, sizeof *y);
    const char *to_cell = c->to_cell != NULL ? c->to_cell : cell;

    v->finite = 0;
    for (size_t s = 0; s < e->seed_count; s++) {
        int finite = 1;

        x[s] = value_of(e, cell, e->seeds[s], metric, &finite);
        y[s] = c->to_metric != NULL ? value_of(e, to_cell, e->seeds[s], c->to_metric, &finite)
                                    : c->to;
        v->finite += (size_t)finite;
    }
    v->mean = stat_mean(x, e->seed_count);
    v->to = stat_mean(y, e->seed_count);
    v->interval = stat_paired(x, y, e->seed_count, VERDICT_CONFIDENCE, e->deterministic);
    if (c->kind == VALUE || c->kind == EQUIVALENCE) {
        if (stat_equivalent(&v->interval, c->within))
            return REPRODUCED;
        return v->interval.low > c->within || v->interval.high < -c->within ? NOT_REPRODUCED
                                                                            : UNDECIDED;
    }
    if (c->is == BELOW ? v->interval.high < 0 : v->interval.low > 0)
        return REPRODUCED;
    return (c->is == BELOW ? v->interval.low > 0 : v->interval.high < 0) ? NOT_REPRODUCED
                                                                         : UNDECIDED;
}

/* Members of a family in a cell, by index, as found in the results. */
static size_t family_members(const struct evidence *e, const char *family, const char *cell,
                             const char **members)
{
    size_t n = 0;

    for (int index = 0; index < 10000 && n < MOST_MEMBERS; index++) {
        char name[UNIT_NAME];
        size_t i;

        snprintf(name, sizeof name, "%.*s%d", (int)strlen(family) - 1, family, index);
        for (i = 0; i < e->results->count; i++)
            if (strcmp(e->results->rows[i].metric, name) == 0 &&
                strcmp(e->results->rows[i].cell, cell) == 0)
                break;
        if (i < e->results->count)
            members[n++] = arena_text((struct arena *)&e->mem, "%s", name);
        else if (index > 1 && n > 0)
            break;
    }
    return n;
}

static enum verdict_word judge_every(const struct evidence *e, const struct claim *c,
                                     const char *cell, struct verdict *v)
{
    const char *members[MOST_MEMBERS];
    const int family = metric_is_family(c->metric);
    const size_t n = family ? family_members(e, c->metric, cell, members) : e->cell_count;
    size_t against = 0, used = 0;

    v->of = n;
    for (size_t i = 0; i < n; i++) {
        struct verdict one = {0};
        const enum verdict_word word = compare(e, c, family ? members[i] : c->metric,
                                               family ? cell : e->cells[i], &one);

        if (i == 0 || one.finite < v->finite)
            v->finite = one.finite;
        v->holds += word == REPRODUCED;
        against += word == NOT_REPRODUCED;
        if (word != REPRODUCED && used < sizeof v->why - 1)
            used += (size_t)snprintf(v->why + used, sizeof v->why - used, "%s%s %s",
                                     used > 0 ? ", " : "", family ? members[i] : e->cells[i],
                                     word == UNDECIDED ? "is open" : "does not hold");
        if (i == 0 || (c->is == BELOW ? one.interval.high > v->interval.high
                                      : one.interval.low < v->interval.low)) {
            v->interval = one.interval; /* the member that fits the claim worst */
            v->mean = one.mean;
            v->to = one.to;
        }
    }
    if (n == 0)
        return NOT_TESTED;
    if (v->holds == n)
        return REPRODUCED;
    if (v->holds > 0)
        return PARTLY;
    return against == n ? NOT_REPRODUCED : UNDECIDED;
}

/* Spearman's correlation of one seed's values with their index, or with the cells' order. */
static enum status seed_trend(const struct evidence *e, const struct claim *c, const char *cell,
                              uint64_t seed, int *finite, double *rho)
{
    const char *members[MOST_MEMBERS];
    double x[MOST_MEMBERS], y[MOST_MEMBERS];
    const int family = metric_is_family(c->metric);
    const size_t n = family ? family_members(e, c->metric, cell, members) : e->cell_count;

    for (size_t i = 0; i < n; i++) {
        x[i] = (double)i;
        y[i] = value_of(e, family ? cell : e->cells[i], seed, family ? members[i] : c->metric,
                        finite);
    }
    *rho = NAN;
    if (n < 2)
        return STATUS_OK;
    if (!*finite) { /* a diverged method does not follow the claimed trend */
        *rho = c->is == BELOW ? 1 : -1;
        return STATUS_OK;
    }
    return stat_spearman(x, y, n, rho) == STATUS_MEMORY ? STATUS_MEMORY : STATUS_OK;
}

static enum status judge_trend(const struct evidence *e, const struct claim *c, const char *cell,
                               struct verdict *v)
{
    double *rho = arena_get((struct arena *)&e->mem, e->seed_count, sizeof *rho);

    for (size_t s = 0; s < e->seed_count; s++) {
        int finite = 1;

        TRY(seed_trend(e, c, cell, e->seeds[s], &finite, &rho[s]));
        v->finite += (size_t)finite;
    }
    v->interval = stat_interval(rho, e->seed_count, VERDICT_CONFIDENCE, e->deterministic);
    v->mean = v->interval.mean;
    v->to = 0;
    if (c->is == BELOW ? v->interval.high < 0 : v->interval.low > 0)
        v->word = REPRODUCED;
    else if (c->is == BELOW ? v->interval.low > 0 : v->interval.high < 0)
        v->word = NOT_REPRODUCED;
    else
        v->word = UNDECIDED;
    return STATUS_OK;
}

/* Every seed of the cell, or of all cells, on the right side of the number. */
static enum verdict_word judge_bound(const struct evidence *e, const struct claim *c,
                                     const char *cell, struct verdict *v)
{
    const int all = c->cell != NULL && strcmp(c->cell, ALL_CELLS) == 0;
    double worst = NAN;
    int holds = 1;

    v->finite = e->seed_count;
    for (size_t i = 0; i < (all ? e->cell_count : 1); i++)
        for (size_t s = 0; s < e->seed_count; s++) {
            int finite = 1;
            const double x = value_of(e, all ? e->cells[i] : cell, e->seeds[s], c->metric, &finite);

            v->finite -= (size_t)!finite;
            holds = holds && finite && (c->is == BELOW ? x <= c->to : x >= c->to);
            if (!(c->is == BELOW ? x <= worst : x >= worst))
                worst = x;
        }
    v->mean = worst;
    v->to = c->to;
    v->interval = (struct interval){e->seed_count, worst, 0, worst, worst};
    return holds ? REPRODUCED : NOT_REPRODUCED;
}

static const char *cell_named(const struct evidence *e, const char *name)
{
    if (name == NULL || strcmp(name, FIRST_CELL) == 0)
        return e->cells[0];
    if (strcmp(name, LAST_CELL) == 0 || strcmp(name, ALL_CELLS) == 0)
        return e->cells[e->cell_count - 1];
    for (size_t i = 0; i < e->cell_count; i++)
        if (strcmp(e->cells[i], name) == 0)
            return e->cells[i];
    return NULL;
}

/* All units that the claim looks at are there? */
static size_t missing_units(const struct evidence *e, const struct claim *c, const char *cell)
{
    const int all = c->cell != NULL && strcmp(c->cell, ALL_CELLS) == 0;
    const char *to_cell = c->to_cell != NULL ? cell_named(e, c->to_cell) : cell;
    size_t missing = 0;

    for (size_t s = 0; s < e->seed_count; s++) {
        for (size_t i = 0; all && i < e->cell_count; i++)
            missing += results_unit(e->results, e->cells[i], e->seeds[s]) == NULL;
        if (!all)
            missing += results_unit(e->results, cell, e->seeds[s]) == NULL ||
                       results_unit(e->results, to_cell, e->seeds[s]) == NULL;
    }
    return missing;
}

static enum status judge(struct verdict *v, const struct evidence *e, const struct claim *claim,
                         const char *cell)
{
    struct claim c = *claim;

    c.to_cell = claim->to_cell != NULL ? cell_named(e, claim->to_cell) : NULL;
    switch (c.kind) {
    case TREND:
        return judge_trend(e, &c, cell, v);
    case EVERY:
        v->word = judge_every(e, &c, cell, v);
        break;
    case BOUND:
        v->word = judge_bound(e, &c, cell, v);
        break;
    default:
        v->word = compare(e, &c, c.metric, cell, v);
    }
    if (v->word != NOT_TESTED && isnan(v->interval.mean)) {
        v->word = UNDECIDED;
        snprintf(v->why, sizeof v->why, "no finite value to compare");
    }
    return STATUS_OK;
}

static enum status judge_claim(struct verdict *v, struct evidence *e, const struct claim *claim,
                               enum profile profile, const char *data_kind)
{
    const char *cell = cell_named(e, claim->cell);
    const int known = cell != NULL && (claim->to_cell == NULL || cell_named(e, claim->to_cell));
    const size_t missing = known && e->seed_count > 0 ? missing_units(e, claim, cell) : 0;
    char text[96];

    if (!known || e->seed_count == 0 || missing > 0) {
        snprintf(text, sizeof text, "%zu of %zu units are missing", missing, e->seed_count);
        not_tested(v, "%s", !known ? "this profile has no such cell"
                                   : missing == e->seed_count ? "no results" : text);
        return STATUS_OK;
    }
    TRY(judge(v, e, claim, cell));
    if (e->r->data != NULL && strcmp(data_kind, "real") != 0)
        not_tested(v, "needs %s, ran on stand-ins", e->r->data);
    else if (profile == SMOKE && !e->r->deterministic)
        not_tested(v, "%s", "the smoke profile gives no verdicts");
    return STATUS_OK;
}

enum status verdict_judge(struct verdict *v, const struct claim *claim,
                          const struct reproduction *r, enum profile profile,
                          const char *data_kind, const struct results *results,
                          const uint64_t *seeds, size_t seed_count)
{
    struct evidence e = {.r = r, .results = results, .seeds = seeds, .seed_count = seed_count,
                         .deterministic = r->deterministic,
                         .cell_count = harness_cell_count(r, profile)};
    enum status status;

    *v = (struct verdict){.asked = seed_count, .interval = {0, NAN, NAN, NAN, NAN},
                          .mean = NAN, .to = NAN};
    e.cells = arena_get(&e.mem, e.cell_count, sizeof *e.cells);
    for (size_t i = 0; i < e.cell_count; i++)
        e.cells[i] = harness_cell_name(r, profile, i, &e.mem);
    status = judge_claim(v, &e, claim, profile, data_kind);
    arena_free(&e.mem);
    return status;
}

char *verdict_measured(char out[160], const struct verdict *v, const struct claim *claim)
{
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
        snprintf(out, 160, "%.4g, n = %zu%s", v->mean, v->asked, count);
    else
        snprintf(out, 160, "%s%.3g [%.3g, %.3g], n = %zu%s",
                 claim->kind == TREND ? "rank correlation "
                 : claim->to_metric != NULL ? "difference " : "",
                 v->interval.mean + (claim->to_metric == NULL && claim->kind != TREND ? v->to : 0),
                 v->interval.low + (claim->to_metric == NULL && claim->kind != TREND ? v->to : 0),
                 v->interval.high + (claim->to_metric == NULL && claim->kind != TREND ? v->to : 0),
                 v->asked, count);
    return out;
}
