/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_onednn: primitives, made once, and the three passes. Inside, everything is a correlation
 * from `large` pictures to `small` ones: x to y, or y to x where the convolution is transposed. */
#include "net/conv_onednn.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <stdlib.h>

#include <oneapi/dnnl/dnnl.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "net/elementwise.h"

enum { WINOGRAD_CHANNELS = 64, FEW_CHANNELS = 64, ALIGNMENT = 64 };

/* Channels in and out together; MiB. */
enum { TILEWISE = 192, PART_FROM = 96, PART_TO = 64 };

/* One primitive, and the weights' way into its own order (or out of it, for their gradient). */
struct pass {
    dnnl_primitive_desc_t description;
    dnnl_primitive_t primitive;
    dnnl_primitive_t reorder;   /* NULL: the plain order is the library's */
    dnnl_memory_t weights;      /* in the order of the primitive */
    dnnl_memory_t scratch;
    size_t weight_bytes, scratch_bytes;
};

struct conv {
    struct conv_shape shape;
    struct conv_options options;
    int winograd;
    size_t parts;         /* of the batch, one after the other */
    int thins;            /* the gradient of weights reads every stride-th pixel of x, packed */
    dnnl_primitive_attr_t plain, with_relu;
    dnnl_memory_desc_t large_layout, small_layout, any_weights, plain_weights, bias_layout;
    dnnl_memory_desc_t thin_layout;
    dnnl_memory_t large, small, thin, weights, bias;
    struct pass correlate, adjoint, gradient;
};

/* ---- the library ---- */

static dnnl_engine_t engine;
static dnnl_stream_t stream;

static enum status failed(dnnl_status_t status, const char *doing)
{
    if (status == dnnl_out_of_memory)
        return status_set(STATUS_MEMORY, "no memory for %s (oneDNN)", doing);
    return status_set(STATUS_UNFIT, "oneDNN cannot make %s on this processor (%s, status %d)",
                      doing, conv_isa(), (int)status);
}

#define LIBRARY(call, doing)                                                                       \
    do {                                                                                           \
        const dnnl_status_t library_status = (call);                                               \
        if (library_status != dnnl_success)                                                        \
            return failed(library_status, doing);                                                  \
    } while (0)

static int has_avx512(void)
{
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core;
}

static int has_avx2(void)
{
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2;
}

/* Of the process, made at the first use: a CPU engine has no state that could be shared wrongly. A
 * limit that came too late, after the library had looked, is not obeyed, nor is a misspelt one. */
static enum status start(void)
{
    const char *limit = getenv("ONEDNN_MAX_CPU_ISA");

    if (stream != NULL)
        return STATUS_OK;
    if (limit != NULL && strcasecmp(limit, "AVX2") == 0 && has_avx512())
        return status_set(STATUS_UNFIT, "ONEDNN_MAX_CPU_ISA=%s, but oneDNN uses %s: set it before "
                                        "the program starts", limit, conv_isa());
    if (engine == NULL)
        LIBRARY(dnnl_engine_create(&engine, dnnl_cpu, 0), "an engine");
    LIBRARY(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags), "a stream");
    return STATUS_OK;
}

size_t conv_block(void)
{
    return has_avx512() ? 16 : has_avx2() ? 8 : 0;
}

const char *conv_isa(void)
{
    switch ((int)dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_sse41: return "SSE41";
    case dnnl_cpu_isa_avx: return "AVX";
    case dnnl_cpu_isa_avx2: return "AVX2";
    case dnnl_cpu_isa_avx2_vnni: return "AVX2_VNNI";
    case dnnl_cpu_isa_avx512_core: return "AVX512_CORE";
    case dnnl_cpu_isa_avx512_core_vnni: return "AVX512_CORE_VNNI";
    case dnnl_cpu_isa_avx512_core_bf16: return "AVX512_CORE_BF16";
    case dnnl_cpu_isa_avx512_core_amx: return "AVX512_CORE_AMX";
    default: return has_avx512() ? "AVX512 and more" : has_avx2() ? "AVX2 and more" : "other";
    }
}

void conv_record(struct provenance *p)
{
    const dnnl_version_t *version = dnnl_version();

    provenance_set(p, "onednn.version", "%d.%d.%d", version->major, version->minor, version->patch);
    provenance_set(p, "onednn.isa", "%s", conv_isa());
    provenance_set(p, "onednn.threads", "%d", parallel_threads());
    if (has_avx512())
        provenance_set(p, "onednn.winograd", "3 x 3, stride 1, from %d channels in and out",
                       WINOGRAD_CHANNELS);
    else
        provenance_set(p, "onednn.winograd", "none: no AVX-512");
}

