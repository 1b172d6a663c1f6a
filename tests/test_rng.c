/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random streams: known answers (computed with an independent implementation of the header's
 * text), moments, uniformity, independence of labels, and bits that do not depend on libm. */
#include "test.h"

#include <gsl/gsl_cdf.h>
#include <Random123/philox.h>
#include <Random123/threefry.h>
#include <sys/wait.h>

#include "aborts.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/rng.h"

enum { MILLION = 1000000 };

/* What digest_of_bits gives with every compiler, on every CPU. */
static const char PINNED_BITS[] =
    "bf75b44936724a99295a01f115c34907bf637756ed736a042e57206a51402075";

/* ---- known answers ---- */

static void check_philox(const uint32_t counter[4], const uint32_t key[2], const uint32_t out[4])
{
    philox4x32_ctr_t c;
    philox4x32_key_t k;

    memcpy(c.v, counter, sizeof c.v);
    memcpy(k.v, key, sizeof k.v);
    const philox4x32_ctr_t got = philox4x32(c, k);
    for (int i = 0; i < 4; i++)
        assert_int_equal(got.v[i], out[i]);
}

static void philox_known_answers(void **state)
{
    (void)state;
    const uint32_t zeros[4] = {0}, ones[4] = {~0u, ~0u, ~0u, ~0u};
    const uint32_t pi[4] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344};
    const uint32_t key[2] = {0xa4093822, 0x299f31d0};
    const uint32_t of_zeros[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    const uint32_t of_ones[4] = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
    const uint32_t of_pi[4] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};

    check_philox(zeros, zeros, of_zeros);
    check_philox(ones, ones, of_ones);
    check_philox(pi, key, of_pi);
    const threefry2x32_ctr_t c = {{0, 0}};
    const threefry2x32_key_t k = {{0, 0}};
    const threefry2x32_ctr_t t = threefry2x32(c, k);
    assert_int_equal(t.v[0], 0x6b200159);
    assert_int_equal(t.v[1], 0x99ba4efe);
}

static void check_words(struct rng r, const uint32_t words[6])
{
    for (int i = 0; i < 6; i++)
        assert_int_equal(rng_word(&r), words[i]);
}

static void stream_known_words(void **state)
{
    (void)state;
    const uint32_t init[6] = {0x260a26b9, 0x6578edd9, 0xf7fd426f,
                              0xb2165c89, 0xda279c06, 0xb6d71c6e};
    const uint32_t sample[6] = {0x5f271c1d, 0x636c6bd5, 0x22fc18c8,
                                0x264d9ed0, 0x681e1cf7, 0xd5ec4730};
    const uint32_t nameless[6] = {0x9b20a20a, 0xb77e1972, 0x48f53256,
                                  0x2b588046, 0xf98cdcdc, 0x9f3dcd15};

    check_words(rng_stream(0, "init"), init);
    check_words(rng_stream(1, "sample:%d", 3), sample);
    check_words(rng_stream(0x123456789abcdef0u, "%s", ""), nameless);
}

static void words_of_64_bits_begin_with_the_low_half(void **state)
{
    (void)state;
    struct rng r = rng_stream(0, "init");

    CHECK_TRUE(rng_word64(&r) == 0x6578edd9260a26b9u);
}

static void uniform_known_answers(void **state)
{
    (void)state;
    const double expected[4] = {0x1.747b065697769p-1, 0x1.56e071593ab5fp-1, 0x1.4bfdad08965e0p-2,
                                0x1.0ce807c6e7c41p-1};
    const float expectedf[4] = {0x1.ef8350p-1f, 0x1.03c932p-1f, 0x1.5cdae4p-2f, 0x1.577d72p-1f};
    struct rng r = rng_stream(1, "uniform"), rf = rng_stream(1, "uniformf");

    for (int i = 0; i < 4; i++) {
        CHECK_NEAR(rng_uniform(&r), expected[i], 0.0);
        CHECK_NEAR((double)rng_uniformf(&rf), (double)expectedf[i], 0.0);
    }
}

