/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Units: what may be emitted, and a folder that is there complete or not at all. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "aborts.h"
#include "base/file.h"
#include "base/memory.h"
#include "harness/results.h"
#include "harness/unit.h"

static const struct metric metrics[] = {
    {.name = "loss", .unit = "nat", .direction = LOWER_IS_BETTER, .class = CLASS_LONG32},
    {.name = "error", .unit = "1", .direction = LOWER_IS_BETTER, .class = CLASS_RATE},
    {.name = "task.*", .unit = "1", .direction = HIGHER_IS_BETTER},
};
enum { METRIC_COUNT = sizeof metrics / sizeof metrics[0] };

static const char *folder;

/* Libc's rename, with something happening just before it: what another process does. */
static void (*before_rename)(const char *from, const char *to);

int rename(const char *from, const char *to)
{
    if (before_rename != NULL)
        before_rename(from, to);
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

/* A file system that cannot exchange two folders. */
static int cannot_exchange;

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    if (cannot_exchange && flags == RENAME_EXCHANGE) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

static int make_folder(void **state)
{
    (void)state;
    folder = test_folder();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    memory_fail_at(0);
    before_rename = NULL;
    cannot_exchange = 0;
    return file_remove_folder(folder) == STATUS_OK ? 0 : -1;
}

static struct unit *new_unit(uint64_t seed)
{
    static struct unit u;

    u = (struct unit){.seed = seed, .cell_name = "N_n=50", .id = "program", .profile = DESK,
                      .data_kind = "real", .mode = "native", .metrics = metrics,
                      .metric_count = METRIC_COUNT};
    memset(u.key, 'a', DIGEST_TEXT - 1);
    return &u;
}

static void emit_all(struct unit *u, double loss)
{
    emit(u, "loss", loss);
    emit_rate(u, "error", 3, 16);
    emit_at(u, "task", 10, 0.1);
    emit_at(u, "task", 2, 0.2);
}

static void draw_curve(struct unit *u, const char *name, double first)
{
    struct curve *c = curve_open(u, name, "step [1]", "loss [nat]", NULL);

    curve_row(c, (double[]){0, first});
    curve_row(c, (double[]){1, (double)NAN});
}

static enum status save(struct unit *u)
{
    struct provenance made_by = {0}, run = {0};
    enum status status;

    provenance_set(&made_by, "program.id", "program");
    provenance_set(&run, "wall.seconds", "1.5");
    status = unit_save(u, folder, &made_by, &run);
    provenance_free(&made_by);
    provenance_free(&run);
    return status;
}

/* Names of a folder, joined by blanks. */
static const char *names_in(const char *path)
{
    static char joined[512];
    struct arena mem = {0};
    char **names, full[1024];
    size_t n;

    snprintf(full, sizeof full, "%s/%s", folder, path);
    CHECK_STATUS(file_list(&mem, full, &names, &n), STATUS_OK);
    joined[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const size_t used = strlen(joined);

        snprintf(joined + used, sizeof joined - used, "%s%s", i > 0 ? " " : "", names[i]);
    }
    arena_free(&mem);
    return joined;
}

#define CELL_FOLDER "program/desk/real-native/N_n=50"
#define UNIT_FILES "curves metrics.tsv provenance.tsv volatile.tsv"

static double saved_loss(uint64_t seed)
{
    struct results r = {0};
    char path[1024];
    double loss;

    snprintf(path, sizeof path, "%s/" CELL_FOLDER "/%llu", folder, (unsigned long long)seed);
    CHECK_STATUS(results_read_unit(&r, path), STATUS_OK);
    loss = results_value(&r, "N_n=50", seed, "loss");
    results_free(&r);
    return loss;
}

/* Runs `act` in a child; 1 when it ended by SIGABRT and nothing else. */
static int aborts(void (*act)(struct unit *))
{
    const pid_t child = fork();
    int end = 0;

    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        signal(SIGABRT, SIG_DFL); /* cmocka's own would catch it */
        act(new_unit(1));
        _exit(0);
    }
    assert_true(child > 0 && waitpid(child, &end, 0) == child);
    return WIFSIGNALED(end) && WTERMSIG(end) == SIGABRT;
}

