/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What shares memory in a network over images, and that nothing notices. */
#include "convnet_pair.h"

#include "again_with.h"
#include "net/convnet_models.h"
#include "net/train.h"

/* ---- bits ---- */

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
            CHECK_TRUE(convnet_memory(p.net).room <= convnet_memory(q.net).room);
            pair_end(&p);
            pair_end(&q);
        }
}

/* The last moment of the forward pass: what is alive then and later is what it leaves. */
static size_t turn(const struct convnet *net)
{
    return 4 * net->spec.count - 1;
}

/* All of the block that holds nothing at the turn. */
static void poison_unused(struct convnet *net)
{
    char *used = memory_get(net->room_size, 1);

    for (size_t k = 0; k < net->place_count; k++)
        if (net->places[k].from <= turn(net) && net->places[k].to > turn(net))
            memset(used + net->places[k].at, 1, net->places[k].size);
    for (size_t i = 0; i < net->room_size; i++)
        if (!used[i])
            net->room[i] = NAN;
    memory_free(used);
}

/* Nothing that an earlier pass or another batch left behind is read, nor what the plan says is no
 * longer alive. */
static void leftovers_do_not_matter(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++)
        for (size_t c = ODD; c <= BLOCKS; c += BLOCKS - ODD)
            for (size_t v = 0; v < VARIANTS; v++) {
                struct pair p = pair_start(&convnet_cases[i], c, &variants[v], BATCH);
                run_gradient(&p, MODEL_EVALUATE, 0);
                float *expected = copy_of(p.m.grads, p.m.param_count);
                poison(p.net->room, p.net->room_size);
                poison(p.m.grads, p.m.param_count);
                p.m.forward(p.m.self, p.x, BATCH, MODEL_EVALUATE);
                poison_unused(p.net);
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
        for (size_t k = 0; k < p.net->place_count; k++)
            CHECK_TRUE((uintptr_t)(p.net->room + p.net->places[k].at) % 64 == 0);
        for (size_t k = 1; k <= p.spec.count; k++)
            CHECK_TRUE((uintptr_t)p.net->tensors[k].data % 64 == 0 &&
                       (uintptr_t)p.net->tensors[k].delta % 64 == 0);
        pair_end(&p);
    }
}

static int overlap(const struct place *a, const struct place *b)
{
    return a->at < b->at + b->size && b->at < a->at + a->size;
}

/* What is alive together lies apart, and inside the block. */
static void what_is_alive_lies_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++) {
        const struct convnet_options options = {.max_batch = BATCH, .input_gradient = 1};
        struct pair p = pair_start(&convnet_cases[i], BLOCKS, &options, BATCH);
        const struct place *places = p.net->places;
        const size_t count = p.net->place_count;
        for (size_t a = 0; a < count; a++)
            for (size_t b = 0; b < count && places[a].from <= places[a].to; b++) {
                CHECK_TRUE(places[a].at + places[a].size <= p.net->room_size);
                if (a != b && places[a].from <= places[b].to && places[b].from <= places[a].to)
                    CHECK_TRUE(!overlap(&places[a], &places[b]));
            }
        pair_end(&p);
    }
}

/* The block of the papers' networks is hardly larger than what is alive at one moment (measured: at
 * most 1.07 times as large). */
static void little_room_is_lost(void **state)
{
    const struct convnet_model_options o = {.channels = 3, .size = 32, .outputs = 10};
    const struct convnet_spec specs[] = {convnet_models_conv(&o), convnet_models_wrn(&o),
                                         convnet_models_resnet(&o)};

    (void)state;
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        const struct convnet_options options = {.max_batch = 16};
        struct convnet *net;
        CHECK_STATUS(convnet_create(&net, &specs[i], &options), STATUS_OK);
        const double bound = (double)places_bound(net->places, net->place_count);
        CHECK_TRUE((double)net->room_size <= 1.1 * bound);
        convnet_free(net);
    }
}

