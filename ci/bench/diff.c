/* SPDX-License-Identifier: GPL-3.0-or-later */
/* diff: what moved in reference-results/ between a git revision and the working tree, row by row,
 * in units of the tolerance that the revision's row allows.
 *
 * Shown first is what has no distance: verdicts, rows that are gone, rows whose unit, class or
 * tolerance changed; then values, the farthest first; then new rows. With --fail all of these are
 * status 1 but new rows and values that moved by at most --over tolerances. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "harness/tolerance.h"
#include "reference_files.h"

enum change { VERDICT, GONE, TERMS, MOVED, ADDED, CHANGE_COUNT };

/* One row that is not the same on both sides. */
struct difference {
    enum change change;
    const char *id;
    const struct reference *old, *now; /* one may be NULL */
    double distance;          /* MOVED: in tolerances */
    size_t order;
};

/* The references of one program at the revision and now. */
struct pair {
    const char *id;
    struct references old, now;
    const struct reference **old_rows, **now_rows; /* sorted by row_order */
};

struct comparison {
    struct bench *b;
    const char *revision;     /* a full hash */
    struct pair *pairs;       /* pair_count, sorted by id */
    size_t pair_count;
    struct difference *list;  /* count */
    size_t count, rows;       /* rows: looked at */
    size_t counts[CHANGE_COUNT], hidden;
    double farthest;
};

/* ---- both sides ---- */

/* What git prints (in the arena); *code is its exit status. */
static enum status git(struct bench *b, const char *const *argv, char **out, size_t *n, int *code,
                       char *errors)
{
    TRY(program_output(b, argv, NATIVE, out, n, code, errors));
    if (*code == 127)
        return status_set(STATUS_UNFIT, "diff needs git, which cannot be started: install it");
    return STATUS_OK;
}

static enum status find_revision(struct comparison *c)
{
    struct bench *b = c->b;
    const char *const inside[] = {"git", "rev-parse", "--git-dir", NULL};
    const char *const resolve[] = {"git", "rev-parse", "--verify", "--quiet",
                                   arena_text(&b->mem, "%s^{commit}", b->base), NULL};
    char *out, errors[512];
    size_t n;
    int code;

    TRY(git(b, inside, &out, &n, &code, errors));
    if (code != 0)
        return status_set(STATUS_UNFIT, "diff needs a git checkout: %s", errors);
    if (b->base[0] == '-' || b->base[0] == '\0')
        return status_set(STATUS_USAGE, "--base: '%s' is no git revision", b->base);
    TRY(git(b, resolve, &out, &n, &code, errors));
    if (code != 0)
        return status_set(STATUS_USAGE, "--base: no git revision '%s' here (a shallow clone has "
                                        "few: git fetch --unshallow)", b->base);
    out[strcspn(out, "\n")] = '\0';
    c->revision = out;
    return STATUS_OK;
}

/* The id in "reference-results/<id>.ref" or "<id>.ref", NULL for other names. */
static const char *id_of(struct bench *b, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    const size_t n = strlen(name);

    if (n <= 4 || strcmp(name + n - 4, ".ref") != 0)
        return NULL;
    const char *id = arena_text(&b->mem, "%.*s", (int)(n - 4), name);
    return text_matches(b->only, id) ? id : NULL;
}

static struct pair *pair_of(struct comparison *c, const char *id)
{
    for (size_t i = 0; i < c->pair_count; i++)
        if (strcmp(c->pairs[i].id, id) == 0)
            return &c->pairs[i];
    c->pairs[c->pair_count].id = id;
    return &c->pairs[c->pair_count++];
}

/* A file of the revision, by way of a file in memory. */
static enum status read_old(struct comparison *c, const char *id)
{
    struct bench *b = c->b;
    const char *name = arena_text(&b->mem, "%s:./" REFERENCE_FOLDER "/%s.ref", c->revision, id);
    const char *const argv[] = {"git", "cat-file", "blob", name, NULL};
    char *out, errors[512];
    size_t n;
    int code, found;

