/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options: see options.h. */
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/options.h"
#include "base/text.h"

enum { MOST_OPTIONS = 64 };

/* One letter is written with one dash. */
static const char *dashes(const struct option *o)
{
    return strlen(o->name) == 1 ? "-" : "--";
}

static const struct option *find(const struct option *options, size_t n, const char *name,
                                 size_t length)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(options[i].name) == length && memcmp(options[i].name, name, length) == 0)
            return &options[i];
    return NULL;
}

static enum status unknown(const struct option *options, size_t n, const char *argument)
{
    const char *names[MOST_OPTIONS], *name = argument + strspn(argument, "-");
    char word[64];
    const size_t shown = strcspn(argument, "="), length = strcspn(name, "=");
    const char *near = NULL;

    for (size_t i = 0; i < n; i++)
        names[i] = options[i].name;
    if (length > 1 && length < sizeof word) {
        memcpy(word, name, length);
        word[length] = 0;
        near = text_nearest(word, names, n);
    }
    if (near == NULL)
        return status_set(STATUS_USAGE, "unknown option '%.*s'", (int)shown, argument);
    return status_set(STATUS_USAGE, "unknown option '%.*s': did you mean '%s%s'?", (int)shown,
                      argument, strlen(near) == 1 ? "-" : "--", near);
}

static enum status store(const struct option *o, const char *value)
{
    char what[80];

    snprintf(what, sizeof what, "%s%s", dashes(o), o->name);
    if (o->kind == OPTION_TEXT) {
        *(const char **)o->out = value;
        return STATUS_OK;
    }
    if (o->kind == OPTION_REAL) {
        double real;
        TRY(text_to_double(value, what, &real));
        if (isnan(real))
            return status_set(STATUS_USAGE, "%s: expected a number, found '%s'", what, value);
        *(double *)o->out = real;
        return STATUS_OK;
    }
    const int bounded = o->low != 0 || o->high != 0;
    return text_to_int(value, what, bounded ? o->low : INT64_MIN, bounded ? o->high : INT64_MAX,
                       o->out);
}

/* What is behind the name of an argument: "=value", for one letter also the value itself, or "". */
static const struct option *name_of(const struct option *options, size_t n, const char *argument,
                                    const char **behind)
{
    const int is_long = argument[1] == '-';
    const char *name = argument + 1 + is_long;
    const size_t length = is_long ? strcspn(name, "=") : 1;

    *behind = name + length;
    return is_long && length == 1 ? NULL : find(options, n, name, length);
}

/* Reads the option at argv[*i]; *i moves to its value where that is an argument of its own. */
static enum status read_one(const struct option *options, size_t n, int argc, char **argv, int *i)
{
    const char *behind;
    const struct option *o = name_of(options, n, argv[*i], &behind);

    if (o == NULL)
        return unknown(options, n, argv[*i]);
    if (o->kind == OPTION_FLAG) {
        if (*behind)
            return status_set(STATUS_USAGE, "option '%s%s' takes no value, found '%s'", dashes(o),
                              o->name, behind + (*behind == '='));
        *(int *)o->out = 1;
        return STATUS_OK;
    }
    if (*behind)
        return store(o, behind + (*behind == '='));
    if (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0)
        return status_set(STATUS_USAGE, "option '%s%s' needs a value: %s%s %s", dashes(o), o->name,
                          dashes(o), o->name, o->value_name != NULL ? o->value_name : "VALUE");
    return store(o, argv[++*i]);
}

enum status options_read(const struct option *options, size_t n, int argc, char **argv,
                         const char **words, size_t *word_count)
{
    const size_t most = *word_count;
    int ended = 0;

    CHECK(n <= MOST_OPTIONS, "at most %d options, not %zu", (int)MOST_OPTIONS, n);
    *word_count = 0;
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        if (!ended && strcmp(argument, "--") == 0) {
            ended = 1;
        } else if (!ended && argument[0] == '-' && argument[1] != 0) {
            TRY(read_one(options, n, argc, argv, &i));
        } else if (*word_count < most) {
            words[(*word_count)++] = argument;
        } else {
            return status_set(STATUS_USAGE, "unexpected argument '%s'", argument);
        }
    }
    return STATUS_OK;
}

/* The length of "--name VALUE". */
static int head_length(const struct option *o)
{
    const size_t value = o->value_name != NULL ? strlen(o->value_name) + 1 : 0;

    return (int)(strlen(dashes(o)) + strlen(o->name) + value);
}

void options_help(const struct option *options, size_t n, FILE *out)
{
    int width = 0;

    for (size_t i = 0; i < n; i++)
        width = head_length(&options[i]) > width ? head_length(&options[i]) : width;
    for (size_t i = 0; i < n; i++) {
        const struct option *o = &options[i];
        const int has_value = o->value_name != NULL;
        fprintf(out, "  %s%s%s%s%*s  %s\n", dashes(o), o->name, has_value ? " " : "",
                has_value ? o->value_name : "", width - head_length(o), "", o->help);
    }
}
