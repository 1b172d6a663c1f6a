/* SPDX-License-Identifier: GPL-3.0-or-later */
/* learning_rates_cifar: which learning rate each optimizer of conditioning_cifar and of
 * class_counts_cifar needs.
 *
 * Claim    None of the paper's own. The rate of every method is chosen before it is compared, by
 *          the same rule and the same budget, on training records that its runs do not train on.
 * Source   Arbel, Gretton, Li and Montufar, Kernelized Wasserstein natural gradient, ICLR 2020
 *          (arXiv 1910.09652): each method at its best step size; their grids are not
 *          given.
 * Measured held-out error, mean of two tuning seeds, for `grid` rates half a decade apart, wider
 *          while the best lies at an edge; how much better the best is than the rate in use, and
 *          whether the grid ends where classification.h says.
 * Differs  Those programs use the rates in classification.h, whatever the profile and the data;
 *          here is the evidence for them at desk, on CIFAR-100 for the optimizers that are compared
 *          there at desk.
 * Minutes  smoke 0.1, desk 6.6 on one core; paper 2,700,000 (from the steps of conditioning_cifar).
 */
#include "harness/harness.h"
#include "kwng/class_search.h"
#include "kwng/classification.h"
#include "kwng/paper.h"
#include "net/conv_onednn.h"

#define PARAMETERS(P)                                                                              \
    /* type   name         smoke desk  paper */                                                    \
    CLASS_SEARCH_PARAMETERS(P)                                                                     \
    CLASS_PICTURES_PARAMETERS(P)                                                                   \
    CLASS_HUNDRED_PARAMETERS(P)
DEFINE_PARAMETERS(PARAMETERS)

static const char *const few[] = {"well-sgd", "ill-adam", "ill-kfac", "ill-kwng",
                                  "ill-kwng-100"}; /* at smoke */
static const char *const some[] = {CLASS_PICTURES_OPTIMIZERS(CLASS_NAME)
                                   CLASS_HUNDRED_TRIED(CLASS_NAME)};
static const char *const all[] = {CLASS_PICTURES_OPTIMIZERS(CLASS_NAME)
                                  CLASS_HUNDRED_TRIED(CLASS_NAME)
                                  CLASS_HUNDRED_OTHERS(CLASS_NAME)};
static const struct axis variants = {
    .name = "variant", .meaning = "condition and optimizer, -100: on CIFAR-100",
    .at = {CLASS_CELLS(few), CLASS_CELLS(some), CLASS_CELLS(all)}};

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    const struct class_setup hundred = CLASS_HUNDRED_SETUP(p);

    TRY(class_data_load(&CLASS_PICTURES_SETUP(p), loaded));
    return class_data_load(&hundred, loaded);
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const struct class_setup s = class_pictures_of(u->cell_name) == CLASS_HUNDRED
                                     ? CLASS_HUNDRED_SETUP(p)
                                     : CLASS_PICTURES_SETUP(p);

    return class_search_run(&s, &CLASS_SEARCH(p), u);
}

static const struct metric metrics[] = {CLASS_SEARCH_METRICS};

static const struct claim claims[] = {CLASS_SEARCH_CLAIMS(
    0.016, "0.016", "twice the deviation of an error of 0.5 over 2 x 2000 records, 0.008")};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "learning_rates_cifar", .title = "The learning rate of each optimizer on pictures",
        .paper = KWNG_PAPER,
        .data = "CIFAR-10 and CIFAR-100",
        .differs = CLASS_SEARCH_RULE
                   "conditioning_cifar and class_counts_cifar use the rates found here at desk, "
                   "also at other profiles and on stand-ins. Desk has 25 classes of CIFAR-100, and "
                   "on it KWNG and Adam alone; the others take the rates of CIFAR-10 there. The k "
                   "of the rates 10^(k/2) that were tried" CLASS_PICTURES_OPTIMIZERS(CLASS_GRID)
                   CLASS_HUNDRED_TRIED(CLASS_GRID) ".",
        .caption = "Held-out error of each optimizer against its learning rate, mean of two tuning "
                   "seeds. Left: well-conditioned. Right: ill-conditioned. Dashed: 25 classes of "
                   "CIFAR-100.",
        .minutes = {0.1, 6.6, 2700000}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &variants, .load = load, .run_unit = run_unit, .record = conv_record});
}
