/**
 * Temperature scaling (Guo, Pleiss, Sun & Weinberger, ICML 2017, section 4.2): one number T for all
 * rows and classes, p_k^(1/T) / Σ_l p_l^(1/T), that makes held-out labels likeliest. The likeliest
 * class of a row stays what it is.
 */
import { OptionCheck } from '../arguments.js';
import { type LabelsInput, readLabels } from '../data/labels.js';
import { matrix } from '../data/ndarray.js';
import type { RowsInput } from '../data/rows-input.js';
import type { Matrix } from '../models/results.js';
import { readProbabilities } from './calibration.js';

/** Temperatures that are looked at. */
const [coldest, hottest] = [0.01, 100];
/** A probability that single precision took for 0. */
const least = 2 ** -149;

/**
 * The temperature with the least log loss of labels: above 1 where the probabilities are too sure.
 * Choose it on rows that training has not seen.
 *
 * @param probabilities - [n, classes], each row adding up to 1.
 * @param labels - [n], numbers of classes from 0.
 * @returns A number from 0.01 to 100, to about 6 digits.
 * @throws As `calibration`.
 */
export function bestTemperature(probabilities: RowsInput, labels: LabelsInput): number {
  const call = 'bestTemperature';
  const { values, rows, classes } = readProbabilities(call, probabilities);
  const truth = readLabels(labels, { call, argument: 'labels', units: 'labels' }, classes, rows);
  const logs = values.map((p) => Math.log(Math.max(p, least)));
  return Math.exp(lowest((log) => logLoss(logs, truth, classes, Math.exp(-log)), Math.log(coldest), Math.log(hottest)));
}

/**
 * Probabilities at another temperature: T above 1 makes them less sure, T below 1 surer.
 *
 * @param probabilities - [n, classes], each row adding up to 1.
 * @param temperature - T, above 0.
 * @returns [n, classes].
 */
export function atTemperature(probabilities: RowsInput, temperature: number): Matrix {
  const call = 'atTemperature';
  const { values, rows, classes } = readProbabilities(call, probabilities);
  const inverse = 1 / readTemperature(new OptionCheck(call), temperature);
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) {
    const row = values.subarray(r * classes, (r + 1) * classes);
    const top = row.reduce((most, p) => Math.max(most, p), 0);
    const powers = row.map((p) => (p / top) ** inverse);
    const sum = powers.reduce((total, p) => total + p, 0);
    powers.forEach((p, k) => {
      out[r * classes + k] = p / sum;
    });
  }
  return matrix(out, rows, classes);
}

/** Reads a temperature; 1 if it is left out. */
export function readTemperature(check: OptionCheck, given: unknown): number {
  const temperature = check.number('temperature', given, 1);
  if (temperature > 0) return temperature;
  throw check.error('temperature', 'a finite number above 0', given);
}

/** Mean −log p of the labels, with logs multiplied by 1/T. Convex in 1/T. */
function logLoss(logs: Float64Array, labels: Uint32Array, classes: number, inverse: number): number {
  let loss = 0;
  labels.forEach((label, r) => {
    const row = logs.subarray(r * classes, (r + 1) * classes);
    const top = row.reduce((most, log) => Math.max(most, log), -Infinity);
    const sum = row.reduce((total, log) => total + Math.exp(inverse * (log - top)), 0);
    loss += Math.log(sum) - inverse * ((row[label] as number) - top);
  });
  return loss / labels.length;
}

/** Where a function of one valley is lowest: golden-section search (Kiefer 1953). */
function lowest(f: (x: number) => number, from: number, to: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [from, to];
  while (b - a > 1e-6) {
    const step = golden * (b - a);
    if (f(b - step) <= f(a + step)) b = a + step;
    else a = b - step;
  }
  return (a + b) / 2;
}