/* ---- emitting ---- */

static void undeclared(struct unit *u) { emit(u, "accuracy", 1); }
static void family_itself(struct unit *u) { emit(u, "task.*", 1); }
static void no_member(struct unit *u) { emit(u, "task.x", 1); }
static void second_name_of_a_member(struct unit *u) { emit(u, "task.01", 1); }
static void negative_member(struct unit *u) { emit_at(u, "task", -1, 1); }
static void member_of_no_family(struct unit *u) { emit_at(u, "loss", 1, 1); }
static void too_many_wrong(struct unit *u) { emit_rate(u, "error", 5, 4); }
static void declared(struct unit *u) { emit_all(u, 1); }

static void repeated(struct unit *u)
{
    emit(u, "loss", 1);
    emit(u, "loss", 1);
}

static void repeated_member(struct unit *u)
{
    emit_at(u, "task", 3, 1);
    emit(u, "task.3", 1);
}

static void repeated_curve(struct unit *u)
{
    draw_curve(u, "c", 1);
    draw_curve(u, "c", 2);
}

static void as_many_curves_as_fit(struct unit *u)
{
    for (int i = 0; i < UNIT_CURVES; i++) {
        char name[24];

        snprintf(name, sizeof name, "c%d", i);
        draw_curve(u, name, 1);
    }
}

static void one_curve_too_many(struct unit *u)
{
    as_many_curves_as_fit(u);
    draw_curve(u, "more", 1);
}

static void curve_elsewhere(struct unit *u) { draw_curve(u, "../c", 1); }

static void what_is_not_declared_aborts(void **state)
{
    (void)state;
    CHECK_TRUE(!aborts(declared));
    CHECK_TRUE(aborts(undeclared));
    CHECK_TRUE(aborts(family_itself));
    CHECK_TRUE(aborts(no_member));
    CHECK_TRUE(aborts(second_name_of_a_member));
    CHECK_TRUE(aborts(negative_member));
    CHECK_TRUE(aborts(member_of_no_family));
    CHECK_TRUE(aborts(too_many_wrong));
}

static void what_is_repeated_aborts(void **state)
{
    (void)state;
    CHECK_TRUE(aborts(repeated));
    CHECK_TRUE(aborts(repeated_member));
    CHECK_TRUE(aborts(repeated_curve));
    CHECK_TRUE(aborts(one_curve_too_many));
    CHECK_TRUE(!aborts(as_many_curves_as_fit));
    CHECK_TRUE(aborts(curve_elsewhere));
}

static void a_value_that_is_not_finite_is_refused_by_name(void **state)
{
    static const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct unit *u = new_unit(1);

        emit(u, "loss", 1);
        emit_rate(u, "error", 0, 10);
        emit_at(u, "task", 7, bad[i % 3]);
        emit_at(u, "task", 8, bad[i % 3]);
        u->diverged = i >= 3; /* does not excuse it */
        CHECK_STATUS(unit_complete(u), STATUS_CRASHED);
        CHECK_MESSAGE("task.7");
        CHECK_MESSAGE(i % 3 == 0 ? "nan" : "inf");
    }
    struct unit *u = new_unit(1);
    emit(u, "loss", 1);
    emit_at(u, "task", 1, 1);
    emit_rate(u, "error", 0, 0);
    CHECK_STATUS(unit_complete(u), STATUS_CRASHED);
    CHECK_MESSAGE("error");
}

