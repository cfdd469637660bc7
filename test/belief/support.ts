/**
 * What the suites of deep belief networks share: small data, networks with known parameters, and
 * their laws by plain sums.
 */
import { createHash } from 'node:crypto';
import { DeepBeliefNetwork, type DeepBeliefNetworkOptions } from '../../src/index.js';

/** A stream of numbers in [0, 1) that is the same everywhere (a linear congruence). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Rows of two classes, whose bits are those of a pattern but for one in eight. */
export function twoClasses(rows: number, cols = 6, seed = 1): { rows: number[][]; labels: number[] } {
  const next = numbers(seed);
  const labels = Array.from({ length: rows }, (_, i) => i % 2);
  const bits = labels.map((label) =>
    Array.from({ length: cols }, (_, j) => {
      const bit = j < cols / 2 === (label === 0) ? 1 : 0;
      return next() < 0.125 ? 1 - bit : bit;
    }),
  );
  return { rows: bits, labels };
}

/** All parameters as one short string: equal strings are equal bits. */
export function bitsOfNetwork(network: DeepBeliefNetwork): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(network.parameterShapes)) {
    hash.update(name);
    hash.update(new Uint8Array(network.getParameter(name).data.slice().buffer));
  }
  return hash.digest('hex');
}

/** A network whose parameters are known: uniform in (−size, size). */
export function knownNetwork(options: DeepBeliefNetworkOptions, size = 1.5, seed = 7): DeepBeliefNetwork {
  const network = new DeepBeliefNetwork(options);
  const next = numbers(seed);
  for (const [name, [rows, cols]] of Object.entries(network.parameterShapes)) {
    const data = Float64Array.from({ length: rows * cols }, () => Math.fround(size * (2 * next() - 1)));
    network.setParameter(name, { data, shape: [rows, cols] });
  }
  return network;
}

/** All rows of so many bits. */
export function allBits(n: number): number[][] {
  return Array.from({ length: 2 ** n }, (_, state) => Array.from({ length: n }, (_, i) => (state >> i) & 1));
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** A parameter as a list of rows. */
function matrix(network: DeepBeliefNetwork, name: string): number[][] {
  const { data, shape } = network.getParameter(name);
  const [rows, cols] = shape.length === 1 ? [1, shape[0] as number] : (shape as [number, number]);
  return Array.from({ length: rows }, (_, r) => Array.from(data.slice(r * cols, (r + 1) * cols)));
}

const vector = (network: DeepBeliefNetwork, name: string): number[] => matrix(network, name)[0] as number[];

/** b_j + Σ_i x_i w_ij. */
export function fieldsUp(x: readonly number[], weights: readonly number[][], bias: readonly number[]): number[] {
  return bias.map((b, j) => x.reduce((sum, value, i) => sum + value * ((weights[i] as number[])[j] as number), b));
}

/** b_i + Σ_j w_ij x_j. */
export function fieldsDown(x: readonly number[], weights: readonly number[][], bias: readonly number[]): number[] {
  return bias.map((b, i) => x.reduce((sum, value, j) => sum + value * ((weights[i] as number[])[j] as number), b));
}

/** log p(bits) of independent units with these fields. */
export function logBits(bits: readonly number[], fields: readonly number[]): number {
  return bits.reduce((sum, bit, i) => sum + Math.log(bit === 1 ? sigmoid(fields[i] as number) : sigmoid(-(fields[i] as number))), 0);
}

/** Two levels of bits, with or without labels, by plain sums. */
export class TwoLevels {
  readonly visible: number;
  readonly hidden: number;
  readonly classes: number;
  readonly #down: { weights: number[][]; bias: number[] };
  readonly #up: { weights: number[][]; bias: number[] };
  readonly #top: { weights: number[][]; lower: number[]; upper: number[]; labels: number[]; labelWeights: number[][] };

  constructor(network: DeepBeliefNetwork) {
    const [visible, hidden] = network.layers.map(({ places }) => places) as [number, number, number];
    [this.visible, this.hidden, this.classes] = [visible, hidden, network.labels ?? 1];
    const down = network.untied ? 'level1/generative/' : 'level1/';
    this.#down = { weights: matrix(network, `${down}visible-hidden1.weights`), bias: vector(network, `${down}visible.bias`) };
    this.#up = { weights: matrix(network, 'level1/visible-hidden1.weights'), bias: vector(network, 'level1/hidden1.bias') };
    const labelled = network.labels !== null;
    this.#top = {
      weights: matrix(network, 'level2/hidden1-hidden2.weights'),
      lower: vector(network, 'level2/hidden1.bias'),
      upper: vector(network, 'level2/hidden2.bias'),
      labels: labelled ? vector(network, 'level2/labels.bias') : [0],
      labelWeights: labelled ? matrix(network, 'level2/labels-hidden2.weights') : [new Array(network.layers[2]?.places).fill(0)],
    };
  }

  /** Fields on the first hidden layer, given a row. */
  upFields(v: readonly number[]): number[] {
    return fieldsUp(v, this.#up.weights, this.#up.bias);
  }

  /** −F of the lower layer of the top machine, or its means, and a class. */
  topWeight(h: readonly number[], label: number): number {
    const { weights, lower, upper, labels, labelWeights } = this.#top;
    const row = labelWeights[label] as number[];
    const bias = upper.map((b, k) => b + (row[k] as number));
    const linear = h.reduce((sum, bit, i) => sum + bit * (lower[i] as number), labels[label] as number);
    return fieldsUp(h, weights, bias).reduce((sum, field) => sum + Math.log1p(Math.exp(field)), linear);
  }

  /** log Z of the top machine. */
  logZ(): number {
    const weights = allBits(this.hidden).flatMap((h) => Array.from({ length: this.classes }, (_, y) => this.topWeight(h, y)));
    return Math.log(weights.reduce((sum, weight) => sum + Math.exp(weight), 0));
  }

  /** p(v), or p(v | class), of every row of bits. */
  law(label?: number): number[] {
    const classes = label === undefined ? Array.from({ length: this.classes }, (_, y) => y) : [label];
    const states = allBits(this.hidden);
    const prior = states.map((h) => classes.reduce((sum, y) => sum + Math.exp(this.topWeight(h, y)), 0));
    const total = prior.reduce((sum, weight) => sum + weight, 0);
    return allBits(this.visible).map((v) =>
      states.reduce((sum, h, s) => sum + ((prior[s] as number) / total) * Math.exp(this.generated(v, h)), 0),
    );
  }

  /** log p(v | h). */
  generated(v: readonly number[], h: readonly number[]): number {
    return logBits(v, fieldsDown(h, this.#down.weights, this.#down.bias));
  }
}

/** How often each row of bits comes, as parts of all. */
export function frequencies(data: ArrayLike<number>, cols: number): number[] {
  const counts = new Array(2 ** cols).fill(0);
  for (let r = 0; r < data.length / cols; r++) {
    let state = 0;
    for (let i = 0; i < cols; i++) state |= (data[r * cols + i] as number) << i;
    counts[state] += 1;
  }
  return counts.map((count) => (count * cols) / data.length);
}
