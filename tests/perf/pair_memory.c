/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pair_memory: the memory of one pair of tasks of the matrix of five tasks (matrix_cifar100):
 * coupled, independent, mixture and fine-tuning, with all records of the data set, the images of
 * all tasks, and the probe before and beside them.
 *
 * Prints lines "name<TAB>value<TAB>unit<TAB>wanted". Arguments: seconds (not used) and a profile,
 * desk or paper.
 *
 * The loops are those of the program, with fewer checkpoints and steps, but as many kept weights.
 * Of a network's passes the first of each kind and number of rows is done, which is the one that
 * takes memory; the others give zeros. Records are noise. */
#include <sys/resource.h>

#include "linalg/blas.h"

#include "transfer_settings.h"

enum { TASKS = 5 };

/* As many records as CIFAR-100 has, of which `each` of every class. */
static struct dataset records(struct arena *mem, size_t each)
{
    struct dataset d = {.name = "noise", .count = CLASSES * each, .channels = 3, .rows = 32,
                        .cols = 32, .classes = CLASSES};
    struct rng r = rng_stream(1, "records:%zu", each);

    d.pixels = arena_get(mem, d.count * dataset_pixels(&d), 1);
    d.label = arena_get(mem, d.count, 1);
    for (size_t i = 0; i < d.count * dataset_pixels(&d); i++)
        d.pixels[i] = (uint8_t)rng_below(&r, 256);
    for (size_t i = 0; i < d.count; i++)
        d.label[i] = (uint8_t)(i % CLASSES);
    return d;
}

/* The images of five tasks of five classes, as units have all of them. */
static void draw_images(struct task_matrix *t, const struct parameters *p,
                        const struct dataset *train, const struct dataset *test)
{
    static const char *const names[TASKS] = {"a", "b", "c", "d", "e"};
    const struct task_images_spec spec = MATRIX_IMAGES(p);

    for (int i = 0; i < TASKS; i++) {
        const int classes[] = {5 * i, 5 * i + 1, 5 * i + 2, 5 * i + 3, 5 * i + 4};
        struct task pool, tests;

        must(task_every(&pool, t->mem, train, classes, 5, 1));
        must(task_every(&tests, t->mem, test, classes, 5, 1));
        must(task_images_draw(&t->images[i], t->mem, names[i], &pool, &tests, &spec, 1));
        task_images_pixel_features(&t->images[i], t->mem);
    }
}

/* The probe with what its training holds: a step and the images of all its records. */
static void make_probe(struct task_matrix *t, const struct dataset *train,
                       const struct dataset *test)
{
    const struct probe_spec *spec = &t->spec.probe;
    struct probe_data data;
    int classes[CLASSES - 5 * TASKS];
    struct arena room = {0};

    for (int k = 0; k < CLASSES - 5 * TASKS; k++)
        classes[k] = 5 * TASKS + k;
    must(probe_data_select(&data, t->mem, train, 40, test, 100, classes, CLASSES - 5 * TASKS));
    must(probe_create(&t->probe, spec, 100));
    const struct model *m = &t->probe.model;
    float *x = arena_get(&room, (data.old.n + data.more.n) * m->inputs, sizeof *x);
    probe_images(spec, &data.old, x);
    probe_images(spec, &data.more, x + data.old.n * m->inputs);
    (void)m->forward(m->self, x, 100, MODEL_EVALUATE);
    (void)m->forward(m->self, x, spec->batch, MODEL_TRAIN);
    m->backward(m->self, m->dlogits(m->self), 0);
    arena_free(&room);
}

/* As many weights are kept in few steps as in all. */
static void shorten(struct task_matrix_spec *spec)
{
    struct transfer_options *o = &spec->coupled.transfer;
    const size_t each = o->steps / o->checkpoints;
    size_t kept = 0;

    for (size_t t = 1; t <= o->steps; t++)
        kept += t % spec->every == 0 || t % each == 0;
    o->steps = kept;
    o->checkpoints = kept % 4 == 0 ? 4 : 1;
    o->learning_rate = 0;
    spec->every = 1;
    spec->iterations = 2;
    spec->net.outputs = OUTPUTS;
}

static void measure_memory(const char *profile)
{
    const struct parameters p = parameters_of(profile);
    struct arena mem = {0};
    struct task_matrix t = {.spec = MATRIX_SETTINGS(&p, CLASSES - 5 * TASKS), .n = TASKS,
                            .mem = &mem, .seed = 1};
    struct task_matrix_pair pair;
    struct rusage usage;

    if (getenv("PERF_ROUND") != NULL && atoi(getenv("PERF_ROUND")) > 0)
        return; /* no other in the next round */
    const struct dataset train = records(&mem, 500), test = records(&mem, 100);
    shorten(&t.spec);
    draw_images(&t, &p, &train, &test);
    make_probe(&t, &train, &test);
    must(transfer_net_create(&t.net, &t.spec.net, 1));
    t.source[0] = untrained(t.net, &mem);
    t.model = some_passes(t.net, 1, 1);
    must(task_matrix_pair(&t, 0, 1, &pair));
    getrusage(RUSAGE_SELF, &usage);
    printf("pair_memory.%s\t%.4g\tMiB at most\t<%d\n", profile,
           (double)usage.ru_maxrss / 1024, is_paper(profile) ? 6144 : 300);
    task_matrix_free(&t);
    arena_free(&mem);
}

int main(int argc, char **argv)
{
    const char *profile = argc > 2 ? argv[2] : "all";

    blas_set_threads(1);
    if (!is_paper(profile))
        measure_memory("desk");
    if (strcmp(profile, "desk") != 0)
        measure_memory("paper");
    return 0;
}
