/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data_source: the rule by which a program finds its files.
 *
 * What was asked for decides alone: a named folder must hold the data, "none" means the generated
 * stand-in, and only where nothing was asked the cache and then the stand-in are tried. A stand-in
 * is never taken for data that somebody named. */
#ifndef DATA_DATA_SOURCE_H
#define DATA_DATA_SOURCE_H

#include "base/compiler.h"
#include "base/status.h"

/* Where published data is looked for when nothing was asked. */
#define DATA_CACHE "datasets/cache"

struct data_source {
    const char *folder; /* holds the sets, each in its own folder or itself */
    int stand_in;       /* generated, not published data */
};

/* Finds `set`, "mnist", "cifar-10" or "cifar-100" (another name is a CHECK). `asked` is the value
 * of --data or DATASETS, NULL or "" when neither was given; `stand_in_folder` is where "make
 * stand-in" writes (build/stand-in).
 *
 *   asked "none"    the stand-in
 *   asked DIR       DIR, which must hold the set
 *   nothing asked   DATA_CACHE if it holds the set, else the stand-in
 *
 * A set lies in one of these folders, each of its files plain or with .gz:
 *
 *   mnist      FOLDER/mnist, FOLDER/MNIST/raw, FOLDER
 *              the four *-ubyte
 *   cifar-10   FOLDER/cifar-10, FOLDER/cifar-10-batches-bin, FOLDER
 *              data_batch_1.bin and as many of the other four as follow, test_batch.bin,
 *              batches.meta.txt
 *   cifar-100  FOLDER/cifar-100, FOLDER/cifar-100-binary, FOLDER
 *              train.bin or else its part train-subset.bin, test.bin, fine_label_names.txt,
 *              coarse_label_names.txt
 *
 * The files of names belong to the published archives and are asked for like the others.
 * STATUS_DATA where the set is missing, or where the first of these folders that has any of its
 * files lacks another, or has a batch but not the one before: a damaged cache is not passed over
 * for the stand-in.
 * A generated set keeps its file "complete" beside it and counts as a stand-in also where its
 * folder was named. source->folder is `asked`, `stand_in_folder` or static. */
enum status data_source_find(struct data_source *source, const char *set, const char *asked,
                             const char *stand_in_folder) MUST_USE;

#endif
