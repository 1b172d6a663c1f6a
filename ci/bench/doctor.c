/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor: is this machine fit, before any number from it is believed? A line each: ok; note, which
 * hurts or surprises but leaves the numbers right; BAD, with what to do.
 *
 * The BLAS is tried in two processes of this program, one a mode, because it chooses its kernels
 * when it is loaded; so one that crashes or hangs is a line here as well. The pinned one starts in
 * the native environment and has to pin itself as every program does. */
#include "doctor.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/progress.h"
#include "base/provenance.h"
#include "linalg/blas.h"
#include "output.h"

enum { SECONDS_A_MODE = 60 };

static const char *const grades[] = {"ok", "note", "BAD"};

static void say_list(enum grade grade, const char *what, const char *format, va_list list)
{
    printf("%-5s %s: ", grades[grade], what);
    vprintf(format, list);
    printf("\n");
}

void doctor_say(enum grade grade, const char *what, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    say_list(grade, what, format, list);
    va_end(list);
}

void doctor_tell(struct doctor *d, enum grade grade, const char *what, const char *format, ...)
{
    va_list list;

    d->notes += grade == DOCTOR_NOTE;
    d->bad += grade == DOCTOR_BAD;
    va_start(list, format);
    say_list(grade, what, format, list);
    va_end(list);
}

const char *doctor_fact(const struct provenance *p, const char *key)
{
    const char *value = provenance_get(p, key);

    return value != NULL ? value : "unknown";
}

/* ---- the library ---- */

/* The version in "OpenBLAS 0.3.21 ..." as 321; 0 when it is not there. */
static int library_version(void)
{
    static const char name[] = "OpenBLAS ";
    const char *at = strstr(blas_config(), name);
    int part[3] = {0, 0, 0};

    if (at == NULL)
        return 0;
    at += sizeof name - 1;
    for (int i = 0; i < 3; i++) {
        char *end;

        part[i] = (int)strtol(at, &end, 10);
        at = *end == '.' ? end + 1 : end;
    }
    return 10000 * part[0] + 100 * part[1] + part[2];
}

static void look_at_library(struct doctor *d, const struct provenance *p)
{
    static const char *const flavours[] = {"serial", "pthread", "OpenMP"};
    const char *object = blas_object(), *all = doctor_fact(p, "blas.objects");
    const int parallel = blas_parallel(), version = library_version();
    char *real = object != NULL ? realpath(object, NULL) : NULL;

    if (object == NULL)
        doctor_tell(d, DOCTOR_BAD, "BLAS", "cblas, BLAS and LAPACK come from several libraries "
                    "(%s): link as the Makefile does", all);
    else if (blas_loaded() != 1)
        doctor_tell(d, DOCTOR_BAD, "BLAS", "expected one BLAS in the process, found %zu (%s): link "
                    "as the Makefile does", blas_loaded(), all);
    else
        doctor_tell(d, DOCTOR_OK, "BLAS", "one, %s", real != NULL ? real : object);
    free(real);
    doctor_tell(d, DOCTOR_OK, "BLAS", "%s; core %s, %s, %d thread(s)", blas_config(), blas_core(),
                parallel >= 0 && parallel <= 2 ? flavours[parallel] : "of an unknown flavour",
                blas_threads());
    if (parallel == BLAS_PTHREAD)
        doctor_tell(d, DOCTOR_NOTE, "BLAS", "the pthread flavour starts all its threads with every "
                    "program: install libopenblas0-openmp");
    if (version == 0)
        doctor_tell(d, DOCTOR_NOTE, "BLAS", "its version cannot be found out");
    else if (version < 321 && (strcasecmp(blas_core(), "SapphireRapids") == 0 ||
                               strstr(doctor_fact(p, "machine.isa"), "amx") != NULL))
        doctor_tell(d, DOCTOR_BAD, "BLAS", "OpenBLAS before 0.3.21 has wrong kernels for Sapphire "
                    "Rapids: install a later one, or set OPENBLAS_CORETYPE=Haswell");
}

/* ---- the numbers, in a process a mode ---- */

/* What `bench doctor --native` and `bench doctor --pinned` do. */
static enum status try_numbers(struct bench *b)
{
    const enum mode mode = b->pinned ? PINNED : NATIVE;
    char *argv[] = {"bench", "doctor", b->pinned ? "--pinned" : "--native", NULL};
    size_t bad = 0;

    TRY(mode_enter(mode, 1, argv));
    alarm(SECONDS_A_MODE);
    TRY(doctor_numbers(arena_text(&b->mem, "%s, %s", mode_name(mode), blas_core()), &bad));
    TRY(doctor_conv(mode_name(mode), &bad));
    if (bad > 0)
        return status_set(STATUS_UNFIT, "%zu kinds of call compute wrong numbers", bad);
    return STATUS_OK;
}

