/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figures: the drawing of one figure, for the verbs figures and report. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include "bench.h"

struct figure {
    const char *path;          /* <build>/figures/<id>.<format>; NULL: the program has no script */
    int drawn;                 /* 0: the one that was there is still right */
};

/* Draws figures/<id>.gp from the program's summary, which must be there. A figure whose .key file
 * has the digest of the present tables and scripts is left alone. STATUS_UNFIT when gnuplot is
 * missing; STATUS_CRASHED with its last line when it says anything on stderr, fails, or leaves no
 * file. */
enum status figure_draw(struct bench *b, struct program *p, const char *format,
                        struct figure *out) MUST_USE;

#endif
