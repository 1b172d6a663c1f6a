/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks over images against the same networks as plain loops in double: outputs, and gradients
 * against central differences of the loops (convnet_pair.h says how near). */
#include "convnet_pair.h"

#include "again_with.h"
#include "base/parallel.h"

/* ---- outputs ---- */

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

/* ---- gradients ---- */

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

/* Blocks of a residual net without biases, and convolutions with bias and ReLU, at 64 channels. */
static void gradients_of_winograd_agree_with_differences(void **state)
{
    static const size_t chosen[] = {0, 2};

    (void)state;
    if (conv_block() < 16) {
        say_skipped("gradients of Winograd", "no AVX-512");
        return;
    }
    for (size_t k = 0; k < 2; k++) {
        struct pair p = pair_start(&convnet_cases[chosen[k]], 64, &variants[0], BATCH);
        CHECK_TRUE(convnet_winograd_count(p.net) >= 1);
        check_outputs(&p, MODEL_EVALUATE);
        check_directions(&p, MODEL_TRAIN);
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

/* A network made and run on two threads. */
static struct pair run_on_two(const struct convnet_case *c, const struct convnet_options *options)
{
    blas_set_threads(2);
    const int threads = parallel_threads(); /* 1 without OpenMP */
    struct pair q = pair_start(c, BLOCKS, options, BATCH);
    assert_int_equal(parallel_threads(), threads);
    q.m.forward(q.m.self, q.x, BATCH, MODEL_TRAIN);
    assert_int_equal(parallel_threads(), threads);
    q.m.backward(q.m.self, q.weighting, 0);
    assert_int_equal(parallel_threads(), threads);
    blas_set_threads(1);
    return q;
}

static void gradients_do_not_hang_on_threads(void **state)
{
    const struct convnet_options options = {.max_batch = BATCH, .all_threads = 1};

    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++) {
        struct pair p = pair_start(&convnet_cases[i], BLOCKS, &variants[0], BATCH);
        run_gradient(&p, MODEL_TRAIN, 0);
        struct pair q = run_on_two(&convnet_cases[i], &options);
        double most = 0;
        for (size_t k = 0; k < p.m.param_count; k++)
            most = fmax(most, fabs((double)p.m.grads[k]));
        for (size_t k = 0; k < p.m.param_count; k++)
            CHECK_NEAR((double)q.m.grads[k], (double)p.m.grads[k], 1e-5 * most);
        pair_end(&p);
        pair_end(&q);
    }
}

/* All of these are small: their bits are those of one thread. */
static void small_passes_run_on_one_thread(void **state)
{
    (void)state;
    blas_set_threads(2);
    const int has_threads = parallel_threads() == 2;
    blas_set_threads(1);
    if (!has_threads) { /* the libraries' own are not counted then */
        say_skipped("threads of small passes", "built without OpenMP");
        return;
    }
    for (size_t i = 0; i < CONVNET_CASES; i++) {
        struct pair p = pair_start(&convnet_cases[i], BLOCKS, &variants[0], BATCH);
        run_gradient(&p, MODEL_TRAIN, 0);
        struct pair q = run_on_two(&convnet_cases[i], &variants[0]);
        assert_memory_equal(q.m.grads, p.m.grads, p.m.param_count * sizeof(float));
        pair_end(&p);
        pair_end(&q);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_have_fast_code),
        cmocka_unit_test(outputs_agree_with_loops),
        cmocka_unit_test(loss_agrees_with_loops),
        cmocka_unit_test(gradients_agree_with_differences),
        cmocka_unit_test(gradients_in_blocks_agree_with_differences),
        cmocka_unit_test(gradients_of_winograd_agree_with_differences),
        cmocka_unit_test(input_gradients_agree_with_differences),
        cmocka_unit_test(gradients_are_kept_and_added),
        cmocka_unit_test(smaller_batches_are_the_same_network),
        cmocka_unit_test(all_holds_with_avx2),
        cmocka_unit_test(small_passes_run_on_one_thread),
        cmocka_unit_test(gradients_do_not_hang_on_threads), /* last: no fork after threads */
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("convnet", tests, NULL, NULL);
}
