/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cifar_curve DATA EPOCHS SEEDS: a small network on CIFAR-10, epoch by epoch, for cifar_curve.py to
 * repeat in PyTorch; tests/perf/cifar_curve.sh runs both and draws the figure. Both know these
 * settings alone: the first 1,900 training records of each class, the published normalization,
 * shifts by up to 4 pixels and mirroring, three times 3 x 3 convolution, batch normalization, ReLU
 * and 2 x 2 maximum, a linear layer, PyTorch's initialization, cross-entropy, batches of 128, SGD
 * with momentum 0.9, weight decay 5e-4 and a rate that falls from 0.02 along a cosine. Draws are
 * each side's own, so the curves can agree only as those of different seeds do.
 *
 * Prints "ours", seed, epoch, mean training loss as met along the way, test accuracy. */
#include <stdio.h>
#include <stdlib.h>

#include "data/augment.h"
#include "linalg/blas.h"
#include "net/convnet.h"
#include "net/train.h"

enum { EACH = 1900, BATCH = 128, MAX_BATCH = 500, PAD = 4 };

struct run {
    struct model model;
    const float *x_test;  /* n_test x 3072 */
    const struct task *test;
    uint64_t seed;
};

static struct convnet_spec plan(void)
{
    struct convnet_spec s = convnet_spec_start(3, 32, 32);
    size_t x = 0;

    for (size_t channels = 16; channels <= 64; channels *= 2) {
        x = convnet_conv(&s, x, channels, 3, 1, 1, 0);
        x = convnet_batch_norm_relu(&s, x);
        x = convnet_max_pool(&s, x, 2, 2, 0);
    }
    convnet_linear(&s, x, 10);
    return s;
}

static int on_epoch(void *context, size_t epoch, double mean_loss)
{
    const struct run *r = context;
    const double error = model_error_rate(&r->model, r->x_test, r->test->label, r->test->n);

    printf("ours\t%d\t%zu\t%.6f\t%.4f\n", (int)r->seed, epoch, mean_loss, 1 - error);
    fflush(stdout);
    return 0;
}

static enum status train_one(struct run *r, const struct task *pool, size_t epochs)
{
    const struct convnet_spec spec = plan();
    struct rng init = rng_stream(r->seed, "init"), order = rng_stream(r->seed, "order");
    struct augment augment = augment_of_task(pool, &task_scale_cifar10, PAD, 1,
                                             rng_stream(r->seed, "augment"));
    struct convnet *net;
    struct train_result result;
    enum status status;

    TRY(convnet_create(&net, &spec, &(struct convnet_options){.max_batch = MAX_BATCH}));
    convnet_init(net, &init);
    r->model = convnet_model(net);
    status = train_model(&r->model, &(struct train_data){.n = pool->n, .labels = pool->label,
                                                         .fill = augment_fill, .source = &augment},
                         &(struct train_options){.batch = BATCH, .max_epochs = epochs,
                                                 .learning_rate = 0.02, .momentum = 0.9,
                                                 .weight_decay = 5e-4, .schedule = SCHEDULE_COSINE,
                                                 .on_epoch = on_epoch, .context = r},
                         &order, &result);
    convnet_free(net);
    return status;
}

static enum status curves(struct arena *mem, const char *folder, size_t epochs, uint64_t seeds)
{
    static const int classes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct data_source source;
    struct dataset train, test;
    struct task pool, every;
    float *x;

    TRY(data_source_find(&source, "cifar-10", folder, ""));
    TRY(dataset_cifar10(&source, 2, &train, &test));
    TRY(task_pool(&pool, mem, &train, classes, 10, EACH));
    TRY(task_every(&every, mem, &test, classes, 10, 1));
    x = arena_get(mem, every.n * task_dim(&every), sizeof *x);
    task_features(x, &every, &task_scale_cifar10);
    for (uint64_t seed = 1; seed <= seeds; seed++)
        TRY(train_one(&(struct run){.x_test = x, .test = &every, .seed = seed}, &pool, epochs));
    dataset_free(&train);
    dataset_free(&test);
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    struct arena mem = {0};

    if (getenv("PERF_ROUND") != NULL)
        return 0; /* `make perf` runs what lies here; this takes minutes and is not for it */
    if (argc != 4) {
        fprintf(stderr, "usage: cifar_curve DATA EPOCHS SEEDS (see tests/perf/cifar_curve.sh)\n");
        return 2;
    }
    blas_set_threads(1);
    if (curves(&mem, argv[1], strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10)) !=
        STATUS_OK) {
        fprintf(stderr, "cifar_curve: %s\n", status_message());
        return 6;
    }
    arena_free(&mem);
    return 0;
}
