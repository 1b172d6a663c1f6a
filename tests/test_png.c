/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sheets of images, read back through libpng. */
#include "test.h"

#include <png.h>

#include "aborts.h"
#include "damaged.h"
#include "data/png.h"

#define SIDE  4
#define COUNT 5
#define GAP   2

/* A task of all records in reverse order; record i, channel c, pixel j is 40 i + 16 c + j. */
struct sample {
    uint8_t pixels[COUNT * 3 * SIDE * SIDE], label[COUNT];
    uint32_t index[COUNT];
    struct dataset set;
    struct task task;
};

static void fill(struct sample *s, size_t channels)
{
    *s = (struct sample){0};
    s->set = (struct dataset){.name = "test",
                              .count = COUNT,
                              .channels = channels,
                              .rows = SIDE,
                              .cols = SIDE,
                              .classes = 1,
                              .pixels = s->pixels,
                              .label = s->label};
    s->task = (struct task){
        .set = &s->set, .index = s->index, .label = s->label, .n = COUNT, .classes = 1};
    for (size_t i = 0; i < COUNT; i++) {
        s->index[i] = (uint32_t)(COUNT - 1 - i);
        for (size_t j = 0; j < channels * SIDE * SIDE; j++)
            s->pixels[i * channels * SIDE * SIDE + j] = (uint8_t)(40 * i + j);
    }
}

/* The sheet of 2 x 3 places, decoded; every pixel is a record's or the grey between them. */
static void check_sheet(size_t channels)
{
    const size_t width = 3 * (SIDE + GAP) - GAP, height = 2 * (SIDE + GAP) - GAP;
    png_image image = {.version = PNG_IMAGE_VERSION};
    uint8_t bytes[3 * 1024];
    struct sample s;

    fill(&s, channels);
    CHECK_STATUS(png_sheet(name("sheet.png"), &s.task, 2, 3), STATUS_OK);
    CHECK_TRUE(png_image_begin_read_from_file(&image, path));
    CHECK_TRUE(image.width == width && image.height == height);
    CHECK_TRUE(image.format == (channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB));
    CHECK_TRUE(png_image_finish_read(&image, NULL, bytes, 0, NULL));
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            for (size_t c = 0; c < channels; c++) {
                const size_t row = y % (SIDE + GAP), col = x % (SIDE + GAP);
                const size_t place = y / (SIDE + GAP) * 3 + x / (SIDE + GAP);
                const int expected =
                    row >= SIDE || col >= SIDE || place >= COUNT
                        ? 128
                        : (int)(40 * (COUNT - 1 - place) + (c * SIDE + row) * SIDE + col);
                CHECK_NEAR(bytes[(y * width + x) * channels + c], expected, 0);
            }
}

static void sheet_of_grey_images_reads_back(void **state)
{
    (void)state;
    check_sheet(1);
}

static void sheet_of_colour_images_reads_back(void **state)
{
    (void)state;
    check_sheet(3);
}

static void sheet_has_the_same_bytes_twice(void **state)
{
    char first[DIGEST_TEXT], again[DIGEST_TEXT];
    struct sample s;

    (void)state;
    fill(&s, 1);
    CHECK_STATUS(png_sheet(name("sheet.png"), &s.task, 1, 2), STATUS_OK);
    CHECK_STATUS(digest_file(path, first), STATUS_OK);
    CHECK_STATUS(png_sheet(name("sheet.png"), &s.task, 1, 2), STATUS_OK);
    CHECK_STATUS(digest_file(path, again), STATUS_OK);
    CHECK_TEXT(again, first);
}

static void sheet_that_cannot_be_written_leaves_nothing(void **state)
{
    struct arena mem = {0};
    struct sample s;
    char **names;
    size_t n;

    (void)state;
    fill(&s, 1);
    CHECK_STATUS(png_sheet(name("no/such/folder.png"), &s.task, 1, 2), STATUS_IO);
    CHECK_MESSAGE("no/such/folder.png");
    CHECK_STATUS(file_make_folder(name("taken/sheet.png")), STATUS_OK);
    CHECK_STATUS(png_sheet(path, &s.task, 1, 2), STATUS_IO);
    CHECK_STATUS(file_list(&mem, name("taken"), &names, &n), STATUS_OK);
    CHECK_TRUE(n == 1);
    for (size_t k = 1; k <= 2; k++) {
        memory_fail_at(k);
        const enum status status = png_sheet(name("memory.png"), &s.task, 1, 2);
        memory_fail_at(0);
        CHECK_STATUS(status, STATUS_MEMORY);
        CHECK_TRUE(!file_exists(path));
    }
    arena_free(&mem);
}

/* Each side stays below 2^20 pixels, and a sheet has at least one record's place. */
static void sheets_have_bounds(void **state)
{
    struct sample s;

    (void)state;
    fill(&s, 1);
    s.set.rows = s.set.cols = 1;
    CHECK_STATUS(png_sheet(name("high.png"), &s.task, 333334, 1), STATUS_OK); /* 10^6 pixels */
    CHECK_STATUS(png_sheet(path, &s.task, 349525, 1), STATUS_IO); /* libpng's own bound */
    CHECK_ABORTS((void)!png_sheet(path, &s.task, 349526, 1)); /* 3 * 349526 - 2 = 2^20 */
    CHECK_ABORTS((void)!png_sheet(path, &s.task, 1, 349526));
    CHECK_ABORTS((void)!png_sheet(path, &s.task, 0, 1));
    CHECK_ABORTS((void)!png_sheet(path, &s.task, 1, 0));
    s.set.channels = 2;
    CHECK_ABORTS((void)!png_sheet(path, &s.task, 1, 1));
    s.set.channels = 4;
    CHECK_ABORTS((void)!png_sheet(path, &s.task, 1, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sheet_of_grey_images_reads_back),
        cmocka_unit_test(sheet_of_colour_images_reads_back),
        cmocka_unit_test(sheet_has_the_same_bytes_twice),
        cmocka_unit_test(sheet_that_cannot_be_written_leaves_nothing),
        cmocka_unit_test(sheets_have_bounds),
    };

    return cmocka_run_group_tests_name("png", tests, open_folder, remove_folder);
}
