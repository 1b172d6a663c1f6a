/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figures: one gnuplot script a program, drawn from its summary tables alone.
 *
 *     gnuplot -d -c figures/<id>.gp SUMMARY_FOLDER OUTPUT FORMAT DATA_KIND PROFILE
 *
 * gnuplot ends with 0 when one of several series is missing and only warns, so anything on its
 * stderr is a failure. */
#include "figures.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "child.h"
#include "programs.h"

#define STYLE "figures/style.gp"

static const char *const formats[] = {"svg", "png", "pdf"};

static enum status check_format(const char *format)
{
    const size_t n = sizeof formats / sizeof formats[0];
    const char *near = text_nearest(format, formats, n);

    for (size_t i = 0; i < n; i++)
        if (strcmp(format, formats[i]) == 0)
            return STATUS_OK;
    return status_set(STATUS_USAGE, "no format '%s'%s%s%s: there are svg, png and pdf", format,
                      near != NULL ? ", did you mean '" : "", near != NULL ? near : "",
                      near != NULL ? "'" : "");
}

/* ---- is it still right? ---- */

static enum status add_file(struct digest *d, const char *path)
{
    char text[DIGEST_TEXT];

    TRY(digest_file(path, text));
    digest_text(d, text);
    return STATUS_OK;
}

/* The digest of everything that the figure depends on. */
static enum status figure_key(struct bench *b, const struct program *p, const char *script,
                              const char *format, char key[DIGEST_TEXT])
{
    const char *folder = collect_folder(b, p);
    struct digest d;
    char **names;
    size_t n;

    digest_start(&d);
    digest_text(&d, format);
    digest_text(&d, p->data_kind);
    digest_text(&d, profile_name(b->profile));
    TRY(add_file(&d, script));
    if (file_exists(STYLE))
        TRY(add_file(&d, STYLE));
    TRY(file_list(&b->mem, folder, &names, &n));
    for (size_t i = 0; i < n; i++) {
        if (!text_matches("*.tsv", names[i]))
            continue;
        digest_text(&d, names[i]);
        TRY(add_file(&d, arena_text(&b->mem, "%s/%s", folder, names[i])));
    }
    digest_end(&d, key);
    return STATUS_OK;
}

static int is_current(const char *path, const char *key_path, const char *key)
{
    char *bytes = NULL;
    size_t n;
    const int same = file_exists(path) && file_exists(key_path) &&
                     file_read(key_path, 4096, &bytes, &n) == STATUS_OK &&
                     strncmp(bytes, key, strlen(key)) == 0;

    memory_free(bytes);
    return same;
}

/* ---- drawing ---- */

/* Under the C locale gnuplot warns of the encoding. */
static char **utf8_environment(struct arena *mem)
{
    static char locale[] = "LC_ALL=C.UTF-8";
    size_t n = 0, kept = 0;

    while (environ[n] != NULL)
        n++;
    char **list = arena_get(mem, n + 2, sizeof *list);
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "LC_ALL=", 7) != 0)
            list[kept++] = environ[i];
    list[kept] = locale;
    return list;
}

static enum status gnuplot(struct bench *b, const struct program *p, const char *script,
                           const char *output, const char *format)
{
    const char *const argv[] = {"gnuplot", "-d", "-c", script, collect_folder(b, p), output, format,
                                p->data_kind, profile_name(b->profile), NULL};
    char words[CHILD_WORDS], end[96];
    struct child child;
    int code;

    TRY(child_start(&child, argv, utf8_environment(&b->mem), -1));
    child_ended(&child, 1, &code);
    child_last_words(&child, words);
    if (code == 127)
        return status_set(STATUS_UNFIT, "gnuplot is not installed: make deps");
    if (code != 0 || words[0] != '\0')
        return status_set(STATUS_CRASHED, "figure %s: gnuplot %s: %s", p->id,
                          code == 0 ? "warned" : child_end_in_words(end, code), words);
    if (!file_exists(output))
        return status_set(STATUS_CRASHED, "figure %s: %s wrote nothing", p->id, script);
    return STATUS_OK;
}

