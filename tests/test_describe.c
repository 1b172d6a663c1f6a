/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Descriptions: what a program says of itself is what the runner knows of it. */
#include "test.h"

#include <float.h>

#include "base/memory.h"
#include "harness/describe.h"

#define PARAMETERS(P)                                                                              \
    P(int, seeds, 2, 10, 2147483647, "repetitions; ours")                                          \
    P(int, negative, -1, -2147483647 - 1, 0, "")                                                   \
    P(double, rate, 0.1, 1.0 / 3, 4.9406564584124654e-324, "step; \"paper\" <&> 'x'")              \
    P(double, huge, DBL_MAX, -DBL_MAX, -0.0, NULL)
DEFINE_PARAMETERS(PARAMETERS)

static const struct metric metrics[] = {
    {"error.task.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9, "error after task n"},
    {"accuracy", "%", HIGHER_IS_BETTER, CLASS_LONG32, -1e-300, ""},
    {"count", "1", NO_DIRECTION, CLASS_EXACT, 0, NULL},
    {"solve", "m s^-1", NO_DIRECTION, CLASS_COND, DBL_MAX, "a & b < c > d"},
    {"rest", "1", LOWER_IS_BETTER, CLASS_RESIDUAL, 0, "# no comment"},
};

static const struct claim claims[] = {
    {.id = "first", .words = "A < B & \"C\"", .place = "abstract; E_{n+1} <= E_n", .kind = ORDER,
     .metric = "accuracy", .cell = LAST_CELL, .is = ABOVE, .to_metric = "count",
     .to_cell = FIRST_CELL, .to = 1.0 / 3, .within = 5e-324, .reason = "caf\303\251 \316\273 % %s"},
    {.id = "second", .words = "", .kind = VALUE, .metric = "solve", .to = -DBL_MAX, .within = 0.1},
    {.id = "third", .kind = EQUIVALENCE, .metric = "solve", .to_metric = "count", .within = 1},
    {.id = "fourth", .kind = BOUND, .metric = "rest", .cell = ALL_CELLS, .is = BELOW, .to = 1e-12},
    {.id = "fifth", .kind = TREND, .metric = "error.task.*", .is = BELOW},
    {.id = "sixth", .kind = EVERY, .metric = "error.task.*", .is = ABOVE, .cell = "n=50",
     .members = "3 a -> b & c, 5 d"},
};

static const struct axis numbers = {
    .name = "n", .meaning = "samples <of> each & every",
    .at = {CELL_VALUES(50, 0.1), CELL_VALUES(1e-7, 1.0 / 3, 1e300), CELL_VALUES(-4)}};
static const struct axis names = {
    .name = "method", .meaning = "a\tb\nc",
    .at = {CELL_NAMES("sgd", "adam <&>"), CELL_NAMES("sgd", "adam <&>", "lr=0.1"),
           {0, NULL, NULL}}};
static const struct axis nameless = {.name = "n", .at = {CELL_VALUES(1), CELL_VALUES(1),
                                                         CELL_VALUES(1)}};

static const struct reproduction full = {
    .id = "full_program", .title = "A title <b>&amp;</b>", .paper = "Authors, 2024, \303\274ber",
    .data = "MNIST", .differs = "in\ttabs\nand lines", .caption = " blanks at both ends ",
    .minutes = {0.25, 1.0 / 3, 1e5}, .deterministic = 1, PARAMETER_TABLE, METRICS(metrics),
    CLAIMS(claims), .axis = &numbers};
static const struct reproduction bare = {.id = "bare"};

/* ---- equality ---- */

/* Tabs and newlines have become blanks. */
static void same_text(const char *a, const char *b)
{
    char expected[256];

    if (b == NULL) {
        assert_null(a);
        return;
    }
    snprintf(expected, sizeof expected, "%s", b);
    for (char *c = expected; *c != '\0'; c++)
        if (*c == '\t' || *c == '\n')
            *c = ' ';
    CHECK_TEXT(a, expected);
}

static void same_number(double a, double b)
{
    if (memcmp(&a, &b, sizeof a) != 0)
        fail_msg("%.17g, expected %.17g", a, b);
}

static void same_parameters(const struct reproduction *a, const struct reproduction *b)
{
    assert_int_equal(a->parameter_count, b->parameter_count);
    for (size_t i = 0; i < b->parameter_count; i++) {
        same_text(a->parameters[i].name, b->parameters[i].name);
        same_text(a->parameters[i].source, b->parameters[i].source);
        assert_int_equal(a->parameters[i].type, b->parameters[i].type);
        for (int p = 0; p < PROFILE_COUNT; p++)
            same_number(a->parameters[i].value[p], b->parameters[i].value[p]);
    }
}

static void same_metrics(const struct reproduction *a, const struct reproduction *b)
{
    assert_int_equal(a->metric_count, b->metric_count);
    for (size_t i = 0; i < b->metric_count; i++) {
        same_text(a->metrics[i].name, b->metrics[i].name);
        same_text(a->metrics[i].unit, b->metrics[i].unit);
        same_text(a->metrics[i].meaning, b->metrics[i].meaning);
        same_number(a->metrics[i].worst, b->metrics[i].worst);
        assert_int_equal(a->metrics[i].direction, b->metrics[i].direction);
        assert_int_equal(a->metrics[i].class, b->metrics[i].class);
    }
}

static void same_claims(const struct reproduction *a, const struct reproduction *b)
{
    assert_int_equal(a->claim_count, b->claim_count);
    for (size_t i = 0; i < b->claim_count; i++) {
        const struct claim *x = &a->claims[i], *y = &b->claims[i];

        same_text(x->id, y->id);
        same_text(x->words, y->words);
        same_text(x->place, y->place);
        same_text(x->metric, y->metric);
        same_text(x->cell, y->cell);
        same_text(x->to_metric, y->to_metric);
        same_text(x->to_cell, y->to_cell);
        same_text(x->reason, y->reason);
        same_text(x->members, y->members);
        same_number(x->to, y->to);
        same_number(x->within, y->within);
        assert_int_equal(x->kind, y->kind);
        assert_int_equal(x->is, y->is);
    }
}

static void same_cells(const struct reproduction *a, const struct reproduction *b)
{
    struct arena mem = {0};

    assert_int_equal(a->axis == NULL, b->axis == NULL);
    for (int p = 0; p < PROFILE_COUNT; p++) {
        const enum profile profile = (enum profile)p;

        assert_int_equal(reproduction_cell_count(a, profile), reproduction_cell_count(b, profile));
        for (size_t i = 0; i < reproduction_cell_count(b, profile); i++) {
            CHECK_TEXT(reproduction_cell_name(a, profile, i, &mem),
                       reproduction_cell_name(b, profile, i, &mem));
            if (b->axis != NULL)
                same_number(a->axis->at[p].values[i], b->axis->at[p].values[i]);
        }
    }
    if (b->axis != NULL) {
        same_text(a->axis->name, b->axis->name);
        same_text(a->axis->meaning, b->axis->meaning != NULL ? b->axis->meaning : "");
    }
    arena_free(&mem);
}

static void check_round_trip(const struct reproduction *r)
{
    struct reproduction back;
    struct arena mem = {0};
    struct text t = {0};

    CHECK_STATUS(describe_write(&t, r), STATUS_OK);
    CHECK_STATUS(describe_read(&back, &mem, text_get(&t), t.length), STATUS_OK);
    text_free(&t); /* nothing may point into the text */
    same_text(back.id, r->id);
    same_text(back.title, r->title);
    same_text(back.paper, r->paper);
    same_text(back.data, r->data);
    same_text(back.differs, r->differs);
    same_text(back.caption, r->caption);
    assert_int_equal(back.deterministic, r->deterministic);
    for (int p = 0; p < PROFILE_COUNT; p++)
        same_number(back.minutes[p], r->minutes[p]);
    same_parameters(&back, r);
    same_metrics(&back, r);
    same_claims(&back, r);
    same_cells(&back, r);
    arena_free(&mem);
}

/* ---- round trips ---- */

static void every_field_comes_back(void **state)
{
    (void)state;
    check_round_trip(&full);
}

static void a_program_without_anything_comes_back(void **state)
{
    struct reproduction r = bare;

    (void)state;
    check_round_trip(&bare);
    r.title = "";
    r.data = "";
    check_round_trip(&r);
}

static void axes_come_back(void **state)
{
    static const struct axis *const axes[] = {&numbers, &names, &nameless, NULL};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct reproduction r = full;

        r.axis = axes[i];
        check_round_trip(&r);
    }
}

