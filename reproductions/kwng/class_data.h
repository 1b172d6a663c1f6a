/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_data: the setting of a classification run, and the images that it is trained and judged
 * on: MNIST's digits for a fully connected network, or the pictures of CIFAR-10 or of CIFAR-100 for
 * a convolutional one. */
#ifndef KWNG_CLASS_DATA_H
#define KWNG_CLASS_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "data/augment.h"
#include "data/dataset.h"
#include "data/task.h"
#include "harness/harness.h"

/* Classes of MNIST and of CIFAR-10, of CIFAR-100, and of its part. */
enum { CLASS_ALL = 10, CLASS_HUNDRED_ALL = 100, CLASS_HUNDRED_PART = 25 };

enum class_images { CLASS_DIGITS, CLASS_PICTURES, CLASS_HUNDRED }; /* of CIFAR-10, of CIFAR-100 */
enum class_condition { CLASS_WELL, CLASS_ILL };

struct class_setup {
    enum class_images images;
    size_t classes;                 /* of a run: 0..classes-1, at least 2; 0: all that are loaded.
                                       The numbers of training and held-out records are for all,
                                       fewer in proportion */
    size_t part;                    /* of CIFAR-100: classes that are loaded, 100, or 25: those of
                                       the superclasses 2, 8, 11, 18 and 19 */
    size_t pool, examples, held_out, test_step, batch;
    size_t hidden;                  /* digits: units of each of two hidden layers */
    size_t size, pad, blocks, width; /* pictures: rows, see class_data_load; of the crop; see
                                       class_network.h */
    size_t epochs[2];               /* by condition */
    double clip, U[2];
    size_t curve_rows;
};

struct class_data {
    enum class_images images;
    struct class_data *next;        /* another set, or NULL */
    struct dataset train, test;
    struct task pool, test_task;    /* their labels are places among the classes that are loaded */
    size_t dim;
    float *x, *x_test;              /* pool.n x dim, test_task.n x dim: standardized */
};

/* Fills `loaded`, or adds to it what it has not got yet; see harness.h. Digits are means of 2 x 2
 * pixels, pictures too where `size` is half of theirs (16 of 32). Sets of which one is a stand-in
 * count as one. STATUS_DATA as the readers say. */
enum status class_data_load(const struct class_setup *s, struct loaded *loaded) MUST_USE;

/* The set with these images of what was loaded, which has it (CHECKed). */
const struct class_data *class_data_of(const struct class_data *loaded, enum class_images images);

/* The setting of pictures with CIFAR-100 in the place of CIFAR-10. */
struct class_setup class_data_hundred(const struct class_setup *pictures, int part, int pool,
                                      int test_step);

/* Records that a run works on, as rows of x. */
struct class_rows {
    const float *x;
    const uint8_t *label;           /* of the rows of x */
    size_t n;
    uint32_t *row;                  /* n */
};

/* Which records a run is judged by. */
enum class_records { CLASS_HELD_OUT, CLASS_TEST };

/* What a run is trained on: records of the pool below `classes`, in an order by the stream
 * "<name>:sample" of the seed; and what it is judged by: those that follow in that order, or all
 * test records. */
void class_data_choose(struct class_rows *train, struct class_rows *judge, struct arena *mem,
                       const struct class_data *d, const struct class_setup *s, size_t classes,
                       uint64_t seed, const char *name, enum class_records records);

/* Pictures shifted by up to s->pad pixels and mirrored, as a run trains on them: indices are rows
 * of the pool. Draws are those of the stream "<name>:augment". s->pad > 0. */
struct augment class_data_augment(const struct class_data *d, const struct class_setup *s,
                                  uint64_t seed, const char *name) MUST_USE;

#endif
