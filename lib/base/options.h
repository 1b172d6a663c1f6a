/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options: command lines that are read strictly.
 *
 * --name value, --name=value, and flags without a value; a name of one letter is written with one
 * dash: -j 4, -j4. An unknown option, a
 * missing value, garbage after a number and a surplus argument are STATUS_USAGE with one line that
 * suggests the nearest name. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_INTEGER, OPTION_REAL };

struct option {
    const char *name;       /* without the dashes */
    enum option_kind kind;
    void *out;              /* int * (set to 1) | const char ** | int64_t * | double * */
    int64_t low, high;      /* bounds of an OPTION_INTEGER; both 0: any */
    const char *value_name; /* for the help: "N", "DIR"; NULL for a flag */
    const char *help;       /* one line */
};

/* Reads argv[1..], at most 64 options; arguments that are no options go to words[] (at most
 * *word_count on entry, used on return; words may be NULL with *word_count 0). "--" ends the
 * options. A value that begins with "--" is given as --name=value. Of an option that is given twice
 * the last value holds. The strings stay argv's. */
enum status options_read(const struct option *options, size_t n, int argc, char **argv,
                         const char **words, size_t *word_count) MUST_USE;

/* One aligned line an option. */
void options_help(const struct option *options, size_t n, FILE *out);

#endif
