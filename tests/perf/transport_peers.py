# SPDX-License-Identifier: GPL-3.0-or-later
"""The cells of transport.c in POT and SciPy on one thread: the peers of `make perf`.

Reads the costs that transport.c left in PERF_TMP and prints the same tab-separated lines: under
peer.NAME the faster of the two ways that a cell has (POT's emd and SciPy's linear_sum_assignment;
POT's plain and log-domain Sinkhorn), and each by itself. A Sinkhorn that has not reached an L1
error of 1e-6 over both marginals of its plan after LIMIT seconds, or leaves the finite numbers,
does not count: its unit says so. Cells of more than a second are measured where PERF_ROUND is 0.
Exits with 77 where POT or SciPy is not installed.
"""
import math
import os
import sys
import time
import warnings

try:
    import numpy
    import ot
    from scipy.optimize import linear_sum_assignment
except ImportError:
    sys.exit(77)

LIMIT, LEVEL = 10.0, 1e-6
FIRST = os.environ.get("PERF_ROUND", "0") == "0"


def load(cell, n):
    numbers = numpy.fromfile(os.path.join(os.environ["PERF_TMP"], cell + ".bin"))
    return numbers[:n * n].reshape(n, n), numbers[n * n:n * n + n], numbers[n * n + n:]


def timed(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def report(cell, times):
    """times: name -> (seconds, what is wrong with it or an empty string)"""
    for name, (seconds, wrong) in times.items():
        print(f"{name}.transport.{cell}\t{seconds * 1e3:.6g}\tms{wrong}")
    right = [seconds for seconds, wrong in times.values() if not wrong]
    best = min(right) if right else max(seconds for seconds, _ in times.values())
    print(f"peer.transport.{cell}\t{best * 1e3:.6g}\tms{'' if right else ', not reached'}")


def assignment(kind, n):
    cell = f"assignment.{kind}.{n}"
    cost, _, _ = load(cell, n)
    w = numpy.full(n, 1 / n)
    t_emd, plan = timed(lambda: ot.emd(w, w, cost, numItermax=10**8))
    times = {"emd": (t_emd, "")}
    if FIRST or n < 2000:
        t_scipy, (rows, columns) = timed(lambda: linear_sum_assignment(cost))
        times["scipy"] = (t_scipy, "")
        value = cost[rows, columns].sum()
        assert abs(n * (plan * cost).sum() - value) <= 1e-9 * value
    report(cell, times)


def exact(kind, n):
    cell = f"exact.{kind}.{n}"
    cost, a, b = load(cell, n)
    report(cell, {"emd": (timed(lambda: ot.emd(a, b, cost, numItermax=10**8))[0], "")})


def sinkhorn_way(way, cost, w, eps):
    """Seconds and what is wrong. POT stops by the L2 error of one marginal."""
    def run(most):
        return ot.sinkhorn(w, w, cost, eps, method=way, numItermax=most,
                           stopThr=LEVEL / math.sqrt(len(w)))
    once = timed(lambda: run(11))[0] / 11
    seconds, plan = timed(lambda: run(max(20, int(LIMIT / once))))
    error = numpy.abs(plan.sum(0) - w).sum() + numpy.abs(plan.sum(1) - w).sum()
    return seconds, "" if error <= LEVEL else f", error {error:.1e}"


def sinkhorn(n, part):
    cost, _, _ = load(f"assignment.square.{n}", n)
    w = numpy.full(n, 1 / n)
    eps = float(part) * cost.max()
    report(f"sinkhorn.{n}.{part}",
           {"plain": sinkhorn_way("sinkhorn", cost, w, eps),
            "log": sinkhorn_way("sinkhorn_log", cost, w, eps)})


def main():
    if len(sys.argv) > 1 and float(sys.argv[1]) < 0.1:
        return  # asked only whether the libraries are there
    warnings.simplefilter("ignore")
    for kind in ("square", "gaussian", "apart", "random", "clusters"):
        for n in (500, 1000, 2000):
            assignment(kind, n)
    for n in (200, 300, 400, 500):
        for kind in ("square", "apart"):
            exact(kind, n)
    if FIRST:
        for part in ("1e-1", "1e-2", "1e-3"):
            for n in (500, 1000, 2000):
                sinkhorn(n, part)


if __name__ == "__main__":
    main()