    TRY(git(b, argv, &out, &n, &code, errors));
    if (code != 0)
        return status_set(STATUS_IO, "git cat-file blob %s: %s", name, errors);
    const int copy = memfd_create("reference", MFD_CLOEXEC);
    if (copy < 0)
        return status_set(STATUS_MEMORY, "%s: no memory for a copy", name);
    const char *path = arena_text(&b->mem, "/proc/self/fd/%d", copy);
    enum status status = write(copy, out, n) == (ssize_t)n
                             ? references_read(&pair_of(c, id)->old, path, &found)
                             : status_set(STATUS_MEMORY, "%s: no memory for a copy", name);
    close(copy);
    if (status != STATUS_OK)
        status = status_set(status, "%s of %s: %s", id, b->base,
                            arena_text(&b->mem, "%s", status_message()));
    return status;
}

static enum status read_all_old(struct comparison *c, char *names)
{
    for (char *at = names; *at != '\0';) {
        char *end = at + strcspn(at, "\n");
        const int last = *end == '\0';

        *end = '\0';
        const char *id = id_of(c->b, at);
        if (id != NULL)
            TRY(read_old(c, id));
        at = last ? end : end + 1;
    }
    return STATUS_OK;
}

static enum status read_both(struct comparison *c)
{
    struct bench *b = c->b;
    const char *const argv[] = {"git", "ls-tree", "--name-only", c->revision,
                                REFERENCE_FOLDER "/", NULL};
    char *out, errors[512], **names;
    size_t n, most = 1, name_count;
    int code, found;

    TRY(git(b, argv, &out, &n, &code, errors));
    if (code != 0)
        return status_set(STATUS_IO, "git ls-tree: %s", errors);
    TRY(file_list(&b->mem, REFERENCE_FOLDER, &names, &name_count));
    for (size_t i = 0; i < n; i++)
        most += out[i] == '\n';
    c->pairs = arena_get(&b->mem, most + name_count, sizeof *c->pairs);
    TRY(read_all_old(c, out));
    for (size_t i = 0; i < name_count; i++) {
        const char *id = id_of(b, names[i]);

        if (id != NULL)
            TRY(references_read(&pair_of(c, id)->now,
                                arena_text(&b->mem, REFERENCE_FOLDER "/%s", names[i]), &found));
    }
    return STATUS_OK;
}

/* ---- row against row ---- */

/* What makes two rows the same one. A paper may say a thing in two places. */
static int row_order(const struct reference *p, const struct reference *q)
{
    const int paper = strcmp(p->scope, "paper") == 0;
    const char *const x[] = {p->profile, p->data, p->mode, p->scope, p->cell,
                             p->metric, p->seed, paper ? p->source : "", paper ? p->where : ""};
    const char *const y[] = {q->profile, q->data, q->mode, q->scope, q->cell,
                             q->metric, q->seed, paper ? q->source : "", paper ? q->where : ""};

    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++)
        if (strcmp(x[i], y[i]) != 0)
            return strcmp(x[i], y[i]);
    return 0;
}

static int by_row(const void *a, const void *b)
{
    return row_order(*(const struct reference *const *)a, *(const struct reference *const *)b);
}

static const struct reference **sorted(struct bench *b, const struct references *r)
{
    const struct reference **rows = arena_get(&b->mem, r->count + 1, sizeof *rows);

    for (size_t i = 0; i < r->count; i++)
        rows[i] = &r->rows[i];
    if (r->count > 1)
        qsort(rows, r->count, sizeof *rows, by_row);
    return rows;
}

static int equal(double x, double y)
{
    return x <= y && x >= y;
}

static int is_claim(const struct reference *r)
{
    return strcmp(r->scope, "claim") == 0;
}

/* How far the value moved; a claim's number has no tolerance of its own. */
static double distance_of(const struct reference *old, const struct reference *now)
{
    const int class = tolerance_find(old->class);
    const enum mode mode = strcmp(old->mode, mode_name(PINNED)) == 0 ? PINNED : NATIVE;

    if (is_claim(old) || equal(old->value, now->value))
        return 0;
    if (class < 0)
        return (double)INFINITY;
    return tolerance_distance((enum tolerance_class)class, mode, now->value, old->value, old->scale,
                              old->tol);
}

