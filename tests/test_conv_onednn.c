/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolutions of the library against loops in double, for odd shapes in every layout
 * (conv_trial.h says how near). Everything is done once more with the library limited to AVX2. */
#include "conv_trial.h"

#include "again_with.h"
#include "base/parallel.h"
#include "linalg/blas.h"

/* ---- passes ---- */

static void poison(float *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        a[i] = NAN;
}

/* What a pass leaves behind or finds must not matter. */
static void spoil(struct trial *t)
{
    memset(t->workspace, 0xff, conv_workspace(t->conv));
}

static double *absolute(const double *a, size_t n)
{
    double *positive = memory_get(n, sizeof *positive);

    for (size_t i = 0; i < n; i++)
        positive[i] = fabs(a[i]);
    return positive;
}

static void check_within(const struct trial *t, const float *actual, size_t n, size_t terms,
                         const char *what)
{
    const double u = ldexp(1.0, -24);
    double error = 0, norm = 0;

    for (size_t i = 0; i < n; i++) {
        const double difference = fabs((double)actual[i] - t->sum[i]);
        const double bound = ((double)terms + 2) * u * t->size[i];
        error += difference * difference;
        norm += t->sum[i] * t->sum[i];
        if (!conv_is_winograd(t->conv) && !(difference <= bound))
            fail_msg("%s[%zu] = %.9g, expected %.17g within %.3g (%s)", what, i, (double)actual[i],
                     t->sum[i], bound, conv_implementation(t->conv));
    }
    /* F(4x4, 3x3) multiplies rounding errors by up to some tens; measured 2e-7 to 1e-6 */
    if (!(sqrt(error) <= 3e-6 * sqrt(norm)))
        fail_msg("%s is off by a relative %.3g in norm (%s)", what, sqrt(error / norm),
                 conv_implementation(t->conv));
}

static void check_forward(struct trial *t)
{
    const struct conv_shape *s = &t->shape;
    double *w = absolute(t->w, t->w_count), *x = absolute(t->px, t->x_count);
    double *b = absolute(t->b, s->out);

    conv_naive_forward(s, t->w, s->bias ? t->b : NULL, t->px, t->sum);
    conv_naive_forward(s, w, s->bias ? b : NULL, x, t->size);
    for (size_t i = 0; t->options.relu && i < t->y_count; i++)
        t->sum[i] = t->sum[i] > 0 ? t->sum[i] : 0;
    put(t->px, t->x_count, &t->x);
    poison(t->y.data, tensor_size(&t->y));
    spoil(t);
    conv_forward(t->conv, t->fw, s->bias ? t->fb : NULL, &t->x, &t->y, t->workspace);
    tensor_to_plain(&t->y, t->plain);
    check_within(t, t->plain, t->y_count, s->in * s->kernel * s->kernel + 1, "y");
    memory_free(w);
    memory_free(x);
    memory_free(b);
}

static void check_backward_data(struct trial *t)
{
    const struct conv_shape *s = &t->shape;
    double *w = absolute(t->w, t->w_count), *dy = absolute(t->py, t->y_count);

    conv_naive_backward_data(s, t->w, t->py, t->sum);
    conv_naive_backward_data(s, w, dy, t->size);
    put(t->py, t->y_count, &t->y);
    poison(t->x.data, tensor_size(&t->x));
    spoil(t);
    conv_backward_data(t->conv, t->fw, &t->y, &t->x, t->workspace);
    tensor_to_plain(&t->x, t->plain);
    check_within(t, t->plain, t->x_count, s->out * s->kernel * s->kernel, "dx");
    memory_free(w);
    memory_free(dy);
}

/* What is expected of keep old + gradient, for old = the weights themselves. */
static void add_kept(struct trial *t, const double *old, size_t n, double keep)
{
    for (size_t i = 0; i < n; i++) {
        t->sum[i] += keep * old[i];
        t->size[i] += fabs(keep * old[i]);
    }
}

