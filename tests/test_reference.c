/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "base/file.h"
#include "base/memory.h"
#include "harness/finding.h"

static struct reference row_of(const char *metric, double value, const char *class)
{
    return (struct reference){.profile = "smoke", .mode = "pinned", .data = "real", .cell = "a",
                              .seed = "1", .metric = metric, .scope = "seed", .value = value,
                              .unit = "1", .class = class, .source = "ours", .why = "test"};
}

/* References loss = 2 (short32) and wrong.1 = 0.1 of 1000 (rate) for cell a, seed 1. */
static void two_references(struct references *r)
{
    struct reference loss = row_of("loss", 2, "short32"), rate = row_of("wrong.1", 0.1, "rate");

    rate.scale = 1000;
    references_add(r, &loss);
    references_add(r, &rate);
}

/* Findings for a unit that emitted these two; NAN in `skip_second` leaves the second one out. */
static size_t compare(double loss, double rate, int with_second, const char *unit, enum mode mode,
                      enum finding_kind *kinds)
{
    struct references refs = {0};
    struct results results = {0};
    struct arena mem = {0};
    struct finding *findings;
    size_t n;

    two_references(&refs);
    results_add_unit(&results, "a", 1, "", 0);
    results_add(&results, "a", 1, "loss", unit, loss, 0);
    if (with_second)
        results_add(&results, "a", 1, "wrong.1", "1", rate, 1000);
    findings_compare(&refs, &results, "smoke", "pinned", mode, "real", NULL, &mem, &findings, &n);
    for (size_t i = 0; i < n; i++)
        kinds[i] = findings[i].kind;
    arena_free(&mem);
    results_free(&results);
    references_free(&refs);
    return n;
}

static void equal_numbers_are_inside(void **state)
{
    enum finding_kind kinds[8];

    (void)state;
    assert_int_equal(compare(2, 0.1, 1, "1", PINNED, kinds), 2);
    assert_int_equal(kinds[0], FINDING_INSIDE);
    assert_int_equal(kinds[1], FINDING_INSIDE);
}

static void drift_is_seen_before_it_breaks(void **state)
{
    enum finding_kind kinds[8];

    (void)state;
    compare(2 * (1 + 0.7e-5), 0.1, 1, "1", PINNED, kinds);
    assert_int_equal(kinds[0], FINDING_NEAR);
    assert_true(finding_passes(kinds[0]));
}

static void moved_numbers_are_outside_in_both_directions(void **state)
{
    enum finding_kind kinds[8];

    (void)state;
    compare(2.001, 0.1, 1, "1", PINNED, kinds);
    assert_int_equal(kinds[0], FINDING_OUTSIDE);
    compare(1.999, 0.1, 1, "1", PINNED, kinds);
    assert_int_equal(kinds[0], FINDING_OUTSIDE);
    compare(2, 0.103, 1, "1", PINNED, kinds);
    assert_int_equal(kinds[1], FINDING_OUTSIDE);
    compare(2, 0.103, 1, "1", NATIVE, kinds);
    assert_int_equal(kinds[1], FINDING_INSIDE);
}

static void nan_infinity_zero_and_a_flipped_sign_are_outside(void **state)
{
    static const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 0, -2};
    enum finding_kind kinds[8];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        compare(bad[i], 0.1, 1, "1", NATIVE, kinds);
        assert_int_equal(kinds[0], FINDING_OUTSIDE);
    }
}

static void a_missing_metric_fails(void **state)
{
    enum finding_kind kinds[8];

    (void)state;
    assert_int_equal(compare(2, 0, 0, "1", PINNED, kinds), 2);
    assert_int_equal(kinds[1], FINDING_MISSING);
    assert_false(finding_passes(kinds[1]));
}

static void an_extra_metric_fails(void **state)
{
    struct references refs = {0};
    struct results results = {0};
    struct arena mem = {0};
    struct finding *findings;
    char words[400];
    size_t n;

    (void)state;
    results_add_unit(&results, "a", 1, "", 0);
    results_add(&results, "a", 1, "new", "1", 3, 0);
    findings_compare(&refs, &results, "smoke", "pinned", PINNED, "real", NULL, &mem, &findings,
                     &n);
    assert_int_equal(n, 1);
    assert_int_equal(findings[0].kind, FINDING_EXTRA);
    assert_false(finding_passes(findings[0].kind));
    assert_non_null(strstr(finding_words(words, &findings[0], "p"), "make bless"));
    arena_free(&mem);
    results_free(&results);
}

