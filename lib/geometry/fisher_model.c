/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/fisher_model.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "geometry/fisher.h"
#include "linalg/vec.h"

static const float *net_logits(void *context, size_t first, size_t rows)
{
    const struct fisher_net_view *v = context;

    return net_forward(v->net, v->x + first * v->net->inputs, rows);
}

static const float *net_gradient(void *context, const float *dlogits)
{
    const struct fisher_net_view *v = context;

    net_backward(v->net, dlogits, 0);
    return v->net->grads;
}

struct fisher_model fisher_model_of_net(struct fisher_net_view *view)
{
    return (struct fisher_model){.params = view->net->param_count, .outputs = view->net->outputs,
                                 .context = view, .forward = net_logits,
                                 .backward = net_gradient};
}

size_t fisher_model_draw(const float *logits, size_t width, struct rng *rng)
{
    double most = (double)logits[0], total = 0, below = 0;

    for (size_t k = 1; k < width; k++)
        most = (double)logits[k] > most ? (double)logits[k] : most;
    for (size_t k = 0; k < width; k++)
        total += exp((double)logits[k] - most);
    const double at = rng_uniform(rng) * total;
    for (size_t k = 0; k < width; k++) {
        below += exp((double)logits[k] - most);
        if (at < below)
            return k;
    }
    return width - 1;
}

/* dlogits = (softmax(f) - onehot(y)) / rows with y drawn: minus the derivative of the mean of
 * log p(y|x), whose sign the square forgets. */
static void draw_scores(const float *logits, size_t rows, size_t width, struct rng *rng,
                        double *log_p, float *dlogits)
{
    for (size_t r = 0; r < rows; r++) {
        const float *f = logits + r * width;
        const size_t y = fisher_model_draw(f, width, rng);

        fisher_log_softmax(f, 1, width, log_p);
        for (size_t k = 0; k < width; k++)
            dlogits[r * width + k] = (float)((exp(log_p[k]) - (k == y)) / (double)rows);
    }
}

static void add_squares(double *sum, const float *g, size_t n, double share)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += share * (double)g[i] * (double)g[i];
}

static enum status all_finite(const double *x, size_t n)
{
    const struct vec v = vec_over(x, n);
    const size_t bad = vec_first_not_finite(&v);

    return bad == n ? STATUS_OK
                    : status_set(STATUS_DIVERGED, "Fisher matrix: entry %zu is not finite", bad);
}

enum status fisher_model_diagonal(const struct fisher_model *m, size_t examples, size_t batch,
                                  size_t draws, struct rng *rng, struct arena *mem,
                                  double *diagonal)
{
    CHECK(batch >= 1 && examples >= batch && draws >= 1, "%zu examples, batch %zu, %zu draws",
          examples, batch, draws);
    const size_t batches = examples / batch;
    float *dlogits = arena_get(mem, batch * m->outputs, sizeof *dlogits);
    double *log_p = arena_get(mem, m->outputs, sizeof *log_p);

    memset(diagonal, 0, m->params * sizeof *diagonal);
    for (size_t b = 0; b < batches; b++)
        for (size_t d = 0; d < draws; d++) {
            const float *logits = m->forward(m->context, b * batch, batch);

            draw_scores(logits, batch, m->outputs, rng, log_p, dlogits);
            add_squares(diagonal, m->backward(m->context, dlogits), m->params,
                        1 / (double)(batches * draws));
        }
    return all_finite(diagonal, m->params);
}

static double dot(const float *x, const float *y, size_t n)
{
    const struct vecf a = vec_overf(x, n), b = vec_overf(y, n);

    return vec_dotf(&a, &b);
}

/* sum_k p_k (x_k - sum_l p_l x_l)^2. */
static double variance(const double *log_p, const double *x, size_t width)
{
    double mean = 0, sum = 0;

    for (size_t k = 0; k < width; k++)
        mean += exp(log_p[k]) * x[k];
    for (size_t k = 0; k < width; k++)
        sum += exp(log_p[k]) * (x[k] - mean) * (x[k] - mean);
    return sum;
}

enum status fisher_model_norms(const struct fisher_model *m, const float *w, size_t examples,
                               struct arena *mem, struct fisher_norms *out)
{
    const size_t width = m->outputs;
    float *one = arena_get(mem, width, sizeof *one);
    double *log_p = arena_get(mem, 3 * width, sizeof *log_p);
    double *slope = log_p + width, *f = slope + width;

    CHECK(examples >= 1, "%zu examples", examples);
    *out = (struct fisher_norms){0};
    for (size_t i = 0; i < examples; i++) {
        const float *logits = m->forward(m->context, i, 1);

        fisher_log_softmax(logits, 1, width, log_p);
        for (size_t k = 0; k < width; k++)
            f[k] = (double)logits[k];
        for (size_t k = 0; k < width; k++) {
            one[k] = 1;
            slope[k] = dot(w, m->backward(m->context, one), m->params);
            one[k] = 0;
        }
        out->metric += variance(log_p, slope, width) / (double)examples;
        out->logits += variance(log_p, f, width) / (double)examples;
    }
    return all_finite((double[]){out->metric, out->logits}, 2);
}
