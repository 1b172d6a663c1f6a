/* SPDX-License-Identifier: GPL-3.0-or-later */
/* png: see png.h. libpng's simplified interface writes into memory and keeps its own long jumps to
 * itself; the file is then written as any other. */
#include "data/png.h"

#include <png.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/memory.h"

#define GAP 2 /* pixels between two records */

/* Copies record i, channel planes to interleaved pixels, to its place on the sheet. */
static void place_record(uint8_t *sheet, size_t width, const struct task *t, size_t i, size_t row,
                         size_t col)
{
    const struct dataset *set = t->set;
    const uint8_t *pixels = set->pixels + t->index[i] * dataset_pixels(set);
    const size_t top = row * (set->rows + GAP), left = col * (set->cols + GAP);

    for (size_t c = 0; c < set->channels; c++)
        for (size_t y = 0; y < set->rows; y++)
            for (size_t x = 0; x < set->cols; x++)
                sheet[((top + y) * width + left + x) * set->channels + c] = *pixels++;
}

static enum status sheet_write(const char *path, png_image *image, const uint8_t *sheet)
{
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(*image);
    uint8_t *bytes = memory_get(size, 1);
    enum status status;

    if (bytes == NULL)
        return STATUS_MEMORY;
    if (png_image_write_to_memory(image, bytes, &size, 0, sheet, 0, NULL))
        status = file_write(path, bytes, size);
    else
        status = status_set(STATUS_IO, "%s: libpng cannot write it: %s", path, image->message);
    memory_free(bytes);
    return status;
}

enum status png_sheet(const char *path, const struct task *t, size_t rows, size_t cols)
{
    const size_t channels = t->set->channels;
    const size_t height = rows * (t->set->rows + GAP) - GAP;
    const size_t width = cols * (t->set->cols + GAP) - GAP;
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB};
    enum status status;
    uint8_t *sheet;

    CHECK(rows > 0 && cols > 0, "a sheet of %zu x %zu", rows, cols);
    CHECK(channels == 1 || channels == 3, "an image of %zu channels", channels);
    CHECK(height < 1 << 20 && width < 1 << 20, "a sheet of %zu x %zu pixels", height, width);
    sheet = memory_get(height * width, channels);
    if (sheet == NULL)
        return STATUS_MEMORY;
    /* What is no record is mid-grey, so that the border of dark images shows. */
    memset(sheet, 128, height * width * channels);
    for (size_t i = 0; i < rows * cols && i < t->n; i++)
        place_record(sheet, width, t, i, i / cols, i % cols);
    status = sheet_write(path, &image, sheet);
    png_image_free(&image);
    memory_free(sheet);
    return status;
}
