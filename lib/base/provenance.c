/* SPDX-License-Identifier: GPL-3.0-or-later */
/* provenance: see provenance.h. */
#include <fenv.h>
#include <float.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "base/provenance.h"
#include "base/text.h"

#ifndef BUILD_COMPILER
#define BUILD_COMPILER "unknown"
#endif
#ifndef BUILD_FLAGS
#define BUILD_FLAGS "unknown"
#endif

/* ---- the list ---- */

/* Where the key is, or where it belongs. */
static size_t place_of(const struct provenance *p, const char *key)
{
    size_t i = 0;

    while (i < p->count && strcmp(p->keys[i], key) < 0)
        i++;
    return i;
}

static int has_key_at(const struct provenance *p, size_t i, const char *key)
{
    return i < p->count && strcmp(p->keys[i], key) == 0;
}

/* Room for one more entry; 0 when memory ran out. */
static int make_room(struct provenance *p)
{
    if (p->count < p->capacity)
        return 1;
    const size_t capacity = p->capacity > 0 ? 2 * p->capacity : 32;
    char **keys = memory_grow(p->keys, p->capacity, capacity, sizeof *keys);
    if (keys == NULL)
        return 0;
    p->keys = keys;
    char **values = memory_grow(p->values, p->capacity, capacity, sizeof *values);
    if (values == NULL) {
        return 0;
    }
    p->values = values;
    p->capacity = capacity;
    return 1;
}

/* Takes over both strings. */
static void insert(struct provenance *p, size_t i, char *key, char *value)
{
    memmove(p->keys + i + 1, p->keys + i, (p->count - i) * sizeof *p->keys);
    memmove(p->values + i + 1, p->values + i, (p->count - i) * sizeof *p->values);
    p->keys[i] = key;
    p->values[i] = value;
    p->count++;
}

/* Takes over the value, which is NULL when memory ran out. */
static void set_value(struct provenance *p, const char *key, char *value)
{
    const size_t i = place_of(p, key);
    char *own_key;

    if (value == NULL) {
        p->failed = 1;
    } else if (has_key_at(p, i, key)) {
        memory_free(p->values[i]);
        p->values[i] = value;
    } else if (!make_room(p) || (own_key = memory_text(key)) == NULL) {
        memory_free(value);
        p->failed = 1;
    } else {
        insert(p, i, own_key, value);
    }
}

void provenance_set(struct provenance *p, const char *key, const char *format, ...)
{
    struct text value = {0};
    va_list list;

    va_start(list, format);
    text_add_list(&value, format, list);
    va_end(list);
    set_value(p, key, value.failed ? NULL : memory_text(text_get(&value)));
    text_free(&value);
}

const char *provenance_get(const struct provenance *p, const char *key)
{
    const size_t i = place_of(p, key);

    return has_key_at(p, i, key) ? p->values[i] : NULL;
}

enum status provenance_save(struct provenance *p, const char *path)
{
    struct table_writer w = {0};

    if (p->failed)
        return status_set(STATUS_MEMORY, "out of memory: %s would be incomplete", path);
    table_columns(&w, "key", "value", NULL);
    for (size_t i = 0; i < p->count; i++) {
        table_put(&w, p->keys[i]);
        table_put(&w, p->values[i]);
    }
    const enum status status = table_save(&w, path);
    table_writer_free(&w);
    return status;
}

void provenance_free(struct provenance *p)
{
    for (size_t i = 0; i < p->count; i++) {
        memory_free(p->keys[i]);
        memory_free(p->values[i]);
    }
    memory_free(p->keys);
    memory_free(p->values);
    *p = (struct provenance){0};
}

/* ---- what this process can find out ---- */

static void capture_build(struct provenance *p)
{
    const char *commit = getenv("INFOGEO_COMMIT"), *dirty = getenv("INFOGEO_DIRTY");

    provenance_set(p, "build.compiler", "%s", BUILD_COMPILER);
    provenance_set(p, "build.flags", "%s", BUILD_FLAGS);
    provenance_set(p, "build.commit", "%s", commit != NULL && *commit ? commit : "unknown");
    provenance_set(p, "build.dirty", "%s", dirty != NULL && *dirty ? dirty : "unknown");
    provenance_set(p, "libc.version", "%s", gnu_get_libc_version());
}

/* The value behind "model name : " of the first processor, or "unknown". */
static void capture_cpu_name(struct provenance *p)
{
    static const char label[] = "model name";
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "re");

    provenance_set(p, "machine.cpu", "unknown");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (colon == NULL || strncmp(line, label, sizeof label - 1) != 0)
            continue;
        line[strcspn(line, "\n")] = 0;
        provenance_set(p, "machine.cpu", "%s", colon + 1 + strspn(colon + 1, " "));
        break;
    }
    if (file != NULL)
        fclose(file);
}

static void capture_isa(struct provenance *p)
{
#if defined(__x86_64__)
    unsigned a, b, c, d;
    const unsigned amx_tile = 1u << 24; /* leaf 7, edx */
    const int amx = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & amx_tile) != 0;

    __builtin_cpu_init();
    provenance_set(p, "machine.isa", "x86-64%s%s%s%s",
                   __builtin_cpu_supports("avx2") ? " avx2" : "",
                   __builtin_cpu_supports("fma") ? " fma" : "",
                   __builtin_cpu_supports("avx512f") ? " avx512f" : "", amx ? " amx" : "");
#else
    provenance_set(p, "machine.isa", "unknown");
#endif
}

/* Of the kernel's release the version number alone: what follows it may name a machine. */
static void capture_machine(struct provenance *p)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN), pages = sysconf(_SC_PHYS_PAGES);
    const long page = sysconf(_SC_PAGESIZE);
    struct utsname name;

    capture_cpu_name(p);
    capture_isa(p);
    provenance_set(p, "machine.cores", "%ld", cores);
    provenance_set(p, "machine.memory_mib", "%lld", (long long)pages * page >> 20);
    if (uname(&name) != 0)
        return;
    name.release[strspn(name.release, "0123456789.")] = 0;
    provenance_set(p, "machine.kernel", "%s %s", name.sysname, name.release);
    provenance_set(p, "machine.arch", "%s", name.machine);
}

static void capture_float(struct provenance *p)
{
    const int mode = fegetround();
    volatile double tiny = DBL_MIN;

    tiny /= 2;
    provenance_set(p, "float.rounding", "%s", mode == FE_TONEAREST ? "nearest"
                                              : mode == FE_UPWARD  ? "upward"
                                              : mode == FE_DOWNWARD ? "downward"
                                                                    : "zero");
    provenance_set(p, "float.flush", "%s", tiny == 0 ? "on" : "off");
}

/* Appends the base name of a loaded object when it is a BLAS or a LAPACK. */
static int note_object(struct dl_phdr_info *info, size_t size, void *names)
{
    const char *slash = strrchr(info->dlpi_name, '/');
    const char *name = slash != NULL ? slash + 1 : info->dlpi_name;
    struct text *list = names;

    (void)size;
    if (strcasestr(name, "blas") != NULL || strcasestr(name, "lapack") != NULL)
        text_add(list, "%s%s", list->length > 0 ? " " : "", name);
    return 0;
}

void provenance_capture(struct provenance *p)
{
    struct text objects = {0};

    capture_build(p);
    capture_machine(p);
    capture_float(p);
    dl_iterate_phdr(note_object, &objects);
    if (objects.failed)
        p->failed = 1;
    else
        provenance_set(p, "blas.objects", "%s", objects.length > 0 ? text_get(&objects) : "none");
    text_free(&objects);
}
