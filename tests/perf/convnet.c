/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet: training steps of networks over images (forward, loss, backward, SGD with momentum and
 * weight decay), with Winograd convolutions and with direct ones alone, and what they rest on.
 *
 * Prints lines "name<TAB>value<TAB>unit<TAB>wanted". Arguments: seconds to measure (default 2) and
 * a cell (networks: network_named):
 *   network:threads         ms a step; on one thread of the processor's time, else of the clock
 *   memory:network          the most memory that was resident after two steps on one thread
 *   rates:1                 direct convolutions against a large product and multiply-adds alone
 *   start:1                 a program that makes one step of the small network
 *   beside:2                a step on two threads while another process keeps one core busy */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/parallel.h"
#include "base/progress.h"
#include "linalg/blas.h"
#include "linalg/mat.h"
#include "net/conv_onednn.h"
#include "net/convnet.h"
#include "net/convnet_models.h"
#include "net/optimizer.h"

#include "fma_peak.h"

enum { BATCH = 128, SMALL_BATCH = 20, MOST = 20000, LEAST = 2, LARGE = 1024 };

struct bench {
    struct convnet *net;
    struct model model;
    struct optimizer optimizer;
    struct arena mem;
    size_t batch;
    float *x;             /* batch x inputs */
    uint8_t *labels;      /* batch */
    double seen;          /* keeps results alive */
    double clock;         /* seconds of all steps by the clock, as convnet_times has them */
};

static int on_one_thread;

