# SPDX-License-Identifier: GPL-3.0-or-later
"""Repeats in PyTorch the training steps that convnet_agree.c has written to $PERF_TMP.

Everything is done in double, which stands for the exact answer, and in float, which shows what
rounding alone makes of it. Differences are relative, in the 2-norm: of the whole gradient of the
first step; of the worst array of parameters in it (arrays whose exact gradient is 0, as of a bias
before a normalization, are left to the former); of the loss of the first step and the worst of ten;
of parameters and running statistics after the ten. Of the ten steps medians over the seeds.

Of the single steps (".first") the worst over the seeds at which no decision is a tie: in the exact
run every input of a ReLU is farther from 0, and the two largest numbers of every max pool are
farther apart, than the relative precision that is asked for times the layer's root mean square. A
decision nearer than that is not settled by numbers of that precision. Exits with 77 where PyTorch
is not installed.
"""
import math
import os
import sys

try:
    import numpy
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError:
    sys.exit(77)

from convnet_torch import FIRST, conv, residual, wide

RATE, ASKED, FEWEST = 0.001, 1e-5, 5
UNASKED = ("parameters", "statistics")
# Network, rows of an image, steps, batch, seeds: as in convnet_agree.c.
TRIALS = {"conv": (lambda: conv(16, 2, 0), 16, 10, 8, 5),
          "wide": (wide, 16, 10, 8, 5),
          "residual": (lambda: residual(2), 16, 10, 8, 5),
          "conv.first": (lambda: conv(16, 2, 0), 16, 1, 4, 20),
          "wide.first": (wide, 8, 1, 4, 20),
          "residual.first": (lambda: residual(4), 16, 1, 4, 20)}


class Numbers:
    """The file, from the beginning to the end."""

    def __init__(self, path):
        self.numbers, self.at = numpy.fromfile(path, numpy.float32), 0

    def floats(self, count):
        self.at += count
        return self.numbers[self.at - count:self.at].copy()

    def take(self, *shape):
        numbers = self.floats(int(numpy.prod(shape)))
        return torch.from_numpy(numbers.reshape(shape)).double()

    def take_doubles(self, count):
        return torch.from_numpy(self.floats(2 * count).view(numpy.float64))


def statistics(model):
    return [b for m in model.modules() if isinstance(m, nn.BatchNorm2d)
            for b in (m.running_mean, m.running_var)]


def fill(arrays, numbers):
    at = 0
    with torch.no_grad():
        for a in arrays:
            a.copy_(numbers[at:at + a.numel()].reshape(a.shape))
            at += a.numel()


def flat(arrays):
    return torch.cat([a.detach().double().reshape(-1) for a in arrays])


def train(make, dtype, params, state, x, labels):
    """Losses, gradients of the first step, parameters and statistics at the end."""
    model = make().to(dtype)
    fill(model.parameters(), params)
    fill(statistics(model), state)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9, weight_decay=5e-4)
    losses, first = [], None
    for images, classes in zip(x.to(dtype), labels):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), classes)
        loss.backward()
        losses.append(loss.item())
        first = first or [p.grad.clone() for p in model.parameters()]
        optimizer.step()
    return (torch.tensor(losses, dtype=torch.float64), first, flat(model.parameters()),
            flat(statistics(model)))


class Decisions:
    """While it stands, the smallest distance of a decision from a tie, in root mean squares."""

    def __enter__(self):
        self.relu, self.pool, self.nearest = functional.relu, functional.max_pool2d, math.inf
        functional.relu, functional.max_pool2d = self.see_relu, self.see_pool
        return self

    def __exit__(self, *_):
        functional.relu, functional.max_pool2d = self.relu, self.pool

    def note(self, distances, x):
        self.nearest = min(self.nearest, (distances.min() / x.square().mean().sqrt()).item())

    def see_relu(self, x, inplace=False):
        self.note(x.abs(), x)
        return self.relu(x, inplace)

    def see_pool(self, x, size, *rest, **named):
        """A window without a positive number has no gradient behind its ReLU."""
        windows = x.unfold(2, size, size).unfold(3, size, size).flatten(4)
        first, second = windows.topk(2).values.unbind(-1)
        self.note((first - second)[first > 0], x)
        return self.pool(x, size, *rest, **named)


