/**
 * Exact expectations of what RBM training estimates. Contrastive divergence is not the likelihood gradient: its expectation is the
 * difference between moments of the data and moments of the data pushed k times through the Gibbs kernel v -> h -> v
 * (Hinton 2002, eq. 5; Bengio & Delalleau 2009, section 3), and that is what is computed here, state by state.
 */
import { bitVectors, dot, type OracleMachine, sum } from './machine.js';

export interface OracleRbm {
  /** [visible][hidden] */
  weights: number[][];
  visibleBias: number[];
  hiddenBias: number[];
}

/** The same machine in the general form: layer 0 visible, layer 1 hidden. */
export function asMachine(rbm: OracleRbm): OracleMachine {
  return { biases: [rbm.visibleBias, rbm.hiddenBias], couplings: [{ a: 0, b: 1, weights: rbm.weights }] };
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** P(h_j = 1 | v) */
export function hiddenMeans(rbm: OracleRbm, visible: number[], beta = 1): number[] {
  return rbm.hiddenBias.map((bias, j) => sigmoid(beta * (bias + sum(visible.map((v, i) => v * rbm.weights[i]![j]!)))));
}

/** P(v_i = 1 | h) */
export function visibleMeans(rbm: OracleRbm, hidden: number[], beta = 1): number[] {
  return rbm.visibleBias.map((bias, i) => sigmoid(beta * (bias + dot(rbm.weights[i]!, hidden))));
}

/** The table over {@link bitVectors} of independent bits with these means. */
export function productTable(means: number[]): number[] {
  return bitVectors(means.length).map((bits) => bits.reduce((p, bit, i) => p * (bit ? means[i]! : 1 - means[i]!), 1));
}

/**
 * The distribution over visible states of a chain that starts at one data row (values in [0, 1] are used as they are in the first
 * hidden update) after k sweeps v -> h -> v.
 */
export function chainAfter(rbm: OracleRbm, row: number[], k: number, beta = 1): number[] {
  const kernel = new VisibleKernel(rbm, beta);
  let visible = kernel.fromHidden(productTable(hiddenMeans(rbm, row, beta)));
  for (let step = 1; step < k; ++step) visible = kernel.sweep(visible);
  return visible;
}

/** p'(v') = sum_h p(v' | h) sum_v p(h | v) p(v), tabulated once. */
export class VisibleKernel {
  readonly #up: number[][];
  readonly #down: number[][];

  constructor(rbm: OracleRbm, beta = 1) {
    this.#up = bitVectors(rbm.visibleBias.length).map((v) => productTable(hiddenMeans(rbm, v, beta)));
    this.#down = bitVectors(rbm.hiddenBias.length).map((h) => productTable(visibleMeans(rbm, h, beta)));
  }

  sweep(visible: number[]): number[] {
    return this.fromHidden(push(visible, this.#up));
  }

  fromHidden(hidden: number[]): number[] {
    return push(hidden, this.#down);
  }
}

function push(distribution: number[], rows: number[][]): number[] {
  const out = new Array<number>(rows[0]!.length).fill(0);
  distribution.forEach((p, i) => {
    rows[i]!.forEach((q, j) => {
      out[j]! += p * q;
    });
  });
  return out;
}

/** Offsets of the centred gradient: mu for visible units, lambda for hidden ones. */
export interface Offsets {
  visible: number[];
  hidden: number[];
}

/**
 * The statistics that one visible vector contributes to the gradient, hidden units at their means, in the order weights row by row,
 * visible biases, hidden biases. With offsets (Melchior, Fischer & Wiskott 2016, eqs 11-13) the weights get (v - mu)(h - lambda)
 * and the biases are corrected so that the step is one in the uncentred parameters: v - Wstep lambda, h - Wstep^T mu.
 */
export function rbmStatistics(rbm: OracleRbm, visible: number[], offsets?: Offsets): number[] {
  const hidden = hiddenMeans(rbm, visible);
  const mu = offsets?.visible ?? visible.map(() => 0);
  const lambda = offsets?.hidden ?? hidden.map(() => 0);
  const weights = visible.map((v, i) => hidden.map((h, j) => (v - mu[i]!) * (h - lambda[j]!)));
  const visibleBias = visible.map((v, i) => v - dot(weights[i]!, lambda));
  const hiddenBias = hidden.map((h, j) => h - sum(weights.map((row, i) => row[j]! * mu[i]!)));
  return [...weights.flat(), ...visibleBias, ...hiddenBias];
}

/** Mean and variance of each statistic. */
export interface Expectation {
  mean: number[];
  variance: number[];
}

/** Expectation of {@link rbmStatistics} when the visible vector has the given distribution over {@link bitVectors}. */
export function expectedStatistics(rbm: OracleRbm, distribution: number[], offsets?: Offsets): Expectation {
  const rows = bitVectors(rbm.visibleBias.length).map((v) => rbmStatistics(rbm, v, offsets));
  const mean = rows[0]!.map((_, s) => sum(rows.map((row, i) => distribution[i]! * row[s]!)));
  const variance = mean.map((m, s) => sum(rows.map((row, i) => distribution[i]! * (row[s]! - m) ** 2)));
  return { mean, variance };
}

export interface CdExpectation {
  /** Expected gradient, in the order of {@link rbmStatistics}. */
  mean: number[];
  /** Standard error of one estimate of it from these rows, one chain per row. */
  error: number[];
}

/** Expected CD-k gradient of data rows with weights (ones by default), and how much one estimate scatters around it. */
export function expectedCd(
  rbm: OracleRbm,
  rows: number[][],
  k: number,
  options: { weights?: number[]; offsets?: Offsets } = {},
): CdExpectation {
  const weights = options.weights ?? rows.map(() => 1);
  const total = sum(weights);
  const length = rbmStatistics(rbm, rows[0]!).length;
  const mean = new Array<number>(length).fill(0);
  const variance = new Array<number>(length).fill(0);
  const known = new Map<string, Expectation>();
  rows.forEach((row, n) => {
    const key = row.join();
    if (!known.has(key)) known.set(key, cdStatistics(rbm, row, k, options.offsets));
    const share = weights[n]! / total;
    const { mean: m, variance: s } = known.get(key)!;
    for (let i = 0; i < length; ++i) {
      mean[i]! += share * m[i]!;
      variance[i]! += share ** 2 * s[i]!;
    }
  });
  return { mean, error: variance.map(Math.sqrt) };
}

/** Positive minus negative statistics of one row; only the negative part is random. */
function cdStatistics(rbm: OracleRbm, row: number[], k: number, offsets?: Offsets): Expectation {
  const positive = rbmStatistics(rbm, row, offsets);
  const negative = expectedStatistics(rbm, chainAfter(rbm, row, k), offsets);
  return { mean: positive.map((value, i) => value - negative.mean[i]!), variance: negative.variance };
}

/** Mean statistics of data rows with weights: the positive phase. */
export function positiveStatistics(rbm: OracleRbm, rows: number[][], weights = rows.map(() => 1), offsets?: Offsets): number[] {
  const total = sum(weights);
  const all = rows.map((row) => rbmStatistics(rbm, row, offsets));
  return all[0]!.map((_, i) => sum(all.map((row, n) => (weights[n]! / total) * row[i]!)));
}
