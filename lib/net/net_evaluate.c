/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net_evaluate: outputs and errors over any number of rows, of one network or of an ensemble. */
#include <string.h>

#include "base/check.h"
#include "net/loss.h"
#include "net/model.h"
#include "net/net.h"

void net_outputs(struct net *net, const float *x, size_t n, float *out)
{
    const struct model m = model_of_net(net);

    model_outputs(&m, x, n, out);
}

size_t net_errors(struct net *net, const float *x, const uint8_t *labels, size_t n)
{
    const struct model m = model_of_net(net);
    const size_t errors = model_errors(&m, x, labels, n);

    net->batch = 0; /* no backward pass may take up what evaluation left */
    return errors;
}

double net_error_rate(struct net *net, const float *x, const uint8_t *labels, size_t n)
{
    CHECK(n >= 1, "the error rate of no rows");
    return (double)net_errors(net, x, labels, n) / (double)n;
}

/* ---- ensembles ---- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* sums (rows x outputs) += logits or probabilities with these parameters. */
static void add_member(struct net *net, const float *params, enum ensemble_mean mean,
                       const float *x, size_t rows)
{
    struct net member = *net;
    float *probabilities = net_dlogits(net);

    member.params = (float *)(uintptr_t)params;
    const float *scores = net_forward(&member, x, rows);
    if (mean == ENSEMBLE_PROBABILITIES) {
        loss_softmax(scores, rows, net->outputs, probabilities);
        scores = probabilities;
    }
    for (size_t i = 0; i < rows * net->outputs; i++)
        net->sums[i] += (double)scores[i];
}

size_t net_ensemble_errors(struct net *net, const float *const *params, size_t members,
                           enum ensemble_mean mean, const float *x, const uint8_t *labels, size_t n)
{
    size_t errors = 0;

    CHECK(members >= 1, "an ensemble of nothing");
    for (size_t at = 0; at < n; at += net->max_batch) {
        const size_t rows = smaller(net->max_batch, n - at);

        memset(net->sums, 0, rows * net->outputs * sizeof *net->sums);
        for (size_t m = 0; m < members; m++)
            add_member(net, params[m], mean, x + at * net->inputs, rows);
        net->batch = 0; /* the activations belong to no forward pass of the net any more */
        for (size_t i = 0; i < rows; i++)
            errors += (size_t)model_is_wrong(net->sums + i * net->outputs, net->outputs,
                                             labels[at + i]);
    }
    return errors;
}

double net_ensemble_error_rate(struct net *net, const float *const *params, size_t members,
                               enum ensemble_mean mean, const float *x, const uint8_t *labels,
                               size_t n)
{
    CHECK(n >= 1, "the error rate of no rows");
    return (double)net_ensemble_errors(net, params, members, mean, x, labels, n) / (double)n;
}
