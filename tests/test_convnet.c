/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks over images against the same networks as plain loops in double: outputs, running
 * statistics, and gradients against central differences of the loops.
 *
 * The loss is a fixed random weighting of all outputs, so that its gradient by them is known.
 * Outputs pass through some ten float operations with sums of some hundred terms: 1e-5 of the
 * largest one holds all of that (measured: 1e-6). Differences with a step of 1e-6 in double are
 * right to 1e-9 of the loss. */
#include "test.h"

#include "aborts.h"
#include "again_with_avx2.h"
#include "convnet_cases.h"
#include "convnet_naive.h"
#include "base/memory.h"
#include "base/rng.h"
#include "linalg/blas.h"
#include "net/convnet.h"
#include "net/convnet_parts.h"

enum { BATCH = 6, ODD = 5, BLOCKS = 16 };

/* A network, its loops, inputs and the weights of the loss. */
struct pair {
    struct convnet_spec spec;
    struct convnet *net;
    struct model m;
    struct naive loops;
    size_t batch;
    float *x, *weighting;
    const char *name;
};

static void draw(struct rng *rng, float *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        a[i] = (float)rng_normal(rng);
}

/* Scales and shifts that are not 1 and 0, running statistics that are not 0 and 1. */
static void draw_params(struct pair *p, struct rng *rng)
{
    convnet_init(p->net, rng);
    for (size_t i = 0; i < p->m.param_count; i++)
        p->m.params[i] += 0.1f * (float)rng_normal(rng);
    for (size_t i = 0; i < p->m.state_count; i++)
        p->m.state[i] += 0.5f * (float)rng_uniform(rng);
}

static struct pair pair_start(const struct convnet_case *c, size_t channels,
                              const struct convnet_options *options, size_t batch)
{
    struct rng rng = rng_stream(11, "convnet");
    struct pair p = {.spec = c->spec(channels), .batch = batch, .name = c->name};

    CHECK_STATUS(convnet_create(&p.net, &p.spec, options), STATUS_OK);
    p.m = convnet_model(p.net);
    draw_params(&p, &rng);
    p.x = memory_get(batch * p.m.inputs, sizeof *p.x);
    p.weighting = memory_get(batch * p.m.outputs, sizeof *p.weighting);
    draw(&rng, p.x, batch * p.m.inputs);
    draw(&rng, p.weighting, batch * p.m.outputs);
    return p;
}

static void pair_end(struct pair *p)
{
    convnet_free(p->net);
    memory_free(p->x);
    memory_free(p->weighting);
}

/* The loops, with what the network holds now. */
static void loops_start(struct pair *p)
{
    p->loops = naive_start(p->net != NULL ? convnet_plan(p->net) : &p->spec, p->batch);
    for (size_t i = 0; i < p->m.param_count; i++)
        p->loops.params[i] = (double)p->m.params[i];
    for (size_t i = 0; i < p->m.state_count; i++)
        p->loops.state[i] = (double)p->m.state[i];
    for (size_t i = 0; i < p->batch * p->m.inputs; i++)
        p->loops.tensors[0][i] = (double)p->x[i];
}

static double largest(const double *a, size_t n)
{
    double most = 0;

    for (size_t i = 0; i < n; i++)
        most = fabs(a[i]) > most ? fabs(a[i]) : most;
    return most;
}

static void check_close(const char *name, const char *what, const float *actual,
                        const double *expected, size_t n, double tolerance)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)actual[i] - expected[i]) <= tolerance))
            fail_msg("%s: %s[%zu] = %.9g, expected %.9g within %.3g", name, what, i,
                     (double)actual[i], expected[i], tolerance);
}

/* ---- outputs ---- */

static void check_outputs(struct pair *p, enum model_mode mode)
{
    const size_t n = p->batch * p->m.outputs;

    loops_start(p);
    const double *expected = naive_forward(&p->loops, mode, *p->m.rng);
    const float *actual = p->m.forward(p->m.self, p->x, p->batch, mode);
    check_close(p->name, "logits", actual, expected, n, 1e-5 * largest(expected, n));
    for (size_t i = 0; i < p->m.state_count; i++)
        CHECK_NEAR((double)p->m.state[i], p->loops.state[i],
                   1e-6 * (1 + fabs(p->loops.state[i])));
    naive_end(&p->loops);
}

