/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relu_flows/alignment_course.h"

#include <math.h>

#include "base/check.h"

struct alignment_flow alignment_flow_make(struct arena *mem, const struct relu_data *data, size_t m,
                                          int trained, struct rng *start,
                                          struct relu_alignment_limits limits)
{
    struct alignment_flow f = {.trained = trained};

    f.net = relu_network_make(mem, data, m / 2, m - m / 2, 1);
    f.directions = mat_normal(mem, start, m, data->d, 1);
    f.w = mat_copy(mem, &f.directions);
    f.g = mat_zero(mem, m, data->d);
    f.alignment = relu_alignment_make(mem, m, data->d, limits);
    alignment_flow_start(&f, 1);
    return f;
}

void alignment_flow_start(struct alignment_flow *f, double scale)
{
    struct vec w = mat_flat(&f->w);

    mat_set(&f->w, &f->directions);
    vec_scale(&w, scale);
    for (size_t i = 0; i < f->net.m; i++) {
        const struct vec wi = mat_row(&f->w, i);
        const double size = f->trained ? vec_norm(&wi) : 1;

        f->net.c.x[i] = f->net.c.x[i] > 0 ? size : -size;
    }
}

void alignment_flow_step(struct alignment_flow *f, double eta)
{
    struct vec w = mat_flat(&f->w), g = mat_flat(&f->g);

    for (size_t i = 0; f->trained && i < f->net.m; i++) {
        const struct vec wi = mat_row(&f->w, i), gi = mat_row(&f->g, i);

        f->net.c.x[i] -= eta * vec_dot(&wi, &gi) / f->net.c.x[i];
    }
    vec_axpy(&w, -eta, &g);
}

double alignment_flow_kept(struct alignment_flow *f)
{
    double *cosine = f->alignment.cosine;
    size_t n = 0;

    for (size_t i = 0; i < f->net.m; i++) {
        const struct vec w = mat_row(&f->w, i), start = mat_row(&f->directions, i);

        if (relu_alignment_vectors(&f->alignment, &f->net, &f->directions, i) > 0)
            cosine[n++] = relu_alignment_cosine(&w, &start);
    }
    return relu_alignment_median(cosine, n);
}

/* Where the line through (t0, y0) and (t1, y1) has the value y. */
static double crossing(double t0, double y0, double t1, double y1, double y)
{
    return t0 + (t1 - t0) * (y - y0) / (y1 - y0);
}

/* What is remembered from one step or look to the next. */
struct watch {
    const struct alignment_clock *clock;
    double F0, last_F, last_t;
    struct relu_sight seen;
    double seen_t, next;
};

/* Looks at the neurons. */
static void watch_neurons(struct watch *k, struct alignment_flow *f, struct alignment_course *c,
                          double t, double F)
{
    const double limit = f->alignment.limits.aligned;
    const struct relu_sight before = k->seen;

    k->seen = relu_alignment_look(&f->alignment, &f->net, &f->w);
    if (c->aligned >= k->clock->horizon && k->seen.cosine > limit) {
        c->aligned = crossing(k->seen_t, before.cosine, t, k->seen.cosine, limit);
        c->aligned_loss = F / k->F0;
    }
    if (t >= k->clock->early && k->seen_t < k->clock->early) {
        c->early = k->seen;
        c->early_loss = F / k->F0;
    }
    k->seen_t = t;
    k->next = t * (1 + k->clock->between);
}

static void watch_loss(struct watch *k, struct alignment_flow *f, struct alignment_course *c,
                       double t, double F)
{
    const double level = k->clock->moved * k->F0;

    if (c->escape >= k->clock->horizon && F < level) {
        c->escape = crossing(k->last_t, k->last_F, t, F, level);
        c->at_escape = relu_alignment_look(&f->alignment, &f->net, &f->w);
    }
    k->last_t = t;
    k->last_F = F;
}

struct alignment_course alignment_course_follow(struct alignment_flow *f,
                                                const struct alignment_clock *clock,
                                                alignment_observer *observer, void *to)
{
    struct alignment_course c = {.aligned = clock->horizon, .escape = clock->horizon};
    struct watch k = {.clock = clock, .F0 = relu_network_loss(&f->net, &f->w)};
    double t = 0;

    CHECK(clock->first > 0 && clock->eta > 0 && clock->horizon > 0, "steps of %g to %g until %g",
          clock->first, clock->eta, clock->horizon);
    for (;;) {
        const double F = relu_network_gradient(&f->net, &f->w, &f->g);
        double step;

        if (t >= k.next) {
            watch_neurons(&k, f, &c, t, F);
            if (observer != NULL)
                observer(to, f, &k.seen, t, F / k.F0);
        }
        watch_loss(&k, f, &c, t, F);
        if (!(t < clock->horizon) ||
            (observer == NULL && fmax(c.aligned, c.escape) < clock->horizon))
            return c;
        step = fmin(clock->eta, fmax(clock->first, clock->relative * t));
        alignment_flow_step(f, step);
        t += step;
    }
}