static void a_description_of_a_description_is_the_same(void **state)
{
    struct reproduction back;
    struct arena mem = {0};
    struct text once = {0}, twice = {0};

    (void)state;
    CHECK_STATUS(describe_write(&once, &full), STATUS_OK);
    CHECK_STATUS(describe_read(&back, &mem, text_get(&once), once.length), STATUS_OK);
    CHECK_STATUS(describe_write(&twice, &back), STATUS_OK);
    CHECK_TEXT(text_get(&twice), text_get(&once));
    text_free(&once);
    text_free(&twice);
    arena_free(&mem);
}

/* ---- what is none ---- */

static void check_refused(const char *bytes, size_t n)
{
    struct reproduction back;
    struct arena mem = {0};

    CHECK_STATUS(describe_read(&back, &mem, bytes, n), STATUS_DATA);
    assert_null(back.id);
    assert_int_equal(back.claim_count, 0);
    arena_free(&mem);
}

/* At every byte: also between two rows, where the rest looks complete. */
static void a_cut_description_is_refused(void **state)
{
    struct text t = {0};

    (void)state;
    CHECK_STATUS(describe_write(&t, &full), STATUS_OK);
    for (size_t n = 0; n < t.length; n += n % 7 == 0 || t.bytes[n] == '\n' ? 1 : 3)
        check_refused(t.bytes, n);
    for (size_t n = 1; n < t.length; n++)
        if (t.bytes[n - 1] == '\n')
            check_refused(t.bytes, n);
    text_free(&t);
}

