/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/conv_shape.h"

#include "base/check.h"

size_t conv_output_size(const struct conv_shape *shape, size_t size)
{
    const size_t padded = size + 2 * shape->padding;

    if (shape->transposed) {
        const size_t full = (size - 1) * shape->stride + shape->kernel + shape->output_padding;
        CHECK(full > 2 * shape->padding, "%zu rows or columns leave none", size);
        return full - 2 * shape->padding;
    }
    CHECK(padded >= shape->kernel, "%zu rows or columns are less than the kernel of %zu", padded,
          shape->kernel);
    return (padded - shape->kernel) / shape->stride + 1;
}

size_t conv_weight_count(const struct conv_shape *shape)
{
    return shape->in * shape->out * shape->kernel * shape->kernel;
}

double conv_operations(const struct conv_shape *shape)
{
    const size_t rows = shape->transposed ? shape->height : conv_output_size(shape, shape->height);
    const size_t columns = shape->transposed ? shape->width : conv_output_size(shape, shape->width);

    return 2.0 * (double)(shape->batch * rows * columns) * (double)conv_weight_count(shape);
}

void conv_check_shape(const struct conv_shape *shape)
{
    CHECK(shape->batch >= 1 && shape->in >= 1 && shape->out >= 1, "batch %zu, %zu to %zu channels",
          shape->batch, shape->in, shape->out);
    CHECK(shape->height >= 1 && shape->width >= 1, "pictures of %zu x %zu", shape->height,
          shape->width);
    CHECK(shape->kernel >= 1 && shape->stride >= 1 && shape->padding < shape->kernel,
          "kernel %zu, stride %zu, padding %zu", shape->kernel, shape->stride, shape->padding);
    CHECK(shape->output_padding == 0 ||
              (shape->transposed && shape->output_padding < shape->stride),
          "output padding %zu with stride %zu", shape->output_padding, shape->stride);
    CHECK(conv_output_size(shape, shape->height) >= 1 && conv_output_size(shape, shape->width) >= 1,
          "an empty output");
}
