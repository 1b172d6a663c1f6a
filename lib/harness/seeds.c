/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/seeds.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static enum status add(uint64_t *seeds, size_t most, size_t *n, uint64_t seed)
{
    for (size_t i = 0; i < *n; i++)
        if (seeds[i] == seed)
            return status_set(STATUS_USAGE, "seed %llu is named twice", (unsigned long long)seed);
    if (*n == most)
        return status_set(STATUS_USAGE, "more than %zu seeds", most);
    seeds[(*n)++] = seed;
    return STATUS_OK;
}

enum status seeds_read(const char *text, uint64_t *seeds, size_t most, size_t *n)
{
    *n = 0;
    for (const char *at = text;; at++) {
        const size_t length = strcspn(at, ",");
        char part[64], *dash;
        int64_t first, last;

        if (length >= sizeof part)
            return status_set(STATUS_USAGE, "'%s' is no list of seeds like 1-20 or 1,4,7", text);
        snprintf(part, sizeof part, "%.*s", (int)length, at);
        dash = strchr(part, '-');
        if (dash != NULL)
            *dash = '\0';
        TRY(text_to_int(part, "a seed", 1, INT32_MAX, &first));
        last = first;
        if (dash != NULL)
            TRY(text_to_int(dash + 1, "the last seed of a range", first, INT32_MAX, &last));
        for (int64_t seed = first; seed <= last; seed++)
            TRY(add(seeds, most, n, (uint64_t)seed));
        at += length;
        if (*at == '\0')
            return STATUS_OK;
    }
}
