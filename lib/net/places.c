/* SPDX-License-Identifier: GPL-3.0-or-later */
/* places: see places.h. */
#include "net/places.h"

static int is_used(const struct place *p)
{
    return p->from <= p->to && p->size > 0;
}

static int meet(const struct place *a, const struct place *b)
{
    return a->from <= b->to && b->from <= a->to;
}

/* Whether a is placed before b. */
static int is_before(const struct place *a, const struct place *b)
{
    if (a->to - a->from != b->to - b->from)
        return a->to - a->from < b->to - b->from;
    return a->size > b->size;
}

/* Indices of those in use, in the order of placing; returns their number. */
static size_t sort(const struct place *places, size_t count, size_t *order)
{
    size_t n = 0;

    for (size_t k = 0; k < count; k++) {
        size_t at = n;

        if (!is_used(&places[k]))
            continue;
        for (n++; at > 0 && is_before(&places[k], &places[order[at - 1]]); at--)
            order[at] = order[at - 1];
        order[at] = k;
    }
    return n;
}

/* Puts k behind the placed ones that do not begin above it. */
static void insert(const struct place *places, size_t *placed, size_t n, size_t k)
{
    size_t at = n;

    for (; at > 0 && places[placed[at - 1]].at > places[k].at; at--)
        placed[at] = placed[at - 1];
    placed[at] = k;
}

/* The lowest gap between those placed (n, by where they begin) that live at the same time. */
static size_t lowest(const struct place *places, const size_t *placed, size_t n,
                     const struct place *p)
{
    size_t at = 0;

    for (size_t k = 0; k < n; k++) {
        const struct place *other = &places[placed[k]];

        if (!meet(other, p))
            continue;
        if (other->at >= at + p->size)
            break;
        if (other->at + other->size > at)
            at = other->at + other->size;
    }
    return at;
}

size_t places_assign(struct place *places, size_t count, size_t *order)
{
    const size_t n = sort(places, count, order);
    size_t *placed = order + count, total = 0;

    for (size_t k = 0; k < count; k++)
        places[k].at = 0;
    for (size_t k = 0; k < n; k++) {
        struct place *p = &places[order[k]];

        p->at = lowest(places, placed, k, p);
        insert(places, placed, k, order[k]);
        if (p->at + p->size > total)
            total = p->at + p->size;
    }
    return total;
}

/* The fullest moment is one at which some array begins to live. */
size_t places_bound(const struct place *places, size_t count)
{
    size_t most = 0;

    for (size_t k = 0; k < count; k++) {
        size_t sum = 0;

        for (size_t i = 0; is_used(&places[k]) && i < count; i++)
            if (is_used(&places[i]) && places[i].from <= places[k].from &&
                places[i].to >= places[k].from)
                sum += places[i].size;
        most = sum > most ? sum : most;
    }
    return most;
}