static const struct convnet_options variants[] = {
    {.max_batch = BATCH},
    {.max_batch = BATCH, .keep_all = 1},
    {.max_batch = BATCH + 4, .direct = 1},
};

enum { VARIANTS = sizeof variants / sizeof *variants };

/* None of these networks falls back to the library's plain loops, in whatever layout. */
static void convolutions_have_fast_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES && conv_block() > 0; i++)
        for (int input = 0; input < 2; input++)
            for (size_t c = ODD; c <= BLOCKS; c += BLOCKS - ODD) {
                const struct convnet_options options = {.max_batch = 2, .input_gradient = input};
                struct pair p = pair_start(&convnet_cases[i], c, &options, 2);
                assert_int_equal(convnet_reference_passes(p.net), 0);
                pair_end(&p);
            }
}

static void outputs_agree_with_loops(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++)
        for (size_t v = 0; v < VARIANTS; v++)
            for (size_t c = ODD; c <= BLOCKS; c += BLOCKS - ODD) {
                struct pair p = pair_start(&convnet_cases[i], c, &variants[v], BATCH);
                check_outputs(&p, MODEL_TRAIN);
                check_outputs(&p, MODEL_TRAIN);
                check_outputs(&p, MODEL_EVALUATE);
                pair_end(&p);
            }
}

/* ---- gradients ---- */

static double loss_of_loops(struct pair *p, enum model_mode mode, struct rng rng)
{
    const double *y = naive_forward(&p->loops, mode, rng);
    double sum = 0;

    for (size_t i = 0; i < p->batch * p->m.outputs; i++)
        sum += (double)p->weighting[i] * y[i];
    return sum;
}

/* d loss / dt at params + t direction. The training state moves, but nothing reads it. */
static double slope(struct pair *p, enum model_mode mode, struct rng rng, const double *direction,
                    size_t first, size_t count)
{
    const double step = 1e-6;
    double loss[2];

    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < count; i++)
            p->loops.params[first + i] += (side == 0 ? step : -2 * step) * direction[i];
        loss[side] = loss_of_loops(p, mode, rng);
    }
    for (size_t i = 0; i < count; i++)
        p->loops.params[first + i] = (double)p->m.params[first + i];
    return (loss[0] - loss[1]) / (2 * step);
}

static void run_gradient(struct pair *p, enum model_mode mode, float keep)
{
    p->m.forward(p->m.self, p->x, p->batch, mode);
    p->m.backward(p->m.self, p->weighting, keep);
}

/* Every parameter by itself, of the small nets. */
static void check_each(struct pair *p, enum model_mode mode)
{
    const struct rng rng = *p->m.rng;
    const double one = 1;
    double *expected = memory_get(p->m.param_count, sizeof *expected);

    loops_start(p);
    for (size_t i = 0; i < p->m.param_count; i++)
        expected[i] = slope(p, mode, rng, &one, i, 1);
    run_gradient(p, mode, 0);
    for (size_t i = 0; i < p->spec.count; i++) {
        const size_t at = convnet_params_at(p->net, i), n = convnet_layer_params(&p->spec, i);
        check_close(p->name, "gradient", p->m.grads + at, expected + at, n,
                    2e-5 * largest(expected + at, n) +
                        2e-6 * largest(expected, p->m.param_count));
    }
    memory_free(expected);
    naive_end(&p->loops);
}

static void gradients_agree_with_differences(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++)
        for (int keep_all = 0; keep_all < 2; keep_all++) {
            const struct convnet_options options = {.max_batch = BATCH, .keep_all = keep_all};
            struct pair p = pair_start(&convnet_cases[i], ODD - 2, &options, BATCH);
            check_each(&p, keep_all ? MODEL_EVALUATE : MODEL_TRAIN);
            pair_end(&p);
        }
}