/* Twice from one forward pass, where that was asked for. */
static void backward_passes_can_be_repeated(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++)
        for (int keep_all = 0; keep_all < 2; keep_all++) {
            const struct convnet_options options = {.max_batch = BATCH, .repeat_backward = 1,
                                                    .keep_all = keep_all};
            struct pair p = pair_start(&convnet_cases[i], BLOCKS, &options, BATCH);
            const size_t bytes = p.m.param_count * sizeof(float);
            run_gradient(&p, MODEL_TRAIN, 0);
            float *first = copy_of(p.m.grads, p.m.param_count);
            for (size_t k = 0; k < BATCH * p.m.outputs; k++)
                p.weighting[k] *= -1;
            p.m.backward(p.m.self, p.weighting, 0);
            for (size_t k = 0; k < BATCH * p.m.outputs; k++)
                p.weighting[k] *= -1;
            CHECK_TRUE(memcmp(first, p.m.grads, bytes) != 0);
            p.m.backward(p.m.self, p.weighting, 0);
            CHECK_TRUE(memcmp(first, p.m.grads, bytes) == 0);
            memory_free(first);
            pair_end(&p);
        }
}

static void backward_twice(struct pair *p)
{
    run_gradient(p, MODEL_TRAIN, 0);
    p->m.backward(p->m.self, p->weighting, 0);
}

static void a_second_backward_pass_has_to_be_asked_for(void **state)
{
    struct pair p = pair_start(&convnet_cases[0], BLOCKS, &variants[0], BATCH);

    (void)state;
    CHECK_ABORTS(backward_twice(&p));
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
        CHECK_TRUE(q.m.grads == NULL);
        CHECK_TRUE(convnet_memory(q.net).room <= convnet_memory(p.net).room);
        CHECK_TRUE(convnet_memory(q.net).params < convnet_memory(p.net).params);
        CHECK_ABORTS(q.m.backward(q.m.self, q.weighting, 0));
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

/* Where memory fails at the k-th allocation, for all k; afterwards the pass takes none. */
static void preparing_without_memory_says_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++) {
        struct pair p = pair_start(&convnet_cases[i], ODD, &variants[0], BATCH);
        enum status status = STATUS_MEMORY;
        for (size_t k = 1; status != STATUS_OK; k++) {
            memory_fail_at(k);
            status = convnet_prepare(p.net, 2);
            memory_fail_at(0);
            CHECK_TRUE(status == STATUS_OK || status == STATUS_MEMORY);
            CHECK_TRUE(status != STATUS_OK || k > 2);
        }
        p.batch = 2;
        pass_without_memory(&p, 2);
        check_outputs(&p, MODEL_EVALUATE);
        pair_end(&p);
    }
}

/* Of a size for the rest, too, the last pass is not touched. */
static void preparing_leaves_the_last_pass(void **state)
{
    struct pair p = pair_start(&convnet_cases[0], BLOCKS, &variants[0], BATCH);
    float *expected;

    (void)state;
    run_gradient(&p, MODEL_EVALUATE, 0);
    expected = copy_of(p.m.grads, p.m.param_count);
    p.m.forward(p.m.self, p.x, BATCH, MODEL_EVALUATE);
    CHECK_STATUS(convnet_prepare(p.net, 3), STATUS_OK);
    p.m.backward(p.m.self, p.weighting, 0);
    CHECK_TRUE(memcmp(expected, p.m.grads, p.m.param_count * sizeof(float)) == 0);
    memory_free(expected);
    CHECK_ABORTS((void)!convnet_prepare(p.net, BATCH + 1));
    CHECK_ABORTS((void)!convnet_prepare(p.net, 0));
    pair_end(&p);
}

