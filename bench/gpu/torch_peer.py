"""Epochs of CD-1 (batch 100 and 1024) and PCD-10 (batch 1024) in PyTorch on a GPU, float32: the work of training.cpp.

Each is run eagerly and as a replayed CUDA graph, with TF32 off (PyTorch's default) and on. Prints one JSON object. Where there is no
PyTorch or no GPU it says so and exits with 77. With --quick everything is tiny, and without a GPU the eager part is tried on the CPU.
BOLTZKIT_MNIST names a folder with train-images-idx3-ubyte; without it, rows are made up.
"""
import json
import math
import os
import statistics
import sys
import time

QUICK = "--quick" in sys.argv[1:]
MOMENTUM, DECAY = 0.9, 1e-4
EPOCHS = 1 if QUICK else 5
HIDDEN = 24 if QUICK else 500


def leave(why):
    print(why, file=sys.stderr)
    sys.exit(77)


try:
    import torch
except ImportError as error:
    leave(f"PyTorch cannot be imported: {error}")
GPU = torch.cuda.is_available()
if not GPU and not QUICK:
    leave("PyTorch finds no GPU")
DEVICE = "cuda" if GPU else "cpu"
DEFAULT_PRECISION = torch.get_float32_matmul_precision()
torch.set_grad_enabled(False)
torch.manual_seed(1)


def load():
    """Rows [n, visible], and what they are."""
    folder = os.environ.get("BOLTZKIT_MNIST")
    if folder and not QUICK:
        with open(os.path.join(folder, "train-images-idx3-ubyte"), "rb") as file:
            pixels = torch.frombuffer(bytearray(file.read()[16:]), dtype=torch.uint8)
        return pixels.view(-1, 784)[:60000].to(DEVICE).float() / 255, "MNIST grey levels"
    # Bits in short strokes, as start.cpp makes them.
    rows, visible = (96, 40) if QUICK else (60000, 784)
    strokes = round(-math.log(1 - 0.131 / 0.7) * 0.7 * visible / 5)
    first = (0.15 * visible + torch.rand(rows, strokes, device=DEVICE) * (0.7 * visible - 5)).long()
    x = torch.zeros(rows, visible, device=DEVICE)
    for place in range(5):
        x.scatter_(1, first + place, 1.0)
    return x, "made-up bits"


def draw(p):
    return (torch.rand_like(p) < p).float()


class Rbm:
    def __init__(self, x, batch, sweeps, persistent):
        self.x, self.batch, self.sweeps = x, batch, sweeps
        self.rate = 0.001 if persistent else 0.05
        mean = x.mean(0)
        self.w = torch.randn(x.shape[1], HIDDEN, device=DEVICE) / mean.sum().sqrt()
        self.b = torch.log((mean + 1e-5) / (1 - mean + 1e-5))
        self.c = torch.full((HIDDEN,), 0.15 / 0.85, device=DEVICE).log() - mean @ self.w
        self.mw, self.mb, self.mc = torch.zeros_like(self.w), torch.zeros_like(self.b), torch.zeros_like(self.c)
        self.chains = draw(torch.full((batch, HIDDEN), 0.5, device=DEVICE)) if persistent else None
        self.at = torch.zeros(1, dtype=torch.long, device=DEVICE)
        self.each = torch.arange(batch, device=DEVICE)

    def up(self, v):
        return torch.sigmoid(torch.addmm(self.c, v, self.w))

    def down(self, h):
        return torch.sigmoid(torch.addmm(self.b, h, self.w.t()))

    def update(self):
        """The batch that `at` points to, which moves on. Nothing here depends on the host, so that a graph can hold it."""
        v0 = self.x.index_select(0, self.at + self.each)
        self.at += self.batch
        h0 = self.up(v0)
        h = draw(h0) if self.chains is None else self.chains
        for k in range(1, self.sweeps + 1):
            v = draw(self.down(h))
            last = self.up(v)
            if k < self.sweeps or self.chains is not None:
                h = draw(last)
        step = (v0.t() @ h0 - v.t() @ last) / self.batch - DECAY * self.w
        self.mw.mul_(MOMENTUM).add_(step, alpha=self.rate)
        self.mb.mul_(MOMENTUM).add_((v0 - v).mean(0), alpha=self.rate)
        self.mc.mul_(MOMENTUM).add_((h0 - last).mean(0), alpha=self.rate)
        self.w += self.mw
        self.b += self.mb
        self.c += self.mc
        if self.chains is not None:
            self.chains.copy_(h)

    def epoch(self, update):
        self.at.zero_()
        for _ in range(len(self.x) // self.batch):
            update()

    def graphed(self):
        """One update as a graph. What it does while it is recorded, and before, is undone."""
        kept = [tensor for tensor in vars(self).values() if isinstance(tensor, torch.Tensor) and tensor is not self.x]
        before = [tensor.clone() for tensor in kept]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.update()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.update()
        for tensor, value in zip(kept, before):
            tensor.copy_(value)
        return graph.replay

    def error(self):
        x = self.x[:200]
        return float(((self.down(self.up(x)) - x) ** 2).mean())


def seconds(work):
    if GPU:
        torch.cuda.synchronize()
    begin = time.perf_counter()
    work()
    if GPU:
        torch.cuda.synchronize()
    return time.perf_counter() - begin


def measure(x, name, batch, sweeps, persistent, graphs, tf32):
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    rbm = Rbm(x, batch, sweeps, persistent)
    error = [rbm.error()]
    update = rbm.graphed() if graphs else rbm.update
    rbm.epoch(update)
    error.append(rbm.error())
    runs = [1e3 * seconds(lambda: rbm.epoch(update)) for _ in range(EPOCHS)]
    return dict(name=name, mode="graph" if graphs else "eager", tf32=tf32, unit="ms/epoch", median=statistics.median(runs), runs=runs,
                errorBeforeAndAfterEpoch=error)


def main():
    x, data = load()
    small, large = (10, 32) if QUICK else (100, 1024)
    cases = [("cd-1, batch 100", small, 1, False), ("cd-1, batch 1024", large, 1, False), ("pcd-10, batch 1024", large, 10, True)]
    figures, failures = [], []
    for case in cases:
        for graphs in (False, True) if GPU else (False,):
            for tf32 in (False, True) if GPU else (False,):
                try:
                    figures.append(measure(x, *case, graphs, tf32))
                    print("{name:20} {mode:5} tf32 {tf32:d} {median:10.4g} ms/epoch".format(**figures[-1]), file=sys.stderr)
                except RuntimeError as error:
                    failures.append({"name": case[0], "graphs": graphs, "tf32": tf32, "why": str(error)})
    device = torch.cuda.get_device_name() if GPU else "cpu"
    print(json.dumps({"program": "torch_peer", "quick": QUICK, "torch": torch.__version__, "device": device, "data": f"{data}, {len(x)} rows",
                      "defaultPrecision": DEFAULT_PRECISION, "figures": figures, "failures": failures}))


main()
