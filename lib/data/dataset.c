/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dataset: see dataset.h. */
#include "data/dataset.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/cifar.h"
#include "data/idx.h"

#define PATH_MOST 4096
#define FILES     4
#define FOLDERS   3
#define BATCHES   DATASET_CIFAR10_BATCHES
#define LABELS    256 /* values of a label */

#define MNIST_SIDE    28
#define MNIST_CLASSES 10
/* The published training files are the largest: 60,000 records. */
#define MNIST_IMAGE_BYTES (16 + 60000 * MNIST_SIDE * MNIST_SIDE)
#define MNIST_LABEL_BYTES (8 + 60000)

/* Records of one published CIFAR file, at most. */
#define CIFAR_BATCH_COUNT 10000
#define CIFAR_TEST_COUNT  10000
#define CIFAR_100_COUNT   50000

/* How a set lies on disk. */
struct layout {
    const char *name;
    const char *folders[FOLDERS]; /* below the asked folder, in the order of the search */
    const char *files[FILES];     /* all needed; the last ones NULL where there are fewer */
    const char *part;             /* stands for the first file where that is missing, or NULL */
    const char *further[BATCHES]; /* follow the first file, as many as there are; or NULL */
};

enum mnist_file { TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS };
enum cifar_file { TRAIN_RECORDS, TEST_RECORDS, CLASS_NAMES, COARSE_NAMES };

