# SPDX-License-Identifier: GPL-3.0-or-later
"""The training step of mlp.c in PyTorch on one thread: the peer of `make perf`.

Prints the same tab-separated lines: name, median, unit. Argument: seconds to measure (default 2).
Exits with 77 where PyTorch is not installed.
"""
import sys
import time

try:
    import torch
except ImportError:
    sys.exit(77)

INPUTS, HIDDEN, CLASSES, BATCH, RATE = 784, 256, 10, 128, 0.1


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = torch.nn.Sequential(
        torch.nn.Linear(INPUTS, HIDDEN), torch.nn.ReLU(),
        torch.nn.Linear(HIDDEN, HIDDEN), torch.nn.ReLU(),
        torch.nn.Linear(HIDDEN, CLASSES))
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    criterion = torch.nn.CrossEntropyLoss()
    x = torch.rand(BATCH, INPUTS)
    labels = torch.randint(0, CLASSES, (BATCH,))

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(x), labels)
        loss.backward()
        optimizer.step()

    for _ in range(50):
        step()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    print(f"peer.mlp.step\t{sorted(times)[len(times) // 2] * 1e3:.6g}\tms")


if __name__ == "__main__":
    main()
