/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/pair_programs.h"

#define PAIRS CELL_NAMES("herbivores-carnivores", "vehicles1-vehicles2", "carnivores-flowers")
const struct axis pair_programs_axis = {.name = "pair", .meaning = "source task - target task",
                                        .at = {CELL_NAMES("vehicles1-vehicles2"), PAIRS, PAIRS}};
const size_t pair_programs_pairs[PAIR_PROGRAMS_PAIRS][2] = {{0, 1}, {2, 3}, {1, 4}};

const size_t *pair_programs_tasks(const struct unit *u)
{
    return pair_programs_pairs[u->profile == SMOKE ? 1 : u->cell];
}

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
