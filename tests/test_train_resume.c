/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_train_resume: a training that is killed goes on from its checkpoint to the bits of one that
 * was not; the checkpoint of another training, a damaged or a forged one is refused. */
#include "test.h"

#include <sys/wait.h>

#include "aborts.h"
#include "convnet_cases.h"
#include "damaged.h"
#include "data/augment.h"
#include "linalg/blas.h"
#include "net/convnet.h"
#include "net/train.h"
#include "net/train_resume.h"
#include "noisy_model.h"

enum { N = 30, SIDE = 4, IN = SIDE * SIDE, OUT = 3, BATCH = 8, EPOCHS = 6, AN_EPOCH = 4 };

static uint8_t pixels[N * IN], labels[N], record_label[N];
static uint32_t records[N];
static float x[N * IN], targets[N * OUT];
static struct dataset set;
static struct task task;
static struct augment augment;

static int start(void **state)
{
    struct rng r = rng_stream(1, "pixels");

    blas_set_threads(1);
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)rng_below(&r, 256);
    for (uint32_t i = 0; i < N; i++) {
        records[i] = i;
        labels[i] = (uint8_t)(pixels[i * IN] % OUT);
    }
    rng_normalsf(&r, targets, N * OUT);
    set = (struct dataset){.name = "test set", .count = N, .channels = 1, .rows = SIDE,
                           .cols = SIDE, .classes = OUT, .pixels = pixels, .label = record_label};
    task = (struct task){.set = &set, .index = records, .label = labels, .n = N, .classes = OUT};
    augment = augment_of_task(&task, &task_scale_unit, 1, 1, rng_stream(1, "augment"));
    task_features(x, &task, &task_scale_unit);
    return open_folder(state);
}

/* ---- one training, whole or in two processes ---- */

struct way {
    const char *name;
    struct train_options options;
    size_t every_epochs, every_steps;
    size_t kill_at;       /* training pass of the first process; the checkpoint is older */
    size_t passes;        /* that the second process makes */
    int filled, regression;
    uint64_t order;       /* seed of the stream of the order */
    float nudge;          /* moves the first parameter at the start */
};

/* The end of a training, and what on_epoch saw. */
struct end {
    struct train_result result;
    struct rng order, noise;
    float params[200], state;
    double losses[EPOCHS];
    size_t hooks, passes;
};

static int keep_loss(void *context, size_t epoch, double loss)
{
    struct end *end = context;

    CHECK_TRUE(epoch <= EPOCHS && loss > 0);
    end->losses[epoch - 1] = loss;
    end->hooks++;
    return 0;
}

static enum status train(const struct way *way, const char *file, size_t kill_at, struct end *end)
{
    static const size_t widths[] = {IN, 8, OUT};
    const struct net_spec spec = {
        .layer_count = 2, .widths = widths, .activation = ACTIVATION_TANH};
    const struct checkpoint_block more = {"losses", end->losses, sizeof end->losses};
    const struct train_checkpoint checkpoint = {.path = file, .every_epochs = way->every_epochs,
                                                .every_steps = way->every_steps, .more = &more,
                                                .more_count = 1};
    const struct train_data data = {.n = N, .x = way->filled ? NULL : x,
                                    .labels = way->regression ? NULL : labels,
                                    .targets = way->regression ? targets : NULL,
                                    .fill = way->filled ? augment_fill : NULL,
                                    .source = &augment};
    struct train_options options = way->options;
    struct arena mem = {0};
    struct noisy noisy;
    const struct model m = noisy_create(&noisy, &mem, &spec, N, 1);

    *end = (struct end){.order = rng_stream(way->order, "order")};
    m.params[0] += way->nudge;
    options.on_epoch = keep_loss;
    options.context = end;
    options.checkpoint = file != NULL ? &checkpoint : NULL;
    noisy.kill_at = kill_at;
    const enum status status = train_model(&m, &data, &options, &end->order, &end->result);
    end->noise = noisy.rng;
    end->state = noisy.state[0];
    end->passes = noisy.passes;
    CHECK_TRUE(m.param_count <= 200);
    memcpy(end->params, m.params, m.param_count * sizeof *m.params);
    arena_free(&mem);
    return status;
}

