/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* The worst outcome of one metric, found once. */
struct worst {
    int known;
    double value;
};

/* What one claim is judged from. */
struct evidence {
    const struct reproduction *r;
    const struct results *results;
    const uint64_t *seeds;
    size_t seed_count;
    struct arena *mem;
    const char **cells;       /* cell_count names, in the axis' order */
    size_t cell_count;
    const char **used;        /* used_count of them: the cells that the claim looks at */
    size_t used_count;
    struct worst *worst;      /* metric_count x 2: where the claim wants it low, high */
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

/* ---- one metric of one unit ---- */

static const struct metric *declared(const struct evidence *e, const char *name)
{
    const struct metric *m = metric_find(e->r->metrics, e->r->metric_count, name);

    CHECK(m != NULL, "claim names the metric '%s', which %s does not declare", name, e->r->id);
    return m;
}

static int has_worst(const struct metric *m)
{
    return m->worst < 0 || m->worst > 0;
}

/* The worst of a metric without direction is the highest where the claim wants it low, the lowest
 * where it wants it high. */
double verdict_worst(const struct results *results, const struct metric *m, enum relation wanted)
{
    const int lowest = m->direction == HIGHER_IS_BETTER ||
                       (m->direction == NO_DIRECTION && wanted == ABOVE);
    double worst = (double)NAN;

    if (has_worst(m))
        return m->worst;
    for (size_t i = 0; i < results->count; i++) {
        const struct observation *o = &results->rows[i];

        if (isfinite(o->value) && metric_find(m, 1, o->metric) == m &&
            (isnan(worst) || (lowest ? o->value < worst : o->value > worst)))
            worst = o->value;
    }
    return worst;
}

static double worst_value(const struct evidence *e, const char *name, enum relation wanted)
{
    const struct metric *m = declared(e, name);
    struct worst *worst = &e->worst[2 * (m - e->r->metrics) + (wanted == ABOVE)];

    if (!worst->known)
        *worst = (struct worst){1, verdict_worst(e->results, m, wanted)};
    return worst->value;
}

/* One metric of one unit; *finite is cleared for a diverged one. */
static double value_of(const struct evidence *e, const char *cell, uint64_t seed,
                       const char *metric, enum relation wanted, int *finite)
{
    const struct outcome *unit = results_unit(e->results, cell, seed);

    if (unit == NULL || !unit->diverged)
        return results_value(e->results, cell, seed, metric);
    *finite = 0;
    return worst_value(e, metric, wanted);
}

/* ---- from numbers to a word ---- */

/* What an interval says: of a difference that has to be on one side of 0, or close to it. */
static enum verdict_word says(const struct claim *c, const struct interval *i)
{
    if (c->kind == VALUE || c->kind == EQUIVALENCE) {
        if (stat_equivalent(i, c->within))
            return REPRODUCED;
        return i->low > c->within || i->high < -c->within ? NOT_REPRODUCED : UNDECIDED;
    }
    if (c->is == BELOW ? i->high < 0 : i->low > 0)
        return REPRODUCED;
    return (c->is == BELOW ? i->low > 0 : i->high < 0) ? NOT_REPRODUCED : UNDECIDED;
}

static enum verdict_word less_favourable(enum verdict_word a, enum verdict_word b)
{
    if (a == NOT_REPRODUCED || b == NOT_REPRODUCED)
        return NOT_REPRODUCED;
    return a == UNDECIDED || b == UNDECIDED ? UNDECIDED : REPRODUCED;
}

/* One number a seed; the first `finite` of them come from seeds without a diverged unit. A stand-in
 * value may by luck lie where the claim wants it, and one more value narrows the interval: so the
 * finite ones have to say the same by themselves, and divergence never improves a verdict. */
static enum verdict_word decide(const struct evidence *e, const struct claim *c, const double *x,
                                size_t finite, struct verdict *v)
{
    const int fixed = e->r->deterministic;
    const struct interval alone = stat_interval(x, finite, VERDICT_CONFIDENCE, fixed);

    v->interval = stat_interval(x, e->seed_count, VERDICT_CONFIDENCE, fixed);
    return less_favourable(says(c, &v->interval), says(c, &alone));
}

/* Puts the numbers of seeds without a diverged unit first. */
struct split {
    double *x;
    size_t finite, diverged, n;
};

static struct split split_over(const struct evidence *e)
{
    return (struct split){arena_get(e->mem, e->seed_count, sizeof(double)), 0, 0, e->seed_count};
}

static void split_add(struct split *s, double value, int finite)
{
    if (finite)
        s->x[s->finite++] = value;
    else
        s->x[s->n - ++s->diverged] = value;
}

/* metric(cell) - to, paired by seed, and what its mean says. */
static enum verdict_word compare(const struct evidence *e, const struct claim *c,
                                 const char *metric, const char *cell, struct verdict *v)
{
    const enum relation other = c->is == BELOW ? ABOVE : BELOW;
    const char *to_cell = c->to_cell != NULL ? c->to_cell : cell;
    struct split x = split_over(e), y = split_over(e), difference = split_over(e);

    for (size_t s = 0; s < e->seed_count; s++) {
        int finite = 1;
        const double a = value_of(e, cell, e->seeds[s], metric, c->is, &finite);
        const double b = c->to_metric == NULL ? c->to
                         : value_of(e, to_cell, e->seeds[s], c->to_metric, other, &finite);

        split_add(&x, a, finite);
        split_add(&y, b, finite);
        split_add(&difference, a - b, finite);
    }
    v->mean = stat_mean(x.x, x.n);
    v->to = stat_mean(y.x, y.n);
    return decide(e, c, difference.x, difference.finite, v);
}

/* ---- members: of a family in a cell, or one metric in each cell ---- */

struct member {
    int index;
    const char *cell, *metric;
};

static int by_index(const void *a, const void *b)
{
    const int i = ((const struct member *)a)->index, k = ((const struct member *)b)->index;

    return (i > k) - (i < k);
}

/* Appends the members of the family that any unit of the cell has, in the order of their indices,
 * whatever gaps there are. Returns how many. */
static size_t add_family(const struct evidence *e, const char *family, const char *cell,
                         struct member *out)
{
    size_t n = 0, different = 0;

