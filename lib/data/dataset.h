/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dataset: labelled images in memory, and the rule by which a program finds its files.
 *
 * What was asked for decides alone: a named folder must hold the data, "none" means the generated
 * stand-in, and only where nothing was asked the cache and then the stand-in are tried. A stand-in
 * is never taken for data that somebody named. */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct dataset {
    const char *name; /* "mnist train": for messages; static storage */
    size_t count, channels, rows, cols;
    int classes;
    uint8_t *pixels; /* count x channels x rows x cols */
    uint8_t *label;  /* count; 0..classes-1 */
};

/* Frees the arrays and zeroes the struct; a zeroed struct is fine. */
void dataset_free(struct dataset *set);

/* Bytes of one record's pixels: channels * rows * cols. */
size_t dataset_pixels(const struct dataset *set);

/* Where published data is looked for when nothing was asked. */
#define DATA_CACHE "datasets/cache"

struct data_source {
    const char *folder; /* holds the sets, each in its own folder or itself */
    int stand_in;       /* generated, not published data */
};

/* Finds `set` ("mnist" is the only one known; another name is a CHECK). `asked` is the value of
 * --data or DATASETS, NULL or "" when neither was given; `stand_in_folder` is where "make stand-in"
 * writes (build/stand-in).
 *
 *   asked "none"    the stand-in
 *   asked DIR       DIR, which must hold the set
 *   nothing asked   DATA_CACHE if it holds the set, else the stand-in
 *
 * A set lies in FOLDER/mnist, FOLDER/MNIST/raw or FOLDER itself, each of its files plain or with
 * .gz. STATUS_DATA where the set is missing, or where the first of these folders that has any of
 * its files lacks another: a damaged cache is not passed over for the stand-in.
 * A generated set keeps its file "complete" beside it and counts as a stand-in also where its
 * folder was named. source->folder is `asked`, `stand_in_folder` or static. */
enum status data_source_find(struct data_source *source, const char *set, const char *asked,
                             const char *stand_in_folder) MUST_USE;

/* MNIST's training and test records; either pointer may be NULL. STATUS_DATA with one line for all
 * that gzip.h and idx.h name, for images that are not 28 x 28, for another number of labels than
 * images, and for a label above 9. On failure both sets are zeroed. */
enum status dataset_mnist(const struct data_source *source, struct dataset *train,
                          struct dataset *test) MUST_USE;

#endif
