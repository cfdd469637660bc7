"""PyTorch on the CPU, written by hand in float32. States are drawn with rand_like(p) < p: twice as fast as torch.bernoulli."""
import torch

import common as bench
from common import BATCH, CHAINS, DECAY, HIDDEN, MOMENTUM, PERSISTENT_RATE, RATE, TEST

torch.set_num_threads(bench.THREADS)
torch.set_grad_enabled(False)
torch.manual_seed(1)
x = torch.from_numpy(bench.rows())
w, b, c = map(torch.from_numpy, bench.start())
mw, mb, mc = torch.zeros_like(w), torch.zeros_like(b), torch.zeros_like(c)


def draw(p):
    return (torch.rand_like(p) < p).float()


def up(v):
    return torch.sigmoid(torch.addmm(c, v, w))


def down(h):
    return torch.sigmoid(torch.addmm(b, h, w.t()))


def update(v0, steps, chains, rate):
    h0 = up(v0)
    h = draw(h0) if chains is None else chains
    for k in range(1, steps + 1):
        v = draw(down(h))
        last = up(v)
        if k < steps or chains is not None:
            h = draw(last)
    mw.mul_(MOMENTUM).add_((v0.t() @ h0 - v.t() @ last) / BATCH - DECAY * w, alpha=rate)
    mb.mul_(MOMENTUM).add_((v0 - v).mean(0), alpha=rate)
    mc.mul_(MOMENTUM).add_((h0 - last).mean(0), alpha=rate)
    w.add_(mw)
    b.add_(mb)
    c.add_(mc)
    if chains is not None:
        chains.copy_(h)


if TEST == "transform":
    bench.transform("torch", lambda i: up(x[i:i + 1]), w.numpy(), c.numpy(), x.numpy())
elif TEST == "gibbs":
    def restart():
        global v
        v = (x[:CHAINS] > 0.5).float()

    def sweep():
        global v
        v = draw(down(draw(up(v))))

    bench.gibbs("torch", restart, sweep, lambda: v.numpy())
else:
    steps, persistent = 10 if "10" in TEST else 1, TEST.startswith("pcd")
    chains = torch.zeros(BATCH, HIDDEN) if persistent else None
    rate = PERSISTENT_RATE if persistent else RATE
    bench.train("torch", lambda: (w.numpy(), b.numpy(), c.numpy(), x.numpy()),
                lambda: [update(v0, steps, chains, rate) for v0 in bench.batches(x)])
