import { growingFloats, growingIntegers } from '../data/growing.js';
import type { BoltzkitError } from '../errors.js';
import { got } from '../got.js';
import type { Cell } from './cells.js';
import type { Label } from './columns.js';
import { LabelIndex, shown } from './labels.js';
import type { Wish } from './schema.js';
import type { Rows } from './source.js';

/**
 * Different values that are kept of a column; where there are more, it can only be one of numbers.
 */
const mostKept = 10_000;

/** More digits after the decimal point than these are not counted. */
const mostDecimals = 9;

/** What the values of a column are, gathered row by row. */
export class Collected {
  missing = 0;
  /** Values that are no numbers, and the first of them. */
  texts = 0;
  firstText: { readonly label: Label; readonly place: string } | undefined;
  /** Whether there are more different values than are kept. */
  crowded = false;
  decimals = 0;
  /** Whether every value so far is one more than the value before. */
  rising = true;
  readonly #numbers = growingFloats();
  readonly #codes = growingIntegers();
  readonly #labels = new Map<string, { readonly code: number; readonly label: Label }>();
  readonly #known: LabelIndex | undefined;
  #last = Number.NaN;

  /**
   * @param wish - What the caller says of the column; values that do not fit are refused as they
   * come.
   */
  constructor(
    readonly name: string,
    readonly wish: Wish | undefined,
    private readonly error: Rows['error'],
  ) {
    this.#known = wish?.labels && new LabelIndex(wish.labels);
  }

  /** One number per row, NaN where it is missing or none. */
  get numbers(): Float64Array {
    return this.#numbers.values;
  }

  /** Per row the place of its value in {@link labels}, −1 where it is missing. */
  get codes(): Int32Array {
    return this.#codes.values;
  }

  /** The different values, in the order in which they came. */
  get labels(): Label[] {
    return this.wish?.labels ? [...this.wish.labels] : [...this.#labels.values()].map(({ label }) => label);
  }

  /** Values that are there. */
  get present(): number {
    return this.#numbers.length - this.missing;
  }

  add(cell: Cell | null, place: string): void {
    if (cell === null) this.missing++;
    if (this.wish?.type === 'ignore') return;
    if (cell !== null) this.#check(cell, place);
    const number = cell?.number ?? Number.NaN;
    this.rising &&= this.#numbers.length === 0 || number === this.#last + 1;
    this.#last = number;
    this.#numbers.push(number);
    if (!this.crowded) this.#codes.push(cell === null ? -1 : this.#code(cell));
    if (cell === null) return;
    if (!Number.isNaN(number)) this.decimals = Math.max(this.decimals, this.decimals > mostDecimals ? 0 : decimalsOf(number));
    else if (this.texts++ === 0) this.firstText = { label: cell.label, place };
  }

  #code(cell: Cell): number {
    const known = this.#known?.find(cell) ?? this.#labels.get(cell.key)?.code;
    if (known !== undefined) return known;
    const code = this.#labels.size;
    this.#labels.set(cell.key, { code, label: cell.label });
    this.crowded = this.#labels.size > mostKept;
    return code;
  }

  /** Refuses a value that is not what the schema says. */
  #check(cell: Cell, place: string): void {
    const { type, labels, max } = this.wish ?? {};
    if (type === 'number' && Number.isNaN(cell.number)) throw this.#error(place, 'a number', cell);
    if (type === 'count' && !isCount(cell.number, max)) throw this.#error(place, countText(max), cell);
    if (labels !== undefined && this.#known?.find(cell) === undefined) throw this.#error(place, `one of ${shown(labels)}`, cell);
  }

  #error(place: string, expected: string, { label }: Cell): BoltzkitError {
    return this.error(`must be ${expected} as the schema says, got ${got(label)}`, `${place}, column ${got(this.name)}`);
  }
}

/** Whether a number can be a count. */
export function isCount(number: number, max = 2 ** 24): boolean {
  return Number.isInteger(number) && number >= 0 && number <= max;
}

/** What a count is, for messages. */
export function countText(max = 2 ** 24): string {
  return `a whole number from 0 to ${max}`;
}

function decimalsOf(number: number): number {
  if (Number.isInteger(number)) return 0;
  const [digits = '', exponent = '0'] = String(number).split('e');
  return Math.max(0, (digits.split('.')[1]?.length ?? 0) - Number(exponent));
}
