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
import { labelsLayer } from './spec.js';
import type { BeliefStack, Level } from './stack.js';

/** Values of one layer, row after row. */
export interface LayerValues {
  readonly values: Float32Array;
  readonly rows: number;
  readonly cols: number;
}

/**
 * The upper layer of a machine given its lowest; [rows, places]. Labels take the probabilities that
 * they have given the lowest layer.
 */
export async function upwards(
  machine: Machine,
  call: string,
  below: NativeLayerRows,
  draw: Activities,
  patience: Patience,
): Promise<LayerValues> {
  const hasLabels = machine.spec.layers.length > labelsLayer;
  const given = hasLabels ? [below, await likelyLabels(machine, call, below, patience)] : [below];
  const values = await machine.run(call, () => machine.native.conditional(given, 1, draw), patience);
  return { values, rows: below.rows.rows, cols: machine.places(1) };
}

async function likelyLabels(machine: Machine, call: string, below: NativeLayerRows, patience: Patience): Promise<NativeLayerRows> {
  const values = await machine.run(call, () => machine.native.categoryProbabilities([below], labelsLayer), patience);
  return asRows(machine, call, labelsLayer, { values, rows: below.rows.rows, cols: machine.places(labelsLayer) });
}

/** Values as rows of a machine's layer. */
export async function asRows(machine: Machine, call: string, layer: number, { values, rows, cols }: LayerValues): Promise<NativeLayerRows> {
  const where = { call, argument: 'data', units: 'units' };
  const [packed] = await machine.pack([{ layer, host: describeRows(array(values, [rows, cols]), cols, where), where }], undefined, false);
  return packed as NativeLayerRows;
}

/**
 * What the machine of a level, counted from 0, sees of rows of the visible layer: they are passed
 * up as they are used.
 */
export function rowsOfLevel({ levels }: BeliefStack, rows: NativeRows, l: number, draw: Activities): NativeLayerRows {
  if (l === 0) return { layer: 0, rows };
  return { layer: 0, rows, through: { machines: levels.slice(0, l).map(({ up }) => up.native), draw } };
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
  const { up } = stack.levels[layer - 1] as Level;
  const below = rowsOfLevel(stack, rows, layer - 1, draw);
  if (draw === 'mean' || layer === 1 || up.spec.layers.length === 2) return upwards(up, call, below, draw, patience);
  // The labels and the layer beside them must see the same draws.
  const drawn = await valuesOf(stack, call, rows, layer - 1, draw, patience);
  return upwards(up, call, await asRows(up, call, 0, drawn), draw, patience);
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
    const given = await asRows(down, call, 1, above);
    const draw = k === 0 ? draws.last : draws.between;
    const values = await down.run(call, () => down.native.conditional([given], 0, draw), patience);
    above = { values, rows: above.rows, cols: down.places(0) };
  }
  return above;
}
