/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "continual_learning/sample_sequence.h"

#include <string.h>

#include "base/check.h"

/* What makes a network what it is. */
struct weights {
    float *params;             /* param_count */
    float *state;              /* state_count */
};

/* The state of one unit. */
struct run {
    const struct sample_sequence *s;
    struct unit *u;
    struct task shuffled;      /* the pool in this round's order */
    size_t next, round;        /* place in it where the next sample begins; shuffles so far */
    struct task sample, first_sample;
    float *x;                  /* samples x inputs */
    float *x_test;             /* n_test x inputs */
    float *outputs;            /* n_test x outputs: of the model evaluated last */
    double *sum;               /* n_test x outputs: of all single models so far */
    struct weights start, sequential, first; /* before and after the tasks so far; after task 1 */
    struct train_result last;  /* of the last training */
};

/* Test errors after a task, and how the two trainings ended. */
struct outcome {
    size_t sequential, single, average;
    struct train_result went_on, started_over;
};

static struct weights room_for(struct arena *mem, const struct model *m)
{
    return (struct weights){arena_get(mem, m->param_count, sizeof(float)),
                            arena_get(mem, m->state_count, sizeof(float))};
}

static void keep(const struct model *m, const struct weights *w)
{
    memcpy(w->params, m->params, m->param_count * sizeof(float));
    if (m->state_count > 0)
        memcpy(w->state, m->state, m->state_count * sizeof(float));
}

static void put_back(const struct model *m, const struct weights *w)
{
    memcpy(m->params, w->params, m->param_count * sizeof(float));
    if (m->state_count > 0)
        memcpy(m->state, w->state, m->state_count * sizeof(float));
}

static void features(const struct run *r, float *x, const struct task *t)
{
    if (r->s->pooled)
        task_pooled(x, t, r->s->scale);
    else
        task_features(x, t, r->s->scale);
}

static void prepare(struct run *r)
{
    const struct sample_sequence *s = r->s;
    const struct model *m = s->model;
    const size_t most = s->first > s->later ? s->first : s->later;
    struct arena *mem = r->u->mem;

    r->x = arena_get(mem, most * m->inputs, sizeof(float));
    r->x_test = arena_get(mem, s->test->n * m->inputs, sizeof(float));
    features(r, r->x_test, s->test);
    r->outputs = arena_get(mem, s->test->n * m->outputs, sizeof(float));
    r->sum = arena_get(mem, s->test->n * m->outputs, sizeof(double));
    r->start = room_for(mem, m);
    r->sequential = room_for(mem, m);
    r->first = room_for(mem, m);
    keep(m, &r->start);
    keep(m, &r->sequential);
}

static enum status next_sample(struct run *r, size_t n)
{
    const struct task *pool = r->s->pool;

    if (n > pool->n)
        return status_set(STATUS_DATA, "a sample of %zu from a pool of %zu records", n, pool->n);
    if (r->round == 0 || r->next + n > pool->n) {
        struct rng order = rng_stream(r->u->seed, "sample:%zu", r->round++);

        TRY(task_draw(&r->shuffled, r->u->mem, pool, pool->n, &order, 0));
        r->next = 0;
    }
    r->sample = (struct task){r->shuffled.set, r->shuffled.index + r->next,
                              r->shuffled.label + r->next, n, r->shuffled.classes};
    r->next += n;
    features(r, r->x, &r->sample);
    return STATUS_OK;
}

/* Trains from where the weights are on a sample that lies in x. */
static enum status learn(struct run *r, const struct task *sample, struct train_options options,
                         struct rng order)
{
    const struct train_data data = {.n = sample->n, .x = r->x, .labels = sample->label};
    const enum status status = train_model(r->s->model, &data, &options, &order, &r->last);

    if (status == STATUS_DIVERGED)
        return unit_diverged(r->u, (double)r->last.diverged_step, r->last.last_finite);
    return status;
}

static enum status learn_task(struct run *r, struct rng order)
{
    struct train_options options = r->s->options;

    if (r->sample.n < r->s->few)
        options.max_epochs = r->s->epochs_small;
    return learn(r, &r->sample, options, order);
}

/* How many test records the model gets wrong; its outputs stay in r->outputs. */
static size_t test_errors(struct run *r)
{
    const struct task *test = r->s->test;
    const size_t width = r->s->model->outputs;
    size_t wrong = 0;

    model_outputs(r->s->model, r->x_test, test->n, r->outputs);
    for (size_t i = 0; i < test->n; i++) {
        double scores[256];

        for (size_t k = 0; k < width; k++)
            scores[k] = (double)r->outputs[width * i + k];
        wrong += (size_t)model_is_wrong(scores, width, test->label[i]);
    }
    return wrong;
}

