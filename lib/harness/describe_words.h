/* SPDX-License-Identifier: GPL-3.0-or-later */
/* describe_words: the words of a description that its writer and its reader share. */
#ifndef HARNESS_DESCRIBE_WORDS_H
#define HARNESS_DESCRIBE_WORDS_H

extern const char *const describe_columns[4];
extern const char *const describe_directions[3]; /* in the order of enum direction */
extern const char *const describe_relations[2];  /* in the order of enum relation */

#endif
