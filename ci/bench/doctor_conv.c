/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_conv: the installed oneDNN's convolutions against the loops of conv_naive, forward and
 * both ways backward, in the layouts and with the algorithms that networks use.
 *
 * Error bound: a sum of k products has |error| <= k eps sum |w| |x|; Winograd's transforms multiply
 * that by a constant, for which 64 is generous (it is about 10 in practice). */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/rng.h"
#include "doctor.h"
#include "net/conv_naive.h"
#include "net/conv_onednn.h"

enum { WINOGRAD_FACTOR = 64 };

struct trial {
    struct arena *mem;
    struct rng rng;
    size_t cases;
    double worst;              /* in units of the bound */
    char where[120];
};

/* An array in both precisions and its magnitudes. */
struct numbers {
    size_t n;
    float *f;
    double *d, *size;
};

static struct numbers draw(struct trial *t, size_t n)
{
    struct numbers a = {n, arena_get(t->mem, n, sizeof(float)),
                        arena_get(t->mem, n, sizeof(double)),
                        arena_get(t->mem, n, sizeof(double))};

    for (size_t i = 0; i < n; i++) {
        a.f[i] = (float)rng_normal(&t->rng);
        a.d[i] = (double)a.f[i];
        a.size[i] = fabs(a.d[i]);
    }
    return a;
}

static void compare(struct trial *t, const char *pass, const struct conv_shape *s,
                    const struct numbers *want, const float *got, double terms)
{
    t->cases++;
    for (size_t i = 0; i < want->n; i++) {
        const double bound = terms * (double)FLT_EPSILON * want->size[i] + (double)FLT_MIN;
        const double error = fabs((double)got[i] - want->d[i]) / bound;
        if (error <= t->worst)
            continue;
        t->worst = isnan(error) ? (double)INFINITY : error;
        snprintf(t->where, sizeof t->where, "%s %zu x %zu x %zu x %zu to %zu, %zu x %zu by %zu",
                 pass, s->batch, s->in, s->height, s->width, s->out, s->kernel, s->kernel,
                 s->stride);
    }
}

static size_t block_for(size_t channels, int is_input)
{
    if (is_input && channels <= 3)
        return 1;
    return conv_block() > 0 && channels % conv_block() == 0 ? conv_block() : channels;
}

/* Forward, by data and by weights: what the loops give, with magnitudes, and what oneDNN gives. */
static enum status try_shape(struct trial *t, const struct conv_shape *s)
{
    const size_t rows = conv_output_size(s, s->height), columns = conv_output_size(s, s->width);
    const struct numbers x = draw(t, s->batch * s->in * s->height * s->width);
    const struct numbers w = draw(t, conv_weight_count(s));
    const struct numbers dy = draw(t, s->batch * s->out * rows * columns);
    struct numbers y = draw(t, dy.n), dx = draw(t, x.n), dw = draw(t, w.n);
    const struct conv_options options = {.use = s->in > 3 ? CONV_TRAIN : CONV_TRAIN_FIRST,
                                         .x_block = block_for(s->in, 1),
                                         .y_block = block_for(s->out, 0),
                                         .channels_last = conv_block() == 0 ||
                                                          s->out % conv_block() != 0};
    struct tensor tx = {s->batch, s->in, s->height, s->width, options.x_block, NULL};
    struct tensor ty = {s->batch, s->out, rows, columns, options.y_block, NULL};
    struct conv *conv;

    conv_naive_forward(s, w.d, NULL, x.d, y.d);
    conv_naive_forward(s, w.size, NULL, x.size, y.size);
    conv_naive_backward_data(s, w.d, dy.d, dx.d);
    conv_naive_backward_data(s, w.size, dy.size, dx.size);
    conv_naive_backward_weights(s, x.d, dy.d, dw.d, NULL);
    conv_naive_backward_weights(s, x.size, dy.size, dw.size, NULL);

    TRY(conv_create(&conv, s, &options));
    const double factor = conv_is_winograd(conv) ? WINOGRAD_FACTOR : 1;
    const double taps = factor * (double)(s->kernel * s->kernel);
    void *workspace = arena_get(t->mem, conv_workspace(conv), 1);
    tx.data = arena_get(t->mem, tensor_size(&tx), sizeof(float));
    ty.data = arena_get(t->mem, tensor_size(&ty), sizeof(float));
    tensor_from_plain(x.f, &tx);
    conv_forward(conv, w.f, NULL, &tx, &ty, workspace);
    tensor_to_plain(&ty, y.f);
    compare(t, "forward", s, &y, y.f, taps * (double)s->in);
    tensor_from_plain(dy.f, &ty);
    conv_backward_weights(conv, &tx, &ty, dw.f, NULL, 0, workspace);
    compare(t, "weights", s, &dw, dw.f, factor * (double)(s->batch * rows * columns));
    if (options.use == CONV_TRAIN) {
        conv_backward_data(conv, w.f, &ty, &tx, workspace);
        tensor_to_plain(&tx, dx.f);
        compare(t, "data", s, &dx, dx.f, taps * (double)s->out);
    }
    conv_free(conv);
    return STATUS_OK;
}

static enum status try_all(struct trial *t)
{
    static const struct conv_shape shapes[] = {
        {.batch = 2, .in = 3, .height = 9, .width = 7, .out = 16, .kernel = 3, .stride = 1,
         .padding = 1},
        {.batch = 1, .in = 4, .height = 7, .width = 7, .out = 12, .kernel = 3, .stride = 2,
         .padding = 1},
        {.batch = 3, .in = 16, .height = 8, .width = 8, .out = 32, .kernel = 3, .stride = 2,
         .padding = 1},
        {.batch = 2, .in = 32, .height = 5, .width = 5, .out = 16, .kernel = 1, .stride = 1},
        {.batch = 2, .in = 64, .height = 8, .width = 8, .out = 64, .kernel = 3, .stride = 1,
         .padding = 1},
    };

    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        TRY(try_shape(t, &shapes[i]));
    return STATUS_OK;
}

static enum status try_guarded(struct trial *t)
{
    if (arena_guard(t->mem))
        return STATUS_MEMORY;
    const enum status status = try_all(t);
    arena_unguard(t->mem);
    return status;
}

enum status doctor_conv(const char *mode, size_t *bad)
{
    struct arena mem = {0};
    struct trial t = {.mem = &mem, .rng = rng_stream(1, "doctor:conv")};
    const enum status status = try_guarded(&t);

    arena_free(&mem);
    if (status == STATUS_UNFIT) {
        doctor_say(DOCTOR_BAD, mode, "oneDNN: %s", status_message());
        ++*bad;
        return STATUS_OK;
    }
    TRY(status);
    if (t.worst <= 1) {
        doctor_say(DOCTOR_OK, mode,
                   "convolutions (oneDNN, %s): %zu cases, worst %.2g of the error bound",
                   conv_isa(), t.cases, t.worst);
        return STATUS_OK;
    }
    doctor_say(DOCTOR_BAD, mode,
               "convolutions (oneDNN, %s): expected at most 1 of the error bound, found %.3g (%s): "
               "install another oneDNN, or set ONEDNN_MAX_CPU_ISA=AVX2",
               conv_isa(), t.worst, t.where);
    ++*bad;
    return STATUS_OK;
}