static void a_missing_metric_is_named(void **state)
{
    (void)state;
    struct unit *u = new_unit(1);
    CHECK_STATUS(unit_complete(u), STATUS_CRASHED);
    CHECK_MESSAGE("loss");
    emit(u, "loss", 1);
    emit_rate(u, "error", 1, 10);
    CHECK_STATUS(unit_complete(u), STATUS_CRASHED);
    CHECK_MESSAGE("task.*");
    emit_rate_at(u, "task", 4, 1, 10);
    CHECK_STATUS(unit_complete(u), STATUS_OK);
}

static void a_part_may_lack_metrics_but_hold_none_that_is_not_finite(void **state)
{
    (void)state;
    struct unit *u = new_unit(1);
    u->part = 1;
    CHECK_STATUS(unit_complete(u), STATUS_OK);
    emit(u, "loss", (double)NAN);
    CHECK_STATUS(unit_complete(u), STATUS_CRASHED);
}

static void a_diverged_unit_may_lack_metrics(void **state)
{
    (void)state;
    struct unit *u = new_unit(1);
    CHECK_STATUS(unit_diverged(u, 17, 2.5), STATUS_DIVERGED);
    CHECK_MESSAGE("17");
    CHECK_STATUS(unit_complete(u), STATUS_OK);
}

static void scales_say_what_stands_behind_a_value(void **state)
{
    (void)state;
    struct unit *u = new_unit(1);
    emit_rate(u, "error", 3, 16);
    emit_conditioned(u, "loss", 2, 1e6);
    emit_at(u, "task", 0, 4);
    CHECK_NEAR(u->values[0].value, 3.0 / 16, 0);
    CHECK_NEAR(u->values[0].scale, 16, 0);
    CHECK_NEAR(u->values[1].scale, 1e6, 0);
    CHECK_NEAR(u->values[2].scale, 0, 0);
    CHECK_TEXT(u->values[2].name, "task.0");
}

/* ---- the folder ---- */

static void a_unit_lies_in_its_folder(void **state)
{
    (void)state;
    struct unit *u = new_unit(7);
    emit_all(u, 0.1);
    draw_curve(u, "loss", 0.5);
    CHECK_STATUS(save(u), STATUS_OK);
    unit_free(u);
    CHECK_TEXT(names_in(CELL_FOLDER), "7");
    CHECK_TEXT(names_in(CELL_FOLDER "/7"), UNIT_FILES);
    CHECK_TEXT(names_in(CELL_FOLDER "/7/curves"), "loss.tsv");
    CHECK_NEAR(saved_loss(7), 0.1, 0);
}

static void an_existing_folder_is_replaced_as_a_whole(void **state)
{
    (void)state;
    struct unit *u = new_unit(8);
    emit_all(u, 1);
    draw_curve(u, "old", 0.5);
    CHECK_STATUS(save(u), STATUS_OK);
    unit_free(u);
    u = new_unit(8);
    emit_all(u, 2);
    draw_curve(u, "new", 0.5);
    CHECK_STATUS(save(u), STATUS_OK);
    unit_free(u);
    CHECK_NEAR(saved_loss(8), 2, 0);
    CHECK_TEXT(names_in(CELL_FOLDER), "8");
    CHECK_TEXT(names_in(CELL_FOLDER "/8/curves"), "new.tsv");
}

/* A process of the same number was killed here before. */
static void leftovers_do_not_get_into_a_unit(void **state)
{
    char path[1024];

    (void)state;
    for (int k = 0; k < 2; k++) {
        snprintf(path, sizeof path, "%s/" CELL_FOLDER "/9.%s-%ld/curves", folder,
                 k == 0 ? "tmp" : "old", (long)getpid());
        CHECK_STATUS(file_make_folder(path), STATUS_OK);
        strcat(path, "/stale.tsv");
        CHECK_STATUS(file_write(path, "x\n", 2), STATUS_OK);
    }
    for (int k = 0; k < 2; k++) {
        struct unit *u = new_unit(9);
        emit_all(u, 1);
        CHECK_STATUS(save(u), STATUS_OK);
        CHECK_TEXT(names_in(CELL_FOLDER), "9");
        CHECK_TEXT(names_in(CELL_FOLDER "/9"), "metrics.tsv provenance.tsv volatile.tsv");
    }
}

