/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text: see text.h. */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/text.h"

/* ---- the C locale ---- */

/* The C locale of libc is a constant, so that nothing is left to free at the end of a thread. */
static locale_t c_locale(void)
{
    static _Thread_local locale_t c;

    if (c == (locale_t)0)
        c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    CHECK(c != (locale_t)0, "the C locale");
    return c;
}

/* vsnprintf with '.' as the decimal point whatever the program's locale. */
static int print_c(char *out, size_t size, const char *format, va_list list)
{
    const locale_t before = uselocale(c_locale());
    const int n = vsnprintf(out, size, format, list);

    uselocale(before);
    return n;
}

/* ---- growable strings ---- */

/* Room for n more bytes and a 0. */
static int make_room(struct text *t, size_t n)
{
    if (t->failed)
        return 0;
    if (n < t->capacity - t->length)
        return 1;
    size_t capacity = t->capacity > 0 ? t->capacity : 128;
    while (capacity - t->length <= n && capacity <= SIZE_MAX / 4)
        capacity *= 2;
    char *bytes = capacity - t->length > n ? memory_grow(t->bytes, t->capacity, capacity, 1) : NULL;
    if (bytes == NULL) {
        t->failed = 1;
        return 0;
    }
    t->bytes = bytes;
    t->capacity = capacity;
    return 1;
}

void text_add_list(struct text *t, const char *format, va_list list)
{
    va_list again;

    va_copy(again, list);
    const int n = print_c(NULL, 0, format, list);
    CHECK(n >= 0, "a format that printf takes: %s", format);
    if (make_room(t, (size_t)n)) {
        print_c(t->bytes + t->length, (size_t)n + 1, format, again);
        t->length += (size_t)n;
    }
    va_end(again);
}

void text_add(struct text *t, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    text_add_list(t, format, list);
    va_end(list);
}

void text_add_bytes(struct text *t, const char *bytes, size_t n)
{
    if (n == 0 || !make_room(t, n))
        return;
    memcpy(t->bytes + t->length, bytes, n);
    t->length += n;
    t->bytes[t->length] = 0;
}

enum status text_ok(const struct text *t)
{
    if (t->failed)
        return status_set(STATUS_MEMORY, "out of memory: a text of more than %zu bytes", t->length);
    return STATUS_OK;
}

const char *text_get(const struct text *t)
{
    return t->bytes != NULL ? t->bytes : "";
}

void text_free(struct text *t)
{
    memory_free(t->bytes);
    *t = (struct text){0};
}

/* ---- numbers ---- */

static int print_number(char out[TEXT_DOUBLE], const char *format, ...) PRINTF_LIKE(2, 3);

static int print_number(char out[TEXT_DOUBLE], const char *format, ...)
{
    va_list list;

    va_start(list, format);
    const int n = print_c(out, TEXT_DOUBLE, format, list);
    va_end(list);
    return n;
}

char *text_short(char out[TEXT_DOUBLE], double value, int digits)
{
    CHECK(digits >= 1 && digits <= 17, "1 to 17 digits, not %d", digits);
    if (isnan(value)) /* printf would show a sign that means nothing */
        strcpy(out, "nan");
    else
        print_number(out, "%.*g", digits, value);
    return out;
}

char *text_double(char out[TEXT_DOUBLE], double value)
{
    return text_short(out, value, 17);
}

char *text_float(char out[TEXT_DOUBLE], float value)
{
    return text_short(out, (double)value, 9);
}

static enum status bad_int(const char *text, const char *what, int64_t low, int64_t high)
{
    return status_set(STATUS_USAGE, "%s: expected a whole number from %" PRId64 " to %" PRId64
                      ", found '%s'", what, low, high, text);
}

enum status text_to_int(const char *text, const char *what, int64_t low, int64_t high, int64_t *out)
{
    const char *digits = *text == '-' ? text + 1 : text;

    if (*digits == 0 || digits[strspn(digits, "0123456789")] != 0)
        return bad_int(text, what, low, high);
    errno = 0;
    const long long value = strtoll(text, NULL, 10);
    if (errno != 0 || value < low || value > high)
        return bad_int(text, what, low, high);
    *out = value;
    return STATUS_OK;
}

enum status text_to_double(const char *text, const char *what, double *out)
{
    const char *digits = *text == '-' ? text + 1 : text;
    char *end;

    if (strcmp(text, "nan") == 0) {
        *out = (double)NAN;
        return STATUS_OK;
    }
    if (strcmp(digits, "inf") == 0) {
        *out = *text == '-' ? -(double)INFINITY : (double)INFINITY;
        return STATUS_OK;
    }
    if (!isdigit((unsigned char)*digits) && *digits != '.')
        return status_set(STATUS_USAGE, "%s: expected a number, found '%s'", what, text);
    const double value = strtod_l(text, &end, c_locale());
    if (end == text || *end != 0 || text[strcspn(text, "xX")] != 0)
        return status_set(STATUS_USAGE, "%s: expected a number, found '%s'", what, text);
    if (isinf(value)) /* a result below the smallest double is rounded and fine */
        return status_set(STATUS_USAGE, "%s: '%s' is beyond the range of a double", what, text);
    *out = value;
    return STATUS_OK;
}

/* ---- names ---- */

enum { LONGEST_NAME = 63 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment distance: insertions, deletions, substitutions and transpositions of
 * neighbours cost 1, case is ignored. Both names have at most LONGEST_NAME bytes. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][LONGEST_NAME + 1]; /* rows i - 2, i - 1 and i of the usual table, by i mod 3 */
    const size_t m = strlen(a), n = strlen(b);

    for (size_t j = 0; j <= n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            const int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]))
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[m % 3][n];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t n)
{
    const size_t length = strlen(word);
    size_t best = 1 + length / 3;
    const char *nearest = NULL;

    if (length > LONGEST_NAME)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (strlen(candidates[i]) > LONGEST_NAME)
            continue;
        const size_t distance = edit_distance(word, candidates[i]);
        if (distance < best || (distance == best && nearest == NULL)) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}

int text_matches(const char *patterns, const char *name)
{
    static const char separators[] = " \t,";
    int any = 0;

    for (const char *p = patterns != NULL ? patterns : ""; *p;) {
        const size_t n = strcspn(p, separators);
        char pattern[256];
        if (n > 0 && n < sizeof pattern) {
            memcpy(pattern, p, n);
            pattern[n] = 0;
            if (fnmatch(pattern, name, 0) == 0)
                return 1;
        }
        any |= n > 0;
        p += n + (p[n] != 0);
    }
    return !any;
}
