/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digest: see digest.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/digest_blocks.h"

void digest_start(struct digest *d)
{
    SHA256Init(&d->state);
}

/* The whole blocks go past libmd where the processor has instructions: eight times as fast. */
void digest_bytes(struct digest *d, const void *bytes, size_t n)
{
    const size_t begun = d->state.bitcount[0] / 8 % DIGEST_BLOCK;
    const size_t first = begun > 0 ? DIGEST_BLOCK - begun : 0;

    if (n >= first + DIGEST_BLOCK && digest_blocks_can()) {
        const size_t count = (n - first) / DIGEST_BLOCK;

        if (first > 0)
            SHA256Update(&d->state, bytes, first);
        digest_blocks(d->state.state.st32, (const uint8_t *)bytes + first, count);
        d->state.bitcount[0] += (uint64_t)count * DIGEST_BLOCK * 8;
        bytes = (const uint8_t *)bytes + first + count * DIGEST_BLOCK;
        n -= first + count * DIGEST_BLOCK;
    }
    if (n > 0)
        SHA256Update(&d->state, bytes, n);
}

void digest_text(struct digest *d, const char *text)
{
    digest_bytes(d, text, strlen(text) + 1);
}

void digest_end(struct digest *d, char out[DIGEST_TEXT])
{
    static const char hex[] = "0123456789abcdef";
    uint8_t bytes[SHA256_DIGEST_LENGTH];

    SHA256Final(bytes, &d->state);
    for (size_t i = 0; i < sizeof bytes; i++) {
        out[2 * i] = hex[bytes[i] >> 4];
        out[2 * i + 1] = hex[bytes[i] & 15];
    }
    out[2 * sizeof bytes] = 0;
}

enum status digest_file(const char *path, char out[DIGEST_TEXT])
{
    unsigned char buffer[1 << 15];
    struct digest d;
    size_t n;

    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return status_set(STATUS_DATA, "%s: expected a readable file, found: %s", path,
                          strerror(errno));
    digest_start(&d);
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0)
        digest_bytes(&d, buffer, n);
    const int failed = ferror(file), reason = errno;
    fclose(file);
    if (failed)
        return status_set(STATUS_DATA, "%s: expected a readable file, found: %s", path,
                          strerror(reason));
    digest_end(&d, out);
    return STATUS_OK;
}
