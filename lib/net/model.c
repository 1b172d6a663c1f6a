/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model: the view of a fully connected network, and evaluation of any. */
#include "net/model.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "net/net.h"

#define MOST_CLASSES 256 /* a label is a byte */

/* ---- the view of a fully connected network ---- */

static const float *forward_net(void *self, const float *x, size_t batch, enum model_mode mode)
{
    (void)mode;
    return net_forward(self, x, batch);
}

static void backward_net(void *self, const float *dlogits, float keep)
{
    net_backward(self, dlogits, keep);
}

static void backward_step_net(void *self, const float *dlogits, double rate, double decay)
{
    net_backward_step(self, dlogits, rate, decay);
}

static float *dlogits_net(void *self)
{
    return net_dlogits(self);
}

struct model model_of_net(struct net *net)
{
    return (struct model){.self = net,
                          .inputs = net->inputs,
                          .outputs = net->outputs,
                          .max_batch = net->max_batch,
                          .param_count = net->param_count,
                          .params = net->params,
                          .grads = net->grads,
                          .forward = forward_net,
                          .backward = backward_net,
                          .backward_step = backward_step_net,
                          .dlogits = dlogits_net};
}

enum status model_prepare(const struct model *m, size_t n, size_t batch)
{
    CHECK(batch >= 1, "batches of 0 rows");
    if (m->prepare == NULL)
        return STATUS_OK;
    if (n >= batch)
        TRY(m->prepare(m->self, batch));
    return n % batch > 0 ? m->prepare(m->self, n % batch) : STATUS_OK;
}

/* ---- evaluation ---- */

static size_t batch_at(const struct model *m, size_t at, size_t n)
{
    return n - at < m->max_batch ? n - at : m->max_batch;
}

void model_outputs(const struct model *m, const float *x, size_t n, float *out)
{
    for (size_t at = 0; at < n; at += m->max_batch) {
        const size_t rows = batch_at(m, at, n);
        const float *logits = m->forward(m->self, x + at * m->inputs, rows, MODEL_EVALUATE);
        memcpy(out + at * m->outputs, logits, rows * m->outputs * sizeof *out);
    }
}

int model_is_wrong(const double *scores, size_t width, size_t label)
{
    size_t best = 0;

    for (size_t k = 0; k < width; k++) {
        if (isnan(scores[k]))
            return 1;
        if (scores[k] > scores[best])
            best = k;
    }
    return best != label;
}

/* Of rows x width logits. */
static size_t count_errors(const float *logits, const uint8_t *labels, size_t rows, size_t width)
{
    double scores[MOST_CLASSES];
    size_t errors = 0;

    for (size_t i = 0; i < rows; i++, logits += width) {
        for (size_t k = 0; k < width; k++)
            scores[k] = (double)logits[k];
        errors += (size_t)model_is_wrong(scores, width, labels[i]);
    }
    return errors;
}

size_t model_errors(const struct model *m, const float *x, const uint8_t *labels, size_t n)
{
    size_t errors = 0;

    CHECK(m->outputs <= MOST_CLASSES, "%zu classes", m->outputs);
    for (size_t at = 0; at < n; at += m->max_batch) {
        const size_t rows = batch_at(m, at, n);
        const float *logits = m->forward(m->self, x + at * m->inputs, rows, MODEL_EVALUATE);
        errors += count_errors(logits, labels + at, rows, m->outputs);
    }
    return errors;
}

double model_error_rate(const struct model *m, const float *x, const uint8_t *labels, size_t n)
{
    CHECK(n >= 1, "the error rate of no rows");
    return (double)model_errors(m, x, labels, n) / (double)n;
}

double model_loss(const struct model *m, enum loss_kind kind, const float *x,
                  const uint8_t *labels, size_t n)
{
    double total = 0;

    CHECK(n >= 1, "the loss of no rows");
    for (size_t at = 0; at < n; at += m->max_batch) {
        const size_t rows = batch_at(m, at, n);
        const float *logits = m->forward(m->self, x + at * m->inputs, rows, MODEL_EVALUATE);
        total += loss_labels(kind, logits, labels + at, rows, m->outputs, n, NULL);
    }
    return total;
}
