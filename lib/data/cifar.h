/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cifar: the binary file format of CIFAR-10 and CIFAR-100 (Krizhevsky, Learning multiple layers of
 * features from tiny images, 2009): records one after another, without a header.
 *
 *   CIFAR-10   label, then 3072 bytes
 *   CIFAR-100  coarse label, fine label, then 3072 bytes
 *
 * The 3072 bytes are a red, a green and a blue plane of 32 x 32, row by row. Files are read plain
 * or, when the name ends in ".gz", through gzip. A file without a header can only be held against
 * its size and the range of its labels; both are. */
#ifndef DATA_CIFAR_H
#define DATA_CIFAR_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define CIFAR_SIDE     32
#define CIFAR_CHANNELS 3
#define CIFAR_PIXELS   (CIFAR_CHANNELS * CIFAR_SIDE * CIFAR_SIDE)

enum cifar_kind { CIFAR_10, CIFAR_100 };

struct cifar_records {
    size_t count;
    uint8_t *pixels; /* count x 3 x 32 x 32 */
    uint8_t *label;  /* count; 0..9, or the fine label 0..99 */
    uint8_t *coarse; /* count; 0..19; NULL for CIFAR-10 */
};

/* Label bytes in front of a record's pixels, 1 or 2; classes, 10 or 100; superclasses, 0 or 20. */
size_t cifar_label_bytes(enum cifar_kind kind);
int cifar_classes(enum cifar_kind kind);
int cifar_coarse_classes(enum cifar_kind kind);

/* Adds the records of one file, of which it may hold `most`, behind those that are there; a zeroed
 * struct has none. STATUS_DATA with one line as gzip_read, for a size that is no multiple of the
 * record, a label out of range, and a fine label that comes with two coarse ones. On failure
 * `records` keeps what it had. */
enum status cifar_append(struct cifar_records *records, const char *path, enum cifar_kind kind,
                         size_t most) MUST_USE;

/* Frees and zeroes; a zeroed struct is fine. */
void cifar_free(struct cifar_records *records);

/* n different names, one a line, as the published *.txt files have them; empty lines may follow
 * the last. One block: memory_free(*names) frees the names too. STATUS_DATA for another number of
 * lines, an empty or repeated name, one of more than CIFAR_NAME_MOST bytes, and bytes that are not
 * printable ASCII. On failure *names is NULL. */
#define CIFAR_NAME_MOST 63
enum status cifar_names_read(char ***names, int n, const char *path) MUST_USE;

#endif
