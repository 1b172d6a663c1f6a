/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_counts_cifar: do ill-conditioned logits cost more on CIFAR-100 than on CIFAR-10?
 *
 * Claim    With ill-conditioned logits the kernelized Wasserstein natural gradient (KWNG) keeps its
 *          accuracy on CIFAR-10 and loses some on CIFAR-100, where there are more classes; other
 *          optimizers lose more than it does.
 * Source   Arbel, Gretton, Li and Montufar, Kernelized Wasserstein natural gradient, ICLR 2020
 *          (arXiv 1910.09652), classification: CIFAR-100 against CIFAR-10. Curves only.
 * Measured test error with logits scaled by 10^-6 ... 10^1 less that without, of the same network,
 *          records and steps on either set, each optimizer at its best rates
 *          (learning_rates_cifar).
 * Differs  Paper: ResNet-18 on all of both sets, six optimizers on CIFAR-100 (those of CIFAR-10 are
 *          in conditioning_cifar). Desk: the network and the pictures of conditioning_cifar, and 25
 *          of the 100 classes, as many records in all and so fewer of each class; KWNG and Adam.
 * Minutes  smoke 0.1, desk 1.9 on one core; paper 900,000 (from the steps of conditioning_cifar).
 */
#include <stdio.h>
#include <string.h>

#include "harness/harness.h"
#include "kwng/classification.h"
#include "kwng/paper.h"
#include "net/conv_onednn.h"

#define PARAMETERS(P)                                                                              \
    /* type   name         smoke desk  paper */                                                    \
    P(int,    seeds,       1,    5,    5,    "repetitions; paper: 5")                              \
    CLASS_PICTURES_PARAMETERS(P)                                                                   \
    CLASS_HUNDRED_PARAMETERS(P)
DEFINE_PARAMETERS(PARAMETERS)

#define TEN "ten-"
#define HUNDRED "hundred-"
static const char *const all[] = {
    TEN "kwng", HUNDRED "kwng", HUNDRED "adam", HUNDRED "sgd", HUNDRED "momentum",
    HUNDRED "diagonal", HUNDRED "kfac"};
static const double numbers[] = {0, 1, 2, 3, 4, 5, 6};
static const struct axis runs = {
    .name = "run", .meaning = "data and optimizer",
    .at = {{2, numbers, all}, {3, numbers, all}, {sizeof all / sizeof all[0], numbers, all}}};

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    const struct class_setup hundred = CLASS_HUNDRED_SETUP(p);

    TRY(class_data_load(&CLASS_PICTURES_SETUP(p), loaded));
    return class_data_load(&hundred, loaded);
}

/* The test error of one run; that of guessing where it diverged. */
static enum status error_of(const struct class_setup *s, struct unit *u, const char *condition,
                            const char *method, double guess, double *error)
{
    struct class_outcome out;
    char name[64];

    snprintf(name, sizeof name, "%s-%s%s", condition, method,
             s->images == CLASS_HUNDRED ? "-100" : "");
    const struct class_variant *v = class_variant_find(s->images, name);

    TRY(class_run(s, v, v->rate, u, u->seed, "run", CLASS_TEST, NULL, NULL, &out));
    *error = out.diverged_step > 0 ? guess : (double)out.wrong / (double)out.of;
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    const int ten = strncmp(u->cell_name, TEN, strlen(TEN)) == 0;
    const char *method = u->cell_name + strlen(ten ? TEN : HUNDRED);
    const struct class_setup s = ten ? CLASS_PICTURES_SETUP(p) : CLASS_HUNDRED_SETUP(p);
    const double guess = 1 - 1 / (double)class_data_of(u->data, s.images)->pool.classes;
    struct curve *curve = curve_open(u, "drop", "set [1]", "well [1]", "ill [1]", NULL);
    double well, ill;

    TRY(error_of(&s, u, "well", method, guess, &well));
    TRY(error_of(&s, u, "ill", method, guess, &ill));
    emit(u, "error.well", well);
    emit(u, "error.ill", ill);
    emit(u, "drop", ill - well);
    emit(u, "share", (ill - well) / (guess - well));
    curve_row(curve, (double[]){ten ? 10 : 100, well, ill});
    return STATUS_OK;
}

static const struct metric metrics[] = {
    {"error.well", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "test error, well-conditioned"},
    {"error.ill", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "test error, ill-conditioned"},
    {"drop", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "how much more that is"},
    {"share", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "of what well-conditioned is right beyond "
     "guessing, how much that is"},
};

static const struct claim claims[] = {
    {.id = "more-classes-suffer-more", .place = "paper: CIFAR-100 against CIFAR-10",
     .words = "KWNG gains more test error by ill-conditioned logits on CIFAR-100 than on CIFAR-10",
     .kind = ORDER, .metric = "drop", .cell = HUNDRED "kwng", .is = ABOVE, .to_metric = "drop",
     .to_cell = TEN "kwng"},
    {.id = "larger-share-too", .place = "ours: 25 or 100 classes leave less to lose",
     .words = "that is also a larger share of what it is right beyond guessing", .kind = ORDER,
     .metric = "share", .cell = HUNDRED "kwng", .is = ABOVE, .to_metric = "share",
     .to_cell = TEN "kwng"},
    {.id = "adam-suffers-more", .place = "paper: others suffer more than KWNG",
     .words = "on CIFAR-100 Adam gains more test error than KWNG", .kind = ORDER, .metric = "drop",
     .cell = HUNDRED "adam", .is = ABOVE, .to_metric = "drop", .to_cell = HUNDRED "kwng"},
    {.id = "kwng-is-better", .place = "paper: ill-conditioned case, CIFAR-100",
     .words = "on CIFAR-100, ill-conditioned, KWNG ends at a lower test error than Adam",
     .kind = ORDER, .metric = "error.ill", .cell = HUNDRED "kwng", .is = BELOW,
     .to_metric = "error.ill", .to_cell = HUNDRED "adam"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "class_counts_cifar", .title = "Ill-conditioned logits on CIFAR-10 and CIFAR-100",
        .paper = KWNG_PAPER,
        .data = "CIFAR-10 and CIFAR-100",
        .differs = "At desk CIFAR-100 stands with 25 of its classes, those of the superclasses 2, "
                   "8, 11, 18 and 19, of which 408 records each are used, and the network is the "
                   "small one of conditioning_cifar, with as many records and steps on either set. "
                   "So there are fewer records of each class too, and an error of 0.96 by guessing "
                   "instead of 0.9. At paper it is ResNet-18 on all of both sets for 350 epochs, "
                   "and on CIFAR-100 all six optimizers. Rates and their grids are those of "
                   "learning_rates_cifar; of optimizers that desk does not run on CIFAR-100 they "
                   "are those of CIFAR-10. The rest is as in conditioning_cifar.",
        .caption = "Test error after the last step with well- and with ill-conditioned logits, "
                   "means over seeds with 95 % intervals.",
        .minutes = {0.1, 1.9, 900000}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &runs, .load = load, .run_unit = run_unit, .record = conv_record});
}