static void check_backward_weights(struct trial *t, float keep)
{
    const struct conv_shape *s = &t->shape;
    double *x = absolute(t->px, t->x_count), *dy = absolute(t->py, t->y_count);
    double *db = memory_get(s->out, sizeof *db), *db_size = memory_get(s->out, sizeof *db);
    float *dw = narrow(t->w, t->w_count), *dbias = narrow(t->b, s->out);
    const size_t terms = s->batch * largest(t->rows * t->columns, s->height * s->width) + 2;

    conv_naive_backward_weights(s, t->px, t->py, t->sum, db);
    conv_naive_backward_weights(s, x, dy, t->size, db_size);
    put(t->px, t->x_count, &t->x);
    put(t->py, t->y_count, &t->y);
    if (keep == 0) {
        poison(dw, t->w_count);
        poison(dbias, s->out);
    }
    spoil(t);
    conv_backward_weights(t->conv, &t->x, &t->y, dw, s->bias ? dbias : NULL, keep, t->workspace);
    add_kept(t, t->w, t->w_count, (double)keep);
    check_within(t, dw, t->w_count, terms, "dw");
    if (s->bias) {
        memcpy(t->sum, db, s->out * sizeof *db);
        memcpy(t->size, db_size, s->out * sizeof *db);
        add_kept(t, t->b, s->out, (double)keep);
        check_within(t, dbias, s->out, terms, "db");
    }
    void *blocks[] = {x, dy, db, db_size, dw, dbias};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        memory_free(blocks[i]);
}

/* Blocks that the library has no kernels for here. */
static int is_foreign(const struct test_case *c)
{
    return (c->x_block > 1 && c->x_block > conv_block()) ||
           (c->y_block > 1 && c->y_block > conv_block());
}

static void check_case(const struct test_case *c, int direct)
{
    struct trial t = trial_start(c, direct);

    CHECK_TRUE(conv_is_winograd(t.conv) == (c->winograd && !direct));
    if (conv_block() > 0)
        assert_int_equal(conv_reference_passes(t.conv), 0);
    check_forward(&t);
    if (c->use == CONV_TRAIN)
        check_backward_data(&t);
    if (c->use != CONV_EVALUATE) {
        check_backward_weights(&t, 0.0f);
        check_backward_weights(&t, 1.0f);
        check_backward_weights(&t, 0.75f);
    }
    trial_end(&t);
}

static void passes_agree_with_loops(void **state)
{
    size_t done = 0;

    (void)state;
    for (size_t i = 0; i < CASES; i++)
        if (!is_foreign(&cases[i]) && !cases[i].winograd) {
            check_case(&cases[i], 0);
            done++;
        }
    CHECK_TRUE(done >= 15);
}

/* Nothing that a network is likely to have is done by the library's plain loops, least of all
 * because another choice than its first was taken. */
static void few_channels_have_fast_code(void **state)
{
    static const size_t channels[] = {1, 4, 8, 20, 33};

    (void)state;
    for (size_t a = 0; a < 25 && conv_block() > 0; a++)
        for (size_t kernel = 1; kernel <= 5; kernel += 2)
            for (size_t stride = 1; stride <= 2; stride++) {
                const struct conv_shape s = {.batch = 2, .in = channels[a / 5],
                                             .out = channels[a % 5], .height = 8, .width = 8,
                                             .kernel = kernel, .stride = stride,
                                             .padding = kernel / 2, .bias = 1};
                const struct conv_options o = {.use = CONV_TRAIN, .x_block = s.in,
                                               .y_block = s.out, .channels_last = 1};
                struct conv *conv;
                CHECK_STATUS(conv_create(&conv, &s, &o), STATUS_OK);
                if (conv_reference_passes(conv) > 0)
                    fail_msg("%zu to %zu channels, kernel %zu, stride %zu: %s", s.in, s.out,
                             kernel, stride, conv_implementation(conv));
                conv_free(conv);
            }
}

static void winograd_agrees_with_loops(void **state)
{
    (void)state;
    if (conv_block() < 16) {
        say_skipped("Winograd", "no AVX-512");
        return;
    }
    for (size_t i = 0; i < CASES; i++)
        if (cases[i].winograd) {
            check_case(&cases[i], 0);
            check_case(&cases[i], 1);
        }
}

/* ---- batches that go in parts ---- */

