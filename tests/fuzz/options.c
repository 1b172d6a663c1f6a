/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options: command lines, one argument a line of the input; see fuzz.h. */
#include "fuzz.h"

#include "base/options.h"

enum { MOST_ARGUMENTS = 32, MOST_WORDS = 3 };

/* Lines of text as arguments behind a program's name. */
static int split(char *text, char **argv)
{
    static char program[] = "program";
    int argc = 1;

    argv[0] = program;
    for (char *at = text; *at != 0 && argc < MOST_ARGUMENTS;) {
        const size_t n = strcspn(at, "\n");
        argv[argc++] = at;
        if (at[n] == 0)
            break;
        at[n] = 0;
        at += n + 1;
    }
    return argc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = fuzz_text(data, n), *argv[MOST_ARGUMENTS + 1];
    const int argc = split(text, argv);
    int quiet = 0;
    int64_t jobs = 1, any = 0;
    double limit = 0;
    const char *profile = "", *words[MOST_WORDS];
    size_t word_count = MOST_WORDS;
    const struct option options[] = {
        {"quiet", OPTION_FLAG, &quiet, 0, 0, NULL, "print less"},
        {"q", OPTION_FLAG, &quiet, 0, 0, NULL, "the same"},
        {"j", OPTION_INTEGER, &jobs, 1, 64, "N", "units at a time"},
        {"any", OPTION_INTEGER, &any, 0, 0, "N", "any whole number"},
        {"time-limit", OPTION_REAL, &limit, 0, 0, "S", "seconds a unit"},
        {"profile", OPTION_TEXT, &profile, 0, 0, "NAME", "the size"},
    };
    const enum status status = options_read(options, 6, argc, argv, words, &word_count);

    HOLDS(status == STATUS_OK || status == STATUS_USAGE);
    HOLDS(status == STATUS_OK || status_message()[0] != 0);
    HOLDS(jobs >= 1 && jobs <= 64 && (quiet == 0 || quiet == 1));
    HOLDS(limit - limit == 0 || limit * 2 == limit); /* no NaN */
    HOLDS(word_count <= MOST_WORDS);
    for (size_t i = 0; status == STATUS_OK && i < word_count; i++)
        HOLDS(strlen(words[i]) <= n);
    HOLDS(strlen(profile) <= n);
    memory_free(text);
    return 0;
}
