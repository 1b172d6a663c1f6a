/* SPDX-License-Identifier: GPL-3.0-or-later */
/* diff_words: a line for each row that is not the same on both sides, and their sum. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "diff.h"

/* "kwng desk real-native N_n=50 seed 1 mean error.first", what is empty left out. */
static void print_name(const struct difference *d)
{
    const struct reference *r = d->now != NULL ? d->now : d->old;

    printf("%s %s %s-%s%s%s%s%s %s %s:", d->id, r->profile, r->data, r->mode,
           r->cell[0] ? " " : "", r->cell, r->seed[0] ? " seed " : "", r->seed, r->scope,
           r->metric);
}

static const char *if_none(const char *text)
{
    return text[0] != '\0' ? text : "none";
}

/* ", class blas, now libm": what else is not the same. */
static void print_terms(const struct reference *old, const struct reference *now)
{
    char was[TEXT_DOUBLE], is[TEXT_DOUBLE];

    if (strcmp(old->unit, now->unit) != 0)
        printf("; unit %s, now %s", if_none(old->unit), if_none(now->unit));
    if (strcmp(old->class, now->class) != 0)
        printf("; class %s, now %s", if_none(old->class), if_none(now->class));
    if (!diff_equal(old->tol, now->tol))
        printf("; tolerance %s, now %s",
               old->tol > 0 ? text_short(was, old->tol, 6) : "the class's",
               now->tol > 0 ? text_short(is, now->tol, 6) : "the class's");
    if (!diff_equal(old->n, now->n))
        printf("; n %s, now %s", text_short(was, old->n, 6), text_short(is, now->n, 6));
}

/* Both values, with as many digits as it takes to see that they differ. */
static void value_words(char was[TEXT_DOUBLE], const struct reference *old, char is[TEXT_DOUBLE],
                        const struct reference *now)
{
    const double x = old != NULL ? old->value : now->value;
    const double y = now != NULL ? now->value : old->value;

    text_short(was, x, 9);
    text_short(is, y, 9);
    if (strcmp(was, is) != 0 || diff_equal(x, y))
        return;
    text_double(was, x);
    text_double(is, y);
}

void diff_words_row(const struct difference *d)
{
    static const char *const heads[] = {"verdict", "gone", "terms", "", "new"};
    const struct reference *old = d->old, *now = d->now;
    char was[TEXT_DOUBLE], is[TEXT_DOUBLE];

    value_words(was, old, is, now);
    if (d->change == MOVED)
        printf("%-8.3g ", d->distance);
    else
        printf("%-8s ", heads[d->change]);
    print_name(d);
    if (d->change == VERDICT)
        printf(" was '%s', now '%s'", old->verdict, now->verdict);
    if (d->change == GONE)
        printf(" was %s", diff_is_claim(old) ? old->verdict : was);
    else if (d->change == ADDED)
        printf(" now %s", diff_is_claim(now) ? now->verdict : is);
    else if (!diff_is_claim(old) || d->change == MOVED)
        printf(" was %s, now %s", was, is);
    if (d->change == TERMS && d->distance > 0)
        printf(" (%.3g tolerances)", d->distance);
    if (old != NULL && now != NULL)
        print_terms(old, now);
    printf("\n");
}

void diff_words_sum(const struct comparison *c)
{
    const size_t *n = c->counts;

    printf("%zu rows: %zu moved (at most %.3g tolerances), %zu verdicts changed, %zu with another "
           "unit, class or tolerance, %zu gone, %zu new", c->rows, n[MOVED], c->farthest,
           n[VERDICT], n[TERMS], n[GONE], n[ADDED]);
    if (c->hidden > 0)
        printf("; %zu moved by at most %g tolerances", c->hidden, c->b->over);
    printf("\n");
}
