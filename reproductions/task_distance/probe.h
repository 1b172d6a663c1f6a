/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe: a network that has learned classes outside all tasks, for features and for Task2Vec.
 *
 * Y. Gao and P. Chaudhari, An information-geometric distance on the space of tasks (arXiv
 * 2011.00613v1), take both from residual networks trained on ImageNet: features phi for the cost of
 * the first coupling (equation (14); "some generic task" will do, remark 3), and the probe of
 * Task2Vec. Here it is their small convolutional net, trained on those classes of CIFAR-100 that no
 * task uses: where the tasks are the five superclasses, the 75 other classes, from training and
 * test file; where every class is in a task, all classes from the test file, on which then nothing
 * is measured.
 *
 * Everything behind the last pooling layer is the classifier; the features are its inputs. */
#ifndef TASK_DISTANCE_PROBE_H
#define TASK_DISTANCE_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/status.h"
#include "data/task.h"
#include "net/convnet.h"
#include "net/model.h"

/* ---- what it learns from ---- */

struct probe_data {
    struct task old;      /* training records; n = 0 where there are none */
    struct task more;     /* test records that are learned too */
    struct task held;     /* test records that are not: they tell what has been learned */
};

/* Every tenth test record of a class is held back. */
enum { PROBE_HELD_STEP = 10 };

/* classes (room for set->classes) = the classes of the set that are not among used (n), ascending;
 * returns how many. */
int probe_other_classes(int *classes, const struct dataset *set, const int *used, int n);

/* The first `each` training records (0, or train NULL: none) and the first `test_each` test records
 * of each of the k classes. STATUS_DATA where there are fewer. */
enum status probe_data_select(struct probe_data *d, struct arena *mem, const struct dataset *train,
                              size_t each, const struct dataset *test, size_t test_each,
                              const int *classes, int k) MUST_USE;

void probe_data_digest(const struct probe_data *d, struct digest *digest);

/* ---- the network ---- */

/* All of it decides the result. */
struct probe_spec {
    size_t channels, side; /* images are channels x side x side; side is a multiple of 8 */
    int pooled;            /* images are means of 2 x 2 pixels: side is half of the records' */
    size_t divide;         /* of the published net's channels, 32 to 256: 1, 2, 4, 8, .. */
    size_t classes;
    size_t epochs, batch;
    double learning_rate;  /* at the start; falls to 0 along a cosine */
    double momentum, weight_decay;
    size_t shift;          /* training images are mirrored and shifted by up to so many pixels */
    uint64_t seed;
};

/* The probe of programs, so that the first couplings are the same in all of them: rows of a
 * parameter table, and the specification from those and from `pooled`. Chosen at desk by the held
 * records: they are classified better than with channels / 8, and than after 20 epochs at a rate of
 * .05 with shifts of 2 pixels. */
#define PROBE_PARAMETERS(P)                                                                        \
    P(int,    probe_divide,  8,    4,    1,    "the probe's channels are those of the net / this") \
    P(int,    probe_epochs,  1,    15,   60,   "of the probe; ours")                               \
    P(double, probe_rate,    .01,  .01,  .01,  "of the probe, of .01, .02, .06 by its held error")
#define PROBE_SPEC(p, side_of, classes_of)                                                         \
    {                                                                                              \
        .channels = 3, .side = (side_of), .pooled = (p)->pooled,                                   \
        .divide = (size_t)(p)->probe_divide, .classes = (classes_of),                              \
        .epochs = (size_t)(p)->probe_epochs, .batch = 50, .learning_rate = (p)->probe_rate,        \
        .momentum = .9, .weight_decay = 5e-4, .shift = (p)->pooled ? 1 : 4, .seed = 1              \
    }

struct probe {
    struct probe_spec spec;
    struct convnet *net;
    struct model model;
    size_t features;       /* numbers that the classifier reads */
    size_t feature_tensor; /* of the plan */
};

/* Where trained probes are kept: folder / probe-<16 digits of the key>, or nowhere (folder
 * NULL). The key is the digest of specification, records and `made_by`, which names all else: the
 * program, its mode. */
struct probe_place {
    const char *folder, *made_by;
};

/* Names the trained probe: of place->made_by, NULL as "", and of the two others. */
void probe_key(char key[DIGEST_TEXT], const struct probe_spec *spec, const struct probe_data *d,
               const char *made_by);

/* The network of the specification with random weights. STATUS_MEMORY, STATUS_UNFIT. */
enum status probe_create(struct probe *p, const struct probe_spec *spec, size_t max_batch) MUST_USE;
void probe_free(struct probe *p); /* a zeroed one is fine */

/* The trained probe, from its place or, where it is not there or is damaged, trained and put there:
 * two processes that do so at once write the same bytes. Free with probe_free also on failure.
 * STATUS_DIVERGED, STATUS_MEMORY, STATUS_IO. */
enum status probe_get(struct probe *p, const struct probe_spec *spec, const struct probe_data *d,
                      const struct probe_place *place) MUST_USE;

/* phi (n x features) of images (n x channels side side), in evaluation mode. Before it the caller
 * prepares p->model for n rows (model_prepare), or meets exhausted memory as a CHECK. */
void probe_features(const struct probe *p, const float *images, size_t n, float *phi);

/* Share of the held records that are classified wrongly. STATUS_MEMORY. */
enum status probe_held_error(const struct probe *p, const struct probe_data *d,
                             double *error) MUST_USE;

/* The images of a task as the probe sees them: pixels in 0..1, pooled or not; out is
 * t->n x channels side side. */
void probe_images(const struct probe_spec *spec, const struct task *t, float *out);

/* The network's plan for this many outputs, and the tensor of it that holds the features. */
struct convnet_spec probe_plan(const struct probe_spec *spec, size_t outputs, size_t *features);

#endif
