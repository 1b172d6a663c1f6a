/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data_layout: how published data sets lie on disk, each file plain or with .gz. */
#ifndef DATA_DATA_LAYOUT_H
#define DATA_DATA_LAYOUT_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/status.h"

#define DATA_PATH_MOST      4096
#define DATA_LAYOUT_FOLDERS 3
#define DATA_LAYOUT_FILES   4
#define DATA_LAYOUT_FURTHER 5

struct data_layout {
    const char *name;
    const char *folders[DATA_LAYOUT_FOLDERS]; /* below the asked folder, as they are searched */
    const char *files[DATA_LAYOUT_FILES];     /* all needed; NULL behind the last */
    const char *part;                         /* stands for the first file where that is missing,
                                                 or NULL */
    const char *further[DATA_LAYOUT_FURTHER]; /* follow the first file, as many as there are; NULL
                                                 behind the last */
};

extern const struct data_layout data_layout_mnist, data_layout_cifar_10, data_layout_cifar_100;

/* The number of needed files. */
size_t data_layout_count(const struct data_layout *set);

/* ROOT + sub / file, plain or else with .gz; path is "" where there is neither. */
void data_layout_file(char path[DATA_PATH_MOST], const char *root, const char *sub,
                      const char *file);

/* The same for a file of the set, by its place. */
void data_layout_member(char path[DATA_PATH_MOST], const struct data_layout *set, const char *root,
                        const char *sub, int file);

/* The first of the layout's folders below root that has any of the files; *sub is NULL where none
 * has. STATUS_DATA where that folder lacks another of them. */
enum status data_layout_find(const char **sub, const struct data_layout *set,
                             const char *root) MUST_USE;

#endif
