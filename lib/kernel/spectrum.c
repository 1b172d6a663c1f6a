/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernel/spectrum.h"

#include <gsl/gsl_integration.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_gegenbauer.h>
#include <math.h>

#include "linalg/lapack.h"

#define PI 3.14159265358979323846
#define NOISE 1e-14 /* of the largest eigenvalue: what quadrature cannot tell from 0 */
#define NEGATIVE 1e-10 /* of the largest: below minus this no noise is */

/* m_k = (2k + D - 2) / (k + D - 2) C(k + D - 2, k). */
static double multiplicity(size_t D, size_t k)
{
    const double n = (double)(k + D - 2);

    return (n + (double)k) / n *
           exp(gsl_sf_lngamma(n + 1) - gsl_sf_lngamma((double)k + 1) -
               gsl_sf_lngamma((double)D - 1));
}

/* Adds weight k(theta) P_k(cos theta) sin^(D-2) theta to each eta_k. */
static enum status add_node(struct spectrum *s, double value, double theta, double weight, size_t D,
                            const double *at_one, double *polynomial)
{
    const double scale = weight * value * pow(sin(theta), (double)(D - 2));

    if (!isfinite(value))
        return status_set(STATUS_DIVERGED, "the kernel at the angle %g is %g", theta, value);
    gsl_sf_gegenpoly_array((int)s->n - 1, (double)(D - 2) / 2, cos(theta), polynomial);
    for (size_t k = 0; k < s->n; k++)
        s->eta.x[k] += scale * (polynomial[k] / at_one[k]);
    return STATUS_OK;
}

static enum status integrate(struct spectrum *s, struct arena *mem,
                             double (*kernel)(double, const void *), const void *context, size_t D,
                             const gsl_integration_glfixed_table *table, size_t nodes)
{
    double *polynomial = arena_get(mem, s->n, sizeof *polynomial);
    double *at_one = arena_get(mem, s->n, sizeof *at_one);
    const double c = exp(gsl_sf_lngamma((double)D / 2) - gsl_sf_lngamma((double)(D - 1) / 2)) /
                     sqrt(PI);

    gsl_sf_gegenpoly_array((int)s->n - 1, (double)(D - 2) / 2, 1, at_one);
    for (size_t i = 0; i < nodes; i++) {
        double theta, weight;

        gsl_integration_glfixed_point(0, PI, i, &theta, &weight, table);
        TRY(add_node(s, kernel(cos(theta), context), theta, c * weight, D, at_one, polynomial));
    }
    return STATUS_OK;
}

/* Drops the noise at the end and sums up. */
static enum status finish(struct spectrum *s)
{
    double largest = 0, sum = 0;

    for (size_t k = 0; k < s->n; k++)
        largest = fmax(largest, s->eta.x[k]);
    for (size_t k = 0; k < s->n; k++)
        if (s->eta.x[k] < -NEGATIVE * largest)
            return status_set(STATUS_NOT_DEFINITE, "the kernel has the eigenvalue %g at degree %zu",
                              s->eta.x[k], k);
    while (s->n > 0 && !(s->eta.x[s->n - 1] > NOISE * largest))
        s->n--;
    if (s->n == 0)
        return status_set(STATUS_NOT_DEFINITE, "the kernel has no positive eigenvalue");
    for (size_t k = 0; k < s->n; k++) {
        if (s->eta.x[k] < NOISE * largest)
            s->eta.x[k] = 0;
        sum += s->multiplicity.x[k] * s->eta.x[k];
    }
    s->eta.n = s->multiplicity.n = s->n;
    s->tail = fmax(0, s->trace - sum);
    return STATUS_OK;
}

enum status spectrum_sphere(struct spectrum *s, struct arena *mem,
                            double (*kernel)(double cosine, const void *context),
                            const void *context, size_t D, size_t degrees, size_t nodes)
{
    gsl_integration_glfixed_table *table;
    enum status status;

    *s = (struct spectrum){.n = degrees};
    if (D < 3 || degrees < 1 || nodes < degrees || degrees > 10000)
        return status_set(STATUS_USAGE, "%zu degrees by %zu nodes in %zu dimensions; expected at "
                          "least 1, as many nodes, and 3", degrees, nodes, D);
    s->eta = vec_zero(mem, degrees);
    s->multiplicity = vec_zero(mem, degrees);
    for (size_t k = 0; k < degrees; k++)
        s->multiplicity.x[k] = multiplicity(D, k);
    s->trace = kernel(1, context);
    if (!isfinite(s->trace))
        return status_set(STATUS_DIVERGED, "the kernel at the angle 0 is %g", s->trace);
    table = gsl_integration_glfixed_table_alloc(nodes);
    if (table == NULL)
        return status_set(STATUS_MEMORY, "no memory for %zu nodes of quadrature", nodes);
    status = integrate(s, mem, kernel, context, D, table, nodes);
    gsl_integration_glfixed_table_free(table);
    return status == STATUS_OK ? finish(s) : status;
}

/* vectors (n x n) and modes, both or none. */
static enum status gram_modes(struct spectrum *s, struct mat *vectors, struct mat *modes,
                              struct arena *mem, const struct mat *gram)
{
    const size_t n = gram->rows;
    struct vec values = vec_zero(mem, n);
    double largest;

    *s = (struct spectrum){.eta = vec_zero(mem, n), .multiplicity = vec_zero(mem, n)};
    TRY(lapack_eigen(&values, vectors, gram));
    largest = n > 0 ? values.x[n - 1] : 0;
    if (!(largest > 0) || values.x[0] < -(double)n * 0x1p-40 * largest)
        return status_set(STATUS_NOT_DEFINITE, "a Gram matrix with eigenvalues from %g to %g",
                          n > 0 ? values.x[0] : 0, largest);
    for (size_t i = n; i-- > 0 && values.x[i] > (double)n * 0x1p-52 * largest;) {
        for (size_t j = 0; modes != NULL && j < n; j++)
            modes->a[s->n * n + j] = sqrt((double)n) * vectors->a[i * n + j];
        s->multiplicity.x[s->n] = 1;
        s->eta.x[s->n++] = values.x[i] / (double)n;
    }
    s->eta.n = s->multiplicity.n = s->n;
    s->trace = vec_sum(&s->eta);
    return STATUS_OK;
}

enum status spectrum_gram(struct spectrum *s, struct arena *mem, const struct mat *gram)
{
    return gram_modes(s, NULL, NULL, mem, gram);
}

enum status spectrum_gram_modes(struct spectrum *s, struct mat *modes, struct arena *mem,
                                const struct mat *gram)
{
    struct mat vectors = mat_zero(mem, gram->rows, gram->rows);

    *modes = mat_zero(mem, gram->rows, gram->rows);
    TRY(gram_modes(s, &vectors, modes, mem, gram));
    modes->rows = s->n;
    return STATUS_OK;
}

double spectrum_target_variance(const struct spectrum *s)
{
    double sum = 0;

    for (size_t k = 0; k < s->n; k++)
        sum += s->multiplicity.x[k] * s->eta.x[k] * s->eta.x[k];
    return sum;
}
