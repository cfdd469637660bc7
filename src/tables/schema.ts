import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import type { ColumnType, Label } from './columns.js';

/** What a caller says of a column, checked. */
export interface Wish {
  readonly type: ColumnType;
  readonly labels?: readonly Label[];
  readonly max?: number;
}

const types = ['binary', 'category', 'number', 'count', 'ignore'] as const;

/** The most labels that a column of categories may have. */
export const mostLabels = 4096;

/** The largest count that a binomial unit takes. */
const largestCount = 2 ** 24;

/** Reads what a caller says of columns; names that no column has are refused. */
export function readSchema(call: string, schema: unknown, names: readonly string[]): ReadonlyMap<string, Wish> {
  const check = new OptionCheck(call);
  if (schema === undefined) return new Map();
  const entries = readFrom(call, 'schema', () => {
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return undefined;
    return Object.entries(schema as Record<string, unknown>);
  });
  if (entries === undefined) throw check.error('schema', 'an object of types by the names of columns', schema);
  const wishes = new Map<string, Wish>();
  for (const [name, wish] of entries) {
    check.nameOf('schema', name, names, 'an object of types by the names of columns, which are');
    if (wish !== undefined) wishes.set(name, readWish(check, name, wish));
  }
  return wishes;
}

function readWish(check: OptionCheck, name: string, wish: unknown): Wish {
  const at = `schema[${JSON.stringify(name)}]`;
  if (typeof wish !== 'object' || wish === null) return { type: check.oneOf(at, wish, undefined as never, types) };
  const given = readOptions(`${check.call}: \`${at}\``, wish, ['type', 'labels', 'max']);
  const type = check.oneOf(`${at}.type`, given.type, undefined as never, types);
  if (given.labels !== undefined && type !== 'binary' && type !== 'category') {
    throw check.error(`${at}.labels`, `left out: only 'binary' and 'category' have labels`, given.labels);
  }
  if (given.max !== undefined && type !== 'count') throw check.error(`${at}.max`, `left out: only 'count' has one`, given.max);
  return {
    type,
    ...(given.labels === undefined ? {} : { labels: readLabels(check, `${at}.labels`, given.labels, type) }),
    ...(given.max === undefined ? {} : { max: check.integer(`${at}.max`, given.max, undefined, 1, largestCount) }),
  };
}

function readLabels(check: OptionCheck, at: string, value: unknown, type: ColumnType): Label[] {
  const most = type === 'binary' ? 2 : mostLabels;
  const expected = type === 'binary' ? 'a list of two labels' : `a list of 2 to ${mostLabels} labels`;
  const labels = readFrom(check.call, at, () => (Array.isArray(value) && value.length <= most ? [...(value as unknown[])] : []));
  const keys = new Set(labels.map((label) => (isLabel(label) ? String(label).trim() : '')));
  if (labels.length < 2 || keys.size < labels.length || keys.has('')) {
    throw check.error(at, `${expected} (texts, numbers, true or false), no two of them alike`, value);
  }
  return labels as Label[];
}

/** Whether a value can be the label of a category. */
export function isLabel(value: unknown): value is Label {
  return typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}