static void another_unit_fails(void **state)
{
    enum finding_kind kinds[8];

    (void)state;
    compare(2, 0.1, 1, "nat", PINNED, kinds);
    assert_int_equal(kinds[0], FINDING_UNIT);
    assert_false(finding_passes(kinds[0]));
}

static void a_pattern_selects_metrics(void **state)
{
    struct references refs = {0};
    struct results results = {0};
    struct arena mem = {0};
    struct finding *findings;
    size_t n;

    (void)state;
    two_references(&refs);
    findings_compare(&refs, &results, "smoke", "pinned", PINNED, "real", "wrong.*", &mem,
                     &findings, &n);
    assert_int_equal(n, 1);
    findings_compare(&refs, &results, "smoke", "pinned", PINNED, "stand-in", NULL, &mem,
                     &findings, &n);
    assert_int_equal(n, 0);
    arena_free(&mem);
    references_free(&refs);
}

static void rows_survive_saving(void **state)
{
    struct references r = {0}, back = {0};
    struct reference own = row_of("loss", 0.1, "long32"), paper = row_of("loss", 0.2, "exact");
    char path[600];
    int found;

    (void)state;
    snprintf(path, sizeof path, "%s/x.ref", test_folder());
    own.tol = 0.5;
    own.sd = 1e-300;
    own.scale = 1000;
    own.n = 12;
    paper.source = "paper";
    paper.scope = "paper";
    references_add(&r, &own);
    references_add(&r, &paper);
    CHECK_STATUS(references_save(&r, path), STATUS_OK);
    CHECK_STATUS(references_read(&back, path, &found), STATUS_OK);
    assert_true(found);
    assert_int_equal(back.count, 2);
    own = *references_find(&back, &own);
    assert_memory_equal(&own.value, &(double){0.1}, sizeof(double));
    assert_memory_equal(&own.sd, &(double){1e-300}, sizeof(double));
    CHECK_NEAR(own.tol, 0.5, 0);
    CHECK_NEAR(own.scale, 1000, 0);
    CHECK_NEAR(own.n, 12, 0);
    references_drop(&back, "smoke", "pinned", "real");
    assert_int_equal(back.count, 1); /* the paper's row is not ours to drop */
    CHECK_TEXT(back.rows[0].source, "paper");
    references_free(&r);
    references_free(&back);
}

/* Seeds by number, then metrics by name. */
static void rows_are_saved_in_order(void **state)
{
    static const char *const order[][2] = {{"1", "z"}, {"2", "a"}, {"2", "b"}, {"10", "a"}};
    static const int added[] = {3, 1, 0, 2};
    struct references r = {0}, back = {0};
    char path[600];
    int found;

    (void)state;
    snprintf(path, sizeof path, "%s/x.ref", test_folder());
    for (size_t i = 0; i < 4; i++) {
        struct reference row = row_of(order[added[i]][1], 1, "exact");

        row.seed = order[added[i]][0];
        references_add(&r, &row);
    }
    CHECK_STATUS(references_save(&r, path), STATUS_OK);
    CHECK_STATUS(references_read(&back, path, &found), STATUS_OK);
    assert_int_equal(back.count, 4);
    for (size_t i = 0; i < 4; i++) {
        CHECK_TEXT(back.rows[i].seed, order[i][0]);
        CHECK_TEXT(back.rows[i].metric, order[i][1]);
    }
    references_free(&r);
    references_free(&back);
}

static void write_file(const char *path, const char *rows)
{
    char text[2000];

    snprintf(text, sizeof text,
             "profile\tmode\tdata\tcell\tseed\tmetric\tscope\tvalue\tunit\tclass\ttol\tscale\tn"
             "\tsd\tsource\twhere\tverdict\twhy\n%s", rows);
    CHECK_STATUS(file_write(path, text, strlen(text)), STATUS_OK);
}

