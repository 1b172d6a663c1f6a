/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table: see table.h. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/table.h"

static const size_t LARGEST_FILE = (size_t)256 << 20;

/* ---- reading ---- */

/* What is left to read, and the number of the line that comes next. */
struct cursor {
    char *at, *end;
    size_t line;
};

static enum status damaged(const struct table *t, size_t line, const char *expected,
                           const char *found)
{
    return status_set(STATUS_DATA, "%s: line %zu: expected %s, found %s; restore the file", t->path,
                      line, expected, found);
}

static size_t count_byte(const char *bytes, size_t n, char byte)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += bytes[i] == byte;
    return count;
}

/* No 0, no carriage return, and a newline at the end. */
static enum status check_bytes(const struct table *t, const char *bytes, size_t n)
{
    if (n > LARGEST_FILE)
        return status_set(STATUS_DATA, "%s: expected at most %zu bytes, found %zu", t->path,
                          LARGEST_FILE, n);
    if (n == 0)
        return status_set(STATUS_DATA, "%s: expected a row of column names, found an empty file",
                          t->path);
    const char *zero = memchr(bytes, 0, n), *cr = memchr(bytes, '\r', n);
    if (zero != NULL)
        return damaged(t, 1 + count_byte(bytes, (size_t)(zero - bytes), '\n'), "text", "a byte 0");
    if (cr != NULL)
        return damaged(t, 1 + count_byte(bytes, (size_t)(cr - bytes), '\n'),
                       "lines that end in LF alone", "a carriage return");
    if (bytes[n - 1] != '\n')
        return damaged(t, 1 + count_byte(bytes, n, '\n'), "a newline at the end",
                       "a line that is cut");
    return STATUS_OK;
}

/* Ends the next line with a 0 and steps over it. */
static char *next_line(struct cursor *c)
{
    char *line = c->at, *newline = memchr(c->at, '\n', (size_t)(c->end - c->at));

    *newline = 0;
    c->at = newline + 1;
    c->line++;
    return line;
}

/* Splits a line at its tabs into exactly n cells, which check_bytes and a count made sure of. */
static void split(char *line, char **cells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cells[i] = line;
        line += strcspn(line, "\t");
        *line++ = 0;
    }
}

