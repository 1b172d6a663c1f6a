/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text: numbers that are read strictly, and the nearest name; see fuzz.h. */
#include "fuzz.h"

#include <math.h>

#include "base/text.h"

/* [-](nan | inf | digits with at most one point, at least one digit, and an exponent), by hand. */
static int is_number(const char *p)
{
    size_t before, after = 0;

    if (strcmp(p, "nan") == 0)
        return 1;
    p += *p == '-';
    if (strcmp(p, "inf") == 0)
        return 1;
    before = strspn(p, "0123456789");
    p += before;
    if (*p == '.') {
        after = strspn(p + 1, "0123456789");
        p += 1 + after;
    }
    if (before + after == 0)
        return 0;
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '-' || p[1] == '+');
        if (*p < '0' || *p > '9')
            return 0;
        p += strspn(p, "0123456789");
    }
    return *p == 0;
}

static void real(const char *text)
{
    char written[TEXT_DOUBLE];
    double value, again;
    const enum status status = text_to_double(text, "number", &value);

    if (status != STATUS_OK) {
        HOLDS(status == STATUS_USAGE);
        HOLDS(!is_number(text) || isinf(strtod(text, NULL)));
        return;
    }
    HOLDS(is_number(text));
    HOLDS(text_to_double(text_double(written, value), "number", &again) == STATUS_OK);
    HOLDS(isnan(value) ? isnan(again) : memcmp(&value, &again, sizeof value) == 0);
}

static void whole(const char *text)
{
    const char *digits = text + (*text == '-');
    int64_t value;
    const enum status status = text_to_int(text, "number", -1000, INT64_MAX, &value);

    HOLDS(status == STATUS_OK || status == STATUS_USAGE);
    if (status != STATUS_OK)
        return;
    HOLDS(value >= -1000 && *digits != 0 && digits[strspn(digits, "0123456789")] == 0);
    HOLDS(value == strtoll(text, NULL, 10));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const names[] = {
        "", "a", "profile", "time-limit", "seeds", "seed",
        "longer-than-the-sixty-three-bytes-up-to-which-names-are-suggested"};
    char *text = fuzz_text(data, n);
    const char *near = text_nearest(text, names, 7);

    real(text);
    whole(text);
    HOLDS(near == NULL || strlen(near) < 63);
    for (int i = 0; i < 6; i++)
        HOLDS(strcmp(text, names[i]) != 0 || near == names[i]);
    memory_free(text);
    return 0;
}
