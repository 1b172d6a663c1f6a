/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

static const size_t MOST_OUTPUT = (size_t)64 << 20;

static enum status start(struct output *o, const char *const *argv, char *const *environment)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return status_set(STATUS_UNFIT, "%s: no pipe can be had", argv[0]);
    const enum status status = child_start(&o->child, argv, environment, ends[1]);
    close(ends[1]);
    o->from = ends[0];
    if (status != STATUS_OK)
        close(ends[0]);
    return status;
}

/* Reads the pipe to its end. */
static enum status drain(struct output *o, struct text *t)
{
    char part[1 << 14];
    ssize_t n;

    while ((n = read(o->from, part, sizeof part)) != 0) {
        if (n < 0 && errno != EINTR)
            return status_set(STATUS_CRASHED, "its output cannot be read");
        if (n > 0)
            text_add_bytes(t, part, (size_t)n);
        if (t->length > MOST_OUTPUT)
            return status_set(STATUS_CRASHED, "printed more than %zu bytes", MOST_OUTPUT);
    }
    return text_ok(t);
}

static enum status finish(struct bench *b, struct output *o)
{
    struct text t = {0};
    const enum status status = drain(o, &t);

    close(o->from);
    if (status != STATUS_OK) {
        child_kill(&o->child);
    } else {
        child_ended(&o->child, 1, &o->exit_code);
        child_last_words(&o->child, o->errors);
        o->n = t.length;
        o->bytes = arena_get(&b->mem, t.length + 1, 1);
        memcpy(o->bytes, text_get(&t), t.length);
    }
    text_free(&t);
    return status;
}

enum status output_read(struct bench *b, struct output *list, size_t n, enum mode mode)
{
    char **environment = child_environment(&b->mem, mode);
    enum status status = STATUS_OK;
    size_t started = 0, i = 0;

    for (; i < n && status == STATUS_OK; i++) {
        while (started < n && started < i + (size_t)b->jobs && status == STATUS_OK) {
            status = start(&list[started], list[started].argv, environment);
            started += status == STATUS_OK;
        }
        if (status != STATUS_OK)
            break;
        status = finish(b, &list[i]);
    }
    for (; i < started; i++)
        if (list[i].child.pid > 0) {
            child_kill(&list[i].child);
            close(list[i].from);
        }
    return status;
}

enum status output_of(struct bench *b, const char *const *argv, enum mode mode, char **out,
                      size_t *n, int *exit_code, char *errors)
{
    struct output o = {0};

    TRY(start(&o, argv, child_environment(&b->mem, mode)));
    TRY(finish(b, &o));
    *out = o.bytes;
    *n = o.n;
    *exit_code = o.exit_code;
    if (errors != NULL)
        memcpy(errors, o.errors, sizeof o.errors);
    return STATUS_OK;
}
