/* SPDX-License-Identifier: GPL-3.0-or-later */
/* describe: what describe_read accepts can be written, and from then on nothing changes; see
 * fuzz.h. */
#include "fuzz.h"

#include "harness/describe.h"

/* Reads `from`, and appends to `to` what was understood. */
static enum status again(struct text *to, const char *bytes, size_t n)
{
    struct reproduction r;
    struct arena mem = {0};
    const enum status status = describe_read(&r, &mem, bytes, n);

    if (status == STATUS_OK) {
        HOLDS(r.id != NULL);
        HOLDS(describe_write(to, &r) == STATUS_OK);
    } else {
        fuzz_refused(status);
        HOLDS(r.id == NULL && r.parameter_count == 0 && r.metric_count == 0 && r.claim_count == 0);
    }
    arena_free(&mem);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct text first = {0}, second = {0}, third = {0};
    struct reproduction r;
    struct arena mem = {0};

    if (again(&first, (const char *)data, n) == STATUS_OK) {
        /* Rows of one name that lay apart are one entry when they have come together. */
        HOLDS(again(&second, text_get(&first), first.length) == STATUS_OK);
        HOLDS(again(&third, text_get(&second), second.length) == STATUS_OK);
        HOLDS(strcmp(text_get(&second), text_get(&third)) == 0);
    }
    memory_fail_at(1 + n % 7);
    if (describe_read(&r, &mem, (const char *)data, n) != STATUS_OK)
        HOLDS(r.id == NULL && r.claims == NULL);
    memory_fail_at(0);
    arena_free(&mem);
    text_free(&first);
    text_free(&second);
    text_free(&third);
    return 0;
}
