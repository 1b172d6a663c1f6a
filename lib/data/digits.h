/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digits: generated handwriting-like digits that stand in for MNIST where it cannot be had.
 *
 * A digit is one of several ways to write it, each a few pen strokes through a handful of points.
 * Every record bends the points, slants, turns, stretches and warps the whole, draws it with a pen
 * of varying width and pressure, and, as MNIST's makers did, scales it into a 20 x 20 box and moves
 * its centre of mass to about the middle of a 28 x 28 field. Integers, + - * / and sqrt on named
 * streams, one a record: the bits are the same on every CPU, and any record can be drawn alone.
 *
 * A stand-in, not a model: results on it say nothing about MNIST. */
#ifndef DATA_DIGITS_H
#define DATA_DIGITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define DIGITS_VERSION 1 /* goes up when any bit of the output changes */
#define DIGITS_SIDE    28
#define DIGITS_PIXELS  (DIGITS_SIDE * DIGITS_SIDE)
#define DIGITS_TRAIN   60000
#define DIGITS_TEST    10000

/* Draws record i of `part` ("train" or "test") and returns its label, 0..9 with equal chances.
 * Ink is 255, background 0, as in MNIST. */
uint8_t digits_draw(uint8_t image[DIGITS_PIXELS], const char *part, size_t i);

/* Writes MNIST's four files (plain IDX, `train` and `test` records) into the folder, which is made
 * where missing, each atomically, and last the file "complete": generator version, counts and the
 * SHA-256 of the four. Where "complete" already says the same and the files agree with it, it only
 * gets the present time and *made is 0, else 1. `made` may be NULL. */
enum status digits_save(const char *folder, size_t train, size_t test, int *made) MUST_USE;

#endif
