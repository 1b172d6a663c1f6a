/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task: some classes of a data set and the records chosen from them, as a view by index.
 *
 * A pool is the first P records of each class in file order, so a part of a data set gives the same
 * bits as the whole while P is small enough. A seed draws its records from the pool by its stream;
 * draws of different calls overlap. Test records are every k-th of each class. A task never owns
 * pixels (task_rotated puts new ones into the arena): its arrays lie in the caller's arena and the
 * data set must outlive it. */
#ifndef DATA_TASK_H
#define DATA_TASK_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "data/dataset.h"

struct task {
    const struct dataset *set;
    uint32_t *index; /* n; records of the set */
    uint8_t *label;  /* n; 0..classes-1: place of the record's class in the list of classes */
    size_t n;
    int classes;
};

/* The first `each` records of each of the k classes (distinct labels of the set), in file order.
 * STATUS_DATA naming both counts where a class has fewer. */
enum status task_pool(struct task *pool, struct arena *mem, const struct dataset *set,
                      const int *classes, int k, size_t each) MUST_USE;

/* Records 0, step, 2 step, ... of each of the k classes, in file order; step 1 takes all.
 * STATUS_DATA where a class has none. */
enum status task_every(struct task *out, struct arena *mem, const struct dataset *set,
                       const int *classes, int k, size_t step) MUST_USE;

/* task_pool and task_every over the classes of one superclass, ascending (dataset_classes_of). The
 * set has coarse labels. STATUS_DATA where no record has this one. */
enum status task_pool_of(struct task *pool, struct arena *mem, const struct dataset *set,
                         int coarse, size_t each) MUST_USE;
enum status task_every_of(struct task *out, struct arena *mem, const struct dataset *set,
                          int coarse, size_t step) MUST_USE;

/* n records of the pool without replacement, in random order. With `balanced` each class gets
 * n / classes records, the first n % classes of them one more. STATUS_DATA naming both counts where
 * the pool has fewer. The draws are one rng_permutation of the pool. `out` may be `pool`. */
enum status task_draw(struct task *out, struct arena *mem, const struct task *pool, size_t n,
                      struct rng *r, int balanced) MUST_USE;

/* The records of t, each turned counter-clockwise by `degrees` (dataset_rotate): a task of its own,
 * whose data set holds only them, pixels included, and lies in the arena. Its records are numbered
 * 0..n-1 in the order of t and carry t's labels 0..classes-1. `out` may be `t`. */
void task_rotated(struct task *out, struct arena *mem, const struct task *t, double degrees);

/* Numbers of one record: channels * rows * cols; after 2 x 2 pooling a quarter of it. */
size_t task_dim(const struct task *t);
size_t task_pooled_dim(const struct task *t);

/* Normalization: a feature is (pixel / 255 - mean) / sd of its channel. */
#define TASK_CHANNELS 3
struct task_scale {
    double mean[TASK_CHANNELS], sd[TASK_CHANNELS];
};

/* The published constants of MNIST, 0.1307 and 0.3081 (over its 60,000 training images). */
#define MNIST_MEAN 0.1307
#define MNIST_SD   0.3081
extern const struct task_scale task_scale_mnist;

/* The constants in common use for CIFAR-10 and CIFAR-100, over their 50,000 training images:
 * (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616) and (0.5071, 0.4865, 0.4409), (0.2673,
 * 0.2564, 0.2762). */
extern const struct task_scale task_scale_cifar10, task_scale_cifar100;

/* Pixels as they are, in 0..1: mean 0, sd 1. */
extern const struct task_scale task_scale_unit;

/* Mean and standard deviation (over N, not N - 1) of each channel of the task's records. The sums
 * are integers, so the order does not matter. STATUS_DATA where a channel is constant. */
enum status task_scale_measure(struct task_scale *out, const struct task *t) MUST_USE;

/* x (n x task_dim), row-major, channel by channel: computed in double, rounded once. */
void task_features(float *x, const struct task *t, const struct task_scale *scale);

/* x (n x task_pooled_dim): the mean of each 2 x 2 block of pixels, normalized by the same constants
 * as a single pixel. Rows and columns must be even. */
void task_pooled(float *x, const struct task *t, const struct task_scale *scale);

/* Adds shape, classes, and pixels and label of every record in order: the digest of what a unit
 * used, whatever file it came from. */
void task_digest(struct digest *d, const struct task *t);

#endif
