/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digest_blocks: see digest_blocks.h. */
#include "base/digest_blocks.h"

#include "base/check.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

static int ask(void)
{
    unsigned a, b, c, d;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1))
        return 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

/* Asked once: a virtual machine takes microseconds to answer. */
int digest_blocks_can(void)
{
    static _Atomic int answer; /* 0: not asked */

    if (answer == 0)
        answer = ask() ? 1 : -1;
    return answer > 0;
}

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#define DIGEST_TARGET static inline __attribute__((target("sha,sse4.1")))

DIGEST_TARGET __m128i load(const void *from)
{
    return _mm_loadu_si128(from);
}

/* The next four words of the schedule from the last sixteen, oldest first. */
DIGEST_TARGET __m128i next_words(__m128i w0, __m128i w1, __m128i w2, __m128i w3)
{
    const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));

    return _mm_sha256msg2_epu32(sum, w3);
}

/* One block; the halves of the state as the instructions want them, (f e b a) and (h g d c). */
DIGEST_TARGET void one_block(const uint8_t *bytes, __m128i *abef, __m128i *cdgh)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const __m128i abef_before = *abef, cdgh_before = *cdgh;
    __m128i w[4];

    for (int i = 0; i < 4; i++)
        w[i] = _mm_shuffle_epi8(load(bytes + 16 * i), swap);
    for (int i = 0; i < 16; i++) {
        const __m128i k = _mm_add_epi32(w[0], load(constants + 4 * i));
        const __m128i fresh = next_words(w[0], w[1], w[2], w[3]);

        *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, k);
        *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(k, 0x0e));
        w[0] = w[1];
        w[1] = w[2];
        w[2] = w[3];
        w[3] = fresh;
    }
    *abef = _mm_add_epi32(*abef, abef_before);
    *cdgh = _mm_add_epi32(*cdgh, cdgh_before);
}

__attribute__((target("sha,sse4.1"))) void digest_blocks(uint32_t *state, const uint8_t *bytes,
                                                         size_t count)
{
    const __m128i cdab = _mm_shuffle_epi32(load(state), 0xb1);
    const __m128i efgh = _mm_shuffle_epi32(load(state + 4), 0x1b);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);

    for (size_t i = 0; i < count; i++)
        one_block(bytes + i * DIGEST_BLOCK, &abef, &cdgh);

    const __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((void *)state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

#else

int digest_blocks_can(void)
{
    return 0;
}

void digest_blocks(uint32_t *state, const uint8_t *bytes, size_t count)
{
    CHECK(count == 0, "%zu blocks at %p for %p without instructions", count, (const void *)bytes,
          (void *)state);
}

#endif
