/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text: growable strings, numbers that are read strictly and written to 17 digits whatever the
 * locale, and the nearest name to a mistyped one. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/status.h"

/* A growable string. A zeroed struct text is the empty one. Failing to grow is remembered: text_ok
 * asks once at the end. Whatever the locale, %g and its like write '.' as the decimal point. */
struct text {
    char *bytes;     /* length bytes and a 0; NULL while empty */
    size_t length;
    size_t capacity;
    int failed;
};

void text_add(struct text *t, const char *format, ...) PRINTF_LIKE(2, 3);
void text_add_list(struct text *t, const char *format, va_list list) PRINTF_LIKE(2, 0);
void text_add_bytes(struct text *t, const char *bytes, size_t n);
enum status text_ok(const struct text *t) MUST_USE; /* STATUS_MEMORY if any addition failed */
const char *text_get(const struct text *t);         /* never NULL */
void text_free(struct text *t);

/* Room for any number that text_double writes. */
#define TEXT_DOUBLE 32

/* value with 17 significant digits, '.' as the decimal point under every locale, "nan", "inf",
 * "-inf" for the rest. Returns out. text_float does the same with 9 digits. */
char *text_double(char out[TEXT_DOUBLE], double value);
char *text_float(char out[TEXT_DOUBLE], float value);
/* The same with `digits` significant digits, for tables that people read. */
char *text_short(char out[TEXT_DOUBLE], double value, int digits);

/* Whole-string parsers: leading or trailing garbage, an empty string, overflow, and a value outside
 * low..high are STATUS_USAGE with a message that names `what`. The decimal point is '.' under every
 * locale. text_to_double takes "nan" and "inf" too. */
enum status text_to_int(const char *text, const char *what, int64_t low, int64_t high,
                        int64_t *out) MUST_USE;
enum status text_to_double(const char *text, const char *what, double *out) MUST_USE;

/* The candidate with the smallest edit distance to `word` (case-insensitive, transpositions count
 * one), or NULL when none is near enough to suggest: distance above 1 + length / 3. */
const char *text_nearest(const char *word, const char *const *candidates, size_t n);

/* Shell pattern of fnmatch(3); an empty or NULL pattern matches everything. Several patterns may
 * stand side by side, separated by blanks or commas; one of more than 255 bytes matches nothing. */
int text_matches(const char *patterns, const char *name);

#endif