/* The second bound is 3/4 of 2^32: a quarter of the words is rejected. */
static void below_known_answers(void **state)
{
    (void)state;
    const uint32_t small[12] = {7, 1, 0, 4, 2, 2, 5, 4, 2, 6, 7, 3};
    const uint32_t large[4] = {502795909, 1861599698, 1647007580, 2646026930};
    struct rng r = rng_stream(1, "below");

    for (int i = 0; i < 12; i++)
        assert_int_equal(rng_below(&r, 10), small[i]);
    for (int i = 0; i < 4; i++)
        assert_int_equal(rng_below(&r, 0xc0000000u), large[i]);
    assert_int_equal(r.block, 5);
}

/* The independent implementation used another logarithm, hence the tolerance; the exact bits are
 * held by bits_are_pinned. */
static void normal_known_answers(void **state)
{
    (void)state;
    const double expected[6] = {-0x1.8b73105cef745p-5, 0x1.3263251c5f7dep+0,
                                0x1.074a73d3cb3c7p+0,  0x1.d67ed882176e5p+0,
                                -0x1.777ec13727737p-1, -0x1.ad5cd229398a2p+0};
    struct rng r = rng_stream(1, "normal"), again = rng_stream(1, "normal");
    double many[6];
    float manyf[6];

    rng_normals(&again, many, 6);
    again = rng_stream(1, "normal");
    rng_normalsf(&again, manyf, 6);
    for (int i = 0; i < 6; i++) {
        const double one = rng_normal(&r);
        CHECK_RELATIVE(one, expected[i], 1e-15);
        CHECK_NEAR(many[i], one, 0.0);
        CHECK_TRUE(manyf[i] == (float)one);
    }
}

static void permutation_known_answers(void **state)
{
    (void)state;
    const uint32_t expected[12] = {1, 8, 4, 10, 6, 11, 7, 0, 3, 5, 2, 9};
    const uint32_t chosen[5] = {35, 28, 42, 16, 67};
    uint32_t out[12];
    struct rng r = rng_stream(1, "permutation");

    rng_permutation(&r, out, 12);
    assert_memory_equal(out, expected, sizeof out);
    r = rng_stream(1, "choose");
    rng_choose(&r, out, 5, 100);
    assert_memory_equal(out, chosen, sizeof chosen);
}

/* ---- bits ---- */

/* A million integers, uniforms and normals, and permutations, as a digest. */
static void digest_of_bits(char out[DIGEST_TEXT])
{
    struct rng r = rng_stream(7, "bits");
    uint32_t order[1000];
    struct digest d;

    digest_start(&d);
    for (uint32_t i = 0; i < MILLION; i++) {
        const uint32_t integer = rng_below(&r, i + 1);
        const double uniform = rng_uniform(&r), normal = rng_normal(&r);
        const float uniformf = rng_uniformf(&r);
        digest_bytes(&d, &integer, sizeof integer);
        digest_bytes(&d, &uniform, sizeof uniform);
        digest_bytes(&d, &normal, sizeof normal);
        digest_bytes(&d, &uniformf, sizeof uniformf);
    }
    for (int i = 0; i < 1000; i++) {
        rng_permutation(&r, order, 1000);
        digest_bytes(&d, order, sizeof order);
    }
    digest_end(&d, out);
}

static void bits_are_pinned(void **state)
{
    (void)state;
    char bits[DIGEST_TEXT];

    digest_of_bits(bits);
    CHECK_TEXT(bits, PINNED_BITS);
}

/* This program again, as it computes with another variant of libm. */
static void run_digest(const char *tunables, char out[DIGEST_TEXT])
{
    int ends[2], status = -1;
    size_t n = 0;

    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        setenv("GLIBC_TUNABLES", tunables, 1);
        execl("/proc/self/exe", "test_rng", "--digest", (char *)NULL);
        _exit(127);
    }
    CHECK_TRUE(child > 0);
    close(ends[1]);
    for (ssize_t k; n < DIGEST_TEXT - 1 && (k = read(ends[0], out + n, DIGEST_TEXT - 1 - n)) > 0;)
        n += (size_t)k;
    out[n] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void bits_do_not_depend_on_libm(void **state)
{
    (void)state;
    char plain[DIGEST_TEXT], reduced[DIGEST_TEXT];

    run_digest("", plain);
    run_digest("glibc.cpu.hwcaps=-FMA,-AVX2", reduced);
    CHECK_TEXT(plain, PINNED_BITS);
    CHECK_TEXT(reduced, PINNED_BITS);
}

/* ---- the logarithm ---- */

