/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batches: see batches.h. */
#include "net/batches.h"

#include <string.h>

#include "base/check.h"

struct batches batches_create(struct arena *mem, struct rng *rng, size_t n, size_t batch)
{
    CHECK(n >= 1 && n < UINT32_MAX && batch >= 1, "%zu examples in batches of %zu", n, batch);

    struct batches b = {.rng = rng, .n = n, .batch = batch};
    b.order = arena_get(mem, n, sizeof *b.order);
    return b;
}

size_t batches_next(struct batches *b, const uint32_t **indices)
{
    if (b->next == 0)
        rng_permutation(b->rng, b->order, b->n);
    if (b->next == b->n) {
        b->next = 0;
        return 0;
    }
    const size_t left = b->n - b->next;
    const size_t count = left < b->batch ? left : b->batch;
    *indices = b->order + b->next;
    b->next += count;
    return count;
}

void batches_gather(const float *x, size_t width, const uint32_t *indices, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * width, x + indices[i] * width, width * sizeof *out);
}
