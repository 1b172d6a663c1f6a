/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file: whole files in and out. A file gets its final name only when it is complete. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"

/* Writes to a temporary name beside `path`, flushes to disk, and renames. On failure the old file,
 * if any, is untouched and the temporary one is gone. */
enum status file_write(const char *path, const void *bytes, size_t n) MUST_USE;

/* As file_write, but leaves an existing file with the same bytes alone (its time stays). */
enum status file_write_if_changed(const char *path, const void *bytes, size_t n) MUST_USE;

/* The whole file in memory from memory_get, with a 0 behind it that `n` does not count. More than
 * `most` bytes is an error (STATUS_DATA), as are a directory and an unreadable file. */
enum status file_read(const char *path, size_t most, char **bytes, size_t *n) MUST_USE;

/* Creates the folder and its parents. */
enum status file_make_folder(const char *path) MUST_USE;

/* Removes a folder and all in it; a missing one is fine. Symbolic links are removed, not
 * followed. */
enum status file_remove_folder(const char *path) MUST_USE;

int file_exists(const char *path);      /* of any kind */
int file_is_folder(const char *path);

/* Names in a folder, sorted bytewise, without "." and "..", in the arena; *n is 0 for a missing
 * folder. */
enum status file_list(struct arena *mem, const char *path, char ***names, size_t *n) MUST_USE;

#endif
