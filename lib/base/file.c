/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file: see file.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"

/* ---- writing ---- */

static enum status write_failed(const char *path, const char *hint)
{
    return status_set(STATUS_IO, "%s: expected to write it, found: %s; %s", path, strerror(errno),
                      hint);
}

/* What to do about errno. */
static const char *write_hint(void)
{
    switch (errno) {
    case ENOENT:
        return "create its folder first";
    case ENOTDIR:
        return "a part of its path is no folder: choose another place";
    case ENOSPC:
    case EDQUOT:
        return "make room on the disk";
    case EROFS:
        return "choose a place that can be written, or mount this one for writing";
    case EFBIG:
        return "raise the limit on the size of files (ulimit -f)";
    case EISDIR:
        return "remove the folder of that name";
    default:
        return "choose a place that can be written";
    }
}

static int write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t k = write(fd, bytes, n);
        if (k < 0 && errno != EINTR)
            return -1;
        if (k > 0) {
            bytes += k;
            n -= (size_t)k;
        }
    }
    return 0;
}

/* The name under which the file grows: hidden, in the same folder, with the process in it. */
static int temporary_name(char out[PATH_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    const size_t folder = slash != NULL ? (size_t)(slash - path) + 1 : 0;

    const int n = folder < PATH_MAX
                      ? snprintf(out, PATH_MAX, "%.*s.%s.%ld.tmp", (int)folder, path,
                                 path + folder, (long)getpid())
                      : PATH_MAX;
    if (n < 0 || n >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

/* Fills the open file and closes it in any case; -1 with errno on failure. */
static int fill_and_close(int fd, const void *bytes, size_t n)
{
    if (write_all(fd, bytes, n) != 0 || fsync(fd) != 0) {
        const int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    return close(fd);
}

enum status file_write(const char *path, const void *bytes, size_t n)
{
    char name[PATH_MAX];

    if (temporary_name(name, path) != 0)
        return write_failed(path, "choose a shorter name");
    const int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return write_failed(path, write_hint());
    if (fill_and_close(fd, bytes, n) != 0 || rename(name, path) != 0) {
        const int reason = errno;
        unlink(name);
        errno = reason;
        return write_failed(path, write_hint());
    }
    return STATUS_OK;
}

enum status file_write_if_changed(const char *path, const void *bytes, size_t n)
{
    struct stat found;
    char *old;
    size_t old_n;
    int same = 0;

    if (stat(path, &found) == 0 && S_ISREG(found.st_mode) && (uintmax_t)found.st_size == n &&
        file_read(path, n, &old, &old_n) == STATUS_OK) {
        same = old_n == n && (n == 0 || memcmp(old, bytes, n) == 0);
        memory_free(old);
    }
    return same ? STATUS_OK : file_write(path, bytes, n);
}

/* ---- reading ---- */

static enum status too_large(const char *path, size_t most)
{
    return status_set(STATUS_DATA, "%s: expected at most %zu bytes, found more", path, most);
}

static enum status unreadable(const char *path)
{
    return status_set(STATUS_DATA, "%s: expected a readable file, found: %s", path,
                      strerror(errno));
}

/* Reads to the end into a block of `capacity` bytes that grows; at most most + 1 bytes are asked
 * for. The size that the system gave is only a first guess. */
static enum status read_all(int fd, const char *path, size_t most, size_t capacity, char **bytes,
                            size_t *n)
{
    for (;;) {
        if (*n + 1 >= capacity) {
            char *grown = memory_grow(*bytes, capacity, 2 * capacity, 1);
            if (grown == NULL)
                return STATUS_MEMORY;
            *bytes = grown;
            capacity *= 2;
        }
        const ssize_t k = read(fd, *bytes + *n, capacity - 1 - *n);
        if (k < 0 && errno != EINTR)
            return unreadable(path);
        if (k == 0)
            break;
        if (k > 0)
            *n += (size_t)k;
        if (*n > most)
            return too_large(path, most);
    }
    (*bytes)[*n] = 0;
    return STATUS_OK;
}

static enum status read_open(int fd, const char *path, size_t most, char **bytes, size_t *n)
{
    struct stat found;

    if (fstat(fd, &found) != 0)
        return unreadable(path);
    if (S_ISDIR(found.st_mode))
        return status_set(STATUS_DATA, "%s: expected a file, found a folder", path);
    const uintmax_t size = S_ISREG(found.st_mode) ? (uintmax_t)found.st_size : 0;
    if (size > most)
        return too_large(path, most);
    /* One byte for the 0, and one that shows the end; what has no size starts with a page. */
    const size_t capacity = size > 0 ? (size_t)size + 2 : 4096;
    *bytes = memory_get(capacity, 1);
    if (*bytes == NULL)
        return STATUS_MEMORY;
    return read_all(fd, path, most, capacity, bytes, n);
}

enum status file_read(const char *path, size_t most, char **bytes, size_t *n)
{
    *bytes = NULL;
    *n = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return unreadable(path);
    const enum status status = read_open(fd, path, most, bytes, n);
    close(fd);
    if (status != STATUS_OK) {
        memory_free(*bytes);
        *bytes = NULL;
        *n = 0;
    }
    return status;
}

/* ---- folders ---- */

/* A copy without slashes at the end; "" for the root and for what is too long. */
static void trim_slashes(char out[PATH_MAX], const char *path)
{
    size_t n = strlen(path);

    while (n > 0 && path[n - 1] == '/')
        n--;
    if (n >= PATH_MAX)
        n = 0;
    memcpy(out, path, n);
    out[n] = 0;
}

static enum status folder_failed(const char *path, int reason)
{
    return status_set(STATUS_IO, "%s: expected to create this folder, found: %s; choose another "
                      "place", path, strerror(reason));
}

enum status file_make_folder(const char *path)
{
    char part[PATH_MAX];

    trim_slashes(part, path);
    if (*part == 0)
        return *path == '/' && strlen(path) < PATH_MAX
                   ? STATUS_OK
                   : status_set(STATUS_IO, "'%.80s': expected the name of a folder", path);
    for (char *slash = part;; *slash++ = '/') {
        slash += strspn(slash, "/");
        slash += strcspn(slash, "/");
        const int last = *slash == 0;
        *slash = 0;
        if (mkdir(part, 0777) != 0) {
            const int reason = errno;
            if (!file_is_folder(part))
                return folder_failed(part, reason);
        }
        if (last)
            return STATUS_OK;
    }
}

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *where)
{
    (void)found;
    (void)kind;
    (void)where;
    return remove(path) != 0 && errno != ENOENT ? -1 : 0;
}

enum status file_remove_folder(const char *path)
{
    char name[PATH_MAX]; /* "link/" would be followed, "link" is not */

    trim_slashes(name, path);
    if (*name == 0)
        return status_set(STATUS_IO, "'%.80s': expected the name of a folder to remove", path);
    if (nftw(name, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
        return status_set(STATUS_IO, "%s: expected to remove it, found: %s", path, strerror(errno));
    return STATUS_OK;
}

int file_exists(const char *path)
{
    struct stat found;

    return lstat(path, &found) == 0;
}

int file_is_folder(const char *path)
{
    struct stat found;

    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

/* Goes through a folder: counts names and their bytes (with a 0 each), and stores them while they
 * fit into names[0..most-1] and bytes[0..most_bytes-1]. */
static enum status walk(const char *path, char **names, size_t most, char *bytes, size_t most_bytes,
                        size_t *n, size_t *n_bytes)
{
    *n = *n_bytes = 0;
    DIR *folder = opendir(path);
    if (folder == NULL && errno == ENOENT)
        return STATUS_OK;
    if (folder == NULL)
        return status_set(STATUS_IO, "%s: expected a folder, found: %s", path, strerror(errno));
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const char *name = entry->d_name;
        const size_t length = strlen(name) + 1;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (*n < most && *n_bytes + length <= most_bytes) {
            names[*n] = memcpy(bytes + *n_bytes, name, length);
        }
        *n += 1;
        *n_bytes += length;
    }
    closedir(folder);
    return STATUS_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Counts, takes the memory with nothing open (the arena may jump), and fills; again if the folder
 * grew in between. */
enum status file_list(struct arena *mem, const char *path, char ***names, size_t *n)
{
    size_t most = 0, most_bytes = 0, n_bytes;

    *names = NULL;
    for (;;) {
        char **list = arena_get(mem, most + 1, sizeof *list);
        char *bytes = arena_get(mem, most_bytes + 1, 1);
        TRY(walk(path, list, most, bytes, most_bytes, n, &n_bytes));
        if (*n <= most && n_bytes <= most_bytes) {
            qsort(list, *n, sizeof *list, compare_names);
            *names = list;
            return STATUS_OK;
        }
        most = *n;
        most_bytes = n_bytes;
    }
}
