/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cifar: both kinds of records and the lists of names; see fuzz.h.
 *
 * The first byte of an input says what the rest is: bit 0 the kind, bit 1 a list of names, bit 2
 * records in short: label bytes and one byte for all the pixels of each, so that mutations reach
 * the labels; bits 3 to 7 are then the bytes that are missing at the end. */
#include "fuzz.h"

#include "data/cifar.h"

enum { MOST = 6, NAMES = 5, LARGEST = CIFAR_PIXELS + 2 };

/* Writes the records that the short form stands for; at most MOST + 1. */
static size_t expand(uint8_t *out, const uint8_t *data, size_t n, size_t labels, size_t missing)
{
    size_t size = 0;

    for (size_t i = 0; i <= MOST && n > labels; i++, data += labels + 1, n -= labels + 1) {
        memcpy(out + size, data, labels);
        memset(out + size + labels, data[labels], CIFAR_PIXELS);
        size += labels + CIFAR_PIXELS;
    }
    return size - (missing < size ? missing : size);
}

static int is_records(const uint8_t *data, size_t n, enum cifar_kind kind)
{
    const size_t record = kind == CIFAR_10 ? 1 + 3072 : 2 + 3072;
    int above[256];

    for (int i = 0; i < 256; i++)
        above[i] = -1;
    if (n == 0 || n % record != 0 || n / record > MOST || fuzz_is_gzip(data, n))
        return 0;
    for (size_t i = 0; i < n; i += record) {
        const int first = data[i], last = kind == CIFAR_10 ? data[i] : data[i + 1];
        if (kind == CIFAR_10 ? first > 9 : first > 19 || last > 99)
            return 0;
        if (above[last] >= 0 && above[last] != first)
            return 0;
        above[last] = first;
    }
    return 1;
}

/* Record i of `r` is that of the file at `data`. */
static void same_record(const struct cifar_records *r, size_t i, const uint8_t *data,
                        enum cifar_kind kind)
{
    const size_t labels = kind == CIFAR_10 ? 1 : 2;

    HOLDS(r->label[i] == data[labels - 1]);
    HOLDS(kind == CIFAR_10 ? r->coarse == NULL : r->coarse[i] == data[0]);
    HOLDS(memcmp(r->pixels + i * CIFAR_PIXELS, data + labels, CIFAR_PIXELS) == 0);
}

static void records(const uint8_t *data, size_t n, enum cifar_kind kind)
{
    const size_t record = kind == CIFAR_10 ? 1 + 3072 : 2 + 3072;
    struct cifar_records r = {0};

    for (size_t times = 0; times < 3; times++) { /* the third time without memory */
        const size_t before = r.count;
        memory_fail_at(times == 2 ? 1 + n % 4 : 0);
        const enum status status = cifar_append(&r, fuzz_file(data, n, 0), kind, MOST);
        memory_fail_at(0);
        HOLDS(times == 2 || (status == STATUS_OK) == is_records(data, n, kind));
        if (status != STATUS_OK)
            fuzz_refused(status);
        HOLDS(r.count == before + (status == STATUS_OK ? n / record : 0));
        for (size_t i = 0; i < r.count; i++)
            same_record(&r, i, data + i % (n / record) * record, kind);
    }
    cifar_free(&r);
}

static void packed(const uint8_t *data, size_t n, enum cifar_kind kind)
{
    struct cifar_records r = {0};
    const enum status status = cifar_append(&r, fuzz_file(data, n, 1), kind, MOST);

    if (status != STATUS_OK)
        fuzz_refused(status);
    HOLDS((r.count > 0) == (status == STATUS_OK) && r.count <= MOST);
    cifar_free(&r);
}

static int is_name(const uint8_t *line, size_t n)
{
    if (n == 0 || n > CIFAR_NAME_MOST)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (line[i] <= ' ' || line[i] > '~')
            return 0;
    return 1;
}

static void names(const uint8_t *data, size_t n)
{
    char **found;
    const enum status status = cifar_names_read(&found, NAMES, fuzz_file(data, n, 0));
    size_t at = 0;

    if (status != STATUS_OK) {
        fuzz_refused(status);
        HOLDS(found == NULL);
        return;
    }
    for (int i = 0; i < NAMES; i++) {
        const size_t length = strlen(found[i]);
        HOLDS(at + length <= n && is_name(data + at, length));
        HOLDS(memcmp(found[i], data + at, length) == 0);
        HOLDS(at + length == n || data[at + length] == '\n');
        at += length + 1;
        for (int j = 0; j < i; j++)
            HOLDS(strcmp(found[i], found[j]) != 0);
    }
    for (; at < n; at++)
        HOLDS(data[at] == '\n');
    memory_free(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static uint8_t whole[(MOST + 1) * LARGEST];
    const unsigned says = n > 0 ? *data : 0;
    const enum cifar_kind kind = (says & 1) != 0 ? CIFAR_100 : CIFAR_10;

    data += n > 0;
    n -= n > 0;
    if ((says & 2) != 0) {
        names(data, n);
    } else if ((says & 4) != 0) {
        n = expand(whole, data, n, kind == CIFAR_10 ? 1 : 2, says >> 3);
        records(whole, n, kind);
    } else if (fuzz_is_gzip(data, n)) {
        packed(data, n, kind);
    } else {
        records(data, n, kind);
    }
    return 0;
}
