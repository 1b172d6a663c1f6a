/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/data_layout.h"

#include <stdio.h>

#include "base/file.h"

const struct data_layout data_layout_mnist = {
    .name = "mnist",
    .folders = {"/mnist", "/MNIST/raw", ""},
    .files = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
              "t10k-labels-idx1-ubyte"},
};
const struct data_layout data_layout_cifar_10 = {
    .name = "cifar-10",
    .folders = {"/cifar-10", "/cifar-10-batches-bin", ""},
    .files = {"data_batch_1.bin", "test_batch.bin", "batches.meta.txt"},
    .further = {"data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
};
const struct data_layout data_layout_cifar_100 = {
    .name = "cifar-100",
    .folders = {"/cifar-100", "/cifar-100-binary", ""},
    .files = {"train.bin", "test.bin", "fine_label_names.txt", "coarse_label_names.txt"},
    .part = "train-subset.bin",
};

void data_layout_file(char path[DATA_PATH_MOST], const char *root, const char *sub,
                      const char *file)
{
    static const char *const endings[] = {"", ".gz"};

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const int length = snprintf(path, DATA_PATH_MOST, "%s%s/%s%s", root, sub, file, endings[i]);
        if (length < DATA_PATH_MOST && file_exists(path))
            return;
    }
    path[0] = 0;
}

void data_layout_member(char path[DATA_PATH_MOST], const struct data_layout *set, const char *root,
                        const char *sub, int file)
{
    data_layout_file(path, root, sub, set->files[file]);
    if (path[0] == 0 && file == 0 && set->part != NULL)
        data_layout_file(path, root, sub, set->part);
}

size_t data_layout_count(const struct data_layout *set)
{
    size_t n = 0;

    while (n < DATA_LAYOUT_FILES && set->files[n] != NULL)
        n++;
    return n;
}

/* STATUS_DATA where a batch is there but not the one before it. */
static enum status find_gap(const struct data_layout *set, const char *root, const char *sub)
{
    char path[DATA_PATH_MOST];
    size_t here = 0, held = 0;

    for (; set->further[here] != NULL; here++) {
        data_layout_file(path, root, sub, set->further[here]);
        if (path[0] == 0)
            continue;
        if (held < here)
            return status_set(STATUS_DATA,
                              "%s: expected the files before it too, found %s missing, plain or "
                              "with .gz",
                              path, set->further[held]);
        held++;
    }
    return STATUS_OK;
}

/* How many files of the set lie in the folder, and the first that does not, or NULL. */
static size_t count_files(const struct data_layout *set, const char *root, const char *sub,
                          const char **missing)
{
    char path[DATA_PATH_MOST];
    size_t held = 0;

    *missing = NULL;
    for (size_t j = 0; j < data_layout_count(set); j++) {
        data_layout_member(path, set, root, sub, (int)j);
        if (path[0] != 0)
            held++;
        else if (*missing == NULL)
            *missing = set->files[j];
    }
    return held;
}

enum status data_layout_find(const char **sub, const struct data_layout *set, const char *root)
{
    const char *missing;

    *sub = NULL;
    for (size_t i = 0; i < DATA_LAYOUT_FOLDERS; i++) {
        const size_t held = count_files(set, root, set->folders[i], &missing);
        if (held > 0 && missing != NULL)
            return status_set(STATUS_DATA,
                              "%s%s: expected the %zu files of %s, found %zu; %s is missing, plain "
                              "or with .gz",
                              root, set->folders[i], data_layout_count(set), set->name, held,
                              missing);
        if (held > 0) {
            TRY(find_gap(set, root, set->folders[i]));
            *sub = set->folders[i];
            break;
        }
    }
    return STATUS_OK;
}
