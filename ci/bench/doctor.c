/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor: is this machine fit, before any number from it is believed? A line each: ok; note, which
 * hurts or surprises but leaves the numbers right; BAD, with what to do.
 *
 * The BLAS is tried in two processes of this program, one a mode, because it chooses its kernels
 * when it is loaded; so one that crashes or hangs is a line here as well. The pinned one starts in
 * the native environment and has to pin itself as every program does. */
#include "doctor.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/progress.h"
#include "base/provenance.h"
#include "base/text.h"
#include "child.h"
#include "linalg/blas.h"
#include "programs.h"

enum { SECONDS_A_MODE = 60, MIB = 1 << 20 };

struct doctor {
    struct bench *b;
    size_t bad, notes;
};

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

static void say(struct doctor *d, enum grade grade, const char *what, const char *format, ...)
    PRINTF_LIKE(4, 5);

static void say(struct doctor *d, enum grade grade, const char *what, const char *format, ...)
{
    va_list list;

    d->notes += grade == DOCTOR_NOTE;
    d->bad += grade == DOCTOR_BAD;
    va_start(list, format);
    say_list(grade, what, format, list);
    va_end(list);
}

/* ---- processor and arithmetic ---- */

static const char *fact(const struct provenance *p, const char *key)
{
    const char *value = provenance_get(p, key);

    return value != NULL ? value : "unknown";
}

static void look_at_processor(struct doctor *d, const struct provenance *p)
{
    const char *rounding = fact(p, "float.rounding"), *flush = fact(p, "float.flush");

    say(d, mode_can_pin() ? DOCTOR_OK : DOCTOR_NOTE, "processor", "%s, %s cores, %s%s",
        fact(p, "machine.cpu"), fact(p, "machine.cores"), fact(p, "machine.isa"),
        mode_can_pin() ? "" : "; without AVX2 and FMA nothing can be pinned: check compares with "
                              "native tolerances");
    if (strcmp(rounding, "nearest") == 0 && strcmp(flush, "off") == 0)
        say(d, DOCTOR_OK, "arithmetic", "rounds to nearest, keeps denormal numbers");
    else
        say(d, DOCTOR_BAD, "arithmetic", "expected rounding to nearest and denormal numbers, found "
            "rounding %s, flush to zero %s: some library in this process was built with "
            "-ffast-math", rounding, flush);
}

/* Bytes that a number in a file of /proc or /sys stands for; 0 when there is none. */
static double bytes_in(const char *path, const char *key, double factor)
{
    char line[128];
    double bytes = 0;
    FILE *file = fopen(path, "re");

    while (file != NULL && bytes <= 0 && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            bytes = factor * (double)strtoull(line + strlen(key), NULL, 10);
    if (file != NULL)
        fclose(file);
    return bytes;
}

static void look_at_memory(struct doctor *d)
{
    const double available = bytes_in("/proc/meminfo", "MemAvailable:", 1024) / MIB;
    const double limit = bytes_in("/sys/fs/cgroup/memory.max", "", 1) / MIB;
    const double mib = limit > 0 && limit < available ? limit : available;

    if (!(mib > 0))
        say(d, DOCTOR_NOTE, "memory", "how much is free cannot be found out");
    else if (mib < 512)
        say(d, DOCTOR_BAD, "memory", "expected 512 MiB, found %.0f: end something else", mib);
    else
        say(d, mib < 1024.0 * (double)d->b->jobs ? DOCTOR_NOTE : DOCTOR_OK, "memory",
            "%.0f MiB for %lld jobs%s", mib, (long long)d->b->jobs,
            mib < 1024.0 * (double)d->b->jobs ? ": less than 1 GiB each; use -j with less" : "");
}

static void look_at_disk(struct doctor *d)
{
    const char *folder = file_is_folder(d->b->build) ? d->b->build : ".";
    struct statvfs found;

    if (statvfs(folder, &found) != 0) {
        say(d, DOCTOR_BAD, "disk", "%s: %s", folder, strerror(errno));
        return;
    }
    const double mib = (double)found.f_bavail * (double)found.f_frsize / MIB;
    const int few_files = found.f_files > 0 && found.f_favail < 10000;
    if (access(folder, W_OK) != 0)
        say(d, DOCTOR_BAD, "disk", "%s cannot be written: %s", folder, strerror(errno));
    else if (mib < 256)
        say(d, DOCTOR_BAD, "disk", "expected 256 MiB free for %s, found %.0f: make room", folder,
            mib);
    else
        say(d, mib < 2048 || few_files ? DOCTOR_NOTE : DOCTOR_OK, "disk",
            "%.1f GiB free for %s%s%s", mib / 1024, folder,
            mib < 2048 ? ": the paper profile may need more" : "",
            few_files ? "; room for less than 10000 files" : "");
}

/* ---- environment ---- */

/* Variables that bind or slow down what does not clear them; every program here does. */
static void look_at_binding(struct doctor *d)
{
    static const char *const names[] = {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && strcasecmp(value, "false") != 0)
            say(d, DOCTOR_NOTE, names[i], "%s binds programs that run side by side to one core: "
                "unset it", value);
    }
}

