/**
 * Rows on their way through a network. Upwards a layer is taken given the one below alone;
 * downwards given the one above, by the generative half (Hinton, Osindero & Teh, "A fast learning
 * algorithm for deep belief nets", 2006, section 3).
 */
import { array } from '../data/ndarray.js';
import { describeRows } from '../data/rows-input.js';
import type { Machine } from '../machine/machine.js';
import type { NativeLayerRows, NativeRows } from '../machine/native.js';
import type { Patience } from '../machine/patience.js';
import type { Activities } from './record.js';
import type { BeliefStack, Level } from './stack.js';

/** Values of one layer, row after row. */
export interface LayerValues {
  readonly values: Float32Array;
  readonly rows: number;
  readonly cols: number;
}

/** The layer above a machine's lowest, given that alone; [rows, places]. */
export async function upwards(
  machine: Machine,
  call: string,
  below: NativeLayerRows,
  draw: Activities,
  patience: Patience,
): Promise<LayerValues> {
  const upper = machine.spec.layers.length - 1;
  const values = await machine.run(call, () => machine.native.conditional([below], upper, draw), patience);
  return { values, rows: below.rows.rows, cols: machine.places(upper) };
}

/** Values as rows of a machine's layer. */
export async function asRows(machine: Machine, call: string, layer: number, { values, rows, cols }: LayerValues): Promise<NativeLayerRows> {
  const where = { call, argument: 'data', units: 'units' };
  const [packed] = await machine.pack([{ layer, host: describeRows(array(values, [rows, cols]), cols, where), where }], undefined, false);
  return packed as NativeLayerRows;
}

/** What the machine of a level, counted from 0, sees of rows of the visible layer. */
export async function rowsOfLevel(
  { levels }: BeliefStack,
  call: string,
  rows: NativeRows,
  l: number,
  draw: Activities,
  patience: Patience,
): Promise<NativeLayerRows> {
  let below: NativeLayerRows = { layer: 0, rows };
  for (let k = 0; k < l; k++) {
    const values = await upwards((levels[k] as Level).up, call, below, draw, patience);
    below = await asRows((levels[k + 1] as Level).up, call, 0, values);
  }
  return below;
}

/** The values of a layer, by its number from 1, given rows of the visible layer. */
export async function valuesOf(
  stack: BeliefStack,
  call: string,
  rows: NativeRows,
  layer: number,
  draw: Activities,
  patience: Patience,
): Promise<LayerValues> {
  const below = await rowsOfLevel(stack, call, rows, layer - 1, draw, patience);
  return upwards((stack.levels[layer - 1] as Level).up, call, below, draw, patience);
}

/**
 * The visible layer given values of a layer, by its number: on the way down draws or means, and at
 * the end either.
 */
export async function downwards(
  { levels }: BeliefStack,
  call: string,
  from: LayerValues,
  layer: number,
  draws: { readonly between: Activities; readonly last: Activities },
  patience: Patience,
): Promise<LayerValues> {
  let above = from;
  for (let k = layer - 1; k >= 0; k--) {
    const { down } = levels[k] as Level;
    const given = await asRows(down, call, down.spec.layers.length - 1, above);
    const draw = k === 0 ? draws.last : draws.between;
    const values = await down.run(call, () => down.native.conditional([given], 0, draw), patience);
    above = { values, rows: above.rows, cols: down.places(0) };
  }
  return above;
}