/* Waiting for a core is not counted on one thread; several have to be timed by the clock. */
static double stopwatch(void)
{
    struct timespec t;

    if (!on_one_thread)
        return progress_clock();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double step(struct bench *s)
{
    const struct model *m = &s->model;
    const double start = stopwatch(), begin = progress_clock();
    const float *logits = m->forward(m->self, s->x, s->batch, MODEL_TRAIN);
    float *d = m->dlogits(m->self);

    s->seen += loss_cross_entropy(logits, s->labels, s->batch, m->outputs, s->batch, d);
    m->backward(m->self, d, 0.0f);
    optimizer_step(&s->optimizer, m->params, m->grads, 0.01);
    s->clock += progress_clock() - begin;
    return stopwatch() - start;
}

/* The papers' networks for 32 x 32 pictures; "small": the conv net over 8 for 16 x 16. */
static struct convnet_spec network_named(const char *name)
{
    const int small = strcmp(name, "small") == 0;
    const struct convnet_model_options o = {.channels = 3, .size = small ? 16 : 32, .outputs = 10,
                                            .divide = small ? 8 : 1};

    if (strcmp(name, "wide") == 0)
        return convnet_models_wrn(&o);
    return strcmp(name, "residual") == 0 ? convnet_models_resnet(&o) : convnet_models_conv(&o);
}

static void prepare(struct bench *s, const char *network, int direct)
{
    const int small = strcmp(network, "small") == 0;
    const struct convnet_spec spec = network_named(network);
    const struct convnet_options options = {.max_batch = small ? SMALL_BATCH : BATCH,
                                            .direct = direct, .seed = 1};
    struct rng rng = rng_stream(1, "perf");

    if (convnet_create(&s->net, &spec, &options) != STATUS_OK) {
        fprintf(stderr, "%s\n", status_message());
        exit(6);
    }
    convnet_init(s->net, &rng);
    s->model = convnet_model(s->net);
    s->batch = options.max_batch;
    s->optimizer = optimizer_create(
        &s->mem, &(struct optimizer_spec){.momentum = 0.9, .weight_decay = 5e-4},
        s->model.param_count);
    s->x = arena_get(&s->mem, s->batch * s->model.inputs, sizeof *s->x);
    s->labels = arena_get(&s->mem, s->batch, sizeof *s->labels);
    for (size_t i = 0; i < s->batch * s->model.inputs; i++)
        s->x[i] = rng_uniformf(&rng);
    for (size_t i = 0; i < s->batch; i++)
        s->labels[i] = (uint8_t)rng_below(&rng, 10);
}

static void release(struct bench *s)
{
    convnet_free(s->net);
    arena_free(&s->mem);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *times, size_t n)
{
    qsort(times, n, sizeof *times, ascending);
    return times[n / 2];
}

/* ---- network:threads ---- */

/* Of whole steps, with the loss and the optimizer in them. */
static double share_of_convs(const struct convnet_times *t, double clock)
{
    return (t->conv_forward + t->conv_data + t->conv_weights) / clock;
}

/* Winograd and direct in turns, so that a disturbance meets both. */
static void measure_steps(const char *network, const char *threads, double seconds)
{
    struct bench ways[2] = {{0}, {0}};
    struct convnet_times parts = {0};
    double *times[2];
    size_t n = 0;

    for (int k = 0; k < 2; k++) {
        prepare(&ways[k], network, k);
        times[k] = arena_get(&ways[k].mem, MOST, sizeof *times[k]);
        step(&ways[k]);
    }
    convnet_time(ways[0].net, &parts);
    ways[0].clock = 0;
    for (const double end = progress_clock() + seconds;
         n < MOST && (n < LEAST || progress_clock() < end); n++)
        for (int k = 0; k < 2; k++)
            times[k][n] = step(&ways[k]);

    const double operations = 3 * convnet_operations(convnet_plan(ways[0].net)) *
                              (double)ways[0].batch;
    for (int k = 0; k < 2; k++) {
        const double t = median(times[k], n);
        printf("convnet.%s%s.%s\t%.6g\tms\t%s\n", network, k ? ".direct" : "", threads, t * 1e3,
               k ? "" : ">1.5");
        printf("convnet.%s%s.%s.rate\t%.4g\tGFLOP/s of direct sums\n", network,
               k ? ".direct" : "", threads, operations / t * 1e-9);
    }
    printf("convnet.%s.%s.convolutions\t%.3g\tof a step\t%s\n", network, threads,
           share_of_convs(&parts, ways[0].clock), strcmp(network, "residual") == 0 ? ">0.7" : "");
    printf("convnet.%s.winograd\t%zu\tof %zu convolutions\n", network,
           convnet_winograd_count(ways[0].net), convnet_conv_count(ways[0].net));
    release(&ways[0]);
    release(&ways[1]);
}

/* ---- memory:network ---- */

static void measure_memory(const char *network)
{
    struct bench s = {0};
    struct rusage usage;

    if (getenv("PERF_ROUND") != NULL && atoi(getenv("PERF_ROUND")) > 0)
        return; /* no other in the next round */
    prepare(&s, network, 0);
    step(&s);
    step(&s);
    const struct convnet_memory m = convnet_memory(s.net);
    getrusage(RUSAGE_SELF, &usage);
    printf("convnet.memory.%s\t%.4g\tMiB\t<0.6\n", network, (double)usage.ru_maxrss / 1024);
    printf("convnet.planned.%s\t%.4g\tMiB: %.4g parameters and gradients, %.4g activations, their "
           "gradients and workspace, %.4g others\n", network,
           (double)(m.params + m.room + m.workspace + m.others) / (1 << 20),
           (double)m.params / (1 << 20), (double)(m.room + m.workspace) / (1 << 20),
           (double)m.others / (1 << 20));
    release(&s);
}

/* ---- rates:1 ---- */

/* GFLOP/s of the three passes of one 3 x 3 convolution, and of a large product beside it. */
static void measure_rate(size_t channels, size_t size, double seconds, double peak)
{
    const struct conv_shape shape = {.batch = BATCH, .in = channels, .out = channels,
                                     .height = size, .width = size, .kernel = 3, .stride = 1,
                                     .padding = 1};
    const size_t block = conv_block() > 0 ? conv_block() : channels;
    struct arena mem = {0};
    struct rng rng = rng_stream(1, "rates");
    struct tensor x = {BATCH, channels, size, size, block, NULL}, y = x, dx = x;
    struct matf a = matf_normal(&mem, &rng, LARGE, LARGE, 1.0), c = matf_zero(&mem, LARGE, LARGE);
    double *times[2];
    struct conv *conv;
    size_t n = 0;

    if (conv_create(&conv, &shape, &(struct conv_options){.use = CONV_TRAIN, .x_block = block,
                                                          .y_block = block, .direct = 1}))
        exit(6);
    x.data = arena_get(&mem, tensor_size(&x), sizeof *x.data);
    y.data = arena_get(&mem, tensor_size(&y), sizeof *y.data);
    dx.data = arena_get(&mem, tensor_size(&dx), sizeof *dx.data);
    float *weights = arena_get(&mem, 9 * channels * channels, sizeof *weights);
    float *dweights = arena_get(&mem, 9 * channels * channels, sizeof *dweights);
    void *workspace = arena_get(&mem, conv_workspace(conv), 1);
    rng_normalsf(&rng, x.data, tensor_size(&x));
    rng_normalsf(&rng, weights, 9 * channels * channels);
    times[0] = arena_get(&mem, MOST, sizeof *times[0]);
    times[1] = arena_get(&mem, MOST, sizeof *times[1]);
    for (const double end = progress_clock() + seconds;
         n < MOST && (n < LEAST || progress_clock() < end); n++) {
        double start = stopwatch();
        conv_forward(conv, weights, NULL, &x, &y, workspace);
        conv_backward_data(conv, weights, &y, &dx, workspace);
        conv_backward_weights(conv, &x, &y, dweights, NULL, 0.0f, workspace);
        times[0][n] = stopwatch() - start;
        start = stopwatch();
        matf_multiply(&c, 1.0f, &a, MAT_AS_IS, &a, MAT_AS_IS, 0.0f);
        times[1][n] = stopwatch() - start;
    }

    const double rate = 3 * conv_operations(&shape) / median(times[0], n) * 1e-9;
    const double product = 2.0 * LARGE * LARGE * LARGE / median(times[1], n) * 1e-9;
    printf("convnet.rate.%zu\t%.4g\tGFLOP/s\n", channels, rate);
    printf("convnet.rate.%zu.of-large-product\t%.3g\tfraction of %.4g\t>0.85\n", channels,
           rate / product, product);
    printf("convnet.rate.%zu.of-fma-peak\t%.3g\tfraction of %.4g\n", channels, rate / peak, peak);
    conv_free(conv);
    arena_free(&mem);
}

/* ---- start:1 ---- */

static void measure_start(char **argv)
{
    enum { TIMES = 15 };
    double clock[TIMES], processor[TIMES];

    for (int k = 0; k < TIMES; k++) {
        struct rusage usage;
        int status;
        const double start = progress_clock();
        const pid_t child = fork();
        if (child == 0) {
            execl("/proc/self/exe", argv[0], "0", "step:1", (char *)NULL);
            _exit(6);
        }
        if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0)
            exit(3);
        clock[k] = progress_clock() - start;
        processor[k] = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                       1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    }
    printf("convnet.start.processor\t%.4g\tms of the processor\t<60\n",
           median(processor, TIMES) * 1e3);
    median(clock, TIMES);
    printf("convnet.start.best\t%.4g\tms of the clock\t<60\n", clock[0] * 1e3);
}