    for (size_t i = 0; i < e->results->count; i++) {
        const struct observation *o = &e->results->rows[i];
        const int index = metric_index(family, o->metric);

        if (index >= 0 && strcmp(o->cell, cell) == 0)
            out[n++] = (struct member){index, cell, o->metric};
    }
    if (n > 0)
        qsort(out, n, sizeof *out, by_index);
    for (size_t i = 0; i < n; i++)
        if (different == 0 || out[different - 1].index != out[i].index)
            out[different++] = out[i];
    return different;
}

static struct member *members_of(const struct evidence *e, const struct claim *c, size_t *n)
{
    const int family = metric_is_family(c->metric);
    struct member *out = arena_get(e->mem, e->results->count + e->cell_count, sizeof *out);

    *n = 0;
    for (size_t i = 0; i < e->used_count; i++)
        if (family)
            *n += add_family(e, c->metric, e->used[i], out + *n);
        else
            out[(*n)++] = (struct member){(int)i, e->used[i], c->metric};
    return out;
}

static const char *member_name(const struct evidence *e, const struct claim *c,
                               const struct member *m)
{
    size_t length = 0;
    const char *called = claim_member(c, m->index, &length);

    if (!metric_is_family(c->metric))
        return m->cell;
    return arena_text(e->mem, "%s%s%.*s", e->used_count > 1 ? m->cell : "",
                      e->used_count > 1 ? " " : "",
                      called != NULL ? (int)length : (int)strlen(m->metric),
                      called != NULL ? called : m->metric);
}

static void say(struct verdict *v, const char *before, const char *text)
{
    const size_t used = strlen(v->why);

    if (used + 1 < sizeof v->why)
        snprintf(v->why + used, sizeof v->why - used, "%s%s", before, text);
}

/* "error.task.3, error.task.4 do not hold", of those that have this word; all of several: "none
 * holds"; three in four and more: "all but error.task.3 are open". */
static void name_members(struct verdict *v, const struct evidence *e, const struct claim *c,
                         const struct member *members, const enum verdict_word *said,
                         enum verdict_word word)
{
    const char *before = v->why[0] != '\0' ? "; " : "";
    size_t n = 0;
    int others;