def nearest(make, params, state, images):
    model = make().double()
    fill(model.parameters(), params)
    fill(statistics(model), state)
    with torch.no_grad(), Decisions() as decisions:
        model(images)
    return decisions.nearest


def relative(a, exact):
    return ((a - exact).norm() / exact.norm()).item()


def worst_array(a, exact):
    """a is flat, exact a list of arrays."""
    whole, at, worst = flat(exact).norm(), 0, 0
    for e in exact:
        if e.norm() > 1e-9 * whole:
            worst = max(worst, relative(a[at:at + e.numel()], flat([e])))
        at += e.numel()
    return worst


def differences(run, exact):
    found = {"gradient": relative(run[1], flat(exact[1])),
             "worst-array": worst_array(run[1], exact[1]),
             "first-loss": abs(run[0][0] / exact[0][0] - 1).item()}
    if len(run[0]) > 1:
        found |= {"ten-losses": (run[0] / exact[0] - 1).abs().max().item(),
                  "parameters": relative(run[2], exact[2]),
                  "statistics": relative(run[3], exact[3])}
    return found


def compare(name, seed):
    """Distance from a tie, and differences from the exact run: of ours in both ways and of
    PyTorch's own in float."""
    make, size, steps, batch, _ = TRIALS[name]
    probe = make()
    p, s = flat(probe.parameters()).numel(), flat(statistics(probe)).numel()
    numbers = Numbers(os.path.join(os.environ["PERF_TMP"], f"{name}.{seed}"))
    start = numbers.take(p), numbers.take(s)
    x, labels = numbers.take(steps, batch, 3, size, size), numbers.take(steps, batch).long()
    exact = train(make, torch.float64, *start, x, labels)
    single = train(make, torch.float32, *start, x, labels)
    found = {"torch": differences((single[0], flat(single[1]), *single[2:]), exact)}
    for way in ("winograd", "direct"):
        ours = [numbers.take_doubles(steps), numbers.take(p)]
        if steps > 1:
            ours += [numbers.take(p), numbers.take(s)]
        found[way] = differences(ours, exact)
    assert numbers.at == len(numbers.numbers)
    return nearest(make, *start, x[0]), found


def tell(name, what, way, value, note):
    asked = "" if way == "torch" or what in UNASKED else f"\t<{ASKED:g}"
    print(f"agree.{name}.{what}.{way}\t{value:.1e}\trelative ({note}){asked}")


def tell_steps(name, found):
    for way in found[0]:
        for what in found[0][way]:
            seeds = sorted(f[way][what] for f in found)
            tell(name, what, way, seeds[len(seeds) // 2], f"worst of {len(seeds)}: {seeds[-1]:.1e}")


def tell_first(name, margins, found):
    apart = [f for margin, f in zip(margins, found) if margin > ASKED]
    tied = [f for margin, f in zip(margins, found) if not margin > ASKED]
    print(f"agree.{name}.seeds\t{len(apart)}\tof {len(found)} seeds without a tie\t>{FEWEST}")
    for way in found[0] if apart else ():
        for what in found[0][way]:
            others = max((f[way][what] for f in tied), default=0)
            tell(name, what, way, max(f[way][what] for f in apart),
                 f"worst of {len(apart)}; of the others {others:.1e}")


def main():
    if not FIRST:
        return
    torch.set_num_threads(1)
    if len(sys.argv) > 1 and float(sys.argv[1]) < 0.1:
        return  # asked only whether the library is there
    for name, (_, _, steps, _, seeds) in TRIALS.items():
        margins, found = zip(*(compare(name, seed) for seed in range(1, seeds + 1)))
        if steps > 1:
            tell_steps(name, found)
        else:
            tell_first(name, margins, found)


if __name__ == "__main__":
    main()