/* In (-1, 1): cheaper than normal numbers where there are millions. */
static void fill_evenly(struct rng *rng, float *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        a[i] = 2 * rng_uniformf(rng) - 1;
}

static double off_by(const float *actual, const float *expected, size_t n)
{
    double error = 0, norm = 0;

    for (size_t i = 0; i < n; i++) {
        const double difference = (double)actual[i] - (double)expected[i];
        error += difference * difference;
        norm += (double)expected[i] * (double)expected[i];
    }
    return sqrt(error / norm);
}

/* One way of a convolution, and what its passes leave behind. */
struct large {
    struct conv *conv;
    struct tensor y, dx;
    float *dw, *db;
    char *workspace;
};

static struct large large_start(const struct conv_shape *s, int direct)
{
    const struct conv_options o = {.use = CONV_TRAIN, .x_block = 16, .y_block = 16, .relu = 1,
                                   .direct = direct};
    struct large l = {.y = make_tensor(s->batch, s->out, s->height, s->width, 16),
                      .dx = make_tensor(s->batch, s->in, s->height, s->width, 16),
                      .dw = memory_get(conv_weight_count(s), sizeof *l.dw),
                      .db = memory_get(s->out, sizeof *l.db)};

    CHECK_STATUS(conv_create(&l.conv, s, &o), STATUS_OK);
    l.workspace = memory_get(conv_workspace(l.conv), 1);
    return l;
}

static void large_end(struct large *l)
{
    void *blocks[] = {l->y.data, l->dx.data, l->dw, l->db, l->workspace};

    conv_free(l->conv);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        memory_free(blocks[i]);
}

/* Winograd rounds to 2e-7 to 1e-6 of the norm, and a sum of N floats of either sign to about
 * u sqrt(N) of it, u = 2^-24; a part that is left out, done twice or read from another place is a
 * large share. */
static void check_parts(const struct conv_shape *s, size_t parts)
{
    struct large ways[2] = {large_start(s, 0), large_start(s, 1)};
    struct tensor x = make_tensor(s->batch, s->in, s->height, s->width, 16);
    struct tensor dy = make_tensor(s->batch, s->out, s->height, s->width, 16);
    float *w = memory_get(conv_weight_count(s), sizeof *w), *b = memory_get(s->out, sizeof *b);
    struct rng rng = rng_stream(9, "parts");

    const double pixels = (double)(s->batch * s->height * s->width);
    const double rounding = 3e-6, sums = rounding + ldexp(sqrt(pixels), -24);
    assert_int_equal(conv_parts(ways[0].conv), parts);
    assert_int_equal(conv_parts(ways[1].conv), 1);
    fill_evenly(&rng, x.data, tensor_size(&x));
    fill_evenly(&rng, dy.data, tensor_size(&dy));
    fill_evenly(&rng, w, conv_weight_count(s));
    fill_evenly(&rng, b, s->out);
    for (size_t k = 0; k < 2; k++) {
        conv_forward(ways[k].conv, w, b, &x, &ways[k].y, ways[k].workspace);
        conv_backward_data(ways[k].conv, w, &dy, &ways[k].dx, ways[k].workspace);
    }
    CHECK_TRUE(off_by(ways[0].y.data, ways[1].y.data, tensor_size(&dy)) <= rounding);
    CHECK_TRUE(off_by(ways[0].dx.data, ways[1].dx.data, tensor_size(&x)) <= rounding);
    for (size_t again = 0; again < 2; again++) {
        for (size_t k = 0; k < 2; k++)
            conv_backward_weights(ways[k].conv, &x, &dy, ways[k].dw, ways[k].db,
                                  again ? 0.75f : 0.0f, ways[k].workspace);
        CHECK_TRUE(off_by(ways[0].dw, ways[1].dw, conv_weight_count(s)) <= sums);
        CHECK_TRUE(off_by(ways[0].db, ways[1].db, s->out) <= sums);
    }
    large_end(&ways[0]);
    large_end(&ways[1]);
    memory_free(x.data);
    memory_free(dy.data);
    memory_free(w);
    memory_free(b);
}

