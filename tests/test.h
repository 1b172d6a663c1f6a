/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test: what every test program includes before anything else of cmocka.
 *
 * All numeric comparisons are written "inside tolerance", so that NaN fails. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>

#include "base/status.h"

#define CHECK_TRUE(condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("%s", #condition);                                                            \
    } while (0)

#define CHECK_NEAR(actual, expected, tolerance)                                                    \
    do {                                                                                           \
        const double near_a = (actual), near_e = (expected), near_t = (tolerance);                 \
        if (!(fabs(near_a - near_e) <= near_t))                                                    \
            fail_msg("%s = %.17g, expected %.17g within %.3g", #actual, near_a, near_e, near_t);   \
    } while (0)

#define CHECK_RELATIVE(actual, expected, tolerance)                                                \
    do {                                                                                           \
        const double rel_a = (actual), rel_e = (expected), rel_t = (tolerance);                    \
        if (!(fabs(rel_a - rel_e) <= rel_t * fabs(rel_e)))                                         \
            fail_msg("%s = %.17g, expected %.17g within relative %.3g", #actual, rel_a, rel_e,     \
                     rel_t);                                                                       \
    } while (0)

#define CHECK_STATUS(expression, expected)                                                         \
    do {                                                                                           \
        const enum status check_s = (expression);                                                  \
        if (check_s != (expected))                                                                 \
            fail_msg("%s is '%s' (%s), expected '%s'", #expression, status_name(check_s),          \
                     status_message(), status_name(expected));                                     \
    } while (0)

/* The last failure's message names this. */
#define CHECK_MESSAGE(part)                                                                        \
    do {                                                                                           \
        if (strstr(status_message(), (part)) == NULL)                                              \
            fail_msg("message '%s' does not contain '%s'", status_message(), (part));              \
    } while (0)

#define CHECK_TEXT(actual, expected)                                                               \
    do {                                                                                           \
        const char *text_a = (actual), *text_e = (expected);                                       \
        if (text_a == NULL || strcmp(text_a, text_e) != 0)                                         \
            fail_msg("%s is '%s', expected '%s'", #actual, text_a ? text_a : "(null)", text_e);    \
    } while (0)

/* A fresh folder for this test's files; the runner removes its parent. Static storage. */
static inline const char *test_folder(void)
{
    static char path[512];
    const char *parent = getenv("TEST_TMP");

    snprintf(path, sizeof path, "%s/infogeo-test-XXXXXX", parent ? parent : "/tmp");
    if (mkdtemp(path) == NULL)
        fail_msg("cannot make a folder like %s", path);
    return path;
}

#endif
