"""Shared by the Python peers: settings, data, validation, timing, and the one JSON line that a peer prints."""
import json
import os
import resource
import sys
import time

import numpy as np

RATE, PERSISTENT_RATE, MOMENTUM, DECAY = 0.05, 0.001, 0.9, 1e-4
REPETITIONS = int(os.environ.get("BENCH_EPOCHS", 5))
THREADS = int(os.environ.get("BENCH_THREADS", 1))
TEST = sys.argv[1] if len(sys.argv) > 1 else "cd1"
VISIBLE, HIDDEN, BATCH = (4096, 4096, 256) if TEST == "big" else (784, 500, 100)
CHAINS, STEPS, ERROR_ROWS = 1000, 100, 100


def rows():
    """The data, float32 [n, VISIBLE]."""
    return np.fromfile(os.environ["BENCH_ROWS"], "<f4").reshape(-1, VISIBLE)


def start():
    """What all programs start from: weights [VISIBLE, HIDDEN], visible and hidden biases, as float32 that may be changed."""
    values = np.fromfile(os.environ["BENCH_START"], "<f4")
    w, b, c = np.split(values, [VISIBLE * HIDDEN, VISIBLE * HIDDEN + VISIBLE])
    return w.reshape(VISIBLE, HIDDEN).copy(), b.copy(), c.copy()


def batches(x):
    return [x[i:i + BATCH] for i in range(0, len(x) - BATCH + 1, BATCH)]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def reconstruction_error(w, b, c, x):
    """Mean-field, on the first rows; off the clock."""
    x = x[:ERROR_ROWS]
    return float(np.mean((sigmoid(sigmoid(x @ w + c) @ w.T + b) - x) ** 2))


def timed(f):
    begin = time.perf_counter()
    f()
    return time.perf_counter() - begin


def peak_memory():
    """In kB. What getrusage says would include the parent before exec."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def report(peer, seconds, **checks):
    rss = peak_memory() / 1024
    print(json.dumps(dict(peer=peer, test=TEST, threads=THREADS, seconds=seconds, rssMb=round(rss, 1), **checks)), flush=True)


def train(peer, model, epoch, **checks):
    """Times `epoch()` after one to warm up; `model()` gives weights [VISIBLE, HIDDEN], visible and hidden bias, data."""
    error = [reconstruction_error(*model())]
    epoch()
    seconds = [timed(epoch) for _ in range(REPETITIONS)]
    report(peer, seconds, mse=error + [reconstruction_error(*model())], **checks)


def gibbs(peer, restart, sweep, visible):
    """Times STEPS sweeps of CHAINS chains. `restart()` puts them back to the data, `sweep()` updates both layers, `visible()` gives visible states."""
    def repetition():
        restart()
        return timed(lambda: [sweep() for _ in range(STEPS)])

    repetition()
    report(peer, [repetition() for _ in range(REPETITIONS)], on=[float(np.mean(visible()))])


def transform(peer, one_row, w, c, x):
    """A repetition is the median time of 1,000 calls of `one_row(i)`, which gives P(h = 1 | row i)."""
    block = lambda: float(np.median([timed(lambda: one_row(i)) for i in range(1000)]))
    block()
    seconds = [block() for _ in range(REPETITIONS)]
    expected = sigmoid(x[999:1000].astype(float) @ np.asarray(w, float) + np.asarray(c, float))
    report(peer, seconds, error=[float(np.max(np.abs(np.asarray(one_row(999)) - expected)))])
