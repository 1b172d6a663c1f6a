/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/judge.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "linalg/stat.h"

void judge_not_tested(struct verdict *v, const char *format, const char *what)
{
    v->word = NOT_TESTED;
    snprintf(v->why, sizeof v->why, format, what);
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
                                size_t finite, double confidence, struct verdict *v)
{
    const int fixed = e->r->deterministic;
    const struct interval alone = stat_interval(x, finite, confidence, fixed);

    v->interval = stat_interval(x, e->seed_count, confidence, fixed);
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
                                 const char *metric, const char *cell, double confidence,
                                 struct verdict *v)
{
    const enum relation other = c->is == BELOW ? ABOVE : BELOW;
    const char *to_cell = c->to_cell != NULL ? c->to_cell : cell;
    struct split x = split_over(e), y = split_over(e), difference = split_over(e);

    for (size_t s = 0; s < e->seed_count; s++) {
        int finite = 1;
        const double a = evidence_value(e, cell, e->seeds[s], metric, c->is, &finite);
        const double b = c->to_metric == NULL ? c->to
                         : evidence_value(e, to_cell, e->seeds[s], c->to_metric, other, &finite);

        split_add(&x, a, finite);
        split_add(&y, b, finite);
        split_add(&difference, a - b, finite);
    }
    v->mean = stat_mean(x.x, x.n);
    v->to = stat_mean(y.x, y.n);
    return decide(e, c, difference.x, difference.finite, confidence, v);
}

/* ---- the kinds ---- */

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

/* What each member says at a confidence, and how many hold; v gets the numbers of the member that
 * fits the claim worst. Returns how many are against. */
static size_t ask_members(const struct evidence *e, const struct claim *c,
                          const struct member *members, double confidence,
                          enum verdict_word *said, struct verdict *v)
{
    size_t against = 0;

    v->holds = 0;
    for (size_t i = 0; i < v->of; i++) {
        struct verdict one = {0};
        const struct claim about = claim_about(e, c, &members[i]);

        said[i] = compare(e, &about, members[i].metric, members[i].cell, confidence, &one);
        v->holds += said[i] == REPRODUCED;
        against += said[i] == NOT_REPRODUCED;
        if (i == 0 || isnan(v->interval.mean) ||
            (c->is == BELOW ? one.interval.high > v->interval.high
                            : one.interval.low < v->interval.low)) {
            v->interval = one.interval;
            v->mean = one.mean;
            v->to = one.to;
        }
    }
    return against;
}

/* That all hold, and that none does, is one statement about all members at once: where each member
 * says it at 99 %, it is wrong no more often than one of them. Anything else speaks of single ones,
 * the more of which there are, the more are wrong by chance: so each is asked at 1 - .01 / m
 * (Bonferroni). */
static void every(const struct evidence *e, const struct claim *c, struct verdict *v)
{
    const struct member *members = evidence_members(e, c, &v->of);
    enum verdict_word *said = arena_get(e->mem, v->of + 1, sizeof *said);
    size_t against = ask_members(e, c, members, VERDICT_CONFIDENCE, said, v);

    if (v->holds < v->of && against < v->of)
        against = ask_members(e, c, members, 1 - (1 - VERDICT_CONFIDENCE) / (double)v->of, said, v);
    name_members(v, e, c, members, said, NOT_REPRODUCED);
    name_members(v, e, c, members, said, UNDECIDED);
    if (v->of == 0)
        judge_not_tested(v, "there is no %s", c->metric);
    else if (v->holds == v->of)
        v->word = REPRODUCED;
    else if (against > 0)
        v->word = v->holds > 0 ? PARTLY : NOT_REPRODUCED;
    else
        v->word = UNDECIDED;
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
        y[i] = evidence_value(e, members[i].cell, seed, members[i].metric, c->is, &finite);
    }
    if (!finite) {
        split_add(rho, c->is == BELOW ? 1 : -1, 0);
        return STATUS_OK;
    }
    status = stat_spearman(x, y, n, &value);
    split_add(rho, status == STATUS_NOTHING ? 0 : value, 1);
    return status == STATUS_MEMORY ? STATUS_MEMORY : STATUS_OK;
}

static enum status trend(const struct evidence *e, const struct claim *c, struct verdict *v)
{
    struct split rho = split_over(e);
    size_t n;
    const struct member *members = evidence_members(e, c, &n);

    if (n < 2) {
        judge_not_tested(v, "%s has fewer than two members to rank", c->metric);
        return STATUS_OK;
    }
    for (size_t s = 0; s < e->seed_count; s++)
        TRY(seed_trend(e, c, e->seeds[s], members, n, &rho));
    v->word = decide(e, c, rho.x, rho.finite, VERDICT_CONFIDENCE, v);
    v->interval.low = v->interval.low < -1 ? -1 : v->interval.low; /* a correlation's range */
    v->interval.high = v->interval.high > 1 ? 1 : v->interval.high;
    v->mean = v->interval.mean;
    v->to = 0;
    return STATUS_OK;
}

/* Every seed of the cell, or of all cells, on the right side of the number. */
static void bound(const struct evidence *e, const struct claim *c, struct verdict *v)
{
    double worst = (double)NAN;
    int broken = 0, open = 0;

    for (size_t i = 0; i < e->used_count; i++)
        for (size_t s = 0; s < e->seed_count; s++) {
            int finite = 1;
            const double x = evidence_value(e, e->used[i], e->seeds[s], c->metric, c->is, &finite);

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

enum status judge_claim(struct verdict *v, const struct evidence *e, const struct claim *claim)
{
    struct claim c = *claim;

    c.to_cell = claim->to_cell != NULL ? evidence_cell(e, claim->to_cell) : NULL;
    if (c.kind == TREND)
        TRY(trend(e, &c, v));
    else if (c.kind == EVERY)
        every(e, &c, v);
    else if (c.kind == BOUND)
        bound(e, &c, v);
    else
        v->word = compare(e, &c, c.metric, e->used[0], VERDICT_CONFIDENCE, v);
    if (v->word == UNDECIDED && v->why[0] == '\0' && isnan(v->interval.mean))
        snprintf(v->why, sizeof v->why, "a seed has no finite value to compare");
    else if (v->word == UNDECIDED && v->why[0] == '\0' && c.kind == ORDER &&
             v->interval.low >= 0 && v->interval.high <= 0)
        snprintf(v->why, sizeof v->why, "both sides are equal in every seed");
    return STATUS_OK;
}
