/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digest_blocks: SHA-256 of whole blocks by the processor's own instructions, where it has them. */
#ifndef BASE_DIGEST_BLOCKS_H
#define BASE_DIGEST_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_BLOCK = 64 };

/* Whether this processor has them; else digest_blocks must not be called. */
int digest_blocks_can(void);

/* state (8) goes over `count` blocks of DIGEST_BLOCK bytes (FIPS 180-4, section 6.2.2). */
void digest_blocks(uint32_t *state, const uint8_t *bytes, size_t count);

#endif
