/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict_cases: metrics, cells and seeds of a made-up program, and values whose 99 % interval is
 * known by hand, for the tests of verdicts. */
#ifndef TESTS_VERDICT_CASES_H
#define TESTS_VERDICT_CASES_H

#include "test.h"

#include "base/memory.h"
#include "harness/verdict.h"

/* Quantile of t at 0.995 for 4 degrees, from printed tables: half widths of five values are this
 * times sd / sqrt(5). */
#define T_4 4.60409487

enum { MOST = 16 };

static const struct metric metrics[] = {
    {.name = "a", .unit = "1", .direction = LOWER_IS_BETTER},
    {.name = "b", .unit = "1", .direction = LOWER_IS_BETTER},
    {.name = "accuracy", .unit = "1", .direction = HIGHER_IS_BETTER},
    {.name = "plain", .unit = "1"},
    {.name = "error", .unit = "1", .direction = LOWER_IS_BETTER, .worst = 0.9},
    {.name = "score", .unit = "1", .direction = HIGHER_IS_BETTER, .worst = 0.1},
    {.name = "task.*", .unit = "1", .direction = LOWER_IS_BETTER},
    {.name = "base.*", .unit = "1", .direction = LOWER_IS_BETTER},
};
static const struct axis axis = {
    .name = "n", .meaning = "size",
    .at = {CELL_VALUES(10, 20), CELL_VALUES(10, 20, 40), {0, NULL, NULL}}};
static const struct reproduction one_cell = {.id = "one", METRICS(metrics)};
static const struct reproduction three_cells = {.id = "three", .axis = &axis, METRICS(metrics)};
static const char *const cells[] = {"n=10", "n=20", "n=40"};
static const uint64_t seeds[MOST] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static struct results results;

static inline int start(void **state)
{
    (void)state;
    results_free(&results);
    return 0;
}

static inline void put(const char *cell, size_t seed, const char *metric, double value)
{
    if (results_unit(&results, cell, seed) == NULL)
        results_add_unit(&results, cell, seed, "key", 0);
    results_add(&results, cell, seed, metric, "1", value, 0);
}

static inline void put_all(const char *cell, const char *metric, const double *values, size_t n)
{
    for (size_t s = 0; s < n; s++)
        put(cell, s + 1, metric, values[s]);
}

static inline void diverge(const char *cell, size_t seed)
{
    results_add_unit(&results, cell, seed, "key", 1);
}

static inline struct verdict judge(const struct reproduction *r, struct claim c, size_t n)
{
    struct verdict v;

    c.id = "claim";
    CHECK_STATUS(verdict_judge(&v, &c, r, DESK, r->data != NULL ? "real" : "none", &results, seeds,
                               n), STATUS_OK);
    return v;
}

static inline void check_word(const struct verdict *v, enum verdict_word expected)
{
    if (v->word != expected)
        fail_msg("verdict '%s' (%s), mean %g in [%g, %g], expected '%s'", verdict_name(v->word),
                 v->why, v->interval.mean, v->interval.low, v->interval.high,
                 verdict_name(expected));
}

static inline void check_claim(const struct reproduction *r, struct claim c, size_t n,
                               enum verdict_word expected)
{
    const struct verdict v = judge(r, c, n);

    check_word(&v, expected);
}

#define A_BELOW(number) (struct claim){.kind = ORDER, .metric = "a", .is = BELOW, .to = number}
#define A_ABOVE(number) (struct claim){.kind = ORDER, .metric = "a", .is = ABOVE, .to = number}
#define A_BELOW_B (struct claim){.kind = ORDER, .metric = "a", .is = BELOW, .to_metric = "b"}

/* Mean 3, sd sqrt(2.5): half = T_4 sqrt(0.5) = 3.2556. */
static const double one_to_five[] = {1, 2, 3, 4, 5};
#define HALF (T_4 * 0.70710678)

#define TASKS_FALL (struct claim){.kind = TREND, .metric = "task.*", .is = BELOW}
#define TASKS_RISE (struct claim){.kind = TREND, .metric = "task.*", .is = ABOVE}

/* slope * index, with one exchange in every second seed. */
static inline void put_family(size_t n, double slope, int exchange)
{
    for (size_t s = 1; s <= n; s++)
        for (int i = 0; i < 6; i++) {
            const int rank = exchange && s % 2 == 0 && i < 2 ? 1 - i : i;
            char name[24];

            snprintf(name, sizeof name, "task.%d", i * 7);
            put("all", s, name, 10 + slope * rank);
        }
}

#define EACH_BELOW(number)                                                                         \
    (struct claim){.kind = EVERY, .metric = "task.*", .is = BELOW, .to = number}

/* The same where each of m members is asked: at 1 - 0.005 / m, from printed tables. */
#define T_4_OF_2 5.59756837
#define T_4_OF_5 7.17318222
#define T_4_OF_10 8.61030158

/* Member i is i + a small spread over seeds: its half width at 99 % is T_4 * SPREAD = 0.3256. */
#define SPREAD 0.070710678
static inline void put_members(const int *indices, size_t n)
{
    for (size_t s = 0; s < 5; s++)
        for (size_t i = 0; i < n; i++) {
            char name[24];

            snprintf(name, sizeof name, "task.%d", indices[i]);
            put("all", s + 1, name, indices[i] + 0.1 * (one_to_five[s] - 3));
        }
}

#endif
