/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/class_network.h"

#include "base/check.h"
#include "net/convnet_models.h"

enum { LAYERS = 3, COLOURS = 3, RESNET_BLOCKS = 8, RESNET_WIDTH = 64 };

static struct net *create_net(struct arena *mem, const struct class_setup *s, size_t inputs,
                              size_t classes, struct rng *init)
{
    const size_t widths[LAYERS + 1] = {inputs, s->hidden, s->hidden, classes};
    const struct net_spec spec = {.layer_count = LAYERS, .widths = widths,
                                  .activation = ACTIVATION_RELU,
                                  .parameterization = NET_PYTORCH};
    struct net *net = arena_get(mem, 1, sizeof *net);

    *net = net_create(mem, &spec, s->batch);
    net_init(net, init);
    return net;
}

static struct convnet_spec one_block(const struct class_setup *s, size_t classes)
{
    struct convnet_spec p = convnet_spec_start(COLOURS, s->size, s->size);
    const size_t w = s->width;
    const size_t from = convnet_batch_norm_relu(&p, convnet_conv(&p, 0, w, 3, 2, 1, 0));
    size_t x = convnet_batch_norm_relu(&p, convnet_conv(&p, from, 2 * w, 3, 2, 1, 0));

    x = convnet_conv(&p, x, 2 * w, 3, 1, 1, 0);
    const size_t shortcut = convnet_batch_norm(&p, convnet_conv(&p, from, 2 * w, 1, 2, 0, 0));
    x = convnet_batch_norm_add_relu(&p, x, shortcut);
    convnet_linear(&p, convnet_global_pool(&p, x), classes);
    return p;
}

static struct convnet_spec plan(const struct class_setup *s, size_t classes)
{
    const struct convnet_model_options resnet = {.channels = COLOURS, .size = s->size,
                                                 .outputs = classes, .multiply = s->width,
                                                 .divide = RESNET_WIDTH};

    CHECK(s->blocks == 1 || s->blocks == RESNET_BLOCKS, "%zu residual blocks", s->blocks);
    return s->blocks == 1 ? one_block(s, classes) : convnet_models_resnet(&resnet);
}

/* The backward pass is twice the forward one, but nobody wants the gradient by the inputs. */
static void count(struct class_network *n, const struct convnet_spec *p)
{
    const struct tensor_shape in = p->shapes[0], out = p->shapes[1];
    const size_t kernel = p->layers[0].kernel;

    n->forward = convnet_operations(p) / 2;
    n->backward = 2 * n->forward - (double)(out.c * out.h * out.w * in.c * kernel * kernel);
}

enum status class_network_create(struct class_network *n, struct arena *mem,
                                 const struct class_setup *s, size_t inputs, size_t classes,
                                 struct rng *init)
{
    *n = (struct class_network){.net = NULL};
    if (s->images == CLASS_DIGITS) {
        n->net = create_net(mem, s, inputs, classes, init);
        n->model = model_of_net(n->net);
        return STATUS_OK;
    }
    const struct convnet_spec p = plan(s, classes);

    CHECK(inputs == COLOURS * s->size * s->size, "%zu inputs", inputs);
    TRY(convnet_create(&n->convnet, &p, /* a backward pass for each basis function */
                       &(struct convnet_options){.max_batch = s->batch, .repeat_backward = 1}));
    convnet_init(n->convnet, init);
    n->model = convnet_model(n->convnet);
    count(n, &p);
    return STATUS_OK;
}

void class_network_free(struct class_network *n)
{
    convnet_free(n->convnet);
    n->convnet = NULL;
}
