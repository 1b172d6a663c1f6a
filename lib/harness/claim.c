/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/claim.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

static const char *const profile_names[] = {"smoke", "desk", "paper"};
static const char *const kind_names[] = {"order", "value", "equivalence",
                                         "bound", "trend", "every"};

const char *profile_name(enum profile profile)
{
    CHECK((int)profile >= 0 && profile < PROFILE_COUNT, "profile %d", (int)profile);
    return profile_names[profile];
}

int profile_find(const char *name)
{
    for (int i = 0; i < PROFILE_COUNT; i++)
        if (strcmp(name, profile_names[i]) == 0)
            return i;
    return -1;
}

const char *claim_kind_name(enum claim_kind kind)
{
    CHECK((int)kind >= 0 && kind <= EVERY, "claim kind %d", (int)kind);
    return kind_names[kind];
}

int claim_kind_find(const char *name)
{
    for (int i = 0; i <= EVERY; i++)
        if (strcmp(name, kind_names[i]) == 0)
            return i;
    return -1;
}

int metric_is_family(const char *name)
{
    const size_t n = strlen(name);

    return n >= 2 && strcmp(name + n - 2, ".*") == 0;
}

int metric_index(const char *family, const char *name)
{
    const size_t n = strlen(family) - 1; /* "error.task." */
    int index = 0;

    if (!metric_is_family(family) || strncmp(family, name, n) != 0 || name[n] == '\0')
        return -1;
    if (name[n] == '0' && name[n + 1] != '\0') /* "01" would be a second name of member 1 */
        return -1;
    for (const char *c = name + n; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || index > 100000)
            return -1;
        index = 10 * index + (*c - '0');
    }
    return index;
}

const char *claim_member(const struct claim *claim, int index, size_t *length)
{
    const char *at = claim->members != NULL ? claim->members : "";

    while (*at != '\0') {
        char *rest;
        const long number = strtol(at, &rest, 10);

        *length = strcspn(rest, ",");
        if (rest > at && number == index && *length > 1) {
            *length -= 1; /* the space before it */
            return rest + 1;
        }
        at = rest + *length;
        at += strspn(at, ", ");
    }
    return NULL;
}

const struct metric *metric_find(const struct metric *metrics, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(metrics[i].name, name) == 0 ||
            (metric_is_family(metrics[i].name) && metric_index(metrics[i].name, name) >= 0))
            return &metrics[i];
    return NULL;
}