static void look_at_environment(struct doctor *d)
{
    const char *limit = getenv("OMP_THREAD_LIMIT"), *core = getenv("OPENBLAS_CORETYPE");
    const char *tunables = getenv("GLIBC_TUNABLES"), *preload = getenv("LD_PRELOAD");
    const size_t before = d->bad + d->notes;

    if (limit != NULL)
        say(d, DOCTOR_BAD, "OMP_THREAD_LIMIT", "%s can stop the BLAS for ever: unset it", limit);
    if (core != NULL && strcasecmp(core, blas_core()) != 0)
        say(d, DOCTOR_NOTE, "OPENBLAS_CORETYPE", "%s was asked for and the BLAS took %s: unset it",
            core, blas_core());
    else if (core != NULL)
        say(d, DOCTOR_NOTE, "OPENBLAS_CORETYPE", "%s holds for native runs, too, which should be "
            "what this machine does best: unset it", core);
    look_at_binding(d);
    if (tunables != NULL && strstr(tunables, "hwcaps") != NULL)
        say(d, DOCTOR_NOTE, "GLIBC_TUNABLES", "%s changes the last bits of exp and log: unset it",
            tunables);
    if (preload != NULL && preload[0] != '\0')
        say(d, DOCTOR_NOTE, "LD_PRELOAD", "%s is loaded into every program", preload);
    if (d->bad + d->notes == before)
        say(d, DOCTOR_OK, "environment", "no variable that stops, binds or redirects the BLAS");
}

/* Numbers written and read under the locale have a point, and lose nothing. */
static int keeps_points(void)
{
    char number[TEXT_DOUBLE];
    double back = 0;

    return strcmp(text_double(number, 0.5), "0.5") == 0 &&
           text_to_double("-1.25e-3", "a number", &back) == STATUS_OK && back <= -1.25e-3 &&
           back >= -1.25e-3;
}

