/* SPDX-License-Identifier: GPL-3.0-or-later */
/* objects: generated pictures of textured coloured shapes that stand in for CIFAR-10 and CIFAR-100
 * where these cannot be had.
 *
 * A superclass has a shape of a few simple parts and a palette for the shape and what is behind it;
 * its five classes have a texture, a tint and a proportion each. Superclasses that are near each
 * other in the circle of 20 share most of their textures, those ten apart share none. Every record
 * turns, mirrors, scales and moves the shape, lights and colours it anew, and puts it before a
 * background of its own with stray shapes and grain. Integers, + - * / and sqrt on named streams,
 * one a record: the bits are the same on every CPU, and any record can be drawn alone.
 *
 * Assigned to the nearest mean of 2 x 2 pooled pixels, 28 % of the test records find their class of
 * 100 and 69 % its superclass (CIFAR-100: 9 % and 18 %), and 65 % their class of ten (CIFAR-10:
 * 28 %). A stand-in, not a model: results on it say nothing about CIFAR. */
#ifndef DATA_OBJECTS_H
#define DATA_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "data/cifar.h"

#define OBJECTS_VERSION 1 /* goes up when any bit of the output changes */
#define OBJECTS_SUPERS  20
#define OBJECTS_EACH    5 /* classes of a superclass: 5 s .. 5 s + 4 */
/* Training and test records: as many as are published, or few, for `smoke`: 1,000 a batch, 50 a
 * class of the 100. */
#define OBJECTS_TRAIN     50000
#define OBJECTS_TEST      10000
#define OBJECTS_FEW_TRAIN 5000
#define OBJECTS_FEW_TEST  2000

/* The label of record i of `part` ("train" or "test"): each run of 100 records (of 10 in CIFAR-10's
 * format) has every class once, in an order of its own. The coarse label is label / 5; the ten
 * classes of CIFAR-10's format are the first ones of superclasses 0..9. */
uint8_t objects_label(enum cifar_kind kind, const char *part, size_t i);

/* Draws record i of `part` and returns its label. The two formats share no record. */
uint8_t objects_draw(uint8_t image[CIFAR_PIXELS], enum cifar_kind kind, const char *part, size_t i);

/* The name of class `label`, "fish_plain", and of its superclass, "fish", in CIFAR-100's format; a
 * class of CIFAR-10's format has its superclass's name. Static storage. */
#define OBJECTS_NAME 32
void objects_name(char out[OBJECTS_NAME], int label);
const char *objects_super_name(int super);

/* Writes the files of CIFAR-10 (the training records in five batches, of which `train` must be a
 * multiple) or CIFAR-100, plain, into the folder, which is made where missing, each atomically, and
 * last the file "complete": generator version, counts and the SHA-256 of the others. Where
 * "complete" already says the same, or more training records, and the files agree with it, it only
 * gets the present time and *made is 0, else 1. `made` may be NULL.
 *
 * Record i is the same whatever `train` is, so the first records of each class are, too: a program
 * whose pool is small enough gets the same bits from few records as from all. */
enum status objects_save(const char *folder, enum cifar_kind kind, size_t train, size_t test,
                         int *made) MUST_USE;

#endif
