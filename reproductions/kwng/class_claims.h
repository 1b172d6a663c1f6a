/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_claims: what Arbel et al. say of well- and of ill-conditioned classification, as claims on
 * the cells of CLASS_OPTIMIZERS: what conditioning and conditioning_cifar share, and ablation in
 * part. A width is a difference that counts on their data, in numbers, in words, and why. */
#ifndef KWNG_CLASS_CLAIMS_H
#define KWNG_CLASS_CLAIMS_H

/* `of` is on that side of what it is in another cell, in the mean over seeds. */
#define CLASS_ORDER(name, of, cell_name, side, other, where, text)                                 \
    {.id = name, .place = where, .words = text, .kind = ORDER, .metric = of, .cell = cell_name,    \
     .is = side, .to_metric = of, .to_cell = other},

/* `of` is the same in both, to `width`. */
#define CLASS_SAME(name, of, cell_name, other, width, why, where, text)                            \
    {.id = name, .place = where, .words = text, .kind = EQUIVALENCE, .metric = of,                 \
     .cell = cell_name, .to_metric = of, .to_cell = other, .within = width, .reason = why},

/* Well-conditioned, all end at the same test error. */
#define CLASS_SIMILAR_TO(method, label, width, width_words, why)                                   \
    CLASS_SAME("well-" method "-similar", "error.test", "well-" method, "well-kwng", width, why,   \
               "paper: well-conditioned case",                                                     \
               "well-conditioned, " label " and KWNG have the same test error, to " width_words)
#define CLASS_SIMILAR(width, words, why)                                                           \
    CLASS_SIMILAR_TO("sgd", "SGD", width, words, why)                                              \
    CLASS_SIMILAR_TO("momentum", "momentum", width, words, why)                                    \
    CLASS_SIMILAR_TO("adam", "Adam", width, words, why)                                            \
    CLASS_SIMILAR_TO("kfac", "K-FAC", width, words, why)

/* Ill-conditioned, Euclidean methods lose more than half of what the same seed gained over
 * guessing, or in the least something, */
#define CLASS_DROPS(method, label, where)                                                          \
    CLASS_ORDER(method "-drops", "error.test", "ill-" method, ABOVE, "well-" method, where,        \
                "ill-conditioned, " label " has a higher test error than well-conditioned")
#define CLASS_COLLAPSES_ONE(method, label)                                                         \
    {.id = method "-collapses", .place = "paper: ill-conditioned case; half is ours",              \
     .words = "ill-conditioned, " label " collapses: it loses more than half of what it is right " \
              "beyond guessing where well-conditioned", .kind = ORDER,                             \
     .metric = "error.test", .cell = "ill-" method, .is = ABOVE, .to_metric = "error.half",        \
     .to_cell = "well-" method},                                                                   \
    CLASS_DROPS(method, label, "paper: ill-conditioned case, at the least")
#define CLASS_COLLAPSES                                                                            \
    CLASS_COLLAPSES_ONE("sgd", "SGD")                                                              \
    CLASS_COLLAPSES_ONE("momentum", "momentum")                                                    \
    CLASS_COLLAPSES_ONE("adam", "Adam")

/* and KWNG ends where it ends well-conditioned, */
#define CLASS_KWNG_KEEPS(width, width_words, why)                                                  \
    CLASS_SAME("kwng-keeps-its-accuracy", "error.test", "ill-kwng", "well-kwng", width, why,       \
               "paper: ill-conditioned case, CIFAR-10",                                            \
               "ill-conditioned, KWNG keeps the test error of the well-conditioned case, to "      \
               width_words)

/* below all others, of which K-FAC drops, */
#define CLASS_BEATEN(name, method, label)                                                          \
    CLASS_ORDER(name, "error.test", "ill-" method, ABOVE, "ill-kwng",                              \
                "paper: ill-conditioned case",                                                     \
                "ill-conditioned, " label " has a higher test error than KWNG")
#define CLASS_KWNG_BEATS                                                                           \
    CLASS_BEATEN("kwng-beats-sgd", "sgd", "SGD")                                                   \
    CLASS_BEATEN("kwng-beats-momentum", "momentum", "momentum")                                    \
    CLASS_BEATEN("kwng-beats-adam", "adam", "Adam")                                                \
    CLASS_BEATEN("kwng-beats-kfac", "kfac", "K-FAC")                                               \
    CLASS_DROPS("kfac", "K-FAC", "paper: K-FAC suffers from the conditioning too")

/* also below the diagonal alone, in fewer steps and with less work. */
#define CLASS_KWNG_SOONER                                                                          \
    CLASS_BEATEN("diagonal-is-not-enough", "diagonal", "the diagonal of KWNG's metric alone")      \
    CLASS_ORDER("sooner-than-sgd", "steps.level", "ill-kwng", BELOW, "ill-sgd",                    \
                "paper: faster than Euclidean methods",                                            \
                "ill-conditioned, KWNG reaches the level in fewer steps than SGD")                 \
    CLASS_ORDER("sooner-than-adam", "steps.level", "ill-kwng", BELOW, "ill-adam",                  \
                "paper: faster than Euclidean methods",                                            \
                "ill-conditioned, KWNG reaches the level in fewer steps than Adam")                \
    CLASS_ORDER("cheaper-than-adam", "work.level", "ill-kwng", BELOW, "ill-adam",                  \
                "paper: favourable in wall-clock time",                                            \
                "ill-conditioned, KWNG reaches the level with less work than Adam")

#endif
