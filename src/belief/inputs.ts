import { describeCategories } from '../data/categories.js';
import type { HostRows } from '../data/host-rows.js';
import { describeRows } from '../data/rows-input.js';
import type { LayerInput } from '../machine/host.js';
import type { BeliefSpec } from './spec.js';

/**
 * Describes rows of a layer, by its number in the network; of softmax units also category numbers.
 */
export function layerInput({ layers }: BeliefSpec, call: string, argument: string, rows: unknown, layer = 0): LayerInput {
  const spec = layers[layer] as BeliefSpec['layers'][number];
  const where = { call, argument, units: layer === 0 ? 'visible units' : `places of layer '${spec.name}'` };
  if (spec.type !== 'softmax') return { layer, host: describeRows(rows, spec.units, where), where };
  return { layer, host: describeCategories(rows, spec.size, spec.units / spec.size, where), where };
}

/** Describes labels: a class for each row, or one-hot rows. */
export function labelInput({ layers, labels }: BeliefSpec, call: string, argument: string, given: unknown): LayerInput {
  const where = { call, argument, units: 'classes' };
  return { layer: layers.length, host: describeCategories(given, labels as number, 1, where), where };
}

/** Rows that are still to be computed, for those who ask how many there will be. */
export function rowsToCome(rows: number, cols: number): HostRows {
  return { kind: 'sliced', rows, cols, arrays: [], slices: () => [] };
}
