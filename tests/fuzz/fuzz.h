/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz: what the fuzz targets share. A target is one libFuzzer program, tests/fuzz/<name>.c; it
 * hands hostile bytes to a reader and holds the answer against a naive account of the format, so
 * that accepting too much is found as well as a crash. tests/fuzz/run builds and runs them. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/status.h"

/* libFuzzer's own names. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t most);

#define HOLDS(condition) CHECK(condition, "this holds for every input")

/* A file with these bytes, in memory; its name ends in ".gz" or does not. Static storage: one file
 * with two names below TEST_TMP, which the runner removes. */
static inline const char *fuzz_file(const uint8_t *data, size_t n, int gzip)
{
    static char plain[300], packed[300];
    static int fd = -1;

    if (fd < 0) {
        const char *folder = getenv("TEST_TMP");
        snprintf(plain, sizeof plain, "%s/fuzz-%ld", folder ? folder : "/tmp", (long)getpid());
        snprintf(packed, sizeof packed, "%s.gz", plain);
        fd = open(plain, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        HOLDS(fd >= 0 && link(plain, packed) == 0);
    }
    HOLDS(ftruncate(fd, 0) == 0);
    HOLDS(pwrite(fd, data, n, 0) == (ssize_t)n);
    return gzip ? packed : plain;
}

/* Non-zero when the bytes are the start of a gzip file. */
static inline int fuzz_is_gzip(const uint8_t *data, size_t n)
{
    return n >= 2 && data[0] == 0x1f && data[1] == 0x8b;
}

/* A failure that a reader of files may report, in one line. */
static inline void fuzz_refused(enum status status)
{
    HOLDS(status == STATUS_DATA || status == STATUS_MEMORY);
    HOLDS(status_message()[0] != 0 && strchr(status_message(), '\n') == NULL);
}

/* The input as a string; free it with memory_free. */
static inline char *fuzz_text(const uint8_t *data, size_t n)
{
    char *text = memory_get(n + 1, 1);

    HOLDS(text != NULL);
    if (n > 0)
        memcpy(text, data, n);
    return text;
}

#endif
