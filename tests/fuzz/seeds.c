/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seeds: lists of seeds; see fuzz.h. */
#include "fuzz.h"

#include "harness/seeds.h"

enum { MOST = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = fuzz_text(data, n);
    uint64_t seeds[MOST];
    size_t count = 0;
    const enum status status = seeds_read(text, seeds, MOST, &count);

    HOLDS(status == STATUS_OK || status == STATUS_USAGE);
    HOLDS(count <= MOST);
    if (status == STATUS_OK) {
        HOLDS(count > 0 && text[strspn(text, "0123456789-,")] == 0);
        HOLDS(strtoull(text, NULL, 10) == seeds[0]);
    }
    for (size_t i = 0; i < count; i++) {
        HOLDS(seeds[i] >= 1 && seeds[i] <= INT32_MAX);
        for (size_t j = 0; j < i; j++)
            HOLDS(seeds[i] != seeds[j]);
    }
    memory_free(text);
    return 0;
}
