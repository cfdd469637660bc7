/** Rows and clamps by the names of layers. */
import { readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import { ParameterError } from '../errors.js';
import type { PlaceClamp } from './sample-options.js';

/** Rows by the name of their layer, all with the same number of rows. */
export type LayerRows<Layer extends string = string> = { readonly [K in Layer]?: RowsInput | undefined };

/** By layer: rows whose missing values (NaN) stay free, or some of its places with their values. */
export type LayerClamps<Layer extends string = string> = { readonly [K in Layer]?: RowsInput | PlaceClamp | undefined };

/** A value of one layer, and what messages call it. */
export interface NamedValue {
  readonly layer: number;
  readonly name: string;
  readonly value: unknown;
  readonly argument: string;
}

/**
 * Takes an object of values by layer apart.
 *
 * @param names - Of the layers, in order.
 */
export function valuesByLayer(call: string, argument: string, values: unknown, names: readonly string[]): NamedValue[] {
  return Object.entries(readOptions(call, values, names, argument)).map(([name, value]) => {
    return { layer: names.indexOf(name), name, value, argument: `${argument}.${name}` };
  });
}

/** The same, of at least one layer. */
export function someByLayer(call: string, argument: string, values: unknown, names: readonly string[]): NamedValue[] {
  const given = valuesByLayer(call, argument, values, names);
  if (given.length > 0) return given;
  throw new ParameterError(`${call}: \`${argument}\` must hold rows of at least one layer`);
}
