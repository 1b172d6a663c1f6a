/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint: see checkpoint.h. */
#include "net/checkpoint.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"

#define VERSION 1
#define ORDER   0x01020304u /* reads otherwise where bytes stand the other way round */
#define DIGITS  (DIGEST_TEXT - 1)
#define ADVICE  "remove it to start again"

static const char magic[16] = "infogeo saved\n";

struct head {
    char magic[16];
    uint32_t version, order;
    char owner[DIGITS];
    uint64_t blocks;
    uint64_t size;            /* of the whole file */
};

struct entry {
    char name[CHECKPOINT_NAME];
    uint64_t size;
};

size_t checkpoint_size(const struct checkpoint_block *blocks, size_t n)
{
    size_t size = sizeof(struct head) + n * sizeof(struct entry) + DIGITS;

    for (size_t b = 0; b < n; b++)
        size += blocks[b].size;
    return size;
}

static struct entry entry_of(const struct checkpoint_block *block)
{
    const size_t length = strlen(block->name);
    struct entry e = {.size = block->size};

    CHECK(length >= 1 && length < CHECKPOINT_NAME, "a block named '%s'", block->name);
    memcpy(e.name, block->name, length);
    return e;
}

static void digest_of(const char *bytes, size_t n, char out[DIGEST_TEXT])
{
    struct digest d;

    digest_start(&d);
    digest_bytes(&d, bytes, n);
    digest_end(&d, out);
}

static char *append(char *to, const void *bytes, size_t n)
{
    if (n > 0)
        memcpy(to, bytes, n);
    return to + n;
}

enum status checkpoint_save(const char *path, const char owner[DIGEST_TEXT],
                            const struct checkpoint_block *blocks, size_t n, void *room)
{
    const size_t size = checkpoint_size(blocks, n);
    struct head head = {.version = VERSION, .order = ORDER, .blocks = n, .size = size};
    char digits[DIGEST_TEXT], *at = room;

    memcpy(head.magic, magic, sizeof magic);
    memcpy(head.owner, owner, sizeof head.owner);
    at = append(at, &head, sizeof head);
    for (size_t b = 0; b < n; b++) {
        const struct entry e = entry_of(&blocks[b]);
        at = append(at, &e, sizeof e);
    }
    for (size_t b = 0; b < n; b++)
        at = append(at, blocks[b].bytes, blocks[b].size);
    digest_of(room, size - DIGITS, digits);
    append(at, digits, DIGITS);
    return file_write(path, room, size);
}

/* ---- reading ---- */

/* Is this a whole, undamaged checkpoint, whatever it holds? */
static enum status form_check(const char *path, const char *bytes, size_t n)
{
    char digits[DIGEST_TEXT];
    struct head head;

    if (n < sizeof head + DIGITS || memcmp(bytes, magic, sizeof magic) != 0)
        return status_set(STATUS_DATA, "%s: expected a checkpoint, found another file of %zu bytes"
                          "; " ADVICE, path, n);
    memcpy(&head, bytes, sizeof head);
    if (head.order != ORDER || head.version != VERSION)
        return status_set(STATUS_DATA,
                          "%s: expected version %d in this machine's byte order, found version "
                          "%lu, byte order %08lx; " ADVICE,
                          path, VERSION, (unsigned long)head.version, (unsigned long)head.order);
    if (head.size != n)
        return status_set(STATUS_DATA, "%s: expected the %llu bytes that it names, found %zu; "
                          ADVICE, path, (unsigned long long)head.size, n);
    digest_of(bytes, n - DIGITS, digits);
    if (memcmp(bytes + n - DIGITS, digits, DIGITS) != 0)
        return status_set(STATUS_DATA, "%s: expected contents with the SHA-256 %.12s..., found "
                          "%.12s...: it is damaged; " ADVICE, path, bytes + n - DIGITS, digits);
    return STATUS_OK;
}

/* Are owner and blocks those that were asked for? There is a head, and the digest is right. */
static enum status blocks_check(const char *path, const char *bytes, size_t size,
                                const char owner[DIGEST_TEXT],
                                const struct checkpoint_block *blocks, size_t n)
{
    struct head head;

    memcpy(&head, bytes, sizeof head);
    if (memcmp(head.owner, owner, sizeof head.owner) != 0)
        return status_set(STATUS_DATA, "%s: expected the checkpoint of %.12s..., found that of "
                          "%.12s..., made with other settings; " ADVICE, path, owner, head.owner);
    if (head.blocks != n)
        return status_set(STATUS_DATA, "%s: expected %zu blocks, found %llu; " ADVICE, path, n,
                          (unsigned long long)head.blocks);
    for (size_t b = 0; b < n && sizeof head + (b + 1) * sizeof(struct entry) <= size; b++) {
        const struct entry wanted = entry_of(&blocks[b]);
        struct entry found;
        memcpy(&found, bytes + sizeof head + b * sizeof found, sizeof found);
        if (memcmp(&found, &wanted, sizeof found) != 0)
            return status_set(STATUS_DATA,
                              "%s: expected block %s of %llu bytes, found block '%.*s' of %llu; "
                              ADVICE,
                              path, wanted.name, (unsigned long long)wanted.size, CHECKPOINT_NAME,
                              found.name, (unsigned long long)found.size);
    }
    if (checkpoint_size(blocks, n) != size)
        return status_set(STATUS_DATA, "%s: expected %zu bytes, found %zu; " ADVICE, path,
                          checkpoint_size(blocks, n), size);
    return STATUS_OK;
}

static enum status content_take(const char *path, const char *bytes, size_t size,
                                const char owner[DIGEST_TEXT],
                                const struct checkpoint_block *blocks, size_t n)
{
    TRY(form_check(path, bytes, size));
    TRY(blocks_check(path, bytes, size, owner, blocks, n));

    const char *from = bytes + sizeof(struct head) + n * sizeof(struct entry);
    for (size_t b = 0; b < n; b++) {
        append(blocks[b].bytes, from, blocks[b].size);
        from += blocks[b].size;
    }
    return STATUS_OK;
}

enum status checkpoint_load(const char *path, const char owner[DIGEST_TEXT],
                            const struct checkpoint_block *blocks, size_t n)
{
    const size_t most = 2 * checkpoint_size(blocks, n); /* room to name what is larger */
    size_t size;
    char *bytes;
    enum status status = file_read(path, most, &bytes, &size);

    if (status == STATUS_DATA)
        return status_set(status, "%s; " ADVICE, status_message());
    if (status == STATUS_OK)
        status = content_take(path, bytes, size, owner, blocks, n);
    memory_free(bytes);
    return status;
}

enum status checkpoint_remove(const char *path)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return status_set(STATUS_IO, "%s: expected to remove it, found: %s; remove it by hand",
                          path, strerror(errno));
    return STATUS_OK;
}
