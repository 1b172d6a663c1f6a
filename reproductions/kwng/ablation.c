/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ablation: what the kernelized Wasserstein natural gradient owes to each of its parts.
 *
 * Claim    More basis points need fewer steps; another damping matrix than the paper's hurts; a
 *          rational quadratic kernel does as well as the Gaussian; momentum on top helps in the
 *          well-conditioned case.
 * Source   Arbel, Gretton, Li and Montufar, Kernelized Wasserstein natural gradient, ICLR 2020
 *          (arXiv 1910.09652), experiments; M. Arbel's slides of April 2020 (kernel).
 * Measured as in conditioning: test and training error after the last step at the best learning
 *          rate of each variant, steps and work until the training loss is below `level`.
 * Differs  As conditioning. Each variant has a learning rate of its own (learning_rates): without
 *          that, a changed damping only changes the length of the step.
 * Minutes  smoke 0.1, desk 3, paper 75 (estimated from the cost of a step), on one core.
 */
#include "harness/harness.h"
#include "kwng/class_claims.h"
#include "kwng/class_measure.h"
#include "kwng/paper.h"

#define PARAMETERS(P)                                                                              \
    /* type   name         smoke desk  paper */                                                    \
    P(int,    seeds,       2,    12,   5,    "repetitions; ours (paper: 5)")                       \
    CLASS_MEASURE_PARAMETERS(P)
DEFINE_PARAMETERS(PARAMETERS)

static const char *const few[] = {"ill-kwng-20", "ill-identity"}; /* at smoke */
static const char *const all[] = {
    "ill-kwng-1", "ill-kwng", "ill-kwng-20", "ill-identity", "ill-squared", "ill-rational",
    "ill-kwng-momentum", "well-kwng", "well-kwng-momentum"};
static const struct axis variants = {
    .name = "variant", .meaning = "condition and what is changed",
    .at = {CLASS_CELLS(few), CLASS_CELLS(all), CLASS_CELLS(all)}};

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    return class_data_load(&CLASS_SETUP(p), loaded);
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    return class_measure(&CLASS_SETUP(p), &CLASS_LEVEL(p), u);
}

static const struct metric metrics[] = {CLASS_METRICS};

#define LESS(name, of, cell_name, than, where, text)                                               \
    CLASS_ORDER(name, of, cell_name, BELOW, than, where, text)

static const struct claim claims[] = {
    LESS("five-faster-than-one", "steps.level", "ill-kwng", "ill-kwng-1", "paper: images",
         "5 basis points reach the level in fewer steps than 1")
    LESS("twenty-faster-than-five", "steps.level", "ill-kwng-20", "ill-kwng", "paper: images",
         "20 basis points reach the level in fewer steps than 5")
    LESS("twenty-better-than-five", "error.train", "ill-kwng-20", "ill-kwng", "paper: images",
         "20 basis points end at a lower training error than 5")
    LESS("twenty-cheaper-than-five", "work.level", "ill-kwng-20", "ill-kwng", "ours",
         "20 basis points reach the level with less work than 5")
    LESS("identity-hurts", "error.test", "ill-kwng", "ill-identity", "paper, ablation of D",
         "damping by the identity ends at a higher test error than by the norms of the columns")
    LESS("squared-hurts", "error.test", "ill-kwng", "ill-squared",
         "ours: the squares make the step follow a rescaling of parameters, the code has norms",
         "damping by the squared norms ends at a higher test error than by the norms")
    CLASS_SAME("rational-quadratic-as-good", "error.test", "ill-rational", "ill-kwng", 0.03,
               "a sixth of the error of the Gaussian kernel", "slides: choice of the kernel",
               "a rational quadratic kernel ends at the same test error as the Gaussian, to 0.03")
    LESS("momentum-helps-well", "error.test", "well-kwng-momentum", "well-kwng", "paper: images",
         "well-conditioned, momentum on top of KWNG lowers its test error")
    LESS("momentum-faster-well", "steps.level", "well-kwng-momentum", "well-kwng", "paper: images",
         "well-conditioned, momentum on top of KWNG reaches the level in fewer steps")
    LESS("momentum-helps-ill", "error.test", "ill-kwng-momentum", "ill-kwng", "ours",
         "ill-conditioned, momentum on top of KWNG lowers its test error")
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "ablation", .title = "Parts of the kernelized Wasserstein natural gradient",
        .paper = KWNG_PAPER,
        .data = "MNIST",
        .differs = "Network, data and optimizers as in conditioning, not the paper's residual "
                   "network. The paper's damping D is the norm of the columns of the whitened T, "
                   "as in the official code. Each variant has its own learning rate, by the rule "
                   "of conditioning; there are the grids of ill-kwng and well-kwng. Here the k of "
                   "10^(k/2) that were tried" CLASS_PARTS(CLASS_GRID) ". A variant that does "
                   "not reach the level counts with all its steps.",
        .caption = "Left: test error on the way of KWNG with 1, 5 and 20 basis points, "
                   "ill-conditioned. Right: test error after the last step by what was changed. "
                   "Means over seeds with 95 % intervals.",
        .minutes = {0.1, 3, 75}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &variants, .load = load, .run_unit = run_unit});
}
