/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/coupled_state.h"

#include <stdio.h>

#include "base/file.h"
#include "base/memory.h"

static void digest_settings(struct digest *d, const struct coupled_options *o)
{
    const struct transfer_options *t = &o->transfer;
    char words[512];

    snprintf(words, sizeof words,
             "T %zu M %zu batch %zu rate %.17g momentum %.17g decay %.17g restart %zu schedule %d "
             "evaluation %zu pad %zu b %zu cost %zu start %d %.17g update %d %.17g %.17g %.17g "
             "last %d losses %d",
             t->steps, t->checkpoints, t->batch, t->learning_rate, t->momentum, t->weight_decay,
             t->restart, (int)t->schedule, t->evaluation_batch, t->pad, o->block, o->cost_blocks,
             (int)o->start_cost, o->start_epsilon, (int)o->update, o->weight, o->epsilon,
             o->lambda, o->last_update, o->losses);
    digest_text(d, words);
}

static void digest_run(char out[DIGEST_TEXT], const struct coupled_transfer *c, size_t iterations,
                       uint64_t seed)
{
    const struct task_part_images *s = &c->pair->source->part[TASK_TRAIN];
    const uint64_t numbers[] = {iterations, seed};
    struct digest d;

    digest_start(&d);
    digest_settings(&d, &c->options);
    digest_bytes(&d, numbers, sizeof numbers);
    digest_bytes(&d, s->label, s->n);
    digest_bytes(&d, c->pair->target_label[TASK_TRAIN], s->n);
    digest_bytes(&d, c->start->params, c->start->param_count * sizeof *c->start->params);
    digest_bytes(&d, c->start->state, c->start->state_count * sizeof *c->start->state);
    digest_bytes(&d, c->plan.plan, c->plan.blocks * c->plan.b * c->plan.b * sizeof *c->plan.plan);
    digest_end(&d, out);
}

enum status coupled_state_open(struct coupled_state *s, const struct coupled_transfer *c,
                               size_t iterations, uint64_t seed, const char *path,
                               struct coupled_iteration *out)
{
    const size_t entries = c->plan.blocks * c->plan.b * c->plan.b;
    enum status status = STATUS_OK;

    *s = (struct coupled_state){.path = path};
    if (path == NULL)
        return STATUS_OK;
    s->blocks[0] = (struct checkpoint_block){"done", &s->done, sizeof s->done};
    s->blocks[1] = (struct checkpoint_block){"plan", c->plan.plan, entries * sizeof(double)};
    s->blocks[2] = (struct checkpoint_block){"iterations", out, iterations * sizeof *out};
    digest_run(s->owner, c, iterations, seed);
    s->room = memory_get(checkpoint_size(s->blocks, COUPLED_STATE_BLOCKS), 1);
    if (s->room == NULL)
        return STATUS_MEMORY;
    if (file_exists(path))
        status = checkpoint_load(path, s->owner, s->blocks, COUPLED_STATE_BLOCKS);
    if (status != STATUS_OK)
        coupled_state_close(s);
    return status;
}

enum status coupled_state_save(const struct coupled_state *s)
{
    return s->path == NULL ? STATUS_OK
                           : checkpoint_save(s->path, s->owner, s->blocks, COUPLED_STATE_BLOCKS,
                                             s->room);
}

void coupled_state_close(struct coupled_state *s)
{
    memory_free(s->room);
    s->room = NULL;
}
