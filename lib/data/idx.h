/* SPDX-License-Identifier: GPL-3.0-or-later */
/* idx: the file format of MNIST (LeCun, Cortes, Burges): big-endian 32-bit words, then bytes.
 *
 *   images  2051, count, rows, columns, then count x rows x columns bytes
 *   labels  2049, count, then count bytes
 *
 * Files are read plain or, when the name ends in ".gz", through gzip. Nothing is trusted: magic,
 * element type, rank, counts that are zero, negative or overflow, size against the content. */
#ifndef DATA_IDX_H
#define DATA_IDX_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct idx_images {
    size_t count, rows, cols;
    uint8_t *pixels; /* count x rows x cols */
};

struct idx_labels {
    size_t count;
    uint8_t *label; /* count; any byte: the range is the data set's matter */
};

/* The whole file, whose content may have `most` bytes. STATUS_DATA with one line as gzip_read; on
 * failure *out is zeroed. */
enum status idx_images_read(struct idx_images *out, const char *path, size_t most) MUST_USE;
enum status idx_labels_read(struct idx_labels *out, const char *path, size_t most) MUST_USE;

/* Frees and zeroes; a zeroed struct is fine. */
void idx_images_free(struct idx_images *images);
void idx_labels_free(struct idx_labels *labels);

/* Writes a plain IDX file in one atomic step. */
enum status idx_images_write(const char *path, const struct idx_images *images) MUST_USE;
enum status idx_labels_write(const char *path, const struct idx_labels *labels) MUST_USE;

#endif
