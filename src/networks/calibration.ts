/**
 * How far a classifier's probabilities can be believed.
 *
 * Rows fall into bins by the probability c of their likeliest class (the confidence). In a bin B,
 * acc(B) is the share of rows whose class that is, conf(B) the mean of c.
 *
 *   ECE = Σ_B |B| / n · |acc(B) − conf(B)|       Naeini, Cooper & Hauskrecht, AAAI 2015; Guo, Pleiss,
 *                                                 Sun & Weinberger, ICML 2017, equation 3
 *   MCE = max_B |acc(B) − conf(B)|               the same, equation 5
 *   Brier score = 1/n Σ_rows Σ_k (p_k − [k = label])²     Brier, Monthly Weather Review 78 (1950)
 *   log loss = −1/n Σ_rows log p_label                    in nats
 *
 * Bins of equal width are ((i − 1)/M, i/M], as in Guo et al. Bins of equal mass hold as many rows each
 * (Nguyen & O'Connor, EMNLP 2015). Deviation: rows of the same confidence stay together, so that the
 * result does not depend on the order of the rows; bins of equal mass may therefore be fewer.
 */
import { OptionCheck, readOptions } from '../arguments.js';
import { describeAnyRows } from '../data/any-rows.js';
import { type LabelsInput, readLabels } from '../data/labels.js';
import type { RowsInput } from '../data/rows-input.js';
import { toFloat64 } from '../data/vector.js';
import { subject, type Where } from '../data/where.js';
import { ParameterError, ShapeError } from '../errors.js';
import { got } from '../got.js';

/** How rows are put into bins. */
export interface CalibrationOptions {
  /** How many bins, at most 1000. Default 15. */
  readonly bins?: number | undefined;
  /** Bins of the same width (default), or with as many rows each. */
  readonly binning?: 'width' | 'mass' | undefined;
}

/** The rows of one bin. */
export interface CalibrationBin {
  /** Confidences of the bin are above this (of the first bin: at least this) … */
  readonly low: number;
  /** … and at most this. */
  readonly high: number;
  /** Rows in the bin, at least 1. */
  readonly count: number;
  /** Mean probability of the likeliest class. */
  readonly confidence: number;
  /** Share of rows of which that is the class. */
  readonly accuracy: number;
}

/** What probabilities are worth. */
export interface Calibration {
  /** Rows that were looked at. */
  readonly rows: number;
  /** Columns of the probabilities. */
  readonly classes: number;
  /** Share of rows whose likeliest class (the first of equal ones) is theirs. */
  readonly accuracy: number;
  /** Mean probability of the likeliest class. */
  readonly confidence: number;
  /** Expected calibration error, in [0, 1]. */
  readonly ece: number;
  /** The largest gap of a bin, in [0, 1]. */
  readonly mce: number;
  /** Brier score over all classes, in [0, 2]. */
  readonly brier: number;
  /** Mean −log probability of the class, in nats; infinite where one is 0. */
  readonly logLoss: number;
  /** How rows were put into bins. */
  readonly binning: 'width' | 'mass';
  /** Bins that hold rows, by rising confidence. */
  readonly bins: readonly CalibrationBin[];
}

/** How far probabilities may be from adding up to 1: single precision, many classes. */
const tolerance = 1e-3;

/**
 * How well probabilities of classes agree with what happens: expected calibration error, Brier score,
 * log loss, and the bins of a reliability diagram (`reliabilityDiagram` of `boltzkit/viz` draws it).
 * Deterministic; the order of the rows does not matter but for rounding.
 *
 * @param probabilities - [n, classes], each row adding up to 1.
 * @param labels - [n], numbers of classes from 0.
 * @param options - How rows are put into bins.
 * @throws `ShapeError` where there are no rows or other numbers of labels, `ParameterError` where a
 *   probability or a label is out of range.
 */
export function calibration(probabilities: RowsInput, labels: LabelsInput, options?: CalibrationOptions): Calibration {
  return calibrationFor('calibration', probabilities, labels, options);
}

