/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dataset: see dataset.h. */
#include "data/dataset.h"

#include "base/check.h"
#include "base/memory.h"
#include "data/cifar.h"
#include "data/data_layout.h"
#include "data/idx.h"

#define LABELS        256 /* values of a label */

#define MNIST_SIDE    28
#define MNIST_CLASSES 10
/* The published training files are the largest: 60,000 records. */
#define MNIST_IMAGE_BYTES (16 + 60000 * MNIST_SIDE * MNIST_SIDE)
#define MNIST_LABEL_BYTES (8 + 60000)

/* Records of one published CIFAR file, at most. */
#define CIFAR_BATCH_COUNT 10000
#define CIFAR_TEST_COUNT  10000
#define CIFAR_100_COUNT   50000

enum mnist_file { TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS };
enum cifar_file { TRAIN_RECORDS, TEST_RECORDS, CLASS_NAMES, COARSE_NAMES };

void dataset_free(struct dataset *set)
{
    memory_free(set->pixels);
    memory_free(set->label);
    memory_free(set->coarse);
    memory_free(set->class_name);
    memory_free(set->coarse_name);
    *set = (struct dataset){0};
}

size_t dataset_pixels(const struct dataset *set)
{
    return set->channels * set->rows * set->cols;
}

int dataset_classes_of(int *classes, const struct dataset *set, int coarse)
{
    int below[LABELS] = {0}, count = 0;

    CHECK(set->coarse != NULL, "%s has no coarse labels", set->name);
    CHECK(coarse >= 0 && coarse < set->coarse_classes, "superclass %d of %d", coarse,
          set->coarse_classes);
    for (size_t i = 0; i < set->count; i++)
        if (set->coarse[i] == coarse)
            below[set->label[i]] = 1;
    for (int c = 0; c < set->classes; c++)
        if (below[c])
            classes[count++] = c;
    return count;
}

const char *dataset_class_name(const struct dataset *set, int class)
{
    CHECK(class >= 0 && class < set->classes, "class %d of %d", class, set->classes);
    return set->class_name != NULL ? set->class_name[class] : NULL;
}

/* The folder of the set below the source's; both sets, where asked for, become empty. */
static enum status open_source(const char **sub, const struct data_source *source,
                               const struct data_layout *set, struct dataset *train,
                               struct dataset *test)
{
    if (train != NULL)
        *train = (struct dataset){0};
    if (test != NULL)
        *test = (struct dataset){0};
    TRY(data_layout_find(sub, set, source->folder));
    if (*sub == NULL)
        return status_set(STATUS_DATA, "%s: expected %s, found none of its files; was it moved?",
                          source->folder, set->name);
    return STATUS_OK;
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
    char images_path[DATA_PATH_MOST], labels_path[DATA_PATH_MOST];
    struct idx_images images = {0};
    struct idx_labels labels = {0};
    enum status status;

    data_layout_file(images_path, root, sub, data_layout_mnist.files[images_file]);
    data_layout_file(labels_path, root, sub, data_layout_mnist.files[labels_file]);
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

    TRY(open_source(&sub, source, &data_layout_mnist, train, test));
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

/* ---- CIFAR ---- */

/* One part of a CIFAR set: its files are read one behind the other. */
struct cifar_part {
    const struct data_layout *set;
    enum cifar_kind kind;
    enum cifar_file first;
    int files;   /* the first and at most files - 1 of set->further */
    size_t most; /* records of one file */
};

static enum status cifar_records_read(struct cifar_records *records, const struct cifar_part *part,
                                      const char *root, const char *sub)
{
    char path[DATA_PATH_MOST];

    data_layout_member(path, part->set, root, sub, (int)part->first);
    TRY(cifar_append(records, path, part->kind, part->most));
    for (int i = 0; i < part->files - 1; i++) {
        data_layout_file(path, root, sub, part->set->further[i]);
        if (path[0] == 0)
            break;
        TRY(cifar_append(records, path, part->kind, part->most));
    }
    return STATUS_OK;
}

static enum status cifar_names(struct dataset *set, const struct cifar_part *part, const char *root,
                               const char *sub)
{
    char path[DATA_PATH_MOST];

    data_layout_member(path, part->set, root, sub, CLASS_NAMES);
    TRY(cifar_names_read(&set->class_name, set->classes, path));
    if (set->coarse_classes == 0)
        return STATUS_OK;
    data_layout_member(path, part->set, root, sub, COARSE_NAMES);
    return cifar_names_read(&set->coarse_name, set->coarse_classes, path);
}

static enum status cifar_part_read(struct dataset *set, const char *name,
                                   const struct cifar_part *part, const char *root, const char *sub)
{
    struct cifar_records records = {0};
    enum status status = cifar_records_read(&records, part, root, sub);

    if (status != STATUS_OK) {
        cifar_free(&records);
        return status;
    }
    *set = (struct dataset){.name = name,
                            .count = records.count,
                            .channels = CIFAR_CHANNELS,
                            .rows = CIFAR_SIDE,
                            .cols = CIFAR_SIDE,
                            .classes = cifar_classes(part->kind),
                            .coarse_classes = cifar_coarse_classes(part->kind),
                            .pixels = records.pixels,
                            .label = records.label,
                            .coarse = records.coarse};
    status = cifar_names(set, part, root, sub);
    if (status != STATUS_OK)
        dataset_free(set);
    return status;
}

enum status dataset_cifar10(const struct data_source *source, int batches, struct dataset *train,
                            struct dataset *test)
{
    const struct cifar_part parts[] = {
        {&data_layout_cifar_10, CIFAR_10, TRAIN_RECORDS, batches, CIFAR_BATCH_COUNT},
        {&data_layout_cifar_10, CIFAR_10, TEST_RECORDS, 1, CIFAR_TEST_COUNT},
    };
    enum status status = STATUS_OK;
    const char *sub;

    CHECK(batches >= 1 && batches <= DATASET_CIFAR10_BATCHES, "%d batches of %d", batches,
          DATASET_CIFAR10_BATCHES);
    TRY(open_source(&sub, source, &data_layout_cifar_10, train, test));
    if (train != NULL)
        status =
            cifar_part_read(train, source->stand_in ? "stand-in cifar-10 train" : "cifar-10 train",
                            &parts[0], source->folder, sub);
    if (test != NULL && status == STATUS_OK)
        status =
            cifar_part_read(test, source->stand_in ? "stand-in cifar-10 test" : "cifar-10 test",
                            &parts[1], source->folder, sub);
    if (status != STATUS_OK && train != NULL)
        dataset_free(train);
    return status;
}

enum status dataset_cifar100(const struct data_source *source, struct dataset *train,
                             struct dataset *test)
{
    static const struct cifar_part parts[] = {
        {&data_layout_cifar_100, CIFAR_100, TRAIN_RECORDS, 1, CIFAR_100_COUNT},
        {&data_layout_cifar_100, CIFAR_100, TEST_RECORDS, 1, CIFAR_TEST_COUNT},
    };
    enum status status = STATUS_OK;
    const char *sub;

    TRY(open_source(&sub, source, &data_layout_cifar_100, train, test));
    if (train != NULL)
        status = cifar_part_read(train,
                                 source->stand_in ? "stand-in cifar-100 train" : "cifar-100 train",
                                 &parts[0], source->folder, sub);
    if (test != NULL && status == STATUS_OK)
        status =
            cifar_part_read(test, source->stand_in ? "stand-in cifar-100 test" : "cifar-100 test",
                            &parts[1], source->folder, sub);
    if (status != STATUS_OK && train != NULL)
        dataset_free(train);
    return status;
}