static void a_file_in_the_way_is_an_error(void **state)
{
    char path[1024];

    (void)state;
    snprintf(path, sizeof path, "%s/program", folder);
    CHECK_STATUS(file_write(path, "x\n", 2), STATUS_OK);
    struct unit *u = new_unit(1);
    emit_all(u, 1);
    CHECK_STATUS(save(u), STATUS_IO);
    CHECK_MESSAGE("program");
    CHECK_TEXT(names_in(""), "program");
}

static void a_file_where_the_unit_belongs_makes_room(void **state)
{
    char path[1024];

    (void)state;
    snprintf(path, sizeof path, "%s/" CELL_FOLDER, folder);
    CHECK_STATUS(file_make_folder(path), STATUS_OK);
    strcat(path, "/1");
    CHECK_STATUS(file_write(path, "x\n", 2), STATUS_OK);
    struct unit *u = new_unit(1);
    emit_all(u, 3);
    CHECK_STATUS(save(u), STATUS_OK);
    CHECK_TEXT(names_in(CELL_FOLDER), "1");
    CHECK_NEAR(saved_loss(1), 3, 0);
}

/* Saves with the k-th allocation failing; the unit is new each time, as is what it holds. */
static enum status save_failing_at(size_t k, double loss)
{
    struct provenance made_by = {0}, run = {0};
    struct unit *u = new_unit(5);
    enum status status;

    emit_all(u, loss);
    draw_curve(u, "loss", 0.5);
    provenance_set(&made_by, "program.id", "program");
    provenance_set(&run, "wall.seconds", "1.5");
    memory_fail_at(k);
    status = unit_save(u, folder, &made_by, &run);
    memory_fail_at(0);
    provenance_free(&made_by);
    provenance_free(&run);
    unit_free(u);
    return status;
}

static void failing_memory_leaves_nothing_or_all(void **state)
{
    enum status status = STATUS_MEMORY;
    size_t k = 1;

    (void)state;
    for (; status != STATUS_OK; k++) {
        status = save_failing_at(k, 1);
        CHECK_TEXT(names_in(CELL_FOLDER), status == STATUS_OK ? "5" : "");
        if (status != STATUS_OK) {
            assert_int_equal(status, STATUS_MEMORY);
            CHECK_MESSAGE("out of memory");
        }
        assert_true(k < 200);
    }
    assert_true(k > 4);
    CHECK_TEXT(names_in(CELL_FOLDER "/5"), UNIT_FILES);
    status = STATUS_MEMORY;
    for (k = 1; status != STATUS_OK; k++) { /* and with an older one in place */
        CHECK_NEAR(saved_loss(5), 1, 0);
        status = save_failing_at(k, 2);
        CHECK_TEXT(names_in(CELL_FOLDER), "5");
        CHECK_TEXT(names_in(CELL_FOLDER "/5"), UNIT_FILES);
    }
    CHECK_NEAR(saved_loss(5), 2, 0);
}

/* A curve whose rows did not all find memory must not be saved as if it were complete. */
static void a_curve_that_lost_rows_is_not_saved(void **state)
{
    (void)state;
    struct unit *u = new_unit(1);
    emit_all(u, 1);
    struct curve *c = curve_open(u, "loss", "step [1]", NULL);
    memory_fail_at(1);
    for (int i = 0; i < 1000; i++)
        curve_row(c, (double[]){i});
    memory_fail_at(0);
    CHECK_STATUS(save(u), STATUS_MEMORY);
    CHECK_TEXT(names_in(CELL_FOLDER), "");
    unit_free(u);
}

