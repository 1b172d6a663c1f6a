/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model: what training, evaluation and geometry need of a network of any kind.
 *
 * A struct model is a view: it owns nothing, is copied freely, and stands while the network behind
 * it stays where it is. Inputs are rows of floats, one example a row; images are NCHW. All
 * parameters lie in one flat block, all gradients in another of the same layout, and what is
 * neither but decides the outputs (running statistics of a normalization) in a third. */
#ifndef NET_MODEL_H
#define NET_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "base/status.h"
#include "net/loss.h"

enum model_mode {
    MODEL_EVALUATE, /* running statistics as they are, nothing dropped; the state does not change */
    MODEL_TRAIN     /* statistics of the batch, dropout, state brought forward */
};

struct model {
    void *self;           /* the network: first argument of the calls below */
    size_t inputs;        /* numbers of one example: channels * rows * columns of an image */
    size_t outputs;       /* logits of one example */
    size_t max_batch;     /* rows of a pass */
    size_t param_count;
    float *params;        /* param_count */
    float *grads;         /* param_count */
    float *state;         /* state_count; not trained, but part of what the network is; or NULL */
    size_t state_count;
    struct rng *rng;      /* what training passes draw from (dropout); or NULL */

    /* Logits (batch x outputs, the network's, valid until the next pass) of x (batch x inputs),
     * 1 <= batch <= max_batch. x must stay as it is until the backward pass is done. */
    const float *(*forward)(void *self, const float *x, size_t batch, enum model_mode mode);

    /* grads = keep * grads + d loss / d params of the last forward pass, in whichever mode it was
     * (running statistics are constants); dlogits (batch x outputs) is d loss / d logits, the
     * caller's or dlogits(self). keep 0 does not read the old content. A network over images does
     * it once a forward pass, unless it was made to repeat it (convnet.h). */
    void (*backward)(void *self, const float *dlogits, float keep);

    /* params = (1 - rate decay) params - rate d loss / d params inside the backward pass; NULL
     * where a network cannot. */
    void (*backward_step)(void *self, const float *dlogits, double rate, double decay);

    /* Room for d loss / d logits: max_batch x outputs. */
    float *(*dlogits)(void *self);

    /* Takes all memory that passes of `batch` rows need, so that none can fail: STATUS_MEMORY. NULL
     * where passes take none. */
    enum status (*prepare)(void *self, size_t batch);
};

struct net;

/* The view of a fully connected network, which is the same in both modes and has no state. It holds
 * the params and grads that the net has now: make it again after pointing the net elsewhere. */
struct model model_of_net(struct net *net);

/* Makes ready for n rows in batches of `batch`, the last of which may be smaller: STATUS_MEMORY.
 * train_model does it by itself; before an evaluation (batch = max_batch) the caller does, who
 * otherwise meets exhausted memory as a CHECK. */
enum status model_prepare(const struct model *m, size_t n, size_t batch) MUST_USE;

/* ---- evaluation: any n, in batches of max_batch, MODEL_EVALUATE ---- */

/* Logits of n rows into out (n x outputs). */
void model_outputs(const struct model *m, const float *x, size_t n, float *out);

/* How many of n rows are classified wrongly. The largest logit wins, of equal ones the lower class;
 * a row with a NaN counts as wrong. The rate is that of n >= 1 rows. */
size_t model_errors(const struct model *m, const float *x, const uint8_t *labels, size_t n);
double model_error_rate(const struct model *m, const float *x, const uint8_t *labels, size_t n);

/* The mean loss of n >= 1 rows (loss_labels). */
double model_loss(const struct model *m, enum loss_kind kind, const float *x,
                  const uint8_t *labels, size_t n);

/* That rule for one row of scores: is the first of the largest at another place than the label, or
 * is one of them NaN? */
int model_is_wrong(const double *scores, size_t width, size_t label);

#endif
