/** The classes of a classifier: what its users call them, and the numbers that its outputs have. */
import { type OptionCheck, readFrom } from '../arguments.js';
import type { HostSparseRows } from '../data/host-rows.js';
import { readLabels } from '../data/labels.js';
import type { RowsInput } from '../data/rows-input.js';
import { isTypedArray } from '../data/typed.js';
import { subject, type Where } from '../data/where.js';
import { ParameterError, ShapeError } from '../errors.js';
import { got } from '../got.js';
import { didYouMean } from '../suggest.js';

/** What a class may be called. */
export type ClassName = string | number;

/**
 * One label per row: a list of classes, or where classes are numbers also a typed array or an
 * `ndarray` [n].
 */
export type ClassLabels<L extends ClassName> = readonly L[] | (L extends number ? RowsInput : never);

const mostClasses = 4096;
const longestName = 1000;

/** Classes that were read. */
export class Classes {
  readonly #names: readonly ClassName[] | null;
  readonly #numbers: ReadonlyMap<ClassName, number>;
  /** How many. */
  readonly count: number;

  /** @param names - Their names in order; or how many, which are called by their numbers from 0. */
  constructor(names: number | readonly ClassName[]) {
    this.#names = typeof names === 'number' ? null : names;
    this.#numbers = new Map(this.#names?.map((name, number) => [name, number]));
    this.count = typeof names === 'number' ? names : names.length;
  }

  /** What they are called, in order. */
  get names(): readonly ClassName[] {
    return this.#names ?? Array.from({ length: this.count }, (_, number) => number);
  }

  /** How the constructor's option would say it. */
  toJSON(): number | readonly ClassName[] {
    return this.#names ?? this.count;
  }

  nameOf(number: number): ClassName {
    return this.#names === null ? number : (this.#names[number] as ClassName);
  }

  /** The numbers of the classes of labels. */
  read(given: unknown, where: Where): Uint32Array {
    const numbers = this.#names === null ? readLabels(given, where, this.count) : this.#named(given, where);
    if (numbers.length === 0) throw new ShapeError(`${subject(where)} must hold at least one label`);
    return numbers;
  }

  /**
   * The numbers of the classes of labels of which some are missing (null or NaN), and `missing` in
   * the place of those.
   */
  readSome(given: unknown, where: Where, missing: number): Int32Array {
    const list = readFrom(where.call, where.argument, () => asList(given));
    if (list === undefined) throw new ParameterError(`${subject(where)} must be a list of classes and nulls, got ${got(given)}`);
    const lacks = (label: unknown): boolean => label === null || Number.isNaN(label);
    if (list.every(lacks)) throw new ParameterError(`${subject(where)} must hold at least one label that is not missing`);
    const filled = this.read(
      list.map((label) => (lacks(label) ? this.nameOf(0) : label)),
      where,
    );
    return Int32Array.from(filled, (number, r) => (lacks(list[r]) ? missing : number));
  }

  #named(given: unknown, where: Where): Uint32Array {
    const list = readFrom(where.call, where.argument, () => asList(given));
    if (list === undefined) throw new ParameterError(`${subject(where)} must be a list of classes, got ${got(given)}`);
    return Uint32Array.from(list, (label, r) => {
      const number = this.#numbers.get(label as ClassName);
      if (number !== undefined) return number;
      const texts = [...this.#numbers.keys()].filter((name) => typeof name === 'string').slice(0, 1000);
      const some = this.names.slice(0, 10).map((name) => JSON.stringify(name));
      const known = `${some.join(', ')}${this.count > some.length ? ', …' : ''}`;
      throw new ParameterError(`${subject(where, `[${r}]`)} must be one of ${known}, got ${got(label)}${didYouMean(label, texts)}`);
    });
  }
}

/** ClassLabels as a list; of an `ndarray` [n] its numbers. */
function asList(given: unknown): readonly unknown[] | undefined {
  if (Array.isArray(given)) return [...(given as unknown[])];
  if (isTypedArray(given)) return Array.from(given as ArrayLike<unknown>);
  const { data, shape } = (given ?? {}) as { data?: unknown; shape?: unknown };
  if (!isTypedArray(data) || shape === undefined) return undefined;
  const { size, get } = given as { size?: number; get?: (i: number) => number };
  if ((shape as ArrayLike<number>).length !== 1 || typeof get !== 'function') return undefined;
  return Array.from({ length: size as number }, (_, i) => get.call(given, i));
}

/** Reads the option `classes`. */
export function readClasses(check: OptionCheck, given: unknown): Classes {
  if (typeof given === 'number') return new Classes(check.integer('classes', given, undefined, 2, mostClasses));
  const list = readFrom(check.call, 'classes', () => (Array.isArray(given) ? [...(given as unknown[])] : undefined));
  if (list === undefined) throw check.error('classes', 'how many classes there are, or a list of what they are called', given);
  if (list.length < 2 || list.length > mostClasses)
    throw check.error('classes', `a list of 2 to ${mostClasses} classes`, `a list of ${list.length}`);
  const seen = new Set<unknown>();
  list.forEach((name, i) => {
    const right = typeof name === 'string' ? name.length <= longestName : typeof name === 'number' && Number.isFinite(name);
    if (!right) throw check.error(`classes[${i}]`, `a finite number or a text of at most ${longestName} characters`, name);
    if (seen.has(name)) throw check.error('classes', 'a list without repetitions', name);
    seen.add(name);
  });
  return new Classes(list as ClassName[]);
}

/** Rows of a softmax unit with a 1 each, in the place of their class. */
export function oneHotRows(numbers: Uint32Array, classes: number): HostSparseRows {
  const rows = numbers.length;
  return {
    kind: 'sparse',
    indptr: Uint32Array.from({ length: rows + 1 }, (_, r) => r),
    indices: numbers,
    values: null,
    rows,
    cols: classes,
  };
}

/** Refuses labels from which no classes can be told apart. */
export function assertSeveral(numbers: Uint32Array, classes: Classes, where: Where): void {
  const [first = 0] = numbers;
  if (numbers.some((number) => number !== first)) return;
  const only = JSON.stringify(classes.nameOf(first));
  throw new ParameterError(`${subject(where)} must be of at least two classes, got ${only} only: there is nothing to tell apart`);
}