    for (size_t i = 0; i < v->of; i++)
        n += said[i] == word;
    if (n > 1 && n == v->of) {
        say(v, before, word == UNDECIDED ? "all are open" : "none holds");
        return;
    }
    others = word == UNDECIDED && n < v->of && 4 * n >= 3 * v->of;
    if (n > 0 && others) {
        say(v, before, "all but ");
        before = "";
    }
    for (size_t i = 0; i < v->of && n > 0; i++)
        if ((said[i] == word) != others) {
            say(v, before, member_name(e, c, &members[i]));
            before = ", ";
        }
    if (n > 0)
        say(v, word == UNDECIDED ? n > 1 ? " are" : " is" : n > 1 ? " do" : " does",
            word == UNDECIDED ? " open" : " not hold");
}

/* The claim about one member; a family to compare with gives its member of the same index. */
static struct claim claim_about(const struct evidence *e, const struct claim *c,
                                const struct member *m)
{
    struct claim one = *c;

    if (c->to_metric != NULL && metric_is_family(c->to_metric))
        one.to_metric = arena_text(e->mem, "%.*s%d", (int)strlen(c->to_metric) - 1, c->to_metric,
                                   m->index);
    return one;
}

static void judge_every(const struct evidence *e, const struct claim *c, struct verdict *v)
{
    size_t against = 0;
    const struct member *members = members_of(e, c, &v->of);
    enum verdict_word *said = arena_get(e->mem, v->of + 1, sizeof *said);

    for (size_t i = 0; i < v->of; i++) {
        struct verdict one = {0};
        const struct claim about = claim_about(e, c, &members[i]);
        const enum verdict_word word = compare(e, &about, members[i].metric, members[i].cell, &one);

        v->holds += word == REPRODUCED;
        against += word == NOT_REPRODUCED;
        said[i] = word;
        if (isnan(v->interval.mean) || (c->is == BELOW ? one.interval.high > v->interval.high
                                                       : one.interval.low < v->interval.low)) {
            v->interval = one.interval; /* the member that fits the claim worst */
            v->mean = one.mean;
            v->to = one.to;
        }
    }
    name_members(v, e, c, members, said, NOT_REPRODUCED);
    name_members(v, e, c, members, said, UNDECIDED);
    if (v->of == 0)
        not_tested(v, "there is no %s", c->metric);
    else if (v->holds == v->of)
        v->word = REPRODUCED;
    else if (v->holds > 0)
        v->word = PARTLY;
    else
        v->word = against == v->of ? NOT_REPRODUCED : UNDECIDED;
}

/* Spearman's correlation of one seed's values with their order; 0 where they do not vary, which is
 * no trend. A diverged method does not follow the claimed one. */
static enum status seed_trend(const struct evidence *e, const struct claim *c, uint64_t seed,
                              const struct member *members, size_t n, struct split *rho)
{
    double *x = arena_get(e->mem, n, sizeof *x), *y = arena_get(e->mem, n, sizeof *y);
    double value = (double)NAN;
    enum status status;
    int finite = 1;

    for (size_t i = 0; i < n; i++) {
        x[i] = (double)i;
        y[i] = value_of(e, members[i].cell, seed, members[i].metric, c->is, &finite);
    }
    if (!finite) {
        split_add(rho, c->is == BELOW ? 1 : -1, 0);
        return STATUS_OK;
    }
    status = stat_spearman(x, y, n, &value);
    split_add(rho, status == STATUS_NOTHING ? 0 : value, 1);
    return status == STATUS_MEMORY ? STATUS_MEMORY : STATUS_OK;
}

static enum status judge_trend(const struct evidence *e, const struct claim *c, struct verdict *v)
{
    struct split rho = split_over(e);
    size_t n;
    const struct member *members = members_of(e, c, &n);

