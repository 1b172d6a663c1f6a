/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status: how a library function says that it could not do its work.
 *
 * Three classes of error, three treatments. A broken precondition is a CHECK (check.h). An
 * environment error (file, memory, machine) and a numeric outcome (no convergence) are a status
 * with a one-line message; the library itself never prints and never ends the process. The message
 * belongs to the calling thread and stands until the next failure there, like errno. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include "base/compiler.h"

enum status {
    STATUS_OK = 0,
    STATUS_USAGE,         /* the user asked for something that does not exist */
    STATUS_DATA,          /* a data file is missing, damaged or too small */
    STATUS_IO,            /* writing or reading our own files failed */
    STATUS_MEMORY,        /* memory could not be had */
    STATUS_UNFIT,         /* the machine or a library on it cannot do what was asked */
    STATUS_NOTHING,       /* the selection was empty, nothing was compared */
    STATUS_OUTSIDE,       /* numbers outside tolerance, or a verdict changed */
    STATUS_CRASHED,       /* a program ended in a way it must not */
    STATUS_TIME_LIMIT,    /* a unit ran past its limit */
    STATUS_INTERRUPTED,   /* Ctrl-C or a termination signal */
    STATUS_NO_CONVERGENCE,/* an iteration stopped at its cap */
    STATUS_NOT_DEFINITE,  /* a matrix that had to be positive definite is not */
    STATUS_DIVERGED       /* a training or an iteration left the finite numbers */
};

/* Records `format` as this thread's message and returns `status`: return status_set(...). */
enum status status_set(enum status status, const char *format, ...) PRINTF_LIKE(2, 3);

/* This thread's last message, without a newline; "" before the first failure. */
const char *status_message(void);

/* The process exit status of the design, section 3: 0 done, 1 outside, 2 usage, 3 crashed, timed
 * out or a numeric outcome nobody handled, 4 data, 5 nothing compared, 6 environment unfit (also
 * memory and input/output), 130 interrupted. */
int status_exit_code(enum status status);

/* A word for the status, for tables: "ok", "usage", "data", ... */
const char *status_name(enum status status);

/* Hands a failure on to the caller. */
#define TRY(expression)                                                                            \
    do {                                                                                           \
        const enum status try_status = (expression);                                               \
        if (try_status != STATUS_OK)                                                               \
            return try_status;                                                                     \
    } while (0)

#endif
