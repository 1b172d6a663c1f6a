/* SPDX-License-Identifier: GPL-3.0-or-later */
/* harness: the frame of a reproduction program.
 *
 * A program declares parameters, metrics, claims, an axis of cells and two functions, and hands
 * them to harness_main, which owns the command line, the streams' seeds, the files and the exit
 * status. See README.md, "add a claim", and any program under reproductions/. */
#ifndef HARNESS_HARNESS_H
#define HARNESS_HARNESS_H

#include "harness/reproduction.h"

/* The whole of main. Returns the exit status. */
int harness_main(int argc, char **argv, const struct reproduction *r);

#endif
