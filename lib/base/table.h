/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table: the one reader and the one writer of the tab-separated files of this project.
 *
 * A file is: comment lines "# key<TAB>value" first, then a row of column names, then rows of as
 * many cells. LF, UTF-8, no quoting: a cell holds no tab, no newline and no carriage return.
 * gnuplot, awk and spreadsheets read it as it is. Numbers are written by text_double (17 digits, C
 * locale). */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"

/* ---- reading ---- */

struct table {
    struct arena mem;
    const char *path;     /* for messages */
    char **keys, **values;/* the comment lines, key_count of each */
    size_t key_count;
    char **columns;       /* column_count names */
    size_t column_count;
    char **cells;         /* row_count x column_count, row-major */
    size_t row_count;
};

/* Reads and checks the whole file (at most 256 MiB): STATUS_DATA with path and line where a row has
 * another number of cells than the header, a column name repeats or is empty, bytes are 0 or a
 * carriage return, or the last line is cut. table_free also after a failure. */
enum status table_read(struct table *t, const char *path) MUST_USE;
/* The same from memory; `bytes` has n bytes and is copied. */
enum status table_parse(struct table *t, const char *path, const char *bytes, size_t n) MUST_USE;
void table_free(struct table *t);

/* The value of a comment key, or NULL. */
const char *table_key(const struct table *t, const char *key);

/* Index of a column, or -1. */
int table_find(const struct table *t, const char *column);

/* The cell, by column index; never NULL. */
const char *table_cell(const struct table *t, size_t row, int column);

/* The cell as a number; STATUS_DATA with path, row and column when it is none. */
enum status table_number(const struct table *t, size_t row, int column, double *out) MUST_USE;

/* ---- writing ---- */

/* Rows collected in memory; table_save writes the file in one atomic step. */
struct table_writer {
    struct text text;
    size_t column_count;  /* 0 until table_columns */
    size_t filled;        /* cells of the row being written */
};

/* A zeroed writer is an empty table. Order of calls: table_comment*, table_columns, cells. */
void table_comment(struct table_writer *w, const char *key, const char *format, ...)
    PRINTF_LIKE(3, 4);
void table_columns(struct table_writer *w, const char *first, ...) ENDS_WITH_NULL; /* names */
void table_column_names(struct table_writer *w, const char *const *names, size_t n);
void table_put(struct table_writer *w, const char *cell);   /* tab and newline become blanks */
void table_put_number(struct table_writer *w, double value);
void table_put_count(struct table_writer *w, size_t value);
/* Writes atomically (file_write); an incomplete last row is a CHECK. */
enum status table_save(struct table_writer *w, const char *path) MUST_USE;
void table_writer_free(struct table_writer *w);

#endif
