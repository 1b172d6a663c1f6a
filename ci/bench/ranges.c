/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ranges.h"

static void ranges_write(struct ranges *r)
{
    text_add(&r->text, "%s%llu", r->text.length > 0 ? "," : "", (unsigned long long)r->first);
    if (r->last > r->first)
        text_add(&r->text, "-%llu", (unsigned long long)r->last);
}

void ranges_add(struct ranges *r, uint64_t seed)
{
    if (r->count > 0 && seed == r->last + 1) {
        r->last = seed;
    } else {
        if (r->count > 0)
            ranges_write(r);
        r->first = r->last = seed;
    }
    r->count++;
}

const char *ranges_take(struct ranges *r, struct arena *mem)
{
    if (r->count > 0)
        ranges_write(r);
    const char *text = arena_text(mem, "%s", text_get(&r->text));
    text_free(&r->text);
    *r = (struct ranges){0};
    return text;
}