static void one_step(void)
{
    struct bench s = {0};

    prepare(&s, "small", 0);
    step(&s);
    release(&s);
}

/* ---- beside:2 ---- */

static pid_t start_neighbour(void)
{
    const pid_t child = fork();

    if (child == 0) {
        cpu_set_t first;
        CPU_ZERO(&first);
        CPU_SET(0, &first);
        sched_setaffinity(0, sizeof first, &first);
        for (volatile unsigned k = 0;; k++)
            if (getppid() == 1)
                _exit(0);
    }
    return child;
}

/* Quiet and disturbed steps in turns. */
static void measure_beside(double seconds)
{
    static double quiet[MOST], beside[MOST];
    struct bench s = {0};
    size_t n = 0;

    prepare(&s, "conv", 0);
    step(&s);
    const pid_t neighbour = start_neighbour();
    if (neighbour < 0)
        exit(6);
    for (const double end = progress_clock() + seconds;
         n < MOST && (n < LEAST || progress_clock() < end); n++) {
        kill(neighbour, SIGSTOP);
        quiet[n] = step(&s);
        kill(neighbour, SIGCONT);
        beside[n] = step(&s);
    }
    kill(neighbour, SIGKILL);
    waitpid(neighbour, NULL, 0);
    printf("convnet.beside\t%.3g\ttimes the quiet step\t<2\n",
           median(beside, n) / median(quiet, n));
    release(&s);
}

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? atof(argv[1]) : 2.0;
    const char *cell = argc > 2 ? argv[2] : "small:1", *colon = strchr(cell, ':');
    char name[32] = "";

    if (colon == NULL || (size_t)(colon - cell) >= sizeof name)
        return 2;
    memcpy(name, cell, (size_t)(colon - cell));
    if (strcmp(name, "memory") == 0) {
        on_one_thread = 1;
        parallel_set_threads(1);
        measure_memory(colon + 1);
        return 0;
    }
    on_one_thread = atoi(colon + 1) == 1;
    blas_set_threads(atoi(colon + 1));
    parallel_set_threads(atoi(colon + 1));
    if (strcmp(name, "rates") == 0) {
        const double peak = fma_peak(1);
        for (size_t k = 0; k < 4; k++)
            measure_rate((size_t)64 << k, (size_t)32 >> k, seconds / 4, peak);
    } else if (strcmp(name, "start") == 0) {
        measure_start(argv);
    } else if (strcmp(name, "step") == 0) {
        one_step();
    } else if (strcmp(name, "beside") == 0) {
        measure_beside(seconds);
    } else {
        measure_steps(name, colon + 1, seconds);
    }
    return 0;
}