/* Another process puts the same unit in place just before this one does. */
static void be_quicker(const char *from, const char *to)
{
    char path[1024];

    if (strstr(from, "/3.tmp-") == NULL || to[strlen(to) - 1] != '3')
        return;
    before_rename = NULL;
    CHECK_STATUS(file_make_folder(to), STATUS_OK);
    snprintf(path, sizeof path, "%s/other", to);
    CHECK_STATUS(file_write(path, "x\n", 2), STATUS_OK);
}

static void a_quicker_process_wins(void **state)
{
    (void)state;
    for (int again = 0; again < 2; again++) {
        struct unit *u = new_unit(3);

        cannot_exchange = again;

        emit_all(u, 8);
        before_rename = be_quicker;
        CHECK_STATUS(save(u), STATUS_OK);
        assert_null(before_rename);
        CHECK_TEXT(names_in(CELL_FOLDER), "3");
        CHECK_TEXT(names_in(CELL_FOLDER "/3"), "other");
    }
}

/* Another process moves the old folder aside, and takes it with it. */
static void take_the_old_one(const char *from, const char *to)
{
    if (strstr(to, "/3.old-") == NULL)
        return;
    before_rename = NULL;
    CHECK_STATUS(file_remove_folder(from), STATUS_OK);
}

static void lose_the_new_one(const char *from, const char *to)
{
    if (strstr(from, "/3.tmp-") == NULL || to[strlen(to) - 1] != '3')
        return;
    before_rename = NULL;
    CHECK_STATUS(file_remove_folder(from), STATUS_OK);
}

static void an_old_folder_may_vanish(void **state)
{
    (void)state;
    cannot_exchange = 1;
    for (int loss = 1; loss <= 2; loss++) {
        struct unit *u = new_unit(3);

        emit_all(u, loss);
        before_rename = loss == 2 ? take_the_old_one : NULL;
        CHECK_STATUS(save(u), STATUS_OK);
        assert_null(before_rename);
    }
    CHECK_NEAR(saved_loss(3), 2, 0);
    CHECK_TEXT(names_in(CELL_FOLDER), "3");
}

/* Neither moved away nor removed: a reader finds one or the other at any moment. */
static void never_move_the_old_one(const char *from, const char *to)
{
    if (strcmp(strrchr(from, '/'), "/3") == 0)
        fail_msg("%s was moved to %s", from, to);
}

static void an_old_folder_and_the_new_one_are_exchanged(void **state)
{
    (void)state;
    for (int loss = 1; loss <= 2; loss++) {
        struct unit *u = new_unit(3);

        emit_all(u, loss);
        before_rename = never_move_the_old_one;
        CHECK_STATUS(save(u), STATUS_OK);
        CHECK_NEAR(saved_loss(3), loss, 0);
        CHECK_TEXT(names_in(CELL_FOLDER), "3");
    }
}

static void an_old_folder_comes_back_where_the_new_one_fails(void **state)
{
    (void)state;
    cannot_exchange = 1;
    for (int loss = 1; loss <= 2; loss++) {
        struct unit *u = new_unit(3);

        emit_all(u, loss);
        before_rename = loss == 2 ? lose_the_new_one : NULL;
        CHECK_STATUS(save(u), loss == 2 ? STATUS_IO : STATUS_OK);
    }
    CHECK_NEAR(saved_loss(3), 1, 0);
    CHECK_TEXT(names_in(CELL_FOLDER), "3");
}

static void save_often(double loss)
{
    for (int i = 0; i < 30; i++) {
        struct unit *u = new_unit(6);

        emit_all(u, loss);
        draw_curve(u, "loss", 0.5);
        if (save(u) != STATUS_OK)
            _exit(1);
        unit_free(u);
    }
    _exit(0);
}