#define HEAD "# format\tdescription 1\nwhat\tname\tfield\tvalue\n"
#define PROGRAM "program\tp\ttitle\tT\n"
#define END "end\tp\t\t\n"

static void foreign_text_is_refused(void **state)
{
    static const char *const foreign[] = {
        "usage: program [options]\n",
        "<html>\n<body>\n",
        "what\tname\tfield\tvalue\n" PROGRAM END,
        "# format\tdescription 2\nwhat\tname\tfield\tvalue\n" PROGRAM END,
        "# format\tdescription 1\nwhat\tname\tfield\n",
        "# format\tdescription 1\nname\twhat\tfield\tvalue\n" PROGRAM END,
        HEAD,
        HEAD PROGRAM,
        HEAD END,
        HEAD PROGRAM END PROGRAM,
        HEAD PROGRAM END END,
        HEAD PROGRAM "end\tq\t\t\n",
        HEAD PROGRAM "program\tq\ttitle\tT\n" END,
        HEAD PROGRAM "program\tp\tcolour\tT\n" END,
        HEAD PROGRAM "thing\tp\tcolour\tT\n" END,
        HEAD PROGRAM "minutes\tp\ttiny\t1\n" END,
        HEAD PROGRAM "minutes\tp\tdesk\tsoon\n" END,
        HEAD PROGRAM "parameter\tn\tdesk\tmany\n" END,
        HEAD PROGRAM "parameter\tn\tprice\t1\n" END,
        HEAD PROGRAM "metric\tm\tdirection\tsideways\n" END,
        HEAD PROGRAM "metric\tm\tclass\tbest\n" END,
        HEAD PROGRAM "metric\tm\tworst\t\n" END,
        HEAD PROGRAM "claim\tc\tkind\tguess\n" END,
        HEAD PROGRAM "claim\tc\tis\tbeside\n" END,
        HEAD PROGRAM "claim\tc\tto\t1,5\n" END,
        HEAD PROGRAM "claim\tc\twithin\t0x\n" END,
        HEAD PROGRAM "cell\tn=1\tdesk\t1\n" END,
        HEAD PROGRAM "axis\tn\tmeaning\tx\naxis\tm\tmeaning\tx\n" END,
        HEAD PROGRAM "axis\tn\tmeaning\tx\ncell\tn=1\tdesk\tx\n" END,
        HEAD PROGRAM "axis\tn\tmeaning\tx\ncell\tn=1\ttiny\t1\n" END,
    };
    static const char good[] = HEAD PROGRAM "axis\tn\tmeaning\tx\ncell\tn=1\tdesk\t1\n" END;
    struct reproduction back;
    struct arena mem = {0};

    (void)state;
    CHECK_STATUS(describe_read(&back, &mem, good, sizeof good - 1), STATUS_OK);
    assert_int_equal(reproduction_cell_count(&back, DESK), 1);
    arena_free(&mem);
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        check_refused(foreign[i], strlen(foreign[i]));
    check_refused(good, sizeof good); /* with its 0 */
}

