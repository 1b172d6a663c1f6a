/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status: see status.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"

enum { MESSAGE_SIZE = 512 };

static _Thread_local char message[MESSAGE_SIZE];

/* One line: control characters become blanks, and a message that was cut says so. */
static void make_one_line(char *text, int wanted)
{
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = ' ';
    for (size_t n = strlen(text); n > 0 && text[n - 1] == ' '; n--)
        text[n - 1] = 0;
    if (wanted >= MESSAGE_SIZE)
        memcpy(text + MESSAGE_SIZE - 4, "...", 4);
}

enum status status_set(enum status status, const char *format, ...)
{
    char text[MESSAGE_SIZE]; /* the arguments may point into the old message */
    va_list list;

    va_start(list, format);
    const int wanted = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (wanted < 0)
        snprintf(text, sizeof text, "%s", format);
    make_one_line(text, wanted);
    memcpy(message, text, sizeof message);
    return status;
}

const char *status_message(void)
{
    return message;
}

int status_exit_code(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return 0;
    case STATUS_OUTSIDE:
        return 1;
    case STATUS_USAGE:
        return 2;
    case STATUS_DATA:
        return 4;
    case STATUS_NOTHING:
        return 5;
    case STATUS_IO:
    case STATUS_MEMORY:
    case STATUS_UNFIT:
        return 6;
    case STATUS_INTERRUPTED:
        return 130;
    case STATUS_CRASHED:
    case STATUS_TIME_LIMIT:
    case STATUS_NO_CONVERGENCE:
    case STATUS_NOT_DEFINITE:
    case STATUS_DIVERGED:
        break;
    }
    return 3;
}

const char *status_name(enum status status)
{
    static const char *const names[] = {
        [STATUS_OK] = "ok",
        [STATUS_USAGE] = "usage",
        [STATUS_DATA] = "data",
        [STATUS_IO] = "io",
        [STATUS_MEMORY] = "memory",
        [STATUS_UNFIT] = "unfit",
        [STATUS_NOTHING] = "nothing",
        [STATUS_OUTSIDE] = "outside",
        [STATUS_CRASHED] = "crashed",
        [STATUS_TIME_LIMIT] = "time limit",
        [STATUS_INTERRUPTED] = "interrupted",
        [STATUS_NO_CONVERGENCE] = "no convergence",
        [STATUS_NOT_DEFINITE] = "not definite",
        [STATUS_DIVERGED] = "diverged",
    };
    const size_t k = (size_t)status;

    return k < sizeof names / sizeof *names ? names[k] : "unknown";
}
