/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "orphans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "leftovers.h"
#include "ranges.h"

static void print_leftover(const char *path, pid_t pid, struct orphans *found)
{
    const int alive = leftovers_is_alive(pid);

    found->leftovers += !alive;
    if (alive)
        printf("in the making %s: process %ld writes it\n", path, (long)pid);
    else
        printf("leftover %s: its process is gone; the next run removes it\n", path);
}

static void print_orphan(const char *path, const char *why, struct orphans *found)
{
    found->orphans++;
    printf("orphan %s: %s\n", path, why);
}

/* The folders in `path`, leftovers told and left out. */
static size_t folders_in(struct arena *mem, const char *path, char ***names, struct orphans *found)
{
    size_t n, kept = 0;

    if (file_list(mem, path, names, &n) != STATUS_OK)
        return 0;
    for (size_t i = 0; i < n; i++) {
        const char *inside = arena_text(mem, "%s/%s", path, (*names)[i]);
        const pid_t pid = leftovers_maker((*names)[i]);

        if (pid > 0)
            print_leftover(inside, pid, found);
        else if (file_is_folder(inside))
            (*names)[kept++] = (*names)[i];
    }
    return kept;
}

static int ascending(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Is this one of the seeds that the profile asks for now? */
static int seed_exists(const struct bench *b, const struct program *p, enum profile profile,
                       uint64_t seed)
{
    const double own = parameter_value(p->r.parameters, p->r.parameter_count, "seeds", profile, 0);

    if (profile != b->profile || p->seed_count == 0)
        return seed >= 1 && (double)seed <= own;
    for (size_t i = 0; i < p->seed_count; i++)
        if (p->seeds[i] == seed)
            return 1;
    return 0;
}

static void look_at_seeds(struct bench *b, const struct program *p, enum profile profile,
                          const char *cell, struct orphans *found)
{
    struct ranges gone = {0};
    char **names;
    const size_t n = folders_in(&b->mem, cell, &names, found);
    uint64_t *seeds = arena_get(&b->mem, n, sizeof *seeds);
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        int64_t seed;

        if (text_to_int(names[i], "seed", 0, INT64_MAX, &seed) != STATUS_OK)
            print_orphan(arena_text(&b->mem, "%s/%s", cell, names[i]), "no seed", found);
        else if (!seed_exists(b, p, profile, (uint64_t)seed))
            seeds[count++] = (uint64_t)seed;
    }
    if (count == 0)
        return;
    qsort(seeds, count, sizeof *seeds, ascending);
    for (size_t i = 0; i < count; i++)
        ranges_add(&gone, seeds[i]);
    found->orphans += count;
    printf("orphan%s %s seed%s %s: none of the profile's seeds\n", count > 1 ? "s" : "", cell,
           count > 1 ? "s" : "", ranges_take(&gone, &b->mem));
}

static int cell_exists(struct bench *b, const struct program *p, enum profile profile,
                       const char *name)
{
    const size_t n = reproduction_cell_count(&p->r, profile);

    for (size_t i = 0; i < n; i++)
        if (strcmp(reproduction_cell_name(&p->r, profile, i, &b->mem), name) == 0)
            return 1;
    return 0;
}

/* "real-native": a kind of data that the program can have, and a mode. */
static int variant_exists(const struct program *p, const char *name)
{
    static const char *const theory[] = {"none-native", "none-pinned"};
    static const char *const data[] = {"real-native", "real-pinned", "stand-in-native",
                                       "stand-in-pinned"};
    const char *const *known = p->r.data != NULL ? data : theory;
    const size_t n = p->r.data != NULL ? 4 : 2;

    for (size_t i = 0; i < n; i++)
        if (strcmp(known[i], name) == 0)
            return 1;
    return 0;
}

static void look_at_cells(struct bench *b, const struct program *p, enum profile profile,
                          const char *variant, struct orphans *found)
{
    char **names, **derived;
    const size_t n = folders_in(&b->mem, variant, &names, found);

    for (size_t i = 0; i < n; i++) {
        const char *path = arena_text(&b->mem, "%s/%s", variant, names[i]);

        if (cell_exists(b, p, profile, names[i]))
            look_at_seeds(b, p, profile, path, found);
        else if (strcmp(names[i], "summary") != 0)
            print_orphan(path, "no such cell", found);
        else
            (void)folders_in(&b->mem, path, &derived, found);
    }
}

static void look_at_profiles(struct bench *b, const struct program *p, const char *folder,
                             struct orphans *found)
{
    char **profiles, **variants;
    const size_t n = folders_in(&b->mem, folder, &profiles, found);

    for (size_t i = 0; i < n; i++) {
        const char *path = arena_text(&b->mem, "%s/%s", folder, profiles[i]);
        const int profile = profile_find(profiles[i]);

        if (profile < 0) {
            print_orphan(path, "no such profile", found);
            continue;
        }
        const size_t m = folders_in(&b->mem, path, &variants, found);
        for (size_t k = 0; k < m; k++) {
            const char *variant = arena_text(&b->mem, "%s/%s", path, variants[k]);

            if (variant_exists(p, variants[k]))
                look_at_cells(b, p, (enum profile)profile, variant, found);
            else
                print_orphan(variant, "no such data and mode", found);
        }
    }
}

static const struct program *program_of(const struct bench *b, const char *id)
{
    for (size_t i = 0; i < b->program_count; i++)
        if (strcmp(b->programs[i].id, id) == 0)
            return &b->programs[i];
    return NULL;
}

void orphans_print(struct bench *b, struct orphans *found)
{
    const char *results = arena_text(&b->mem, "%s/results", b->build);
    char **names;
    const size_t n = folders_in(&b->mem, results, &names, found);

    for (size_t i = 0; i < n; i++) {
        const char *path = arena_text(&b->mem, "%s/%s", results, names[i]);
        const struct program *p = program_of(b, names[i]);

        if (p != NULL)
            look_at_profiles(b, p, path, found);
        else if (text_matches(b->only, names[i]))
            print_orphan(path, "no such program", found);
    }
}
