/* SPDX-License-Identifier: GPL-3.0-or-later */
/* make_objects DIR [few]: writes the generated pictures that stand in for CIFAR-10 and CIFAR-100
 * into DIR/cifar-10 and DIR/cifar-100, in CIFAR's formats: as many as are published, or few, which
 * are enough for the smoke profile. A folder that is complete and intact is left alone. */
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "data/objects.h"

static enum status make(const char *folder, const char *set, enum cifar_kind kind, int few)
{
    const int train = few ? OBJECTS_FEW_TRAIN : OBJECTS_TRAIN;
    const int test = few ? OBJECTS_FEW_TEST : OBJECTS_TEST;
    char path[4096];
    int made;

    if (snprintf(path, sizeof path, "%s/%s", folder, set) >= (int)sizeof path)
        return status_set(STATUS_USAGE, "%.60s...: expected a shorter name", folder);
    TRY(objects_save(path, kind, (size_t)train, (size_t)test, &made));
    if (made)
        printf("make_objects: wrote %d + %d pictures to %s\n", train, test, path);
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    const int few = argc == 3 && strcmp(argv[2], "few") == 0;
    enum status status;

    if (argc != 2 && !few) {
        fprintf(stderr, "usage: make_objects DIR [few]\n");
        return status_exit_code(STATUS_USAGE);
    }
    status = make(argv[1], "cifar-10", CIFAR_10, few);
    if (status == STATUS_OK)
        status = make(argv[1], "cifar-100", CIFAR_100, few);
    if (status != STATUS_OK) {
        fprintf(stderr, "make_objects: %s\n", status_message());
        return status_exit_code(status);
    }
    return 0;
}
