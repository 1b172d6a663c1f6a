/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/coupled_memo.h"

#include <string.h>

#include "base/check.h"

struct coupled_seen {
    size_t k;
    uint64_t seed;
    int all;
    double *plan, *cost;
    struct coupled_iteration out;
};

struct coupled_memo coupled_memo_create(struct arena *mem, size_t most, size_t plan, size_t cost)
{
    struct coupled_memo m = {.most = most, .plan = plan, .cost = cost,
                             .seen = arena_get(mem, most, sizeof *m.seen)};

    for (size_t i = 0; i < most; i++) {
        m.seen[i].plan = arena_get(mem, plan, sizeof(double));
        m.seen[i].cost = arena_get(mem, cost, sizeof(double));
    }
    return m;
}

static void check_sizes(const struct coupled_memo *m, const struct coupled_transfer *c)
{
    const size_t block = c->plan.b * c->plan.b;

    CHECK(m->plan == c->plan.blocks * block && m->cost == c->evaluated.blocks * block,
          "a memo of %zu and %zu entries for %zu and %zu blocks of %zu", m->plan, m->cost,
          c->plan.blocks, c->evaluated.blocks, c->plan.b);
}

int coupled_memo_find(const struct coupled_memo *m, const struct coupled_transfer *c, size_t k,
                      uint64_t seed, int all, struct coupled_iteration *out)
{
    if (m == NULL)
        return 0;
    check_sizes(m, c);
    for (size_t i = 0; i < m->count; i++) {
        const struct coupled_seen *s = &m->seen[i];

        if (s->k != k || s->seed != seed || s->all < all ||
            memcmp(s->plan, c->plan.plan, m->plan * sizeof *s->plan) != 0)
            continue;
        memcpy(c->cost, s->cost, m->cost * sizeof *s->cost);
        *out = s->out;
        return 1;
    }
    return 0;
}

void coupled_memo_keep(struct coupled_memo *m, const struct coupled_transfer *c, size_t k,
                       uint64_t seed, int all, const struct coupled_iteration *out)
{
    if (m == NULL || m->count == m->most)
        return;
    check_sizes(m, c);
    struct coupled_seen *s = &m->seen[m->count++];

    s->k = k;
    s->seed = seed;
    s->all = all;
    s->out = *out;
    memcpy(s->plan, c->plan.plan, m->plan * sizeof *s->plan);
    memcpy(s->cost, c->cost, m->cost * sizeof *s->cost);
}
