/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/data_source.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "data/data_layout.h"

static const struct data_layout *const layouts[] = {&data_layout_mnist, &data_layout_cifar_10,
                                                    &data_layout_cifar_100};

static int is_generated(const char *root, const char *sub)
{
    char path[DATA_PATH_MOST];

    return snprintf(path, sizeof path, "%s%s/complete", root, sub) < DATA_PATH_MOST &&
           file_exists(path);
}

static enum status find_stand_in(struct data_source *source, const struct data_layout *set,
                                 const char *folder, const char *why)
{
    const char *sub;

    TRY(data_layout_find(&sub, set, folder));
    if (sub == NULL || !is_generated(folder, sub))
        return status_set(STATUS_DATA,
                          "%s/%s: expected the generated stand-in (%s), found it %s; call make "
                          "stand-in, or name a folder that holds %s: DATASETS=DIR",
                          folder, set->name, why, sub == NULL ? "missing" : "incomplete",
                          set->name);
    *source = (struct data_source){.folder = folder, .stand_in = 1};
    return STATUS_OK;
}

static enum status find_asked(struct data_source *source, const struct data_layout *set,
                              const char *folder)
{
    const char *sub;

    TRY(data_layout_find(&sub, set, folder));
    if (sub == NULL)
        return status_set(STATUS_DATA,
                          "%s: expected %s (%s and %zu more files, plain or with .gz) in it, in "
                          "its %s or in its %s, found %s; name another folder, or "
                          "DATASETS=none for generated stand-ins",
                          folder, set->name, set->files[0], data_layout_count(set) - 1,
                          set->folders[0] + 1, set->folders[1] + 1,
                          file_is_folder(folder) ? "none of them" : "no such folder");
    *source = (struct data_source){.folder = folder, .stand_in = is_generated(folder, sub)};
    return STATUS_OK;
}

static const struct data_layout *layout_named(const char *name)
{
    const struct data_layout *found = NULL;

    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (strcmp(name, layouts[i]->name) == 0)
            found = layouts[i];
    CHECK(found != NULL, "the data set '%s' is not known", name);
    return found;
}

enum status data_source_find(struct data_source *source, const char *set, const char *asked,
                             const char *stand_in_folder)
{
    const struct data_layout *layout = layout_named(set);
    const char *sub;

    *source = (struct data_source){0};
    if (asked != NULL && strcmp(asked, "none") == 0)
        return find_stand_in(source, layout, stand_in_folder, "DATASETS is none");
    if (asked != NULL && asked[0] != 0)
        return find_asked(source, layout, asked);
    TRY(data_layout_find(&sub, layout, DATA_CACHE));
    if (sub == NULL)
        return find_stand_in(source, layout, stand_in_folder,
                             "DATASETS is unset and " DATA_CACHE " lacks the set");
    return find_asked(source, layout, DATA_CACHE);
}
