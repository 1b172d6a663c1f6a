/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_network: the network of a classification run behind one view.
 *
 * Digits: dim-hidden-hidden-classes, ReLU, PyTorch's initialization. Pictures: `blocks` is 8 for
 * ResNet-18 with `width` channels in its first stage (published: 64), or 1 for
 *   conv 3 x 3, stride 2, width channels - one residual block of that kind, stride 2, 2 width
 *   channels - mean over rows and columns - linear,
 * batch normalization behind every convolution. */
#ifndef KWNG_CLASS_NETWORK_H
#define KWNG_CLASS_NETWORK_H

#include "kwng/class_data.h"
#include "net/convnet.h"
#include "net/model.h"
#include "net/net.h"

struct class_network {
    struct net *net;            /* of digits, or NULL */
    struct convnet *convnet;    /* of pictures, or NULL */
    struct model model;         /* the view of either */
    double forward, backward;   /* multiply-adds of a pass, for one image of pictures */
};

/* Drawn from the stream `init`; batches of up to s->batch. STATUS_MEMORY and STATUS_UNFIT as
 * convnet_create. Free with class_network_free. */
enum status class_network_create(struct class_network *n, struct arena *mem,
                                 const struct class_setup *s, size_t inputs, size_t classes,
                                 struct rng *init) MUST_USE;
void class_network_free(struct class_network *n); /* a zeroed struct is allowed */

#endif