/* Each layer along a random direction. */
static void check_directions(struct pair *p, enum model_mode mode)
{
    const struct rng rng = *p->m.rng;
    struct rng draws = rng_stream(5, "directions");
    double *direction = memory_get(p->m.param_count, sizeof *direction);

    loops_start(p);
    run_gradient(p, mode, 0);
    rng_normals(&draws, direction, p->m.param_count);
    for (size_t i = 0; i < p->spec.count; i++) {
        const size_t at = convnet_params_at(p->net, i), n = convnet_layer_params(&p->spec, i);
        double actual = 0, norm = 0;
        for (size_t k = at; k < at + n; k++) {
            actual += direction[k] * (double)p->m.grads[k];
            norm += (double)p->m.grads[k] * (double)p->m.grads[k];
        }
        const double expected = slope(p, mode, rng, direction + at, at, n);
        if (n > 0 && !(fabs(actual - expected) <= 2e-5 * sqrt(norm) + 1e-5))
            fail_msg("%s: layer %zu: slope %.9g, expected %.9g (norm %.3g)", p->name, i, actual,
                     expected, sqrt(norm));
    }
    memory_free(direction);
    naive_end(&p->loops);
}

static void gradients_in_blocks_agree_with_differences(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++)
        for (size_t v = 0; v < VARIANTS; v++)
            for (enum model_mode mode = MODEL_EVALUATE; mode <= MODEL_TRAIN; mode++) {
                struct pair p = pair_start(&convnet_cases[i], BLOCKS, &variants[v], BATCH);
                check_directions(&p, mode);
                pair_end(&p);
            }
}

/* d loss / d input, for every one. */
static void input_gradients_agree_with_differences(void **state)
{
    const double step = 1e-6;

    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++)
        for (size_t c = ODD - 2; c <= BLOCKS; c += BLOCKS - ODD + 2) {
            const struct convnet_options options = {.max_batch = BATCH, .input_gradient = 1};
            struct pair p = pair_start(&convnet_cases[i], c, &options, BATCH);
            const struct rng rng = *p.m.rng;
            const size_t n = BATCH * p.m.inputs, stride = c == BLOCKS ? 37 : 1;
            double *expected = memory_get(n, sizeof *expected);
            float *actual = memory_get(n, sizeof *actual);
            loops_start(&p);
            run_gradient(&p, MODEL_TRAIN, 0);
            for (size_t k = 0; k * stride < n; k++) {
                double *x = p.loops.tensors[0] + k * stride;
                const double old = *x;
                *x = old + step;
                expected[k] = loss_of_loops(&p, MODEL_TRAIN, rng);
                *x = old - step;
                expected[k] = (expected[k] - loss_of_loops(&p, MODEL_TRAIN, rng)) / (2 * step);
                *x = old;
                actual[k] = convnet_input_gradient(p.net)[k * stride];
            }
            check_close(p.name, "input gradient", actual, expected, n / stride,
                        2e-5 * largest(expected, n / stride));
            memory_free(expected);
            memory_free(actual);
            naive_end(&p.loops);
            pair_end(&p);
        }
}

static double cross_entropy(const double *logits, const uint8_t *labels, size_t rows, size_t width)
{
    double sum = 0;

    for (size_t i = 0; i < rows; i++) {
        double total = 0;
        for (size_t k = 0; k < width; k++)
            total += exp(logits[i * width + k]);
        sum += log(total) - logits[i * width + labels[i]];
    }
    return sum / (double)rows;
}

static void loss_agrees_with_loops(void **state)
{
    static const uint8_t labels[BATCH] = {0, 3, 1, 2, 2, 0};
    const struct convnet_options options = {.max_batch = BATCH};
    struct pair p = pair_start(&convnet_cases[0], BLOCKS, &options, BATCH);

    (void)state;
    loops_start(&p);
    const double *loops = naive_forward(&p.loops, MODEL_EVALUATE, *p.m.rng);
    const double expected = cross_entropy(loops, labels, BATCH, p.m.outputs);
    const float *logits = p.m.forward(p.m.self, p.x, BATCH, MODEL_EVALUATE);
    CHECK_RELATIVE(loss_cross_entropy(logits, labels, BATCH, p.m.outputs, BATCH, NULL), expected,
                   1e-5);
    naive_end(&p.loops);
    pair_end(&p);
}

/* ---- modes ---- */

