/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint: named blocks of memory in one file, from which a killed computation goes on.
 *
 * A file is a head (magic, version, byte order, whose it is, size of the whole), a table of the
 * blocks (name, size), their bytes one after the other, and the SHA-256 of all that. Bytes are as
 * the machine has them: a checkpoint is for the program that wrote it, not for exchange. The file
 * appears complete under its name or not at all. */
#ifndef NET_CHECKPOINT_H
#define NET_CHECKPOINT_H

#include <stddef.h>

#include "base/digest.h"
#include "base/status.h"

#define CHECKPOINT_NAME 24 /* bytes of a name with its closing 0 */

struct checkpoint_block {
    const char *name;     /* 1..CHECKPOINT_NAME - 1 bytes, each once in a file */
    void *bytes;          /* size; written by checkpoint_load */
    size_t size;          /* 0 is fine */
};

/* Bytes of a file with these blocks. */
size_t checkpoint_size(const struct checkpoint_block *blocks, size_t n);

/* Writes the file in one atomic step, flushed to disk. owner: digest of all that makes this
 * computation another than its neighbours (digest.h). room: checkpoint_size bytes of scratch, so
 * that a loop takes its memory once. STATUS_IO. */
enum status checkpoint_save(const char *path, const char owner[DIGEST_TEXT],
                            const struct checkpoint_block *blocks, size_t n, void *room) MUST_USE;

/* Fills the blocks from the file, which must be this owner's and hold exactly these blocks, in this
 * order, with these names and sizes. Nothing of the file is believed before its digest is; on
 * failure no block is touched. STATUS_DATA with one line: file, expected, found, what to do.
 * STATUS_MEMORY. */
enum status checkpoint_load(const char *path, const char owner[DIGEST_TEXT],
                            const struct checkpoint_block *blocks, size_t n) MUST_USE;

/* Removes the file; a missing one is fine. STATUS_IO. */
enum status checkpoint_remove(const char *path) MUST_USE;

#endif