/* 0 when the rows say the same. */
static int compare(const struct reference *old, const struct reference *now, struct difference *d)
{
    d->distance = distance_of(old, now);
    if (strcmp(old->verdict, now->verdict) != 0)
        d->change = VERDICT;
    else if (strcmp(old->unit, now->unit) != 0 || strcmp(old->class, now->class) != 0 ||
             !equal(old->tol, now->tol))
        d->change = TERMS;
    else if (!equal(old->value, now->value) || !equal(old->n, now->n))
        d->change = MOVED;
    else
        return 0;
    return 1;
}

static void add(struct comparison *c, struct difference d)
{
    const struct reference *row = d.now != NULL ? d.now : d.old;

    if (!text_matches(c->b->metric, row->metric))
        return;
    c->rows++;
    if (d.old != NULL && d.now != NULL && !compare(d.old, d.now, &d))
        return;
    if (d.change == MOVED && c->b->over > 0 && d.distance <= c->b->over) {
        c->hidden++;
        return;
    }
    if (d.change == MOVED && d.distance > c->farthest)
        c->farthest = d.distance;
    c->counts[d.change]++;
    d.order = c->count;
    c->list[c->count++] = d;
}

/* Both lists are sorted: one walk pairs them. */
static void compare_pair(struct comparison *c, struct pair *p)
{
    size_t i = 0, k = 0;

    p->old_rows = sorted(c->b, &p->old);
    p->now_rows = sorted(c->b, &p->now);
    while (i < p->old.count || k < p->now.count) {
        const int order = i == p->old.count   ? 1
                          : k == p->now.count ? -1
                                              : row_order(p->old_rows[i], p->now_rows[k]);

        if (order < 0)
            add(c, (struct difference){.change = GONE, .id = p->id, .old = p->old_rows[i++]});
        else if (order > 0)
            add(c, (struct difference){.change = ADDED, .id = p->id, .now = p->now_rows[k++]});
        else
            add(c, (struct difference){.change = MOVED, .id = p->id, .old = p->old_rows[i++],
                                       .now = p->now_rows[k++]});
    }
}

