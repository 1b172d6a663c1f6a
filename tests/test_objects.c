/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The generated pictures: the same bits everywhere, harder than a toy and easier than noise, alike
 * within a superclass, and complete or not there. */
#include "test.h"

#include "aborts.h"
#include "damaged.h"
#include "base/digest.h"
#include "data/dataset.h"
#include "data/objects.h"
#include "data/task.h"

/* ---- drawing ---- */

/* Labels and pixels of the first 200 records of both parts of both formats. The digest changes only
 * together with OBJECTS_VERSION. */
static void objects_known_answer(void **state)
{
    static const char *const parts[] = {"train", "test"};
    uint8_t image[CIFAR_PIXELS];
    char sum[DIGEST_TEXT];
    struct digest d;

    (void)state;
    digest_start(&d);
    for (int k = 0; k < 4; k++)
        for (size_t i = 0; i < 200; i++) {
            const uint8_t label =
                objects_draw(image, k / 2 ? CIFAR_100 : CIFAR_10, parts[k % 2], i);
            digest_bytes(&d, &label, 1);
            digest_bytes(&d, image, sizeof image);
        }
    digest_end(&d, sum);
    CHECK_TRUE(OBJECTS_VERSION == 1);
    CHECK_TEXT(sum, "8ce85264bde7b527295c3c74096e92c9d136af85614baa07629338e62102bffb");
}

static void objects_record_stands_alone(void **state)
{
    uint8_t first[CIFAR_PIXELS], again[CIFAR_PIXELS], other[CIFAR_PIXELS];

    (void)state;
    const uint8_t label = objects_draw(first, CIFAR_100, "train", 17);
    CHECK_TRUE(objects_label(CIFAR_100, "train", 17) == label);
    objects_draw(other, CIFAR_100, "train", 18);
    CHECK_TRUE(memcmp(first, other, sizeof first) != 0);
    objects_draw(other, CIFAR_100, "test", 17);
    CHECK_TRUE(memcmp(first, other, sizeof first) != 0);
    objects_draw(other, CIFAR_10, "train", 17);
    CHECK_TRUE(memcmp(first, other, sizeof first) != 0);
    CHECK_TRUE(objects_draw(again, CIFAR_100, "train", 17) == label);
    CHECK_TRUE(memcmp(first, again, sizeof first) == 0);
}

/* Each run of as many records as there are classes has every class once; orders differ. */
static void objects_labels_are_balanced(void **state)
{
    (void)state;
    for (enum cifar_kind kind = CIFAR_10; kind <= CIFAR_100; kind++) {
        const size_t classes = (size_t)cifar_classes(kind);
        size_t count[100] = {0}, same = 0;
        for (size_t i = 0; i < 50 * classes; i++) {
            const uint8_t label = objects_label(kind, "train", i);
            CHECK_TRUE(label < classes && count[label]++ == i / classes);
            same += label == objects_label(kind, "train", i % classes);
        }
        CHECK_TRUE(same < 15 * classes);
    }
}

static void objects_names_are_different(void **state)
{
    char one[OBJECTS_NAME], other[OBJECTS_NAME];

    (void)state;
    for (int a = 0; a < 100; a++) {
        objects_name(one, a);
        CHECK_TRUE(strncmp(one, objects_super_name(a / 5), strlen(objects_super_name(a / 5))) == 0);
        for (int b = 0; b < a; b++) {
            objects_name(other, b);
            CHECK_TRUE(strcmp(one, other) != 0);
        }
    }
}

static int shared_textures(int super, int other)
{
    char one[OBJECTS_NAME], two[OBJECTS_NAME];
    int shared = 0;

    for (int i = 0; i < OBJECTS_EACH; i++)
        for (int j = 0; j < OBJECTS_EACH; j++) {
            objects_name(one, super * OBJECTS_EACH + i);
            objects_name(two, other * OBJECTS_EACH + j);
            shared += strcmp(strchr(one, '_'), strchr(two, '_')) == 0;
        }
    return shared;
}

