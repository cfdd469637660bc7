"""numpy, written by hand in float32: contrastive divergence, persistent chains, block Gibbs, one row's features."""
import numpy as np

import common as bench
from common import BATCH, CHAINS, DECAY, HIDDEN, MOMENTUM, PERSISTENT_RATE, RATE, TEST, sigmoid

random = np.random.default_rng(1)
x = bench.rows()
w, b, c = bench.start()
mw, mb, mc = np.zeros_like(w), np.zeros_like(b), np.zeros_like(c)


def draw(p):
    return (random.random(p.shape, dtype=np.float32) < p).astype(np.float32)


def up(v):
    return sigmoid(v @ w + c)


def down(h):
    return sigmoid(h @ w.T + b)


def update(v0, steps, chains, rate):
    global w, b, c, mw, mb, mc
    h0 = up(v0)
    h = draw(h0) if chains is None else chains
    for k in range(1, steps + 1):
        v = draw(down(h))
        last = up(v)
        if k < steps or chains is not None:
            h = draw(last)
    mw *= MOMENTUM
    mw += rate * ((v0.T @ h0 - v.T @ last) / BATCH - DECAY * w)
    mb *= MOMENTUM
    mb += rate * (v0 - v).mean(0)
    mc *= MOMENTUM
    mc += rate * (h0 - last).mean(0)
    w += mw
    b += mb
    c += mc
    if chains is not None:
        chains[:] = h


if TEST == "transform":
    bench.transform("numpy", lambda i: up(x[i:i + 1]), w, c, x)
elif TEST == "gibbs":
    def restart():
        global v
        v = (x[:CHAINS] > 0.5).astype(np.float32)

    def sweep():
        global v
        v = draw(down(draw(up(v))))

    bench.gibbs("numpy", restart, sweep, lambda: v)
else:
    steps, persistent = 10 if "10" in TEST else 1, TEST.startswith("pcd")
    chains = np.zeros((BATCH, HIDDEN), np.float32) if persistent else None
    rate = PERSISTENT_RATE if persistent else RATE
    bench.train("numpy", lambda: (w, b, c, x), lambda: [update(v0, steps, chains, rate) for v0 in bench.batches(x)])
