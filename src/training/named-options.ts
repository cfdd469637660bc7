import { type OptionCheck, readFrom, readOptions } from '../arguments.js';
import { didYouMean } from '../suggest.js';
import type { Entry, Values } from './entry.js';

/** Something that is chosen by its name. */
export interface Named<Name extends string> {
  /** Which one. */
  readonly name: Name;
}

/** Named choices, each with options of its own. */
export type Choices<D> = Readonly<Record<string, Readonly<Record<string, Entry<unknown, D>>>>>;

/** A choice whose every option has its value. */
export type Chosen<Table> = { [N in keyof Table & string]: { readonly name: N } & Values<Table[N]> }[keyof Table & string];

/** What a helper such as `pcd({ chains })` returns: a frozen object with a name. Names of options are checked, values when they are used. */
export function choose<T>(call: string, table: Choices<never>, name: string, options: object): T {
  return Object.freeze({ name, ...readOptions(call, options, Object.keys(table[name] as object)) }) as T;
}

/**
 * Reads a choice, given as its name or as an object with a name and options.
 *
 * @param option - What the choice is called, for messages.
 * @param table - All choices; the first is the usual one.
 * @param kept - The choice of an interrupted run: it stands for what is left out.
 */
export function readChoice<D, Table extends Choices<D>>(
  check: OptionCheck,
  option: string,
  table: Table,
  given: unknown,
  defaults: D,
  kept?: Chosen<Table>,
): Chosen<Table> {
  const names = Object.keys(table);
  const isObject = typeof given === 'object' && given !== null;
  const called = isObject ? readFrom(check.call, option, () => (given as { name?: unknown }).name) : given;
  const name = called === undefined && !isObject ? (kept?.name ?? (names[0] as string)) : called;
  if (typeof name !== 'string' || !names.includes(name)) {
    const forms = `one of ${names.map((each) => `'${each}'`).join(', ')}, or an object with such a name`;
    throw check.error(isObject ? `${option}.name` : option, forms, name, didYouMean(name, names));
  }
  const rows = table[name] as Choices<D>[string];
  const values: Readonly<Record<string, unknown>> = isObject
    ? readOptions(`${check.call}, ${option} '${name}'`, given, ['name', ...Object.keys(rows)])
    : {};
  const before: Readonly<Record<string, unknown>> = kept?.name === name ? kept : {};
  const read = Object.entries(rows).map(([key, row]) => [key, row.read(check, `${option}.${key}`, values[key] ?? before[key], defaults)]);
  return { name, ...Object.fromEntries(read) } as Chosen<Table>;
}