static void log_agrees_with_libm(void **state)
{
    (void)state;
    struct rng r = rng_stream(1, "log");
    double worst = 0;

    for (int i = 0; i < MILLION; i++) {
        const double x = ldexp(1 + rng_uniform(&r), (int)rng_below(&r, 120) - 110);
        const double error = fabs(rng_log(x) / log(x) - 1);
        worst = error <= worst ? worst : error; /* a NaN stays */
    }
    CHECK_NEAR(worst, 0, 1e-15);
}

/* Near 1 the logarithm is near 0, and only a relative error shows what is lost. */
static void log_is_accurate_near_one(void **state)
{
    (void)state;
    struct rng r = rng_stream(2, "log");

    CHECK_NEAR(rng_log(1), 0, 0.0);
    for (int i = 0; i < 100000; i++) {
        const double x = 1 + (rng_uniform(&r) - 0.5) * ldexp(1, -(int)rng_below(&r, 50));
        if (x != 1)
            CHECK_RELATIVE(rng_log(x), log(x), 1e-15);
    }
}

/* ---- distributions ---- */

/* Moments of a million normals, each within 5 standard errors. */
static void normal_moments(void **state)
{
    (void)state;
    struct rng r = rng_stream(1, "moments");
    double sum[5] = {0};

    for (int i = 0; i < MILLION; i++) {
        const double x = rng_normal(&r);
        double power = 1;
        for (int k = 1; k <= 4; k++)
            sum[k] += power *= x;
    }
    CHECK_NEAR(sum[1] / MILLION, 0, 5 * sqrt(1.0 / MILLION));
    CHECK_NEAR(sum[2] / MILLION, 1, 5 * sqrt(2.0 / MILLION));
    CHECK_NEAR(sum[3] / MILLION, 0, 5 * sqrt(15.0 / MILLION));
    CHECK_NEAR(sum[4] / MILLION, 3, 5 * sqrt(96.0 / MILLION));
}

/* The upper tail probability of Pearson's statistic for equal cells. */
static double chi_square(const size_t *counts, size_t cells, double draws)
{
    const double expected = draws / (double)cells;
    double sum = 0;

    for (size_t i = 0; i < cells; i++)
        sum += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    return gsl_cdf_chisq_Q(sum, (double)cells - 1);
}

static void below_is_uniform(void **state)
{
    (void)state;
    const uint32_t bounds[] = {2, 3, 10, 97, 0xc0000000u};
    static size_t counts[97];

    for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++) {
        const uint32_t cells = bounds[b] < 97 ? bounds[b] : bounds[b] == 97 ? 97 : 96;
        struct rng r = rng_stream(1, "below:%u", bounds[b]);
        memset(counts, 0, sizeof counts);
        for (int i = 0; i < MILLION; i++)
            counts[(uint64_t)rng_below(&r, bounds[b]) * cells / bounds[b]]++;
        const double p = chi_square(counts, cells, MILLION);
        CHECK_TRUE(p > 1e-3 && p < 1 - 1e-6);
    }
}

static void uniforms_are_uniform(void **state)
{
    (void)state;
    static size_t counts[256], countsf[256];
    struct rng r = rng_stream(1, "uniform cells"), rf = rng_stream(1, "uniform cells");

    for (int i = 0; i < MILLION; i++) {
        const double u = rng_uniform(&r);
        const float v = rng_uniformf(&rf);
        CHECK_TRUE(u >= 0 && u < 1 && v >= 0 && v < 1);
        counts[(size_t)(256 * u)]++;
        countsf[(size_t)(256 * v)]++;
    }
    const double p = chi_square(counts, 256, MILLION), pf = chi_square(countsf, 256, MILLION);
    CHECK_TRUE(p > 1e-3 && p < 1 - 1e-6);
    CHECK_TRUE(pf > 1e-3 && pf < 1 - 1e-6);
}

static void check_beta(double a, double b)
{
    struct rng r = rng_stream(1, "beta:%g:%g", a, b);
    const double mean = a / (a + b), variance = mean * (1 - mean) / (a + b + 1);
    const int n = 200000;
    double sum = 0, squares = 0;

    for (int i = 0; i < n; i++) {
        const double x = rng_beta(&r, a, b);
        CHECK_TRUE(x >= 0 && x <= 1);
        sum += x;
        squares += (x - mean) * (x - mean);
    }
    CHECK_NEAR(sum / n, mean, 5 * sqrt(variance / n));
    CHECK_RELATIVE(squares / n, variance, 0.02);
}

