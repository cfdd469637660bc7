/** How strongly pairs of sites of a Potts model are coupled: the scores of direct-coupling analysis. */

/** The categories × categories couplings of a pair, row-major. */
export type PairCouplings = (pair: number) => ArrayLike<number>;

/**
 * The Frobenius norms of the couplings of pairs in the zero-sum gauge, which is the one that minimises them, without what each site has with all
 * others on average (average product correction): F_ij − F_i F_j / F, with F_i the mean over the pairs of i and F that over all (Dunn, Wahl &
 * Gloor 2008; Ekeberg et al. 2013, equations 26 to 28).
 *
 * @param pairs - Site numbers, pair by pair. Other pairs count as uncoupled.
 * @param counted - By category: whether the norms count it.
 * @returns Scores [sites, sites], symmetric, with zeros on the diagonal.
 */
export function couplingScores(sites: number, pairs: Uint32Array, couplings: PairCouplings, counted: readonly boolean[]): Float64Array {
  const norms = new Float64Array(sites ** 2);
  for (let p = 0; p < pairs.length / 2; p++) {
    const [i, j] = [pairs[2 * p] as number, pairs[2 * p + 1] as number];
    norms[i * sites + j] = norms[j * sites + i] = norm(couplings(p), counted);
  }
  if (sites < 2) return norms;
  const means = Float64Array.from({ length: sites }, (_, i) => sum(norms.subarray(i * sites, (i + 1) * sites)) / (sites - 1));
  const all = sum(means) / sites;
  const scores = new Float64Array(sites ** 2);
  if (all === 0) return scores;
  for (let i = 0; i < sites; i++) {
    for (let j = 0; j < sites; j++) {
      if (i !== j) scores[i * sites + j] = (norms[i * sites + j] as number) - ((means[i] as number) * (means[j] as number)) / all;
    }
  }
  return scores;
}

function norm(J: ArrayLike<number>, counted: readonly boolean[]): number {
  const q = counted.length;
  const [rows, columns] = [new Float64Array(q), new Float64Array(q)];
  for (let a = 0; a < q; a++) {
    for (let b = 0; b < q; b++) {
      const value = (J[a * q + b] as number) / q;
      rows[a] = (rows[a] as number) + value;
      columns[b] = (columns[b] as number) + value;
    }
  }
  const mean = sum(rows) / q;
  let squares = 0;
  for (let a = 0; a < q; a++) {
    for (let b = 0; b < q; b++) {
      if (counted[a] && counted[b]) squares += ((J[a * q + b] as number) - (rows[a] as number) - (columns[b] as number) + mean) ** 2;
    }
  }
  return Math.sqrt(squares);
}

const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
