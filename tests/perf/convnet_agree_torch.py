# SPDX-License-Identifier: GPL-3.0-or-later
"""Repeats in PyTorch the training steps that convnet_agree.c has written to $PERF_TMP.

Everything is done in double, which stands for the exact answer, and in float, which shows what
rounding alone makes of it. Differences are relative, in the 2-norm: of the whole gradient of the
first step; of the worst array of parameters in it (arrays whose exact gradient is 0, as of a bias
before a normalization, are left to the former); of the loss of the first step and the worst of ten;
of parameters and running statistics after the ten. Medians over the seeds. Exits with 77 where
PyTorch is not installed.
"""
import os
import sys

try:
    import numpy
    import torch
    from torch import nn
except ImportError:
    sys.exit(77)

from convnet_torch import FIRST, conv, residual, wide

STEPS, BATCH, SEEDS, SIZE, RATE = 10, 8, 5, 16, 0.001
UNASKED = ("parameters", "statistics")
NETS = {"conv": lambda: conv(SIZE, 2, 0), "wide": lambda: wide(1), "residual": lambda: residual(2)}


class Numbers:
    """The file, from the beginning to the end."""

    def __init__(self, path):
        self.numbers, self.at = numpy.fromfile(path), 0

    def take(self, *shape):
        count = int(numpy.prod(shape))
        self.at += count
        return torch.from_numpy(self.numbers[self.at - count:self.at].reshape(shape).copy())


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
    return {"gradient": relative(run[1], flat(exact[1])),
            "worst-array": worst_array(run[1], exact[1]),
            "first-loss": abs(run[0][0] / exact[0][0] - 1).item(),
            "ten-losses": (run[0] / exact[0] - 1).abs().max().item(),
            "parameters": relative(run[2], exact[2]),
            "statistics": relative(run[3], exact[3])}


def compare(name, seed):
    """Differences from the exact run, of ours in both ways and of PyTorch's own in float."""
    make, found = NETS[name], {}
    for way in ("winograd", "direct"):
        numbers = Numbers(os.path.join(os.environ["PERF_TMP"], f"{name}.{way}.{seed}"))
        probe = make()
        p, s = flat(probe.parameters()).numel(), flat(statistics(probe)).numel()
        start = numbers.take(p), numbers.take(s)
        x, labels = numbers.take(STEPS, BATCH, 3, SIZE, SIZE), numbers.take(STEPS, BATCH).long()
        ours = numbers.take(STEPS), numbers.take(p), numbers.take(p), numbers.take(s)
        assert numbers.at == len(numbers.numbers)
        if way == "winograd":
            exact = train(make, torch.float64, *start, x, labels)
            single = train(make, torch.float32, *start, x, labels)
            found["torch"] = differences((single[0], flat(single[1]), *single[2:]), exact)
        found[way] = differences(ours, exact)
    return found


def main():
    if not FIRST:
        return
    torch.set_num_threads(1)
    if len(sys.argv) > 1 and float(sys.argv[1]) < 0.1:
        return  # asked only whether the library is there
    for name in NETS:
        found = [compare(name, seed) for seed in range(1, SEEDS + 1)]
        for way in found[0]:
            for what in found[0][way]:
                seeds = sorted(f[way][what] for f in found)
                print(f"agree.{name}.{what}.{way}\t{seeds[SEEDS // 2]:.1e}\t"
                      f"relative (worst of {SEEDS}: {seeds[-1]:.1e})"
                      + ("" if way == "torch" or what in UNASKED else "\t<1e-5"))


if __name__ == "__main__":
    main()