/* ---- descriptions ---- */

static dnnl_format_tag_t layout_tag(size_t channels, size_t block, int channels_last)
{
    if (block == 1 && !(channels_last && channels == 1))
        return dnnl_nchw;
    if (block == channels && (channels_last || (block != 8 && block != 16)))
        return dnnl_nhwc;
    CHECK(block == 8 || block == 16, "blocks of %zu of %zu channels", block, channels);
    return block == 8 ? dnnl_nChw8c : dnnl_nChw16c;
}

static enum status describe_pictures(dnnl_memory_desc_t *d, size_t n, size_t c, size_t h, size_t w,
                                     size_t block, int channels_last)
{
    const dnnl_dims_t sizes = {(dnnl_dim_t)n, (dnnl_dim_t)c, (dnnl_dim_t)h, (dnnl_dim_t)w};

    LIBRARY(dnnl_memory_desc_init_by_tag(d, 4, sizes, dnnl_f32,
                                         layout_tag(c, block, channels_last)), "a layout");
    return STATUS_OK;
}

static enum status describe(struct conv *conv)
{
    const struct conv_shape *s = &conv->shape;
    const struct conv_options *o = &conv->options;
    const size_t rows = conv_output_size(s, s->height), columns = conv_output_size(s, s->width);
    const size_t images = s->batch / conv->parts;
    dnnl_memory_desc_t *x = s->transposed ? &conv->small_layout : &conv->large_layout;
    dnnl_memory_desc_t *y = s->transposed ? &conv->large_layout : &conv->small_layout;
    const dnnl_dim_t k = (dnnl_dim_t)s->kernel;
    const dnnl_dims_t taps = {(dnnl_dim_t)(s->transposed ? s->in : s->out),
                              (dnnl_dim_t)(s->transposed ? s->out : s->in), k, k};
    const dnnl_dims_t out = {(dnnl_dim_t)s->out};

    TRY(describe_pictures(x, images, s->in, s->height, s->width, o->x_block,
                          o->channels_last));
    TRY(describe_pictures(y, images, s->out, rows, columns, o->y_block, o->channels_last));
    if (conv->thins)
        TRY(describe_pictures(&conv->thin_layout, images, s->in, rows, columns, o->x_block,
                              o->channels_last));
    LIBRARY(dnnl_memory_desc_init_by_tag(&conv->any_weights, 4, taps, dnnl_f32,
                                         dnnl_format_tag_any), "weights");
    LIBRARY(dnnl_memory_desc_init_by_tag(&conv->plain_weights, 4, taps, dnnl_f32, dnnl_oihw),
            "weights");
    LIBRARY(dnnl_memory_desc_init_by_tag(&conv->bias_layout, 1, out, dnnl_f32, dnnl_x), "a bias");
    return STATUS_OK;
}

static enum status make_attributes(struct conv *conv)
{
    dnnl_post_ops_t after = NULL;

    LIBRARY(dnnl_primitive_attr_create(&conv->plain), "attributes");
    LIBRARY(dnnl_primitive_attr_set_scratchpad_mode(conv->plain, dnnl_scratchpad_mode_user),
            "attributes");
    LIBRARY(dnnl_primitive_attr_create(&conv->with_relu), "attributes");
    LIBRARY(dnnl_primitive_attr_set_scratchpad_mode(conv->with_relu, dnnl_scratchpad_mode_user),
            "attributes");
    LIBRARY(dnnl_post_ops_create(&after), "attributes");
    dnnl_status_t status = dnnl_post_ops_append_eltwise(after, 1.0f, dnnl_eltwise_relu, 0, 0);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_post_ops(conv->with_relu, after);
    dnnl_post_ops_destroy(after);
    LIBRARY(status, "attributes");
    return STATUS_OK;
}

/* ---- passes ---- */

/* The bias belongs to the primitives of the plain convolution; a transposed one adds its own. */
static const dnnl_memory_desc_t *bias_of(const struct conv *conv)
{
    return conv->shape.bias && !conv->shape.transposed ? &conv->bias_layout : NULL;
}

