/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/wng_sweep.h"

#include <math.h>

#include "base/check.h"
#include "linalg/stat.h"

const int wng_dimension[WNG_DIMENSIONS] = {1, 2, 3, 5, 10};
const int wng_size[WNG_SIZES] = {50, 100, 200, 500, 1000, 2000};
const int wng_basis[WNG_BASES] = {3, 6, 12, 25, 50, 100, 200, 400};

static size_t count_up_to(const int *x, size_t n, int most)
{
    size_t count = 0;

    while (count < n && x[count] <= most)
        count++;
    return count;
}

size_t wng_sweep_sizes(const struct wng_sweep_setting *s)
{
    return count_up_to(wng_size, WNG_SIZES, s->N_most);
}

size_t wng_sweep_bases(const struct wng_sweep_setting *s)
{
    return count_up_to(wng_basis, WNG_BASES, s->N_scan);
}

size_t wng_sweep_scan(const struct wng_sweep_setting *s)
{
    return count_up_to(wng_size, WNG_SIZES, s->N_scan) - 1;
}

static enum status log_error(double *out, const struct wng_sweep_setting *s,
                             const struct wng_problem *problem, size_t n, size_t m, int repeated)
{
    const struct wng_setting setting = {
        .bandwidth = wng_bandwidth(problem->family, s->narrow, s->wide),
        .basis = m < n || repeated ? m : n, .repeated = repeated, .eps = s->eps, .cut = s->cut};

    TRY(wng_error(out, problem, n, &setting));
    *out = log(*out);
    return STATUS_OK;
}

/* N varies, M = ceil(d sqrt N); and the samples with a complete basis. */
static enum status vary_samples(struct wng_sweep *sum, const struct wng_sweep_setting *s,
                                const struct wng_problem *problem, size_t d, int of)
{
    double here;

    for (size_t i = 0; i < wng_sweep_sizes(s); i++) {
        const size_t n = (size_t)wng_size[i];
        double complete;

        TRY(log_error(&here, s, problem, n, wng_rule(d, n), 0));
        TRY(wng_error_complete(&complete, problem, n));
        sum->by_size[i] += here / of;
        sum->complete[i] += (here - log(complete)) / of;
    }
    TRY(log_error(&here, s, problem, (size_t)wng_size[0],
                  wng_rule_unbounded(d, (size_t)wng_size[0]), 1));
    sum->repeated += here / of;
    TRY(log_error(&here, s, problem, (size_t)s->N_scan, (size_t)s->M_fixed, 0));
    sum->fixed += here / of;
    return STATUS_OK;
}

/* M varies, N = N_scan. */
static enum status vary_basis(struct wng_sweep *sum, const struct wng_sweep_setting *s,
                              const struct wng_problem *problem, size_t d, int scans)
{
    const size_t n = (size_t)s->N_scan, rule = wng_rule(d, n);
    double here, twice;

    for (size_t i = 0; i < wng_sweep_bases(s); i++) {
        TRY(log_error(&here, s, problem, n, (size_t)wng_basis[i], 0));
        sum->by_basis[i] += here / scans;
    }
    TRY(log_error(&here, s, problem, n, rule, 0));
    TRY(log_error(&twice, s, problem, n, 2 * rule, 0));
    sum->twice += (twice - here) / scans;
    return STATUS_OK;
}

enum status wng_sweep_run(struct wng_sweep *sum, const struct wng_sweep_setting *s,
                          enum gaussian_family family, size_t k, uint64_t seed, int run, int of,
                          int scans)
{
    const size_t d = (size_t)wng_dimension[k];
    struct arena mem = {0};
    struct wng_problem problem;
    enum status status;

    if (arena_guard(&mem)) {
        arena_free(&mem);
        return STATUS_MEMORY;
    }
    status = wng_problem_draw(&problem, &mem, family, d, (size_t)s->N_most, seed, run);
    if (status == STATUS_OK)
        status = vary_samples(sum, s, &problem, d, of);
    if (status == STATUS_OK && run < scans)
        status = vary_basis(sum, s, &problem, d, scans);
    arena_free(&mem);
    return status;
}

double wng_sweep_exponent(const int *x, const double *log_y, size_t n)
{
    double log_x[WNG_SIZES];

    CHECK(n <= WNG_SIZES, "%zu points", n);
    for (size_t i = 0; i < n; i++)
        log_x[i] = log((double)x[i]);
    return stat_slope(log_x, log_y, n);
}

double wng_sweep_threshold(const double *log_error, size_t n)
{
    const double level = log_error[n - 1] + log(2);
    size_t i = 0;

    while (log_error[i] > level)
        i++;
    if (i == 0)
        return log((double)wng_basis[0]);
    return log((double)wng_basis[i]) - log((double)wng_basis[i] / wng_basis[i - 1]) *
                                           (level - log_error[i]) /
                                           (log_error[i - 1] - log_error[i]);
}
