/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optimizer: SGD, Adam and schedules. */
#include "net/optimizer.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/compiler.h"

struct optimizer optimizer_create(struct arena *mem, const struct optimizer_spec *spec, size_t n)
{
    struct optimizer o = {.spec = *spec, .n = n};
    const int adam = spec->kind == OPTIMIZER_ADAM;

    CHECK(spec->momentum >= 0 && spec->weight_decay >= 0, "momentum %g, weight decay %g",
          spec->momentum, spec->weight_decay);
    if (o.spec.beta1 == 0)
        o.spec.beta1 = 0.9;
    if (o.spec.beta2 == 0)
        o.spec.beta2 = 0.999;
    if (o.spec.epsilon == 0)
        o.spec.epsilon = 1e-8;
    if (adam || spec->momentum > 0)
        o.first = arena_get(mem, n, sizeof *o.first);
    if (adam)
        o.second = arena_get(mem, n, sizeof *o.second);
    return o;
}

void optimizer_reset(struct optimizer *o)
{
    o->steps = 0;
    if (o->first != NULL)
        memset(o->first, 0, o->n * sizeof *o->first);
    if (o->second != NULL)
        memset(o->second, 0, o->n * sizeof *o->second);
}

VECTORIZED static void step_plain(float *restrict w, const float *restrict gradient, float rate,
                                  float decay, size_t n)
{
    for (size_t i = 0; i < n; i++)
        w[i] -= rate * (gradient[i] + decay * w[i]);
}

VECTORIZED static void step_momentum(float *restrict w, float *restrict v,
                                     const float *restrict gradient, float rate, float momentum,
                                     float decay, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        v[i] = momentum * v[i] + (gradient[i] + decay * w[i]);
        w[i] -= rate * v[i];
    }
}

struct adam_numbers {
    float decay, beta1, beta2, rest1, rest2; /* rest = 1 - beta */
    float step;           /* rate / (1 - beta1^t) */
    float root;           /* 1 / sqrt(1 - beta2^t) */
    float epsilon;
};

VECTORIZED static void step_adam(float *restrict w, float *restrict m, float *restrict v,
                                 const float *restrict gradient, const struct adam_numbers *numbers,
                                 size_t n)
{
    const struct adam_numbers a = *numbers;

    for (size_t i = 0; i < n; i++) {
        const float g = gradient[i] + a.decay * w[i];
        m[i] = a.beta1 * m[i] + a.rest1 * g;
        v[i] = a.beta2 * v[i] + a.rest2 * g * g;
        w[i] -= a.step * m[i] / (sqrtf(v[i]) * a.root + a.epsilon);
    }
}

/* base^t by repeated squaring: pow differs between CPUs in the last bit. */
static double power(double base, size_t t)
{
    double result = 1;

    for (; t > 0; t >>= 1, base *= base)
        if (t & 1)
            result *= base;
    return result;
}

static struct adam_numbers adam_numbers_at(const struct optimizer_spec *s, double rate, size_t t)
{
    return (struct adam_numbers){.decay = (float)s->weight_decay,
                                 .beta1 = (float)s->beta1,
                                 .beta2 = (float)s->beta2,
                                 .rest1 = (float)(1 - s->beta1),
                                 .rest2 = (float)(1 - s->beta2),
                                 .step = (float)(rate / (1 - power(s->beta1, t))),
                                 .root = (float)(1 / sqrt(1 - power(s->beta2, t))),
                                 .epsilon = (float)s->epsilon};
}

void optimizer_step(struct optimizer *o, float *params, const float *grads, double rate)
{
    const struct optimizer_spec *s = &o->spec;

    o->steps++;
    if (s->kind == OPTIMIZER_ADAM) {
        const struct adam_numbers a = adam_numbers_at(s, rate, o->steps);
        step_adam(params, o->first, o->second, grads, &a, o->n);
    } else if (o->first != NULL) {
        step_momentum(params, o->first, grads, (float)rate, (float)s->momentum,
                      (float)s->weight_decay, o->n);
    } else {
        step_plain(params, grads, (float)rate, (float)s->weight_decay, o->n);
    }
}

static size_t milestones_passed(const struct schedule *s, size_t t)
{
    size_t passed = 0;

    for (size_t k = 0; k < s->milestone_count; k++) {
        CHECK(k == 0 || s->milestones[k] > s->milestones[k - 1], "milestones %zu, %zu",
              s->milestones[k - 1], s->milestones[k]);
        passed += s->milestones[k] <= t;
    }
    return passed;
}

static double equilibration(const struct schedule *s, size_t t)
{
    const double largest = 12500.0 / 823543.0; /* 2^2 5^5 / 7^7 */
    const double u = (double)t / (double)s->period;
    const double rate = s->base * (u * u * power(1 - u, 5) / largest);

    return rate > s->end ? rate : s->end;
}

double schedule_rate(const struct schedule *s, size_t t)
{
    const double pi = 3.14159265358979323846;

    if (s->kind == SCHEDULE_CONSTANT)
        return s->base;
    if (s->kind == SCHEDULE_MILESTONES)
        return s->base * power(s->factor, milestones_passed(s, t));
    CHECK(s->period >= 1, "a schedule with period 0");
    if (s->kind == SCHEDULE_STEP)
        return s->base * power(s->factor, t / s->period);
    if (t >= s->period)
        return s->end;
    if (s->kind == SCHEDULE_EQUILIBRATION)
        return equilibration(s, t);
    return s->end + (s->base - s->end) * (1 + cos(pi * (double)t / (double)s->period)) / 2;
}