static void save_in_several_processes(void)
{
    pid_t children[4];

    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0)
            save_often(4);
    }
    for (int i = 0; i < 4; i++) {
        int end = 0;

        assert_true(children[i] > 0 && waitpid(children[i], &end, 0) == children[i]);
        assert_int_equal(end, 0);
    }
    CHECK_TEXT(names_in(CELL_FOLDER), "6");
    CHECK_TEXT(names_in(CELL_FOLDER "/6"), UNIT_FILES);
    CHECK_NEAR(saved_loss(6), 4, 0);
}

static void several_processes_save_the_same_unit(void **state)
{
    (void)state;
    for (int without = 0; without < 2; without++) {
        cannot_exchange = without;
        save_in_several_processes();
    }
}

/* What the readers and people find beside each value. */
static void metrics_are_saved_with_unit_direction_and_scale(void **state)
{
    static const struct metric four[] = {
        {.name = "a", .unit = "nat", .direction = NO_DIRECTION},
        {.name = "b", .unit = "1", .direction = LOWER_IS_BETTER},
        {.name = "c.*", .unit = "m", .direction = HIGHER_IS_BETTER}};
    static const char expected[] =
        "# format\tmetrics 1\n# id\tprogram\n# profile\tdesk\n# data\treal\n# mode\tnative\n"
        "# cell\tN_n=50\n# seed\t9\n# key\tk\n# status\tdiverged\n# diverged.step\t12\n"
        "# diverged.last\t0.10000000000000001\n# rows\t4\nmetric\tvalue\tunit\tdirection\tscale\n"
        "a\t1\tnat\tnone\t0\nb\t0.25\t1\tlower\t8\nc.1\t3\tm\thigher\t0.5\n"
        "c.2\t0.75\tm\thigher\t4\n";
    struct unit *u = new_unit(9);
    char path[1024], *bytes;
    size_t n;

    (void)state;
    u->metrics = four;
    u->metric_count = 3;
    strcpy(u->key, "k");
    emit_rate_at(u, "c", 2, 3, 4);
    emit_scaled_at(u, "c", 1, 3, 0.5);
    emit_rate(u, "b", 2, 8);
    emit(u, "a", 1);
    CHECK_STATUS(unit_diverged(u, 12, 0.1), STATUS_DIVERGED);
    CHECK_MESSAGE("diverged at step 12, last finite value 0.1");
    CHECK_STATUS(save(u), STATUS_OK);
    snprintf(path, sizeof path, "%s/" CELL_FOLDER "/9/metrics.tsv", folder);
    CHECK_STATUS(file_read(path, 10000, &bytes, &n), STATUS_OK);
    CHECK_TEXT(bytes, expected);
    memory_free(bytes);
}

static void curves_are_saved_with_their_columns(void **state)
{
    static const char expected[] =
        "# format\tcurve 1\n# id\tprogram\n# cell\tN_n=50\n# seed\t9\nstep [1]\tloss [nat]\n"
        "0\t0.5\n1\tnan\n";
    struct unit *u = new_unit(9);
    char path[1024], *bytes;
    size_t n;

    (void)state;
    emit_all(u, 1);
    draw_curve(u, "c", 0.5);
    CHECK_STATUS(save(u), STATUS_OK);
    unit_free(u);
    snprintf(path, sizeof path, "%s/" CELL_FOLDER "/9/curves/c.tsv", folder);
    CHECK_STATUS(file_read(path, 10000, &bytes, &n), STATUS_OK);
    CHECK_TEXT(bytes, expected);
    memory_free(bytes);
}

static void open_with_columns(struct unit *u, int n)
{
    const char *c[13];

    for (int i = 0; i < 13; i++)
        c[i] = i < n ? "x" : NULL;
    (void)curve_open(u, "c", c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9], c[10],
                     c[11], c[12], NULL);
}

