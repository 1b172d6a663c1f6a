/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_method: the optimizers that the classification programs compare, behind one call, and what
 * a step of each costs.
 *
 * All clip what they step along to the same length (KWNG, K-FAC and the diagonal their direction,
 * the others the gradient), as the official code does for KWNG and for SGD. */
#ifndef KWNG_CLASS_METHOD_H
#define KWNG_CLASS_METHOD_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "geometry/diagonal.h"
#include "geometry/kfac.h"
#include "geometry/kfac_conv.h"
#include "geometry/kwng_net.h"
#include "net/model.h"
#include "net/net.h"
#include "net/optimizer.h"

enum class_family { CLASS_SGD, CLASS_ADAM, CLASS_DIAGONAL, CLASS_KFAC, CLASS_KWNG };

/* A zeroed field means: none, or the value of the official code. */
struct class_method {
    const char *name;
    enum class_family family;
    double momentum;              /* SGD and KWNG */
    size_t basis;                 /* KWNG and diagonal: M; 0: 5 */
    enum kwng_damping damping;    /* KWNG; always as written */
    enum kernel_family kernel;    /* KWNG; always as written */
    double kfac_damping;          /* lambda; 0: 1e-3 */
};

struct class_optimizer {
    struct class_method method;
    double clip;
    struct optimizer plain;       /* SGD, Adam, and the step of the diagonal */
    struct kfac kfac;
    struct kfac_conv kfac_conv;   /* of a convolutional network */
    struct kwng_net kwng;         /* also what gives the diagonal its rows */
    struct diagonal diagonal;
    float *direction;             /* parameters: of the diagonal */
};

/* Random streams are those of the seed. Memory is the arena's. */
struct class_optimizer class_optimizer_create(struct arena *mem, const struct class_method *method,
                                              const struct net *net, const float *scale,
                                              double clip, uint64_t seed) MUST_USE;

/* One step on net->params, after net_forward and net_backward (keep 0) of a mini-batch with this
 * loss. STATUS_DIVERGED where something is not finite; others as the optimizers say. */
enum status class_optimizer_step(struct class_optimizer *o, struct net *net, double loss,
                                 double rate) MUST_USE;

/* The same for a network of any kind, as kwng_net_step_model: after its forward pass of `batch`
 * rows, which made `outputs`, and the backward pass of the loss. K-FAC needs the network behind the
 * model to be a convolutional one, `convnet` (CHECKed); for the others that may be NULL. */
struct class_optimizer class_optimizer_create_model(struct arena *mem,
                                                    const struct class_method *method,
                                                    const struct model *model,
                                                    struct convnet *convnet, const float *scale,
                                                    double clip, uint64_t seed) MUST_USE;
enum status class_optimizer_step_model(struct class_optimizer *o, const struct model *model,
                                       const float *outputs, size_t batch, double loss,
                                       double rate) MUST_USE;

/* Multiply-adds of one step on `batch` examples, counted from the shapes, and those of plain SGD in
 * proportion: 1 for SGD. Element-wise work on parameters is left out, but for KWNG's products with
 * T. */
double class_method_cost(const struct class_method *method, const struct net *net, size_t batch);

/* The same of an optimizer of class_optimizer_create_model, from the parameters and from the
 * multiply-adds of a pass for one example. */
double class_method_cost_model(const struct class_optimizer *o, size_t param_count, double forward,
                               double backward, size_t batch);

#endif
