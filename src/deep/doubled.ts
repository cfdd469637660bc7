/**
 * Machines whose outer layer counts twice (Salakhutdinov & Hinton, "Deep Boltzmann machines",
 * AISTATS 2009, section 3.1). Two copies of a layer with the same weights and biases enter a field
 * and a gradient by their sum alone. Of n Bernoulli units that sum is n binomial units of two
 * trials, and of k trials it is one of 2 k.
 */
import type { HostRows } from '../data/host-rows.js';
import { pause } from '../data/pause.js';
import { keyOf, philox4x32, streams } from '../data/random.js';
import { describeRows } from '../data/rows-input.js';
import { slicesOf } from '../data/slices.js';
import { toFloat64 } from '../data/vector.js';
import { subject, type Where } from '../data/where.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import type { LayerSpec } from '../wiring/spec.js';
import { binomial, type Units } from '../wiring/units.js';
import { unitsOf } from './spec.js';

/** Units whose energies have one parameter each, so that half of two machines makes one. */
const halved: readonly string[] = ['bernoulli', 'binomial', 'spin', 'softmax'];

/** Layers as the greedy machines have them: the first and the last one count twice. */
export function doubledLayers(call: string, layers: readonly LayerSpec[]): Units[] {
  return layers.map((layer, l) => {
    const { name, type, units, size } = layer;
    const isEnd = l === 0 || l === layers.length - 1;
    if (isEnd && (type === 'bernoulli' || type === 'binomial')) return binomial(units, 2 * size);
    if (!isEnd && halved.includes(type)) return unitsOf(layer);
    const fitting = isEnd ? 'bernoulli or binomial units at both ends' : `${halved.join(', ')} units between the ends`;
    throw new ParameterError(`${call}: pretraining needs ${fitting}, got ${type} units in layer '${name}'; \`fit\` learns without it`);
  });
}

/** Rows that count twice, one byte or number to a value. */
export interface DoubledRows {
  readonly data: Uint8Array | Float32Array;
  readonly shape: readonly [number, number];
}

/**
 * Twice the rows of a layer of Bernoulli or binomial units. A probability between 0 and 1 is drawn
 * once for each of the two copies. Between slices of large rows the event loop runs.
 *
 * @throws {@link ParameterError} on values that the units do not have, and where some are missing;
 *   {@link ShapeError}.
 */
export async function doubledRows(call: string, argument: string, rows: unknown, layer: LayerSpec, seed: bigint): Promise<DoubledRows> {
  const where = { call, argument, units: 'visible units' };
  const host = describeRows(rows, layer.units, where);
  const [length, key] = [host.rows * host.cols, keyOf(seed)];
  const data = 2 * layer.size < 256 ? new Uint8Array(length) : new Float32Array(length);
  let at = 0;
  for (const part of slicesOf(host)) {
    if (at > 0) await pause();
    for (const value of toFloat64(part)) {
      data[at] = layer.size === 1 && value > 0 && value < 1 ? drawnTwice(value, at, key) : 2 * checked(value, layer.size, at, host, where);
      at += 1;
    }
  }
  return { data, shape: [host.rows, host.cols] };
}

function drawnTwice(probability: number, at: number, key: readonly [number, number]): number {
  const words = philox4x32([at >>> 0, Math.floor(at / 2 ** 32), streams.doubledRows, 0], key);
  return Number((words[0] as number) < probability * 2 ** 32) + Number((words[1] as number) < probability * 2 ** 32);
}

function checked(value: number, trials: number, at: number, { cols }: HostRows, where: Where): number {
  if (Number.isInteger(value) && value >= 0 && value <= trials) return value;
  const place = `row ${Math.floor(at / cols)}, column ${at % cols}`;
  if (Number.isNaN(value)) throw new ParameterError(`${subject(where)} must be complete to pretrain, got a missing value in ${place}`);
  const states = trials === 1 ? 'numbers in [0, 1]' : `whole numbers from 0 to ${trials}`;
  throw new ParameterError(`${subject(where)} must hold ${states}, got ${got(value)} in ${place}`);
}
