/** Reads a saved machine of interactions: nothing of it is used before types, shapes and values were checked. */
import { FormatError } from '../errors.js';
import { got } from '../got.js';
import { TensorStock } from '../io/tensor-stock.js';
import type { EaseState } from './ease-model.js';
import type { EaseShape } from './ease-options.js';
import type { SavedModel } from './family.js';

/** @throws FormatError where tensors or settings are not those that `save` writes. */
export function readEase({ tensors, settings }: SavedModel, what: string): EaseState {
  const read = new Settings(settings, what);
  const stock = new TensorStock(what, tensors);
  const unseen = read.oneOf('unseen', ['zero', 'missing'] as const);
  const precisions = stock.take('precisions', {
    types: ['F64'],
    shape: [null],
    check: (values) => (values.every((v) => v > 0 && Number.isFinite(v)) ? undefined : 'with finite numbers above 0'),
  });
  const n = precisions.length;
  const matrix = stock.take(unseen === 'zero' ? 'couplings' : 'covariance', {
    types: ['F32'],
    shape: [n, n],
    check: (values) => wrongMatrix(values, n, unseen),
  });
  const counts = readCounts(stock, n);
  stock.assertEmpty();
  const shape = read.shape();
  const state: EaseState = {
    shape,
    unseen,
    binarise: read.binarise(),
    matrix,
    precisions,
    counts,
    users: read.number('users', 0),
    logDeterminant: read.number('logDeterminant', Number.NEGATIVE_INFINITY),
    memory: read.number('memory', Number.MIN_VALUE),
  };
  read.assertAllKnown(['unseen', 'binarise', 'users', 'logDeterminant', 'memory', ...Object.keys(shape)]);
  return state;
}

/** Users who have each item. */
export const readCounts = (stock: TensorStock, items: number | null): Float64Array =>
  stock.take('counts', {
    types: ['F64'],
    shape: [items],
    check: (values) => (values.every((v) => Number.isSafeInteger(v) && v >= 0) ? undefined : 'with whole numbers of at least 0'),
  });

function wrongMatrix(values: Float32Array, n: number, unseen: 'zero' | 'missing'): string | undefined {
  for (let i = 0; i < n; i++) {
    const own = values[i * n + i] as number;
    if (unseen === 'zero' ? own !== 0 : !(own > 0)) return unseen === 'zero' ? 'with a diagonal of zeros' : 'with a diagonal above 0';
  }
  for (const value of values) if (!Number.isFinite(value)) return 'with finite numbers';
  return undefined;
}

/** Settings of a file, checked one by one. */
export class Settings {
  constructor(
    private readonly settings: Readonly<Record<string, unknown>>,
    private readonly what: string,
  ) {}

  wrong(name: string, expected: string): FormatError {
    return new FormatError(`${this.what} must have ${expected} as \`${name}\`, got ${got(this.settings[name])}`);
  }

  number(name: string, low: number, high = Infinity): number {
    const value = this.settings[name];
    if (typeof value === 'number' && Number.isFinite(value) && value >= low && value <= high) return value;
    throw this.wrong(name, high === Infinity ? `a finite number of at least ${low}` : `a number from ${low} to ${high}`);
  }

  shape(): EaseShape {
    return {
      regularisation: this.number('regularisation', Number.MIN_VALUE),
      popularity: this.number('popularity', 0, 1),
      dropout: this.number('dropout', 0, 1 - Number.EPSILON),
      activity: this.number('activity', 0, 1),
      spread: this.number('spread', 0, 1),
    };
  }

  binarise(): boolean | number {
    const { binarise } = this.settings;
    if (typeof binarise === 'boolean' || (typeof binarise === 'number' && Number.isFinite(binarise))) return binarise;
    throw this.wrong('binarise', 'true, false or a finite number');
  }

  oneOf<T extends string>(name: string, words: readonly T[]): T {
    const value = this.settings[name];
    if (words.includes(value as T)) return value as T;
    throw this.wrong(name, words.map((word) => `'${word}'`).join(' or '));
  }

  assertAllKnown(known: readonly string[]): void {
    const other = Object.keys(this.settings).find((name) => !known.includes(name));
    if (other !== undefined) throw new FormatError(`${this.what} has an unknown setting ${JSON.stringify(other.slice(0, 80))}`);
  }
}