static const struct layout mnist = {
    .name = "mnist",
    .folders = {"/mnist", "/MNIST/raw", ""},
    .files = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
              "t10k-labels-idx1-ubyte"},
};
static const struct layout cifar_10 = {
    .name = "cifar-10",
    .folders = {"/cifar-10", "/cifar-10-batches-bin", ""},
    .files = {"data_batch_1.bin", "test_batch.bin", "batches.meta.txt"},
    .further = {"data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
};
static const struct layout cifar_100 = {
    .name = "cifar-100",
    .folders = {"/cifar-100", "/cifar-100-binary", ""},
    .files = {"train.bin", "test.bin", "fine_label_names.txt", "coarse_label_names.txt"},
    .part = "train-subset.bin",
};
static const struct layout *const layouts[] = {&mnist, &cifar_10, &cifar_100};

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

/* ---- turning ---- */

#define UNIT_BITS 40

/* Multiples of 2^-40; exactly symmetric, and exact at multiples of 90 degrees. */
struct turn {
    int64_t cosine, sine;
};

static int64_t to_units(double v)
{
    const double scaled = v * (double)((int64_t)1 << UNIT_BITS);

    return (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

/* Taylor series at an angle of at most 45 degrees, error below 1e-17: libm's values differ in the
 * last bit from CPU to CPU. */
static struct turn small_turn(double degrees)
{
    const double x = degrees * (3.14159265358979323846 / 180), square = x * x;
    double sine = 1, cosine = 1;

    for (int k = 18; k >= 2; k -= 2) {
        cosine = 1 - cosine * square / (k * (k - 1));
        sine = 1 - sine * square / (k * (k + 1));
    }
    return (struct turn){to_units(cosine), to_units(sine * x)};
}

static struct turn turn_by(double degrees)
{
    double rest = fmod(degrees, 360); /* exact */
    int quarters = 0;

    for (; rest > 45; rest -= 90)
        quarters++;
    for (; rest < -45; rest += 90)
        quarters += 3;
    const struct turn t = small_turn(rest);
    switch (quarters % 4) {
    case 0:
        return t;
    case 1:
        return (struct turn){-t.sine, t.cosine};
    case 2:
        return (struct turn){-t.cosine, -t.sine};
    default:
        return (struct turn){t.sine, -t.cosine};
    }
}

void dataset_rotate(uint8_t *out, const uint8_t *in, size_t channels, size_t rows, size_t cols,
                    double degrees)
{
    const int64_t height = (int64_t)rows, width = (int64_t)cols;
    const size_t plane = rows * cols;

    CHECK(isfinite(degrees), "an angle of %g degrees", degrees);
    CHECK(rows < 1 << 20 && cols < 1 << 20, "%zu x %zu pixels", rows, cols);
    const struct turn t = turn_by(degrees);
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++, out++) {
            /* All in units of half a pixel; dividing by 2^41 gives the place in pixels. */
            const int64_t dx = 2 * x + 1 - width, dy = 2 * y + 1 - height;
            const int64_t u = t.cosine * dx - t.sine * dy + width * ((int64_t)1 << UNIT_BITS);
            const int64_t v = t.sine * dx + t.cosine * dy + height * ((int64_t)1 << UNIT_BITS);
            const int64_t col = u / ((int64_t)2 << UNIT_BITS);
            const int64_t row = v / ((int64_t)2 << UNIT_BITS);
            const int inside = u >= 0 && v >= 0 && col < width && row < height;
            for (size_t c = 0; c < channels; c++)
                out[c * plane] = inside ? in[c * plane + (size_t)(row * width + col)] : 0;
        }
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

/* The same for a file of the set, by its place. */
static void find_member(char path[PATH_MOST], const struct layout *set, const char *root,
                        const char *sub, int file)
{
    find_file(path, root, sub, set->files[file]);
    if (path[0] == 0 && file == 0 && set->part != NULL)
        find_file(path, root, sub, set->part);
}

static size_t file_count(const struct layout *set)
{
    size_t n = 0;

    while (n < FILES && set->files[n] != NULL)
        n++;
    return n;
}

/* STATUS_DATA where a batch is there but not the one before it. */
static enum status find_gap(const struct layout *set, const char *root, const char *sub)
{
    char path[PATH_MOST];
    size_t here = 0, held = 0;

    for (; set->further[here] != NULL; here++) {
        find_file(path, root, sub, set->further[here]);
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
static size_t count_files(const struct layout *set, const char *root, const char *sub,
                          const char **missing)
{
    char path[PATH_MOST];
    size_t held = 0;

    *missing = NULL;
    for (size_t j = 0; j < file_count(set); j++) {
        find_member(path, set, root, sub, (int)j);
        if (path[0] != 0)
            held++;
        else if (*missing == NULL)
            *missing = set->files[j];
    }
    return held;
}

/* The first of the layout's folders below root that has any of the files; *sub is NULL where none
 * has. STATUS_DATA where that folder lacks another of them. */
static enum status find_set(const char **sub, const struct layout *set, const char *root)
{
    const char *missing;

    *sub = NULL;
    for (size_t i = 0; i < FOLDERS; i++) {
        const size_t held = count_files(set, root, set->folders[i], &missing);
        if (held > 0 && missing != NULL)
            return status_set(STATUS_DATA,
                              "%s%s: expected the %zu files of %s, found %zu; %s is missing, plain "
                              "or with .gz",
                              root, set->folders[i], file_count(set), set->name, held, missing);
        if (held > 0) {
            TRY(find_gap(set, root, set->folders[i]));
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
                          "%s: expected %s (%s and %zu more files, plain or with .gz) in it, in "
                          "its %s or in its %s, found %s; name another folder, or "
                          "DATASETS=none for generated stand-ins",
                          folder, set->name, set->files[0], file_count(set) - 1,
                          set->folders[0] + 1, set->folders[1] + 1,
                          file_is_folder(folder) ? "none of them" : "no such folder");
    *source = (struct data_source){.folder = folder, .stand_in = is_generated(folder, sub)};
    return STATUS_OK;
}

static const struct layout *layout_named(const char *name)
{
    const struct layout *found = NULL;

    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (strcmp(name, layouts[i]->name) == 0)
            found = layouts[i];
    CHECK(found != NULL, "the data set '%s' is not known", name);
    return found;
}

enum status data_source_find(struct data_source *source, const char *set, const char *asked,
                             const char *stand_in_folder)
{
    const struct layout *layout = layout_named(set);
    const char *sub;

    *source = (struct data_source){0};
    if (asked != NULL && strcmp(asked, "none") == 0)
        return find_stand_in(source, layout, stand_in_folder, "DATASETS is none");
    if (asked != NULL && asked[0] != 0)
        return find_asked(source, layout, asked);
    TRY(find_set(&sub, layout, DATA_CACHE));
    if (sub == NULL)
        return find_stand_in(source, layout, stand_in_folder,
                             "DATASETS is unset and " DATA_CACHE " lacks the set");
    return find_asked(source, layout, DATA_CACHE);
}

/* The folder of the set below the source's; both sets, where asked for, become empty. */
static enum status open_source(const char **sub, const struct data_source *source,
                               const struct layout *set, struct dataset *train,
                               struct dataset *test)
{
    if (train != NULL)
        *train = (struct dataset){0};
    if (test != NULL)
        *test = (struct dataset){0};
    TRY(find_set(sub, set, source->folder));
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

    TRY(open_source(&sub, source, &mnist, train, test));
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
    const struct layout *set;
    enum cifar_kind kind;
    enum cifar_file first;
    int files;   /* the first and at most files - 1 of set->further */
    size_t most; /* records of one file */
};

static enum status cifar_records_read(struct cifar_records *records, const struct cifar_part *part,
                                      const char *root, const char *sub)
{
    char path[PATH_MOST];

    find_member(path, part->set, root, sub, (int)part->first);
    TRY(cifar_append(records, path, part->kind, part->most));
    for (int i = 0; i < part->files - 1; i++) {
        find_file(path, root, sub, part->set->further[i]);
        if (path[0] == 0)
            break;
        TRY(cifar_append(records, path, part->kind, part->most));
    }
    return STATUS_OK;
}

static enum status cifar_names(struct dataset *set, const struct cifar_part *part, const char *root,
                               const char *sub)
{
    char path[PATH_MOST];

    find_member(path, part->set, root, sub, CLASS_NAMES);
    TRY(cifar_names_read(&set->class_name, set->classes, path));
    if (set->coarse_classes == 0)
        return STATUS_OK;
    find_member(path, part->set, root, sub, COARSE_NAMES);
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
        {&cifar_10, CIFAR_10, TRAIN_RECORDS, batches, CIFAR_BATCH_COUNT},
        {&cifar_10, CIFAR_10, TEST_RECORDS, 1, CIFAR_TEST_COUNT},
    };
    enum status status = STATUS_OK;
    const char *sub;

    CHECK(batches >= 1 && batches <= BATCHES, "%d batches of %d", batches, BATCHES);
    TRY(open_source(&sub, source, &cifar_10, train, test));
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
        {&cifar_100, CIFAR_100, TRAIN_RECORDS, 1, CIFAR_100_COUNT},
        {&cifar_100, CIFAR_100, TEST_RECORDS, 1, CIFAR_TEST_COUNT},
    };
    enum status status = STATUS_OK;
    const char *sub;

    TRY(open_source(&sub, source, &cifar_100, train, test));
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