/* running = 0.9 running + 0.1 (mean, m / (m - 1) variance), with numbers done by hand. */
static void running_statistics_follow_their_formula(void **state)
{
    const float x[] = {1, 2, 3, 4, 5, 6, 9, 10}; /* two images of two channels of two places */
    struct convnet_spec s = convnet_spec_start(2, 1, 2);
    const struct convnet_options options = {.max_batch = 2};
    struct convnet *net;

    (void)state;
    convnet_linear(&s, convnet_batch_norm(&s, 0), 1);
    CHECK_STATUS(convnet_create(&net, &s, &options), STATUS_OK);
    const struct model m = convnet_model(net);
    assert_int_equal(m.state_count, 4);
    for (size_t i = 0; i < 4; i++)
        CHECK_NEAR((double)m.state[i], i < 2 ? 0 : 1, 0);
    m.forward(m.self, x, 2, MODEL_TRAIN);
    CHECK_NEAR((double)m.state[0], 0.35, 1e-7);                       /* 1 2 5 6 */
    CHECK_NEAR((double)m.state[1], 0.65, 1e-7);                       /* 3 4 9 10 */
    CHECK_NEAR((double)m.state[2], 0.9 + 0.1 * 17.0 / 3, 1e-6);
    CHECK_NEAR((double)m.state[3], 0.9 + 0.1 * 37.0 / 3, 1e-6);
    m.forward(m.self, x, 2, MODEL_EVALUATE);
    CHECK_NEAR((double)m.state[0], 0.35, 1e-7);
    convnet_free(net);
}

/* Neither the state nor the stream of dropout moves, and nothing is dropped. */
static void evaluation_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++) {
        struct pair p = pair_start(&convnet_cases[i], BLOCKS, &variants[0], BATCH);
        const struct rng rng = *p.m.rng;
        const size_t n = BATCH * p.m.outputs * sizeof(float);
        float *first = memory_get(n, 1), *state_before = memory_get(p.m.state_count, sizeof(float));
        for (size_t k = 0; k < p.m.state_count; k++)
            state_before[k] = p.m.state[k];
        memcpy(first, p.m.forward(p.m.self, p.x, BATCH, MODEL_EVALUATE), n);
        p.m.backward(p.m.self, p.weighting, 0);
        CHECK_TRUE(memcmp(first, p.m.forward(p.m.self, p.x, BATCH, MODEL_EVALUATE), n) == 0);
        CHECK_TRUE(memcmp(&rng, p.m.rng, sizeof rng) == 0);
        for (size_t k = 0; k < p.m.state_count; k++)
            CHECK_NEAR((double)p.m.state[k], (double)state_before[k], 0);
        memory_free(first);
        memory_free(state_before);
        pair_end(&p);
    }
}

static void dropout_draws_anew_each_pass(void **state)
{
    struct pair p = pair_start(&convnet_cases[1], BLOCKS, &variants[0], BATCH);
    struct pair q = pair_start(&convnet_cases[1], BLOCKS, &variants[0], BATCH);
    const size_t n = BATCH * p.m.outputs * sizeof(float);
    float *first = memory_get(n, 1);

    (void)state;
    memcpy(first, p.m.forward(p.m.self, p.x, BATCH, MODEL_TRAIN), n);
    CHECK_TRUE(memcmp(first, p.m.forward(p.m.self, p.x, BATCH, MODEL_TRAIN), n) != 0);
    CHECK_TRUE(memcmp(first, q.m.forward(q.m.self, q.x, BATCH, MODEL_TRAIN), n) == 0);
    memory_free(first);
    pair_end(&p);
    pair_end(&q);
}

/* ---- bits ---- */

static float *copy_of(const float *a, size_t n)
{
    float *copy = memory_get(n, sizeof *copy);

    memcpy(copy, a, n * sizeof *copy);
    return copy;
}

static void what_is_kept_does_not_matter(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++)
        for (size_t c = ODD; c <= BLOCKS; c += BLOCKS - ODD) {
            struct pair p = pair_start(&convnet_cases[i], c, &variants[0], BATCH);
            struct pair q = pair_start(&convnet_cases[i], c, &variants[1], BATCH);
            run_gradient(&p, MODEL_TRAIN, 0);
            run_gradient(&q, MODEL_TRAIN, 0);
            CHECK_TRUE(memcmp(p.m.grads, q.m.grads, p.m.param_count * sizeof(float)) == 0);
            CHECK_TRUE(convnet_memory(p.net).activations <= convnet_memory(q.net).activations);
            pair_end(&p);
            pair_end(&q);
        }
}

