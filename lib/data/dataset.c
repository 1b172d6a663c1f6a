/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dataset: see dataset.h. */
#include "data/dataset.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/idx.h"

#define PATH_MOST 4096
#define FILES     4
#define FOLDERS   3

#define MNIST_SIDE    28
#define MNIST_CLASSES 10
/* The published training files are the largest: 60,000 records. */
#define MNIST_IMAGE_BYTES (16 + 60000 * MNIST_SIDE * MNIST_SIDE)
#define MNIST_LABEL_BYTES (8 + 60000)

/* How a set lies on disk. */
struct layout {
    const char *name;
    const char *folders[FOLDERS]; /* below the asked folder, in the order of the search */
    const char *files[FILES];
};

enum mnist_file { TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS };

static const struct layout mnist = {
    .name = "mnist",
    .folders = {"/mnist", "/MNIST/raw", ""},
    .files = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
              "t10k-labels-idx1-ubyte"},
};

void dataset_free(struct dataset *set)
{
    memory_free(set->pixels);
    memory_free(set->label);
    *set = (struct dataset){0};
}

size_t dataset_pixels(const struct dataset *set)
{
    return set->channels * set->rows * set->cols;
}

/* ---- finding ---- */

/* ROOT + sub / file, plain or else with .gz; path is "" where there is neither. */
static void find_file(char path[PATH_MOST], const char *root, const char *sub, const char *file)
{
    static const char *const endings[] = {"", ".gz"};

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const int length = snprintf(path, PATH_MOST, "%s%s/%s%s", root, sub, file, endings[i]);
        if (length < PATH_MOST && file_exists(path))
            return;
    }
    path[0] = 0;
}

/* The first of the layout's folders below root that has any of the files; *sub is NULL where none
 * has. STATUS_DATA where that folder lacks another of them. */
static enum status find_set(const char **sub, const struct layout *set, const char *root)
{
    char path[PATH_MOST];

    *sub = NULL;
    for (size_t i = 0; i < FOLDERS; i++) {
        const char *missing = NULL;
        size_t held = 0;
        for (size_t j = 0; j < FILES; j++) {
            find_file(path, root, set->folders[i], set->files[j]);
            if (path[0] != 0)
                held++;
            else if (missing == NULL)
                missing = set->files[j];
        }
        if (held > 0 && missing != NULL)
            return status_set(STATUS_DATA,
                              "%s%s: expected the %d files of %s, found %zu; %s is missing, plain "
                              "or with .gz",
                              root, set->folders[i], FILES, set->name, held, missing);
        if (held > 0) {
            *sub = set->folders[i];
            break;
        }
    }
    return STATUS_OK;
}

static int is_generated(const char *root, const char *sub)
{
    char path[PATH_MOST];

    return snprintf(path, sizeof path, "%s%s/complete", root, sub) < PATH_MOST && file_exists(path);
}

static enum status find_stand_in(struct data_source *source, const struct layout *set,
                                 const char *folder, const char *why)
{
    const char *sub;

    TRY(find_set(&sub, set, folder));
    if (sub == NULL || !is_generated(folder, sub))
        return status_set(STATUS_DATA,
                          "%s/%s: expected the generated stand-in (%s), found it %s; call make "
                          "stand-in, or name a folder that holds %s: DATASETS=DIR",
                          folder, set->name, why, sub == NULL ? "missing" : "incomplete",
                          set->name);
    *source = (struct data_source){.folder = folder, .stand_in = 1};
    return STATUS_OK;
}

static enum status find_asked(struct data_source *source, const struct layout *set,
                              const char *folder)
{
    const char *sub;

    TRY(find_set(&sub, set, folder));
    if (sub == NULL)
        return status_set(STATUS_DATA,
                          "%s: expected %s (%s and %d more files, plain or with .gz) in it, in its "
                          "mnist or in its MNIST/raw, found %s; name another folder, or "
                          "DATASETS=none for generated stand-ins",
                          folder, set->name, set->files[0], FILES - 1,
                          file_is_folder(folder) ? "none of them" : "no such folder");
    *source = (struct data_source){.folder = folder, .stand_in = is_generated(folder, sub)};
    return STATUS_OK;
}

