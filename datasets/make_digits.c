/* SPDX-License-Identifier: GPL-3.0-or-later */
/* make_digits DIR: writes the generated digits that stand in for MNIST into DIR, in MNIST's format.
 * A folder that is complete and intact is left alone. */
#include <stdio.h>

#include "base/status.h"
#include "data/digits.h"

int main(int argc, char **argv)
{
    enum status status;
    int made;

    if (argc != 2) {
        fprintf(stderr, "usage: make_digits DIR\n");
        return status_exit_code(STATUS_USAGE);
    }
    status = digits_save(argv[1], DIGITS_TRAIN, DIGITS_TEST, &made);
    if (status != STATUS_OK) {
        fprintf(stderr, "make_digits: %s\n", status_message());
        return status_exit_code(status);
    }
    if (made)
        printf("make_digits: wrote %d + %d digits to %s\n", DIGITS_TRAIN, DIGITS_TEST, argv[1]);
    return 0;
}
