import { OptionCheck, readOptions } from '../arguments.js';
import { describeRows } from '../data/rows-input.js';
import { asMatrix, asVector, toFloat64 } from '../data/vector.js';
import { subject } from '../data/where.js';
import { ParameterError, ShapeError } from '../errors.js';
import type { LayerInput } from '../machine/host.js';
import { type Domain, packRowsNow } from '../machine/pack.js';
import type { Clamp } from './sampling.js';

/**
 * Turns numbers of units and their values into the mask and values that the machine clamps by.
 *
 * @param call - Public call, for messages.
 * @param clamp - What the caller passed as `clamp`.
 * @param layer - The layer whose units are clamped.
 * @param units - Its size.
 * @param chains - Number of chains; values may be given for each.
 * @param domain - Bounds of the values.
 * @param argument - Name of the clamp, for messages.
 */
export function readClamp(
  call: string,
  clamp: unknown,
  layer: number,
  units: number,
  chains: number,
  domain: { readonly low: number; readonly high: number } = { low: 0, high: 1 },
  argument = 'clamp',
): Clamp[] {
  if (clamp === undefined) return [];
  const { indices, values } = readOptions(call, clamp, ['indices', 'values'], argument);
  const numbers = readIndices(call, indices, units, `${argument}.indices`);
  if (numbers.length === 0) return [];
  const perChain = readValues(call, values, numbers.length, chains, domain, `${argument}.values`);
  const rows = perChain.length / numbers.length;
  const mask = new Float32Array(rows * units);
  const states = new Float32Array(rows * units);
  for (let r = 0; r < rows; r++) {
    numbers.forEach((unit, i) => {
      mask[r * units + unit] = 1;
      states[r * units + unit] = perChain[r * numbers.length + i] as number;
    });
  }
  return [{ layer, units, mask, values: states }];
}

function readIndices(call: string, indices: unknown, units: number, argument: string): number[] {
  const where = { call, argument, units: 'unit numbers' };
  const check = new OptionCheck(call);
  const length = (indices as ArrayLike<number> | undefined | null)?.length;
  if (typeof length !== 'number' || typeof indices === 'string') throw check.error(argument, 'a list of unit numbers', indices);
  if (length > units) throw new ShapeError(`${call}: \`${argument}\` must name at most ${units} units, got ${length}`);
  if (length === 0) return [];
  const numbers = Array.from(asVector(indices, length, where));
  const seen = new Set<number>();
  for (const unit of numbers) {
    check.integer(argument, unit, undefined, 0, units - 1);
    if (seen.has(unit)) throw new ParameterError(`${call}: \`${argument}\` must name each unit once, got ${unit} twice`);
    seen.add(unit);
  }
  return numbers;
}

function readValues(
  call: string,
  values: unknown,
  count: number,
  chains: number,
  { low, high }: { readonly low: number; readonly high: number },
  argument: string,
): Float64Array {
  const where = { call, argument, units: 'clamped units' };
  const host = describeRows(values, count, where);
  // Described once already: getters of the caller are not asked again.
  const copy = { data: toFloat64(host), shape: [host.rows, count] };
  return host.rows === 1 ? asVector(copy, count, where, { low, high }) : asMatrix(copy, chains, count, where, { low, high });
}

/** Whether a clamp names places, rather than giving rows of the whole layer. */
export function namesPlaces(clamp: unknown): boolean {
  if (typeof clamp !== 'object' || clamp === null) return false;
  try {
    return 'indices' in clamp && !('indptr' in clamp);
  } catch {
    return false; // what reads it next says that it cannot
  }
}

/** A clamp to rows of a layer, to one for all chains or to one per chain. Places whose values are missing (NaN) stay free. */
export function rowsClamp({ layer, host, where }: LayerInput, domain: Domain, chains: number): Clamp[] {
  if (host.rows !== 1 && host.rows !== chains) {
    throw new ShapeError(`${subject(where)} must have 1 row or ${chains} (chains), got ${host.rows}`);
  }
  const values = packRowsNow(host, { ...domain, missing: true }, where).toFloat32(0, host.rows);
  const mask = values.map((value) => (Number.isNaN(value) ? 0 : 1));
  return [{ layer, units: host.cols, mask, values: values.map((value) => (Number.isNaN(value) ? 0 : value)) }];
}
