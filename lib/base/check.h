/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check: programmer errors (shape mismatch, index out of range, unknown metric).
 *
 * Always compiled in. Prints function, expression and values and aborts, so that a debugger or a
 * sanitizer stops at the place. No line numbers and no file names: editing a comment must not
 * change the program, because results are keyed by its hash. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include "base/compiler.h"

/* CHECK(rows == columns, "a square matrix, not %zu x %zu", rows, columns); */
#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            check_failed(__func__, #condition, __VA_ARGS__);                                       \
    } while (0)

_Noreturn void check_failed(const char *function, const char *condition, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
