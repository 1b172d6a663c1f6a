/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "readme_rows.h"

#include <string.h>

void readme_rows_cell(struct text *out, const char *words)
{
    for (; *words != '\0'; words++) {
        if (strchr("|<>*_`[]", *words) != NULL)
            text_add(out, "\\");
        text_add_bytes(out, words, 1);
    }
}

static const char *mark(enum verdict_word word)
{
    static const char *const bold[VERDICT_COUNT] = {"not tested", "**reproduced**",
                                                    "**not reproduced**", "**partly**",
                                                    "**undecided**"};

    return bold[word];
}

void readme_rows_claim(struct text *out, const struct claim *c)
{
    readme_rows_cell(out, c->words);
    text_add(out, " (");
    readme_rows_cell(out, c->place);
    text_add(out, ")");
}

void readme_rows_verdict(struct text *out, const struct claim *c, const struct verdict *v)
{
    char measured[160];

    text_add(out, " | ");
    readme_rows_cell(out, verdict_measured(measured, v, c));
    text_add(out, " | %s", mark(v->word));
    if (v->why[0] != '\0') {
        text_add(out, ": ");
        readme_rows_cell(out, v->why);
    }
    text_add(out, " |\n");
}
