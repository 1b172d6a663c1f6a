/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The BLAS in use: one, OpenBLAS, and it says what it is. */
#include "test.h"

#include <limits.h>

#include "aborts.h"
#include "linalg/blas.h"
#include "linalg/lapack.h"
#include "linalg/mat.h"
#include "linalg/stat.h"

/* Products, factorizations and GSL are all called, so that all libraries are linked. */
static void exactly_one_blas_is_loaded(void **state)
{
    double a[] = {2, 1, 1, 2}, c[4];
    struct mat m = mat_over(a, 2, 2), product = mat_over(c, 2, 2);

    (void)state;
    mat_multiply(&product, 1.0, &m, 0, &m, 0, 0.0);
    CHECK_STATUS(lapack_cholesky(&m), STATUS_OK);
    CHECK_NEAR(c[0] + c[1], 9.0, 0.0);
    CHECK_NEAR(stat_t_quantile(0.5, 3.0), 0.0, 1e-15);
    CHECK_TRUE(blas_loaded() == 1);
}

static void products_and_factorizations_come_from_openblas(void **state)
{
    (void)state;
    CHECK_TRUE(blas_object() != NULL);
    CHECK_TRUE(strstr(blas_object(), "libopenblas") != NULL);
}

static void openblas_says_what_it_is(void **state)
{
    const char *wanted = getenv("OPENBLAS_CORETYPE");

    (void)state;
    CHECK_TRUE(strncmp(blas_config(), "OpenBLAS ", 9) == 0);
    CHECK_TRUE(blas_core()[0] != '\0');
    if (wanted != NULL && strcasecmp(wanted, "Haswell") == 0)
        CHECK_TEXT(blas_core(), "Haswell");
    CHECK_TRUE(blas_parallel() >= BLAS_SERIAL && blas_parallel() <= BLAS_OPENMP);
}

static void threads_can_be_set(void **state)
{
    (void)state;
    blas_set_threads(2);
    CHECK_TRUE(blas_threads() == (blas_parallel() == BLAS_SERIAL ? 1 : 2));
    blas_set_threads(1);
    CHECK_TRUE(blas_threads() == 1);
}

static void the_record_is_complete_and_names_no_folder(void **state)
{
    struct provenance p = {0};
    const char *keys[] = {"blas.config", "blas.core", "blas.threads", "blas.parallel",
                          "blas.object"};

    (void)state;
    blas_set_threads(1);
    blas_record(&p);
    for (size_t i = 0; i < 5; i++)
        CHECK_TRUE(provenance_get(&p, keys[i]) != NULL && provenance_get(&p, keys[i])[0] != '\0');
    CHECK_TEXT(provenance_get(&p, "blas.threads"), "1");
    CHECK_TEXT(provenance_get(&p, "blas.core"), blas_core());
    CHECK_TRUE(strncmp(provenance_get(&p, "blas.object"), "libopenblas", 11) == 0);
    CHECK_TRUE(strcmp(provenance_get(&p, "blas.parallel"), "unknown") != 0);
    provenance_free(&p);
}

static void sizes_have_to_fit_the_int_of_blas(void **state)
{
    (void)state;
    assert_int_equal(blas_int(0), 0);
    assert_int_equal(blas_int(INT_MAX), INT_MAX);
    CHECK_ABORTS((void)blas_int((size_t)INT_MAX + 1));
    CHECK_ABORTS(blas_set_threads(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_one_blas_is_loaded),
        cmocka_unit_test(products_and_factorizations_come_from_openblas),
        cmocka_unit_test(openblas_says_what_it_is),
        cmocka_unit_test(threads_can_be_set),
        cmocka_unit_test(the_record_is_complete_and_names_no_folder),
        cmocka_unit_test(sizes_have_to_fit_the_int_of_blas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