static void beta_mean_and_variance(void **state)
{
    (void)state;
    check_beta(2, 3);
    check_beta(0.2, 0.2);
    check_beta(0.5, 4);
}

/* ---- streams ---- */

/* 5 standard errors of the correlation of two independent streams. */
static void check_uncorrelated(struct rng a, struct rng b)
{
    double sum = 0;

    for (int i = 0; i < MILLION; i++)
        sum += (rng_uniform(&a) - 0.5) * (rng_uniform(&b) - 0.5);
    CHECK_NEAR(12 * sum / MILLION, 0, 5e-3);
}

static void streams_are_uncorrelated(void **state)
{
    (void)state;
    check_uncorrelated(rng_stream(1, "a"), rng_stream(1, "b"));
    check_uncorrelated(rng_stream(1, "task:1"), rng_stream(1, "task:2"));
    check_uncorrelated(rng_stream(1, "a"), rng_stream(2, "a"));
    struct rng shifted = rng_stream(1, "a");
    rng_word64(&shifted);
    check_uncorrelated(rng_stream(1, "a"), shifted);
}

static void streams_repeat_and_differ(void **state)
{
    (void)state;
    struct rng a = rng_stream(3, "x"), b = rng_stream(3, "x"), c = rng_stream(3, "y");
    int same = 0;

    for (int i = 0; i < 1000; i++) {
        const uint32_t word = rng_word(&a);
        assert_int_equal(word, rng_word(&b));
        same += word == rng_word(&c);
    }
    assert_int_equal(same, 0);
}

/* ---- permutations ---- */

static void permutation_is_one(void **state)
{
    (void)state;
    static uint32_t out[10000];
    static unsigned char seen[10000];

    for (size_t n = 0; n <= 10000; n = 3 * n + 1) {
        struct rng r = rng_stream(n, "permutation");
        memset(seen, 0, sizeof seen);
        rng_permutation(&r, out, n);
        for (size_t i = 0; i < n; i++) {
            CHECK_TRUE(out[i] < n && !seen[out[i]]);
            seen[out[i]] = 1;
        }
    }
}

/* All 24 orders of 4 items equally often. */
static void permutations_are_uniform(void **state)
{
    (void)state;
    size_t counts[256] = {0}, cells[24], n = 0;
    struct rng r = rng_stream(1, "orders");
    uint32_t p[4];

    for (int i = 0; i < 240000; i++) {
        rng_permutation(&r, p, 4);
        counts[p[0] | p[1] << 2 | p[2] << 4 | p[3] << 6]++;
    }
    for (size_t i = 0; i < 256; i++)
        if (counts[i] > 0)
            cells[n < 24 ? n++ : 0] = counts[i];
    assert_int_equal(n, 24);
    const double probability = chi_square(cells, 24, 240000);
    CHECK_TRUE(probability > 1e-3 && probability < 1 - 1e-6);
}

static void shuffle_makes_the_draws_of_a_permutation(void **state)
{
    (void)state;
    uint32_t items[50], order[50];
    struct rng r = rng_stream(1, "shuffle");

    rng_permutation(&r, order, 50);
    for (uint32_t i = 0; i < 50; i++)
        items[i] = 100 + i;
    r = rng_stream(1, "shuffle");
    rng_shuffle(&r, items, 50);
    for (int i = 0; i < 50; i++)
        assert_int_equal(items[i], 100 + order[i]);
}

/* Distinct, below n, and each index equally often in each place. */
static void choose_is_distinct_and_uniform(void **state)
{
    (void)state;
    size_t first[10] = {0}, last[10] = {0};
    struct rng r = rng_stream(1, "choose");
    uint32_t out[10];

    for (int i = 0; i < 100000; i++) {
        rng_choose(&r, out, 3, 10);
        CHECK_TRUE(out[0] < 10 && out[1] < 10 && out[2] < 10);
        CHECK_TRUE(out[0] != out[1] && out[1] != out[2] && out[0] != out[2]);
        first[out[0]]++;
        last[out[2]]++;
    }
    CHECK_TRUE(chi_square(first, 10, 100000) > 1e-3);
    CHECK_TRUE(chi_square(last, 10, 100000) > 1e-3);
    rng_choose(&r, out, 10, 10);
    unsigned seen = 0;
    for (int i = 0; i < 10; i++)
        seen |= 1u << out[i];
    assert_int_equal(seen, 0x3ff);
    rng_choose(&r, NULL, 0, 10);
}

