/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_pair_programs: units of pairs and of their mean, with a program of made-up numbers. */
#include "test.h"

#include "aborts.h"
#include "base/file.h"
#include "base/memory.h"
#include "task_distance/pair_programs.h"

static struct arena mem;
static int measured, drawn;
static const size_t *diverges; /* tasks of the pair that does */

/* 10 source + target, and its square as members 1 and 2. */
static enum status measure(const struct parameters *p, struct unit *u, const size_t *tasks)
{
    const double x = 10 * (double)tasks[0] + (double)tasks[1];

    (void)p;
    measured++;
    emit(u, "number", x);
    if (tasks == diverges)
        return unit_diverged(u, 3, 1);
    emit_at(u, "square", 1, x * x);
    emit_at(u, "square", 2, 2 * x * x);
    return STATUS_OK;
}

static void draw(const struct parameters *p, struct unit *u)
{
    (void)p;
    drawn += pair_programs_member(u, "square", 1) > 0;
}

static const struct metric metrics[] = {
    {"number", "1", LOWER_IS_BETTER, CLASS_EXACT, 0, ""},
    {"square.*", "1", LOWER_IS_BETTER, CLASS_EXACT, 0, ""},
};

static struct unit *unit_of(enum profile profile, int cell, uint64_t seed, const char *artifacts)
{
    struct unit *u = arena_get(&mem, 1, sizeof *u);

    *u = (struct unit){.seed = seed, .cell = cell, .mem = &mem, .artifacts = artifacts,
                       .id = "test", .profile = profile, .metrics = metrics, .metric_count = 2};
    return u;
}

static enum status run(struct unit *u)
{
    return pair_programs_unit(&(struct pair_program){measure, draw}, NULL, u);
}

static void check_values(enum profile profile, int cell, double number, double square)
{
    struct unit *u = unit_of(profile, cell, 1, NULL);

    CHECK_STATUS(run(u), STATUS_OK);
    CHECK_STATUS(unit_complete(u), STATUS_OK);
    assert_int_equal(u->value_count, 3);
    CHECK_NEAR(pair_programs_value(u, "number"), number, 1e-12);
    CHECK_NEAR(pair_programs_member(u, "square", 1), square, 1e-12);
    CHECK_NEAR(pair_programs_value(u, "square.2"), 2 * square, 1e-12);
}

static void the_last_cell_is_the_mean_of_the_pairs(void **state)
{
    static const int cells[PROFILE_COUNT] = {2, 4, 4};

    (void)state;
    drawn = 0;
    check_values(DESK, 0, 1, 1);
    check_values(DESK, 1, 23, 529);
    check_values(DESK, 2, 14, 196);
    check_values(DESK, 3, 38. / 3, 726. / 3);
    check_values(SMOKE, 0, 23, 529);
    check_values(SMOKE, 1, 23, 529);
    assert_int_equal(drawn, 6);
    for (int p = 0; p < PROFILE_COUNT; p++) {
        const struct axis_cells *at = &pair_programs_axis.at[p];

        assert_int_equal(at->count, cells[p]);
        CHECK_TEXT(at->names[cells[p] - 1], "mean");
    }
}

static void measured_pairs_are_not_measured_again(void **state)
{
    const char *artifacts = arena_text(&mem, "%s/not-yet", test_folder());
    struct unit *all, *fresh = unit_of(DESK, 3, 1, NULL);

    (void)state;
    measured = 0;
    CHECK_STATUS(run(unit_of(DESK, 1, 1, artifacts)), STATUS_OK);
    assert_int_equal(measured, 1);
    CHECK_STATUS(run(all = unit_of(DESK, 3, 1, artifacts)), STATUS_OK);
    assert_int_equal(measured, 3);
    CHECK_STATUS(run(unit_of(DESK, 2, 1, artifacts)), STATUS_OK);
    assert_int_equal(measured, 3);
    CHECK_STATUS(run(unit_of(DESK, 2, 2, artifacts)), STATUS_OK); /* another seed */
    assert_int_equal(measured, 4);
    CHECK_STATUS(run(fresh), STATUS_OK);
    assert_int_equal(all->value_count, fresh->value_count);
    for (size_t k = 0; k < all->value_count; k++) {
        CHECK_TEXT(all->values[k].name, fresh->values[k].name);
        CHECK_NEAR(all->values[k].value, fresh->values[k].value, 0);
    }
}

static void damage_is_refused(void **state)
{
    const char *artifacts = test_folder();
    char **files;
    size_t n;

    (void)state;
    CHECK_STATUS(run(unit_of(DESK, 0, 1, artifacts)), STATUS_OK);
    CHECK_STATUS(file_list(&mem, artifacts, &files, &n), STATUS_OK);
    assert_int_equal(n, 1);
    CHECK_STATUS(file_write(arena_text(&mem, "%s/%s", artifacts, files[0]), "x", 1), STATUS_OK);
    CHECK_STATUS(run(unit_of(DESK, 3, 1, artifacts)), STATUS_DATA);
}

static void a_diverged_pair_makes_its_mean_diverge(void **state)
{
    struct unit *one, *all, *other;

    (void)state;
    diverges = pair_programs_pairs[1];
    CHECK_STATUS(run(one = unit_of(DESK, 1, 1, NULL)), STATUS_DIVERGED);
    CHECK_STATUS(run(all = unit_of(DESK, 3, 1, NULL)), STATUS_DIVERGED);
    CHECK_STATUS(run(other = unit_of(DESK, 0, 1, NULL)), STATUS_OK);
    diverges = NULL;
    CHECK_TRUE(one->diverged && all->diverged && !other->diverged);
}

static void names_must_have_been_emitted(void **state)
{
    struct unit *u = unit_of(DESK, 0, 1, NULL);

    (void)state;
    CHECK_STATUS(run(u), STATUS_OK);
    CHECK_ABORTS((void)pair_programs_value(u, "numbers"));
    CHECK_ABORTS((void)pair_programs_member(u, "square", 3));
}

static int drain(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_cell_is_the_mean_of_the_pairs),
        cmocka_unit_test(measured_pairs_are_not_measured_again),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(a_diverged_pair_makes_its_mean_diverge),
        cmocka_unit_test(names_must_have_been_emitted),
    };

    return cmocka_run_group_tests(tests, NULL, drain);
}