enum status data_source_find(struct data_source *source, const char *set, const char *asked,
                             const char *stand_in_folder)
{
    const char *sub;

    CHECK(strcmp(set, mnist.name) == 0, "the data set '%s' is not known", set);
    *source = (struct data_source){0};
    if (asked != NULL && strcmp(asked, "none") == 0)
        return find_stand_in(source, &mnist, stand_in_folder, "DATASETS is none");
    if (asked != NULL && asked[0] != 0)
        return find_asked(source, &mnist, asked);
    TRY(find_set(&sub, &mnist, DATA_CACHE));
    if (sub == NULL)
        return find_stand_in(source, &mnist, stand_in_folder,
                             "DATASETS is unset and " DATA_CACHE " lacks the set");
    return find_asked(source, &mnist, DATA_CACHE);
}

/* ---- MNIST ---- */

static enum status records_check(const struct idx_images *images, const struct idx_labels *labels,
                                 const char *images_path, const char *labels_path)
{
    if (images->rows != MNIST_SIDE || images->cols != MNIST_SIDE)
        return status_set(STATUS_DATA,
                          "%s: expected images of %d x %d pixels, found %zu x %zu; fetch MNIST",
                          images_path, MNIST_SIDE, MNIST_SIDE, images->rows, images->cols);
    if (labels->count != images->count)
        return status_set(STATUS_DATA,
                          "%s: expected %zu labels, one an image of %s, found %zu; fetch both "
                          "files again",
                          labels_path, images->count, images_path, labels->count);
    for (size_t i = 0; i < labels->count; i++)
        if (labels->label[i] >= MNIST_CLASSES)
            return status_set(STATUS_DATA,
                              "%s: expected labels 0..%d, found %d at record %zu; fetch the file "
                              "again",
                              labels_path, MNIST_CLASSES - 1, (int)labels->label[i], i);
    return STATUS_OK;
}

static enum status part_read(struct dataset *set, const char *name, const char *root,
                             const char *sub, enum mnist_file images_file,
                             enum mnist_file labels_file)
{
    char images_path[PATH_MOST], labels_path[PATH_MOST];
    struct idx_images images = {0};
    struct idx_labels labels = {0};
    enum status status;

    find_file(images_path, root, sub, mnist.files[images_file]);
    find_file(labels_path, root, sub, mnist.files[labels_file]);
    status = idx_images_read(&images, images_path, MNIST_IMAGE_BYTES);
    if (status == STATUS_OK)
        status = idx_labels_read(&labels, labels_path, MNIST_LABEL_BYTES);
    if (status == STATUS_OK)
        status = records_check(&images, &labels, images_path, labels_path);
    if (status != STATUS_OK) {
        idx_images_free(&images);
        idx_labels_free(&labels);
        return status;
    }
    *set = (struct dataset){.name = name,
                            .count = images.count,
                            .channels = 1,
                            .rows = images.rows,
                            .cols = images.cols,
                            .classes = MNIST_CLASSES,
                            .pixels = images.pixels,
                            .label = labels.label};
    return STATUS_OK;
}

enum status dataset_mnist(const struct data_source *source, struct dataset *train,
                          struct dataset *test)
{
    enum status status = STATUS_OK;
    const char *sub;

    if (train != NULL)
        *train = (struct dataset){0};
    if (test != NULL)
        *test = (struct dataset){0};
    TRY(find_set(&sub, &mnist, source->folder));
    if (sub == NULL)
        return status_set(STATUS_DATA, "%s: expected mnist, found none of its files; was it moved?",
                          source->folder);
    if (train != NULL)
        status = part_read(train, source->stand_in ? "stand-in train" : "mnist train",
                           source->folder, sub, TRAIN_IMAGES, TRAIN_LABELS);
    if (test != NULL && status == STATUS_OK)
        status = part_read(test, source->stand_in ? "stand-in test" : "mnist test", source->folder,
                           sub, TEST_IMAGES, TEST_LABELS);
    if (status != STATUS_OK && train != NULL)
        dataset_free(train);
    return status;
}