/* ---- memory ---- */

static void out_of_memory_is_a_status(void **state)
{
    struct reproduction back;
    struct arena mem = {0};
    struct text t = {0};
    enum status status = STATUS_MEMORY;
    size_t k;

    (void)state;
    for (k = 1; status != STATUS_OK; k++) {
        text_free(&t);
        memory_fail_at(k);
        status = describe_write(&t, &full);
        memory_fail_at(0);
        if (status != STATUS_OK)
            assert_int_equal(status, STATUS_MEMORY);
        assert_true(k < 100);
    }
    assert_true(k > 3);
    status = STATUS_MEMORY;
    for (k = 1; status != STATUS_OK; k++) {
        arena_free(&mem);
        memory_fail_at(k);
        status = describe_read(&back, &mem, text_get(&t), t.length);
        memory_fail_at(0);
        if (status != STATUS_OK)
            assert_int_equal(status, STATUS_MEMORY);
        assert_true(k < 100);
    }
    assert_true(k > 2);
    same_claims(&back, &full);
    text_free(&t);
    arena_free(&mem);
}

static void the_callers_guard_stays(void **state)
{
    static struct arena mem;
    static volatile int jumped;
    struct reproduction back;

    (void)state;
    if (arena_guard(&mem)) {
        jumped = 1;
    } else {
        CHECK_STATUS(describe_read(&back, &mem, HEAD PROGRAM END, strlen(HEAD PROGRAM END)),
                     STATUS_OK);
        memory_fail_at(1);
        assert_null(arena_get(&mem, (size_t)1 << 22, 1)); /* jumps instead */
    }
    memory_fail_at(0);
    assert_int_equal(jumped, 1);
    arena_free(&mem);
}

