/* SPDX-License-Identifier: GPL-3.0-or-later */
/* class_counts: do more classes make ill-conditioned logits worse?
 *
 * Claim    With ill-conditioned logits the kernelized Wasserstein natural gradient (KWNG) loses
 *          more where there are more classes.
 * Source   Arbel, Gretton, Li and Montufar, Kernelized Wasserstein natural gradient, ICLR 2020
 *          (arXiv 1910.09652), classification: CIFAR-100 against CIFAR-10.
 * Measured test error with scaled logits less that without, for the first C digits, with KWNG
 *          and with Adam; scales from 10^-6 to 10^1 for every C.
 * Differs  Classes are taken away here, not added: C is 2 to 10 of the digits of MNIST, with 140
 *          training records each. Learning rates and epochs are those for 10 digits
 *          (learning_rates), so fewer digits also mean fewer steps.
 * Minutes  smoke 0.1, desk 0.35, paper 50 (estimated from the cost of a step), on one core.
 */
#include "harness/harness.h"
#include "kwng/classification.h"
#include "kwng/paper.h"

#define PARAMETERS(P)                                                                              \
    /* type   name         smoke desk  paper */                                                    \
    P(int,    seeds,       1,    6,    5,    "repetitions; ours (paper: 5)")                       \
    CLASS_PARAMETERS(P)
DEFINE_PARAMETERS(PARAMETERS)

static const struct axis classes = {
    .name = "C", .meaning = "digits to tell apart",
    .at = {CELL_VALUES(3, 10), CELL_VALUES(2, 4, 6, 8, 10), CELL_VALUES(2, 4, 6, 8, 10)}};

static enum status load(const struct parameters *p, struct loaded *loaded)
{
    return class_data_load(&CLASS_SETUP(p), loaded);
}

/* error_ill - error_well; a run that diverged has the error of guessing. */
static enum status drop(const struct class_setup *s, struct unit *u, const char *well,
                        const char *ill, double error[2])
{
    const char *const names[] = {well, ill};

    for (int i = 0; i < 2; i++) {
        const struct class_variant *v = class_variant_find(s->images, names[i]);
        struct class_outcome out;

        TRY(class_run(s, v, v->rate, u, u->seed, "run", CLASS_TEST, NULL, NULL, &out));
        error[i] = out.diverged_step > 0 ? 1 - 1 / u->cell_value
                                         : (double)out.wrong / (double)out.of;
    }
    return STATUS_OK;
}

static enum status run_unit(const struct parameters *p, struct unit *u)
{
    struct class_setup s = CLASS_SETUP(p);
    struct curve *curve = curve_open(u, "drop", "classes [1]", "KWNG [1]", "Adam [1]", NULL);
    double kwng[2], adam[2];

    s.classes = (size_t)u->cell_value;
    TRY(drop(&s, u, "well-kwng", "ill-kwng", kwng));
    TRY(drop(&s, u, "well-adam", "ill-adam", adam));
    emit(u, "error.well.kwng", kwng[0]);
    emit(u, "error.well.adam", adam[0]);
    emit(u, "drop.kwng", kwng[1] - kwng[0]);
    emit(u, "drop.adam", adam[1] - adam[0]);
    curve_row(curve, (double[]){u->cell_value, kwng[1] - kwng[0], adam[1] - adam[0]});
    return STATUS_OK;
}

static const struct metric metrics[] = {
    {"error.well.kwng", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "test error, well-conditioned"},
    {"error.well.adam", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "test error, well-conditioned"},
    {"drop.kwng", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "more test error, ill-conditioned, KWNG"},
    {"drop.adam", "1", LOWER_IS_BETTER, CLASS_LONG32, 0, "more test error, ill-conditioned, Adam"},
};

static const struct claim claims[] = {
    {.id = "more-classes-suffer-more", .place = "paper: CIFAR-100 against CIFAR-10",
     .words = "the more classes, the more test error KWNG gains by ill-conditioned logits",
     .kind = TREND, .metric = "drop.kwng", .cell = ALL_CELLS, .is = ABOVE},
    {.id = "ten-against-two", .place = "paper: CIFAR-100 against CIFAR-10",
     .words = "KWNG gains more test error with 10 classes than with 2", .kind = ORDER,
     .metric = "drop.kwng", .cell = LAST_CELL, .is = ABOVE, .to_metric = "drop.kwng",
     .to_cell = FIRST_CELL},
    {.id = "adam-suffers-more", .place = "paper: others suffer more than KWNG",
     .words = "with 10 classes Adam gains more test error than KWNG", .kind = ORDER,
     .metric = "drop.adam", .cell = LAST_CELL, .is = ABOVE, .to_metric = "drop.kwng"},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, &(struct reproduction){
        .id = "class_counts", .title = "Ill-conditioned logits and the number of classes",
        .paper = KWNG_PAPER,
        .data = "MNIST",
        .differs = "The paper compares CIFAR-100 with CIFAR-10 and a residual network. Here the "
                   "first 2 to 10 digits are told apart by the small network of conditioning, with "
                   "as many records of each digit; the learning rates are those for 10 digits. So "
                   "the mechanism (more logits over the same range of scales) is tested, not the "
                   "step from 10 to 100 classes, and fewer digits are also an easier task.",
        .caption = "Test error with ill-conditioned less that with well-conditioned logits against "
                   "the number of digits, means over seeds with 95 % intervals.",
        .minutes = {0.1, 0.35, 50}, PARAMETER_TABLE, METRICS(metrics), CLAIMS(claims),
        .axis = &classes, .load = load, .run_unit = run_unit});
}
