/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_environment: variables that stop, bind or redirect the BLAS; the locale. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "bench.h"
#include "doctor.h"
#include "linalg/blas.h"

/* Variables that bind or slow down what does not clear them; every program here does. */
static void look_at_binding(struct doctor *d)
{
    static const char *const names[] = {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && strcasecmp(value, "false") != 0)
            doctor_tell(d, DOCTOR_NOTE, names[i], "%s binds programs that run side by side to one "
                        "core: unset it", value);
    }
}

void doctor_environment_variables(struct doctor *d)
{
    const char *limit = getenv("OMP_THREAD_LIMIT"), *core = getenv("OPENBLAS_CORETYPE");
    const char *tunables = getenv("GLIBC_TUNABLES"), *preload = getenv("LD_PRELOAD");
    const size_t before = d->bad + d->notes;

    if (limit != NULL)
        doctor_tell(d, DOCTOR_BAD, "OMP_THREAD_LIMIT", "%s can stop the BLAS for ever: unset it",
                    limit);
    if (core != NULL && strcasecmp(core, blas_core()) != 0)
        doctor_tell(d, DOCTOR_NOTE, "OPENBLAS_CORETYPE", "%s was asked for and the BLAS took %s: "
                    "unset it", core, blas_core());
    else if (core != NULL)
        doctor_tell(d, DOCTOR_NOTE, "OPENBLAS_CORETYPE", "%s holds for native runs, too, which "
                    "should be what this machine does best: unset it", core);
    look_at_binding(d);
    if (tunables != NULL && strstr(tunables, "hwcaps") != NULL)
        doctor_tell(d, DOCTOR_NOTE, "GLIBC_TUNABLES", "%s changes the last bits of exp and log: "
                    "unset it", tunables);
    if (preload != NULL && preload[0] != '\0')
        doctor_tell(d, DOCTOR_NOTE, "LD_PRELOAD", "%s is loaded into every program", preload);
    if (d->bad + d->notes == before)
        doctor_tell(d, DOCTOR_OK, "environment", "no variable that stops, binds or redirects the "
                    "BLAS");
}

/* Numbers written and read under the locale have a point, and lose nothing. */
static int keeps_points(void)
{
    char number[TEXT_DOUBLE];
    double back = 0;

    return strcmp(text_double(number, 0.5), "0.5") == 0 &&
           text_to_double("-1.25e-3", "a number", &back) == STATUS_OK && back <= -1.25e-3 &&
           back >= -1.25e-3;
}

void doctor_environment_locale(struct doctor *d)
{
    static const char *const names[] = {"", "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
                                        "fr_FR.utf8", "es_ES.utf8", "it_IT.utf8", "ru_RU.utf8"};
    const char *found = NULL;

    for (size_t i = 0; i < sizeof names / sizeof names[0] && found == NULL; i++)
        if (setlocale(LC_NUMERIC, names[i]) != NULL && localeconv()->decimal_point[0] == ',')
            found = setlocale(LC_NUMERIC, NULL);
    const char *name = arena_text(&d->b->mem, "%s", found != NULL ? found : "");
    const int good = keeps_points();
    setlocale(LC_NUMERIC, "C");
    if (!good)
        doctor_tell(d, DOCTOR_BAD, "locale", "numbers lose their point under '%s': set "
                    "LC_ALL=C.UTF-8", name);
    else
        doctor_tell(d, DOCTOR_OK, "locale", "%s%s",
                    found != NULL ? "numbers keep their point under "
                                  : "none with a decimal comma is installed", name);
}
