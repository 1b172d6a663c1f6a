/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/reproduction.h"

#include "base/check.h"
#include "base/text.h"

size_t reproduction_cell_count(const struct reproduction *r, enum profile profile)
{
    return r->axis == NULL ? 1 : r->axis->at[profile].count;
}

const char *reproduction_cell_name(const struct reproduction *r, enum profile profile, size_t cell,
                              struct arena *mem)
{
    char number[TEXT_DOUBLE];
    const struct axis_cells *cells;

    if (r->axis == NULL)
        return "all";
    cells = &r->axis->at[profile];
    CHECK(cell < cells->count, "cell %zu of %zu", cell, cells->count);
    if (cells->names != NULL)
        return cells->names[cell];
    return arena_text(mem, "%s=%s", r->axis->name, text_short(number, cells->values[cell], 6));
}