/** {@link calibration} on behalf of another public call, which messages name. */
export function calibrationFor(call: string, probabilities: unknown, labels: unknown, options: unknown): Calibration {
  const given = readOptions(call, options, ['bins', 'binning']);
  const check = new OptionCheck(call);
  const most = check.integer('bins', given.bins, 15, 1, 1000);
  const binning = check.oneOf('binning', given.binning, 'width', ['width', 'mass']);
  const { values, rows, classes } = readProbabilities(call, probabilities);
  const truth = readLabels(labels, { call, argument: 'labels', units: 'labels' }, classes, rows);
  const scored = score(values, truth, classes);
  const bins = binning === 'width' ? binsOfWidth(scored, most) : binsOfMass(scored, most);
  const gaps = bins.map((bin) => Math.abs(bin.accuracy - bin.confidence));
  return {
    rows,
    classes,
    accuracy: mean(scored.right),
    confidence: mean(scored.confidences),
    ece: bins.reduce((sum, { count }, i) => sum + (count / rows) * (gaps[i] as number), 0),
    mce: Math.max(...gaps),
    brier: scored.brier,
    logLoss: scored.logLoss,
    binning,
    bins,
  };
}

interface Probabilities {
  readonly values: Float64Array;
  readonly rows: number;
  readonly classes: number;
}

/** Probabilities [n, classes] with at least one row, checked. */
export function readProbabilities(call: string, input: unknown): Probabilities {
  const where: Where = { call, argument: 'probabilities', units: 'classes' };
  const host = describeAnyRows(input, where);
  const { rows, cols: classes } = host;
  if (rows === 0 || classes === 0)
    throw new ShapeError(`${subject(where)} must have at least one row and one class, got [${rows}, ${classes}]`);
  const values = toFloat64(host);
  for (let r = 0; r < rows; r++) {
    let total = 0;
    for (let k = 0; k < classes; k++) {
      const p = values[r * classes + k] as number;
      if (!(p >= 0 && p <= 1 + tolerance))
        throw new ParameterError(`${subject(where, `[${r}, ${k}]`)} must be a probability, got ${got(p)}`);
      total += p;
    }
    if (Math.abs(total - 1) > tolerance) throw new ParameterError(`${subject(where, `[${r}]`)} must add up to 1, got ${got(total)}`);
  }
  return { values, rows, classes };
}

interface Scored {
  readonly confidences: Float64Array;
  /** 1 where the likeliest class is that of the row. */
  readonly right: Uint8Array;
  readonly brier: number;
  readonly logLoss: number;
}

function score(values: Float64Array, labels: Uint32Array, classes: number): Scored {
  const rows = labels.length;
  const scored = { confidences: new Float64Array(rows), right: new Uint8Array(rows) };
  let [brier, logLoss] = [0, 0];
  for (const [r, label] of labels.entries()) {
    const row = values.subarray(r * classes, (r + 1) * classes);
    const top = row.reduce((best, p, k) => (p > (row[best] as number) ? k : best), 0);
    scored.confidences[r] = Math.min(row[top] as number, 1);
    scored.right[r] = top === label ? 1 : 0;
    brier += row.reduce((sum, p, k) => sum + (p - (k === label ? 1 : 0)) ** 2, 0);
    logLoss -= Math.log(row[label] as number);
  }
  return { ...scored, brier: brier / rows, logLoss: logLoss / rows };
}

function mean(values: Float64Array | Uint8Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function binsOfWidth({ confidences, right }: Scored, most: number): CalibrationBin[] {
  const sums = Array.from({ length: most }, () => ({ count: 0, confidence: 0, accuracy: 0 }));
  for (const [r, confidence] of confidences.entries()) {
    const sum = sums[Math.max(Math.ceil(confidence * most) - 1, 0)] as (typeof sums)[number];
    sum.count++;
    sum.confidence += confidence;
    sum.accuracy += right[r] as number;
  }
  return sums.flatMap(({ count, confidence, accuracy }, i) => {
    return count === 0 ? [] : [{ low: i / most, high: (i + 1) / most, count, confidence: confidence / count, accuracy: accuracy / count }];
  });
}

function binsOfMass({ confidences, right }: Scored, most: number): CalibrationBin[] {
  const order = Array.from(confidences.keys()).sort((a, b) => (confidences[a] as number) - (confidences[b] as number));
  const at = (rank: number) => confidences[order[rank] as number] as number;
  const bins: CalibrationBin[] = [];
  let begin = 0;
  for (let i = 1; i <= most && begin < order.length; i++) {
    let end = Math.max(Math.round((i * order.length) / most), begin + 1);
    while (end < order.length && at(end) === at(end - 1)) end++;
    const members = order.slice(begin, end);
    const total = (values: Float64Array | Uint8Array) => members.reduce((sum, r) => sum + (values[r] as number), 0);
    const count = members.length;
    const low = bins.at(-1)?.high ?? at(0);
    bins.push({ low, high: at(end - 1), count, confidence: total(confidences) / count, accuracy: total(right) / count });
    begin = end;
  }
  return bins;
}
