/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/matched_training.h"

#include <string.h>

#include "base/check.h"
#include "task_distance/descent.h"

static double loss_on(const struct model *model, const struct task_pair *pair, enum task_part part)
{
    const struct task_part_images *images = &pair->target->part[part];

    return model_loss(model, LOSS_CROSS_ENTROPY, images->x, pair->target_label[part], images->n);
}

struct matched_losses matched_losses_of(const struct model *model, const struct task_pair *pair)
{
    return (struct matched_losses){.train = loss_on(model, pair, TASK_TRAIN),
                                   .test = loss_on(model, pair, TASK_TEST)};
}

/* One step on the stream's next images. */
static enum status step(struct descent *d, struct image_stream *images,
                        const struct task_pair *pair)
{
    const size_t rows = images->batches.batch;
    const uint32_t *i = image_stream_next(images);

    image_stream_fill(images, i, rows, d->x);
    for (size_t r = 0; r < rows; r++) {
        d->first[r] = d->second[r] = pair->target_label[TASK_TRAIN][i[r]];
        d->a[r] = 1 / (double)rows;
        d->b[r] = 0;
    }
    return descent_step(d, rows);
}

/* Where the line from `above` to `now` has this training loss. */
static struct matched_losses between(const struct matched_losses *above,
                                     const struct matched_losses *now, double loss, size_t steps)
{
    const double share = (above->train - loss) / (above->train - now->train);

    return (struct matched_losses){loss, above->test + share * (now->test - above->test), steps};
}

enum status matched_training(struct matched_losses *out, struct arena *mem,
                             const struct task_pair *pair, const struct model *model,
                             const struct source_model *start, const struct transfer_options *o,
                             double loss, size_t every, size_t most, uint64_t seed)
{
    struct descent descent = descent_create(mem, model, o, o->batch);
    struct image_stream images = image_stream_create(mem, pair->target, o->batch, o->pad);
    struct matched_losses above, now;

    TRY(transfer_prepare(model, pair));
    TRY(model_prepare(model, o->batch, o->batch));
    CHECK(every >= 1 && most >= every, "a look every %zu of %zu steps", every, most);
    source_model_restore(start, model);
    if (model->rng != NULL)
        *model->rng = rng_stream(seed, "matched-dropout");
    descent_restart(&descent);
    image_stream_restart(&images, rng_stream(seed, "matched-order"),
                         rng_stream(seed, "matched-augment"));
    above = matched_losses_of(model, pair);
    if (above.train <= loss)
        return status_set(STATUS_NO_CONVERGENCE, "a training loss of %g before the first step, "
                          "below %g", above.train, loss);
    for (size_t t = 1; t <= most; t++) {
        TRY(step(&descent, &images, pair));
        if (t % every != 0)
            continue;
        now = matched_losses_of(model, pair);
        if (now.train <= loss) {
            *out = between(&above, &now, loss, t);
            return STATUS_OK;
        }
        above = now;
    }
    return status_set(STATUS_NO_CONVERGENCE, "a training loss of %g after %zu steps, above %g",
                      above.train, most, loss);
}
