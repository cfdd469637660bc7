// How often the documents nearest to one have its label.

/** The mean share of the n nearest training documents with the label of the test document; `nearest(q)` are row numbers. */
export function precisionAt(n, trainLabels, testLabels, nearest) {
  const shares = testLabels.map((label, q) => Array.from(nearest(q)).filter((row) => trainLabels[row] === label).length / n);
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

/** The same by the cosine of codes, rows of numbers or Maps from column to number. */
export function precisionOf(n, trainLabels, testLabels, trainCodes, testCodes) {
  const all = trainCodes.map(unit);
  const postings = new Map();
  for (const [row, code] of all.entries()) {
    for (const [column, value] of code) {
      if (!postings.has(column)) postings.set(column, []);
      postings.get(column).push([row, value]);
    }
  }
  return precisionAt(n, trainLabels, testLabels, (q) => {
    const cosines = new Float64Array(all.length);
    for (const [column, value] of unit(testCodes[q])) {
      for (const [row, other] of postings.get(column) ?? []) cosines[row] += value * other;
    }
    return Array.from(cosines.keys())
      .sort((a, b) => cosines[b] - cosines[a] || a - b)
      .slice(0, n);
  });
}

function unit(code) {
  const entries = code instanceof Map ? [...code] : [...code.entries()];
  const norm = Math.sqrt(entries.reduce((sum, [, value]) => sum + value * value, 0)) || 1;
  return entries.map(([column, value]) => [column, value / norm]);
}

/** (1 + log count) · log(documents / documents with the word), by what training documents have. */
export function tfIdf(train, test) {
  const [documents, words] = train.shape;
  const having = new Float64Array(words);
  for (const word of train.indices) having[word] += 1;
  const codes = ({ indptr, indices, values, shape }) =>
    Array.from({ length: shape[0] }, (_, d) => {
      const code = new Map();
      for (let i = indptr[d]; i < indptr[d + 1]; i++) {
        const word = indices[i];
        if (having[word] > 0) code.set(word, (1 + Math.log(values[i])) * Math.log(documents / having[word]));
      }
      return code;
    });
  return [codes(train), codes(test)];
}