/* A child trains until it is killed. */
static void train_and_die(const struct way *way, const char *file)
{
    const pid_t child = fork();
    struct end end;
    int status = 0;

    if (child == 0) {
        (void)!train(way, file, way->kill_at, &end);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    CHECK_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK_TRUE(file_exists(file));
}

static void check_same(const struct end *a, const struct end *b)
{
    assert_memory_equal(a->params, b->params, sizeof a->params);
    assert_memory_equal(a->losses, b->losses, sizeof a->losses);
    CHECK_TRUE(a->state == b->state);
    CHECK_TRUE(a->order.block == b->order.block && a->order.left == b->order.left &&
               a->order.word[3] == b->order.word[3] && a->order.word[0] == b->order.word[0]);
    CHECK_TRUE(a->noise.block == b->noise.block && a->noise.left == b->noise.left &&
               a->noise.word[2] == b->noise.word[2] && a->noise.word[1] == b->noise.word[1]);
    CHECK_TRUE(a->result.epochs == b->result.epochs && a->result.steps == b->result.steps &&
               a->result.loss == b->result.loss &&
               a->result.last_finite == b->result.last_finite &&
               a->result.status == b->result.status);
}

/* Passes 4 e + 1 .. 4 e + 4 are epoch e (from 0); a kill in pass 14 comes in epoch 3. */
static const size_t milestones[] = {2, 4};
static const struct way ways[] = {
    {.name = "momentum", .options = {.batch = BATCH, .learning_rate = 0.1, .momentum = 0.9},
     .every_epochs = 3, .kill_at = 14, .passes = 12},
    {.name = "plain, decay", .options = {.batch = BATCH, .learning_rate = 0.1,
                                         .weight_decay = 0.01},
     .every_epochs = 1, .kill_at = 14, .passes = 12},
    {.name = "adam, cosine", .options = {.batch = BATCH, .learning_rate = 0.02,
                                         .optimizer = OPTIMIZER_ADAM, .schedule = SCHEDULE_COSINE},
     .every_epochs = 3, .kill_at = 24, .passes = 12},
    {.name = "inside an epoch", .options = {.batch = BATCH, .learning_rate = 0.02,
                                            .optimizer = OPTIMIZER_ADAM, .schedule_steps = 1,
                                            .schedule = SCHEDULE_EQUILIBRATION},
     .every_steps = 5, .kill_at = 13, .passes = 14},
    {.name = "at the end of an epoch", .options = {.batch = BATCH, .learning_rate = 0.1,
                                                   .momentum = 0.9},
     .every_steps = 4, .kill_at = 13, .passes = 12},
    {.name = "restarts, milestones", .options = {.batch = BATCH, .learning_rate = 0.1,
                                                 .momentum = 0.9, .restart = 1,
                                                 .schedule = SCHEDULE_MILESTONES,
                                                 .milestones = milestones, .milestone_count = 2},
     .every_steps = 3, .kill_at = 16, .passes = 9},
    {.name = "augmented", .options = {.batch = BATCH, .learning_rate = 0.1, .momentum = 0.9},
     .every_epochs = 3, .kill_at = 14, .passes = 12, .filled = 1},
    {.name = "augmented, inside", .options = {.batch = BATCH, .learning_rate = 0.1,
                                              .momentum = 0.9},
     .every_epochs = 2, .every_steps = 3, .kill_at = 17, .passes = 8, .filled = 1},
    {.name = "regression", .options = {.batch = BATCH, .learning_rate = 0.01, .momentum = 0.5},
     .every_epochs = 3, .kill_at = 14, .passes = 12, .regression = 1},
    {.name = "full batches", .options = {.batch = N, .learning_rate = 0.1, .momentum = 0.9},
     .every_epochs = 2, .kill_at = 4, .passes = 4},
    {.name = "full, filled", .options = {.batch = N, .learning_rate = 0.1, .momentum = 0.9},
     .every_steps = 3, .kill_at = 5, .passes = 3, .filled = 1},
    {.name = "limit of steps", .options = {.batch = BATCH, .learning_rate = 0.1, .max_steps = 18},
     .every_steps = 17, .kill_at = 18, .passes = 1},
};
enum { WAYS = sizeof ways / sizeof *ways };

static void killed_trainings_end_in_the_same_bits(void **state)
{
    (void)state;
    for (size_t w = 0; w < WAYS; w++) {
        struct way way = ways[w];
        struct end whole, watched, resumed;

        way.options.max_epochs = EPOCHS;
        CHECK_STATUS(train(&way, NULL, 0, &whole), STATUS_OK);
        CHECK_STATUS(train(&way, name("w"), 0, &watched), STATUS_OK);
        check_same(&whole, &watched);
        CHECK_TRUE(!file_exists(name("w")));
        train_and_die(&way, name("w"));
        CHECK_STATUS(train(&way, name("w"), 0, &resumed), STATUS_OK);
        if (resumed.passes != way.passes)
            fail_msg("%s: %zu passes", way.name, resumed.passes);
        check_same(&whole, &resumed);
        CHECK_TRUE(resumed.hooks < whole.hooks || way.options.max_steps > 0);
        CHECK_TRUE(!file_exists(name("w")));
    }
}

/* Killed before each pass in turn, by processes that each get one checkpoint further. */
static void trainings_killed_again_and_again_end_in_the_same_bits(void **state)
{
    struct way way = ways[7];
    struct end whole, resumed;

    (void)state;
    way.options.max_epochs = EPOCHS;
    CHECK_STATUS(train(&way, NULL, 0, &whole), STATUS_OK);
    for (int process = 0; process < 4; process++) {
        way.kill_at = 5;
        train_and_die(&way, name("again"));
    }
    CHECK_STATUS(train(&way, name("again"), 0, &resumed), STATUS_OK);
    check_same(&whole, &resumed);
    CHECK_TRUE(resumed.passes < 14);
}

/* ---- a network over images ---- */

/* Running statistics, dropped channels and, with AVX-512, Winograd. */
enum { IMAGE = 8 * 9, CHANNELS = 64 };

struct image_end {
    struct train_result result;
    struct rng order, dropout;
    float *params, *state;    /* the arena's */
    size_t param_count, state_count;
    size_t layers, kill_at;   /* layers met on the way back; the one that ends the process, or 0 */
};

static void meet_layer(void *context, const struct convnet_sight *sight)
{
    struct image_end *end = context;

    (void)sight;
    if (++end->layers == end->kill_at)
        raise(SIGKILL);
}

static float *kept(struct arena *mem, const float *values, size_t n)
{
    float *copy = arena_get(mem, n, sizeof *copy);

    memcpy(copy, values, n * sizeof *copy);
    return copy;
}

static void train_images(struct arena *mem, const char *file, struct image_end *end)
{
    const struct convnet_spec spec = convnet_cases[2].spec(CHANNELS);
    const struct train_checkpoint checkpoint = {.path = file, .every_epochs = 2};
    const struct train_options options = {.batch = BATCH, .max_epochs = EPOCHS,
                                          .learning_rate = 0.05, .momentum = 0.9,
                                          .checkpoint = file != NULL ? &checkpoint : NULL};
    struct rng draws = rng_stream(3, "images");
    float *images = arena_get(mem, N * IMAGE, sizeof *images);
    struct convnet *net;

    CHECK_TEXT(convnet_cases[2].name, "pools");
    rng_normalsf(&draws, images, N * IMAGE);
    CHECK_STATUS(convnet_create(&net, &spec, &(struct convnet_options){.max_batch = BATCH}),
                 STATUS_OK);
    convnet_init(net, &draws);
    convnet_watch(net, meet_layer, end);
    const struct model m = convnet_model(net);
    end->order = rng_stream(1, "order");
    CHECK_STATUS(train_model(&m, &(struct train_data){.n = N, .x = images, .labels = labels},
                             &options, &end->order, &end->result), STATUS_OK);
    end->dropout = *m.rng;
    end->param_count = m.param_count;
    end->state_count = m.state_count;
    end->params = kept(mem, m.params, m.param_count);
    end->state = kept(mem, m.state, m.state_count);
    convnet_free(net);
}

static void train_images_and_die(struct arena *mem, const char *file, size_t kill_at)
{
    struct image_end end = {.kill_at = kill_at};
    const pid_t child = fork();
    int status = 0;

    if (child == 0) {
        train_images(mem, file, &end);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    CHECK_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK_TRUE(file_exists(file));
}

static void networks_over_images_end_in_the_same_bits(void **state)
{
    struct image_end whole = {0}, resumed = {0};
    struct arena mem = {0};

    (void)state;
    train_images(&mem, NULL, &whole);
    CHECK_TRUE(whole.result.steps == EPOCHS * AN_EPOCH && whole.state_count == 4 * CHANNELS);
    train_images_and_die(&mem, name("images"), whole.layers * 9 / 10);
    train_images(&mem, name("images"), &resumed);
    CHECK_TRUE(resumed.layers * EPOCHS == whole.layers * 2); /* the last two epochs */
    assert_memory_equal(resumed.params, whole.params, whole.param_count * sizeof(float));
    assert_memory_equal(resumed.state, whole.state, whole.state_count * sizeof(float));
    CHECK_TRUE(resumed.dropout.block == whole.dropout.block &&
               resumed.dropout.left == whole.dropout.left &&
               resumed.order.block == whole.order.block &&
               resumed.result.loss == whole.result.loss);
    CHECK_TRUE(!file_exists(name("images")));
    arena_free(&mem);
}

/* ---- what is refused ---- */

/* Leaves the checkpoint of ways[w] after 3 epochs. */
static void leave(size_t w, struct way *way, const char *file)
{
    *way = ways[w];
    way->options.max_epochs = EPOCHS;
    train_and_die(way, file);
}

static void checkpoints_of_other_trainings_are_refused(void **state)
{
    static const size_t later[] = {2, 5};
    struct way way, other;
    struct end end;

    (void)state;
    leave(5, &way, name("mine"));
    for (int change = 0; change < 12; change++) {
        other = way;
        if (change == 0) other.options.learning_rate = 0.2;
        if (change == 1) other.options.batch = 7;
        if (change == 2) other.options.max_epochs = 7;
        if (change == 3) other.options.momentum = 0.8;
        if (change == 4) other.options.weight_decay = 1e-9;
        if (change == 5) other.options.schedule = SCHEDULE_COSINE;
        if (change == 6) other.options.restart = 0;
        if (change == 7) other.filled = 1;
        if (change == 8) other.order = 2;
        if (change == 9) other.nudge = 1e-3f;
        if (change == 10) other.options.milestones = later;
        if (change == 11) labels[3] = (uint8_t)((labels[3] + 1) % OUT);
        CHECK_STATUS(train(&other, name("mine"), 0, &end), STATUS_DATA);
        CHECK_MESSAGE("mine: expected the checkpoint of ");
        CHECK_TRUE(end.passes == 0 && end.state == 1.0f && end.result.steps == 0);
        CHECK_TRUE(file_exists(name("mine")));
    }
    labels[3] = (uint8_t)((labels[3] + OUT - 1) % OUT);
    CHECK_STATUS(train(&way, name("mine"), 0, &end), STATUS_OK);
}

static void damaged_checkpoints_are_refused(void **state)
{
    struct way way;
    struct end end;
    char *bytes;
    size_t n;

    (void)state;
    leave(0, &way, name("mine"));
    CHECK_STATUS(file_read(name("mine"), 100000, &bytes, &n), STATUS_OK);
    bytes[n / 2] ^= 1;
    put("mine", bytes, n);
    memory_free(bytes);
    CHECK_STATUS(train(&way, name("mine"), 0, &end), STATUS_DATA);
    CHECK_MESSAGE("it is damaged; remove it to start again");
    assert_int_equal(end.result.status, STATUS_DATA);
    assert_int_equal(end.passes, 0);
    CHECK_STATUS(checkpoint_remove(name("mine")), STATUS_OK);
}

/* Puts a number into the saved ones, `at` bytes from their start or from that of the order, under a
 * digest that is right. */
static void forge(const char *file, size_t at, int in_order, uint64_t value)
{
    char *bytes, *found, digits[DIGEST_TEXT];
    struct digest d;
    size_t n, data;

    CHECK_STATUS(file_read(name(file), 100000, &bytes, &n), STATUS_OK);
    /* The order comes before the losses and the digest; the numbers are the first block. */
    found = memmem(bytes, n, "losses", 6);
    CHECK_TRUE(found != NULL);
    data = (size_t)(found - bytes) + CHECKPOINT_NAME + 8;
    if (in_order)
        memcpy(bytes + n - 64 - EPOCHS * sizeof(double) - N * sizeof(uint32_t) + at, &value, 4);
    else
        memcpy(bytes + data + at, &value, 8);
    digest_start(&d);
    digest_bytes(&d, bytes, n - 64);
    digest_end(&d, digits);
    memcpy(bytes + n - 64, digits, 64);
    put(file, bytes, n);
    memory_free(bytes);
}

static void forged_positions_are_refused(void **state)
{
    static const struct {
        size_t at;
        int in_order;
        uint64_t value;
        size_t way;
    } forged[] = {
        {offsetof(struct train_numbers, seen), 0, N + 1, 9},
        {offsetof(struct train_numbers, next), 0, 1, 9},
        {offsetof(struct train_numbers, epoch), 0, EPOCHS, 0},
        {offsetof(struct train_numbers, seen), 0, N + 1, 0},
        {offsetof(struct train_numbers, seen), 0, 1, 0},
        {offsetof(struct train_numbers, next), 0, N + 1, 0},
        {offsetof(struct train_numbers, epochs), 0, EPOCHS + 1, 0},
        {offsetof(struct train_numbers, order_stream) + 5 * 8, 0, 5, 0},
        {offsetof(struct train_numbers, order_stream) + 6 * 8, 0, 2, 0},
        {offsetof(struct train_numbers, model_stream) + 5 * 8, 0, UINT64_MAX, 0},
        {0, 1, N, 0},
        {(N - 1) * 4, 1, UINT32_MAX, 0},
    };
    struct way way;
    struct end end;

    (void)state;
    for (size_t f = 0; f < sizeof forged / sizeof *forged; f++) {
        leave(forged[f].way, &way, name("mine"));
        forge("mine", forged[f].at, forged[f].in_order, forged[f].value);
        CHECK_STATUS(train(&way, name("mine"), 0, &end), STATUS_DATA);
        CHECK_MESSAGE("mine: expected a position inside the training, found epoch ");
        assert_int_equal(end.passes, 0);
        CHECK_STATUS(checkpoint_remove(name("mine")), STATUS_OK);
    }
    leave(0, &way, name("mine"));
    forge("mine", offsetof(struct train_numbers, epoch), 0, 3); /* what it was */
    CHECK_STATUS(train(&way, name("mine"), 0, &end), STATUS_OK);
}

/* ---- what else may happen ---- */

static void diverged_trainings_leave_no_checkpoint(void **state)
{
    struct way way = {.options = {.batch = BATCH, .learning_rate = 1e4, .max_epochs = EPOCHS},
                      .every_steps = 1, .regression = 1};
    struct end end;

    (void)state;
    CHECK_STATUS(train(&way, name("d"), 0, &end), STATUS_DIVERGED);
    CHECK_TRUE(end.result.diverged_step > 1);
    CHECK_TRUE(!file_exists(name("d")));
}

/* The first step after the checkpoint diverges: the last finite loss is one of before. (The inputs
 * are not part of what a checkpoint is compared by.) */
static void divergence_after_resuming_knows_the_loss_before(void **state)
{
    const float kept = x[0];
    struct end before, end;
    struct way way;

    (void)state;
    leave(9, &way, name("mine")); /* two epochs of one step */
    CHECK_STATUS(train(&way, NULL, 0, &before), STATUS_OK);
    x[0] = NAN;
    CHECK_STATUS(train(&way, name("mine"), 0, &end), STATUS_DIVERGED);
    x[0] = kept;
    CHECK_TRUE(end.result.diverged_step == 3 && end.result.last_finite == before.losses[1]);
}

static void checkpoints_that_cannot_be_written_end_the_training(void **state)
{
    struct way way = ways[0];
    struct end end;

    (void)state;
    way.options.max_epochs = EPOCHS;
    CHECK_STATUS(train(&way, name("none/w"), 0, &end), STATUS_IO);
    CHECK_MESSAGE("none/w: expected to write it");
    CHECK_TRUE(end.result.status == STATUS_IO && end.result.epochs == 3);
}

/* Where memory ends, wherever that is, the checkpoint stays for a better time. */
static void checkpoints_stay_where_memory_ends(void **state)
{
    struct end whole, end = {0};
    struct way way;
    size_t k = 1, refused = 0;

    (void)state;
    leave(0, &way, name("mine"));
    CHECK_STATUS(train(&way, NULL, 0, &whole), STATUS_OK);
    for (;; k++) {
        struct arena mem = {0}; /* that of the network is taken before */
        static const size_t widths[] = {IN, 8, OUT};
        struct noisy noisy;
        const struct model m = noisy_create(
            &noisy, &mem,
            &(struct net_spec){.layer_count = 2, .widths = widths, .activation = ACTIVATION_TANH},
            N, 1);
        const struct checkpoint_block more = {"losses", end.losses, sizeof end.losses};
        const struct train_checkpoint c = {name("mine"), 3, 0, &more, 1};
        struct train_options options = way.options;

        end = (struct end){.order = rng_stream(way.order, "order")};
        options.checkpoint = &c;
        memory_fail_at(k);
        const enum status status =
            train_model(&m, &(struct train_data){.n = N, .x = x, .labels = labels}, &options,
                        &end.order, &end.result);
        memory_fail_at(0);
        CHECK_TRUE(k < 20);
        if (status == STATUS_OK) {
            assert_memory_equal(m.params, whole.params, m.param_count * sizeof *m.params);
            arena_free(&mem);
            break;
        }
        CHECK_STATUS(status, STATUS_MEMORY);
        refused++;
        CHECK_TRUE(file_exists(name("mine")) && noisy.passes == 0);
        arena_free(&mem);
    }
    CHECK_TRUE(refused >= 2);
}

static void checkpoints_that_are_never_written_abort(void **state)
{
    struct way way = ways[0];
    struct end end;

    (void)state;
    way.options.max_epochs = EPOCHS;
    way.every_epochs = 0;
    CHECK_ABORTS((void)!train(&way, name("w"), 0, &end));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_trainings_end_in_the_same_bits),
        cmocka_unit_test(trainings_killed_again_and_again_end_in_the_same_bits),
        cmocka_unit_test(networks_over_images_end_in_the_same_bits),
        cmocka_unit_test(checkpoints_of_other_trainings_are_refused),
        cmocka_unit_test(damaged_checkpoints_are_refused),
        cmocka_unit_test(forged_positions_are_refused),
        cmocka_unit_test(diverged_trainings_leave_no_checkpoint),
        cmocka_unit_test(divergence_after_resuming_knows_the_loss_before),
        cmocka_unit_test(checkpoints_that_cannot_be_written_end_the_training),
        cmocka_unit_test(checkpoints_stay_where_memory_ends),
        cmocka_unit_test(checkpoints_that_are_never_written_abort),
    };

    return cmocka_run_group_tests_name("train_resume", tests, start, remove_folder);
}
