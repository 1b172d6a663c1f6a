/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/transport.h"

#include <math.h>

int transport_accepts(const struct transport_report *report, double tolerance)
{
    return report->status == STATUS_OK &&
           fabs(report->primal - report->dual) <= tolerance * (1 + fabs(report->primal)) &&
           report->marginal_error <= tolerance;
}