static void objects_near_superclasses_share_textures(void **state)
{
    (void)state;
    for (int s = 0; s < OBJECTS_SUPERS; s++) {
        CHECK_TRUE(shared_textures(s, s) == OBJECTS_EACH);
        CHECK_TRUE(shared_textures(s, (s + 1) % OBJECTS_SUPERS) >= 4);
        CHECK_TRUE(shared_textures(s, (s + 2) % OBJECTS_SUPERS) == 4);
        CHECK_TRUE(shared_textures(s, (s + 10) % OBJECTS_SUPERS) == 0);
    }
}

/* ---- how hard they are ---- */

/* The part as a data set; free it. */
static struct dataset draw_set(enum cifar_kind kind, const char *part, size_t count)
{
    struct dataset set = {.name = part,
                          .count = count,
                          .channels = CIFAR_CHANNELS,
                          .rows = CIFAR_SIDE,
                          .cols = CIFAR_SIDE,
                          .classes = cifar_classes(kind)};

    set.pixels = memory_get(count, CIFAR_PIXELS);
    set.label = memory_get(count, 1);
    CHECK_TRUE(set.pixels != NULL && set.label != NULL);
    for (size_t i = 0; i < count; i++)
        set.label[i] = objects_draw(set.pixels + i * CIFAR_PIXELS, kind, part, i);
    return set;
}

/* All records, 2 x 2 pooled; *n of them. */
static float *features_of(struct arena *mem, const struct dataset *set, struct task *t)
{
    int all[100];
    float *x;

    for (int c = 0; c < set->classes; c++)
        all[c] = c;
    CHECK_STATUS(task_every(t, mem, set, all, set->classes, 1), STATUS_OK);
    x = arena_get(mem, t->n * task_pooled_dim(t), sizeof *x);
    task_pooled(x, t, &task_scale_unit);
    return x;
}

static double *means_of(struct arena *mem, const float *x, const struct task *t)
{
    const size_t dim = task_pooled_dim(t), k = (size_t)t->classes;
    double *mean = arena_get(mem, k * dim, sizeof *mean);

    for (size_t i = 0; i < t->n; i++)
        for (size_t j = 0; j < dim; j++)
            mean[t->label[i] * dim + j] += (double)x[i * dim + j] * (double)k / (double)t->n;
    return mean;
}

static int nearest(const double *mean, int classes, const float *x, size_t dim)
{
    double least = HUGE_VAL;
    int found = 0;

    for (int c = 0; c < classes; c++) {
        const double *m = mean + (size_t)c * dim;
        double distance = 0;
        for (size_t j = 0; j < dim && distance < least; j++)
            distance += ((double)x[j] - m[j]) * ((double)x[j] - m[j]);
        if (distance < least) {
            least = distance;
            found = c;
        }
    }
    return found;
}

/* The share of test records that lie nearest to their class's mean, and to one of their
 * superclass's classes. */
static void classify(double *fine, double *super, enum cifar_kind kind, size_t train, size_t test)
{
    struct dataset a = draw_set(kind, "train", train), b = draw_set(kind, "test", test);
    struct arena mem = {0};
    struct task t, u;
    size_t right = 0, near = 0;

    const float *x = features_of(&mem, &a, &t), *y = features_of(&mem, &b, &u);
    const double *mean = means_of(&mem, x, &t);
    for (size_t i = 0; i < u.n; i++) {
        const size_t dim = task_pooled_dim(&u);
        const int found = nearest(mean, u.classes, y + i * dim, dim);
        right += found == u.label[i];
        near += found / OBJECTS_EACH == u.label[i] / OBJECTS_EACH;
    }
    *fine = (double)right / (double)test;
    *super = (double)near / (double)test;
    arena_free(&mem);
    dataset_free(&a);
    dataset_free(&b);
}

/* With all 60,000 records 28 % of the classes and 69 % of the superclasses are found, and 57 % of
 * the errors stay inside the superclass, where chance would leave 4 %. */
static void objects_confusion_stays_inside_the_superclass(void **state)
{
    double fine, super;

    (void)state;
    classify(&fine, &super, CIFAR_100, 6000, 2000);
    print_message("# class %.3f, superclass %.3f, errors inside %.3f\n", fine, super,
                  (super - fine) / (1 - fine));
    CHECK_TRUE(fine > 0.15 && fine < 0.40);
    CHECK_TRUE(super > 0.55 && super < 0.80);
    CHECK_TRUE((super - fine) / (1 - fine) > 0.5);
}

