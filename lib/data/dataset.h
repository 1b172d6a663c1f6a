/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dataset: labelled images in memory, read from published files. */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "data/data_source.h"

struct dataset {
    const char *name; /* "mnist train": for messages; static storage */
    size_t count, channels, rows, cols;
    int classes;
    int coarse_classes; /* superclasses; 0 without */
    uint8_t *pixels;    /* count x channels x rows x cols */
    uint8_t *label;     /* count; 0..classes-1 */
    uint8_t *coarse;    /* count; 0..coarse_classes-1; or NULL */
    char **class_name;  /* classes; or NULL */
    char **coarse_name; /* coarse_classes; or NULL */
};

/* Frees the arrays and zeroes the struct; a zeroed struct is fine. */
void dataset_free(struct dataset *set);

/* Bytes of one record's pixels: channels * rows * cols. */
size_t dataset_pixels(const struct dataset *set);

/* The classes of superclass `coarse`, ascending, into classes (room for set->classes), as the
 * records show them; returns how many, 0 where none has that coarse label. */
int dataset_classes_of(int *classes, const struct dataset *set, int coarse);

/* The name of a class, or NULL where the set has no names. */
const char *dataset_class_name(const struct dataset *set, int class);

/* out = the image `in` (both channels x rows x cols, not overlapping) turned counter-clockwise
 * about its middle by `degrees`, which is finite. Nearest neighbour, no expansion, 0 where nothing
 * is: the rule of torchvision's and Pillow's rotate. Pixel (x, y) has its middle at (x + 1/2,
 * y + 1/2) and the image its own at (cols / 2, rows / 2); a pixel of `out` takes the one of `in` in
 * whose square its middle lies after turning back:
 *
 *   dx = x + 1/2 - cols / 2,  dy = y + 1/2 - rows / 2   (y grows downwards)
 *   from column floor(cols / 2 + cos dx - sin dy), row floor(rows / 2 + sin dx + cos dy)
 *
 * Cosine and sine are rounded to multiples of 2^-40 and the rest is exact, so the result is the
 * same on every CPU, ties (at odd multiples of 45 degrees) fall to the right and down, and a square
 * turned by a multiple of 90 degrees loses nothing. */
void dataset_rotate(uint8_t *out, const uint8_t *in, size_t channels, size_t rows, size_t cols,
                    double degrees);

/* MNIST's training and test records; either pointer may be NULL. STATUS_DATA with one line for all
 * that gzip.h and idx.h name, for images that are not 28 x 28, for another number of labels than
 * images, and for a label above 9. On failure both sets are zeroed. */
enum status dataset_mnist(const struct data_source *source, struct dataset *train,
                          struct dataset *test) MUST_USE;

/* The first `batches` (1..5) training batches of CIFAR-10, or all that are there where these are
 * fewer, and its test records; with the names of the classes. Either pointer may be NULL, and then
 * its files are not opened. Nothing is read that was not asked for: 1,000 records a class need two
 * batches (a batch has 937 to 1,032 of each class). STATUS_DATA with one line for all that cifar.h
 * names. On failure both sets are zeroed. */
#define DATASET_CIFAR10_BATCHES 5
enum status dataset_cifar10(const struct data_source *source, int batches, struct dataset *train,
                            struct dataset *test) MUST_USE;

/* CIFAR-100's training records (all, or the part that is there) and test records, with coarse
 * labels and names; as dataset_cifar10. */
enum status dataset_cifar100(const struct data_source *source, struct dataset *train,
                             struct dataset *test) MUST_USE;

#endif