/* ---- bounds ---- */

/* Every half of block, label and seed has its own place in Philox's counter and key. */
static void blocks_are_counted_in_64_bits(void **state)
{
    (void)state;
    struct rng r = {.seed = 0x0123456789abcdefu, .label = 0xfedcba9876543210u,
                    .block = 0xa5a5a5a5ffffffffu};
    const philox4x32_key_t key = {{0x89abcdefu, 0x01234567u}};
    philox4x32_ctr_t counter = {{0xffffffffu, 0xa5a5a5a5u, 0x76543210u, 0xfedcba98u}};

    for (int block = 0; block < 2; block++) {
        const philox4x32_ctr_t expected = philox4x32(counter, key);
        for (int i = 0; i < 4; i++)
            assert_int_equal(rng_word(&r), expected.v[i]);
        counter.v[0] = 0;
        counter.v[1]++;
    }
}

static void labels_have_at_most_255_bytes(void **state)
{
    (void)state;
    char label[257];

    memset(label, 'x', sizeof label);
    label[256] = 0;
    CHECK_TRUE(rng_stream(1, "%s", label + 1).label != rng_stream(1, "%s", label + 2).label);
    CHECK_ABORTS((void)rng_stream(1, "%s", label));
}

static void arguments_out_of_range_abort(void **state)
{
    (void)state;
    struct rng r = rng_stream(1, "bounds");
    uint32_t out[2];

    assert_int_equal(rng_below(&r, 1), 0);
    CHECK_ABORTS((void)rng_below(&r, 0));
    CHECK_RELATIVE(rng_log(0x1p-1022), -1022 * 0x1.62e42fefa39efp-1, 1e-15);
    CHECK_RELATIVE(rng_log(0x1.fffffffffffffp1023), 1024 * 0x1.62e42fefa39efp-1, 1e-15);
    CHECK_ABORTS((void)rng_log(0x0.fffffffffffffp-1022));
    CHECK_ABORTS((void)rng_log((double)INFINITY));
    CHECK_ABORTS((void)rng_log((double)NAN));
    CHECK_TRUE(rng_beta(&r, 0x1p-10, 0x1p-10) >= 0);
    CHECK_ABORTS((void)rng_beta(&r, 0, 1));
    CHECK_ABORTS((void)rng_beta(&r, 1, 0));
    CHECK_ABORTS(rng_choose(&r, out, 2, 1));
    CHECK_ABORTS(rng_choose(&r, out, 1, (size_t)UINT32_MAX + 1));
    CHECK_ABORTS(rng_shuffle(&r, NULL, (size_t)UINT32_MAX + 1));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_known_answers),
        cmocka_unit_test(stream_known_words),
        cmocka_unit_test(words_of_64_bits_begin_with_the_low_half),
        cmocka_unit_test(uniform_known_answers),
        cmocka_unit_test(below_known_answers),
        cmocka_unit_test(normal_known_answers),
        cmocka_unit_test(permutation_known_answers),
        cmocka_unit_test(bits_are_pinned),
        cmocka_unit_test(bits_do_not_depend_on_libm),
        cmocka_unit_test(log_agrees_with_libm),
        cmocka_unit_test(log_is_accurate_near_one),
        cmocka_unit_test(normal_moments),
        cmocka_unit_test(below_is_uniform),
        cmocka_unit_test(uniforms_are_uniform),
        cmocka_unit_test(beta_mean_and_variance),
        cmocka_unit_test(streams_are_uncorrelated),
        cmocka_unit_test(streams_repeat_and_differ),
        cmocka_unit_test(permutation_is_one),
        cmocka_unit_test(permutations_are_uniform),
        cmocka_unit_test(shuffle_makes_the_draws_of_a_permutation),
        cmocka_unit_test(choose_is_distinct_and_uniform),
        cmocka_unit_test(blocks_are_counted_in_64_bits),
        cmocka_unit_test(labels_have_at_most_255_bytes),
        cmocka_unit_test(arguments_out_of_range_abort),
    };
    char bits[DIGEST_TEXT];

    if (argc == 2 && strcmp(argv[1], "--digest") == 0) {
        digest_of_bits(bits);
        return printf("%s", bits) == DIGEST_TEXT - 1 ? 0 : 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
