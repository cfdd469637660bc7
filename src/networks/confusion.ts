import { OptionCheck, readOptions } from '../arguments.js';
import { classesOf, type LabelsInput, readLabels } from '../data/labels.js';
import { matrix, type NdArray } from '../data/ndarray.js';
import { ParameterError, ShapeError } from '../errors.js';

/** How to count. */
export interface ConfusionOptions {
  /** Number of classes, at most 4096. Default: one more than the largest label or prediction. */
  readonly classes?: number | undefined;
}

/** Which classes are taken for which. */
export interface ConfusionMatrix {
  /** How many rows [classes, classes]: those of class i (row) were taken for class j (column). */
  readonly counts: NdArray<Uint32Array>;
  /** Rows that were looked at. */
  readonly rows: number;
  /** Share of rows that were taken for what they are. */
  readonly accuracy: number;
  /** Share of rows that were not. */
  readonly error: number;
  /** Of the rows of each class [classes], the share that was found; NaN where there is none. */
  readonly recall: Float64Array;
  /** Of the rows taken for each class [classes], the share that is of it; NaN where there is none. */
  readonly precision: Float64Array;
  /** The harmonic mean of both for each class [classes], 2 · right / (rows + predictions); NaN where both are none. */
  readonly f1: Float64Array;
  /** Pairs of different classes by how often they were confused, the most frequent first; at most 100. */
  readonly confusions: readonly Confusion[];
}

/** A class taken for another. */
export interface Confusion {
  /** What the rows are. */
  readonly label: number;
  /** What they were taken for. */
  readonly predicted: number;
  /** How many they are. */
  readonly count: number;
}

const mostClasses = 4096;
const mostConfusions = 100;

/**
 * Counts which classes are taken for which; `confusionPicture` of `boltzkit/viz` draws it.
 *
 * @param labels - [n], what the rows are: numbers of classes from 0.
 * @param predicted - [n], what they were taken for, such as `argmax` of probabilities.
 * @param options - The number of classes.
 * @throws `ShapeError` where there are no rows or the lists differ in length, `ParameterError` where a
 *   number is no class.
 */
export function confusionMatrix(labels: LabelsInput, predicted: LabelsInput, options?: ConfusionOptions): ConfusionMatrix {
  return confusionMatrixFor('confusionMatrix', labels, predicted, options);
}

/** {@link confusionMatrix} on behalf of another public call, which messages name. */
export function confusionMatrixFor(call: string, labels: unknown, predicted: unknown, options?: unknown): ConfusionMatrix {
  const given = readOptions(call, options, ['classes']).classes;
  const bound = given === undefined ? undefined : new OptionCheck(call).integer('classes', given, undefined, 1, mostClasses);
  const truth = readLabels(labels, { call, argument: 'labels', units: 'labels' }, bound);
  const guesses = readLabels(predicted, { call, argument: 'predicted', units: 'labels' }, bound, truth.length);
  if (truth.length === 0) throw new ShapeError(`${call}: \`labels\` must hold at least one label`);
  const classes = bound ?? Math.max(classesOf(truth), classesOf(guesses));
  if (classes > mostClasses) throw new ParameterError(`${call}: \`labels\` must be below ${mostClasses}, got ${classes - 1}`);
  return summarise(count(truth, guesses, classes), classes, truth.length);
}

function count(truth: Uint32Array, guesses: Uint32Array, classes: number): Uint32Array {
  const counts = new Uint32Array(classes * classes);
  for (const [r, label] of truth.entries()) {
    const cell = label * classes + (guesses[r] as number);
    counts[cell] = (counts[cell] as number) + 1;
  }
  return counts;
}

function summarise(counts: Uint32Array, classes: number, rows: number): ConfusionMatrix {
  const of = new Float64Array(classes);
  const as = new Float64Array(classes);
  const right = Float64Array.from({ length: classes }, (_, k) => counts[k * classes + k] as number);
  const confusions: Confusion[] = [];
  for (const [cell, n] of counts.entries()) {
    const [label, predicted] = [Math.floor(cell / classes), cell % classes];
    of[label] = (of[label] as number) + n;
    as[predicted] = (as[predicted] as number) + n;
    if (n > 0 && label !== predicted) confusions.push({ label, predicted, count: n });
  }
  const correct = right.reduce((sum, n) => sum + n, 0);
  return {
    counts: matrix(counts, classes, classes),
    rows,
    accuracy: correct / rows,
    error: (rows - correct) / rows,
    recall: right.map((n, k) => n / (of[k] as number)),
    precision: right.map((n, k) => n / (as[k] as number)),
    f1: right.map((n, k) => (2 * n) / ((of[k] as number) + (as[k] as number))),
    confusions: confusions.sort((a, b) => b.count - a.count || a.label - b.label || a.predicted - b.predicted).slice(0, mostConfusions),
  };
}