/* CIFAR-10's ten classes are ten shapes: 65 % lie nearest to their mean, chance is 10 %. */
static void objects_ten_shapes_are_no_toy(void **state)
{
    double fine, super;

    (void)state;
    classify(&fine, &super, CIFAR_10, 3000, 1000);
    print_message("# class %.3f\n", fine);
    CHECK_TRUE(fine > 0.5 && fine < 0.8);
}

/* Not flat, not black, not burnt out: CIFAR's channels have mean 0.44 to 0.51 and sd 0.24 to 0.28.
 */
static void objects_use_the_range_of_pixels(void **state)
{
    struct dataset set = draw_set(CIFAR_100, "train", 1000);
    struct arena mem = {0};
    struct task_scale scale;
    struct task t;

    (void)state;
    features_of(&mem, &set, &t);
    CHECK_STATUS(task_scale_measure(&scale, &t), STATUS_OK);
    for (int c = 0; c < 3; c++) {
        CHECK_NEAR(scale.mean[c], 0.48, 0.06);
        CHECK_NEAR(scale.sd[c], 0.23, 0.04);
    }
    arena_free(&mem);
    dataset_free(&set);
}

/* ---- the files ---- */

static void objects_files_read_as_cifar_10(void **state)
{
    const char *root = folder;
    struct dataset train, test;
    struct data_source source;
    uint8_t image[CIFAR_PIXELS];
    int made;

    (void)state;
    CHECK_STATUS(objects_save(name("cifar-10"), CIFAR_10, 50, 10, &made), STATUS_OK);
    CHECK_TRUE(made == 1);
    CHECK_STATUS(data_source_find(&source, "cifar-10", "none", root), STATUS_OK);
    CHECK_STATUS(dataset_cifar10(&source, 5, &train, &test), STATUS_OK);
    CHECK_TRUE(train.count == 50 && test.count == 10 && source.stand_in);
    for (size_t i = 0; i < 50; i++) {
        CHECK_TRUE(train.label[i] == objects_draw(image, CIFAR_10, "train", i));
        CHECK_TRUE(memcmp(train.pixels + i * CIFAR_PIXELS, image, CIFAR_PIXELS) == 0);
    }
    CHECK_TRUE(test.label[9] == objects_draw(image, CIFAR_10, "test", 9));
    CHECK_TRUE(memcmp(test.pixels + 9 * CIFAR_PIXELS, image, CIFAR_PIXELS) == 0);
    CHECK_TEXT(dataset_class_name(&test, 9), objects_super_name(9));
    dataset_free(&train);
    dataset_free(&test);
}

static void objects_files_read_as_cifar_100(void **state)
{
    const char *root = folder;
    struct dataset train, test;
    struct data_source source;
    uint8_t image[CIFAR_PIXELS];
    char class[OBJECTS_NAME];
    int classes[100];

    (void)state;
    CHECK_STATUS(objects_save(name("cifar-100"), CIFAR_100, 100, 100, NULL), STATUS_OK);
    CHECK_STATUS(data_source_find(&source, "cifar-100", "none", root), STATUS_OK);
    CHECK_STATUS(dataset_cifar100(&source, &train, &test), STATUS_OK);
    CHECK_TRUE(train.count == 100 && test.count == 100 && train.coarse_classes == 20);
    for (size_t i = 0; i < 100; i++) {
        CHECK_TRUE(train.label[i] == objects_draw(image, CIFAR_100, "train", i));
        CHECK_TRUE(train.coarse[i] == train.label[i] / OBJECTS_EACH);
        CHECK_TRUE(memcmp(train.pixels + i * CIFAR_PIXELS, image, CIFAR_PIXELS) == 0);
    }
    CHECK_TRUE(dataset_classes_of(classes, &test, 7) == 5 && classes[0] == 35 && classes[4] == 39);
    objects_name(class, 39);
    CHECK_TEXT(dataset_class_name(&test, 39), class);
    CHECK_TEXT(test.coarse_name[7], objects_super_name(7));
    dataset_free(&train);
    dataset_free(&test);
}

