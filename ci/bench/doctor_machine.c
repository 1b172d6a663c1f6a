/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_machine: processor and arithmetic, memory, disk. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "bench.h"
#include "doctor.h"

enum { MIB = 1 << 20 };

void doctor_machine_processor(struct doctor *d, const struct provenance *p)
{
    const char *rounding = doctor_fact(p, "float.rounding"), *flush = doctor_fact(p, "float.flush");

    doctor_tell(d, mode_can_pin() ? DOCTOR_OK : DOCTOR_NOTE, "processor", "%s, %s cores, %s%s",
                doctor_fact(p, "machine.cpu"), doctor_fact(p, "machine.cores"),
                doctor_fact(p, "machine.isa"),
                mode_can_pin() ? "" : "; without AVX2 and FMA nothing can be pinned: check "
                                      "compares with native tolerances");
    if (strcmp(rounding, "nearest") == 0 && strcmp(flush, "off") == 0)
        doctor_tell(d, DOCTOR_OK, "arithmetic", "rounds to nearest, keeps denormal numbers");
    else
        doctor_tell(d, DOCTOR_BAD, "arithmetic", "expected rounding to nearest and denormal "
                    "numbers, found rounding %s, flush to zero %s: some library in this process "
                    "was built with -ffast-math", rounding, flush);
}

/* Bytes that a number in a file of /proc or /sys stands for; 0 when there is none. */
static double bytes_in(const char *path, const char *key, double factor)
{
    char line[128];
    double bytes = 0;
    FILE *file = fopen(path, "re");

    while (file != NULL && bytes <= 0 && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            bytes = factor * (double)strtoull(line + strlen(key), NULL, 10);
    if (file != NULL)
        fclose(file);
    return bytes;
}

void doctor_machine_memory(struct doctor *d)
{
    const double available = bytes_in("/proc/meminfo", "MemAvailable:", 1024) / MIB;
    const double limit = bytes_in("/sys/fs/cgroup/memory.max", "", 1) / MIB;
    const double mib = limit > 0 && limit < available ? limit : available;
    const int few = mib < 1024.0 * (double)d->b->jobs;

    if (!(mib > 0))
        doctor_tell(d, DOCTOR_NOTE, "memory", "how much is free cannot be found out");
    else if (mib < 512)
        doctor_tell(d, DOCTOR_BAD, "memory", "expected 512 MiB, found %.0f: end something else",
                    mib);
    else
        doctor_tell(d, few ? DOCTOR_NOTE : DOCTOR_OK, "memory", "%.0f MiB for %lld jobs%s", mib,
                    (long long)d->b->jobs, few ? ": less than 1 GiB each; use -j with less" : "");
}

void doctor_machine_disk(struct doctor *d)
{
    const char *folder = file_is_folder(d->b->build) ? d->b->build : ".";
    struct statvfs found;

    if (statvfs(folder, &found) != 0) {
        doctor_tell(d, DOCTOR_BAD, "disk", "%s: %s", folder, strerror(errno));
        return;
    }
    const double mib = (double)found.f_bavail * (double)found.f_frsize / MIB;
    const int few_files = found.f_files > 0 && found.f_favail < 10000;
    if (access(folder, W_OK) != 0)
        doctor_tell(d, DOCTOR_BAD, "disk", "%s cannot be written: %s", folder, strerror(errno));
    else if (mib < 256)
        doctor_tell(d, DOCTOR_BAD, "disk", "expected 256 MiB free for %s, found %.0f: make room",
                    folder, mib);
    else
        doctor_tell(d, mib < 2048 || few_files ? DOCTOR_NOTE : DOCTOR_OK, "disk", "%.1f GiB free "
                    "for %s%s%s", mib / 1024, folder,
                    mib < 2048 ? ": the paper profile may need more" : "",
                    few_files ? "; room for less than 10000 files" : "");
}
