/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory: zeroed, overflow-checked allocation that can be made to fail in tests, and arenas.
 *
 * Everything that the library allocates goes through here. Blocks are aligned to 64 bytes. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <setjmp.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/status.h"

/* count * size zeroed bytes (at least one); NULL with STATUS_MEMORY's message on failure or when
 * the product overflows. Free with memory_free. */
void *memory_get(size_t count, size_t size) MUST_USE;

/* Grows a block from memory_get to new_count * size bytes, the new part zeroed. On failure NULL,
 * and the old block stays valid. `block` may be NULL with old_count 0. */
void *memory_grow(void *block, size_t old_count, size_t new_count, size_t size) MUST_USE;

/* A copy of the string. */
char *memory_text(const char *text) MUST_USE;

/* NULL is allowed. */
void memory_free(void *block);

/* Test hook: the k-th allocation from now (1 is the next) fails, and only that one; 0 switches the
 * hook off. Arena blocks count as well. */
void memory_fail_at(size_t k);

/* How many allocations were made by this process so far: tests ask it around an iteration to see
 * that none is made inside. */
size_t memory_count(void);

/* An arena hands out memory that is released in one call. It never returns NULL: where memory runs
 * out it jumps to its guard, so a program of a paper needs no check behind every vector. */
struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used;                /* bytes handed out since the last reset */
    jmp_buf guard;
    int guarded;                /* guard is valid */
};

/* A zeroed struct arena is a valid empty arena. */

/* Non-zero when memory ran out below this call (the message is set): if (arena_guard(&a)) ...
 * Valid until the function that called it returns or calls arena_unguard. */
#define arena_guard(arena) ((arena)->guarded = 1, setjmp((arena)->guard))
#define arena_unguard(arena) ((void)((arena)->guarded = 0))

/* count * size zeroed bytes, 64-byte aligned. Without a guard, exhaustion is a CHECK. */
void *arena_get(struct arena *arena, size_t count, size_t size) MUST_USE;

/* printf into the arena. */
char *arena_text(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3) MUST_USE;

/* Releases everything; the arena is empty and usable again. */
void arena_free(struct arena *arena);

#endif