/* More than 96 MiB of transformed images; 64 to 128 channels are the fewest products a byte. */
static void batches_in_parts_agree_with_whole_ones(void **state)
{
    static const struct conv_shape twice = SHAPE(14, 64, 65, 66, 128, 3, 1, 1, .bias = 1);
    static const struct conv_shape four = SHAPE(20, 64, 64, 64, 128, 3, 1, 1, .bias = 1);

    (void)state;
    if (conv_block() < 16) {
        say_skipped("Winograd in parts", "no AVX-512");
        return;
    }
    check_parts(&twice, 2);
    check_parts(&four, 4);
}

/* ---- bits ---- */

/* Gradients of weights of one case, over and over. */
static void check_gradients_stay(const struct test_case *c)
{
    struct trial t = trial_start(c, 1);
    float *first = narrow(t.w, t.w_count), *next = narrow(t.w, t.w_count);
    float *bias = t.shape.bias ? t.fb : NULL;

    put(t.px, t.x_count, &t.x);
    put(t.py, t.y_count, &t.y);
    for (size_t again = 0; again < 100; again++) {
        spoil(&t);
        conv_backward_weights(t.conv, &t.x, &t.y, again == 0 ? first : next, bias, 0.0f,
                              t.workspace);
        CHECK_TRUE(again == 0 || memcmp(first, next, t.w_count * sizeof *first) == 0);
    }
    memory_free(first);
    memory_free(next);
    trial_end(&t);
}

/* Where every thread has a part of the workspace, none writes into another's: often enough that it
 * would be seen. The library does with 1 x 1 kernels, large strides and few channels. */
static void threads_keep_out_of_each_others_way(void **state)
{
    (void)state;
    parallel_set_threads(2);
    for (size_t i = 0; i < CASES; i++)
        if (!is_foreign(&cases[i]) && cases[i].use == CONV_TRAIN && cases[i].shape.kernel == 1 &&
            cases[i].shape.stride > 1)
            check_gradients_stay(&cases[i]);
    parallel_set_threads(1);
}

/* ---- what else a caller relies on ---- */

static void same_call_gives_same_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        if (is_foreign(&cases[i]))
            continue;
        struct trial t = trial_start(&cases[i], 0);
        const size_t n = tensor_size(&t.y);
        const float *bias = t.shape.bias ? t.fb : NULL;
        float *first = memory_get(n, sizeof *first);
        put(t.px, t.x_count, &t.x);
        conv_forward(t.conv, t.fw, bias, &t.x, &t.y, t.workspace);
        memcpy(first, t.y.data, n * sizeof *first);
        spoil(&t);
        conv_forward(t.conv, t.fw, bias, &t.x, &t.y, t.workspace);
        CHECK_TRUE(memcmp(first, t.y.data, n * sizeof *first) == 0);
        memory_free(first);
        trial_end(&t);
    }
}

static void passes_allocate_nothing(void **state)
{
    struct trial t = trial_start(&cases[1], 0);

    (void)state;
    put(t.px, t.x_count, &t.x);
    put(t.py, t.y_count, &t.y);
    const size_t before = memory_count();
    for (int round = 0; round < 3; round++) {
        conv_forward(t.conv, t.fw, t.fb, &t.x, &t.y, t.workspace);
        conv_backward_data(t.conv, t.fw, &t.y, &t.x, t.workspace);
        conv_backward_weights(t.conv, &t.x, &t.y, t.fw, t.fb, 0.0f, t.workspace);
    }
    assert_int_equal(memory_count(), before);
    trial_end(&t);
}

static void creation_without_memory_says_so(void **state)
{
    const struct conv_options options = options_of(&cases[1]);
    size_t k = 0;
    enum status status = STATUS_MEMORY;

    (void)state;
    while (status != STATUS_OK) {
        struct conv *conv = NULL;
        memory_fail_at(++k);
        status = conv_create(&conv, &cases[1].shape, &options);
        memory_fail_at(0);
        CHECK_TRUE((status == STATUS_OK) == (conv != NULL));
        CHECK_TRUE(status == STATUS_OK || status == STATUS_MEMORY);
        conv_free(conv);
    }
    CHECK_TRUE(k > 1);
    conv_free(NULL);
}

