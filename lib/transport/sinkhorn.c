/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sinkhorn: see sinkhorn.h. */
#include "transport/sinkhorn.h"

#include "transport/sinkhorn_answer.h"
#include "transport/sinkhorn_input.h"

enum status sinkhorn_solve(struct sinkhorn_result *result, const struct sinkhorn_problem *problem,
                           const struct sinkhorn_options *options, struct arena *mem)
{
    struct sinkhorn_solver s;

    TRY(sinkhorn_input_take(&s, problem, options, mem));
    sinkhorn_solver_run(&s, options->f != NULL);
    sinkhorn_solver_settle(&s);
    return sinkhorn_answer_finish(result, &s, NULL, options->raw);
}

enum status sinkhorn_blocks(struct sinkhorn_result *results, struct transport_report *total,
                            const struct sinkhorn_problem *problems, size_t count,
                            const struct sinkhorn_options *options, struct arena *mem)
{
    *total = (struct transport_report){.status = STATUS_OK};
    if (options->f != NULL)
        return status_set(STATUS_USAGE, "blocks take no initial potentials");
    for (size_t i = 0; i < count; i++) {
        const enum status status = sinkhorn_solve(&results[i], &problems[i], options, mem);
        if (status != STATUS_OK && status != STATUS_NO_CONVERGENCE)
            return status;
        const struct transport_report *r = &results[i].report;
        total->iterations += r->iterations;
        total->primal += r->primal;
        total->dual += r->dual;
        total->marginal_error += r->marginal_error;
        total->status = total->status == STATUS_OK ? status : total->status;
    }
    return total->status;
}

/* Dual value of one of the three problems, its memory released. */
static enum status value_of(double *value, const struct mat *cost, const struct vec *a,
                            const struct vec *b, const struct sinkhorn_options *options,
                            struct arena *mem)
{
    struct sinkhorn_result r;

    if (arena_guard(mem))
        return STATUS_MEMORY;
    TRY(sinkhorn_solve(&r, &(struct sinkhorn_problem){cost, a, b}, options, mem));
    *value = r.report.dual;
    return STATUS_OK;
}

enum status sinkhorn_divergence(double *divergence, const struct mat *xx, const struct mat *xy,
                                const struct mat *yy, const struct vec *a, const struct vec *b,
                                const struct sinkhorn_options *options)
{
    const struct mat *costs[3] = {xy, xx, yy};
    const struct vec *rows[3] = {a, a, b}, *columns[3] = {b, a, b};
    struct sinkhorn_options o = *options;
    double value[3] = {0.0, 0.0, 0.0};

    o.raw = 1;
    o.f = NULL;
    for (size_t i = 0; i < 3; i++) {
        struct arena mem = {.blocks = NULL};
        const enum status status = value_of(&value[i], costs[i], rows[i], columns[i], &o, &mem);
        arena_free(&mem);
        TRY(status);
    }
    *divergence = value[0] - 0.5 * (value[1] + value[2]);
    return STATUS_OK;
}
