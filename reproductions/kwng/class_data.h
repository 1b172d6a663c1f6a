/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_data: the setting of a classification run, and the images that it is trained and judged
 * on: MNIST's digits for a fully connected network, or CIFAR-10's pictures for a convolutional
 * one. */
#ifndef KWNG_CLASS_DATA_H
#define KWNG_CLASS_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "data/augment.h"
#include "data/dataset.h"
#include "data/task.h"
#include "harness/harness.h"

enum { CLASS_ALL = 10 };        /* classes of either set */

enum class_images { CLASS_DIGITS, CLASS_PICTURES };
enum class_condition { CLASS_WELL, CLASS_ILL };

struct class_setup {
    enum class_images images;
    size_t classes;                 /* 0..classes-1, 2 to 10; 0: all. The numbers of training and
                                       held-out records are for 10, fewer in proportion */
    size_t pool, examples, held_out, test_step, batch;
    size_t hidden;                  /* digits: units of each of two hidden layers */
    size_t size, pad, blocks, width; /* pictures: rows, see class_data_load; of the crop; see
                                       class_network.h */
    size_t epochs[2];               /* by condition */
    double clip, U[2];
    size_t curve_rows;
};

struct class_data {
    struct dataset train, test;
    struct task pool, test_task;
    size_t dim;
    float *x, *x_test;              /* pool.n x dim, test_task.n x dim: standardized */
};

/* Fills `loaded`; see harness.h. Digits are means of 2 x 2 pixels, pictures too where `size` is
 * half of theirs (16 of 32). STATUS_DATA as the readers say. */
enum status class_data_load(const struct class_setup *s, struct loaded *loaded) MUST_USE;

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
