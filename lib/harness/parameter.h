/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parameter: one row a hyper-parameter, its value at each profile, and where it comes from.
 *
 *     #define PARAMETERS(P)                                                       \
 *         P(int,    seeds,  2,   10,    20, "repetitions; ours")                  \
 *         P(double, lr,     0.1, 0.1,  0.1, "step size; paper, section 4")
 *     DEFINE_PARAMETERS(PARAMETERS)
 *
 * gives struct parameters { int seeds; double lr; } and the table parameter_rows[]. The row `seeds`
 * is required: seeds 1..seeds are what the profile runs. */
#ifndef HARNESS_PARAMETER_H
#define HARNESS_PARAMETER_H

#include <stddef.h>

#include "harness/claim.h"

struct parameters; /* each program's own, from DEFINE_PARAMETERS */

enum parameter_type { PARAMETER_int, PARAMETER_double };

struct parameter {
    const char *name;
    enum parameter_type type;
    size_t offset;               /* in struct parameters */
    double value[PROFILE_COUNT];
    const char *source;
};

#define PARAMETER_FIELD(type, name, smoke, desk, paper, source) type name;
#define PARAMETER_ROW(type, name, smoke, desk, paper, source)                                      \
    {#name, PARAMETER_##type, offsetof(struct parameters, name), {smoke, desk, paper}, source},
#define DEFINE_PARAMETERS(P)                                                                       \
    struct parameters {                                                                            \
        P(PARAMETER_FIELD)                                                                         \
    };                                                                                             \
    static const struct parameter parameter_rows[] = {P(PARAMETER_ROW)};

/* For struct reproduction. */
#define PARAMETER_TABLE                                                                            \
    .parameters = parameter_rows,                                                                  \
    .parameter_count = sizeof parameter_rows / sizeof parameter_rows[0],                           \
    .parameters_size = sizeof(struct parameters)

/* Writes the profile's values into a program's struct parameters. A value that does not fit its
 * type is a CHECK. */
void parameter_resolve(void *out, const struct parameter *rows, size_t n, enum profile profile);

/* The value of a row by name at a profile; `missing` when there is no such row. */
double parameter_value(const struct parameter *rows, size_t n, const char *name,
                       enum profile profile, double missing);

#endif
