"""Latent Dirichlet allocation of scikit-learn for run.mjs: corpus, topics, seed, result file, and
settings: alphas, etas, passes to choose them by, passes of the chosen ones, numbers of particles.

Priors are chosen on validation documents. log p(w | model) of a document comes from a particle
filter over its words (left to right; Wallach, Murray, Salakhutdinov & Mimno 2009, section 4;
Buntine 2009). Its p is unbiased, so perplexity is too high on average, the less the more particles.
The `perplexity` of scikit-learn is not used: it spreads the prior of the topics over the words of
whatever documents are asked about.
"""

import json
import sys
import time

import numpy as np
import scipy.sparse
import sklearn
from sklearn.decomposition import LatentDirichletAllocation

source, topics, seed, out, settings = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], json.loads(sys.argv[5])
with open(source) as file:
    corpus = json.load(file)
parts = ("train", "validation", "test")
rows = {}
for part in parts:
    r = corpus[part]["rows"]
    rows[part] = scipy.sparse.csr_matrix((r["values"], r["indices"], r["indptr"]), shape=r["shape"], dtype=np.float64)


def left_to_right(counts, phi, alpha, particles, seed):
    """Estimates of log p(w) of each document, with `particles` particles; phi [topics, words]."""
    rng = np.random.default_rng(seed)
    result, lanes = np.zeros(counts.shape[0]), np.arange(particles)
    for d in range(counts.shape[0]):
        row = counts[d]
        words = rng.permutation(np.repeat(row.indices, row.data.astype(int)))
        seen = np.full((particles, phi.shape[0]), alpha)
        for n, word in enumerate(words):
            joint = np.cumsum(seen * phi[:, word], axis=1)
            weight = joint[:, -1] / (alpha * phi.shape[0] + n)
            result[d] += np.log(weight.mean())
            # Particles of the next word: drawn by weight (systematic), each with a topic for this one.
            ends = np.cumsum(weight) / weight.sum()
            chosen = np.minimum(np.searchsorted(ends, (lanes + rng.random()) / particles), particles - 1)
            joint = joint[chosen]
            topic = (joint < rng.random((particles, 1)) * joint[:, -1:]).sum(axis=1)
            seen = seen[chosen]
            seen[lanes, np.minimum(topic, phi.shape[0] - 1)] += 1
    return result


def perplexities(log_p, lengths):
    return {"perDocument": float(np.exp(-np.mean(log_p / lengths))), "perWord": float(np.exp(-log_p.sum() / lengths.sum()))}


def fitted(alpha, eta, passes):
    lda = LatentDirichletAllocation(
        topics,
        doc_topic_prior=alpha,
        topic_word_prior=eta,
        learning_method="batch",
        max_iter=passes,
        random_state=seed,
        n_jobs=1,
    )
    lda.fit(rows["train"])
    return lda, lda.components_ / lda.components_.sum(axis=1, keepdims=True)


lengths = {part: np.asarray(rows[part].sum(axis=1)).ravel() for part in parts}
tried, best = [], None
for alpha in settings["alphas"]:
    for eta in settings["etas"]:
        began = time.perf_counter()
        lda, phi = fitted(alpha, eta, settings["passes"])
        seconds = time.perf_counter() - began
        scores = perplexities(left_to_right(rows["validation"], phi, alpha, 20, seed), lengths["validation"])
        tried.append({"alpha": alpha, "eta": eta, "seconds": seconds, **scores})
        print(json.dumps(tried[-1]), file=sys.stderr, flush=True)
        if best is None or scores["perDocument"] < best[0]:
            best = (scores["perDocument"], alpha, eta, lda, phi)

_, alpha, eta, lda, phi = best
if settings["last"] > settings["passes"]:
    lda, phi = fitted(alpha, eta, settings["last"])
test = rows["test"]
found = {n: perplexities(left_to_right(test, phi, alpha, n, seed), lengths["test"]) for n in settings["particles"]}
codes = {part: lda.transform(rows[part]).tolist() for part in parts}
result = {
    "scikit-learn": sklearn.__version__,
    "alpha": alpha,
    "eta": eta,
    "tried": tried,
    "test": found,
    "codes": codes,
}
with open(out, "w") as file:
    json.dump(result, file)
