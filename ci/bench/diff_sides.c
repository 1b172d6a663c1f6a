/* SPDX-License-Identifier: GPL-3.0-or-later */
/* diff_sides: the reference files of a git revision, and those of the working tree. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "diff.h"
#include "output.h"

/* What git prints (in the arena); *code is its exit status. */
static enum status git(struct bench *b, const char *const *argv, char **out, size_t *n, int *code,
                       char *errors)
{
    TRY(output_of(b, argv, NATIVE, out, n, code, errors));
    if (*code == 127)
        return status_set(STATUS_UNFIT, "diff needs git, which cannot be started: install it");
    return STATUS_OK;
}

enum status diff_sides_find(struct comparison *c)
{
    struct bench *b = c->b;
    const char *const inside[] = {"git", "rev-parse", "--git-dir", NULL};
    const char *const resolve[] = {"git", "rev-parse", "--verify", "--quiet",
                                   arena_text(&b->mem, "%s^{commit}", b->base), NULL};
    char *out, errors[512];
    size_t n;
    int code;

    TRY(git(b, inside, &out, &n, &code, errors));
    if (code != 0)
        return status_set(STATUS_UNFIT, "diff needs a git checkout: %s", errors);
    if (b->base[0] == '-' || b->base[0] == '\0')
        return status_set(STATUS_USAGE, "--base: '%s' is no git revision", b->base);
    TRY(git(b, resolve, &out, &n, &code, errors));
    if (code != 0)
        return status_set(STATUS_USAGE, "--base: no git revision '%s' here (a shallow clone has "
                                        "few: git fetch --unshallow)", b->base);
    out[strcspn(out, "\n")] = '\0';
    c->revision = out;
    return STATUS_OK;
}

/* The id in "reference-results/<id>.ref" or "<id>.ref", NULL for other names. */
static const char *id_of(struct bench *b, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    const size_t n = strlen(name);

    if (n <= 4 || strcmp(name + n - 4, ".ref") != 0)
        return NULL;
    const char *id = arena_text(&b->mem, "%.*s", (int)(n - 4), name);
    return text_matches(b->only, id) ? id : NULL;
}

static struct pair *pair_of(struct comparison *c, const char *id)
{
    for (size_t i = 0; i < c->pair_count; i++)
        if (strcmp(c->pairs[i].id, id) == 0)
            return &c->pairs[i];
    c->pairs[c->pair_count].id = id;
    return &c->pairs[c->pair_count++];
}

/* A file of the revision, by way of a file in memory. */
static enum status read_old(struct comparison *c, const char *id)
{
    struct bench *b = c->b;
    const char *name = arena_text(&b->mem, "%s:./" REFERENCE_FOLDER "/%s.ref", c->revision, id);
    const char *const argv[] = {"git", "cat-file", "blob", name, NULL};
    char *out, errors[512];
    size_t n;
    int code, found;

    TRY(git(b, argv, &out, &n, &code, errors));
    if (code != 0)
        return status_set(STATUS_IO, "git cat-file blob %s: %s", name, errors);
    const int copy = memfd_create("reference", MFD_CLOEXEC);
    if (copy < 0)
        return status_set(STATUS_MEMORY, "%s: no memory for a copy", name);
    const char *path = arena_text(&b->mem, "/proc/self/fd/%d", copy);
    enum status status = write(copy, out, n) == (ssize_t)n
                             ? references_read(&pair_of(c, id)->old, path, &found)
                             : status_set(STATUS_MEMORY, "%s: no memory for a copy", name);
    close(copy);
    if (status != STATUS_OK)
        status = status_set(status, "%s of %s: %s", id, b->base,
                            arena_text(&b->mem, "%s", status_message()));
    return status;
}

static enum status read_all_old(struct comparison *c, char *names)
{
    for (char *at = names; *at != '\0';) {
        char *end = at + strcspn(at, "\n");
        const int last = *end == '\0';

        *end = '\0';
        const char *id = id_of(c->b, at);
        if (id != NULL)
            TRY(read_old(c, id));
        at = last ? end : end + 1;
    }
    return STATUS_OK;
}

enum status diff_sides_read(struct comparison *c)
{
    struct bench *b = c->b;
    const char *const argv[] = {"git", "ls-tree", "--name-only", c->revision,
                                REFERENCE_FOLDER "/", NULL};
    char *out, errors[512], **names;
    size_t n, most = 1, name_count;
    int code, found;

    TRY(git(b, argv, &out, &n, &code, errors));
    if (code != 0)
        return status_set(STATUS_IO, "git ls-tree: %s", errors);
    TRY(file_list(&b->mem, REFERENCE_FOLDER, &names, &name_count));
    for (size_t i = 0; i < n; i++)
        most += out[i] == '\n';
    c->pairs = arena_get(&b->mem, most + name_count, sizeof *c->pairs);
    TRY(read_all_old(c, out));
    for (size_t i = 0; i < name_count; i++) {
        const char *id = id_of(b, names[i]);

        if (id != NULL)
            TRY(references_read(&pair_of(c, id)->now,
                                arena_text(&b->mem, REFERENCE_FOLDER "/%s", names[i]), &found));
    }
    return STATUS_OK;
}