static void poison(float *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        a[i] = NAN;
}

static void spoil_workspace(struct convnet *net)
{
    if (net->workspace_size > 0)
        memset(net->workspace, 0xff, net->workspace_size);
}

/* Nothing that an earlier pass or another batch left behind is read. */
static void leftovers_do_not_matter(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++)
        for (size_t c = ODD; c <= BLOCKS; c += BLOCKS - ODD)
            for (size_t v = 0; v < VARIANTS; v++) {
                struct pair p = pair_start(&convnet_cases[i], c, &variants[v], BATCH);
                run_gradient(&p, MODEL_EVALUATE, 0);
                float *expected = copy_of(p.m.grads, p.m.param_count);
                poison(p.net->activations, p.net->activation_size);
                spoil_workspace(p.net);
                poison(p.m.grads, p.m.param_count);
                p.m.forward(p.m.self, p.x, BATCH, MODEL_EVALUATE);
                poison(p.net->deltas, p.net->delta_size);
                spoil_workspace(p.net);
                p.m.backward(p.m.self, p.weighting, 0);
                CHECK_TRUE(memcmp(expected, p.m.grads, p.m.param_count * sizeof(float)) == 0);
                memory_free(expected);
                pair_end(&p);
            }
}

static void places_begin_on_a_boundary(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++) {
        struct pair p = pair_start(&convnet_cases[i], ODD, &variants[0], ODD);
        CHECK_TRUE((uintptr_t)p.net->transient % 64 == 0);
        for (size_t k = 1; k <= p.spec.count; k++)
            CHECK_TRUE((uintptr_t)p.net->tensors[k].data % 64 == 0 &&
                       (uintptr_t)p.net->tensors[k].delta % 64 == 0);
        pair_end(&p);
    }
}

/* Gradients that are alive together lie apart, and all lie inside the block. */
static void live_gradients_lie_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++) {
        const struct convnet_options options = {.max_batch = BATCH, .input_gradient = 1};
        struct pair p = pair_start(&convnet_cases[i], BLOCKS, &options, BATCH);
        for (size_t a = 0; a <= p.spec.count; a++)
            for (size_t b = 0; b <= p.spec.count; b++) {
                const struct part_tensor *s = &p.net->tensors[a], *t = &p.net->tensors[b];
                if (!s->wants_delta || s->delta_root != a)
                    continue;
                CHECK_TRUE(s->delta_at + s->size <= p.net->delta_size);
                if (!t->wants_delta || t->delta_root != b || a == b)
                    continue;
                const int alive_together = s->delta_from <= t->delta_to &&
                                           t->delta_from <= s->delta_to;
                CHECK_TRUE(!alive_together || s->delta_at + s->size <= t->delta_at ||
                           t->delta_at + t->size <= s->delta_at);
            }
        pair_end(&p);
    }
}

/* grads = keep grads + gradient, to the rounding of one product and one sum. */
static void gradients_are_kept_and_added(void **state)
{
    static const float keeps[] = {1.0f, 0.5f};

    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++)
        for (size_t k = 0; k < 2; k++) {
            struct pair p = pair_start(&convnet_cases[i], BLOCKS, &variants[0], BATCH);
            struct rng rng = rng_stream(3, "old");
            run_gradient(&p, MODEL_EVALUATE, 0);
            float *fresh = copy_of(p.m.grads, p.m.param_count);
            draw(&rng, p.m.grads, p.m.param_count);
            float *old = copy_of(p.m.grads, p.m.param_count);
            run_gradient(&p, MODEL_EVALUATE, keeps[k]);
            for (size_t n = 0; n < p.m.param_count; n++)
                CHECK_NEAR((double)p.m.grads[n], (double)(keeps[k] * old[n] + fresh[n]),
                           1e-6 * (fabs((double)old[n]) + 10 * fabs((double)fresh[n]) + 1));
            memory_free(fresh);
            memory_free(old);
            pair_end(&p);
        }
}

