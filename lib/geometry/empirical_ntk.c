/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geometry/empirical_ntk.h"

#include <math.h>

#include "base/check.h"
#include "base/memory.h"

/* gram (n x n) = A A^T in double for a (n x width) of floats; room holds n x width. */
static void gram_of(struct mat *gram, const float *a, size_t n, size_t width, double *room)
{
    const struct mat wide = mat_over(room, n, width);

    for (size_t i = 0; i < n * width; i++)
        room[i] = (double)a[i];
    mat_gram(gram, 1, &wide, MAT_AS_IS, 0);
}

static void add_layer(struct mat *out, const struct net_layer *layer, const float *inputs,
                      struct mat *h, struct mat *delta, double *room)
{
    const double s = (double)layer->weight_scale, t = (double)layer->bias_scale;

    gram_of(h, inputs, out->rows, layer->in, room);
    gram_of(delta, layer->deltas, out->rows, layer->out, room);
    for (size_t k = 0; k < out->rows * out->cols; k++)
        out->a[k] += (s * s * h->a[k] + t * t) * delta->a[k];
}

enum status empirical_ntk(struct mat *out, struct net *net, const float *x, size_t n)
{
    struct arena mem = {0};
    struct vec all = mat_flat(out);
    struct mat h, delta;
    size_t widest = net->inputs;
    double *room;

    CHECK(net->outputs == 1, "a tangent kernel of %zu outputs", net->outputs);
    CHECK(out->rows == n && out->cols == n && n >= 1 && n <= net->max_batch,
          "%zu x %zu for %zu examples, %zu at most", out->rows, out->cols, n, net->max_batch);
    if (arena_guard(&mem)) {
        arena_free(&mem);
        return STATUS_MEMORY;
    }
    for (size_t l = 0; l < net->layer_count; l++)
        widest = net->layers[l].out > widest ? net->layers[l].out : widest;
    h = mat_zero(&mem, n, n);
    delta = mat_zero(&mem, n, n);
    room = arena_get(&mem, n * widest, sizeof *room);
    net_forward(net, x, n);
    for (size_t i = 0; i < n; i++)
        net_dlogits(net)[i] = 1;
    net_backward(net, net_dlogits(net), 0);
    vec_fill(&all, 0);
    for (size_t l = 0; l < net->layer_count; l++)
        add_layer(out, &net->layers[l], l == 0 ? x : net->layers[l - 1].outputs, &h, &delta, room);
    arena_free(&mem);
    if (vec_first_not_finite(&all) < all.n)
        return status_set(STATUS_DIVERGED, "the tangent kernel is not finite");
    return STATUS_OK;
}