static void damaged_files_are_refused(void **state)
{
    struct references r = {0};
    char path[600];
    int found;

    (void)state;
    snprintf(path, sizeof path, "%s/x.ref", test_folder());
    CHECK_STATUS(references_read(&r, path, &found), STATUS_OK);
    assert_false(found);
    write_file(path, "smoke\tpinned\treal\ta\t1\tloss\tseed\tnan\t1\texact\t\t\t\t\tours\t\t\tw\n");
    CHECK_STATUS(references_read(&r, path, &found), STATUS_DATA);
    CHECK_MESSAGE("not finite");
    write_file(path, "smoke\tpinned\treal\ta\t1\tloss\tseed\t1\t1\texatc\t\t\t\t\tours\t\t\tw\n");
    CHECK_STATUS(references_read(&r, path, &found), STATUS_DATA);
    CHECK_MESSAGE("exatc");
    write_file(path, "smoke\tpinned\treal\ta\t1\tloss\tseed\t1\t1\texact\t0.5\t\t\t\tours\t\t\t\n");
    CHECK_STATUS(references_read(&r, path, &found), STATUS_DATA);
    CHECK_MESSAGE("reason");
    CHECK_STATUS(file_write(path, "metric\nloss\n", 12), STATUS_OK);
    CHECK_STATUS(references_read(&r, path, &found), STATUS_DATA);
    CHECK_MESSAGE("profile");
    references_free(&r);
}

/* The file's order is by profile, data, mode, scope, cell, seed and metric, whatever came first. */
static void rows_are_sorted_by_every_key(void **state)
{
    static const char *const order[][5] = { /* profile, data, mode, cell, seed */
        {"desk", "real", "native", "a", "1"},   {"smoke", "none", "pinned", "a", "1"},
        {"smoke", "real", "native", "a", "1"},  {"smoke", "real", "pinned", "a", "1"},
        {"smoke", "real", "pinned", "b", "2"},  {"smoke", "real", "pinned", "b", "10"}};
    struct references r = {0}, back = {0};
    char path[600];
    int found;

    (void)state;
    snprintf(path, sizeof path, "%s/x.ref", test_folder());
    for (size_t i = 6; i-- > 0;) {
        struct reference row = row_of("loss", 1, "exact");

        row.profile = order[i][0];
        row.data = order[i][1];
        row.mode = order[i][2];
        row.cell = order[i][3];
        row.seed = order[i][4];
        references_add(&r, &row);
    }
    CHECK_STATUS(references_save(&r, path), STATUS_OK);
    CHECK_STATUS(references_read(&back, path, &found), STATUS_OK);
    assert_int_equal(back.count, 6);
    for (size_t i = 0; i < 6; i++) {
        CHECK_TEXT(back.rows[i].profile, order[i][0]);
        CHECK_TEXT(back.rows[i].data, order[i][1]);
        CHECK_TEXT(back.rows[i].mode, order[i][2]);
        CHECK_TEXT(back.rows[i].cell, order[i][3]);
        CHECK_TEXT(back.rows[i].seed, order[i][4]);
    }
    references_free(&r);
    references_free(&back);
}

/* Memory that runs out at any allocation is a status, and what was read before stays readable. */
static void memory_that_runs_out_is_a_status(void **state)
{
    char path[600];
    int found;
    enum status status = STATUS_MEMORY;

    (void)state;
    snprintf(path, sizeof path, "%s/x.ref", test_folder());
    write_file(path, "smoke\tpinned\treal\ta\t1\tloss\tseed\t1\t1\texact\t\t\t\t\tours\t\t\tw\n");
    for (size_t k = 1; status != STATUS_OK && k < 50; k++) {
        struct references r = {0};

        memory_fail_at(k);
        status = references_read(&r, path, &found);
        memory_fail_at(0);
        CHECK_TRUE(status == STATUS_OK || status == STATUS_MEMORY);
        references_free(&r);
    }
    CHECK_TRUE(status == STATUS_OK);
}

/* More rows than there was room for at first: each is there, with its own words. */
static void many_rows_are_kept(void **state)
{
    struct references r = {0};
    char metric[32];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(metric, sizeof metric, "m.%d", i);
        const struct reference row = row_of(metric, i, "exact");
        references_add(&r, &row);
    }
    assert_int_equal(r.count, 1000);
    for (int i = 0; i < 1000; i++) {
        snprintf(metric, sizeof metric, "m.%d", i);
        CHECK_TEXT(r.rows[i].metric, metric);
        CHECK_TEXT(r.rows[i].where, "");
        CHECK_NEAR(r.rows[i].value, i, 0);
    }
    references_free(&r);
}