/* A pass over fewer rows than there is room for, between passes over all. */
static void smaller_batches_are_the_same_network(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++) {
        const struct convnet_options wide = {.max_batch = BATCH};
        struct pair p = pair_start(&convnet_cases[i], BLOCKS, &wide, BATCH);
        run_gradient(&p, MODEL_EVALUATE, 0);
        p.batch = 2;
        check_outputs(&p, MODEL_EVALUATE);
        check_directions(&p, MODEL_EVALUATE);
        p.batch = BATCH;
        check_outputs(&p, MODEL_EVALUATE);
        pair_end(&p);
    }
}

static void gradients_do_not_hang_on_threads(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++) {
        struct pair p = pair_start(&convnet_cases[i], BLOCKS, &variants[0], BATCH);
        run_gradient(&p, MODEL_TRAIN, 0);
        blas_set_threads(2);
        struct pair q = pair_start(&convnet_cases[i], BLOCKS, &variants[0], BATCH);
        run_gradient(&q, MODEL_TRAIN, 0);
        blas_set_threads(1);
        double most = 0;
        for (size_t k = 0; k < p.m.param_count; k++)
            most = fmax(most, fabs((double)p.m.grads[k]));
        for (size_t k = 0; k < p.m.param_count; k++)
            CHECK_NEAR((double)q.m.grads[k], (double)p.m.grads[k], 1e-5 * most);
        pair_end(&p);
        pair_end(&q);
    }
}

/* ---- memory ---- */

static void passes_allocate_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++) {
        struct pair p = pair_start(&convnet_cases[i], BLOCKS, &variants[0], BATCH);
        const size_t before = memory_count();
        for (int round = 0; round < 3; round++)
            run_gradient(&p, round % 2 ? MODEL_TRAIN : MODEL_EVALUATE, 1);
        assert_int_equal(memory_count(), before);
        p.batch = 2;
        run_gradient(&p, MODEL_TRAIN, 0);
        const size_t after = memory_count();
        run_gradient(&p, MODEL_TRAIN, 0);
        p.batch = BATCH;
        run_gradient(&p, MODEL_TRAIN, 0);
        assert_int_equal(memory_count(), after);
        pair_end(&p);
    }
}

static void creation_without_memory_says_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i += 2) {
        const struct convnet_spec s = convnet_cases[i].spec(ODD);
        enum status status = STATUS_MEMORY;
        for (size_t k = 1; status != STATUS_OK; k++) {
            struct convnet *net;
            memory_fail_at(k);
            status = convnet_create(&net, &s, &variants[0]);
            memory_fail_at(0);
            CHECK_TRUE((status == STATUS_OK) == (net != NULL));
            CHECK_TRUE(status == STATUS_OK || status == STATUS_MEMORY);
            CHECK_TRUE(status != STATUS_OK || k > 10);
            convnet_free(net);
        }
    }
    convnet_free(NULL);
}

static void pass_without_memory(struct pair *p, size_t batch)
{
    memory_fail_at(1);
    p->m.forward(p->m.self, p->x, batch, MODEL_EVALUATE);
    memory_fail_at(0);
}

static void a_new_batch_size_without_memory_aborts(void **state)
{
    struct pair p = pair_start(&convnet_cases[0], ODD, &variants[0], BATCH);

    (void)state;
    CHECK_ABORTS(pass_without_memory(&p, BATCH - 1));
    pass_without_memory(&p, BATCH); /* made at creation */
    pair_end(&p);
}

static void networks_for_evaluation_are_smaller_and_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++) {
        const struct convnet_options alone = {.max_batch = BATCH, .evaluate_only = 1};
        struct pair p = pair_start(&convnet_cases[i], BLOCKS, &variants[0], BATCH);
        struct pair q = pair_start(&convnet_cases[i], BLOCKS, &alone, BATCH);
        const size_t n = BATCH * p.m.outputs;
        const float *a = p.m.forward(p.m.self, p.x, BATCH, MODEL_EVALUATE);
        const float *b = q.m.forward(q.m.self, q.x, BATCH, MODEL_EVALUATE);
        for (size_t k = 0; k < n; k++)
            CHECK_NEAR((double)b[k], (double)a[k], 0);
        CHECK_TRUE(q.m.grads == NULL && convnet_memory(q.net).deltas == 0);
        CHECK_TRUE(convnet_memory(q.net).params < convnet_memory(p.net).params);
        CHECK_ABORTS(q.m.backward(q.m.self, q.weighting, 0));
        pair_end(&p);
        pair_end(&q);
    }
}

