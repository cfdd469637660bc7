/** Words and numbers in the metadata of files. */
import type { Tensor } from '../io/safetensors.js';
import type { TensorStock } from '../io/tensor-stock.js';
import type { NativeArray } from '../machine/native.js';

/** The last of the random steps that a seed has. */
export const lastStep = 2n ** 48n - 1n;

/** Larger than anything that is counted one by one. */
const mostCount = 2n ** 62n;

/** Numbers of the backend as a file holds them. */
export function tensorOf(shape: readonly number[], data: NativeArray): Tensor {
  return data instanceof Float64Array ? { dtype: 'F64', shape, data } : { dtype: 'F32', shape, data };
}

type Json = Record<string, unknown>;

/** Whether a value is an object and no list. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses the text of an object. */
export function parseObject(stock: TensorStock, text: string | undefined): Json {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch (error) {
    return stock.fail('has damaged metadata', error);
  }
  return isObject(value) ? value : stock.fail('has damaged metadata');
}

/** Counters as decimal digits, by name: those that must be there and those that may be, and no others. */
export function smallCounts(stock: TensorStock, said: Json, names: readonly string[], optional: readonly string[]): Record<string, bigint> {
  const unknown = Object.keys(said).find((name) => !names.includes(name) && !optional.includes(name));
  if (unknown !== undefined) stock.fail(`holds an unknown counter ${JSON.stringify(unknown.slice(0, 80))}`);
  const present = [...names, ...optional.filter((name) => Object.hasOwn(said, name))];
  return Object.fromEntries(
    present.map((name) => {
      const digits = Object.hasOwn(said, name) ? said[name] : undefined;
      const count = typeof digits === 'string' && /^\d{1,20}$/.test(digits) ? BigInt(digits) : undefined;
      if (count !== undefined && count <= mostCount) return [name, count];
      return stock.fail(`has a damaged counter '${name}'`);
    }),
  );
}

/** A seed as files hold it: decimal digits; NaN, which the check of the options refuses, for anything else. */
export function savedSeed(said: unknown): number | bigint {
  return typeof said === 'string' && /^\d{1,20}$/.test(said) ? BigInt(said) : Number.NaN;
}