/* The longest name, the largest number of columns and metrics fit; one more does not. */
static void names_columns_and_metrics_have_bounds(void **state)
{
    struct unit *u = new_unit(1);
    char name[UNIT_NAME + 1], stem[UNIT_NAME + 1];

    (void)state;
    memset(name, 'n', sizeof name);
    memcpy(stem, "task", 5);
    name[UNIT_NAME] = '\0';
    CHECK_ABORTS((void)curve_open(u, name, "x", NULL));
    (void)curve_open(u, name + 1, "x", NULL);
    CHECK_TEXT(u->curves[0].name, name + 1);
    unit_free(u);
    CHECK_ABORTS(open_with_columns(u, UNIT_COLUMNS + 1));
    open_with_columns(u, UNIT_COLUMNS);
    assert_int_equal(u->curves[0].columns, UNIT_COLUMNS);
    unit_free(u);
    CHECK_ABORTS(emit_rate_at(u, "task", 1, 5, 4));
    emit_rate(u, "error", 4, 4);
    emit_rate_at(u, "task", 0, 4, 4);
    for (int i = 2; i < UNIT_METRICS; i++)
        emit_at(u, "task", i, 1);
    assert_int_equal(u->value_count, UNIT_METRICS);
    CHECK_ABORTS(emit_at(u, "task", UNIT_METRICS, 1));
}

/* A family's member has a name of at most UNIT_NAME - 1 bytes, its number included. */
static void long_names_of_metrics_abort(void **state)
{
    struct unit *u = new_unit(1);
    char name[UNIT_NAME + 1], family[UNIT_NAME + 3], stem[UNIT_NAME + 1];
    struct metric two[] = {{.name = name, .unit = "1"}, {.name = family, .unit = "1"}};

    (void)state;
    memset(name, 'n', sizeof name);
    name[UNIT_NAME] = '\0';
    snprintf(stem, sizeof stem, "%.*s", UNIT_NAME - 3, name);
    snprintf(family, sizeof family, "%s.*", stem);
    u->metrics = two;
    u->metric_count = 2;
    CHECK_ABORTS(emit(u, name, 1));
    name[UNIT_NAME - 1] = '\0';
    emit(u, name, 1);
    CHECK_TEXT(u->values[0].name, name);
    emit_at(u, stem, 9, 1);
    assert_int_equal(strlen(u->values[1].name), UNIT_NAME - 1);
    CHECK_ABORTS(emit_at(u, stem, 10, 1));
}

int main(void)
{
#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_declared_aborts),
        cmocka_unit_test(what_is_repeated_aborts),
        cmocka_unit_test(a_value_that_is_not_finite_is_refused_by_name),
        cmocka_unit_test(a_missing_metric_is_named),
        cmocka_unit_test(a_part_may_lack_metrics_but_hold_none_that_is_not_finite),
        cmocka_unit_test(a_diverged_unit_may_lack_metrics),
        cmocka_unit_test(scales_say_what_stands_behind_a_value),
        IN_FOLDER(a_unit_lies_in_its_folder),
        IN_FOLDER(an_existing_folder_is_replaced_as_a_whole),
        IN_FOLDER(leftovers_do_not_get_into_a_unit),
        IN_FOLDER(a_file_in_the_way_is_an_error),
        IN_FOLDER(a_file_where_the_unit_belongs_makes_room),
        IN_FOLDER(failing_memory_leaves_nothing_or_all),
        IN_FOLDER(a_curve_that_lost_rows_is_not_saved),
        IN_FOLDER(a_quicker_process_wins),
        IN_FOLDER(an_old_folder_and_the_new_one_are_exchanged),
        IN_FOLDER(an_old_folder_may_vanish),
        IN_FOLDER(an_old_folder_comes_back_where_the_new_one_fails),
        IN_FOLDER(several_processes_save_the_same_unit),
        IN_FOLDER(metrics_are_saved_with_unit_direction_and_scale),
        IN_FOLDER(curves_are_saved_with_their_columns),
        cmocka_unit_test(names_columns_and_metrics_have_bounds),
        cmocka_unit_test(long_names_of_metrics_abort),
    };

    return cmocka_run_group_tests_name("unit", tests, NULL, NULL);
}
