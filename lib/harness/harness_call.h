/* SPDX-License-Identifier: GPL-3.0-or-later */
/* harness_call: one call of a reproduction program, as the files of harness share it. */
#ifndef HARNESS_HARNESS_CALL_H
#define HARNESS_HARNESS_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/memory.h"
#include "harness/mode.h"
#include "harness/reproduction.h"

enum { MOST_SEEDS = 10000 };

struct harness_call {
    const struct reproduction *r;
    /* options */
    const char *profile_name, *seeds_text, *cell_name, *data, *out;
    int describe, key, pinned, native, quiet, help;
    int64_t seed, threads;
    double time_limit;
    /* resolved */
    enum profile profile;
    enum mode mode;
    uint64_t seeds[MOST_SEEDS];
    size_t seed_count;
    size_t first_cell, end_cell;
    struct parameters *parameters;
    struct arena mem;
    struct loaded loaded;
    char records[DIGEST_TEXT], program[DIGEST_TEXT];
    const char *build;          /* the folder above that of the program */
    const char *words[OWN_OPTION_MOST];
    size_t word_count;
};

/* The command line, into the options above; --help is answered. STATUS_USAGE. */
enum status harness_options_read(struct harness_call *c, int argc, char **argv) MUST_USE;

/* Profile, mode, cells and seeds that the options name. STATUS_USAGE. */
enum status harness_options_resolve(struct harness_call *c) MUST_USE;

/* The key of a unit: program, arguments, records, everything that its numbers depend on. */
void harness_key(const struct harness_call *c, const char *cell, uint64_t seed,
                 char key[DIGEST_TEXT]);

/* Runs all units of the call; writes them, or prints numbers and verdicts. */
enum status harness_run(struct harness_call *c) MUST_USE;

#endif