/* Errors of (f_1 + ... + f_n) / n, the single models' averaged outputs, after adding f_n. */
static size_t average_errors(struct run *r)
{
    const struct task *test = r->s->test;
    const size_t width = r->s->model->outputs;
    size_t wrong = 0;

    for (size_t i = 0; i < test->n; i++) {
        double *sum = r->sum + width * i;

        for (size_t k = 0; k < width; k++)
            sum[k] += (double)r->outputs[width * i + k];
        wrong += (size_t)model_is_wrong(sum, width, test->label[i]);
    }
    return wrong;
}

/* Task n: the model in sequence goes on from task n - 1, the single one starts at the beginning.
 * For n = 1 they are the same. */
static enum status one_task(struct run *r, int n, struct outcome *o)
{
    const struct model *m = r->s->model;

    TRY(next_sample(r, n == 1 ? r->s->first : r->s->later));
    put_back(m, &r->sequential);
    TRY(learn_task(r, rng_stream(r->u->seed, "order:%d", n)));
    keep(m, &r->sequential);
    o->went_on = r->last;
    o->sequential = test_errors(r);
    if (n == 1) {
        keep(m, &r->first);
        r->first_sample = r->sample;
    } else {
        put_back(m, &r->start);
        TRY(learn_task(r, rng_stream(r->u->seed, "order-single:%d", n)));
    }
    o->started_over = r->last;
    o->single = n == 1 ? o->sequential : test_errors(r);
    o->average = average_errors(r);
    return STATUS_OK;
}

/* The control: is it the new sample that helps, or the further steps? */
static enum status more_steps(struct run *r, size_t steps)
{
    struct train_options options = r->s->options;

    options.max_epochs = options.max_steps = steps;
    options.stop_below = 0;
    features(r, r->x, &r->first_sample);
    put_back(r->s->model, &r->first);
    TRY(learn(r, &r->first_sample, options, rng_stream(r->u->seed, "order-more-steps")));
    emit_rate(r->u, "error.more-steps", test_errors(r), r->s->test->n);
    return STATUS_OK;
}

static void emit_task(struct unit *u, int n, const struct outcome *o, size_t of)
{
    emit_rate_at(u, "error.task", n, o->sequential, of);
    emit_rate_at(u, "error.single", n, o->single, of);
    emit_rate_at(u, "error.average", n, o->average, of);
}

static void emit_change(struct unit *u, int n, size_t first, size_t last, size_t now, size_t of)
{
    const double change = ((double)now - (double)last) / (double)of;

    emit_at(u, "ratio.task", n, (double)now / (double)first);
    emit_scaled_at(u, "change.task", n, change, (double)of / 2);
}

enum status sample_sequence_run(const struct sample_sequence *s, struct unit *u)
{
    struct curve *error = curve_open(u, "error", "task [1]", "sequential [1]", "single [1]",
                                     "average [1]", NULL);
    struct curve *training = curve_open(u, "training", "task [1]", "epochs [1]", "loss [nat]",
                                        "single.epochs [1]", "single.loss [nat]", NULL);
    struct run *r = arena_get(u->mem, 1, sizeof *r);
    const size_t of = s->test->n;
    struct outcome o = {0};
    size_t first = 0, last = 0;

    CHECK(s->tasks >= 2, "%d tasks", s->tasks);
    CHECK(s->model->outputs <= 256, "%zu outputs", s->model->outputs);
    r->s = s;
    r->u = u;
    prepare(r);
    TRY(model_prepare(s->model, of, s->model->max_batch));
    for (int n = 1; n <= s->tasks; n++) {
        TRY(one_task(r, n, &o));
        emit_task(u, n, &o, of);
        if (n == 1)
            first = o.sequential;
        else
            emit_change(u, n, first, last, o.sequential, of);
        if (n == 2)
            TRY(more_steps(r, o.went_on.steps));
        last = o.sequential;
        curve_row(error, (double[]){n, (double)o.sequential / (double)of,
                                    (double)o.single / (double)of, (double)o.average / (double)of});
        curve_row(training, (double[]){n, (double)o.went_on.epochs, o.went_on.loss,
                                       (double)o.started_over.epochs, o.started_over.loss});
    }
    emit_rate(u, "error.sequential.last", o.sequential, of);
    emit_rate(u, "error.average.last", o.average, of);
    return STATUS_OK;
}

const struct metric sample_sequence_metrics[SAMPLE_SEQUENCE_METRICS] = {
    {"error.task.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9,
     "test error after task n in sequence"},
    {"error.single.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9,
     "of a model trained on task n alone"},
    {"error.average.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9,
     "of the averaged outputs of the single models 1 to n"},
    {"ratio.task.*", "1", LOWER_IS_BETTER, CLASS_LONG32, 0,
     "error after task n over that after task 1"},
    {"change.task.*", "1", LOWER_IS_BETTER, CLASS_RATE, 0,
     "error after task n less that after task n - 1"},
    {"error.more-steps", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9,
     "of the first model after as many further steps on its own samples as task 2 took"},
    {"error.sequential.last", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9, "after the last task"},
    {"error.average.last", "1", LOWER_IS_BETTER, CLASS_RATE, 0.9, "average of all single models"},
};
