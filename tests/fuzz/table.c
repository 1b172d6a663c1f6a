/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table: what table_parse accepts is well formed and survives being written and read again; see
 * fuzz.h. */
#include "fuzz.h"

#include "base/table.h"

/* Equal, where the writer makes a blank of a tab. */
static int same(const char *read, const char *again)
{
    for (; *read != 0 && *again != 0; read++, again++)
        if (*read != *again && !(*read == '\t' && *again == ' '))
            return 0;
    return *read == *again;
}

static void same_table(const struct table *t, const struct table *again)
{
    HOLDS(t->key_count == again->key_count && t->column_count == again->column_count);
    HOLDS(t->row_count == again->row_count);
    for (size_t i = 0; i < t->key_count; i++)
        HOLDS(same(t->keys[i], again->keys[i]) && same(t->values[i], again->values[i]));
    for (size_t i = 0; i < t->column_count; i++)
        HOLDS(strcmp(t->columns[i], again->columns[i]) == 0);
    for (size_t i = 0; i < t->row_count * t->column_count; i++)
        HOLDS(strcmp(t->cells[i], again->cells[i]) == 0);
}

/* The writer takes no name that would make the row of names a comment where it comes first. */
static int can_be_written(const struct table *t)
{
    int all = 1;

    for (size_t i = 0; i < t->column_count; i++)
        all &= t->columns[i][0] != '#';
    return all;
}

static void write_table(struct table_writer *w, const struct table *t)
{
    for (size_t i = 0; i < t->key_count; i++)
        table_comment(w, t->keys[i], "%s", t->values[i]);
    table_column_names(w, (const char *const *)t->columns, t->column_count);
    for (size_t i = 0; i < t->row_count; i++)
        for (size_t j = 0; j < t->column_count; j++)
            table_put(w, table_cell(t, i, (int)j));
}

/* Every byte but comments' markers, tabs and line ends is in a name or a cell. */
static void inspect(const struct table *t, const uint8_t *data, size_t n)
{
    size_t lines = 0;
    double number;

    for (size_t i = 0; i < n; i++) {
        HOLDS(data[i] != 0 && data[i] != '\r');
        lines += data[i] == '\n';
    }
    HOLDS(lines == t->key_count + 1 + t->row_count);
    for (size_t i = 0; i < t->column_count; i++) {
        HOLDS(table_find(t, t->columns[i]) == (int)i && t->columns[i][0] != 0);
        for (size_t row = 0; row < t->row_count; row++) {
            HOLDS(strpbrk(table_cell(t, row, (int)i), "\t\n") == NULL);
            if (table_number(t, row, (int)i, &number) != STATUS_OK)
                fuzz_refused(STATUS_DATA);
        }
    }
    for (size_t i = 0; i < t->key_count; i++)
        HOLDS(table_key(t, t->keys[i]) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct table t, again;
    struct table_writer w = {0};
    const enum status status = table_parse(&t, "input", (const char *)data, n);

    if (status == STATUS_OK)
        inspect(&t, data, n);
    else
        fuzz_refused(status);
    if (status == STATUS_OK && can_be_written(&t)) {
        write_table(&w, &t);
        HOLDS(table_parse(&again, "again", text_get(&w.text), w.text.length) == STATUS_OK);
        same_table(&t, &again);
        table_free(&again);
    }
    table_free(&t);
    table_writer_free(&w);
    memory_fail_at(1 + n % 5);
    if (table_parse(&t, "input", (const char *)data, n) != STATUS_OK)
        fuzz_refused(STATUS_MEMORY);
    memory_fail_at(0);
    table_free(&t);
    return 0;
}
