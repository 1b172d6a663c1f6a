/* SPDX-License-Identifier: GPL-3.0-or-later */
/* damaged: a folder of files that a test program writes, packs, ages and damages. One folder a
 * program: open_folder and remove_folder are the group's setup and teardown. */
#ifndef TESTS_DAMAGED_H
#define TESTS_DAMAGED_H

#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "test.h"

static const char *folder;
static char path[1024]; /* what name() gave last */

static inline int open_folder(void **state)
{
    (void)state;
    folder = test_folder();
    return 0;
}

static inline int remove_folder(void **state)
{
    (void)state;
    return file_remove_folder(folder) != STATUS_OK;
}

/* "<folder>/<file>", in `path`. */
static inline const char *name(const char *file)
{
    snprintf(path, sizeof path, "%s/%s", folder, file);
    return path;
}

static inline void put(const char *file, const void *bytes, size_t n)
{
    CHECK_STATUS(file_write(name(file), bytes, n), STATUS_OK);
}

/* The gzip form of the bytes, from memory_get. */
static inline uint8_t *pack(const void *bytes, size_t n, size_t *size)
{
    gzFile file = gzopen(name("scratch"), "wb9");
    char *out;

    CHECK_TRUE(file != NULL && gzwrite(file, bytes, (unsigned)n) == (int)n);
    CHECK_TRUE(gzclose(file) == Z_OK);
    CHECK_STATUS(file_read(path, SIZE_MAX / 8, &out, size), STATUS_OK);
    return (uint8_t *)out;
}

/* Gives a file an old time, by which is_old knows whether it was written since. */
static inline void age(const char *file)
{
    const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

    CHECK_TRUE(utimensat(AT_FDCWD, name(file), times, 0) == 0);
}

static inline int is_old(const char *file)
{
    struct stat found;

    CHECK_TRUE(stat(name(file), &found) == 0);
    return found.st_mtime == 1000;
}

#endif
