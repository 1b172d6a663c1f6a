/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "continual_learning/digit_sequence.h"

#include "continual_learning/sample_sequence.h"
#include "continual_learning/sample_tasks.h"
#include "net/net.h"

enum { MOST_BATCH = 500, FEW = 1000 };

/* Hidden layers of equal width, weights from the stream "init". */
static struct net create(const struct digit_sequence_spec *spec, size_t inputs, struct unit *u)
{
    const size_t layers = spec->layers;
    size_t *widths = arena_get(u->mem, layers + 1, sizeof *widths);
    struct rng init = rng_stream(u->seed, "init");
    struct net net;

    for (size_t l = 0; l <= layers; l++)
        widths[l] = l == 0 ? inputs : l == layers ? 10 : spec->width;
    net = net_create(u->mem, &(struct net_spec){.layer_count = layers, .widths = widths,
                                                .activation = ACTIVATION_RELU,
                                                .parameterization = NET_STANDARD}, MOST_BATCH);
    net_init(&net, &init);
    return net;
}

enum status digit_sequence_run(const struct digit_sequence_spec *spec, struct unit *u)
{
    const struct sample_tasks *d = u->data;
    struct net net = create(spec, task_dim(&d->pool), u);
    const struct model model = model_of_net(&net);

    return sample_sequence_run(
        &(struct sample_sequence){
            .model = &model, .pool = &d->pool, .test = &d->test_task, .scale = &task_scale_unit,
            .first = spec->first, .later = spec->later, .tasks = spec->tasks,
            .options = {.batch = spec->batch, .loss = spec->loss, .max_epochs = spec->epochs,
                        .learning_rate = spec->learning_rate, .stop_below = spec->trained},
            .few = FEW, .epochs_small = spec->epochs_small}, u);
}

const struct claim digit_sequence_claims[DIGIT_SEQUENCE_CLAIMS] = {SAMPLE_SEQUENCE_CLAIMS("b")};

/* The published figure's axis: how many samples each later task has. */
const struct axis digit_sequence_axis = {
    .name = "N_n", .meaning = "samples of each later task",
    .at = {CELL_VALUES(50, 400), CELL_VALUES(50, 1000, 4000), CELL_VALUES(500, 2000, 5000, 10000)}};
