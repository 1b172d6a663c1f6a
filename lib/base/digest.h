/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digest: SHA-256 (libmd), for keys of results and checksums of records. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sha2.h>

#include "base/status.h"

#define DIGEST_TEXT 65 /* 64 hexadecimal digits and a 0 */

struct digest {
    SHA2_CTX state;
};

void digest_start(struct digest *d);
void digest_bytes(struct digest *d, const void *bytes, size_t n);
/* With its closing 0, so that "ab", "c" is not "a", "bc". */
void digest_text(struct digest *d, const char *text);
void digest_end(struct digest *d, char out[DIGEST_TEXT]);

/* The digest of a file's bytes. */
enum status digest_file(const char *path, char out[DIGEST_TEXT]) MUST_USE;

#endif