/* ---- what else a caller relies on ---- */

static void activations_can_be_looked_at(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++) {
        struct pair p = pair_start(&convnet_cases[i], BLOCKS, &variants[1], BATCH);
        loops_start(&p);
        naive_forward(&p.loops, MODEL_EVALUATE, *p.m.rng);
        p.m.forward(p.m.self, p.x, BATCH, MODEL_EVALUATE);
        for (size_t k = 1; k <= p.spec.count; k++) {
            const size_t n = BATCH * naive_features(&p.spec, k);
            float *out = memory_get(n, sizeof *out);
            convnet_features(p.net, k, out);
            check_close(p.name, "features", out, p.loops.tensors[k], n,
                        1e-5 * largest(p.loops.tensors[k], n));
            memory_free(out);
        }
        naive_end(&p.loops);
        pair_end(&p);
    }
}

/* Uniform in +-1 / sqrt(fan_in), the same bits for the same stream. */
static void initial_weights_are_uniform(void **state)
{
    const struct convnet_spec s = case_preactivation(BLOCKS);
    struct rng one = rng_stream(1, "init"), two = one;
    struct convnet *a, *b;

    (void)state;
    CHECK_STATUS(convnet_create(&a, &s, &variants[0]), STATUS_OK);
    CHECK_STATUS(convnet_create(&b, &s, &variants[0]), STATUS_OK);
    convnet_init(a, &one);
    convnet_init(b, &two);
    const struct model m = convnet_model(a), n = convnet_model(b);
    CHECK_TRUE(memcmp(m.params, n.params, m.param_count * sizeof(float)) == 0);
    for (size_t i = 0; i < s.count; i++) {
        const float *w = m.params + convnet_params_at(a, i);
        const double bound = 1 / sqrt((double)s.shapes[s.layers[i].from].c * 9);
        double most = 0;
        if (s.layers[i].kind == LAYER_BATCH_NORM)
            for (size_t k = 0; k < 2 * BLOCKS; k++)
                CHECK_NEAR((double)w[k], k < BLOCKS ? 1 : 0, 0);
        if (s.layers[i].kind != LAYER_CONV || s.layers[i].kernel != 3)
            continue;
        for (size_t k = 0; k < convnet_layer_params(&s, i); k++)
            most = fmax(most, fabs((double)w[k]));
        CHECK_TRUE(most <= bound && most > 0.95 * bound);
    }
    convnet_free(a);
    convnet_free(b);
}

static void times_are_added_up(void **state)
{
    struct pair p = pair_start(&convnet_cases[0], BLOCKS, &variants[0], BATCH);
    struct convnet_times times;

    (void)state;
    convnet_time(p.net, &times);
    run_gradient(&p, MODEL_TRAIN, 0);
    CHECK_TRUE(times.conv_forward > 0 && times.conv_data > 0 && times.conv_weights > 0);
    CHECK_TRUE(times.norm > 0 && times.other > 0);
    convnet_time(p.net, NULL);
    const double before = times.norm;
    run_gradient(&p, MODEL_TRAIN, 0);
    CHECK_NEAR(times.norm, before, 0);
    pair_end(&p);
}

static void layout_is_recorded(void **state)
{
    struct pair odd = pair_start(&convnet_cases[0], ODD, &variants[0], BATCH);
    struct pair blocks = pair_start(&convnet_cases[0], BLOCKS, &variants[0], BATCH);
    struct provenance p = {0};

    (void)state;
    convnet_record(odd.net, &p);
    CHECK_TEXT(provenance_get(&p, "net.layout"), "channels last");
    CHECK_TEXT(provenance_get(&p, "net.winograd"), "0 of 6 convolutions");
    convnet_record(blocks.net, &p);
    CHECK_TRUE((strstr(provenance_get(&p, "net.layout"), "blocks of") != NULL) ==
               (conv_block() > 0));
    provenance_free(&p);
    pair_end(&odd);
    pair_end(&blocks);
}

static struct convnet_spec two_layers(void)
{
    struct convnet_spec s = convnet_spec_start(2, 4, 4);

