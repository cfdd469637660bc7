/**
 * −log p(v_i | v_−i) of single units, the layers that are not given summed out: what native code
 * says of rows (`native/likelihood/unit_conditionals.hpp`), and rows that lack values completed
 * first.
 */
import { OptionCheck, readOptions } from '../arguments.js';
import { array, type NdArray } from '../data/ndarray.js';
import type { Inputs } from '../machine/inputs.js';
import type { Machine } from '../machine/machine.js';
import type { NativeLayerRows, NativeMachine } from '../machine/native.js';
import { Parts } from '../machine/parts.js';
import { type Patience, readPatience } from '../machine/patience.js';
import { Turns } from '../machine/turns.js';
import { type GivenLayer, givenLayers, missingCells, packedBlocks } from './row-cells.js';
import { RowSums } from './row-sums.js';

/** How surprises are found. */
export interface SurpriseOptions extends Patience {
  /** Gibbs sweeps before rows that lack values are completed. Default 100. */
  readonly warmup?: number | undefined;
}

/** Reads the options and asks when the turn comes. Small rows are taken before it returns. */
export async function surprised(machine: Machine, call: string, inputs: Inputs, options: unknown): Promise<NdArray<Float64Array>> {
  const { warmup, ...rest } = readOptions(call, options, ['warmup', 'signal', 'onProgress']);
  const check = new OptionCheck(call);
  const sweeps = check.integer('warmup', warmup, 100, 0, 2 ** 40);
  const patience = readPatience(check, rest);
  machine.assertReadable(call);
  patience.signal?.throwIfAborted();
  const packing = machine.pack(inputs, patience.signal, true);
  packing.catch(() => undefined); // whoever waits for the turn hears of it
  const layers = givenLayers(machine, inputs);
  const units = layers.reduce((sum, layer) => sum + layer.units / layer.group, 0);
  const work = async (native: NativeMachine): Promise<NdArray<Float64Array>> => {
    const rows = await packing;
    const lacking = rows.some((each) => each.rows.missing);
    const found = lacking
      ? await new Incomplete({ machine, native, call, layers, units, patience }).of(rows, sweeps)
      : await machine.run(call, () => native.placeSurprise(rows), patience);
    return array(found, [found.length / units, units]);
  };
  return machine.exclusive(call, work, patience.signal);
}

interface Question {
  readonly machine: Machine;
  readonly native: NativeMachine;
  readonly call: string;
  readonly layers: readonly GivenLayer[];
  /** Of all given layers. */
  readonly units: number;
  readonly patience: Patience;
}

/** Rows of which some lack values, inside `Machine.exclusive`. */
class Incomplete {
  readonly #question: Question;
  readonly #sums: RowSums;
  readonly #turns: Turns;
  /** Per given layer, the column of its first unit. */
  readonly #firsts: readonly number[];

  constructor(question: Question) {
    const { machine, native, call, layers, patience } = question;
    this.#question = question;
    this.#sums = new RowSums(machine, native, call, patience.signal);
    this.#turns = new Turns(patience.signal);
    let column = 0;
    this.#firsts = layers.map(({ units, group }) => {
      const first = column;
      column += units / group;
      return first;
    });
  }

  /** NaN where a value is missing. */
  async of(rows: readonly NativeLayerRows[], warmup: number): Promise<Float64Array> {
    const { machine, native, call, layers, units, patience } = this.#question;
    const total = rows[0]?.rows.rows ?? 0;
    // Whatever has no surprise is refused before anything is drawn.
    await machine.run(call, () => native.placeSurprise(layers.map(({ layer }) => ({ layer, rows: machine.noRows(layer) }))), patience);
    const found = new Float64Array(total * units);
    const parts = new Parts(patience, total);
    const numbers = layers.map(({ layer }) => layer);
    for (const block of packedBlocks(rows)) {
      const given = { layers: numbers, values: block.values, rows: block.count };
      const values = await this.#sums.imputed(given, { warmup, output: 'sample' });
      const packed = await this.#sums.pack({ ...given, values });
      const surprises = await machine.run(call, () => native.placeSurprise(packed), parts.part(block.count));
      for (let r = 0; r < block.count; r++) {
        for (const cell of missingCells(layers, block, r)) {
          const { group } = layers[cell.given] as GivenLayer;
          surprises[r * units + (this.#firsts[cell.given] as number) + cell.place / group] = Number.NaN;
        }
      }
      found.set(surprises, block.first * units);
      parts.done(block.count);
      await this.#turns.give();
    }
    return found;
  }
}
