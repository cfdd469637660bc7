import { InvalidArgumentError, Option } from 'commander';
import type { ImageShape } from '../runs/image.js';
import { columnTypes, headers } from '../runs/record.js';
import type { RunRate } from '../runs/settings.js';
import type { ColumnType } from '../tables/columns.js';
import { type Device, deviceForms, namedDevice, nearDevice } from '../wiring/device.js';

/** What an option is called on the command line: `--batch-size` for `batchSize`. */
export function flagName(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A decimal number; NaN when the text is none. */
export function toNumber(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
}

/** A parser for whole numbers in [low, high]. */
export function integer(low: number, high: number = 2 ** 31 - 1): (text: string) => number {
  return (text) => {
    const value = toNumber(text);
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new InvalidArgumentError(`Expected a whole number from ${low} to ${high}.`);
    }
    return value;
  };
}

/** A parser for numbers in [low, high], or above `low` when `open`. */
export function number(low: number, high: number = Number.MAX_VALUE, open = false): (text: string) => number {
  return (text) => {
    const value = toNumber(text);
    if (!(value <= high && (open ? value > low : value >= low))) {
      const upper = high === Number.MAX_VALUE ? '' : ` and at most ${high}`;
      throw new InvalidArgumentError(`Expected a number ${open ? 'above' : 'of at least'} ${low}${upper}.`);
    }
    return value;
  };
}

/** A factor above 0, as a number or as a fraction: 1/255 has no short decimal. */
export function factor(text: string): number {
  const [above = '', below = '1', ...more] = text.split('/');
  const value = more.length > 0 ? Number.NaN : toNumber(above) / toNumber(below);
  if (!(value > 0 && value <= Number.MAX_VALUE)) throw new InvalidArgumentError('Expected a number above 0, or a fraction such as 1/255.');
  return value;
}

/** A parser for one of a few words. */
export function oneOf<T extends string>(...words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found === undefined) throw new InvalidArgumentError(`Expected one of: ${words.join(', ')}.`);
    return found;
  };
}

/** A device by its name. */
export function device(text: string): Device {
  const found = namedDevice(text);
  if (found === undefined) throw new InvalidArgumentError(`Expected ${deviceForms}${nearDevice(text)}.`);
  return found;
}

/** Where to compute; one that is not there is told as such. */
export const deviceOption = ['--device <name>', 'cpu, cuda or cuda:N (a GPU), reference, or auto (default: auto)', device] as const;

/** A seed: a whole number from 0 to 2^64 - 1, as a bigint because a double cannot hold them all. */
export function seed(text: string): bigint {
  if (!/^\d{1,20}$/.test(text) || BigInt(text) >= 2n ** 64n) {
    throw new InvalidArgumentError('Expected a whole number from 0 to 2^64 - 1.');
  }
  return BigInt(text);
}

/** `28x28` as height and width. */
export function imageShape(text: string): ImageShape {
  const match = /^(\d{1,5})[x×](\d{1,5})$/i.exec(text);
  const height = Number(match?.[1] ?? 0);
  const width = Number(match?.[2] ?? 0);
  if (height < 1 || width < 1) throw new InvalidArgumentError('Expected height x width in pixels, e.g. 28x28.');
  return { height, width };
}

const RATE_FORMS = 'Expected a number above 0 (0.05), or linear:from[:to[:hold]] or cosine:from[:to[:hold]] (linear:0.05:0:0.5).';

/**
 * `0.05`; `linear:0.05`, `linear:0.05:0.001`, `cosine:0.05:0:0.5`: from, to (0 if left out), and
 * the fraction of the run for which the rate stays at `from` first (0 if left out).
 */
export function learningRate(text: string): RunRate {
  const [kind = '', ...rest] = text.split(':');
  const values = (kind === 'linear' || kind === 'cosine' ? rest : [kind, ...rest]).map(toNumber);
  const [from = Number.NaN, to = 0, hold = 0] = values;
  const positive = from > 0 && from < Number.MAX_VALUE;
  if (kind !== 'linear' && kind !== 'cosine') {
    if (!positive || values.length > 1) throw new InvalidArgumentError(RATE_FORMS);
    return from;
  }
  const sound = positive && to >= 0 && to < Number.MAX_VALUE && hold >= 0 && hold <= 1 && values.length <= 3;
  if (!sound) throw new InvalidArgumentError(RATE_FORMS);
  return { schedule: kind, from, to, hold };
}

/** `name=type`, gathered over all times that the option was given. */
export function columnType(text: string, before: Readonly<Record<string, ColumnType>> = {}): Readonly<Record<string, ColumnType>> {
  const at = text.lastIndexOf('=');
  const [name, type] = [text.slice(0, at).trim(), columnTypes.find((one) => one === text.slice(at + 1).trim())];
  if (at < 1 || type === undefined) throw new InvalidArgumentError(`Expected name=type with one of: ${columnTypes.join(', ')}.`);
  return { ...before, [name]: type };
}

/** Whether the first line of a table has names. */
export function headerOption(): Option {
  const text = 'csv: whether the first line has names: yes or no (default: if it has text and no numbers)';
  return new Option('--header <yes|no>', text).argParser(oneOf(...headers));
}
