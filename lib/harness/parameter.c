/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/parameter.h"

#include <limits.h>
#include <string.h>

#include "base/check.h"

void parameter_resolve(void *out, const struct parameter *rows, size_t n, enum profile profile)
{
    for (size_t i = 0; i < n; i++) {
        char *field = (char *)out + rows[i].offset;
        const double value = rows[i].value[profile];

        if (rows[i].type == PARAMETER_int) {
            CHECK(value >= INT_MIN && value <= INT_MAX && value == (double)(int)value,
                  "parameter %s = %g is no int", rows[i].name, value);
            memcpy(field, &(int){(int)value}, sizeof(int));
        } else {
            memcpy(field, &value, sizeof value);
        }
    }
}

double parameter_value(const struct parameter *rows, size_t n, const char *name,
                       enum profile profile, double missing)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].value[profile];
    return missing;
}
