"""EASE in numpy (Steck 2019, algorithm 1), for the row "side by side" of interactions.mjs: users, items, lambda, entries, result file."""

import json
import resource
import sys
import time

import numpy as np

users, items, ridge, entries, out = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4], sys.argv[5]
pairs = np.fromfile(entries, np.uint32)
half = len(pairs) // 2
begin = time.perf_counter()
x = np.zeros((users, items), np.float64)
x[pairs[:half], pairs[half:]] = 1
gram = x.T @ x
gram[np.diag_indices(items)] += ridge
p = np.linalg.inv(gram)
b = -p / np.diag(p)
b[np.diag_indices(items)] = 0
seconds = time.perf_counter() - begin
b.tofile(out)
print(json.dumps({"seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "numpy": np.__version__}))
