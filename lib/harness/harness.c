/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/harness.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "harness/describe.h"
#include "harness/harness_call.h"

/* ---- data and keys ---- */

/* A few records at smoke, whatever else was made, and all beyond where there are all. */
static const char *stand_in_folder(struct harness_call *c, const char *build)
{
    const char *full = arena_text(&c->mem, "%s/stand-in-full", build);

    if (c->profile != SMOKE && access(arena_text(&c->mem, "%s/complete", full), R_OK) == 0)
        return full;
    return arena_text(&c->mem, "%s/stand-in", build);
}

static enum status load_data(struct harness_call *c)
{
    const char *asked = c->data != NULL ? c->data : getenv("DATASETS");
    char self[4096] = "";
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    c->loaded = (struct loaded){.kind = "none", .note = "no data", .mem = &c->mem};
    digest_start(&c->loaded.records);
    CHECK(n > 0, "/proc/self/exe");
    for (int up = 0; up < 2 && strrchr(self, '/') != NULL; up++)
        *strrchr(self, '/') = '\0'; /* <build>/bin/<program> -> <build> */
    c->build = arena_text(&c->mem, "%s", self);
    if (c->r->load != NULL) {
        c->loaded.stand_in = stand_in_folder(c, self);
        c->loaded.words = c->words;
        c->loaded.word_count = c->word_count;
        c->loaded.asked = asked != NULL && asked[0] != '\0' ? asked : NULL;
        TRY(c->r->load(c->parameters, &c->loaded));
    }
    digest_end(&c->loaded.records, c->records);
    return digest_file("/proc/self/exe", c->program);
}

void harness_key(const struct harness_call *c, const char *cell, uint64_t seed,
                 char key[DIGEST_TEXT])
{
    struct digest d;
    char numbers[64];

    snprintf(numbers, sizeof numbers, "seed %llu threads %d", (unsigned long long)seed,
             (int)c->threads);
    digest_start(&d);
    digest_text(&d, c->program);
    digest_text(&d, profile_name(c->profile));
    digest_text(&d, mode_name(c->mode));
    digest_text(&d, cell);
    digest_text(&d, numbers);
    digest_text(&d, c->records);
    digest_end(&d, key);
}

static void print_keys(struct harness_call *c)
{
    printf("# program\t%s\n# records\t%s\n# data\t%s\n", c->program, c->records, c->loaded.kind);
    printf("cell\tseed\tkey\tfolder\n");
    for (size_t i = c->first_cell; i < c->end_cell; i++) {
        const char *cell = reproduction_cell_name(c->r, c->profile, i, &c->mem);

        for (size_t s = 0; s < c->seed_count; s++) {
            char key[DIGEST_TEXT];

            harness_key(c, cell, c->seeds[s], key);
            printf("%s\t%llu\t%s\t%s\n", cell, (unsigned long long)c->seeds[s], key,
                   unit_folder(&c->mem, c->r->id, c->profile, c->loaded.kind, mode_name(c->mode),
                               cell, c->seeds[s]));
        }
    }
}

/* ---- the answer ---- */

static void out_of_time(int signal)
{
    static const char words[] = "the time limit of this call (--time-limit) is over\n";

    (void)signal;
    if (write(STDERR_FILENO, words, sizeof words - 1) < 0)
        _exit(3);
    _exit(3);
}

static void set_time_limit(double seconds)
{
    const time_t whole = (time_t)seconds;
    const struct itimerval timer = {
        /* rounded up: a limit below the clock's tick is still a limit */
        .it_value = {whole, (suseconds_t)ceil(999999 * (seconds - (double)whole))}};

    if (seconds > 0) {
        signal(SIGALRM, out_of_time);
        setitimer(ITIMER_REAL, &timer, NULL);
    }
}

static enum status print_description(const struct reproduction *r)
{
    struct text t = {0};
    const enum status status = describe_write(&t, r);

    if (status == STATUS_OK)
        fputs(text_get(&t), stdout);
    text_free(&t);
    return status;
}

static enum status answer(struct harness_call *c, int argc, char **argv)
{
    TRY(harness_options_read(c, argc, argv));
    if (c->help)
        return STATUS_OK;
    if (c->describe)
        return print_description(c->r);
    TRY(harness_options_resolve(c));
    if (!c->key)
        TRY(mode_enter(c->mode, (int)c->threads, argv));
    set_time_limit(c->time_limit);
    c->parameters = arena_get(&c->mem, 1, c->r->parameters_size);
    parameter_resolve(c->parameters, c->r->parameters, c->r->parameter_count, c->profile);
    TRY(load_data(c));
    if (c->key) {
        print_keys(c);
        return STATUS_OK;
    }
    return harness_run(c);
}

int harness_main(int argc, char **argv, const struct reproduction *r)
{
    struct harness_call *c = memory_get(1, sizeof *c);
    enum status status = STATUS_MEMORY;

    if (c != NULL && !arena_guard(&c->mem)) {
        c->r = r;
        c->profile_name = "smoke";
        c->threads = 1;
        status = answer(c, argc, argv);
    }
    if (fflush(stdout) != 0 && status == STATUS_OK)
        status = status_set(STATUS_IO, "standard output cannot be written");
    if (status != STATUS_OK)
        fprintf(stderr, "%s: %s\n", r->id, status_message());
    if (c != NULL) {
        if (c->loaded.release != NULL)
            c->loaded.release(c->loaded.data);
        arena_free(&c->mem);
    }
    memory_free(c);
    return status_exit_code(status);
}
