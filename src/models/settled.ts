/** Descent to a fixed point at zero temperature: sweep after sweep until nothing changes. */
import { rowMajor } from '../data/host-rows.js';
import { permutation, streams } from '../data/random.js';
import { Machine } from '../machine/machine.js';
import type { NativeMachine } from '../machine/native.js';
import { Parts } from '../machine/parts.js';
import type { Patience } from '../machine/patience.js';
import { Turns } from '../machine/turns.js';

/** Where rows ended. */
export interface Settled {
  readonly states: Float32Array;
  readonly energies: Float64Array;
  /** Sweeps in which a row changed. */
  readonly sweeps: Int32Array;
  /** By row: 1 if a whole sweep changed nothing. */
  readonly converged: Uint8Array;
}

/** How to descend, checked. */
export interface Descent {
  /** At most so many. */
  readonly sweeps: number;
  /** Seed of the orders in which the units come; null: by their numbers. */
  readonly shuffled: bigint | null;
  readonly patience: Patience;
}

/**
 * Descends from states [rows, units] of the only layer of a machine, which is coupled all to all: in a sweep every unit takes its likeliest state
 * given all others, one unit after the other.
 */
export function settled(
  machine: Machine,
  call: string,
  start: Float32Array,
  { sweeps: most, shuffled, patience }: Descent,
): Promise<Settled> {
  const units = machine.places(0);
  const rows = start.length / units;
  return machine.exclusive(
    call,
    async (native) => {
      using orders = shuffled === null ? null : new Orders(machine, native, shuffled);
      const [sweeps, converged] = [new Int32Array(rows), new Uint8Array(rows)];
      const turns = new Turns(patience.signal);
      const parts = new Parts(patience, most);
      let states = start;
      let energies = new Float64Array(rows);
      for (let done = 0; done < most && converged.includes(0); done++) {
        const part = { call, steps: 1, patience: parts.part(1) };
        const found = orders === null ? await sweep(machine, native, states, part) : await orders.sweep(states, done, part);
        for (let r = 0; r < rows; r++) {
          const same = equal(states, found.states, r * units, (r + 1) * units);
          converged[r] = same ? 1 : 0;
          if (!same) sweeps[r] = done + 1;
        }
        ({ states, energies } = found);
        parts.done(1);
        await turns.give();
      }
      return { states, energies, sweeps, converged };
    },
    patience.signal,
  );
}

const equal = (a: Float32Array, b: Float32Array, first: number, end: number): boolean => {
  for (let i = first; i < end; i++) if (a[i] !== b[i]) return false;
  return true;
};

type Part = { readonly call: string; readonly patience: Patience };
type Swept = { readonly states: Float32Array; readonly energies: Float64Array<ArrayBuffer> };

async function sweep(machine: Machine, native: NativeMachine, states: Float32Array, { call, patience }: Part): Promise<Swept> {
  const chains = states.length / machine.places(0);
  const where = { call, argument: 'states', units: 'units' };
  const start = await machine.pack([{ layer: 0, host: rowMajor(states, chains), where }], patience.signal, false);
  const cold = { betas: Float64Array.of(1), schedule: new Float64Array(0), tempered: null, observe: null, mean: null, clamps: [] };
  const options = { ...cold, chains, steps: 0, quench: 1, start, states: [0], energies: true };
  const results = await machine.run(call, () => native.chains(options), patience);
  return { states: results.states[0] as Float32Array, energies: results.energies as Float64Array<ArrayBuffer> };
}

/** Sweeps in another order each: those of a copy of the machine whose units are numbered anew. */
class Orders implements Disposable {
  readonly #copy: Machine;
  readonly #seed: bigint;
  readonly #weights: ArrayLike<number>;
  readonly #bias: ArrayLike<number>;
  readonly #names: readonly [string, string];

  constructor({ spec }: Machine, native: NativeMachine, seed: bigint) {
    const [bias, weights] = native.parameters().map(({ name }) => name) as [string, string];
    this.#names = [bias, weights];
    [this.#bias, this.#weights] = [native.getParameter(bias), native.getParameter(weights)];
    this.#copy = new Machine('recall', spec);
    this.#seed = seed;
  }

  async sweep(states: Float32Array, number: number, part: Part): Promise<Swept> {
    const n = this.#bias.length;
    const order = permutation(n, this.#seed, streams.recallOrders * 2 ** 16 + number);
    const weights = new Float64Array(n ** 2);
    order.forEach((from, i) => {
      for (let j = 0; j < n; j++) weights[i * n + j] = this.#weights[from * n + (order[j] as number)] as number;
    });
    this.#copy.setParameter(
      part.call,
      this.#names[0],
      Float64Array.from(order, (from) => this.#bias[from] as number),
    );
    this.#copy.setParameter(part.call, this.#names[1], weights);
    const reordered = Float32Array.from(states, (_, at) => states[at - (at % n) + (order[at % n] as number)] as number);
    const found = await this.#copy.exclusive(part.call, (native) => sweep(this.#copy, native, reordered, part));
    const back = new Float32Array(states.length);
    found.states.forEach((value, at) => {
      back[at - (at % n) + (order[at % n] as number)] = value;
    });
    return { states: back, energies: found.energies };
  }

  [Symbol.dispose](): void {
    this.#copy.dispose();
  }
}
