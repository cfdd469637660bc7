/** What probabilities of classes are worth on rows of known classes. */
import type { Matrix } from '../models/results.js';
import { argmax } from '../results/arrays.js';
import { type Calibration, type CalibrationOptions, calibrationFor } from './calibration.js';
import type { Classes, ClassName } from './classes.js';
import { type ConfusionMatrix, confusionMatrixFor } from './confusion.js';

/** How well the rows of one class are told from others. */
export interface ClassScore<L extends ClassName> {
  /** What the class is called. */
  readonly label: L;
  /** Rows of this class. */
  readonly rows: number;
  /** Of those, the share that was found; NaN without any. */
  readonly recall: number;
  /** Of the rows taken for this class, the share that is of it; NaN without any. */
  readonly precision: number;
  /** The harmonic mean of both; NaN where both are none. */
  readonly f1: number;
}

/** What probabilities of classes are worth, all classes together and each. */
export interface ClassScores<L extends ClassName> {
  /**
   * Expected calibration error, in [0, 1]: how far the probability of the likeliest class is from
   * how often it is right.
   */
  readonly ece: number;
  /** The bins behind it, and other measures of the probabilities. */
  readonly calibration: Calibration;
  /** Which classes are taken for which, by their numbers in the order of `classes`. */
  readonly confusion: ConfusionMatrix;
  /** One to a class, in the order of `classes`. */
  readonly perClass: readonly ClassScore<L>[];
}

/** Scores probabilities [n, classes] of rows of these classes. */
export function classScores<L extends ClassName>(
  call: string,
  classes: Classes,
  numbers: Uint32Array,
  probabilities: Matrix,
  options: { readonly [K in keyof CalibrationOptions]?: unknown },
): ClassScores<L> {
  const calibration = calibrationFor(call, probabilities, numbers, options);
  const confusion = confusionMatrixFor(call, numbers, argmax(probabilities), { classes: classes.count });
  const perClass = classes.names.map((label, k): ClassScore<L> => {
    const [recall, precision, f1] = [confusion.recall[k] as number, confusion.precision[k] as number, confusion.f1[k] as number];
    return { label: label as L, rows: numbers.filter((number) => number === k).length, recall, precision, f1 };
  });
  return { ece: calibration.ece, calibration, confusion, perClass };
}
