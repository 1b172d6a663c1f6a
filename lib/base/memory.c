/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory: see memory.h. */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"

enum { ALIGNMENT = 64 };

static const size_t SMALLEST_CHUNK = (size_t)1 << 20, LARGEST_CHUNK = (size_t)64 << 20;

static atomic_size_t allocations;
static atomic_size_t fail_in; /* 0: off; 1: the next allocation fails */

void memory_fail_at(size_t k)
{
    atomic_store(&fail_in, k);
}

size_t memory_count(void)
{
    return atomic_load(&allocations);
}

/* Whether the hook wants this allocation to fail; counts down by one. */
static int hook_fires(void)
{
    size_t k = atomic_load(&fail_in);

    while (k > 0 && !atomic_compare_exchange_weak(&fail_in, &k, k - 1))
        continue;
    return k == 1;
}

/* `bytes` bytes that are not cleared, or NULL with the message set. Not aligned_alloc, whose
 * rounded sizes would hide a step over the end from the address sanitizer. */
static void *take(size_t bytes)
{
    void *block = NULL;

    atomic_fetch_add(&allocations, 1);
    if (!hook_fires() && posix_memalign(&block, ALIGNMENT, bytes) == 0)
        return block;
    (void)status_set(STATUS_MEMORY, "out of memory: %zu bytes could not be had", bytes);
    return NULL;
}

/* count * size, at least 1; 0 with the message set when the product overflows. */
static size_t product(size_t count, size_t size)
{
    if (size > 0 && count > SIZE_MAX / 2 / size) {
        (void)status_set(STATUS_MEMORY, "out of memory: %zu items of %zu bytes could not be had",
                         count, size);
        return 0;
    }
    return count * size > 0 ? count * size : 1;
}

void *memory_get(size_t count, size_t size)
{
    const size_t bytes = product(count, size);
    void *block = bytes > 0 ? take(bytes) : NULL;

    if (block != NULL)
        memset(block, 0, bytes);
    return block;
}

void *memory_grow(void *block, size_t old_count, size_t new_count, size_t size)
{
    CHECK(block != NULL || old_count == 0, "no block, but %zu old items", old_count);
    const size_t bytes = product(new_count, size);
    char *grown = bytes > 0 ? take(bytes) : NULL;

    if (grown == NULL)
        return NULL;
    const size_t kept = (old_count < new_count ? old_count : new_count) * size;
    if (kept > 0)
        memcpy(grown, block, kept);
    memset(grown + kept, 0, bytes - kept);
    memory_free(block);
    return grown;
}

char *memory_text(const char *text)
{
    const size_t n = strlen(text) + 1;
    char *copy = memory_get(n, 1);

    if (copy != NULL)
        memcpy(copy, text, n);
    return copy;
}

void memory_free(void *block)
{
    free(block);
}

/* ---- arenas ---- */

/* The head of a chunk; its bytes begin ALIGNMENT behind it. */
struct arena_block {
    struct arena_block *next;
    size_t size, used; /* bytes of the chunk without the head */
};

_Static_assert(sizeof(struct arena_block) <= ALIGNMENT, "a chunk's head precedes its bytes");

/* Out of memory: to the guard, once; the message is set. */
static _Noreturn void give_up(struct arena *arena)
{
    CHECK(arena->guarded, "%s, and the arena has no guard", status_message());
    arena->guarded = 0;
    longjmp(arena->guard, 1);
}

static struct arena_block *new_block(struct arena *arena, size_t size)
{
    struct arena_block *b = take(size + ALIGNMENT); /* no product is above SIZE_MAX / 2 */

    if (b == NULL)
        give_up(arena);
    *b = (struct arena_block){.size = size};
    return b;
}

/* A chunk with `bytes` bytes free. Chunks double; what is larger than a chunk gets a block of its
 * own, placed behind the newest chunk so that this one goes on being filled. */
static struct arena_block *block_with_room(struct arena *arena, size_t bytes)
{
    struct arena_block *newest = arena->blocks;

    if (newest != NULL && newest->size - newest->used >= bytes)
        return newest;
    size_t size = newest == NULL ? SMALLEST_CHUNK : 2 * newest->size;
    size = size < LARGEST_CHUNK ? size : LARGEST_CHUNK;
    if (size < bytes && newest != NULL) {
        struct arena_block *own = new_block(arena, bytes);
        own->next = newest->next;
        newest->next = own;
        return own;
    }
    struct arena_block *chunk = new_block(arena, size < bytes ? bytes : size);
    chunk->next = newest;
    arena->blocks = chunk;
    return chunk;
}

void *arena_get(struct arena *arena, size_t count, size_t size)
{
    const size_t wanted = product(count, size);

    if (wanted == 0)
        give_up(arena);
    const size_t bytes = (wanted + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct arena_block *b = block_with_room(arena, bytes);
    char *place = (char *)b + ALIGNMENT + b->used;

    b->used += bytes;
    arena->used += bytes;
    memset(place, 0, bytes);
    return place;
}

char *arena_text(struct arena *arena, const char *format, ...)
{
    va_list list, again;

    va_start(list, format);
    va_copy(again, list);
    const int n = vsnprintf(NULL, 0, format, list);
    va_end(list);
    CHECK(n >= 0, "a format that printf takes: %s", format);
    char *text = arena_get(arena, (size_t)n + 1, 1);
    vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}

void arena_free(struct arena *arena)
{
    for (struct arena_block *b = arena->blocks, *next; b != NULL; b = next) {
        next = b->next;
        memory_free(b);
    }
    arena->blocks = NULL;
    arena->used = 0;
    arena->guarded = 0;
}
