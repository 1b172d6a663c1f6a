# SPDX-License-Identifier: GPL-3.0-or-later
"""cifar_curve.py DATA EPOCHS SEEDS: the training of cifar_curve.c in PyTorch on one thread.

Settings are those of cifar_curve.c's head; nothing of that program is read. Prints "PyTorch", seed,
epoch, mean training loss as met along the way, test accuracy. Exits with 77 where PyTorch is not
installed.
"""
import gzip
import math
import os
import sys

try:
    import numpy
    import torch
except ImportError:
    sys.exit(77)
from torch import nn

EACH, BATCH, PAD, RATE = 1900, 128, 4, 0.02
MEAN, SD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


def read(folder, name):
    """Images (n x 3 x 32 x 32, bytes) and labels of one file of records."""
    path = os.path.join(folder, "cifar-10", name)
    with (open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz")) as file:
        records = numpy.frombuffer(file.read(), numpy.uint8).reshape(-1, 3073)
    return (torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy()),
            torch.from_numpy(records[:, 0].astype(numpy.int64)))


def first_of_each(images, labels):
    """The first EACH records of each class, in file order."""
    chosen = torch.cat([(labels == k).nonzero()[:EACH, 0] for k in range(10)]).sort()[0]
    assert len(chosen) == 10 * EACH
    return images[chosen], labels[chosen]


def normalized(images):
    mean, sd = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(SD).view(3, 1, 1)
    return (images.float() / 255 - mean) / sd


def shifted(images):
    """Each image with a border of PAD zeros, a window cut out anywhere, mirrored or not."""
    padded = nn.functional.pad(images, (PAD, PAD, PAD, PAD))
    out = torch.empty_like(images)
    for i, image in enumerate(padded):
        y, x, mirror = (int(torch.randint(0, n, ())) for n in (2 * PAD + 1, 2 * PAD + 1, 2))
        window = image[:, y:y + 32, x:x + 32]
        out[i] = window.flip(2) if mirror else window
    return out


def network():
    layers, before = [], 3
    for channels in (16, 32, 64):
        layers += [nn.Conv2d(before, channels, 3, padding=1, bias=False),
                   nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(2)]
        before = channels
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 4 * 4, 10))


def accuracy(net, x, labels):
    net.eval()
    with torch.no_grad():
        right = sum(int((net(x[i:i + 500]).argmax(1) == labels[i:i + 500]).sum())
                    for i in range(0, len(x), 500))
    net.train()
    return right / len(x)


def train(seed, epochs, images, labels, x_test, y_test):
    torch.manual_seed(seed)
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=RATE, momentum=0.9, weight_decay=5e-4)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        optimizer.param_groups[0]["lr"] = RATE * (1 + math.cos(math.pi * epoch / epochs)) / 2
        total = 0.0
        for batch in torch.randperm(len(images)).split(BATCH):
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(net(normalized(shifted(images[batch]))), labels[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        print(f"PyTorch\t{seed}\t{epoch + 1}\t{total / len(images):.6f}"
              f"\t{accuracy(net, x_test, y_test):.4f}", flush=True)


def main():
    folder, epochs, seeds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(1)
    batches = [read(folder, f"data_batch_{k}.bin") for k in (1, 2)]
    images, labels = first_of_each(*(torch.cat(part) for part in zip(*batches)))
    x_test, y_test = read(folder, "test_batch.bin")
    x_test = normalized(x_test)
    for seed in range(1, seeds + 1):
        train(seed, epochs, images, labels, x_test, y_test)


if __name__ == "__main__":
    main()
