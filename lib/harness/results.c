/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/results.h"

#include <math.h>
#include <string.h>

#include "base/check.h"

/* ---- the hash table ---- */

/* One entry: a row, or a unit where metric is NULL. cell is NULL in a free slot. */
struct results_slot {
    const char *cell, *metric;
    uint64_t seed;
    size_t at; /* index into rows or units */
};

/* FNV-1a over the bytes of the text and its closing 0. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    do
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    while (*text++ != '\0');
    return hash;
}

static int slot_is(const struct results_slot *slot, const char *cell, uint64_t seed,
                   const char *metric)
{
    if (slot->seed != seed || (slot->metric == NULL) != (metric == NULL) ||
        strcmp(slot->cell, cell) != 0)
        return 0;
    return metric == NULL || strcmp(slot->metric, metric) == 0;
}

/* The slot of this key, or the free one where it belongs. The table is never full. */
static struct results_slot *slot_of(const struct results *r, const char *cell, uint64_t seed,
                                    const char *metric)
{
    uint64_t hash = (UINT64_C(0xcbf29ce484222325) ^ seed) * UINT64_C(0x9e3779b97f4a7c15);

    hash = hash_text(hash, cell);
    if (metric != NULL)
        hash = hash_text(hash, metric);
    for (size_t i = (size_t)(hash >> 7);; i++) {
        struct results_slot *slot = &r->slots[i & (r->slot_count - 1)];

        if (slot->cell == NULL || slot_is(slot, cell, seed, metric))
            return slot;
    }
}

/* The index of this row or unit, or SIZE_MAX. */
static size_t find(const struct results *r, const char *cell, uint64_t seed, const char *metric)
{
    const struct results_slot *slot = r->slot_count > 0 ? slot_of(r, cell, seed, metric) : NULL;

    return slot != NULL && slot->cell != NULL ? slot->at : SIZE_MAX;
}

static void make_slots(struct results *r, size_t count)
{
    struct results_slot *more = arena_get(&r->mem, count, sizeof *more), *old = r->slots;
    const size_t old_count = r->slot_count;

    r->slots = more;
    r->slot_count = count;
    for (size_t i = 0; i < old_count; i++)
        if (old[i].cell != NULL)
            *slot_of(r, old[i].cell, old[i].seed, old[i].metric) = old[i];
}

/* cell and metric stay where they are. At most half of the slots are taken. */
static void remember(struct results *r, const char *cell, uint64_t seed, const char *metric,
                     size_t at)
{
    if (2 * (r->slots_used + 1) > r->slot_count)
        make_slots(r, r->slot_count > 0 ? 2 * r->slot_count : 256);
    *slot_of(r, cell, seed, metric) = (struct results_slot){cell, metric, seed, at};
    r->slots_used++;
}

/* ---- adding ---- */

/* Doubles an arena-held array when it is full. */
static void *room(struct arena *mem, void *old, size_t count, size_t *capacity, size_t size)
{
    const size_t wanted = *capacity > 0 ? 2 * *capacity : 64;
    void *more;

    if (count < *capacity)
        return old;
    more = arena_get(mem, wanted, size);
    if (count > 0)
        memcpy(more, old, count * size);
    *capacity = wanted;
    return more;
}

void results_add(struct results *r, const char *cell, uint64_t seed, const char *metric,
                 const char *unit, double value, double scale)
{
    const struct observation row = {arena_text(&r->mem, "%s", cell), seed,
                                    arena_text(&r->mem, "%s", metric),
                                    arena_text(&r->mem, "%s", unit), value, scale};

    CHECK(find(r, cell, seed, metric) == SIZE_MAX, "%s of %s, seed %llu is there already", metric,
          cell, (unsigned long long)seed);
    r->rows = room(&r->mem, r->rows, r->count, &r->capacity, sizeof *r->rows);
    remember(r, row.cell, seed, row.metric, r->count);
    r->rows[r->count++] = row;
}

void results_add_unit(struct results *r, const char *cell, uint64_t seed, const char *key,
                      int diverged)
{
    const struct outcome unit = {arena_text(&r->mem, "%s", cell), seed,
                                 arena_text(&r->mem, "%s", key), diverged};

    CHECK(find(r, cell, seed, NULL) == SIZE_MAX, "%s, seed %llu is there already", cell,
          (unsigned long long)seed);
    r->units = room(&r->mem, r->units, r->unit_count, &r->unit_capacity, sizeof *r->units);
    remember(r, unit.cell, seed, NULL, r->unit_count);
    r->units[r->unit_count++] = unit;
}

/* ---- asking ---- */

double results_value(const struct results *r, const char *cell, uint64_t seed, const char *metric)
{
    const size_t at = find(r, cell, seed, metric);

    return at != SIZE_MAX ? r->rows[at].value : (double)NAN;
}

int results_has(const struct results *r, const char *cell, uint64_t seed, const char *metric)
{
    return find(r, cell, seed, metric) != SIZE_MAX;
}

const struct outcome *results_unit(const struct results *r, const char *cell, uint64_t seed)
{
    const size_t at = find(r, cell, seed, NULL);

    return at != SIZE_MAX ? &r->units[at] : NULL;
}

void results_free(struct results *r)
{
    arena_free(&r->mem);
    *r = (struct results){0};
}
