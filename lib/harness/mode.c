/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/mode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "linalg/blas.h"

#define PINNED_CORE "Haswell"
#define PINNED_ISA "AVX2" /* of oneDNN, which the network over images reads back (conv_onednn) */
#define STARTED_AGAIN "INFOGEO_STARTED_AGAIN"

const char *mode_name(enum mode mode)
{
    return mode == PINNED ? "pinned" : "native";
}

int mode_can_pin(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return 0;
#endif
}

void mode_environment(enum mode mode)
{
    if (mode == PINNED) {
        setenv("OPENBLAS_CORETYPE", PINNED_CORE, 1);
        setenv("ONEDNN_MAX_CPU_ISA", PINNED_ISA, 1);
    }
    setenv("OMP_NUM_THREADS", "1", 1);
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    setenv("OMP_WAIT_POLICY", "passive", 1);
    unsetenv("OMP_PROC_BIND");
    unsetenv("OMP_THREAD_LIMIT");
}

/* The environment of this process, not the libraries' copy, already is what the mode needs? */
static int environment_fits(enum mode mode)
{
    const char *core = getenv("OPENBLAS_CORETYPE"), *isa = getenv("ONEDNN_MAX_CPU_ISA");

    if (getenv("OMP_THREAD_LIMIT") != NULL || getenv("OMP_PROC_BIND") != NULL)
        return 0;
    return mode == NATIVE || (core != NULL && strcasecmp(core, PINNED_CORE) == 0 && isa != NULL &&
                              strcasecmp(isa, PINNED_ISA) == 0);
}

static enum status start_again(enum mode mode, char **argv)
{
    mode_environment(mode);
    setenv(STARTED_AGAIN, "1", 1);
    execv("/proc/self/exe", argv);
    return status_set(STATUS_UNFIT, "cannot start %s again: %s", argv[0], strerror(errno));
}

enum status mode_enter(enum mode mode, int threads, char **argv)
{
    if (mode == PINNED && !mode_can_pin())
        return status_set(STATUS_UNFIT, "pinned mode needs an x86-64 processor with AVX2 and FMA, "
                                        "and this one has none: use --native");
    if (!environment_fits(mode) && getenv(STARTED_AGAIN) == NULL)
        return start_again(mode, argv);
    unsetenv(STARTED_AGAIN); /* it speaks of this process, not of one that this one starts */
    if (getenv("OMP_THREAD_LIMIT") != NULL)
        return status_set(STATUS_UNFIT, "OMP_THREAD_LIMIT=%s can stop the BLAS for ever: unset it",
                          getenv("OMP_THREAD_LIMIT"));
    if (mode == PINNED && strcmp(blas_core(), PINNED_CORE) != 0)
        return status_set(STATUS_UNFIT, "pinned mode needs the BLAS core " PINNED_CORE
                                        ", the library took %s: use --native", blas_core());
    if (blas_object() == NULL || blas_loaded() != 1)
        return status_set(STATUS_UNFIT, "expected one BLAS library in the process, found %zu: link "
                                        "as the Makefile does", blas_loaded());
    blas_set_threads(threads);
    if (blas_threads() != threads)
        return status_set(STATUS_UNFIT, "asked the BLAS for %d threads, it uses %d: check the "
                                        "flavour of OpenBLAS", threads, blas_threads());
    return STATUS_OK;
}

void mode_record(enum mode mode, struct provenance *p)
{
    blas_record(p);
    provenance_set(p, "mode", "%s", mode_name(mode));
    provenance_set(p, "mode.evidence", "BLAS core %s, %d thread(s)", blas_core(), blas_threads());
}
