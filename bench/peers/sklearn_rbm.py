"""scikit-learn's BernoulliRBM as it comes, in float32: persistent chains with one step, no momentum (its rate makes up for that), no decay.
`fit` starts from weights of its own and `partial_fit` turns rows into float64, so the loop over minibatches is here and each is one call of the
private `_fit`, as in `fit`. The order of the weights in memory is that of `fit`, too."""
import numpy as np
from sklearn.neural_network import BernoulliRBM
from sklearn.utils import check_random_state

import common as bench
from common import BATCH, CHAINS, HIDDEN, MOMENTUM, PERSISTENT_RATE, TEST

x = bench.rows()
rbm = BernoulliRBM(n_components=HIDDEN, learning_rate=PERSISTENT_RATE / (1 - MOMENTUM), batch_size=BATCH, random_state=1, n_iter=1)
rbm.fit(x[:BATCH])
w, rbm.intercept_visible_, rbm.intercept_hidden_ = bench.start()
rbm.components_ = np.asarray(w.T, order="F")

if TEST == "transform":
    bench.transform("sklearn", lambda i: rbm.transform(x[i:i + 1]), rbm.components_.T, rbm.intercept_hidden_, x)
elif TEST == "gibbs":
    def restart():
        global v
        v = (x[:CHAINS] > 0.5).astype(np.float32)

    def sweep():
        global v
        v = rbm.gibbs(v)

    bench.gibbs("sklearn", restart, sweep, lambda: v)
else:
    random = check_random_state(1)
    rbm.h_samples_ = np.zeros((BATCH, HIDDEN), np.float32)
    bench.train("sklearn", lambda: (rbm.components_.T, rbm.intercept_visible_, rbm.intercept_hidden_, x),
                lambda: [rbm._fit(v0, random) for v0 in bench.batches(x)], note="weights " + str(rbm.components_.dtype))
