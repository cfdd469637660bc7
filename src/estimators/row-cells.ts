/** Rows of some layers as plain numbers, unit by unit, and which units of a row are missing. */
import type { ReadyRows } from '../data/host-rows.js';
import type { HostRows } from '../data/rows-input.js';
import { slicesOf } from '../data/slices.js';
import { toFloat64 } from '../data/vector.js';
import type { Inputs } from '../machine/inputs.js';
import type { Machine } from '../machine/machine.js';
import type { NativeLayerRows } from '../machine/native.js';
import type { LayerSpec } from '../wiring/spec.js';

/** A layer that rows are given of. */
export interface GivenLayer extends LayerSpec {
  /** Its number. */
  readonly layer: number;
  /** Places of one unit. */
  readonly group: number;
}

/** One unit of a given layer. */
export interface Cell {
  /** The layer's place among those given. */
  readonly given: number;
  /** Its first place in the layer's row. */
  readonly place: number;
}

/** Some rows: per given layer their values, [count, places], NaN where one is missing. */
export interface RowBlock<Values = Float64Array> {
  readonly first: number;
  readonly count: number;
  readonly values: readonly Values[];
}

/** The layers that inputs are rows of. */
export function givenLayers(machine: Machine, inputs: Inputs): GivenLayer[] {
  return inputs.map(({ layer }) => ({ ...(machine.spec.layers[layer] as LayerSpec), layer, group: machine.domain(layer).group }));
}

/** Numbers in a block of rows. */
const blockSize = 2 ** 20;

/** The rows in blocks that fit into memory. */
export function* blocksOf(inputs: Inputs): Generator<RowBlock> {
  const readers = inputs.map(({ host }) => new RowReader(host));
  for (const { first, count } of ranges(inputs.map(({ host }) => host))) {
    yield { first, count, values: readers.map((reader) => reader.take(count)) };
  }
}

/** The same of packed rows, in single precision. */
export function* packedBlocks(inputs: readonly NativeLayerRows[]): Generator<RowBlock<Float32Array>> {
  for (const { first, count } of ranges(inputs.map(({ rows }) => rows))) {
    yield { first, count, values: inputs.map(({ rows }) => rows.toFloat32(first, count)) };
  }
}

function* ranges(sizes: readonly { readonly rows: number; readonly cols: number }[]): Generator<{ first: number; count: number }> {
  const rows = sizes[0]?.rows ?? 0;
  const width = sizes.reduce((sum, { cols }) => sum + cols, 0);
  const most = Math.max(1, Math.min(4096, Math.floor(blockSize / width)));
  for (let first = 0; first < rows; first += most) yield { first, count: Math.min(most, rows - first) };
}

/** Reads rows in order, each once. */
class RowReader {
  readonly #cols: number;
  readonly #slices: Iterator<ReadyRows>;
  #slice = new Float64Array(0);
  /** Numbers of the slice that were taken. */
  #taken = 0;

  constructor(host: HostRows) {
    this.#cols = host.cols;
    this.#slices = slicesOf(host)[Symbol.iterator]();
  }

  /** The next rows, [count, places]. */
  take(count: number): Float64Array {
    const values = new Float64Array(count * this.#cols);
    for (let filled = 0; filled < values.length; ) {
      if (this.#taken === this.#slice.length) this.#next();
      const part = this.#slice.subarray(this.#taken, this.#taken + values.length - filled);
      values.set(part, filled);
      this.#taken += part.length;
      filled += part.length;
    }
    return values;
  }

  #next(): void {
    const { value, done } = this.#slices.next();
    if (done) throw new Error('rows end before their number');
    [this.#slice, this.#taken] = [toFloat64(value) as Float64Array<ArrayBuffer>, 0];
  }
}

/** The units that are missing in row `r` of a block. */
export function missingCells(layers: readonly GivenLayer[], { values }: RowBlock<ArrayLike<number>>, r: number): Cell[] {
  const cells: Cell[] = [];
  for (const [given, { units, group }] of layers.entries()) {
    const row = values[given] as ArrayLike<number>;
    for (let place = 0; place < units; place += group) if (Number.isNaN(row[r * units + place] as number)) cells.push({ given, place });
  }
  return cells;
}

/** As many states of one unit are listed at most. */
const mostStates = 4096;

/**
 * All states of one unit of a layer, each as the values of its places; null where they are too many
 * or without end.
 */
export function unitStates({ type, size }: LayerSpec): number[][] | null {
  if (type === 'bernoulli') return [[0], [1]];
  if (type === 'spin') return [[-1], [1]];
  if (type === 'softmax') return Array.from({ length: size }, (_, k) => Array.from({ length: size }, (_, place) => (place === k ? 1 : 0)));
  if (type === 'binomial' && size < mostStates) return Array.from({ length: size + 1 }, (_, n) => [n]);
  return null;
}

/** log(e^a + e^b), also where one is −∞. */
export function logAdd(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return low === -Infinity ? high : high + Math.log1p(Math.exp(low - high));
}
