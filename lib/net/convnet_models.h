/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convnet_models: plans of the networks that the papers train on images.
 *
 * The conv net and the WRN-16-4 are those of the code published with Gao and Chaudhari, "An
 * information-geometric distance on the space of tasks" (2020; arXiv 2011.00613), encoder and
 * decoder those of the same authors, "A free-energy principle for representation learning" (2020;
 * arXiv 2002.12406, section 5.1), ResNet-18 that of He et al. (2016) with the stem that is usual
 * for CIFAR. Every number of channels inside is the published one times multiply / divide, which
 * must be whole; parameters lie in the order in which the plans name the layers. */
#ifndef NET_CONVNET_MODELS_H
#define NET_CONVNET_MODELS_H

#include <stddef.h>

#include "net/convnet_spec.h"

struct convnet_model_options {
    size_t channels;         /* of the images */
    size_t size;             /* rows, and as many columns */
    size_t outputs;          /* classes; of an encoder: numbers that it hands on */
    size_t multiply, divide; /* of channels and of hidden units; 0: 1 */
    size_t hidden;           /* units of an encoder or decoder of linear layers; 0: 256 */
    double dropout;          /* behind them: of a zero */
};

/* Six convolutions with biases, 32-64-128-128-256-256, the first of each pair with batch
 * normalization, a max pool after each pair, whole channels dropped (p = 0.05) before the last one,
 * one linear layer: 1,167,882 parameters for 10 classes of CIFAR. */
struct convnet_spec convnet_models_conv(const struct convnet_model_options *options);

/* The same with a hidden linear layer of 1024 units with ReLU: the paper speaks of eight layers,
 * its code has this one as a comment; that a ReLU follows is ours. */
struct convnet_spec convnet_models_conv_hidden(const struct convnet_model_options *options);

/* Three stages of two preactivation blocks (64, 128, 256 channels) behind 16 channels. Unlike the
 * published WRN (Zagoruyko and Komodakis, 2016) and like that code: the stride is in the second
 * convolution of a block, shortcuts read the raw input, convolutions have biases, the running
 * statistics of the last normalization have a momentum of 0.9. 2,751,146 parameters for 10 classes
 * of CIFAR. */
struct convnet_spec convnet_models_wrn(const struct convnet_model_options *options);

/* Four stages of two blocks (64, 128, 256, 512 channels) behind a 3 x 3 convolution, no max pool,
 * no biases but in the linear layer: 11,173,962 parameters for 10 classes of CIFAR. As an encoder
 * it has 2 x latent outputs (means and logarithms of variances). */
struct convnet_spec convnet_models_resnet(const struct convnet_model_options *options);

/* linear 256, batch normalization, ReLU, dropout where it is asked for, linear to outputs; for MNIST
 * 784-256-(2 x 16), and for the transfer between its digits hidden 400, dropout 0.1 and
 * 784-400-(2 x 64) (appendix A). The batch normalization is ours. */
struct convnet_spec convnet_models_mlp_encoder(const struct convnet_model_options *options);

/* The mirror image, from `latent` numbers to channels size^2 in (0, 1); outputs is not read. */
struct convnet_spec convnet_models_mlp_decoder(const struct convnet_model_options *options,
                                               size_t latent);

/* What tells classes from `latent` numbers: one linear layer to outputs. */
struct convnet_spec convnet_models_classifier(const struct convnet_model_options *options,
                                              size_t latent);

/* One linear layer and four transposed convolutions (4 x 4, stride 2), batch normalization and ReLU
 * between, a sigmoid at the end; outputs are channels size^2 numbers, NCHW. The channels
 * 512-256-128-64 are ours: the paper has none. size is a multiple of 16; outputs is not read. */
struct convnet_spec convnet_models_decoder(const struct convnet_model_options *options,
                                           size_t latent);

#endif
