/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loss: cross-entropy and squared loss. */
#include "net/loss.h"

#include <math.h>

#include "base/check.h"

static float row_maximum(const float *f, size_t width)
{
    float largest = f[0];

    for (size_t k = 1; k < width; k++)
        largest = f[k] > largest ? f[k] : largest;
    return largest;
}

/* e_k = exp(f_k - largest) into e; returns their sum. */
static double exponentials(const float *f, float largest, size_t width, float *e)
{
    double sum = 0;

    for (size_t k = 0; k < width; k++) {
        e[k] = expf(f[k] - largest);
        sum += (double)e[k];
    }
    return sum;
}

/* The sum of exponentials without a place to keep them. */
static double exponential_sum(const float *f, float largest, size_t width)
{
    double sum = 0;

    for (size_t k = 0; k < width; k++)
        sum += (double)expf(f[k] - largest);
    return sum;
}

double loss_cross_entropy(const float *outputs, const uint8_t *labels, size_t rows, size_t width,
                          size_t count, float *d)
{
    const double share = 1.0 / (double)count;
    double total = 0;

    for (size_t i = 0; i < rows; i++, outputs += width) {
        const size_t label = labels[i];
        CHECK(label < width, "label %zu of %zu classes", label, width);

        const float largest = row_maximum(outputs, width);
        const double score = (double)outputs[label] - (double)largest;
        const double sum = d != NULL ? exponentials(outputs, largest, width, d)
                                     : exponential_sum(outputs, largest, width);
        total += log(sum) - score;
        if (d == NULL)
            continue;

        const double scale = share / sum;
        const double at_label = (double)d[label] * scale - share;
        for (size_t k = 0; k < width; k++)
            d[k] = (float)((double)d[k] * scale);
        d[label] = (float)at_label;
        d += width;
    }
    return total * share;
}

double loss_squared_labels(const float *outputs, const uint8_t *labels, size_t rows, size_t width,
                           size_t count, float *d)
{
    const double share = 1.0 / (double)count;
    double total = 0;

    for (size_t i = 0; i < rows; i++) {
        CHECK(labels[i] < width, "label %d of %zu classes", labels[i], width);
        for (size_t k = 0; k < width; k++) {
            const double rest = (double)outputs[i * width + k] - (k == labels[i] ? 1.0 : 0.0);
            total += rest * rest;
            if (d != NULL)
                d[i * width + k] = (float)(rest * share);
        }
    }
    return 0.5 * total * share;
}

double loss_squared(const float *outputs, const float *targets, size_t rows, size_t width,
                    size_t count, float *d)
{
    const double share = 1.0 / (double)count;
    double total = 0;

    for (size_t i = 0; i < rows * width; i++) {
        const double rest = (double)outputs[i] - (double)targets[i];
        total += rest * rest;
        if (d != NULL)
            d[i] = (float)(rest * share);
    }
    return 0.5 * total * share;
}

double loss_labels(enum loss_kind kind, const float *outputs, const uint8_t *labels, size_t rows,
                   size_t width, size_t count, float *d)
{
    return kind == LOSS_SQUARED ? loss_squared_labels(outputs, labels, rows, width, count, d)
                                : loss_cross_entropy(outputs, labels, rows, width, count, d);
}

void loss_softmax(const float *outputs, size_t rows, size_t width, float *p)
{
    for (size_t i = 0; i < rows; i++, outputs += width, p += width) {
        const double sum = exponentials(outputs, row_maximum(outputs, width), width, p);
        for (size_t k = 0; k < width; k++)
            p[k] = (float)((double)p[k] / sum);
    }
}
