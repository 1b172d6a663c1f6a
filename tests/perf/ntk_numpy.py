# SPDX-License-Identifier: GPL-3.0-or-later
"""The Gram matrices of ntk.c by the vectorised recursion in NumPy: the peer of `make perf`.

Reads the inputs that ntk.c left in PERF_TMP and prints the same tab-separated lines; times are of
the processor, as there. The first row of each matrix must agree with ntk.c's. Cells of more than a
second are measured where PERF_ROUND is 0. Exits with 77 where NumPy is not installed.
"""
import os
import sys
import time

try:
    import numpy
except ImportError:
    sys.exit(77)

LAYERS, SIGMA_W2 = 3, 2.0
FIRST = os.environ.get("PERF_ROUND", "0") == "0"


def tangent_kernel(x):
    """Theta among the rows of x, without biases: whole matrices, each arccos taken once."""
    product = x @ x.T
    square = numpy.diag(product).copy()
    theta = product * SIGMA_W2
    for _ in range(LAYERS - 1):
        length = numpy.sqrt(SIGMA_W2 * square)
        lengths = numpy.outer(length, length)
        r = numpy.clip(SIGMA_W2 * product / lengths, -1, 1)
        half = (numpy.pi - numpy.arccos(r)) / (2 * numpy.pi)
        product = lengths * (numpy.sqrt(1 - r * r) / (2 * numpy.pi) + half * r)
        theta = SIGMA_W2 * product + SIGMA_W2 * half * theta
        square = SIGMA_W2 * square / 2
    return theta


def gram(n, d):
    cell = f"gram.{n}.{d}"
    numbers = numpy.fromfile(os.path.join(os.environ["PERF_TMP"], cell + ".bin"))
    x, row = numbers[:n * d].reshape(n, d), numbers[n * d:]
    start = time.process_time()
    theta = tangent_kernel(x)
    seconds = time.process_time() - start
    assert len(row) == n
    # its diagonal has r rounded, and arccos a root at 1
    assert numpy.abs(theta[0, 1:] - row[1:]).max() <= 1e-13 * row[0]
    print(f"peer.ntk.{cell}\t{seconds * 1e3:.6g}\tms")


def main():
    if len(sys.argv) > 1 and float(sys.argv[1]) < 0.1:
        return  # asked only whether the library is there
    gram(2000, 50)
    if FIRST:
        gram(4000, 784)


if __name__ == "__main__":
    main()