/* Eight rows: the first, and one that differs from it by each key, the last by its source. */
static struct references rows_by_key(struct reference rows[8])
{
    struct references r = {0};

    for (int i = 0; i < 8; i++)
        rows[i] = row_of("loss", i, "exact");
    rows[1].profile = "desk";
    rows[2].mode = "native";
    rows[3].data = "none";
    rows[4].cell = "b";
    rows[5].seed = "2";
    rows[6].metric = "error";
    rows[7].scope = "mean";
    for (int i = 8; i-- > 0;)
        references_add(&r, &rows[i]);
    return r;
}

static void every_key_finds_its_own_row(void **state)
{
    struct reference rows[8];
    struct references r = rows_by_key(rows);

    (void)state;
    for (int i = 0; i < 8; i++) {
        const struct reference *found = references_find(&r, &rows[i]);
        assert_non_null(found);
        CHECK_NEAR(found->value, i, 0);
    }
    rows[0].seed = "3";
    assert_null(references_find(&r, &rows[0]));
    references_free(&r);
}

/* Those of ours of one profile, mode and data: a paper's rows and all others stay. */
static void what_is_dropped_is_ours_and_of_one_run(void **state)
{
    struct reference rows[8];
    struct references r = rows_by_key(rows);

    (void)state;
    rows[0].source = "paper";
    rows[0].value = 100;
    references_add(&r, &rows[0]);
    references_drop(&r, "smoke", "pinned", "real");
    assert_int_equal(r.count, 4);
    CHECK_NEAR(r.rows[0].value, 3, 0);
    CHECK_NEAR(r.rows[1].value, 2, 0);
    CHECK_NEAR(r.rows[2].value, 1, 0);
    CHECK_NEAR(r.rows[3].value, 100, 0);
    references_free(&r);
}

/* Against the reference 1 +- 0.5: both borders belong to what is inside of them. */
static void borders_are_inside(void **state)
{
    static const double values[] = {1, 1.25, 0.75, 1.2500001, 1.5, 0.5, 1.5000001, 0.4999999};
    static const double distances[] = {0, 0.5, 0.5, 0.5000002, 1, 1, 1.0000002, 1.0000002};
    static const enum finding_kind kinds[] = {
        FINDING_INSIDE, FINDING_INSIDE, FINDING_INSIDE, FINDING_NEAR,
        FINDING_NEAR, FINDING_NEAR, FINDING_OUTSIDE, FINDING_OUTSIDE};
    struct reference row = row_of("wrong", 1, "rate");

    (void)state;
    row.tol = 0.5;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct references refs = {0};
        struct results results = {0};
        struct arena mem = {0};
        struct finding *f;
        size_t n;

        references_add(&refs, &row);
        results_add_unit(&results, "a", 1, "", 0);
        results_add(&results, "a", 1, "wrong", "1", values[i], 0);
        findings_compare(&refs, &results, "smoke", "pinned", PINNED, "real", NULL, &mem, &f, &n);
        assert_int_equal(n, 1);
        assert_int_equal(f->kind, kinds[i]);
        CHECK_NEAR(f->distance, distances[i], 1e-12);
        CHECK_NEAR(f->actual, values[i], 0);
        CHECK_NEAR(f->reference, 1, 0);
        arena_free(&mem);
        results_free(&results);
        references_free(&refs);
    }
}

/* The same metric in another cell or of another seed is another number. */
static void cells_and_seeds_are_not_mixed_up(void **state)
{
    struct reference row = row_of("loss", 1, "exact");
    struct references refs = {0};
    struct results results = {0};
    struct arena mem = {0};
    struct finding *f;
    size_t n;

    (void)state;
    references_add(&refs, &row);
    results_add_unit(&results, "b", 1, "", 0);
    results_add(&results, "b", 1, "loss", "1", 1, 0);
    results_add_unit(&results, "a", 11, "", 0);
    results_add(&results, "a", 11, "loss", "1", 1, 0);
    findings_compare(&refs, &results, "smoke", "pinned", PINNED, "real", NULL, &mem, &f, &n);
    assert_int_equal(n, 3);
    assert_int_equal(f[0].kind, FINDING_MISSING);
    assert_int_equal(f[1].kind, FINDING_EXTRA);
    assert_int_equal(f[2].kind, FINDING_EXTRA);
    CHECK_TEXT(f[2].seed, "11");
    CHECK_TEXT(f[1].cell, "b");
    arena_free(&mem);
    results_free(&results);
    references_free(&refs);
}

