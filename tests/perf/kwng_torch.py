# SPDX-License-Identifier: GPL-3.0-or-later
"""The training steps of kwng.c in PyTorch on one thread: the peer of `make perf`.

The natural gradient is that of the official code (Arbel, Gretton, Li and Montufar 2020): one
backward pass a basis point, the M x M system in double, parameters as one flat vector. The linear
algebra is that of kwng_wide.h. Prints the same tab-separated lines: name, median, unit. Argument:
seconds to measure (default 2). Exits with 77 where PyTorch is not installed.
"""
import sys
import time

try:
    import torch
except ImportError:
    sys.exit(77)

INPUTS, HIDDEN, CLASSES, BATCH, RATE, EPS = 784, 256, 10, 128, 1e-4, 1e-5


def cotangents(logits, basis):
    """(1/N) d^2 k(Y_m, X_n) / (d y_im d x_j), M x N x d, and C C'."""
    x = logits.detach()
    n, d = x.shape
    y = x[torch.randperm(n)[:basis]]
    i = torch.randint(0, d, (basis,))
    w = y[:, None, :] - x[None, :, :]
    r2 = (w * w).sum(2)
    s2 = r2.mean()
    k = torch.exp(-r2 / (2 * s2))
    wi = w[torch.arange(basis), :, i]
    c = -(k * wi)[:, :, None] * w / (s2 * s2)
    c[torch.arange(basis), :, i] += k / s2
    flat = c.reshape(basis, -1).double()
    return c / n, flat @ flat.T / n


def direction(model, logits, gradient, basis):
    parameters = list(model.parameters())
    c, gram = cotangents(logits, basis)
    t = torch.stack([
        torch.cat([g.reshape(-1) for g in
                   torch.autograd.grad(logits, parameters, c[m], retain_graph=True)])
        for m in range(basis)])
    w, v = torch.linalg.eigh(gram)
    keep = w > 0
    white = (v[:, keep] / w[keep].sqrt()).T.float()
    t = white @ t
    inverse = 1 / (t.norm(dim=0) + 1e-8)
    scaled = t * inverse
    a = (scaled @ t.T).double()
    a.diagonal().add_(EPS)
    s = torch.cholesky_solve((scaled @ gradient).double()[:, None], torch.linalg.cholesky(a))
    v = (gradient - t.T @ s[:, 0].float()) * inverse / EPS
    length = v.norm()
    return v / length if length > 1 else v


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = torch.nn.Sequential(
        torch.nn.Linear(INPUTS, HIDDEN), torch.nn.ReLU(),
        torch.nn.Linear(HIDDEN, HIDDEN), torch.nn.ReLU(),
        torch.nn.Linear(HIDDEN, CLASSES))
    parameters = list(model.parameters())
    optimizer = torch.optim.SGD(parameters, lr=RATE)
    criterion = torch.nn.CrossEntropyLoss()
    x = torch.rand(BATCH, INPUTS)
    labels = torch.randint(0, CLASSES, (BATCH,))

    def sgd():
        optimizer.zero_grad(set_to_none=True)
        criterion(model(x), labels).backward()
        optimizer.step()

    def kwng(basis):
        logits = model(x)
        gradient = torch.autograd.grad(criterion(logits, labels), parameters, retain_graph=True)
        v = direction(model, logits, torch.cat([g.reshape(-1) for g in gradient]), basis)
        at = 0
        with torch.no_grad():
            for p in parameters:
                p -= RATE * v[at:at + p.numel()].view_as(p)
                at += p.numel()

    ways = {"sgd": sgd, "5": lambda: kwng(5), "20": lambda: kwng(20)}
    times = {name: [] for name in ways}
    for way in ways.values():
        way()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - start)
    for name, taken in times.items():
        print(f"peer.kwng.{name}\t{sorted(taken)[len(taken) // 2] * 1e3:.6g}\tms")


if __name__ == "__main__":
    main()
