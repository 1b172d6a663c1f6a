/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transfer_pair: two drawn tasks, a source model of the first and their pair, made once for all
 * tests of a program: its group setup is transfer_pair_make, its teardown transfer_pair_drop. */
#ifndef TESTS_TRANSFER_PAIR_H
#define TESTS_TRANSFER_PAIR_H

#include "base/memory.h"
#include "linalg/blas.h"
#include "transfer_tasks.h"

static struct arena mem;
static struct task_images a, b;
static struct transfer_model m;
static struct task_pair pair;

static int transfer_pair_make(void **state)
{
    (void)state;
    blas_set_threads(1);
    a = transfer_task(&mem, "a", 1);
    b = transfer_task(&mem, "b", 1);
    transfer_model_make(&m, &mem, &a, 100);
    pair = task_pair_make(&mem, &a, &b, T_OUTPUTS);
    return 0;
}

static int transfer_pair_drop(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

#endif
