/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_claims: what Arbel et al. say of well- and of ill-conditioned classification, as claims on
 * the cells of CLASS_OPTIMIZERS: what conditioning and conditioning_cifar share. The widths are
 * those of their data, in numbers, in words, and why. */
#ifndef KWNG_CLASS_CLAIMS_H
#define KWNG_CLASS_CLAIMS_H

/* Well-conditioned, all end at the same test error. */
#define CLASS_SIMILAR_TO(name, cell_name, label, width, width_words, why)                          \
    {.id = name, .place = "paper: well-conditioned case",                                          \
     .words = "well-conditioned, " label " and KWNG have the same test error, to " width_words,    \
     .kind = EQUIVALENCE, .metric = "error.test", .cell = cell_name, .to_metric = "error.test",    \
     .to_cell = "well-kwng", .within = width, .reason = why},
#define CLASS_SIMILAR(width, words, why)                                                           \
    CLASS_SIMILAR_TO("well-sgd-similar", "well-sgd", "SGD", width, words, why)                     \
    CLASS_SIMILAR_TO("well-momentum-similar", "well-momentum", "momentum", width, words, why)      \
    CLASS_SIMILAR_TO("well-adam-similar", "well-adam", "Adam", width, words, why)                  \
    CLASS_SIMILAR_TO("well-kfac-similar", "well-kfac", "K-FAC", width, words, why)

/* Ill-conditioned, Euclidean methods end above an error, */
#define CLASS_COLLAPSES_ONE(name, cell_name, label, limit, limit_words, why)                       \
    {.id = name, .place = "paper: ill-conditioned case",                                           \
     .words = "ill-conditioned, " label " collapses: its test error is above " limit_words,        \
     .kind = ORDER, .metric = "error.test", .cell = cell_name, .is = ABOVE, .to = limit,           \
     .reason = why},
#define CLASS_COLLAPSES(limit, words, why)                                                         \
    CLASS_COLLAPSES_ONE("sgd-collapses", "ill-sgd", "SGD", limit, words, why)                      \
    CLASS_COLLAPSES_ONE("momentum-collapses", "ill-momentum", "momentum", limit, words, why)       \
    CLASS_COLLAPSES_ONE("adam-collapses", "ill-adam", "Adam", limit, words, why)

/* and KWNG where it ends well-conditioned, */
#define CLASS_KWNG_KEEPS(width, width_words, why)                                                  \
    {.id = "kwng-keeps-its-accuracy", .place = "paper: ill-conditioned case, CIFAR-10",            \
     .words = "ill-conditioned, KWNG keeps the test error of the well-conditioned case, to "       \
              width_words, .kind = EQUIVALENCE,                                                    \
     .metric = "error.test", .cell = "ill-kwng", .to_metric = "error.test",                        \
     .to_cell = "well-kwng", .within = width, .reason = why},

/* below all others, of which K-FAC drops, */
#define CLASS_BEATEN(name, cell_name, label)                                                       \
    {.id = name, .place = "paper: ill-conditioned case",                                           \
     .words = "ill-conditioned, " label " has a higher test error than KWNG", .kind = ORDER,       \
     .metric = "error.test", .cell = cell_name, .is = ABOVE, .to_metric = "error.test",            \
     .to_cell = "ill-kwng"},
#define CLASS_KWNG_BEATS                                                                           \
    CLASS_BEATEN("kwng-beats-sgd", "ill-sgd", "SGD")                                               \
    CLASS_BEATEN("kwng-beats-momentum", "ill-momentum", "momentum")                                \
    CLASS_BEATEN("kwng-beats-adam", "ill-adam", "Adam")                                            \
    CLASS_BEATEN("kwng-beats-kfac", "ill-kfac", "K-FAC")                                           \
    {.id = "kfac-drops", .place = "paper: K-FAC suffers from the conditioning too",                \
     .words = "ill-conditioned, K-FAC has a higher test error than well-conditioned",              \
     .kind = ORDER, .metric = "error.test", .cell = "ill-kfac", .is = ABOVE,                       \
     .to_metric = "error.test", .to_cell = "well-kfac"},

/* also below the diagonal alone, in fewer steps and with less work. */
#define CLASS_KWNG_SOONER                                                                          \
    CLASS_BEATEN("diagonal-is-not-enough", "ill-diagonal",                                         \
                 "the diagonal of KWNG's metric alone")                                            \
    {.id = "sooner-than-sgd", .place = "paper: faster than Euclidean methods",                     \
     .words = "ill-conditioned, KWNG reaches the level before SGD has made all its steps",         \
     .kind = ORDER, .metric = "steps.level", .cell = "ill-kwng", .is = BELOW,                      \
     .to_metric = "steps.level", .to_cell = "ill-sgd"},                                            \
    {.id = "sooner-than-adam", .place = "paper: faster than Euclidean methods",                    \
     .words = "ill-conditioned, KWNG reaches the level in fewer steps than Adam",                  \
     .kind = ORDER, .metric = "steps.level", .cell = "ill-kwng", .is = BELOW,                      \
     .to_metric = "steps.level", .to_cell = "ill-adam"},                                           \
    {.id = "cheaper-than-adam", .place = "paper: favourable in wall-clock time",                   \
     .words = "ill-conditioned, KWNG reaches the level with less work than Adam",                  \
     .kind = ORDER, .metric = "work.level", .cell = "ill-kwng", .is = BELOW,                       \
     .to_metric = "work.level", .to_cell = "ill-adam"},

#endif
