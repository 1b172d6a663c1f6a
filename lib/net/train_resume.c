/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train_resume: see train_resume.h. */
#include "net/train_resume.h"

#include <string.h>

#include "base/check.h"
#include "base/file.h"

/* ---- a stream in words ---- */

static void pack_stream(const struct rng *r, uint64_t words[TRAIN_STREAM_WORDS], double *spare)
{
    words[0] = r->seed;
    words[1] = r->label;
    words[2] = r->block;
    words[3] = (uint64_t)r->word[0] << 32 | r->word[1];
    words[4] = (uint64_t)r->word[2] << 32 | r->word[3];
    words[5] = (uint64_t)r->left;
    words[6] = (uint64_t)r->has_spare;
    *spare = r->has_spare ? r->spare : 0;
}

static void unpack_stream(struct rng *r, const uint64_t words[TRAIN_STREAM_WORDS], double spare)
{
    *r = (struct rng){.seed = words[0],
                      .label = words[1],
                      .block = words[2],
                      .left = (int)words[5],
                      .spare = spare,
                      .has_spare = (int)words[6]};
    for (int k = 0; k < 4; k++)
        r->word[k] = (uint32_t)(words[3 + k / 2] >> (k % 2 ? 0 : 32));
}

static int is_stream(const uint64_t words[TRAIN_STREAM_WORDS])
{
    return words[5] <= 4 && words[6] <= 1;
}

/* ---- a training in numbers ---- */

static void pack(struct train_resume *r)
{
    const struct train_position *p = r->position;
    struct train_numbers *s = &r->numbers;

    *s = (struct train_numbers){.epoch = p->epoch,
                                .seen = p->seen,
                                .next = r->batches != NULL ? r->batches->next : 0,
                                .epochs = r->result->epochs,
                                .steps = r->result->steps,
                                .optimizer_steps = r->optimizer->steps,
                                .sum = p->sum,
                                .loss = r->result->loss,
                                .last_finite = r->result->last_finite};
    pack_stream(r->rng, s->order_stream, &s->order_spare);
    if (r->model->rng != NULL)
        pack_stream(r->model->rng, s->model_stream, &s->model_spare);
}

static void unpack(struct train_resume *r)
{
    const struct train_numbers *s = &r->numbers;

    *r->position = (struct train_position){.epoch = s->epoch, .seen = s->seen, .sum = s->sum};
    r->result->epochs = s->epochs;
    r->result->steps = s->steps;
    r->result->loss = s->loss;
    r->result->last_finite = s->last_finite;
    r->optimizer->steps = s->optimizer_steps;
    if (r->batches != NULL)
        r->batches->next = s->next;
    unpack_stream(r->rng, s->order_stream, s->order_spare);
    if (r->model->rng != NULL)
        unpack_stream(r->model->rng, s->model_stream, s->model_spare);
}

/* The digest says that the file is as it was written, these bounds that no index leads astray. */
static int is_inside(const struct train_resume *r)
{
    const struct train_numbers *s = &r->numbers;

    if (s->epoch >= r->options->max_epochs || s->seen > r->data->n || s->epochs > s->epoch ||
        !is_stream(s->order_stream) || !is_stream(s->model_stream))
        return 0;
    if (r->batches == NULL)
        return s->next == 0;
    for (size_t i = 0; i < r->data->n; i++)
        if (r->batches->order[i] >= r->data->n)
            return 0;
    return s->next == s->seen;
}

/* ---- whose it is ---- */

static void add_numbers(struct digest *d, const double *numbers, size_t n)
{
    digest_bytes(d, numbers, n * sizeof *numbers);
}