static void look_at_locale(struct doctor *d)
{
    static const char *const names[] = {"", "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
                                        "fr_FR.utf8", "es_ES.utf8", "it_IT.utf8", "ru_RU.utf8"};
    const char *found = NULL;

    for (size_t i = 0; i < sizeof names / sizeof names[0] && found == NULL; i++)
        if (setlocale(LC_NUMERIC, names[i]) != NULL && localeconv()->decimal_point[0] == ',')
            found = setlocale(LC_NUMERIC, NULL);
    const char *name = arena_text(&d->b->mem, "%s", found != NULL ? found : "");
    const int good = keeps_points();
    setlocale(LC_NUMERIC, "C");
    if (!good)
        say(d, DOCTOR_BAD, "locale", "numbers lose their point under '%s': set LC_ALL=C.UTF-8",
            name);
    else
        say(d, DOCTOR_OK, "locale", "%s%s", found != NULL ? "numbers keep their point under " :
            "none with a decimal comma is installed", name);
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
    const char *object = blas_object(), *all = fact(p, "blas.objects");
    const int parallel = blas_parallel(), version = library_version();
    char *real = object != NULL ? realpath(object, NULL) : NULL;

    if (object == NULL)
        say(d, DOCTOR_BAD, "BLAS", "cblas, BLAS and LAPACK come from several libraries (%s): link "
            "as the Makefile does", all);
    else if (blas_loaded() != 1)
        say(d, DOCTOR_BAD, "BLAS", "expected one BLAS in the process, found %zu (%s): link as the "
            "Makefile does", blas_loaded(), all);
    else
        say(d, DOCTOR_OK, "BLAS", "one, %s", real != NULL ? real : object);
    free(real);
    say(d, DOCTOR_OK, "BLAS", "%s; core %s, %s, %d thread(s)", blas_config(), blas_core(),
        parallel >= 0 && parallel <= 2 ? flavours[parallel] : "of an unknown flavour",
        blas_threads());
    if (parallel == BLAS_PTHREAD)
        say(d, DOCTOR_NOTE, "BLAS", "the pthread flavour starts all its threads with every "
            "program: install libopenblas0-openmp");
    if (version == 0)
        say(d, DOCTOR_NOTE, "BLAS", "its version cannot be found out");
    else if (version < 321 && (strcasecmp(blas_core(), "SapphireRapids") == 0 ||
                               strstr(fact(p, "machine.isa"), "amx") != NULL))
        say(d, DOCTOR_BAD, "BLAS", "OpenBLAS before 0.3.21 has wrong kernels for Sapphire Rapids: "
            "install a later one, or set OPENBLAS_CORETYPE=Haswell");
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

    TRY(program_output(d->b, argv, NATIVE, &out, &n, &code, errors));
    fwrite(out, 1, n, stdout);
    const size_t bad = count_lines(out, DOCTOR_BAD);
    d->bad += bad;
    d->notes += count_lines(out, DOCTOR_NOTE);
    if (code == 0 && n > 0)
        return STATUS_OK;
    if (code == 128 + SIGALRM)
        say(d, DOCTOR_BAD, mode_name(mode), "the BLAS did not answer within %d s", SECONDS_A_MODE);
    else if (bad == 0)
        say(d, DOCTOR_BAD, mode_name(mode), "trying the BLAS %s%s%s", child_end_in_words(end, code),
            errors[0] ? ": " : "", errors);
    return STATUS_OK;
}

/* ---- tools ---- */

/* The first line that a command prints; NULL when it cannot be started or fails. */
static const char *answer_of(struct bench *b, const char *const *argv)
{
    char *out;
    size_t n;
    int code;

    if (program_output(b, argv, NATIVE, &out, &n, &code, NULL) != STATUS_OK || code != 0)
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
        say(d, DOCTOR_BAD, "gnuplot", "cannot be started, figures cannot be drawn: make deps");
        return;
    }
    if (answer_of(d->b, formats) == NULL)
        say(d, DOCTOR_NOTE, "gnuplot", "%s lacks svg, pngcairo or pdfcairo: install gnuplot-nox",
            version);
    else
        say(d, DOCTOR_OK, "gnuplot", "%s", version);
    if (answer_of(d->b, font) == NULL)
        say(d, DOCTOR_BAD, "font", "DejaVu Sans is not there (fc-list), figures would have no "
            "words: install fonts-dejavu-core and fontconfig");
    else
        say(d, DOCTOR_OK, "font", "DejaVu Sans");
}

static void look_at_git(struct doctor *d)
{
    static const char *const ask[] = {"git", "--version", NULL};
    static const char *const inside[] = {"git", "rev-parse", "--short=12", "HEAD", NULL};
    const char *version = answer_of(d->b, ask), *commit = answer_of(d->b, inside);

    if (version == NULL)
        say(d, DOCTOR_NOTE, "git", "cannot be started: results will not name their commit, bless "
            "and diff cannot work");
    else if (commit == NULL)
        say(d, DOCTOR_NOTE, "git", "this is no checkout with a commit: results will not name one, "
            "bless and diff cannot work");
    else
        say(d, DOCTOR_OK, "git", "%s, at %s", version, commit);
}

/* ---- the verb ---- */

static enum status look_at_all(struct doctor *d)
{
    struct provenance facts = {0};

    provenance_capture(&facts);
    look_at_processor(d, &facts);
    look_at_memory(d);
    look_at_disk(d);
    look_at_environment(d);
    look_at_locale(d);
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
