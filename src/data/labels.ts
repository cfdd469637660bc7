import { ParameterError, ShapeError } from '../errors.js';
import { got } from '../got.js';
import { describeExpected, type RowsInput } from './rows-input.js';
import { toFloat64 } from './vector.js';
import { subject, type Where } from './where.js';

/** Numbers of classes, from 0, one to a row: a list or typed array, an `ndarray` [n] or [n, 1]. */
export type LabelsInput = RowsInput;

const mostClasses = 2 ** 20;

/**
 * Reads numbers of classes as a copy.
 *
 * @param input - What the caller passed.
 * @param where - Whom errors speak to.
 * @param classes - Every label must be below this. Default: any up to 2²⁰.
 * @param rows - How many there must be. Default: any number.
 */
export function readLabels(input: unknown, where: Where, classes = mostClasses, rows?: number): Uint32Array {
  const host = describeExpected(input, () => ({ cols: 1, flat: 'column' }), where);
  if (rows !== undefined && host.rows !== rows) {
    throw new ShapeError(`${subject(where)} must have one label for each of ${rows} rows, got ${host.rows}`);
  }
  const values = toFloat64(host);
  const bad = values.findIndex((value) => !(Number.isInteger(value) && value >= 0 && value < classes));
  if (bad < 0) return Uint32Array.from(values);
  throw new ParameterError(`${subject(where, `[${bad}]`)} must be a whole number from 0 to ${classes - 1}, got ${got(values[bad])}`);
}

/** One more than the largest label; 0 of none. */
export function classesOf(labels: Uint32Array): number {
  return labels.reduce((most, label) => Math.max(most, label + 1), 0);
}