/* Whether all channels of y lie last: the library's sums over pixels are slow there. */
static int sums_bias(const struct conv *conv)
{
    const struct conv_options *o = &conv->options;

    return !conv->shape.transposed &&
           layout_tag(conv->shape.out, o->y_block, o->channels_last) == dnnl_nhwc;
}

static dnnl_alg_kind_t algorithm(const struct conv *conv)
{
    return conv->winograd ? dnnl_convolution_winograd : dnnl_convolution_direct;
}

/* Whether the library's name of what it offers begins like this. */
static int is_named(const_dnnl_primitive_desc_t description, const char *begin)
{
    const char *name = "";

    return dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, (void *)&name) ==
               dnnl_success && strncmp(name, begin, strlen(begin)) == 0;
}

static int has_few_channels(const struct conv_shape *s)
{
    return s->in < FEW_CHANNELS || s->out < FEW_CHANNELS;
}

/* The library's first choice; but for few channels, where its convolutions by batch-reduced
 * products spend half of the time between the products, the next one (measured: 1.1 to 2.5
 * times as fast up to 32 channels, equal at 64), unless that is its plain loops or none. */
static dnnl_status_t choose(const struct conv *conv, const dnnl_convolution_desc_t *operation,
                            const_dnnl_primitive_attr_t attributes,
                            const_dnnl_primitive_desc_t hint, dnnl_primitive_desc_t *chosen)
{
    dnnl_primitive_desc_iterator_t choices = NULL;

    dnnl_status_t status = dnnl_primitive_desc_iterator_create(&choices, operation, attributes,
                                                               engine, hint);
    if (status != dnnl_success)
        return status;
    *chosen = dnnl_primitive_desc_iterator_fetch(choices);
    if (*chosen != NULL && has_few_channels(&conv->shape) && is_named(*chosen, "brg") &&
        dnnl_primitive_desc_iterator_next(choices) == dnnl_success) {
        dnnl_primitive_desc_t next = dnnl_primitive_desc_iterator_fetch(choices);
        const int is_better = next != NULL && !is_named(next, "ref");

        dnnl_primitive_desc_destroy(is_better ? *chosen : next);
        *chosen = is_better ? next : *chosen;
    }
    dnnl_primitive_desc_iterator_destroy(choices);
    return *chosen != NULL ? dnnl_success : dnnl_out_of_memory;
}

