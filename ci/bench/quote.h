/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quote: numbers as papers print them, rounded to the digits that their standard error supports.
 *
 * The rule. A standard error is rounded to one digit, or to two where it begins with a 1, and the
 * mean is rounded to the same place: 0.0444(3), 0.0444(12), 9.61(10) for an error of 0.096. Without
 * an error (one value, values that do not vary, or an error below 1e-12 of the mean, which is
 * rounding) an integer below 10^6 is written in full and anything else to four significant digits
 * without zeros at the end. A power of ten is split off where the leading digit stands at 10^6 or
 * above, or below 10^-4, and where the last digit kept would stand left of the point: 1.23(3) x
 * 10^4. What rounds to zero has no sign. Numbers are rounded as the doubles that they are, so that
 * 9.995, which lies below its decimal name, becomes 9.99. */
#ifndef BENCH_QUOTE_H
#define BENCH_QUOTE_H

#include <stddef.h>

#include "base/text.h"

enum quote_style {
    QUOTE_PLAIN,               /* 1.2e-7, nan, inf */
    QUOTE_LATEX                /* what stands in math mode: 1.2\times 10^{-7}, \infty */
};

/* A mean over n values. */
struct quoted {
    double mean, low, high;    /* low and high: its interval */
    double error;              /* standard error of the mean; 0 or NaN: there is none */
    size_t n;
};

/* Appends the mean: 0.0444. */
void quote_mean(struct text *t, enum quote_style style, const struct quoted *q);

/* The mean and the last digits' standard error: 0.0444(3); without an error the mean alone. */
void quote_error(struct text *t, enum quote_style style, const struct quoted *q);

/* The mean and its interval, all to the same place: 0.0444 [0.0437, 0.0451]. One value of a
 * quantity that varies has no finite one and says so: 0.0444 (n = 1). */
void quote_interval(struct text *t, enum quote_style style, const struct quoted *q);

/* x to `digits` significant digits, 1 to 17, zeros at the end kept. */
void quote_digits(struct text *t, enum quote_style style, double x, int digits);

#endif