/* The text itself, which programs that are built and runners that are built must agree on. */
static void the_text_is_this(void **state)
{
    static const struct parameter rows[] = {
        {"seeds", PARAMETER_int, 0, {2, 5, 10}, "ours"},
        {"rate", PARAMETER_double, 8, {0.5, 0.25, 1}, NULL}};
    static const struct metric one[] = {
        {"error", "1", HIGHER_IS_BETTER, CLASS_RATE, 0.75, "wrong"}};
    static const struct claim two[] = {
        {"c", "falls", "p. 1", TREND, "error", ALL_CELLS, BELOW, NULL, NULL, 0, 0, NULL, NULL},
        {"d", "rises", "p. 2", ORDER, "error", NULL, ABOVE, "error", "n=2", 3, 0.5, "so",
         NULL}};
    const struct axis n = {
        .name = "n", .at = {CELL_VALUES(1), CELL_VALUES(1, 2), CELL_VALUES(4)}};
    const struct reproduction r = {
        .id = "p", .title = "T", .paper = "P", .minutes = {0, 1, 2}, .deterministic = 1,
        .parameters = rows, .parameter_count = 2, METRICS(one), CLAIMS(two), .axis = &n};
    static const char expected[] =
        "# format\tdescription 1\nwhat\tname\tfield\tvalue\n"
        "program\tp\ttitle\tT\nprogram\tp\tpaper\tP\nprogram\tp\tdeterministic\t1\n"
        "minutes\tp\tsmoke\t0\nminutes\tp\tdesk\t1\nminutes\tp\tpaper\t2\n"
        "axis\tn\tmeaning\t\n"
        "cell\tn=1\tsmoke\t1\ncell\tn=1\tdesk\t1\ncell\tn=2\tdesk\t2\n"
        "cell\tn=4\tpaper\t4\n"
        "parameter\tseeds\ttype\tint\nparameter\tseeds\tsmoke\t2\n"
        "parameter\tseeds\tdesk\t5\nparameter\tseeds\tpaper\t10\n"
        "parameter\tseeds\tsource\tours\n"
        "parameter\trate\ttype\tdouble\nparameter\trate\tsmoke\t0.5\n"
        "parameter\trate\tdesk\t0.25\nparameter\trate\tpaper\t1\n"
        "metric\terror\tunit\t1\nmetric\terror\tdirection\thigher\n"
        "metric\terror\tclass\trate\nmetric\terror\tworst\t0.75\n"
        "metric\terror\tmeaning\twrong\n"
        "claim\tc\twords\tfalls\nclaim\tc\tplace\tp. 1\nclaim\tc\tkind\ttrend\n"
        "claim\tc\tmetric\terror\nclaim\tc\tcell\tall\nclaim\tc\tis\tbelow\n"
        "claim\tc\tto\t0\nclaim\tc\twithin\t0\n"
        "claim\td\twords\trises\nclaim\td\tplace\tp. 2\nclaim\td\tkind\torder\n"
        "claim\td\tmetric\terror\nclaim\td\tis\tabove\nclaim\td\tto_metric\terror\n"
        "claim\td\tto_cell\tn=2\nclaim\td\tto\t3\nclaim\td\twithin\t0.5\n"
        "claim\td\treason\tso\nend\tp\t\t\n";
    struct text t = {0};

    (void)state;
    text_add(&t, "before\n");
    CHECK_STATUS(describe_write(&t, &r), STATUS_OK);
    CHECK_TEXT(text_get(&t) + 7, expected);
    text_free(&t);
}

static void damage_is_named_by_its_row(void **state)
{
    static const char bytes[] = HEAD PROGRAM "thing\tp\tcolour\tT\n" END;
    struct reproduction back;
    struct arena mem = {0};

    (void)state;
    CHECK_STATUS(describe_read(&back, &mem, bytes, sizeof bytes - 1), STATUS_DATA);
    CHECK_MESSAGE("row 2 is no part of a description: build again");
    arena_free(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(a_program_without_anything_comes_back),
        cmocka_unit_test(axes_come_back),
        cmocka_unit_test(a_description_of_a_description_is_the_same),
        cmocka_unit_test(a_cut_description_is_refused),
        cmocka_unit_test(foreign_text_is_refused),
        cmocka_unit_test(out_of_memory_is_a_status),
        cmocka_unit_test(the_callers_guard_stays),
        cmocka_unit_test(the_text_is_this),
        cmocka_unit_test(damage_is_named_by_its_row),
    };

    return cmocka_run_group_tests_name("describe", tests, NULL, NULL);
}