static void tensors_of_other_shapes_abort(void **state)
{
    struct trial t = trial_start(&cases[1], 0);
    struct tensor x = t.x, y = t.y;

    (void)state;
    x.n++;
    CHECK_ABORTS(conv_forward(t.conv, t.fw, t.fb, &x, &t.y, t.workspace));
    x = t.x;
    x.block = 1;
    CHECK_ABORTS(conv_forward(t.conv, t.fw, t.fb, &x, &t.y, t.workspace));
    y.h++;
    CHECK_ABORTS(conv_forward(t.conv, t.fw, t.fb, &t.x, &y, t.workspace));
    CHECK_ABORTS(conv_backward_data(t.conv, t.fw, &y, &t.x, t.workspace));
    y = t.y;
    y.c = 1;
    CHECK_ABORTS(conv_backward_weights(t.conv, &t.x, &y, t.fw, t.fb, 0.0f, t.workspace));
    CHECK_ABORTS(conv_forward(t.conv, t.fw, NULL, &t.x, &t.y, t.workspace));
    CHECK_ABORTS(conv_backward_weights(t.conv, &t.x, &t.y, t.fw, NULL, 0.0f, t.workspace));
    trial_end(&t);
}

static void passes_not_asked_for_abort(void **state)
{
    struct test_case c = cases[1];

    (void)state;
    c.use = CONV_TRAIN_FIRST;
    struct trial first = trial_start(&c, 0);
    CHECK_ABORTS(conv_backward_data(first.conv, first.fw, &first.y, &first.x, first.workspace));
    trial_end(&first);
    c.use = CONV_EVALUATE;
    struct trial evaluate = trial_start(&c, 0);
    CHECK_ABORTS(conv_backward_weights(evaluate.conv, &evaluate.x, &evaluate.y, evaluate.fw,
                                       evaluate.fb, 0.0f, evaluate.workspace));
    trial_end(&evaluate);
}

/* Found once the library has looked: one line, and none is made by what it uses instead. */
static void a_limit_that_came_too_late_is_refused(void **state)
{
    const struct conv_options options = options_of(&cases[1]);
    struct conv *conv;

    (void)state;
    if (conv_block() < 16) {
        say_skipped("a late limit", "no AVX-512");
        return;
    }
    setenv("ONEDNN_MAX_CPU_ISA", "AVX2", 1);
    CHECK_STATUS(conv_create(&conv, &cases[1].shape, &options), STATUS_UNFIT);
    unsetenv("ONEDNN_MAX_CPU_ISA");
    CHECK_MESSAGE("ONEDNN_MAX_CPU_ISA=AVX2, but oneDNN uses AVX512");
    CHECK_MESSAGE("set it before the program starts");
    assert_null(conv);
    CHECK_STATUS(conv_create(&conv, &cases[1].shape, &options), STATUS_OK);
    conv_free(conv);
}

static void library_is_recorded(void **state)
{
    struct provenance p = {0};

    (void)state;
    conv_record(&p);
    CHECK_TEXT(provenance_get(&p, "onednn.isa"), conv_isa());
    const int has_none = strstr(provenance_get(&p, "onednn.winograd"), "none") != NULL;
    CHECK_TRUE(has_none == (conv_block() < 16));
    provenance_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_that_came_too_late_is_refused), /* first: none was made before */
        cmocka_unit_test(passes_agree_with_loops),
        cmocka_unit_test(few_channels_have_fast_code),
        cmocka_unit_test(winograd_agrees_with_loops),
        cmocka_unit_test(batches_in_parts_agree_with_whole_ones),
        cmocka_unit_test(same_call_gives_same_bits),
        cmocka_unit_test(passes_allocate_nothing),
        cmocka_unit_test(creation_without_memory_says_so),
        cmocka_unit_test(tensors_of_other_shapes_abort),
        cmocka_unit_test(passes_not_asked_for_abort),
        cmocka_unit_test(library_is_recorded),
        cmocka_unit_test(all_holds_with_avx2),
        cmocka_unit_test(threads_keep_out_of_each_others_way), /* last: no fork after threads */
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("conv_onednn", tests, NULL, NULL);
}
