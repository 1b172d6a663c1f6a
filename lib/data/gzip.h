/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gzip: a whole plain or gzip file in memory, trusting nothing that the file says of itself. */
#ifndef DATA_GZIP_H
#define DATA_GZIP_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* The content of the file, *n bytes from memory_get; the caller frees *bytes. A name that ends in
 * ".gz" must hold exactly one gzip member and nothing behind it; any other name is read as it is
 * and must not be gzip. Memory stays below twice `most` plus the file, whatever the file claims.
 *
 * STATUS_DATA with one line (file, expected, found, what to do) for a missing, unreadable or empty
 * file, a folder, a file that is not gzip or is when it should not be, one that is cut, has a wrong
 * checksum or length, bytes behind the end, or more than `most` bytes of content. On failure *bytes
 * is NULL and *n is 0. */
enum status gzip_read(const char *path, size_t most, uint8_t **bytes, size_t *n) MUST_USE;

#endif