/* Counts the lines that begin with the grade's word. */
static size_t count_lines(const char *text, enum grade grade)
{
    const char *word = grades[grade];
    size_t n = 0;

    for (const char *at = text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n')
        n += strncmp(at, word, strlen(word)) == 0 && at[strlen(word)] == ' ';
    return n;
}

static enum status look_at_numbers(struct doctor *d, enum mode mode)
{
    const char *const argv[] = {"/proc/self/exe", "doctor",
                                mode == PINNED ? "--pinned" : "--native", NULL};
    char *out, errors[CHILD_WORDS], end[96];
    size_t n;
    int code;

    TRY(output_of(d->b, argv, NATIVE, &out, &n, &code, errors));
    fwrite(out, 1, n, stdout);
    const size_t bad = count_lines(out, DOCTOR_BAD);
    d->bad += bad;
    d->notes += count_lines(out, DOCTOR_NOTE);
    if (code == 0 && n > 0)
        return STATUS_OK;
    if (code == 128 + SIGALRM)
        doctor_tell(d, DOCTOR_BAD, mode_name(mode), "the BLAS did not answer within %d s",
                    SECONDS_A_MODE);
    else if (bad == 0)
        doctor_tell(d, DOCTOR_BAD, mode_name(mode), "trying the BLAS %s%s%s",
                    child_end_in_words(end, code), errors[0] ? ": " : "", errors);
    return STATUS_OK;
}

/* ---- tools ---- */

/* The first line that a command prints; NULL when it cannot be started or fails. */
static const char *answer_of(struct bench *b, const char *const *argv)
{
    char *out;
    size_t n;
    int code;

    if (output_of(b, argv, NATIVE, &out, &n, &code, NULL) != STATUS_OK || code != 0)
        return NULL;
    out[strcspn(out, "\n")] = '\0';
    return out;
}

static void look_at_gnuplot(struct doctor *d)
{
    static const char *const ask[] = {"gnuplot", "--version", NULL};
    static const char *const formats[] = {
        "gnuplot", "-e", "set terminal svg; set terminal pngcairo; set terminal pdfcairo", NULL};
    static const char *const font[] = {"fc-list", "-q", "DejaVu Sans", NULL};
    const char *version = answer_of(d->b, ask);

    if (version == NULL) {
        doctor_tell(d, DOCTOR_BAD, "gnuplot", "cannot be started, figures cannot be drawn: make "
                    "deps");
        return;
    }
    if (answer_of(d->b, formats) == NULL)
        doctor_tell(d, DOCTOR_NOTE, "gnuplot", "%s lacks svg, pngcairo or pdfcairo: install "
                    "gnuplot-nox", version);
    else
        doctor_tell(d, DOCTOR_OK, "gnuplot", "%s", version);
    if (answer_of(d->b, font) == NULL)
        doctor_tell(d, DOCTOR_BAD, "font", "DejaVu Sans is not there (fc-list), figures would have "
                    "no words: install fonts-dejavu-core and fontconfig");
    else
        doctor_tell(d, DOCTOR_OK, "font", "DejaVu Sans");
}

static void look_at_git(struct doctor *d)
{
    static const char *const ask[] = {"git", "--version", NULL};
    static const char *const inside[] = {"git", "rev-parse", "--short=12", "HEAD", NULL};
    const char *version = answer_of(d->b, ask), *commit = answer_of(d->b, inside);

    if (version == NULL)
        doctor_tell(d, DOCTOR_NOTE, "git", "cannot be started: results will not name their commit, "
                    "bless and diff cannot work");
    else if (commit == NULL)
        doctor_tell(d, DOCTOR_NOTE, "git", "this is no checkout with a commit: results will not "
                    "name one, bless and diff cannot work");
    else
        doctor_tell(d, DOCTOR_OK, "git", "%s, at %s", version, commit);
}

/* ---- the verb ---- */

static enum status look_at_all(struct doctor *d)
{
    struct provenance facts = {0};

    provenance_capture(&facts);
    doctor_machine_processor(d, &facts);
    doctor_machine_memory(d);
    doctor_machine_disk(d);
    doctor_environment_variables(d);
    doctor_environment_locale(d);
    look_at_library(d, &facts);
    provenance_free(&facts);
    fflush(stdout);
    TRY(look_at_numbers(d, NATIVE));
    if (mode_can_pin())
        TRY(look_at_numbers(d, PINNED));
    look_at_gnuplot(d);
    look_at_git(d);
    return STATUS_OK;
}

enum status verb_doctor(struct bench *b)
{
    const double started = progress_clock();
    struct doctor d = {.b = b};
    char duration[32];

    if (b->pinned || b->native)
        return try_numbers(b);
    TRY(look_at_all(&d));
    printf("%zu BAD, %zu notes; %s\n", d.bad, d.notes,
           progress_duration(duration, progress_clock() - started));
    if (d.bad > 0)
        return status_set(STATUS_UNFIT, "this machine is not fit: see the lines that say BAD");
    return STATUS_OK;
}