/* Only the time of "complete" is renewed. */
static void objects_complete_folder_is_left_alone(void **state)
{
    int made;

    (void)state;
    CHECK_STATUS(objects_save(name("once"), CIFAR_100, 20, 10, &made), STATUS_OK);
    age("once/train.bin");
    age("once/coarse_label_names.txt");
    age("once/complete");
    CHECK_STATUS(objects_save(name("once"), CIFAR_100, 20, 10, &made), STATUS_OK);
    CHECK_TRUE(made == 0 && !is_old("once/complete"));
    CHECK_TRUE(is_old("once/train.bin") && is_old("once/coarse_label_names.txt"));
    CHECK_STATUS(objects_save(name("once"), CIFAR_100, 21, 10, &made), STATUS_OK);
    CHECK_TRUE(made == 1);
}

/* More training records than asked for are as good; other test records are not, nor is a damaged
 * file beside them. */
static void objects_more_are_as_good(void **state)
{
    int made;

    (void)state;
    CHECK_STATUS(objects_save(name("more"), CIFAR_10, 20, 10, &made), STATUS_OK);
    age("more/data_batch_1.bin");
    CHECK_STATUS(objects_save(name("more"), CIFAR_10, 10, 10, &made), STATUS_OK);
    CHECK_TRUE(made == 0 && is_old("more/data_batch_1.bin") && !is_old("more/complete"));
    CHECK_STATUS(objects_save(name("more"), CIFAR_10, 10, 9, &made), STATUS_OK);
    CHECK_TRUE(made == 1);
    CHECK_STATUS(objects_save(name("more"), CIFAR_10, 20, 9, &made), STATUS_OK);
    CHECK_STATUS(file_write(name("more/data_batch_1.bin"), "damage", 6), STATUS_OK);
    CHECK_STATUS(objects_save(name("more"), CIFAR_10, 10, 9, &made), STATUS_OK);
    CHECK_TRUE(made == 1);
}

/* The first records are the same in a small set and in a large one. */
static void objects_few_begin_as_all(void **state)
{
    const char *root = folder;
    struct data_source source;
    struct dataset few, all;

    (void)state;
    CHECK_STATUS(objects_save(name("cifar-10"), CIFAR_10, 20, 7, NULL), STATUS_OK);
    CHECK_STATUS(data_source_find(&source, "cifar-10", "none", root), STATUS_OK);
    CHECK_STATUS(dataset_cifar10(&source, 5, &few, NULL), STATUS_OK);
    CHECK_STATUS(objects_save(name("cifar-10"), CIFAR_10, 100, 7, NULL), STATUS_OK);
    CHECK_STATUS(dataset_cifar10(&source, 1, &all, NULL), STATUS_OK);
    CHECK_TRUE(few.count == 20 && all.count == 20);
    CHECK_TRUE(memcmp(few.pixels, all.pixels, 20 * CIFAR_PIXELS) == 0);
    CHECK_TRUE(memcmp(few.label, all.label, 20) == 0);
    dataset_free(&few);
    dataset_free(&all);
}

/* A damaged file, a missing one, and another version's "complete" are all made again. */
static void objects_damaged_folder_is_made_again(void **state)
{
    char sum[DIGEST_TEXT], again[DIGEST_TEXT];
    int made;

    (void)state;
    CHECK_STATUS(objects_save(name("mended"), CIFAR_10, 20, 10, &made), STATUS_OK);
    CHECK_STATUS(digest_file(name("mended/data_batch_5.bin"), sum), STATUS_OK);
    CHECK_STATUS(file_write(path, "damage", 6), STATUS_OK);
    CHECK_STATUS(objects_save(name("mended"), CIFAR_10, 20, 10, &made), STATUS_OK);
    CHECK_TRUE(made == 1);
    CHECK_STATUS(digest_file(name("mended/data_batch_5.bin"), again), STATUS_OK);
    CHECK_TEXT(again, sum);
    CHECK_TRUE(remove(name("mended/batches.meta.txt")) == 0);
    CHECK_STATUS(objects_save(name("mended"), CIFAR_10, 20, 10, &made), STATUS_OK);
    CHECK_TRUE(made == 1 && file_exists(name("mended/batches.meta.txt")));
    CHECK_STATUS(file_write(name("mended/complete"), "objects 0\n", 10), STATUS_OK);
    CHECK_STATUS(objects_save(name("mended"), CIFAR_10, 20, 10, &made), STATUS_OK);
    CHECK_TRUE(made == 1);
}