    if (n < 2) {
        not_tested(v, "%s has fewer than two members to rank", c->metric);
        return STATUS_OK;
    }
    for (size_t s = 0; s < e->seed_count; s++)
        TRY(seed_trend(e, c, e->seeds[s], members, n, &rho));
    v->word = decide(e, c, rho.x, rho.finite, v);
    v->interval.low = v->interval.low < -1 ? -1 : v->interval.low; /* a correlation's range */
    v->interval.high = v->interval.high > 1 ? 1 : v->interval.high;
    v->mean = v->interval.mean;
    v->to = 0;
    return STATUS_OK;
}

/* Every seed of the cell, or of all cells, on the right side of the number. */
static void judge_bound(const struct evidence *e, const struct claim *c, struct verdict *v)
{
    double worst = (double)NAN;
    int broken = 0, open = 0;

    for (size_t i = 0; i < e->used_count; i++)
        for (size_t s = 0; s < e->seed_count; s++) {
            int finite = 1;
            const double x = value_of(e, e->used[i], e->seeds[s], c->metric, c->is, &finite);

            open = open || !isfinite(x);
            broken = broken || !finite || (isfinite(x) && (c->is == BELOW ? x > c->to : x < c->to));
            if (isfinite(x) && (isnan(worst) || (c->is == BELOW ? x > worst : x < worst)))
                worst = x;
        }
    v->word = broken ? NOT_REPRODUCED : open ? UNDECIDED : REPRODUCED;
    v->mean = worst;
    v->to = c->to;
    v->interval = (struct interval){e->seed_count, worst, 0, worst, worst};
}

/* ---- the units that a claim looks at ---- */

static const char *cell_named(const struct evidence *e, const char *name)
{
    if (e->cell_count == 0)
        return NULL;
    if (name == NULL || strcmp(name, FIRST_CELL) == 0)
        return e->cells[0];
    if (strcmp(name, LAST_CELL) == 0 || strcmp(name, ALL_CELLS) == 0)
        return e->cells[e->cell_count - 1];
    for (size_t i = 0; i < e->cell_count; i++)
        if (strcmp(e->cells[i], name) == 0)
            return e->cells[i];
    return NULL;
}

/* A trend, or each member, along the axis: whatever cell the claim names. */
static int looks_at_all_cells(const struct claim *c)
{
    return (c->cell != NULL && strcmp(c->cell, ALL_CELLS) == 0) ||
           ((c->kind == TREND || c->kind == EVERY) && !metric_is_family(c->metric));
}

/* A table that says nothing that could be judged is a mistake of its author. */
static void check_claim(const struct evidence *e, const struct claim *c)
{
    const int all = looks_at_all_cells(c) && e->cell_count > 1;
    const int family = metric_is_family(c->metric);

    declared(e, c->metric);
    if (c->to_metric != NULL)
        declared(e, c->to_metric);
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

/* Sets e->used; 0 where the profile lacks a cell. */
static int find_used(struct evidence *e, const struct claim *c)
{
    const char *cell = cell_named(e, c->cell);
    const char *to_cell = c->to_cell != NULL ? cell_named(e, c->to_cell) : cell;

    if (cell == NULL || to_cell == NULL)
        return 0;
    if (looks_at_all_cells(c)) {
        e->used = e->cells;
        e->used_count = e->cell_count;
        return 1;
    }
    e->used = arena_get(e->mem, 1, sizeof *e->used);
    e->used[0] = cell;
    e->used_count = 1;
    return 1;
}

/* How many units of the seeds in `used` and in to_cell are missing, out of *asked; v->finite counts
 * the seeds without a diverged one, *any says whether one unit at least did not diverge. */
static size_t count_units(const struct evidence *e, const char *to_cell, struct verdict *v,
                          size_t *asked, int *any)
{
    size_t missing = 0;

    *asked = 0;
    *any = 0;
    for (size_t s = 0; s < e->seed_count; s++) {
        int finite = 1;

        for (size_t i = 0; i < e->used_count + (to_cell != NULL); i++) {
            const char *cell = i < e->used_count ? e->used[i] : to_cell;
            const struct outcome *unit = results_unit(e->results, cell, e->seeds[s]);

            if (i == e->used_count && strcmp(to_cell, e->used[0]) == 0)
                continue;
            *asked += 1;
            missing += unit == NULL;
            finite = finite && unit != NULL && !unit->diverged;
            *any = *any || (unit != NULL && !unit->diverged);
        }
        v->finite += (size_t)finite;
    }
    return missing;
}

static enum status judge(struct verdict *v, const struct evidence *e, const struct claim *claim)
{
    struct claim c = *claim;

    c.to_cell = claim->to_cell != NULL ? cell_named(e, claim->to_cell) : NULL;
    if (c.kind == TREND)
        TRY(judge_trend(e, &c, v));
    else if (c.kind == EVERY)
        judge_every(e, &c, v);
    else if (c.kind == BOUND)
        judge_bound(e, &c, v);
    else
        v->word = compare(e, &c, c.metric, e->used[0], v);
    if (v->word == UNDECIDED && v->why[0] == '\0' && isnan(v->interval.mean))
        snprintf(v->why, sizeof v->why, "a seed has no finite value to compare");
    return STATUS_OK;
}

static enum status judge_claim(struct verdict *v, struct evidence *e, const struct claim *claim,
                               enum profile profile, const char *data_kind)
{
    const int known = find_used(e, claim);
    char text[96];
    size_t missing, asked;
    int any;

    if (!known || e->seed_count == 0) {
        not_tested(v, "%s", known ? "no results" : "this profile has no such cell");
        return STATUS_OK;
    }
    missing = count_units(e, claim->to_cell != NULL ? cell_named(e, claim->to_cell) : NULL, v,
                          &asked, &any);
    if (missing > 0) {
        snprintf(text, sizeof text, "%zu of %zu units are missing", missing, asked);
        not_tested(v, "%s", missing == asked ? "no results" : text);
        v->finite = 0;
        return STATUS_OK;
    }
    if (any || (claim->kind != TREND && has_worst(declared(e, claim->metric)))) {
        TRY(judge(v, e, claim));
    } else {
        v->word = UNDECIDED;
        snprintf(v->why, sizeof v->why, "every unit diverged");
    }
    if (e->r->data != NULL && strcmp(data_kind, "real") != 0)
        not_tested(v, strcmp(data_kind, "own") == 0 ? "needs %s, ran on other data"
                                                    : "needs %s, ran on stand-ins", e->r->data);
    else if (profile == SMOKE && !e->r->deterministic)
        not_tested(v, "%s", "the smoke profile gives no verdicts");
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
    return judge_claim(v, e, claim, profile, data_kind);
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
