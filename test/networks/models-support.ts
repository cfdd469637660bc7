/**
 * What the suites of networks share: small made data, networks over it, their parameters as bits.
 */
import { createHash } from 'node:crypto';
import { Classifier, type ClassifierOptions, type NetworkModel, relu } from '../../src/index.js';
import { TestRandom } from '../oracle/random.js';

/**
 * Points around the corners of a square, of which opposite ones are of one class, beside columns of
 * noise.
 */
export function corners(n: number, seed = 7, columns = 4): { rows: number[][]; labels: number[] } {
  const random = new TestRandom(seed);
  const labels: number[] = [];
  const rows = Array.from({ length: n }, (_, r) => {
    const [a, b] = [r & 1, (r >> 1) & 1];
    labels.push(a ^ b);
    return [2 * a - 1 + 0.2 * random.normal(), 2 * b - 1 + 0.2 * random.normal(), ...random.normals(columns - 2)];
  });
  return { rows, labels };
}

/** A small classifier for {@link corners}. */
export function cornerClassifier(options: Partial<ClassifierOptions> = {}): Classifier {
  return new Classifier({ inputs: 4, hidden: [relu(12), 6], classes: 2, seed: 3, threads: 2, ...options });
}

/** All parameter bytes as one short string: equal strings are equal bits. */
export function networkBits(network: NetworkModel): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(network.parameterShapes)) hash.update(network.getParameter(name).data);
  return hash.digest('hex');
}

/** Parameters as nested lists. */
export function nestedParameter(network: NetworkModel, name: string): number[][] {
  const { data } = network.getParameter(name);
  const [rows, cols] = network.parameterShapes[name] as readonly [number, number];
  return Array.from({ length: rows }, (_, r) => Array.from(data.subarray(r * cols, (r + 1) * cols)));
}
