/* SPDX-License-Identifier: GPL-3.0-or-later */
/* progress: one line that says how far the work is.
 *
 * On a terminal the line is rewritten (done/total, time left from the durations so far, at most
 * ten times a second); elsewhere a line comes every 30 seconds; with quiet nothing comes. All goes
 * to stderr. */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stddef.h>
#include <stdio.h>

struct progress {
    FILE *out;          /* stderr, or what a test gives */
    const char *what;   /* "units" */
    size_t total, done;
    double started;     /* progress_clock() at the start */
    double last;        /* when a line was last written */
    int terminal, quiet;
    size_t width;       /* of the line on the terminal now */
    double (*clock)(void); /* progress_clock; a test puts its own here */
};

/* Seconds of the monotonic clock: unmoved by a clock that jumps. */
double progress_clock(void);

/* All fields are set; a test changes them afterwards. */
void progress_start(struct progress *p, const char *what, size_t total, int quiet);

/* `done` of the total are done; `note` (may be NULL) names the last one. Seconds left are estimated
 * as elapsed / done * (total - done). */
void progress_update(struct progress *p, size_t done, const char *note);

/* Clears the line on a terminal so that other output can be written. */
void progress_clear(struct progress *p);

/* "1 h 02 min", "3 min 20 s", "12.4 s": the form used everywhere. Returns out. */
char *progress_duration(char out[32], double seconds);

#endif
