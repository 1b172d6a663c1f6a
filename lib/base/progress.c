/* SPDX-License-Identifier: GPL-3.0-or-later */
/* progress: see progress.h. */
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/progress.h"

enum { LINE_LENGTH = 79 }; /* a line that wraps cannot be rewritten */

static const double SECONDS_BETWEEN_LINES = 30, SECONDS_BETWEEN_REWRITES = 0.1;

double progress_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_start(struct progress *p, const char *what, size_t total, int quiet)
{
    *p = (struct progress){.out = stderr, .what = what, .total = total, .quiet = quiet};
    p->clock = progress_clock;
    p->terminal = isatty(STDERR_FILENO);
    p->started = p->clock();
    p->last = p->started;
}

/* Integers alone: no locale puts a comma into the tenths. */
char *progress_duration(char out[32], double seconds)
{
    if (!(seconds >= 0 && seconds < 1e12)) {
        snprintf(out, 32, "?");
    } else if (seconds < 59.95) {
        const long long tenths = llround(seconds * 10);
        snprintf(out, 32, "%lld.%lld s", tenths / 10, tenths % 10);
    } else if (seconds < 3599.5) {
        const long long whole = llround(seconds);
        snprintf(out, 32, "%lld min %02lld s", whole / 60, whole % 60);
    } else {
        const long long minutes = llround(seconds / 60);
        snprintf(out, 32, "%lld h %02lld min", minutes / 60, minutes % 60);
    }
    return out;
}

/* "12/200 units, 3 min 20 s left, note" */
static void make_line(const struct progress *p, double now, const char *note,
                      char out[LINE_LENGTH + 1])
{
    char left[48] = "", duration[32];

    if (p->done > 0 && p->done < p->total) {
        const double each = (now - p->started) / (double)p->done;
        const double seconds = each * (double)(p->total - p->done);
        snprintf(left, sizeof left, ", %s left", progress_duration(duration, seconds));
    }
    snprintf(out, LINE_LENGTH + 1, "%zu/%zu %s%s%s%s", p->done, p->total, p->what, left,
             note != NULL ? ", " : "", note != NULL ? note : "");
}

void progress_update(struct progress *p, size_t done, const char *note)
{
    const double now = p->clock();
    const double wait = p->terminal ? SECONDS_BETWEEN_REWRITES : SECONDS_BETWEEN_LINES;
    const int forced = p->terminal && (done == p->total || p->width == 0);
    char line[LINE_LENGTH + 1];

    p->done = done;
    if (p->quiet || (now - p->last < wait && !forced))
        return;
    make_line(p, now, note, line);
    if (p->terminal) {
        const size_t length = strlen(line);
        const int rest = length < p->width ? (int)(p->width - length) : 0;
        fprintf(p->out, "\r%s%*s", line, rest, "");
        p->width = length;
    } else {
        fprintf(p->out, "%s\n", line);
    }
    fflush(p->out);
    p->last = now;
}

void progress_clear(struct progress *p)
{
    if (!p->terminal || p->quiet || p->width == 0)
        return;
    fprintf(p->out, "\r%*s\r", (int)p->width, "");
    fflush(p->out);
    p->width = 0;
}
