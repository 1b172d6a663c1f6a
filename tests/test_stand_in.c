/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The generated digits are neither a toy nor out of reach: a linear classifier stays below 95 %,
 * the network of the MNIST experiments (784-256-256-10) reaches 97 %. */
#include "test.h"

#include "base/memory.h"
#include "base/rng.h"
#include "data/digits.h"
#include "linalg/blas.h"
#include "net/net.h"
#include "net/train.h"

enum { TRAIN = 20000, TEST = 5000, PIXELS = 784 };

static float *x_train, *x_test;
static uint8_t *y_train, *y_test;

static void draw(const char *set, size_t n, float *x, uint8_t *y)
{
    uint8_t image[PIXELS];

    for (size_t i = 0; i < n; i++) {
        y[i] = digits_draw(image, set, i);
        for (size_t k = 0; k < PIXELS; k++)
            x[i * PIXELS + k] = (float)image[k] / 255.0F;
    }
}

static int set_up(void **state)
{
    (void)state;
    blas_set_threads(1);
    x_train = memory_get((size_t)TRAIN * PIXELS, sizeof(float));
    x_test = memory_get((size_t)TEST * PIXELS, sizeof(float));
    y_train = memory_get(TRAIN, 1);
    y_test = memory_get(TEST, 1);
    if (x_train == NULL || x_test == NULL || y_train == NULL || y_test == NULL)
        return 1;
    draw("train", TRAIN, x_train, y_train);
    draw("test", TEST, x_test, y_test);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_free(x_train);
    memory_free(x_test);
    memory_free(y_train);
    memory_free(y_test);
    return 0;
}

static double trained_accuracy(const size_t *widths, size_t layers, size_t epochs)
{
    struct arena mem = {0};
    struct net net = net_create(&mem, &(struct net_spec){.layer_count = layers, .widths = widths,
                                                         .activation = ACTIVATION_RELU}, 500);
    struct rng init = rng_stream(1, "init"), order = rng_stream(1, "order");
    struct train_result result;
    double accuracy;

    net_init(&net, &init);
    CHECK_STATUS(train_classifier(&net, x_train, y_train, TRAIN,
                                  &(struct train_options){.batch = 100, .max_epochs = epochs,
                                                          .learning_rate = 0.2}, &order, &result),
                 STATUS_OK);
    accuracy = 1 - net_error_rate(&net, x_test, y_test, TEST);
    print_message("# accuracy of %zu layers: %.4f\n", layers, accuracy);
    arena_free(&mem);
    return accuracy;
}

static void a_linear_classifier_stays_below_95_percent(void **state)
{
    const double accuracy = trained_accuracy((const size_t[]){PIXELS, 10}, 1, 15);

    (void)state;
    CHECK_TRUE(accuracy < 0.95);
    CHECK_TRUE(accuracy > 0.80);
}

static void the_network_reaches_97_percent(void **state)
{
    (void)state;
    CHECK_TRUE(trained_accuracy((const size_t[]){PIXELS, 256, 256, 10}, 3, 8) >= 0.97);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_linear_classifier_stays_below_95_percent),
        cmocka_unit_test(the_network_reaches_97_percent),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