/* Where it fails half-way nothing calls the folder complete. */
static void objects_failure_leaves_no_complete(void **state)
{
    (void)state;
    CHECK_STATUS(objects_save(name("broken"), CIFAR_100, 20, 10, NULL), STATUS_OK);
    CHECK_TRUE(remove(name("broken/test.bin")) == 0);
    CHECK_STATUS(file_make_folder(name("broken/test.bin/in-the-way")), STATUS_OK);
    CHECK_STATUS(objects_save(name("broken"), CIFAR_100, 20, 10, NULL), STATUS_IO);
    CHECK_MESSAGE("test.bin");
    CHECK_TRUE(!file_exists(name("broken/complete")));
}

static void objects_survive_every_failing_allocation(void **state)
{
    enum status status = STATUS_MEMORY;
    size_t failures = 0;

    (void)state;
    for (size_t k = 1; status != STATUS_OK; k++) {
        CHECK_STATUS(file_remove_folder(name("memory")), STATUS_OK);
        memory_fail_at(k);
        status = objects_save(path, CIFAR_100, 3, 2, NULL);
        memory_fail_at(0);
        if (status != STATUS_OK) {
            CHECK_STATUS(status, STATUS_MEMORY);
            CHECK_TRUE(!file_exists(name("memory/complete")));
            failures++;
        }
    }
    CHECK_TRUE(failures >= 5);
}

/* CIFAR-10's training records come in five batches of equal size, CIFAR-100's in one. */
static void objects_need_whole_batches(void **state)
{
    int made = 0;

    (void)state;
    CHECK_STATUS(objects_save(name("five"), CIFAR_10, 5, 1, &made), STATUS_OK);
    CHECK_TRUE(made == 1);
    CHECK_ABORTS((void)!objects_save(path, CIFAR_10, 7, 1, NULL));
    CHECK_ABORTS((void)!objects_save(path, CIFAR_10, 0, 1, NULL));
    CHECK_ABORTS((void)!objects_save(path, CIFAR_10, 5, 0, NULL));
    CHECK_STATUS(objects_save(name("seven"), CIFAR_100, 7, 1, &made), STATUS_OK);
    CHECK_TRUE(made == 1);
}

/* Names are part of the format, as labels are. */
static void objects_have_their_names(void **state)
{
    static const char *const supers[] = {
        "fish", "whale", "flower", "bush", "bottle", "cup", "fruit", "lamp", "chair", "beetle",
        "cat", "beast", "house", "tower", "hills", "tree", "mushroom", "person", "car", "train"};
    char out[OBJECTS_NAME];

    (void)state;
    for (int s = 0; s < OBJECTS_SUPERS; s++)
        CHECK_TEXT(objects_super_name(s), supers[s]);
    objects_name(out, 0);
    CHECK_TEXT(out, "fish_plain");
    objects_name(out, 33);
    CHECK_TEXT(out, "fruit_ringed");
    objects_name(out, 99);
    CHECK_TEXT(out, "train_slanted");
    CHECK_ABORTS((void)objects_super_name(-1));
    CHECK_ABORTS((void)objects_super_name(OBJECTS_SUPERS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_known_answer),
        cmocka_unit_test(objects_record_stands_alone),
        cmocka_unit_test(objects_labels_are_balanced),
        cmocka_unit_test(objects_names_are_different),
        cmocka_unit_test(objects_near_superclasses_share_textures),
        cmocka_unit_test(objects_confusion_stays_inside_the_superclass),
        cmocka_unit_test(objects_ten_shapes_are_no_toy),
        cmocka_unit_test(objects_use_the_range_of_pixels),
        cmocka_unit_test(objects_files_read_as_cifar_10),
        cmocka_unit_test(objects_files_read_as_cifar_100),
        cmocka_unit_test(objects_complete_folder_is_left_alone),
        cmocka_unit_test(objects_more_are_as_good),
        cmocka_unit_test(objects_few_begin_as_all),
        cmocka_unit_test(objects_damaged_folder_is_made_again),
        cmocka_unit_test(objects_failure_leaves_no_complete),
        cmocka_unit_test(objects_survive_every_failing_allocation),
        cmocka_unit_test(objects_need_whole_batches),
        cmocka_unit_test(objects_have_their_names),
    };

    return cmocka_run_group_tests_name("objects", tests, open_folder, remove_folder);
}
