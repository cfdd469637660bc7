# What anomaly scores are compared with: PCA reconstruction errors and isolation forests of scikit-learn.
#   python3 baselines.py <train> <rows> <columns> <components, such as 5,10,20> <seed>
# Both files hold float32 rows without a header. Prints one JSON line: scores of the rows by method.
import json
import sys

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest

train_path, rows_path, columns, components, seed = sys.argv[1:]
train, rows = (np.fromfile(path, dtype=np.float32).reshape(-1, int(columns)) for path in (train_path, rows_path))
sizes = [int(k) for k in components.split(',')]
pca = PCA(max(sizes), random_state=int(seed)).fit(train)
projected = pca.transform(rows) ** 2
squared = ((rows - pca.mean_) ** 2).sum(axis=1)
scores = {f'pca {k}': (squared - projected[:, :k].sum(axis=1)).tolist() for k in sizes}
forest = IsolationForest(n_estimators=200, random_state=int(seed), n_jobs=1).fit(train)
scores['forest'] = (-forest.score_samples(rows)).tolist()
print(json.dumps(scores))
