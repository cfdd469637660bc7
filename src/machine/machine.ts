import { OptionCheck } from '../arguments.js';
import type { HostRows, Where } from '../data/rows-input.js';
import { BusyError, DisposedError, ShapeError } from '../errors.js';
import { type Backend, chooseBackend, type Device, noCuda, type UsedDevice } from './backend.js';
import { isJob, runJob, translateError, translating } from './job.js';
import type { NativeArray, NativeLayerRows, NativeMachine, NativeMachineSpec, NativeWork } from './native.js';
import { isSmall, PassingRows, packRows } from './pack.js';

/** What a model, or this package, runs on. */
export interface BackendInfo {
  /** 'cpu', or 'reference': plain loops in double precision. */
  readonly device: UsedDevice;
  /** Kernel set in use: 'amx' (AVX-512 with matrix tiles), 'avx512', 'avx2', 'neon' or 'portable'. */
  readonly isa: string;
  /** Kernel sets that this processor can run, best first. */
  readonly available: readonly string[];
  /** Threads that training and sampling use. */
  readonly threads: number;
  /** The processor's name. */
  readonly model: string;
  /** Version of the package the addon was built from. */
  readonly version: string;
  /** Why a faster device than this one is not used, null if there is none to miss. */
  readonly fallback: string | null;
}

/** How a machine is wired and where it runs. */
export interface MachineSpec {
  readonly device: Device;
  readonly threads: number;
  readonly seed: bigint;
  readonly weightScale: number;
  readonly layers: readonly { readonly name: string; readonly type: string; readonly units: number; readonly size: number }[];
  /** Pairs of layers; a layer on itself may follow a graph: pairs of unit numbers. */
  readonly couplings: readonly (readonly [number, number] | readonly [number, number, Uint32Array])[];
}

/** Rows for one layer, described but not yet packed. */
export interface LayerInput {
  readonly layer: number;
  readonly host: HostRows;
  readonly where: Where;
}

/** A native call over packed rows; with `now` it must be done when it returns. */
export type Ask<T> = (native: NativeMachine, rows: NativeLayerRows[], now: boolean) => NativeWork<T>;

type Chosen = ReturnType<typeof chooseBackend>;

type LayerDomain = ReturnType<NativeMachine['domain']>;

/** What computing happens on unless a model says otherwise. */
export function backendInfo(): BackendInfo {
  return describeBackend(chooseBackend('backendInfo', 'auto'), 0, 'auto');
}

function describeBackend({ backend: { addon }, device }: Chosen, threads: number, asked: Device): BackendInfo {
  const { isa, available, model, threads: all } = addon.cpu();
  const used = device === 'reference' ? 1 : threads || all;
  return { device, isa, available, threads: used, model, version: addon.version, fallback: asked === 'auto' ? noCuda : null };
}

/**
 * The typed face of a native machine: layers and couplings by number, one job at a time, errors with the public call's name.
 * Models are built on it; they say which layers and couplings there are and what their users call things.
 */
export class Machine {
  readonly spec: MachineSpec;
  readonly backend: BackendInfo;
  readonly #backend: Backend;
  readonly #native: NativeMachine;
  readonly #domains: readonly LayerDomain[];
  readonly #passing: readonly PassingRows[];
  readonly #passesAtOnce: number;
  #job: string | undefined;
  #disposed = false;

  constructor(call: string, spec: MachineSpec) {
    const chosen = chooseBackend(call, spec.device);
    const { backend, device } = chosen;
    const { seed, threads, weightScale, layers, couplings } = spec;
    this.spec = spec;
    this.#backend = backend;
    this.backend = describeBackend(chosen, threads, spec.device);
    try {
      const { Machine: Native } = backend.addon;
      const list = couplings.map(([a, b, edges]): NativeMachineSpec['couplings'][number] => (edges === undefined ? [a, b] : [a, b, edges]));
      this.#native = new Native({ device, threads, seed, weightScale, layers: [...layers], couplings: list });
      this.#domains = layers.map((_, layer) => this.#native.domain(layer));
      this.#passing = this.#domains.map((domain) => new PassingRows(domain, backend));
      this.#passesAtOnce = this.#native.passesAtOnce;
    } catch (error) {
      throw translateError(call, error);
    }
  }

