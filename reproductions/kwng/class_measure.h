/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_measure: the variant that a cell names, trained once and judged by the test records: the
 * unit, the metrics and the parameters that conditioning, conditioning_cifar and ablation share. */
#ifndef KWNG_CLASS_MEASURE_H
#define KWNG_CLASS_MEASURE_H

#include "kwng/classification.h"

/* Rows of a program's parameter table, with those of its data; CLASS_LEVEL(p) reads the first. */
#define CLASS_MEASURE_PARAMETERS(P)                                                                \
    P(double, level,       1.5,  0.5,  0.5,  "training loss to be reached [nat]; ours")            \
    CLASS_WINDOW_PARAMETER(P)                                                                      \
    CLASS_PARAMETERS(P)
#define CLASS_MEASURE_PICTURES_PARAMETERS(P)                                                       \
    P(double, level,       2.2,  1.85, 1.85, "training loss to be reached [nat]; ours: half way "  \
                                             "from ln 10 to 1.4, where well-conditioned runs are " \
                                             "after a third of their epochs")                      \
    CLASS_WINDOW_PARAMETER(P)                                                                      \
    CLASS_PICTURES_PARAMETERS(P)
#define CLASS_WINDOW_PARAMETER(P)                                                                  \
    P(int,    window,      4,    16,   16,   "steps whose mean loss has to be below it; ours")

#define CLASS_LEVEL(p) ((struct class_level){(p)->level, (size_t)(p)->window})

/* At the variant's own rate; emits CLASS_METRICS and the curve "training". */
enum status class_measure(const struct class_setup *s, const struct class_level *level,
                          struct unit *u) MUST_USE;

#define CLASS_METRICS                                                                              \
    {"error.test", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9, "test error after the last step"},       \
    {"error.half", "1", LOWER_IS_BETTER, CLASS_LONG32, 0.9, "half way from it to the error of "    \
     "guessing"},                                                                                  \
    {"error.train", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9, "training error after the last step"},  \
    {"loss.train", "nat", LOWER_IS_BETTER, CLASS_LONG32, 0, "mean over the last epoch, as met on " \
     "the way"},                                                                                   \
    {"steps.level", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "steps until the mean training loss "   \
     "of the last ones is below the level; all steps where it never is"},                          \
    {"work.level", "steps of SGD", LOWER_IS_BETTER, CLASS_LONG32, 0, "their multiply-adds, "       \
     "counted"},                                                                                   \
    {"fallbacks", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "steps along the gradient, for lack of "  \
     "an estimate"},

#endif
