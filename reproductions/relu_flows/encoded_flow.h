/* SPDX-License-Identifier: GPL-3.0-or-later */
/* encoded_flow: the flow of a measure over some encoding, beside that of the network it stands for.
 *
 *   theta_i' = -(1/n) sum_j e_j grad phi(theta_i; x_j)      (encoding.h), mass p_i
 *   u_i' = -g_i of neurons u with fixed signs, or (w, alpha)' of both_layers.h for ENCODING_POLAR
 *
 * from the same neurons and by the same Euler steps. Neurons are + and - by turns; a theta of a
 * pair stands for two. Data of dimension 2. + - * / and sqrt alone. */
#ifndef RELU_FLOWS_ENCODED_FLOW_H
#define RELU_FLOWS_ENCODED_FLOW_H

#include "base/memory.h"
#include "linalg/mat.h"
#include "linalg/vec.h"
#include "relu_flows/encoding.h"
#include "relu_flows/relu_network.h"

struct encoded_flow {
    enum encoding kind;
    const struct relu_data *data;
    size_t m, rows;          /* neurons, thetas */
    int plain;               /* negative mass moves with -grad F' too, and climbs; the caller's */
    double clock;            /* how many times as far the network goes in a step; the caller's */
    struct mat u;            /* m x 2: the neurons at the start, output weights absorbed; the
                                caller's */
    struct vec alpha;        /* m: sizes of the output weights that they come from; the caller's */
    struct mat theta, rate;  /* rows x numbers in a theta */
    struct vec mass, f;      /* rows; n: output */
    struct relu_network net; /* c = +-mass, for ENCODING_POLAR alpha mass */
    struct mat w, w_rate;    /* m x 2 */
    struct vec c_rate;       /* m */
};

/* Takes all memory; m even. plain = 0, clock = 1, alpha = 1, u = 0. */
struct encoded_flow encoded_flow_make(struct arena *mem, enum encoding kind,
                                      const struct relu_data *data, size_t m);

/* Sign of neuron i. */
double encoded_flow_sign(size_t i);

/* Both at the start that u and alpha say, u_i not 0. */
void encoded_flow_start(struct encoded_flow *s);

/* Leaves s->f and s->rate at s->theta. */
void encoded_flow_velocity(struct encoded_flow *s);

/* Both go on by an Euler step of the time h. Returns max_j |f - f'| from before it. */
double encoded_flow_step(struct encoded_flow *s, double h);

#endif
