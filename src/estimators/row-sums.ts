/** What complete rows of some layers weigh, the other layers summed out. */
import { rowMajor } from '../data/host-rows.js';
import type { LayerInput } from '../machine/host.js';
import type { Machine } from '../machine/machine.js';
import type { NativeLayerRows, NativeMachine, NativeWork } from '../machine/native.js';
import type { MachineSpec } from '../wiring/spec.js';

/** Rows of layers, row-major: their numbers, and [rows, places] of each. */
export interface FilledRows {
  readonly layers: readonly number[];
  readonly values: readonly Float32Array[];
  readonly rows: number;
}

/**
 * Whether the layers that are not given can be summed out unit by unit: none is coupled to another
 * of them or to itself.
 */
export function summable({ couplings }: MachineSpec, given: ReadonlySet<number>): boolean {
  return couplings.every(([a, b]) => given.has(a) || given.has(b));
}

/** Asks a machine about filled rows, inside `Machine.exclusive` only. */
export class RowSums {
  readonly machine: Machine;
  readonly native: NativeMachine;
  readonly call: string;
  readonly #signal: AbortSignal | undefined;

  constructor(machine: Machine, native: NativeMachine, call: string, signal: AbortSignal | undefined) {
    this.machine = machine;
    this.native = native;
    this.call = call;
    this.#signal = signal;
  }

  /** Rows as the machine takes them. */
  async pack({ layers, values, rows }: FilledRows, missing = false): Promise<NativeLayerRows[]> {
    const inputs = layers.map((layer, i): LayerInput => {
      const host = rowMajor(values[i] as Float32Array, rows);
      return { layer, host, where: { call: this.call, argument: 'data', units: 'places' } };
    });
    return this.machine.pack(inputs, this.#signal, missing);
  }

  /** log Σ exp(−E) of every row over the states of all layers without rows. */
  async of(filled: FilledRows): Promise<{ readonly values: Float64Array; readonly exact: boolean }> {
    const packed = await this.pack(filled);
    if (!summable(this.machine.spec, new Set(filled.layers))) return this.#run(() => this.native.rowSums(packed));
    const energies = await this.#run(() => this.native.freeEnergy(packed));
    return { values: energies.map((energy) => -energy), exact: true };
  }

  /** Means of a layer given rows of all that it is coupled to, [rows, places]. */
  async means(target: number, filled: FilledRows): Promise<Float32Array> {
    const packed = await this.pack(filled);
    return this.#run(() => this.native.conditional(packed, target, 'mean'));
  }

  /**
   * Rows completed after so many Gibbs sweeps given what they have, [rows, places] per given layer:
   * by a draw, or by the means of units given the states of all else.
   */
  async imputed(
    rows: FilledRows,
    { warmup, output }: { readonly warmup: number; readonly output: 'mean' | 'sample' },
  ): Promise<Float32Array[]> {
    const given = await this.pack(rows, true);
    return this.#run(() => this.native.impute({ given, layers: [...rows.layers], warmup, steps: 1, output }));
  }

  #run<T>(start: () => NativeWork<T>): Promise<T> {
    return this.machine.run(this.call, start, { signal: this.#signal });
  }
}