static enum status finish_pass(struct conv *conv, struct pass *pass, int is_gradient,
                               dnnl_convolution_desc_t *operation, dnnl_primitive_attr_t attributes,
                               const char *name)
{
    LIBRARY(choose(conv, operation, attributes,
                   (is_gradient && !conv->thins) || pass == &conv->adjoint
                       ? conv->correlate.description : NULL,
                   &pass->description), name);
    LIBRARY(dnnl_primitive_create(&pass->primitive, pass->description), name);

    const dnnl_memory_desc_t *weights = dnnl_primitive_desc_query_md(
        pass->description, is_gradient ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
    const dnnl_memory_desc_t *scratch =
        dnnl_primitive_desc_query_md(pass->description, dnnl_query_scratchpad_md, 0);
    const dnnl_memory_desc_t *plain = &conv->plain_weights;
    dnnl_primitive_desc_t order = NULL;

    pass->weight_bytes = dnnl_memory_desc_get_size(weights);
    pass->scratch_bytes = dnnl_memory_desc_get_size(scratch);
    LIBRARY(dnnl_memory_create(&pass->weights, weights, engine, DNNL_MEMORY_NONE), name);
    LIBRARY(dnnl_memory_create(&pass->scratch, scratch, engine, DNNL_MEMORY_NONE), name);
    if (dnnl_memory_desc_equal(weights, plain))
        return STATUS_OK;
    LIBRARY(dnnl_reorder_primitive_desc_create(&order, is_gradient ? weights : plain, engine,
                                               is_gradient ? plain : weights, engine, NULL), name);
    const dnnl_status_t status = dnnl_primitive_create(&pass->reorder, order);
    dnnl_primitive_desc_destroy(order);
    LIBRARY(status, name);
    return STATUS_OK;
}

static enum status make_passes(struct conv *conv)
{
    const struct conv_shape *s = &conv->shape;
    const dnnl_dim_t stride = (dnnl_dim_t)s->stride, padding = (dnnl_dim_t)s->padding;
    const dnnl_dims_t strides = {stride, stride}, paddings = {padding, padding};
    const enum conv_use use = conv->options.use;
    const int needs_adjoint = s->transposed || use == CONV_TRAIN;
    dnnl_convolution_desc_t d;

    LIBRARY(dnnl_convolution_forward_desc_init(
                &d, use == CONV_EVALUATE ? dnnl_forward_inference : dnnl_forward_training,
                algorithm(conv), &conv->large_layout, &conv->any_weights, bias_of(conv),
                &conv->small_layout, strides, paddings, paddings), "a convolution");
    TRY(finish_pass(conv, &conv->correlate, 0, &d,
                    conv->options.relu && !s->transposed ? conv->with_relu : conv->plain,
                    "a convolution"));
    if (needs_adjoint) {
        LIBRARY(dnnl_convolution_backward_data_desc_init(
                    &d, algorithm(conv), &conv->large_layout, &conv->any_weights,
                    &conv->small_layout, strides, paddings, paddings), "a backward convolution");
        TRY(finish_pass(conv, &conv->adjoint, 0, &d, conv->plain, "a backward convolution"));
    }
    if (use != CONV_EVALUATE) {
        const dnnl_dims_t ones = {1, 1};
        LIBRARY(dnnl_convolution_backward_weights_desc_init(
                    &d, algorithm(conv), conv->thins ? &conv->thin_layout : &conv->large_layout,
                    &conv->any_weights, sums_bias(conv) ? NULL : bias_of(conv), &conv->small_layout,
                    conv->thins ? ones : strides, paddings, paddings), "a gradient of weights");
        TRY(finish_pass(conv, &conv->gradient, 1, &d, conv->plain, "a gradient of weights"));
    }
    return STATUS_OK;
}

static enum status make_arguments(struct conv *conv)
{
    LIBRARY(dnnl_memory_create(&conv->large, &conv->large_layout, engine, DNNL_MEMORY_NONE), "x");
    LIBRARY(dnnl_memory_create(&conv->small, &conv->small_layout, engine, DNNL_MEMORY_NONE), "y");
    if (conv->thins)
        LIBRARY(dnnl_memory_create(&conv->thin, &conv->thin_layout, engine, DNNL_MEMORY_NONE), "x");
    LIBRARY(dnnl_memory_create(&conv->weights, &conv->plain_weights, engine, DNNL_MEMORY_NONE),
            "weights");
    LIBRARY(dnnl_memory_create(&conv->bias, &conv->bias_layout, engine, DNNL_MEMORY_NONE),
            "a bias");
    return STATUS_OK;
}

/* ---- creation ---- */

static int winograd_applies(const struct conv_shape *s, const struct conv_options *o)
{
    return !o->direct && has_avx512() && s->kernel == 3 && s->stride == 1 && s->padding <= 1 &&
           !s->transposed && s->in >= WINOGRAD_CHANNELS && s->out >= WINOGRAD_CHANNELS &&
           o->x_block == 16 && o->y_block == 16;
}

/* Winograd's transformed images, 36/16 of x and of y, of a large batch of large images would be the
 * largest block of a network: such a batch goes in parts. With fewer channels the library takes
 * tile after tile instead. */
static size_t count_parts(const struct conv *conv)
{
    const struct conv_shape *s = &conv->shape;
    const size_t bytes = 9 * s->height * s->width * (s->in + s->out) * s->batch;
    size_t parts = 1;

    if (!conv->winograd || s->in + s->out < TILEWISE || bytes >> 20 <= PART_FROM)
        return 1;
    while ((bytes / parts) >> 20 > PART_TO && s->batch % (2 * parts) == 0)
        parts *= 2;
    return parts;
}

/* The library itself packs what a 1 x 1 kernel of a larger stride reads, but where x has all
 * channels last and fewer than fill a block, it writes past the room that it has for that: wrong
 * gradients with several threads, broken memory with one (seen with 2.6.3; oneDNN issue 6035). */
static int has_to_thin(const struct conv_shape *s, const struct conv_options *o)
{
    return s->kernel == 1 && s->stride > 1 && !s->transposed && o->use != CONV_EVALUATE &&
           s->in % 16 != 0 && layout_tag(s->in, o->x_block, o->channels_last) == dnnl_nhwc;
}

static enum status fill(struct conv *conv)
{
    TRY(start());
    TRY(describe(conv));
    TRY(make_attributes(conv));
    TRY(make_passes(conv));
    return make_arguments(conv);
}

enum status conv_create(struct conv **conv, const struct conv_shape *shape,
                        const struct conv_options *options)
{
    *conv = NULL;
    conv_check_shape(shape);

    struct conv *made = memory_get(1, sizeof *made);
    if (made == NULL)
        return STATUS_MEMORY;
    made->shape = *shape;
    made->options = *options;
    made->winograd = winograd_applies(shape, options);
    made->parts = count_parts(made);
    made->thins = has_to_thin(shape, options);

    const enum status status = fill(made);
    if (status != STATUS_OK) {
        conv_free(made);
        return status;
    }
    *conv = made;
    return STATUS_OK;
}

static void free_pass(struct pass *pass)
{
    dnnl_primitive_destroy(pass->primitive);
    dnnl_primitive_destroy(pass->reorder);
    dnnl_primitive_desc_destroy(pass->description);
    dnnl_memory_destroy(pass->weights);
    dnnl_memory_destroy(pass->scratch);
}

void conv_free(struct conv *conv)
{
    if (conv == NULL)
        return;
    free_pass(&conv->correlate);
    free_pass(&conv->adjoint);
    free_pass(&conv->gradient);
    dnnl_memory_destroy(conv->large);
    dnnl_memory_destroy(conv->small);
    dnnl_memory_destroy(conv->thin);
    dnnl_memory_destroy(conv->weights);
    dnnl_memory_destroy(conv->bias);
    dnnl_primitive_attr_destroy(conv->plain);
    dnnl_primitive_attr_destroy(conv->with_relu);
    memory_free(conv);
}

static size_t round_up(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* A gradient that is to be added to an older one lies where the scratch was, if the library hands
 * it out in its own order first. */
static int is_fresh_in_scratch(const struct conv *conv)
{
    return conv->gradient.reorder != NULL &&
           conv->gradient.scratch_bytes >= conv_weight_count(&conv->shape) * sizeof(float);
}

/* Room for the scratch, the weights, and gradients that are to be added to older ones. */
size_t conv_pass_workspace(const struct conv *conv, enum conv_pass which)
{
    const int transposed = conv->shape.transposed != 0, forward = which == CONV_FORWARD;
    const struct pass *pass = which == CONV_BACKWARD_WEIGHTS ? &conv->gradient
                              : forward == transposed        ? &conv->adjoint
                                                             : &conv->correlate;
    const size_t fresh = round_up(conv->shape.out * sizeof(float)) +
                         (is_fresh_in_scratch(conv)
                              ? 0 : round_up(conv_weight_count(&conv->shape) * sizeof(float)));

    const size_t thin = conv->thins ? round_up(dnnl_memory_desc_get_size(&conv->thin_layout)) : 0;

    if (pass->primitive == NULL)
        return 0;
    return round_up(pass->scratch_bytes) + round_up(pass->weight_bytes) +
           (which == CONV_BACKWARD_WEIGHTS ? fresh + thin : 0);
}

size_t conv_workspace(const struct conv *conv)
{
    size_t most = 0;

    for (int pass = 0; pass < CONV_PASSES; pass++) {
        const size_t bytes = conv_pass_workspace(conv, (enum conv_pass)pass);
        most = bytes > most ? bytes : most;
    }
    return most;
}

int conv_is_winograd(const struct conv *conv)
{
    return conv->winograd;
}

size_t conv_parts(const struct conv *conv)
{
    return conv->parts;
}

static const char *implementation(const struct pass *pass)
{
    const char *name = "";

    if (pass->description == NULL ||
        dnnl_primitive_desc_query(pass->description, dnnl_query_impl_info_str, 0, (void *)&name) !=
            dnnl_success)
        return "";
    return name;
}

const char *conv_implementation(const struct conv *conv)
{
    return implementation(conv->shape.transposed ? &conv->adjoint : &conv->correlate);
}

/* A transposed convolution without a backward pass never runs the forward correlation. */
size_t conv_reference_passes(const struct conv *conv)
{
    const struct pass *passes[] = {&conv->correlate, &conv->adjoint, &conv->gradient};
    size_t count = 0;

    for (size_t i = conv->shape.transposed && conv->options.use != CONV_TRAIN; i < 3; i++)
        count += strncmp(implementation(passes[i]), "ref", 3) == 0;
    return count;
}

/* ---- execution ---- */

/* The library takes what it only reads through the same pointers as what it writes. */
static void point(dnnl_memory_t memory, const void *data)
{
    const dnnl_status_t status = dnnl_memory_set_data_handle(memory, (void *)(uintptr_t)data);

    CHECK(status == dnnl_success, "oneDNN: status %d", (int)status);
}

static void execute(dnnl_primitive_t primitive, int count, const dnnl_exec_arg_t *arguments)
{
    const dnnl_status_t status = dnnl_primitive_execute(primitive, stream, count, arguments);

    CHECK(status == dnnl_success, "oneDNN: status %d", (int)status);
    CHECK(dnnl_stream_wait(stream) == dnnl_success, "oneDNN: waiting");
}

static void *carve(char **at, size_t bytes)
{
    void *here = *at;

    *at += round_up(bytes);
    return here;
}

static void check_tensor(const struct conv *conv, const struct tensor *t, int is_y)
{
    const struct conv_shape *s = &conv->shape;
    const size_t channels = is_y ? s->out : s->in;
    const size_t rows = is_y ? conv_output_size(s, s->height) : s->height;
    const size_t columns = is_y ? conv_output_size(s, s->width) : s->width;

    CHECK(t->n == s->batch && t->c == channels && t->h == rows && t->w == columns &&
              t->block == (is_y ? conv->options.y_block : conv->options.x_block),
          "%s is %zu x %zu x %zu x %zu in blocks of %zu, made for %zu x %zu x %zu x %zu",
          is_y ? "y" : "x", t->n, t->c, t->h, t->w, t->block, s->batch, channels, rows, columns);
}

static void check_tensors(const struct conv *conv, const struct tensor *x, const struct tensor *y)
{
    check_tensor(conv, x, 0);
    check_tensor(conv, y, 1);
}

static void point_pictures(const struct conv *conv, const struct tensor *x, const struct tensor *y,
                           size_t part)
{
    const size_t images = conv->shape.batch / conv->parts * part;
    const float *at_x = x->data + images * tensor_image_size(x);
    const float *at_y = y->data + images * tensor_image_size(y);

    point(conv->large, conv->shape.transposed ? at_y : at_x);
    point(conv->small, conv->shape.transposed ? at_x : at_y);
}

/* Correlation or its adjoint: from one kind of picture to the other with these weights. */
static void run_pass(const struct conv *conv, const struct pass *pass, const float *weights,
                     const float *bias, const struct tensor *x, const struct tensor *y,
                     void *workspace)
{
    const int is_adjoint = pass == &conv->adjoint;
    char *at = workspace;

    CHECK(pass->primitive != NULL, "a pass that was not asked for at creation");
    point(pass->scratch, carve(&at, pass->scratch_bytes));
    point(conv->weights, weights);
    if (pass->reorder != NULL) {
        point(pass->weights, carve(&at, pass->weight_bytes));
        const dnnl_exec_arg_t order[] = {{DNNL_ARG_FROM, conv->weights},
                                         {DNNL_ARG_TO, pass->weights}};
        execute(pass->reorder, 2, order);
    }
    if (bias != NULL)
        point(conv->bias, bias);

    const dnnl_exec_arg_t arguments[] = {
        {is_adjoint ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, conv->large},
        {is_adjoint ? DNNL_ARG_DIFF_DST : DNNL_ARG_DST, conv->small},
        {DNNL_ARG_WEIGHTS, pass->reorder != NULL ? pass->weights : conv->weights},
        {DNNL_ARG_SCRATCHPAD, pass->scratch},
        {DNNL_ARG_BIAS, conv->bias}};
    for (size_t part = 0; part < conv->parts; part++) {
        point_pictures(conv, x, y, part);
        execute(pass->primitive, bias != NULL ? 5 : 4, arguments);
    }
}

void conv_forward(const struct conv *conv, const float *weights, const float *bias,
                  const struct tensor *x, const struct tensor *y, void *workspace)
{
    CHECK((bias != NULL) == (conv->shape.bias != 0), "a bias where the shape has none, or none");
    check_tensors(conv, x, y);
    if (!conv->shape.transposed) {
        run_pass(conv, &conv->correlate, weights, bias, x, y, workspace);
        return;
    }

    struct tensor out = *y;
    run_pass(conv, &conv->adjoint, weights, NULL, x, y, workspace);
    if (bias != NULL)
        bias_add(bias, &out);
    if (conv->options.relu)
        relu_forward(&out, &out);
}

void conv_backward_data(const struct conv *conv, const float *weights, const struct tensor *dy,
                        const struct tensor *dx, void *workspace)
{
    CHECK(conv->options.use == CONV_TRAIN, "made without a backward pass by data");
    check_tensors(conv, dx, dy);
    run_pass(conv, conv->shape.transposed ? &conv->correlate : &conv->adjoint, weights, NULL, dx,
             dy, workspace);
}

/* sum = keep sum + fresh */
static void accumulate(float *sum, const float *fresh, size_t n, float keep)
{
    for (size_t i = 0; i < n; i++)
        sum[i] = keep * sum[i] + fresh[i];
}

/* The library writes gradients; where older ones stay, it writes to the workspace first. */
static void run_gradient(const struct conv *conv, float *dweights, float *dbias, void *workspace)
{
    const struct pass *pass = &conv->gradient;
    char *at = workspace;

    CHECK(pass->primitive != NULL, "made without a backward pass by weights");
    point(pass->scratch, carve(&at, pass->scratch_bytes));
    point(conv->weights, dweights);
    if (pass->reorder != NULL)
        point(pass->weights, carve(&at, pass->weight_bytes));
    if (dbias != NULL)
        point(conv->bias, dbias);

    const dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_SRC, conv->thins ? conv->thin : conv->large},
        {DNNL_ARG_DIFF_DST, conv->small},
        {DNNL_ARG_DIFF_WEIGHTS, pass->reorder != NULL ? pass->weights : conv->weights},
        {DNNL_ARG_SCRATCHPAD, pass->scratch},
        {DNNL_ARG_DIFF_BIAS, conv->bias}};
    execute(pass->primitive, dbias != NULL ? 5 : 4, arguments);
    if (pass->reorder != NULL) {
        const dnnl_exec_arg_t order[] = {{DNNL_ARG_FROM, pass->weights},
                                         {DNNL_ARG_TO, conv->weights}};
        execute(pass->reorder, 2, order);
    }
}