/* Where that fails the old figure goes too: it shows numbers that are no more. */
static enum status draw(struct bench *b, const struct program *p, const char *script,
                        const char *format, const char *path)
{
    const char *made = arena_text(&b->mem, "%s.tmp-%ld", path, (long)getpid());
    const enum status status = gnuplot(b, p, script, made, format);

    if (status == STATUS_OK && rename(made, path) != 0)
        return status_set(STATUS_IO, "%s: cannot be renamed into place: %s", made, strerror(errno));
    if (status != STATUS_OK) {
        unlink(made);
        unlink(path);
    }
    return status;
}

enum status figure_draw(struct bench *b, struct program *p, const char *format, struct figure *out)
{
    const char *script = arena_text(&b->mem, "figures/%s.gp", p->id);
    const char *folder = arena_text(&b->mem, "%s/figures", b->build);
    const char *path = arena_text(&b->mem, "%s/%s.%s", folder, p->id, format);
    const char *key_path = arena_text(&b->mem, "%s.key", path);
    char key[DIGEST_TEXT];

    *out = (struct figure){0};
    if (!file_exists(script))
        return STATUS_OK;
    TRY(figure_key(b, p, script, format, key));
    if (!is_current(path, key_path, key)) {
        TRY(file_make_folder(folder));
        unlink(key_path);
        TRY(draw(b, p, script, format, path));
        TRY(file_write(key_path, key, strlen(key)));
        out->drawn = 1;
    }
    out->path = path;
    return STATUS_OK;
}

/* ---- the verb ---- */

struct tally {
    size_t drawn, current, failed;
    int missing;               /* gnuplot */
};

static enum status one_figure(struct bench *b, struct program *p, struct tally *tally)
{
    struct figure figure;
    enum status status = collect_summary(b, p);

    if (status == STATUS_NOTHING)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = figure_draw(b, p, b->format, &figure);
    if (status == STATUS_UNFIT) {
        tally->missing = 1;
        return STATUS_OK;
    }
    if (status == STATUS_OK && figure.path != NULL) {
        tally->drawn += (size_t)figure.drawn;
        tally->current += (size_t)!figure.drawn;
    }
    return status;
}

static enum status tell(const struct bench *b, const struct tally *tally, enum status worst)
{
    if (tally->missing)
        printf("figures: skipped, gnuplot is not installed: make deps\n");
    else if (!b->quiet)
        printf("figures: %zu drawn, %zu up to date, in %s/figures\n", tally->drawn, tally->current,
               b->build);
    if (tally->failed > 0)
        return status_set(worst, "%zu of the figures could not be drawn", tally->failed);
    if (!tally->missing && tally->drawn + tally->current == 0)
        return status_set(STATUS_NOTHING, "no results at %s to draw: make reproduce PROFILE=%s",
                          profile_name(b->profile), profile_name(b->profile));
    return STATUS_OK;
}

enum status verb_figures(struct bench *b)
{
    struct tally tally = {0};
    enum status worst = STATUS_OK;

    if (b->format == NULL || b->format[0] == '\0')
        b->format = formats[0];
    TRY(check_format(b->format));
    TRY(programs_find(b));
    enum status *planned = arena_get(&b->mem, b->program_count, sizeof *planned);
    const char **words = arena_get(&b->mem, b->program_count, sizeof *words);
    TRY(programs_plan(b, planned, words));
    for (size_t i = 0; i < b->program_count && !tally.missing; i++) {
        const enum status status = planned[i] == STATUS_OK
                                       ? one_figure(b, &b->programs[i], &tally)
                                       : status_set(planned[i], "%s", words[i]);
        if (status == STATUS_OK)
            continue;
        fprintf(stderr, "%s\n", status_message());
        worst = worst == STATUS_OK ? status : worst;
        tally.failed++;
    }
    return tell(b, &tally, worst);
}
