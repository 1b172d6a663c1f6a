/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check: see check.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

_Noreturn void check_failed(const char *function, const char *condition, const char *format, ...)
{
    va_list list;

    fflush(stdout);
    fprintf(stderr, "%s: broken precondition %s: ", function, condition);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    fflush(stderr);
    abort();
}
