/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blas: see blas.h. */
#include "linalg/blas.h"

#include <cblas.h>
#include <dlfcn.h>
#include <lapacke.h>
#include <limits.h>
#include <link.h>
#include <string.h>

#include "base/check.h"

/* Fortran's own name, which no header declares; only its address is used. */
void LAPACK_GLOBAL(dgemm, DGEMM)(void);

const char *blas_core(void)
{
    return openblas_get_corename();
}

const char *blas_config(void)
{
    return openblas_get_config();
}

int blas_parallel(void)
{
    return openblas_get_parallel();
}

int blas_threads(void)
{
    return openblas_get_num_threads();
}

void blas_set_threads(int n)
{
    CHECK(n >= 1, "%d threads", n);
    openblas_set_num_threads(n);
}

/* The object that holds the function's code; NULL when the linker does not know. */
static const char *object_of(void (*function)(void))
{
    Dl_info info;
    void *address;

    /* ISO C has no conversion from a function pointer to an object pointer; POSIX gives both the
     * same representation. */
    memcpy(&address, &function, sizeof address);
    return dladdr(address, &info) != 0 ? info.dli_fname : NULL;
}

const char *blas_object(void)
{
    const char *single = object_of((void (*)(void))cblas_sgemm);
    const char *fortran = object_of(LAPACK_GLOBAL(dgemm, DGEMM));
    const char *lapack = object_of((void (*)(void))LAPACK_GLOBAL(dsyevd, DSYEVD));

    if (single == NULL || fortran == NULL || lapack == NULL)
        return NULL;
    return strcmp(single, fortran) == 0 && strcmp(single, lapack) == 0 ? single : NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static int count_blas(struct dl_phdr_info *object, size_t size, void *count)
{
    const char *name = base_name(object->dlpi_name);

    (void)size;
    if (strstr(name, "blas") != NULL || strstr(name, "lapack") != NULL)
        ++*(size_t *)count;
    return 0;
}

size_t blas_loaded(void)
{
    size_t count = 0;

    dl_iterate_phdr(count_blas, &count);
    return count;
}

void blas_record(struct provenance *p)
{
    static const char *const flavour[] = {"serial", "pthread", "openmp"};
    const int parallel = blas_parallel();
    const char *object = blas_object();

    provenance_set(p, "blas.config", "%s", blas_config());
    provenance_set(p, "blas.core", "%s", blas_core());
    provenance_set(p, "blas.threads", "%d", blas_threads());
    provenance_set(p, "blas.parallel", "%s",
                   parallel >= 0 && parallel <= 2 ? flavour[parallel] : "unknown");
    provenance_set(p, "blas.object", "%s", object != NULL ? base_name(object) : "mixed");
}

int blas_int(size_t n)
{
    CHECK(n <= INT_MAX, "%zu does not fit the int of BLAS", n);
    return (int)n;
}