static void read_comments(struct table *t, struct cursor *c)
{
    size_t n = 0;

    for (const char *p = c->at; p < c->end && *p == '#'; n++)
        p = (const char *)memchr(p, '\n', (size_t)(c->end - p)) + 1;
    t->keys = arena_get(&t->mem, n, sizeof *t->keys);
    t->values = arena_get(&t->mem, n, sizeof *t->values);
    for (; t->key_count < n; t->key_count++) {
        char *key = next_line(c) + 1;
        key += *key == ' ';
        char *value = key + strcspn(key, "\t");
        if (*value)
            *value++ = 0;
        t->keys[t->key_count] = key;
        t->values[t->key_count] = value;
    }
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum status read_columns(struct table *t, struct cursor *c)
{
    if (c->at == c->end)
        return status_set(STATUS_DATA, "%s: expected a row of column names, found comments alone",
                          t->path);
    char *line = next_line(c);
    const size_t n = 1 + count_byte(line, strlen(line), '\t');
    t->columns = arena_get(&t->mem, n, sizeof *t->columns);
    split(line, t->columns, n);
    char **sorted = arena_get(&t->mem, n, sizeof *sorted);
    memcpy(sorted, t->columns, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_text);
    if (*sorted[0] == 0)
        return damaged(t, c->line - 1, "a name for every column", "a column without one");
    for (size_t i = 1; i < n; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            return status_set(STATUS_DATA, "%s: line %zu: expected different column names, "
                              "found '%s' twice; restore the file", t->path, c->line - 1,
                              sorted[i]);
    t->column_count = n;
    return STATUS_OK;
}

/* All rows are counted before memory for their cells is taken. */
static enum status check_rows(const struct table *t, struct cursor c, size_t *rows)
{
    *rows = 0;
    for (; c.at < c.end; c.line++, *rows += 1) {
        const char *newline = memchr(c.at, '\n', (size_t)(c.end - c.at));
        const size_t cells = 1 + count_byte(c.at, (size_t)(newline - c.at), '\t');
        if (cells != t->column_count)
            return status_set(STATUS_DATA, "%s: line %zu: expected %zu cells, found %zu; restore "
                              "the file", t->path, c.line, t->column_count, cells);
        c.at += newline - c.at + 1;
    }
    return STATUS_OK;
}

static enum status parse(struct table *t, const char *path, const char *bytes, size_t n)
{
    size_t rows;

    t->path = arena_text(&t->mem, "%s", path);
    TRY(check_bytes(t, bytes, n));
    char *copy = arena_get(&t->mem, n, 1);
    memcpy(copy, bytes, n);
    struct cursor c = {.at = copy, .end = copy + n, .line = 1};
    read_comments(t, &c);
    TRY(read_columns(t, &c));
    TRY(check_rows(t, c, &rows));
    t->cells = arena_get(&t->mem, rows * t->column_count, sizeof *t->cells);
    for (; t->row_count < rows; t->row_count++)
        split(next_line(&c), t->cells + t->row_count * t->column_count, t->column_count);
    return STATUS_OK;
}

enum status table_parse(struct table *t, const char *path, const char *bytes, size_t n)
{
    *t = (struct table){.path = ""};
    if (arena_guard(&t->mem))
        return STATUS_MEMORY;
    const enum status status = parse(t, path, bytes, n);
    arena_unguard(&t->mem);
    return status;
}

enum status table_read(struct table *t, const char *path)
{
    char *bytes;
    size_t n;

    *t = (struct table){.path = ""};
    TRY(file_read(path, LARGEST_FILE, &bytes, &n));
    const enum status status = table_parse(t, path, bytes, n);
    memory_free(bytes);
    return status;
}

void table_free(struct table *t)
{
    arena_free(&t->mem);
    *t = (struct table){.path = ""};
}

const char *table_key(const struct table *t, const char *key)
{
    for (size_t i = 0; i < t->key_count; i++)
        if (strcmp(t->keys[i], key) == 0)
            return t->values[i];
    return NULL;
}

int table_find(const struct table *t, const char *column)
{
    for (size_t i = 0; i < t->column_count; i++)
        if (strcmp(t->columns[i], column) == 0)
            return (int)i;
    return -1;
}

const char *table_cell(const struct table *t, size_t row, int column)
{
    CHECK(row < t->row_count, "row %zu of %zu", row, t->row_count);
    CHECK(column >= 0 && (size_t)column < t->column_count, "column %d of %zu", column,
          t->column_count);
    return t->cells[row * t->column_count + (size_t)column];
}

enum status table_number(const struct table *t, size_t row, int column, double *out)
{
    const char *cell = table_cell(t, row, column);

    if (text_to_double(cell, "", out) == STATUS_OK)
        return STATUS_OK;
    return status_set(STATUS_DATA, "%s: row %zu, column '%s': expected a number, found '%s'",
                      t->path, row + 1, t->columns[column], cell);
}

/* ---- writing ---- */

/* Whatever would end a cell becomes a blank, from byte `start` of the text on. */
static void clean(struct text *t, size_t start)
{
    for (size_t i = start; i < t->length; i++)
        if (t->bytes[i] == '\t' || t->bytes[i] == '\n' || t->bytes[i] == '\r')
            t->bytes[i] = ' ';
}

void table_comment(struct table_writer *w, const char *key, const char *format, ...)
{
    CHECK(w->column_count == 0, "the comment '%s' comes before the column names", key);
    va_list list;

    text_add_bytes(&w->text, "# ", 2);
    size_t start = w->text.length;
    text_add_bytes(&w->text, key, strlen(key));
    clean(&w->text, start);
    text_add_bytes(&w->text, "\t", 1);
    start = w->text.length;
    va_start(list, format);
    text_add_list(&w->text, format, list);
    va_end(list);
    clean(&w->text, start);
    text_add_bytes(&w->text, "\n", 1);
}

static void add_column(struct table_writer *w, const char *name)
{
    CHECK(*name != 0 && *name != '#' && name[strcspn(name, "\t\n\r")] == 0,
          "a column name without tab and newline, not '%s'", name);
    if (w->column_count > 0)
        text_add_bytes(&w->text, "\t", 1);
    text_add_bytes(&w->text, name, strlen(name));
    w->column_count++;
}

void table_columns(struct table_writer *w, const char *first, ...)
{
    va_list names;

    CHECK(w->column_count == 0, "%zu columns are named already", w->column_count);
    va_start(names, first);
    for (const char *name = first; name != NULL; name = va_arg(names, const char *))
        add_column(w, name);
    va_end(names);
    text_add_bytes(&w->text, "\n", 1);
}

void table_column_names(struct table_writer *w, const char *const *names, size_t n)
{
    CHECK(w->column_count == 0, "%zu columns are named already", w->column_count);
    for (size_t i = 0; i < n; i++)
        add_column(w, names[i]);
    text_add_bytes(&w->text, "\n", 1);
}

void table_put(struct table_writer *w, const char *cell)
{
    CHECK(w->column_count > 0, "columns come before the cell '%s'", cell);
    if (w->filled > 0)
        text_add_bytes(&w->text, "\t", 1);
    const size_t start = w->text.length;
    text_add_bytes(&w->text, cell, strlen(cell));
    clean(&w->text, start);
    if (++w->filled == w->column_count) {
        text_add_bytes(&w->text, "\n", 1);
        w->filled = 0;
    }
}

void table_put_number(struct table_writer *w, double value)
{
    char out[TEXT_DOUBLE];

    table_put(w, text_double(out, value));
}

void table_put_count(struct table_writer *w, size_t value)
{
    char out[TEXT_DOUBLE];

    snprintf(out, sizeof out, "%zu", value);
    table_put(w, out);
}

enum status table_save(struct table_writer *w, const char *path)
{
    CHECK(w->column_count > 0, "a table with columns, for %s", path);
    CHECK(w->filled == 0, "the last row of %s has %zu of %zu cells", path, w->filled,
          w->column_count);
    TRY(text_ok(&w->text));
    return file_write(path, text_get(&w->text), w->text.length);
}

void table_writer_free(struct table_writer *w)
{
    text_free(&w->text);
    *w = (struct table_writer){0};
}
