import type { HostRows } from './host-rows.js';
import { describeExpected } from './rows-input.js';
import type { Where } from './where.js';

/** {@link describeExpected} of rows that may have any number of columns. A flat list is one row. */
export function describeAnyRows(input: unknown, where: Where): HostRows {
  const expect = (shape?: readonly number[]) => ({ cols: columnsOf(shape ?? sparseShape(input)), flat: 'row' as const });
  return describeExpected(input, expect, where);
}

/** Dimensions after the first are taken together as the columns. */
function columnsOf(shape: readonly number[]): number {
  return shape.length === 1 ? (shape[0] as number) : shape.slice(1).reduce((product, size) => product * size, 1);
}

/** Bits and sparse rows say their shape themselves; whether it is one is checked by those who read them. */
function sparseShape(input: unknown): readonly number[] {
  const shape = (input as { shape?: ArrayLike<number> }).shape;
  return typeof shape === 'object' && shape !== null ? Array.from(shape, Number) : [0, 0];
}