static void add_settings(struct digest *d, const struct train_options *o,
                         const struct optimizer *optimizer)
{
    const struct optimizer_spec *s = &optimizer->spec;

    add_numbers(d, (double[]){(double)o->batch, (double)o->max_epochs, (double)o->max_steps,
                              (double)o->loss, o->restart ? 1 : 0, o->stop_below}, 6);
    add_numbers(d, (double[]){(double)s->kind, s->momentum, s->weight_decay, s->beta1, s->beta2,
                              s->epsilon, (double)optimizer->steps}, 7);
    add_numbers(d, (double[]){(double)o->schedule, o->schedule_steps ? 1 : 0, o->learning_rate,
                              (double)o->schedule_period, o->schedule_factor, o->schedule_end,
                              (double)o->milestone_count}, 7);
    for (size_t k = 0; k < o->milestone_count; k++)
        add_numbers(d, (double[]){(double)o->milestones[k]}, 1);
}

/* The stream and the parameters are those at the start of the call. */
static void set_owner(struct train_resume *r)
{
    const struct model *m = r->model;
    const struct train_data *data = r->data;
    struct digest d;

    pack(r);
    digest_start(&d);
    digest_text(&d, "training 1");
    digest_bytes(&d, &r->numbers, sizeof r->numbers);
    add_settings(&d, r->options, r->optimizer);
    add_numbers(&d, (double[]){(double)data->n, (double)m->inputs, (double)m->outputs,
                               data->fill != NULL, data->targets != NULL}, 5);
    if (data->targets != NULL)
        digest_bytes(&d, data->targets, data->n * m->outputs * sizeof *data->targets);
    else
        digest_bytes(&d, data->labels, data->n);
    digest_bytes(&d, m->params, m->param_count * sizeof *m->params);
    if (m->state != NULL)
        digest_bytes(&d, m->state, m->state_count * sizeof *m->state);
    digest_end(&d, r->owner);
}

/* ---- the file ---- */

static void add_block(struct train_resume *r, const char *name, void *bytes, size_t size)
{
    if (bytes != NULL)
        r->blocks[r->block_count++] =
            (struct checkpoint_block){.name = name, .bytes = bytes, .size = size};
}

static void list_blocks(struct train_resume *r, struct arena *mem)
{
    const struct train_checkpoint *c = r->options->checkpoint;
    const size_t array = r->optimizer->n * sizeof(float);

    r->blocks = arena_get(mem, 6 + c->more_count, sizeof *r->blocks);
    add_block(r, "numbers", &r->numbers, sizeof r->numbers);
    add_block(r, "params", r->model->params, r->model->param_count * sizeof(float));
    add_block(r, "state", r->model->state, r->model->state_count * sizeof(float));
    add_block(r, "first", r->optimizer->first, array);
    add_block(r, "second", r->optimizer->second, array);
    if (r->batches != NULL)
        add_block(r, "order", r->batches->order, r->data->n * sizeof *r->batches->order);
    for (size_t b = 0; b < c->more_count; b++)
        r->blocks[r->block_count++] = c->more[b];
    r->room = arena_get(mem, checkpoint_size(r->blocks, r->block_count), 1);
}

enum status train_resume_open(struct train_resume *r, struct arena *mem)
{
    const struct train_checkpoint *c = r->options->checkpoint;

    CHECK(c->every_epochs + c->every_steps > 0, "%s: a checkpoint that is never written", c->path);
    list_blocks(r, mem);
    set_owner(r);
    if (!file_exists(c->path))
        return STATUS_OK;
    TRY(checkpoint_load(c->path, r->owner, r->blocks, r->block_count));
    if (!is_inside(r))
        return status_set(STATUS_DATA,
                          "%s: expected a position inside the training, found epoch %llu, example "
                          "%llu; remove it to start again",
                          c->path, (unsigned long long)r->numbers.epoch,
                          (unsigned long long)r->numbers.seen);
    unpack(r);
    return STATUS_OK;
}

enum status train_resume_save(struct train_resume *r)
{
    pack(r);
    return checkpoint_save(r->options->checkpoint->path, r->owner, r->blocks, r->block_count,
                           r->room);
}
