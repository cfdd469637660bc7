"""scikit-learn's BernoulliRBM as it comes, in float32: persistent chains with one step, no momentum, no decay, its default rate 0.1.
`fit` keeps float32 and starts anew on every call (partial_fit would start float64 weights), so fit(n_iter=2) / 2 is the epoch time."""
import warnings

import numpy as np
from sklearn.neural_network import BernoulliRBM

import common as bench
from common import BATCH, CHAINS, HIDDEN, REPETITIONS, TEST

warnings.filterwarnings("ignore")
x = bench.rows()
rbm = BernoulliRBM(n_components=HIDDEN, learning_rate=0.1, batch_size=BATCH, random_state=1, n_iter=1)

if TEST == "transform":
    rbm.fit(x[:200])
    bench.transform("sklearn", lambda i: rbm.transform(x[i:i + 1]), rbm.components_.T, rbm.intercept_hidden_, x)
elif TEST == "gibbs":
    rbm.fit(x[:200])
    rbm.components_[:] = 0.01 * np.random.default_rng(1).standard_normal(rbm.components_.shape)  # an untrained machine, as in the others
    rbm.intercept_visible_[:], rbm.intercept_hidden_[:] = 0, 0
    v = (x[:CHAINS] > 0.5).astype(np.float32)

    def sweep():
        global v
        v = rbm.gibbs(v)

    bench.gibbs("sklearn", sweep, lambda: v)
else:
    error, seconds = [], []
    for epochs in [1] + [2] * REPETITIONS:
        rbm.set_params(n_iter=epochs)
        seconds.append(bench.timed(lambda: rbm.fit(x)) / epochs)
        if len(seconds) == 1:
            error.append(bench.reconstruction_error(rbm.components_.T, rbm.intercept_visible_, rbm.intercept_hidden_, x))
    error.append(bench.reconstruction_error(rbm.components_.T, rbm.intercept_visible_, rbm.intercept_hidden_, x))
    bench.report("sklearn", seconds[1:], mse=error, note="weights " + str(rbm.components_.dtype))
