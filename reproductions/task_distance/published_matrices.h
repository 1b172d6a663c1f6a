/* SPDX-License-Identifier: GPL-3.0-or-later */
/* published_matrices: the distances that the paper printed, row = source, column = target.
 *
 * Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks, ICML 2021 (the
 * later version of arXiv 2011.00613), figures 2 and 3, as transcribed from its PDF by others; not
 * held against the PDF. Coupled and uncoupled are, by the published code, the mean of sqrt(KL) a
 * checkpoint and no lengths: orders and ratios can be compared, values cannot. Fine-tuning
 * is a length of weights. The matrix of the wide residual network is not known. */
#ifndef TASK_DISTANCE_PUBLISHED_MATRICES_H
#define TASK_DISTANCE_PUBLISHED_MATRICES_H

#include <stddef.h>

enum { PUBLISHED_MOST_TASKS = 5 };

struct published_matrix {
    const char *figure, *method;
    size_t n;
    const double *d; /* n x n, row-major, 0 on the diagonal */
};

/* CIFAR-100, CIFAR-10, animals, vehicles. */
extern const char *const published_cifar_names[4];
extern const struct published_matrix published_cifar_coupled, published_cifar_fine_tuning,
    published_cifar_task2vec;

/* Herbivores, carnivores, vehicles-1, vehicles-2, flowers: five superclasses of CIFAR-100. */
extern const char *const published_subset_names[5];
extern const struct published_matrix published_subsets_coupled, published_subsets_uncoupled,
    published_subsets_fine_tuning, published_subsets_task2vec;

#endif