  get busy(): boolean {
    return this.#job !== undefined;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Throws unless the machine is there and idle. */
  assertIdle(call: string): void {
    if (this.#disposed) throw new DisposedError(`${call}: this model was disposed of`);
    if (this.#job !== undefined) throw new BusyError(`${call}: the model is busy with ${this.#job}; await that first`);
  }

  /** Runs `work` as the machine's one job. */
  async exclusive<T>(call: string, work: (native: NativeMachine) => Promise<T> | T): Promise<T> {
    this.assertIdle(call);
    this.#job = call;
    try {
      return await work(this.#native);
    } catch (error) {
      if (this.#disposed) throw new DisposedError(`${call}: the model was disposed of in the middle`, { cause: error });
      throw error;
    } finally {
      this.#job = undefined;
    }
  }

  /**
   * Packs rows and has the machine work over them. What takes little is done before the call returns. Unless `missing` is set, values must
   * all be there.
   */
  over<T>(call: string, inputs: readonly LayerInput[], signal: AbortSignal | undefined, ask: Ask<T>, missing = false): Promise<T> {
    return this.exclusive(call, (native) => {
      new OptionCheck(call).signal(signal)?.throwIfAborted();
      if (missing || !inputs.every(({ host }) => isSmall(host))) return this.#packAndRun(call, inputs, signal, ask, missing);
      const rows = this.#packPassing(inputs);
      const work = translating(call, () => ask(native, rows, false));
      return isJob(work) ? runJob(work, { call, signal }) : work;
    });
  }

  async #packAndRun<T>(
    call: string,
    inputs: readonly LayerInput[],
    signal: AbortSignal | undefined,
    ask: Ask<T>,
    missing: boolean,
  ): Promise<T> {
    const rows = await this.pack(inputs, signal, missing);
    return this.run(call, () => ask(this.#native, rows, false), signal);
  }

  /**
   * Like {@link over}, but the result is there when the call returns, and nothing else runs meanwhile.
   *
   * @param passes - How often a row goes through all layers.
   * @throws ShapeError when that would take more than a few milliseconds.
   */
  now<T>(call: string, inputs: readonly LayerInput[], passes: number, ask: Ask<T>): T {
    this.assertIdle(call);
    this.#assertFew(call, inputs, Math.floor(this.#passesAtOnce / passes));
    const rows = this.#packPassing(inputs);
    return translating(call, () => ask(this.#native, rows, true)) as T;
  }

  #assertFew(call: string, inputs: readonly LayerInput[], most: number): void {
    for (const { host, where } of inputs) {
      if (host.rows <= most) continue;
      const limit = `at most ${most} rows, what a model of this size does in a few milliseconds`;
      throw new ShapeError(`${call}: \`${where.argument}\` must have ${limit}, got ${host.rows}; more go to ${call.replace(/Sync$/, '')}`);
    }
  }

  #packPassing(inputs: readonly LayerInput[]): NativeLayerRows[] {
    return inputs.map(({ layer, host, where }) => ({ layer, rows: (this.#passing[layer] as PassingRows).pack(host, where) }));
  }

  /** Packs rows for their layers, in which values may be missing or not; inside {@link exclusive} only. */
  async pack(inputs: readonly LayerInput[], signal: AbortSignal | undefined, missing: boolean): Promise<NativeLayerRows[]> {
    // All packing starts before the first wait, so that small inputs are taken before the public call returns.
    const packing = inputs.map(({ layer, host, where }) =>
      packRows(host, { ...this.domain(layer), missing }, where, signal, this.#backend),
    );
    const packed = await Promise.all(packing);
    return inputs.map(({ layer }, i) => ({ layer, rows: packed[i] as NativeLayerRows['rows'] }));
  }

  /** Starts native work and waits for it; inside {@link exclusive} only. */
  async run<T>(call: string, start: () => NativeWork<T>, signal: AbortSignal | undefined): Promise<T> {
    if (this.#disposed) throw new DisposedError(`${call}: the model was disposed of in the middle`);
    return runJob(start, { call, signal });
  }

  /** What data of a layer may be. */
  domain(layer: number): LayerDomain {
    return this.#domains[layer] as LayerDomain;
  }

  /** Names and shapes of all parameters. */
  parameters(call: string): { name: string; rows: number; cols: number }[] {
    return this.#now(call, () => this.#native.parameters());
  }

  /** A copy of a parameter tensor, row-major, in the backend's precision. */
  parameter(call: string, name: string): NativeArray {
    return this.#now(call, () => this.#native.getParameter(name));
  }

  /** Replaces a parameter tensor. */
  setParameter(call: string, name: string, values: NativeArray): void {
    this.#now(call, () => this.#native.setParameter(name, values));
  }

  /** Counters of the random steps used so far. */
  counters(call: string): BigUint64Array {
    return this.#now(call, () => this.#native.getCounters());
  }

  setCounters(call: string, counters: BigUint64Array): void {
    this.#now(call, () => this.#native.setCounters(counters));
  }

  #now<T>(call: string, work: () => T): T {
    this.assertIdle(call);
    try {
      return work();
    } catch (error) {
      throw translateError(call, error);
    }
  }

  /** Cancels a running job, waits for it and frees everything. Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#native.dispose();
  }
}