    convnet_linear(&s, convnet_conv(&s, 0, 3, 3, 1, 1, 0), 4);
    return s;
}

static void try_create(const struct convnet_spec *s, size_t max_batch)
{
    const struct convnet_options options = {.max_batch = max_batch};
    struct convnet *net;

    if (convnet_create(&net, s, &options) == STATUS_OK)
        convnet_free(net);
}

static void plans_without_sense_abort(void **state)
{
    struct convnet_spec s = two_layers(), images = convnet_spec_start(2, 4, 4);
    struct convnet_spec unread = two_layers(), none = convnet_spec_start(2, 4, 4);

    (void)state;
    CHECK_ABORTS(convnet_conv(&s, 9, 3, 3, 1, 1, 0));
    CHECK_ABORTS(convnet_conv(&s, 0, 3, 7, 1, 1, 0));
    CHECK_ABORTS(convnet_add(&s, 0, 1));
    CHECK_ABORTS(convnet_dropout(&s, 1, 1.0, 0));
    CHECK_ABORTS(convnet_reshape(&s, 2, 3, 1, 1));
    CHECK_ABORTS(convnet_reshape(&s, 1, 3, 4, 4));
    CHECK_ABORTS(convnet_linear(&s, 1, 0));
    CHECK_ABORTS(convnet_max_pool(&s, 1, 5, 1, 0));
    CHECK_ABORTS(convnet_spec_start(0, 1, 1));
    convnet_conv(&images, 0, 3, 3, 1, 1, 0);
    convnet_linear(&unread, 1, 4);
    CHECK_ABORTS(try_create(&images, 1));
    CHECK_ABORTS(try_create(&unread, 1));
    CHECK_ABORTS(try_create(&none, 1));
    CHECK_ABORTS(try_create(&s, 0));
}

static void passes_out_of_order_abort(void **state)
{
    struct pair p = pair_start(&convnet_cases[1], ODD, &variants[0], BATCH);
    float out[1];

    (void)state;
    CHECK_ABORTS(p.m.backward(p.m.self, p.weighting, 0));
    CHECK_ABORTS(p.m.forward(p.m.self, p.x, 0, MODEL_TRAIN));
    CHECK_ABORTS(p.m.forward(p.m.self, p.x, BATCH + 1, MODEL_TRAIN));
    CHECK_ABORTS(convnet_features(p.net, p.spec.count + 1, out));
    CHECK_ABORTS(convnet_input_gradient(p.net));
    pair_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_without_sense_abort),
        cmocka_unit_test(passes_out_of_order_abort),
        cmocka_unit_test(outputs_agree_with_loops),
        cmocka_unit_test(convolutions_have_fast_code),
        cmocka_unit_test(loss_agrees_with_loops),
        cmocka_unit_test(gradients_agree_with_differences),
        cmocka_unit_test(gradients_in_blocks_agree_with_differences),
        cmocka_unit_test(input_gradients_agree_with_differences),
        cmocka_unit_test(running_statistics_follow_their_formula),
        cmocka_unit_test(evaluation_changes_nothing),
        cmocka_unit_test(dropout_draws_anew_each_pass),
        cmocka_unit_test(what_is_kept_does_not_matter),
        cmocka_unit_test(leftovers_do_not_matter),
        cmocka_unit_test(places_begin_on_a_boundary),
        cmocka_unit_test(live_gradients_lie_apart),
        cmocka_unit_test(gradients_are_kept_and_added),
        cmocka_unit_test(smaller_batches_are_the_same_network),
        cmocka_unit_test(passes_allocate_nothing),
        cmocka_unit_test(creation_without_memory_says_so),
        cmocka_unit_test(a_new_batch_size_without_memory_aborts),
        cmocka_unit_test(networks_for_evaluation_are_smaller_and_agree),
        cmocka_unit_test(activations_can_be_looked_at),
        cmocka_unit_test(initial_weights_are_uniform),
        cmocka_unit_test(times_are_added_up),
        cmocka_unit_test(layout_is_recorded),
        cmocka_unit_test(all_holds_with_avx2),
        cmocka_unit_test(gradients_do_not_hang_on_threads), /* last: no fork after threads */
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("convnet", tests, NULL, NULL);
}
