/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "works.h"

#include <string.h>

#include "base/file.h"
#include "reference_files.h"

#define REPRODUCTIONS "reproductions"

enum { MOST_WORDS = 1 << 16 };

/* "# Title", an empty line, a paragraph up to the next empty line or the end. */
static enum status read_words(struct bench *b, struct work *w)
{
    const char *path = arena_text(&b->mem, REPRODUCTIONS "/%s/README.md", w->folder);
    char *bytes, *text, *words, *end;
    size_t n;

    TRY(file_read(path, MOST_WORDS, &bytes, &n));
    text = arena_text(&b->mem, "%s", bytes);
    memory_free(bytes);
    words = strchr(text, '\n');
    if (strncmp(text, "# ", 2) != 0 || words == NULL || words[1] != '\n' || words[2] == '\n' ||
        words[2] == '\0')
        return status_set(STATUS_IO, "%s: expected '# ' and a title, an empty line and a paragraph",
                          path);
    *words = '\0';
    words += 2;
    end = strstr(words, "\n\n");
    end = end != NULL ? end : words + strlen(words) - 1;
    if (*end == '\n')
        *end = '\0';
    w->title = text + 2;
    w->words = words;
    return STATUS_OK;
}

/* The programs whose source lies in the work's folder. */
static enum status add_programs(struct bench *b, struct work *w)
{
    w->programs = arena_get(&b->mem, b->program_count, sizeof *w->programs);
    w->verdicts = arena_get(&b->mem, b->program_count, sizeof *w->verdicts);
    for (size_t i = 0; i < b->program_count; i++) {
        const struct program *p = &b->programs[i];

        if (!file_exists(arena_text(&b->mem, REPRODUCTIONS "/%s/%s.c", w->folder, p->id)))
            continue;
        w->programs[w->count] = p;
        TRY(reference_verdicts(b, p, &w->verdicts[w->count++]));
    }
    return w->count > 0 ? read_words(b, w) : STATUS_OK;
}

static enum status all_placed(const struct bench *b, const struct work *works, size_t n)
{
    for (size_t i = 0; i < b->program_count; i++) {
        size_t places = 0;

        for (size_t k = 0; k < n; k++)
            for (size_t j = 0; j < works[k].count; j++)
                places += works[k].programs[j] == &b->programs[i];
        if (places != 1)
            return status_set(STATUS_IO, "%s: expected its source in one folder below "
                              REPRODUCTIONS "/, found it in %zu", b->programs[i].id, places);
    }
    return STATUS_OK;
}

enum status works_find(struct bench *b, struct work **works, size_t *n)
{
    char **names;
    size_t folders;

    TRY(file_list(&b->mem, REPRODUCTIONS, &names, &folders));
    *works = arena_get(&b->mem, folders + 1, sizeof **works);
    *n = 0;
    for (size_t i = 0; i < folders; i++) {
        struct work *w = &(*works)[*n];

        *w = (struct work){.folder = names[i]};
        if (!file_is_folder(arena_text(&b->mem, REPRODUCTIONS "/%s", names[i])))
            continue;
        TRY(add_programs(b, w));
        *n += w->count > 0;
    }
    return all_placed(b, *works, *n);
}