/* n rows in batches: whole ones and the rest, and no more. */
static void models_prepare_for_all_their_batches(void **state)
{
    struct pair p = pair_start(&convnet_cases[0], ODD, &variants[2], BATCH + 4);
    const size_t made = p.net->shape_count;

    (void)state;
    CHECK_STATUS(model_prepare(&p.m, 3 * BATCH, BATCH), STATUS_OK);
    assert_int_equal(p.net->shape_count, made + 1);
    CHECK_STATUS(model_prepare(&p.m, 2 * BATCH + 4, BATCH), STATUS_OK);
    assert_int_equal(p.net->shape_count, made + 2);
    CHECK_STATUS(model_prepare(&p.m, 1, BATCH), STATUS_OK);
    assert_int_equal(p.net->shape_count, made + 3);
    CHECK_STATUS(model_prepare(&p.m, 13, BATCH), STATUS_OK);
    assert_int_equal(p.net->shape_count, made + 3);
    pass_without_memory(&p, 4);
    pair_end(&p);
}

/* A training of 7 examples in batches of 4 knows before its first step that memory will not do. */
static void training_without_memory_says_so(void **state)
{
    static const uint8_t labels[7] = {0, 1, 2, 3, 0, 1, 2};
    const struct train_options options = {.batch = 4, .max_epochs = 1, .learning_rate = 0.1};
    struct pair p = pair_start(&convnet_cases[0], ODD, &variants[2], 7);
    const struct train_data data = {.n = 7, .x = p.x, .labels = labels};
    struct rng rng = rng_stream(1, "order");
    struct train_result result = {.status = STATUS_MEMORY};

    (void)state;
    for (size_t k = 1; result.status != STATUS_OK; k++) {
        memory_fail_at(k);
        const enum status status = train_model(&p.m, &data, &options, &rng, &result);
        memory_fail_at(0);
        CHECK_TRUE(status == STATUS_OK || (status == STATUS_MEMORY && result.steps == 0));
        CHECK_TRUE(status != STATUS_OK || k > 2);
    }
    assert_int_equal(result.steps, 2);
    pair_end(&p);
}

/* A batch size whose passes need more workspace than their places have gets a block of its own. */
static void workspace_lies_apart_where_places_are_too_small(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONVNET_CASES; i++) {
        struct pair p = pair_start(&convnet_cases[i], BLOCKS, &variants[0], 4);
        struct pair q = pair_start(&convnet_cases[i], BLOCKS, &variants[0], 4);
        for (size_t l = 0; l < p.spec.count; l++)
            for (int pass = 0; pass < CONV_PASSES; pass++)
                q.net->layers[l].work_place[pass] = NO_PLACE;
        CHECK_STATUS(convnet_prepare(q.net, 4), STATUS_OK);
        if (convnet_conv_count(q.net) > 0)
            CHECK_TRUE(convnet_memory(q.net).workspace > 0);
        run_gradient(&p, MODEL_TRAIN, 0);
        run_gradient(&q, MODEL_TRAIN, 0);
        CHECK_TRUE(memcmp(p.m.grads, q.m.grads, p.m.param_count * sizeof(float)) == 0);
        pair_end(&p);
        pair_end(&q);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_does_not_matter),
        cmocka_unit_test(leftovers_do_not_matter),
        cmocka_unit_test(places_begin_on_a_boundary),
        cmocka_unit_test(what_is_alive_lies_apart),
        cmocka_unit_test(little_room_is_lost),
        cmocka_unit_test(backward_passes_can_be_repeated),
        cmocka_unit_test(a_second_backward_pass_has_to_be_asked_for),
        cmocka_unit_test(networks_for_evaluation_are_smaller_and_agree),
        cmocka_unit_test(passes_allocate_nothing),
        cmocka_unit_test(creation_without_memory_says_so),
        cmocka_unit_test(a_new_batch_size_without_memory_aborts),
        cmocka_unit_test(preparing_without_memory_says_so),
        cmocka_unit_test(preparing_leaves_the_last_pass),
        cmocka_unit_test(models_prepare_for_all_their_batches),
        cmocka_unit_test(training_without_memory_says_so),
        cmocka_unit_test(workspace_lies_apart_where_places_are_too_small),
        cmocka_unit_test(all_holds_with_avx2),
    };

    blas_set_threads(1);
    return cmocka_run_group_tests_name("convnet_lifetimes", tests, NULL, NULL);
}
