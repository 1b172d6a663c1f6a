/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paper: what all programs of this folder reproduce. */
#ifndef KWNG_PAPER_H
#define KWNG_PAPER_H

#define KWNG_PAPER                                                                                 \
    "M. Arbel, A. Gretton, W. Li and G. Montufar, Kernelized Wasserstein natural gradient, ICLR "  \
    "2020 (arXiv 1910.09652)"

#endif
