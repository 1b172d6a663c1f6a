/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/pair_programs.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "net/checkpoint.h"

#define PAIRS                                                                                      \
    CELL_NAMES("herbivores-carnivores", "vehicles1-vehicles2", "carnivores-flowers", "mean")
const struct axis pair_programs_axis = {
    .name = "pair", .meaning = "source task - target task, or the mean over these pairs",
    .at = {CELL_NAMES("vehicles1-vehicles2", "mean"), PAIRS, PAIRS}};
const size_t pair_programs_pairs[PAIR_PROGRAMS_PAIRS][2] = {{0, 1}, {2, 3}, {1, 4}};

/* ---- one pair ---- */

enum status pair_programs_images(struct task_images images[2], const struct unit *u,
                                 const struct pair_setup *s, const size_t *tasks)
{
    TRY(pair_setup_images(&images[0], u, s, tasks[0]));
    return pair_setup_images(&images[1], u, s, tasks[1]);
}

enum status pair_programs_run(const struct parameters *p, struct unit *u,
                              const struct pair_setup *s, const size_t *tasks,
                              enum status (*measure)(const struct parameters *p, struct unit *u,
                                                     struct pair_run *r))
{
    struct task_images images[2];
    struct pair_run r = {0};
    enum status status;

    TRY(pair_programs_images(images, u, s, tasks));
    status = pair_run_open(&r, u, s, &images[0], &images[1]);
    if (status == STATUS_OK)
        status = measure(p, u, &r);
    pair_run_close(&r);
    return status == STATUS_DIVERGED ? unit_diverged(u, 0, 0) : status;
}

/* ---- the pairs and their mean ---- */

/* What one pair gave, as it is kept. */
struct numbers {
    size_t n;
    struct number {
        char name[UNIT_NAME];
        double value;
    } at[PAIR_PROGRAMS_NUMBERS];
};

static size_t pairs_of(const struct unit *u)
{
    return u->profile == SMOKE ? 1 : PAIR_PROGRAMS_PAIRS;
}

static void take(struct numbers *out, const struct unit *u)
{
    CHECK(u->value_count <= PAIR_PROGRAMS_NUMBERS, "%zu metrics", u->value_count);
    *out = (struct numbers){.n = u->value_count};
    for (size_t k = 0; k < out->n; k++) {
        memcpy(out->at[k].name, u->values[k].name, UNIT_NAME);
        out->at[k].value = u->values[k].value;
    }
}

static enum status measure_pair(struct numbers *out, const struct pair_program *program,
                                const struct parameters *p, const struct unit *u, size_t pair)
{
    struct unit *alone = arena_get(u->mem, 1, sizeof *alone);

    *alone = *u;
    TRY(program->measure(p, alone, pair_programs_pairs[u->profile == SMOKE ? 1 : pair]));
    take(out, alone);
    return STATUS_OK;
}

/* Those of one pair: kept by another unit, or measured and kept. */
static enum status numbers_of(struct numbers *out, const struct pair_program *program,
                              const struct parameters *p, const struct unit *u, size_t pair)
{
    const struct checkpoint_block block = {"numbers", out, sizeof *out};
    char owner[DIGEST_TEXT];
    struct digest d;

    if (u->artifacts == NULL)
        return measure_pair(out, program, p, u, pair);
    const char *name = arena_text(u->mem, "numbers.%zu.%llu", pair, (unsigned long long)u->seed);
    const char *path = arena_text(u->mem, "%s/%s", u->artifacts, name);

    digest_start(&d);
    digest_text(&d, name);
    digest_end(&d, owner);
    if (file_exists(path))
        return checkpoint_load(path, owner, &block, 1);
    TRY(measure_pair(out, program, p, u, pair));
    TRY(file_make_folder(u->artifacts));
    return checkpoint_save(path, owner, &block, 1,
                           arena_get(u->mem, checkpoint_size(&block, 1), 1));
}

enum status pair_programs_unit(const struct pair_program *program, const struct parameters *p,
                               struct unit *u)
{
    const size_t pairs = pairs_of(u), cell = (size_t)u->cell;
    const size_t first = cell < pairs ? cell : 0, end = cell < pairs ? cell + 1 : pairs;
    struct numbers *mean = arena_get(u->mem, 1, sizeof *mean);
    struct numbers *one = arena_get(u->mem, 1, sizeof *one);
    enum status status = STATUS_OK;

    for (size_t pair = first; pair < end && status == STATUS_OK; pair++) {
        status = numbers_of(one, program, p, u, pair);
        if (pair == first)
            *mean = *one;
        for (size_t k = 0; k < mean->n && pair > first; k++)
            mean->at[k].value += one->at[k].value;
    }
    if (status == STATUS_DIVERGED)
        return unit_diverged(u, 0, 0);
    TRY(status);
    for (size_t k = 0; k < mean->n; k++)
        emit(u, mean->at[k].name, mean->at[k].value / (double)(end - first));
    program->draw(p, u);
    return STATUS_OK;
}

double pair_programs_value(const struct unit *u, const char *name)
{
    for (size_t k = 0; k < u->value_count; k++)
        if (strcmp(u->values[k].name, name) == 0)
            return u->values[k].value;
    CHECK(0, "no metric '%s'", name);
    return 0;
}

double pair_programs_member(const struct unit *u, const char *family, size_t index)
{
    char name[UNIT_NAME];

    snprintf(name, sizeof name, "%s.%zu", family, index);
    return pair_programs_value(u, name);
}