/* The gradient of one part of the batch. */
static void add_gradient(const struct conv *conv, float *dweights, float *dbias, float keep,
                         void *workspace)
{
    const size_t count = conv_weight_count(&conv->shape), out = conv->shape.out;
    const int fresh = keep == 0;
    char *at = workspace;
    float *bias = fresh || dbias == NULL ? dbias : carve(&at, out * sizeof *bias);
    float *weights = dweights;

    if (!fresh && is_fresh_in_scratch(conv))
        weights = (float *)(void *)at; /* where run_gradient has the scratch */
    else if (!fresh)
        weights = carve(&at, count * sizeof *weights);
    run_gradient(conv, weights, bias, at);
    if (!fresh)
        accumulate(dweights, weights, count, keep);
    if (dbias != NULL && !fresh)
        accumulate(dbias, bias, out, keep);
}

/* Every stride-th pixel of every stride-th row. */
static void thin_out(const struct conv *conv, const struct tensor *x, float *thin)
{
    const struct conv_shape *s = &conv->shape;
    const size_t rows = conv_output_size(s, s->height), columns = conv_output_size(s, s->width);

    for (size_t i = 0; i < s->batch * rows; i++) {
        const size_t from = i / rows * s->height + i % rows * s->stride;
        const float *row = x->data + from * s->width * s->in;
        for (size_t j = 0; j < columns; j++, thin += s->in)
            memcpy(thin, row + j * s->stride * s->in, s->in * sizeof *thin);
    }
}

void conv_backward_weights(const struct conv *conv, const struct tensor *x, const struct tensor *dy,
                           float *dweights, float *dbias, float keep, void *workspace)
{
    const int sums = sums_bias(conv), transposed = conv->shape.transposed;

    CHECK((dbias != NULL) == (conv->shape.bias != 0),
          "a bias where the shape has none, or none");
    check_tensors(conv, x, dy);
    char *at = workspace;
    if (conv->thins) {
        float *thin = carve(&at, dnnl_memory_desc_get_size(&conv->thin_layout));
        thin_out(conv, x, thin);
        point(conv->thin, thin);
    }
    for (size_t part = 0; part < conv->parts; part++) {
        point_pictures(conv, x, dy, part);
        add_gradient(conv, dweights, transposed || sums ? NULL : dbias, part > 0 ? 1.0f : keep, at);
    }
    if (dbias != NULL && transposed)
        bias_gradient(dy, dbias, keep);
    else if (dbias != NULL && sums)
        bias_gradient_in_order(dy, dbias, keep);
}