static int farthest_first(const void *x, const void *y)
{
    const struct difference *a = x, *b = y;

    if (a->change != b->change)
        return a->change < b->change ? -1 : 1;
    if (a->distance < b->distance || a->distance > b->distance)
        return a->distance > b->distance ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static int by_id(const void *x, const void *y)
{
    return strcmp(((const struct pair *)x)->id, ((const struct pair *)y)->id);
}

static void compare_all(struct comparison *c)
{
    size_t most = 1;

    if (c->pair_count > 1)
        qsort(c->pairs, c->pair_count, sizeof *c->pairs, by_id);
    for (size_t i = 0; i < c->pair_count; i++)
        most += c->pairs[i].old.count + c->pairs[i].now.count;
    c->list = arena_get(&c->b->mem, most, sizeof *c->list);
    for (size_t i = 0; i < c->pair_count; i++)
        compare_pair(c, &c->pairs[i]);
    if (c->count > 1)
        qsort(c->list, c->count, sizeof *c->list, farthest_first);
}

/* ---- words ---- */

/* "kwng desk real-native N_n=50 seed 1 mean error.first", what is empty left out. */
static void print_name(const struct difference *d)
{
    const struct reference *r = d->now != NULL ? d->now : d->old;

    printf("%s %s %s-%s%s%s%s%s %s %s:", d->id, r->profile, r->data, r->mode,
           r->cell[0] ? " " : "", r->cell, r->seed[0] ? " seed " : "", r->seed, r->scope,
           r->metric);
}

static const char *if_none(const char *text)
{
    return text[0] != '\0' ? text : "none";
}

/* ", class blas, now libm": what else is not the same. */
static void print_terms(const struct reference *old, const struct reference *now)
{
    char was[TEXT_DOUBLE], is[TEXT_DOUBLE];

    if (strcmp(old->unit, now->unit) != 0)
        printf("; unit %s, now %s", if_none(old->unit), if_none(now->unit));
    if (strcmp(old->class, now->class) != 0)
        printf("; class %s, now %s", if_none(old->class), if_none(now->class));
    if (!equal(old->tol, now->tol))
        printf("; tolerance %s, now %s",
               old->tol > 0 ? text_short(was, old->tol, 6) : "the class's",
               now->tol > 0 ? text_short(is, now->tol, 6) : "the class's");
    if (!equal(old->n, now->n))
        printf("; n %s, now %s", text_short(was, old->n, 6), text_short(is, now->n, 6));
}

/* Both values, with as many digits as it takes to see that they differ. */
static void value_words(char was[TEXT_DOUBLE], const struct reference *old, char is[TEXT_DOUBLE],
                        const struct reference *now)
{
    const double x = old != NULL ? old->value : now->value;
    const double y = now != NULL ? now->value : old->value;

    text_short(was, x, 9);
    text_short(is, y, 9);
    if (strcmp(was, is) != 0 || equal(x, y))
        return;
    text_double(was, x);
    text_double(is, y);
}

static void print_difference(const struct difference *d)
{
    static const char *const heads[] = {"verdict", "gone", "terms", "", "new"};
    const struct reference *old = d->old, *now = d->now;
    char was[TEXT_DOUBLE], is[TEXT_DOUBLE];

    value_words(was, old, is, now);
    if (d->change == MOVED)
        printf("%-8.3g ", d->distance);
    else
        printf("%-8s ", heads[d->change]);
    print_name(d);
    if (d->change == VERDICT)
        printf(" was '%s', now '%s'", old->verdict, now->verdict);
    if (d->change == GONE)
        printf(" was %s", is_claim(old) ? old->verdict : was);
    else if (d->change == ADDED)
        printf(" now %s", is_claim(now) ? now->verdict : is);
    else if (!is_claim(old) || d->change == MOVED)
        printf(" was %s, now %s", was, is);
    if (d->change == TERMS && d->distance > 0)
        printf(" (%.3g tolerances)", d->distance);
    if (old != NULL && now != NULL)
        print_terms(old, now);
    printf("\n");
}

static void print_summary(const struct comparison *c)
{
    const size_t *n = c->counts;

    printf("%zu rows: %zu moved (at most %.3g tolerances), %zu verdicts changed, %zu with another "
           "unit, class or tolerance, %zu gone, %zu new", c->rows, n[MOVED], c->farthest,
           n[VERDICT], n[TERMS], n[GONE], n[ADDED]);
    if (c->hidden > 0)
        printf("; %zu moved by at most %g tolerances", c->hidden, c->b->over);
    printf("\n");
}

static size_t count_failures(const struct comparison *c)
{
    size_t n = c->counts[VERDICT] + c->counts[GONE] + c->counts[TERMS];

    for (size_t i = 0; i < c->count; i++)
        n += c->list[i].change == MOVED && !(c->list[i].distance <= c->b->over);
    return n;
}

/* ---- the verb ---- */

static enum status answer(struct comparison *c)
{
    TRY(find_revision(c));
    TRY(read_both(c));
    compare_all(c);
    printf("%s: %s (%.12s) against the working tree\n", REFERENCE_FOLDER, c->b->base, c->revision);
    for (size_t i = 0; i < c->count; i++)
        print_difference(&c->list[i]);
    print_summary(c);
    if (c->rows == 0)
        return status_set(STATUS_NOTHING, "nothing was compared: no row of '%s' on either side",
                          c->b->only ? c->b->only : "*");
    const size_t failures = c->b->fail ? count_failures(c) : 0;
    if (failures > 0)
        return status_set(STATUS_OUTSIDE, "%zu rows are not what they were at %s", failures,
                          c->b->base);
    return STATUS_OK;
}

enum status verb_diff(struct bench *b)
{
    struct comparison c = {.b = b};
    const enum status status = answer(&c);

    for (size_t i = 0; i < c.pair_count; i++) {
        references_free(&c.pairs[i].old);
        references_free(&c.pairs[i].now);
    }
    return status;
}
