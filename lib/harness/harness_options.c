/* SPDX-License-Identifier: GPL-3.0-or-later */
/* harness_options: the command line of a program. */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/options.h"
#include "base/text.h"
#include "harness/harness_call.h"
#include "harness/seeds.h"

/* What is behind the name of the program's own option, "=value" or ""; NULL: another argument. */
static const char *behind_own(const struct harness_call *c, const char *argument)
{
    const size_t n = c->r->option != NULL ? strlen(c->r->option->name) : 0;
    const char *behind = argument + 2 + n;

    if (n == 0 || strncmp(argument, "--", 2) != 0 ||
        strncmp(argument + 2, c->r->option->name, n) != 0)
        return NULL;
    return *behind == '=' || *behind == '\0' ? behind : NULL;
}

/* Takes the values of the program's own option out of the command line. */
static enum status take_words(struct harness_call *c, int *argc, char ***argv)
{
    char **rest = arena_get(&c->mem, (size_t)*argc + 1, sizeof *rest), **at = *argv;
    const struct own_option *o = c->r->option;
    int n = 0;

    for (int i = 0; i < *argc; i++) {
        const char *behind = behind_own(c, at[i]);

        if (behind == NULL) {
            rest[n++] = at[i];
            continue;
        }
        if (*behind == '\0' && (i + 1 == *argc || strncmp(at[i + 1], "--", 2) == 0))
            return status_set(STATUS_USAGE, "option '--%s' needs a value: --%s %s", o->name,
                              o->name, o->value_name);
        if (c->word_count == OWN_OPTION_MOST)
            return status_set(STATUS_USAGE, "--%s is given more than %d times", o->name,
                              OWN_OPTION_MOST);
        c->words[c->word_count++] = *behind == '=' ? behind + 1 : at[++i];
    }
    *argc = n;
    *argv = rest;
    return STATUS_OK;
}

enum status harness_options_read(struct harness_call *c, int argc, char **argv)
{
    const struct option options[] = {
        {"profile", OPTION_TEXT, &c->profile_name, .value_name = "NAME",
         .help = "smoke (the default), desk or paper"},
        {"seed", OPTION_INTEGER, &c->seed, 1, INT32_MAX, "N", "this seed only"},
        {"seeds", OPTION_TEXT, &c->seeds_text, .value_name = "LIST", .help = "1-20 or 1,4,7"},
        {"cell", OPTION_TEXT, &c->cell_name, .value_name = "NAME", .help = "this cell only"},
        {"data", OPTION_TEXT, &c->data, .value_name = "DIR",
         .help = "data sets; none: stand-ins; same as DATASETS"},
        {"out", OPTION_TEXT, &c->out, .value_name = "DIR",
         .help = "write results there; else print and write nothing"},
        {"describe", OPTION_FLAG, &c->describe, .help = "print parameters, metrics and claims"},
        {"key", OPTION_FLAG, &c->key, .help = "print the key of each unit and run nothing"},
        {"pinned", OPTION_FLAG, &c->pinned,
         .help = "the same bits everywhere (default of smoke)"},
        {"native", OPTION_FLAG, &c->native, .help = "what this machine does best"},
        {"threads", OPTION_INTEGER, &c->threads, 1, 1024, "N", "threads inside a unit (1)"},
        {"time-limit", OPTION_REAL, &c->time_limit, .value_name = "S",
         .help = "seconds for this call"},
        {"quiet", OPTION_FLAG, &c->quiet, .help = "no progress"},
        {"help", OPTION_FLAG, &c->help, .help = "this text"},
    };
    const size_t n = sizeof options / sizeof options[0];
    size_t words = 0;

    TRY(take_words(c, &argc, &argv));
    TRY(options_read(options, n, argc, argv, NULL, &words));
    if (c->help) {
        printf("%s: %s\n%s\n\n", c->r->id, c->r->title, c->r->paper);
        options_help(options, n, stdout);
        if (c->r->option != NULL)
            printf("  --%s %s\n      %s\n", c->r->option->name, c->r->option->value_name,
                   c->r->option->help);
    }
    if (c->pinned && c->native)
        return status_set(STATUS_USAGE, "--pinned and --native exclude each other");
    if (c->seed != 0 && c->seeds_text != NULL)
        return status_set(STATUS_USAGE, "--seed and --seeds exclude each other");
    if (c->out != NULL && c->out[0] == '\0')
        return status_set(STATUS_USAGE, "--out needs the name of a folder, found nothing");
    if (c->time_limit < 0 || !(c->time_limit < 1e8))
        return status_set(STATUS_USAGE, "--time-limit is a number of seconds, 0 for none");
    return STATUS_OK;
}

static enum status find_profile(struct harness_call *c)
{
    static const char *const names[] = {"smoke", "desk", "paper"};
    const int found = profile_find(c->profile_name);
    const char *near = text_nearest(c->profile_name, names, 3);

    if (found < 0)
        return status_set(STATUS_USAGE, "no profile '%s'%s%s%s: there are smoke, desk and paper",
                          c->profile_name, near ? ", did you mean '" : "", near ? near : "",
                          near ? "'" : "");
    c->profile = (enum profile)found;
    c->mode = c->pinned || (c->profile == SMOKE && !c->native) ? PINNED : NATIVE;
    return STATUS_OK;
}

static enum status find_cells(struct harness_call *c)
{
    const size_t n = reproduction_cell_count(c->r, c->profile);
    const char **names = arena_get(&c->mem, n, sizeof *names);
    const char *all = "";

    c->first_cell = 0;
    c->end_cell = n;
    if (c->cell_name == NULL && c->word_count > 0)
        c->cell_name = c->r->option->cell;
    if (c->cell_name == NULL)
        return STATUS_OK;
    for (size_t i = 0; i < n; i++) {
        names[i] = reproduction_cell_name(c->r, c->profile, i, &c->mem);
        if (strcmp(names[i], c->cell_name) == 0) {
            c->first_cell = i;
            c->end_cell = i + 1;
            return STATUS_OK;
        }
    }
    for (size_t i = 0; i < n; i++)
        all = arena_text(&c->mem, "%s%s'%s'", all, i ? ", " : "", names[i]);
    return status_set(STATUS_USAGE, "no cell '%s' at %s, whose cells are %s", c->cell_name,
                      c->profile_name, all);
}

static enum status find_seeds(struct harness_call *c)
{
    const double own = parameter_value(c->r->parameters, c->r->parameter_count, "seeds",
                                       c->profile, 0);

    if (c->seed != 0) {
        c->seeds[c->seed_count++] = (uint64_t)c->seed;
        return STATUS_OK;
    }
    if (c->seeds_text != NULL)
        return seeds_read(c->seeds_text, c->seeds, MOST_SEEDS, &c->seed_count);
    CHECK(own >= 1 && own <= MOST_SEEDS && own == (double)(size_t)own,
          "%s: the parameter table needs a row seeds", c->r->id);
    for (size_t s = 0; s < (size_t)own; s++)
        c->seeds[c->seed_count++] = s + 1;
    return STATUS_OK;
}

enum status harness_options_resolve(struct harness_call *c)
{
    TRY(find_profile(c));
    TRY(find_cells(c));
    return find_seeds(c);
}
