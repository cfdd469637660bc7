"""PyTorch on the CPU: seconds per epoch of backpropagation, and of greedy pretraining by CD-1.

Reads NETWORK_ROWS (float32 [rows, 784] in 0 ... 1) and NETWORK_LABELS (bytes). Prints one line of JSON.
"""
import json
import os
import sys
import time

import numpy as np
import torch

TASK = sys.argv[1]
LAYERS = [int(n) for n in os.environ.get("NETWORK_LAYERS", "784,500,500,2000").split(",")]
BATCH = int(os.environ.get("NETWORK_BATCH", "100"))
EPOCHS = int(os.environ.get("NETWORK_EPOCHS", "2"))
CLASSES = 10

torch.set_num_threads(int(os.environ.get("NETWORK_THREADS", "2")))
torch.manual_seed(1)
x = torch.from_numpy(np.fromfile(os.environ["NETWORK_ROWS"], "<f4").reshape(-1, LAYERS[0]))
y = torch.from_numpy(np.fromfile(os.environ["NETWORK_LABELS"], "u1").astype("i8"))


def timed(epoch):
    begin = time.perf_counter()
    result = epoch()
    return time.perf_counter() - begin, result


def report(epoch):
    timed(epoch)  # warms up
    runs = [timed(epoch) for _ in range(EPOCHS)]
    print(json.dumps({"seconds": [seconds for seconds, _ in runs], "check": [check for _, check in runs]}))


def batches(rows):
    return torch.randperm(rows).split(BATCH)


def backpropagation():
    """Logistic hidden units, softmax output, cross-entropy, SGD with momentum."""
    layers = []
    for n, m in zip(LAYERS, LAYERS[1:]):
        layers += [torch.nn.Linear(n, m), torch.nn.Sigmoid()]
    net = torch.nn.Sequential(*layers, torch.nn.Linear(LAYERS[-1], CLASSES))
    with torch.no_grad():
        for module in net:
            if isinstance(module, torch.nn.Linear):
                torch.nn.init.normal_(module.weight, std=1 / module.in_features**0.5)
                torch.nn.init.zeros_(module.bias)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    loss_of = torch.nn.CrossEntropyLoss()

    def epoch():
        total = 0.0
        for rows in batches(len(x)):
            optimiser.zero_grad(set_to_none=True)
            loss = loss_of(net(x[rows]), y[rows])
            loss.backward()
            optimiser.step()
            total += float(loss) * len(rows)
        return total / len(x)

    report(epoch)


def autoencoder():
    """Logistic units, a linear code, cross-entropy per pixel, Adam."""
    sizes = LAYERS + LAYERS[-2::-1]
    code = len(LAYERS) - 2
    layers = []
    for i, (n, m) in enumerate(zip(sizes, sizes[1:])):
        layers += [torch.nn.Linear(n, m)] + ([] if i in (code, len(sizes) - 2) else [torch.nn.Sigmoid()])
    net = torch.nn.Sequential(*layers)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    loss_of = torch.nn.BCEWithLogitsLoss(reduction="sum")

    def epoch():
        total = 0.0
        for rows in batches(len(x)):
            optimiser.zero_grad(set_to_none=True)
            batch = x[rows]
            loss = loss_of(net(batch), batch) / len(rows)
            loss.backward()
            optimiser.step()
            total += float(loss) * len(rows)
        return total / len(x)

    report(epoch)


def pretraining():
    """One epoch of CD-1 of every level, with momentum and weight decay; data of a level are means of the one below."""
    torch.set_grad_enabled(False)
    machines = []
    for n, m in zip(LAYERS, LAYERS[1:]):
        machines.append([torch.randn(n, m) * 0.01, torch.zeros(n), torch.zeros(m)])
    steps = [[torch.zeros_like(p) for p in machine] for machine in machines]

    def update(machine, step, v0):
        (w, b, c), (mw, mb, mc) = machine, step
        h0 = torch.sigmoid(torch.addmm(c, v0, w))
        v = torch.sigmoid(torch.addmm(b, (torch.rand_like(h0) < h0).float(), w.t()))
        h = torch.sigmoid(torch.addmm(c, v, w))
        mw.mul_(0.9).add_((v0.t() @ h0 - v.t() @ h) / len(v0) - 2e-4 * w, alpha=0.05)
        mb.mul_(0.9).add_((v0 - v).mean(0), alpha=0.05)
        mc.mul_(0.9).add_((h0 - h).mean(0), alpha=0.05)
        for p, s in zip(machine, step):
            p.add_(s)
        return float(((v0 - v) ** 2).mean())

    def epoch():
        error = 0.0
        for level, (machine, step) in enumerate(zip(machines, steps)):
            for rows in batches(len(x)):
                v = x[rows]
                for w, _, c in machines[:level]:
                    v = torch.sigmoid(torch.addmm(c, v, w))
                error = update(machine, step, v)
        return error

    report(epoch)


{"backpropagation": backpropagation, "autoencoder": autoencoder, "pretraining": pretraining}[TASK]()
