/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kwng/class_measure.h"

enum status class_measure(const struct class_setup *s, const struct class_level *level,
                          struct unit *u)
{
    const struct class_variant *v = class_variant_find(s->images, u->cell_name);
    const double guess = 1 - 1 / (double)class_data_of(u->data, s->images)->pool.classes;
    struct curve *curve = curve_open(u, "training", "step [1]", "work [steps of SGD]",
                                     "training loss [nat]", "test error [1]", NULL);
    struct class_outcome out;

    TRY(class_run(s, v, v->rate, u, u->seed, "run", CLASS_TEST, level, curve, &out));
    if (out.diverged_step > 0)
        return unit_diverged(u, (double)out.diverged_step, out.last_finite);
    emit_rate(u, "error.test", out.wrong, out.of);
    emit(u, "error.half", ((double)out.wrong / (double)out.of + guess) / 2);
    emit_rate(u, "error.train", out.train_wrong, out.train_of);
    emit(u, "loss.train", out.train_loss);
    emit(u, "steps.level", (double)out.steps_to_level);
    emit(u, "work.level", (double)out.steps_to_level * out.cost);
    emit(u, "fallbacks", (double)out.fallbacks);
    return STATUS_OK;
}
