/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "leftovers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

pid_t leftovers_maker(const char *name)
{
    const size_t n = strlen(name);
    char copy[256], *digits;
    int64_t pid;

    if (n < 6 || n >= sizeof copy)
        return 0;
    memcpy(copy, name, n + 1);
    if (name[0] == '.' && strcmp(name + n - 4, ".tmp") == 0) {
        copy[n - 4] = '\0';
        digits = strrchr(copy, '.') + 1;
    } else {
        digits = copy + n - strspn(strrchr(copy, '-') ? strrchr(copy, '-') + 1 : "", "0123456789");
        if (digits - copy < 5 || (strncmp(digits - 5, ".tmp-", 5) != 0 &&
                                  strncmp(digits - 5, ".old-", 5) != 0))
            return 0;
    }
    return text_to_int(digits, "pid", 1, INT32_MAX, &pid) == STATUS_OK ? (pid_t)pid : 0;
}

int leftovers_is_alive(pid_t pid)
{
    char path[64], link[8];

    snprintf(path, sizeof path, "/proc/%ld/exe", (long)pid);
    return readlink(path, link, sizeof link) >= 0 || errno != ENOENT;
}

/* Leftovers in a folder and `depth` levels below it. What cannot be removed stays. */
static void sweep(struct arena *mem, const char *folder, int depth)
{
    char **names;
    size_t n;

    if (file_list(mem, folder, &names, &n) != STATUS_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        const char *path = arena_text(mem, "%s/%s", folder, names[i]);
        const pid_t pid = leftovers_maker(names[i]);

        if (pid > 0 && !leftovers_is_alive(pid)) {
            const enum status status = file_remove_folder(path);
            (void)status;
        } else if (depth > 0 && file_is_folder(path)) {
            sweep(mem, path, depth - 1);
        }
    }
}

void leftovers_remove(const struct bench *b)
{
    struct arena mem = {0};

    for (size_t i = 0; i < b->program_count; i++)
        sweep(&mem, arena_text(&mem, "%s/results/%s/%s", b->build, b->programs[i].id,
                               profile_name(b->profile)), 2);
    arena_free(&mem);
}
