# SPDX-License-Identifier: GPL-3.0-or-later
"""The training steps of convnet.c in PyTorch, default and channels_last layout: its peer.

Prints the same tab-separated lines (name, median, unit); the peer's time is that of the faster
layout. Of the large networks the default layout is timed in the first round alone, and so is their
memory. Arguments: seconds to measure (default 2) and a cell, `network:threads`. On one thread times
are processor time. Exits with 77 where PyTorch is not installed.
"""
import os
import sys
import time

try:
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError:
    sys.exit(77)

BATCH, RATE, LEAST = 128, 0.01, 2


def block(before, first, second):
    """Conv, batch norm, ReLU, conv, ReLU, max pool; the first conv is normalized."""
    return [nn.Conv2d(before, first, 3, padding=1), nn.BatchNorm2d(first), nn.ReLU(inplace=True),
            nn.Conv2d(first, second, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2)]


def conv(size=32, divisor=1, dropout=0.05):
    w = [c // divisor for c in (32, 64, 128, 128, 256, 256)]
    return nn.Sequential(*block(3, w[0], w[1]), *block(w[1], w[2], w[3]), nn.Dropout2d(dropout),
                         *block(w[3], w[4], w[5]), nn.Flatten(),
                         nn.Linear(w[5] * (size // 8) ** 2, 10))


FIRST = os.environ.get("PERF_ROUND", "0") == "0"


class Wide(nn.Module):
    """A block of WRN-16-4 as released with the paper: the stride in the second convolution."""

    def __init__(self, before, out, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(before)
        self.conv1 = nn.Conv2d(before, out, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, stride=stride, padding=1)
        self.shortcut = nn.Sequential()
        if stride != 1 or before != out:
            self.shortcut = nn.Conv2d(before, out, 1, stride=stride)

    def forward(self, x):
        y = self.conv1(functional.relu(self.bn1(x), inplace=True))
        y = self.conv2(functional.relu(self.bn2(y), inplace=True))
        return y.add_(self.shortcut(x))


def wide(divisor=1):
    w = [c // divisor for c in (64, 128, 256)]
    layers, before = [nn.Conv2d(3, 16 // divisor, 3, padding=1)], 16 // divisor
    for stage, out in enumerate(w):
        layers += [Wide(before, out, 2 if stage else 1), Wide(out, out, 1)]
        before = out
    return nn.Sequential(*layers, nn.BatchNorm2d(before, momentum=0.9), nn.ReLU(inplace=True),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 10))


class Basic(nn.Module):
    def __init__(self, before, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.shortcut = nn.Sequential()
        if stride != 1 or before != out:
            self.shortcut = nn.Sequential(nn.Conv2d(before, out, 1, stride=stride, bias=False),
                                          nn.BatchNorm2d(out))
        self.bn2 = nn.BatchNorm2d(out)

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        return functional.relu(y.add_(self.shortcut(x)), inplace=True)


def residual(divisor=1):
    w = [c // divisor for c in (64, 128, 256, 512)]
    layers = [nn.Conv2d(3, w[0], 3, padding=1, bias=False), nn.BatchNorm2d(w[0]),
              nn.ReLU(inplace=True)]
    before = w[0]
    for stage, out in enumerate(w):
        layers += [Basic(before, out, 2 if stage else 1), Basic(out, out, 1)]
        before = out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 10))


def resident():
    """The most memory that was resident so far, MiB."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


class Step:
    def __init__(self, make, layout, batch, size):
        torch.manual_seed(1)
        self.model = make().to(memory_format=layout)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=RATE, momentum=0.9,
                                         weight_decay=5e-4)
        self.criterion = nn.CrossEntropyLoss()
        self.x = torch.rand(batch, 3, size, size).contiguous(memory_format=layout)
        self.labels = torch.randint(0, 10, (batch,))

    def __call__(self):
        self.optimizer.zero_grad(set_to_none=True)
        self.criterion(self.model(self.x), self.labels).backward()
        self.optimizer.step()


CELLS = {"conv": (conv, BATCH, 32), "wide": (wide, BATCH, 32), "residual": (residual, BATCH, 32),
         "small": (lambda: conv(16, 8), 20, 16)}
LAYOUTS = {"default": torch.contiguous_format, "last": torch.channels_last}


def memory(name):
    torch.set_num_threads(1)
    step = Step(CELLS[name][0], LAYOUTS["last"], *CELLS[name][1:])
    step()
    step()
    print(f"peer.convnet.memory.{name}\t{resident():.4g}\tMiB")


def time_steps(name, threads, seconds):
    torch.set_num_threads(int(threads))
    clock = time.process_time if threads == "1" else time.perf_counter
    layouts = LAYOUTS if FIRST or name == "small" else ["last"]
    steps = {layout: Step(CELLS[name][0], LAYOUTS[layout], *CELLS[name][1:]) for layout in layouts}
    times = {layout: [] for layout in steps}
    for step in steps.values():
        step()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times["last"]) < LEAST:
        for layout, step in steps.items():
            start = clock()
            step()
            times[layout].append(clock() - start)
    middle = {layout: sorted(t)[len(t) // 2] * 1e3 for layout, t in times.items()}
    for layout, ms in middle.items():
        print(f"peer-{layout}.convnet.{name}.{threads}\t{ms:.6g}\tms")
    for way in ("", ".direct"):
        print(f"peer.convnet.{name}{way}.{threads}\t{min(middle.values()):.6g}\tms")


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    name, _, rest = sys.argv[2].partition(":") if len(sys.argv) > 2 else ("", "", "")
    if name == "memory" and FIRST:
        memory(rest)
    elif name in CELLS:
        time_steps(name, rest, seconds)


if __name__ == "__main__":
    main()
