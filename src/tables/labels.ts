import { type Cell, isPlainNumber } from './cells.js';
import type { Label } from './columns.js';

/**
 * Finds the number of a label: 1, `1` and, unless they are labels of their own, `1.0` and `01` are
 * the same.
 */
export class LabelIndex {
  readonly #byKey: ReadonlyMap<string, number>;
  readonly #byNumber: ReadonlyMap<number, number>;

  constructor(labels: readonly Label[]) {
    this.#byKey = new Map(labels.map((label, i) => [String(label).trim(), i]));
    this.#byNumber = new Map(labels.flatMap((label, i) => (typeof label === 'number' ? [[label, i]] : [])));
  }

  find({ key, number }: Cell): number | undefined {
    return this.#byKey.get(key) ?? this.#byNumber.get(number);
  }
}

/**
 * Labels in order: numbers by size, others as texts are ordered. Texts that are numbers, no two of
 * them alike, become numbers.
 *
 * @returns The labels, and where each of those given went.
 */
export function orderedLabels(given: readonly Label[]): { labels: Label[]; places: Int32Array } {
  const values = numbersOf(given) ?? given;
  const order = [...values.keys()].sort((i, j) => compare(values[i] as Label, values[j] as Label));
  const places = new Int32Array(given.length);
  for (const [place, i] of order.entries()) places[i] = place;
  return { labels: order.map((i) => values[i] as Label), places };
}

function numbersOf(labels: readonly Label[]): number[] | undefined {
  if (!labels.every((label) => typeof label === 'number' || (typeof label === 'string' && isPlainNumber(label)))) return undefined;
  const numbers = labels.map(Number);
  return new Set(numbers).size === labels.length ? numbers : undefined;
}

function compare(a: Label, b: Label): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [String(a), String(b)];
  return left < right ? -1 : Number(left > right);
}

/** The first few labels, for messages. */
export function shown(labels: Iterable<Label>, most = 6): string {
  const all = [...labels];
  const some = all.slice(0, most).map((label) => (typeof label === 'string' ? JSON.stringify(label.slice(0, 40)) : String(label)));
  return some.join(', ') + (all.length > most ? ', …' : '');
}
