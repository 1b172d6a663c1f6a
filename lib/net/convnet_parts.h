/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_parts: what the files of convnet share; not for others. */
#ifndef NET_CONVNET_PARTS_H
#define NET_CONVNET_PARTS_H

#include "net/conv_onednn.h"
#include "net/convnet.h"
#include "net/places.h"

enum {
    PLACES_MAX = 9 * (CONVNET_LAYERS_MAX + 1), /* 6 a layer, 3 a tensor */
    NO_PLACE = CONVNET_NONE
};

/* What a layer does with the gradient of a tensor that it reads. */
enum gradient_mode {
    GRADIENT_NONE,   /* nobody wants it */
    GRADIENT_WRITE,  /* first to write it */
    GRADIENT_ADD,    /* another layer has written before */
    GRADIENT_SHARE   /* the very place of the gradient of what this layer makes */
};

struct part_tensor {
    struct tensor_shape shape;
    size_t block;
    size_t size;         /* floats of max_batch images, with padding */
    size_t producer;     /* layer; CONVNET_NONE for the input */
    size_t readers;      /* how many layers read it */
    size_t last_reader;
    size_t same_as;      /* tensor whose place it takes (in place), or itself */
    int remade;          /* not kept: made again in the backward pass when it is first needed */
    int is_back;         /* of a remade one: it has been in this backward pass */
    size_t place, place_again; /* of the one that others take the place of; and when remade */
    float *data;
    int wants_delta;     /* parameters lie before it, or the gradient by the input is wanted */
    size_t delta_root;   /* tensor whose gradient has the same place, or itself */
    int delta_shared;    /* of a root: two gradients that are both still read lie there */
    size_t delta_place;  /* of a root */
    float *delta;
};

struct part_layer {
    struct layer_spec spec;
    size_t params_at, bias_at, param_count, state_at;
    enum gradient_mode from_mode, addend_mode;
    int masks_later;       /* conv with ReLU: the max pool that reads it masks the gradient */
    int masks_for;         /* max pool: it does so */
    float *mean, *inverse; /* batch norm: c */
    uint8_t *index;        /* max pool */
    float *factors;        /* dropout */
    int needs_copy;
    float *copy;           /* conv: its input in the layout; linear: its input as plain numbers */
    float *copy_delta;     /* gradient of that, or NULL where nobody wants it */
    size_t own_place;      /* index or factors or copy */
    size_t copy_delta_place;
    size_t passing_place;  /* a gradient that is to be added to another, or that nobody wants */
    size_t work_place[CONV_PASSES];
    float *passing;
    char *work[CONV_PASSES];
};

/* Primitives for one batch size. */
struct part_shape {
    size_t batch;
    struct conv **convs;   /* one a layer, NULL where it is none */
    int works_apart;       /* some pass needs more workspace than its place has */
};

struct convnet {
    struct convnet_spec spec;
    struct convnet_options options;
    size_t block;          /* of the layers between the ends; 0: all channels last */
    struct part_layer layers[CONVNET_LAYERS_MAX];
    struct part_tensor tensors[CONVNET_LAYERS_MAX + 1];
    struct place places[PLACES_MAX]; /* in floats, over the moments of a step */
    size_t place_count, room_size;   /* room_size: floats */
    size_t param_count, state_count;
    float *params, *grads, *state;
    float *room;           /* activations, their gradients, workspace: where the plan says */
    float *logits, *dlogits; /* max_batch of the last tensor: apart, they outlive a step */
    double *sums;          /* scratch of batch norm */
    size_t sum_size;       /* doubles */
    char *workspace;       /* of batch sizes that need more than the plan has */
    size_t workspace_size, other_bytes;
    void **others;         /* blocks of single layers, count of them */
    size_t other_count;
    struct part_shape *shapes;
    size_t shape_count, shape;  /* and the one of the last pass */
    size_t batch;          /* of the last forward pass; 0: there is nothing to go back from */
    enum model_mode mode;
    struct rng rng;        /* dropout */
    struct convnet_times *times;
    void (*see)(void *context, const struct convnet_sight *sight); /* convnet_watch; or NULL */
    void *see_context;
};

/* Layouts (channels last if told so, whatever else would do), what works in place, what is made
 * again; no memory. */
void convnet_plan_layers(struct convnet *net, int channels_last);

/* The part of that which is about gradients of activations. */
void convnet_plan_gradients(struct convnet *net);

/* Lifetimes and places, when the primitives of max_batch are there. STATUS_MEMORY. */
enum status convnet_plan_places(struct convnet *net) MUST_USE;

/* Points tensors and layers to their places; room, logits and dlogits are there. */
void convnet_point(struct convnet *net);

/* Floats that an array takes, so that the next one begins on a boundary of 64 bytes. */
static inline size_t convnet_aligned(size_t floats)
{
    return (floats + 15) / 16 * 16;
}

static inline int convnet_is_conv(const struct layer_spec *l)
{
    return l->kind == LAYER_CONV || l->kind == LAYER_TRANSPOSED_CONV;
}

/* Whether a linear layer can read this tensor as it lies. */
int convnet_is_plain(const struct part_tensor *t);

/* Channels a block in which a convolution reads the tensor, a copy of it or the tensor itself. */
size_t convnet_conv_block(const struct convnet *net, const struct part_layer *l);

/* Layers whose backward pass begins by masking the gradient of what they made, where it lies. */
int convnet_masks(const struct convnet *net, size_t layer);

/* The affine map of a batch normalization with the statistics at hand: in the forward pass, and
 * where its output is made again. */
void convnet_apply_norm(const struct convnet *net, size_t layer);

/* Before and after what is made for or done with a batch of this size: on one thread where it is
 * small. The first returns what the second takes. */
int convnet_start_threads(const struct convnet *net, size_t batch);
void convnet_end_threads(int threads);

/* convnet_prepare, and this batch size becomes the present one. */
enum status convnet_take_shape(struct convnet *net, size_t batch) MUST_USE;
void convnet_free_primitives(struct convnet *net);

/* The passes of struct model. */
const float *convnet_forward(void *self, const float *x, size_t batch, enum model_mode mode);
void convnet_backward(void *self, const float *dlogits, float keep);
float *convnet_dlogits(void *self);

#endif