static void findings_say_what_to_do(void **state)
{
    static const char inside[] =
        "p a seed 1: m = 0.333333333, reference 0.666666667: 1.5 tolerances away (inside)";
    static const char *const words[] = {
        [FINDING_INSIDE] = inside,
        [FINDING_NEAR] = inside,
        [FINDING_OUTSIDE] =
            "p a seed 1: m = 0.333333333, reference 0.666666667: 1.5 tolerances away",
        [FINDING_MISSING] = "p a seed 1: metric m is missing; its reference is 0.666666667",
        [FINDING_EXTRA] = "p a seed 1: metric m = 0.333333333 has no reference; accept it with "
                          "make bless",
        [FINDING_UNIT] = "p a seed 1: metric m has the unit 'nat', unlike its reference"};
    char out[400];

    (void)state;
    for (int kind = FINDING_INSIDE; kind <= FINDING_UNIT; kind++) {
        const struct finding f = {(enum finding_kind)kind, "a", "1", "m", 1.0 / 3, 2.0 / 3, 1.5,
                                  "nat"};

        CHECK_TEXT(finding_words(out, &f, "p"), words[kind]);
        assert_int_equal(finding_passes(f.kind), kind == FINDING_INSIDE || kind == FINDING_NEAR);
    }
}

#define FIRST "smoke\tpinned\treal\ta\t1\tloss\tseed\t1\t1\texact\t\t\t\t\tours\t\t\tw\n"

#define SECOND(cells)                                                                              \
    FIRST "smoke\tpinned\treal\ta\t2\tloss\tseed\t" cells "\tours\t\t\tw\n"

/* A row of a claim has a word instead of a number, and no class. */
static void rows_are_counted_and_claims_have_no_class(void **state)
{
    static const char *const bad[] = {
        SECOND("inf\t1\texact\t\t\t\t"),
        SECOND("1\t1\t\t\t\t\t"),
        SECOND("1\t1\texact\t-1\t\t\t"),
        SECOND("1\t1\texact\tnan\t\t\t"),
        SECOND("1\t1\texact\t\tx\t\t")};
    struct references r = {0};
    char path[600];
    int found;

    (void)state;
    snprintf(path, sizeof path, "%s/x.ref", test_folder());
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        write_file(path, bad[i]);
        CHECK_STATUS(references_read(&r, path, &found), STATUS_DATA);
        CHECK_MESSAGE("row 2");
        references_free(&r);
    }
    write_file(path, "desk\tnative\treal\t\t\tfalls\tclaim\tnan\t\t\t\t\t\t\tours\t\tpartly"
                     "\tw\n");
    CHECK_STATUS(references_read(&r, path, &found), STATUS_OK);
    assert_true(found);
    assert_int_equal(r.count, 1);
    CHECK_TEXT(r.rows[0].verdict, "partly");
    references_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_numbers_are_inside),
        cmocka_unit_test(drift_is_seen_before_it_breaks),
        cmocka_unit_test(moved_numbers_are_outside_in_both_directions),
        cmocka_unit_test(nan_infinity_zero_and_a_flipped_sign_are_outside),
        cmocka_unit_test(a_missing_metric_fails),
        cmocka_unit_test(an_extra_metric_fails),
        cmocka_unit_test(another_unit_fails),
        cmocka_unit_test(a_pattern_selects_metrics),
        cmocka_unit_test(rows_survive_saving),
        cmocka_unit_test(rows_are_saved_in_order),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(rows_are_sorted_by_every_key),
        cmocka_unit_test(memory_that_runs_out_is_a_status),
        cmocka_unit_test(many_rows_are_kept),
        cmocka_unit_test(every_key_finds_its_own_row),
        cmocka_unit_test(what_is_dropped_is_ours_and_of_one_run),
        cmocka_unit_test(borders_are_inside),
        cmocka_unit_test(cells_and_seeds_are_not_mixed_up),
        cmocka_unit_test(findings_say_what_to_do),
        cmocka_unit_test(rows_are_counted_and_claims_have_no_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
