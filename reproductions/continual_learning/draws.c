/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "continual_learning/draws.h"

int draws_a_seed(int work, double size, int least, int most)
{
    const double wanted = work / size;

    return wanted < least ? least : wanted > most ? most : (int)wanted;
}

enum status draws_within(enum status (*draw)(void *context, struct arena *mem), void *context)
{
    struct arena mem = {0};
    enum status status;

    if (arena_guard(&mem)) {
        arena_free(&mem);
        return STATUS_MEMORY;
    }
    status = draw(context, &mem);
    arena_free(&mem);
    return status;
}
