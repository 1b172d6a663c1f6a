/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_cifar_tasks: which records become which task, from small files in CIFAR's format. */
#include "test.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/cifar.h"
#include "task_distance/cifar_tasks.h"
#include "task_distance/matrix_data.h"

enum { FINE_EACH = 41, FINE_TEST = 10, TEN_EACH = 30, TEN_TEST = 4 };

static struct arena mem;
static char folder[512];

/* each records of each class, class by class in turn; the first pixels of a record hold its number
 * within the file. Coarse labels are fine labels modulo 20. */
static void write_records(const char *name, size_t classes, size_t each)
{
    const size_t labels = classes == 100 ? 2 : 1, size = labels + CIFAR_PIXELS;
    uint8_t *bytes = memory_get(classes * each, size);
    char path[700];

    for (size_t i = 0; i < classes * each; i++) {
        uint8_t *record = bytes + i * size;

        record[0] = (uint8_t)(classes == 100 ? i % classes % 20 : i % classes);
        record[labels - 1] = (uint8_t)(labels == 2 ? i % classes : record[0]);
        record[labels] = (uint8_t)(i & 255);
        record[labels + 1] = (uint8_t)(i >> 8);
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK_STATUS(file_write(path, bytes, classes * each * size), STATUS_OK);
    memory_free(bytes);
}

static void write_names(const char *name, int n)
{
    char path[700], *text = arena_text(&mem, "%s", "");

    for (int i = 0; i < n; i++)
        text = arena_text(&mem, "%sname-%d\n", text, i);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK_STATUS(file_write(path, text, strlen(text)), STATUS_OK);
}

static int fill(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s", test_folder());
    write_records("train.bin", 100, FINE_EACH);
    write_records("test.bin", 100, FINE_TEST);
    write_records("data_batch_1.bin", 10, TEN_EACH);
    write_records("test_batch.bin", 10, TEN_TEST);
    write_names("fine_label_names.txt", 100);
    write_names("coarse_label_names.txt", 20);
    write_names("batches.meta.txt", 10);
    return 0;
}

static int drain(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

static struct loaded start(void)
{
    struct loaded l = {.asked = folder, .mem = &mem};

    digest_start(&l.records);
    return l;
}

static size_t number_of(const struct task *t, size_t i)
{
    const uint8_t *pixels = t->set->pixels + t->index[i] * CIFAR_PIXELS;

    return pixels[0] + 256u * pixels[1];
}

static void subsets_are_the_five_superclasses(void **state)
{
    struct loaded l = start();

    (void)state;
    CHECK_STATUS(cifar_tasks_load(&l, cifar_subsets, CIFAR_SUBSETS, 30, 2), STATUS_OK);
    const struct cifar_tasks *t = l.data;
    CHECK_TEXT(l.kind, "real");
    for (size_t k = 0; k < CIFAR_SUBSETS; k++) {
        CHECK_TRUE(t->pool[k].n == 150 && t->test[k].n == 25 && t->pool[k].classes == 5);
        for (size_t i = 0; i < t->pool[k].n; i++)
            assert_int_equal(number_of(&t->pool[k], i) % 100,
                             cifar_subsets[k].classes[t->pool[k].label[i]]);
    }
    CHECK_TRUE(t->train10.count == 0);
    l.release(l.data);
    l = start();
    CHECK_STATUS(cifar_tasks_load(&l, cifar_subsets, 1, FINE_EACH + 1, 2), STATUS_DATA);
    l.release(l.data);
}

static void superclasses_leave_the_test_file_alone(void **state)
{
    struct loaded l = start();
    unsigned char seen[100 * FINE_EACH] = {0};

    (void)state;
    CHECK_STATUS(cifar_tasks_load(&l, cifar_wholes, CIFAR_WHOLES, TEN_EACH, 1), STATUS_OK);
    const struct cifar_tasks *t = l.data;
    const struct task *parts[] = {&t->pool[0], &t->test[0]};
    assert_int_equal(t->pool[0].n, 100 * 30);
    assert_int_equal(t->test[0].n, 100 * 10);
    for (size_t k = 0; k < 2; k++) {
        CHECK_TRUE(parts[k]->set == &t->train100 && parts[k]->classes == 20);
        for (size_t i = 0; i < parts[k]->n; i++) {
            const size_t number = number_of(parts[k], i);

            CHECK_TRUE(number < 100 * CIFAR_FINE && seen[number]++ == 0);
            assert_int_equal(parts[k]->label[i], number % 20);
        }
    }
    CHECK_TRUE(t->pool[1].n == 10 * TEN_EACH && t->pool[2].n == 6 * TEN_EACH &&
               t->pool[3].n == 4 * TEN_EACH && t->test[2].n == 6 * TEN_TEST);
    for (size_t i = 0; i < t->pool[3].n; i++)
        assert_int_equal(number_of(&t->pool[3], i) % 10,
                         cifar_wholes[3].classes[t->pool[3].label[i]]);
    l.release(l.data);
}

static void a_probe_learns_other_classes_or_the_test_file(void **state)
{
    struct matrix_data_spec spec = {.tasks = cifar_subsets, .count = CIFAR_SUBSETS, .each = 20,
                                    .test_step = 1, .probe_each = 40, .probe_test = 10};
    struct loaded l = start();

    (void)state;
    CHECK_STATUS(matrix_data_load(&l, &spec), STATUS_OK);
    const struct matrix_data *d = l.data;
    assert_int_equal(matrix_data_count(d), CIFAR_SUBSETS);
    CHECK_TRUE(d->probe.old.n == 75 * 40 && d->probe.old.classes == 75);
    assert_int_equal(d->probe.more.n + d->probe.held.n, 75 * 10);
    for (size_t i = 0; i < d->probe.old.n; i++)
        for (size_t k = 0; k < CIFAR_SUBSETS; k++)
            for (int c = 0; c < 5; c++)
                CHECK_TRUE((int)(number_of(&d->probe.old, i) % 100) !=
                           cifar_subsets[k].classes[c]);
    l.release(l.data);
    spec = (struct matrix_data_spec){.tasks = cifar_wholes, .count = CIFAR_WHOLES, .each = 20,
                                     .test_step = 1, .probe_each = 40, .probe_test = 10,
                                     .probe_all = 1};
    l = start();
    CHECK_STATUS(matrix_data_load(&l, &spec), STATUS_OK);
    d = l.data;
    CHECK_TRUE(d->probe.old.n == 0 && d->probe.more.set == &d->cifar->test100);
    assert_int_equal(d->probe.more.n + d->probe.held.n, 100 * 10);
    l.release(l.data);
}

static void words_stand_for_the_papers_tasks(void **state)
{
    const struct matrix_data_spec spec = {.tasks = cifar_subsets, .count = CIFAR_SUBSETS};
    const char *words[3];
    struct loaded l = start();

    (void)state;
    for (int k = 0; k < 3; k++)
        words[k] = arena_text(&mem, "%s=cifar10:%s/data_batch_1.bin,%s/test_batch.bin:%d-%d",
                              k == 0 ? "a" : "b", folder, folder, 2 * k, 2 * k + 1);
    l.words = words;
    l.word_count = 2;
    CHECK_STATUS(matrix_data_load(&l, &spec), STATUS_OK);
    const struct matrix_data *d = l.data;
    CHECK_TEXT(l.kind, "own");
    CHECK_TRUE(matrix_data_count(d) == 2 && d->cifar == NULL && d->own[1].pool.n == 2 * TEN_EACH);
    l.release(l.data);
    l = start();
    l.words = words;
    l.word_count = 3;
    CHECK_STATUS(matrix_data_load(&l, &spec), STATUS_USAGE);
    CHECK_MESSAGE("two tasks have the name b");
    l.release(l.data);
    l = start();
    l.words = words;
    l.word_count = 1;
    CHECK_STATUS(matrix_data_load(&l, &spec), STATUS_USAGE);
    l.release(l.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subsets_are_the_five_superclasses),
        cmocka_unit_test(superclasses_leave_the_test_file_alone),
        cmocka_unit_test(a_probe_learns_other_classes_or_the_test_file),
        cmocka_unit_test(words_stand_for_the_papers_tasks),
    };

    return cmocka_run_group_tests(tests, fill, drain);
}
