/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_distance/published_matrices.h"

const char *const published_cifar_names[4] = {"CIFAR-100", "CIFAR-10", "animals", "vehicles"};
const char *const published_subset_names[5] = {"herbivores", "carnivores", "vehicles-1",
                                               "vehicles-2", "flowers"};

const struct published_matrix published_cifar_coupled = {"figure 2", "coupled", 4, (const double[]){
    0,   .17,  .17,  .15,
    .24, 0,    .084, .081,
    .30, .099, 0,    .14,
    .31, .14,  .23,  0}};

const struct published_matrix published_cifar_fine_tuning = {
    "figure 2", "fine-tuning", 4, (const double[]){
    0,    180, 120, 23,
    930,  0,   18,  7.6,
    1100, 39,  0,   45,
    1100, 200, 380, 0}};

const struct published_matrix published_cifar_task2vec = {
    "figure 2", "task2vec", 4, (const double[]){
    0,    .037, .047, .059,
    .037, 0,    .044, .056,
    .047, .044, 0,    .071,
    .059, .056, .071, 0}};

const struct published_matrix published_subsets_coupled = {
    "figure 3", "coupled", 5, (const double[]){
    0,   .23, .18, .17, .20,
    .23, 0,   .18, .17, .20,
    .20, .21, 0,   .18, .20,
    .21, .19, .20, 0,   .19,
    .20, .19, .17, .16, 0}};

const struct published_matrix published_subsets_uncoupled = {
    "figure 3", "uncoupled", 5, (const double[]){
    0,   .29, .18, .18, .28,
    .37, 0,   .20, .20, .32,
    .22, .22, 0,   .30, .24,
    .24, .24, .27, 0,   .31,
    .25, .33, .19, .21, 0}};

const struct published_matrix published_subsets_fine_tuning = {
    "figure 3", "fine-tuning", 5, (const double[]){
    0,   87, 87, 29, 68,
    82,  0,  52, 40, 110,
    120, 78, 0,  26, 67,
    72,  44, 57, 0,  60,
    99,  41, 34, 32, 0}};

const struct published_matrix published_subsets_task2vec = {
    "figure 3", "task2vec", 5, (const double[]){
    0,    .066, .069, .070, .068,
    .066, 0,    .066, .070, .070,
    .069, .066, 0,    .073, .070,
    .070, .070, .073, 0,    .077,
    .068, .070, .070, .077, 0}};
