import type { HostRows, Where } from '../data/rows-input.js';
import { BusyError, DisposedError, ShapeError } from '../errors.js';
import type { Device } from '../wiring/device.js';
import { type Backend, type Chosen, chooseBackend, processor, type UsedDevice } from './backend.js';
import { isJob, runJob, translateError, translating } from './job.js';
import type { NativeAddon, NativeArray, NativeLayerRows, NativeMachine, NativePlace, NativeRows, NativeWork } from './native.js';
import type { NativeModel } from './native-model.js';
import { isSmall, newRows, PassingRows, packRows } from './pack.js';
import type { Patience } from './patience.js';
import { Queue, type Turn } from './queue.js';

/** What a model, or this package, runs on. */
export interface BackendInfo {
  /** 'cpu', 'cuda:0' and so on, or 'reference': plain loops in double precision. */
  readonly device: UsedDevice;
  /**
   * Kernel set in use: 'amx' (AVX-512 with matrix tiles), 'avx512', 'avx2', 'neon' or 'portable';
   * of a GPU its architecture, such as 'sm_90'.
   */
  readonly isa: string;
  /** Kernel sets that this device can run, best first. */
  readonly available: readonly string[];
  /** Threads that training and sampling use on the processor; 1 with a GPU. */
  readonly threads: number;
  /** The name of the processor, or of the GPU. */
  readonly model: string;
  /** Version of the package the addon was built from. */
  readonly version: string;
  /** Why a faster device than this one is not used, null if there is none to miss. */
  readonly fallback: string | null;
}

/** Rows for one layer, described but not yet packed. */
export interface LayerInput {
  readonly layer: number;
  readonly host: HostRows;
  readonly where: Where;
}

/** A native call over packed rows; with `now` it must be done when it returns. */
export type Ask<T, N extends NativeModel = NativeMachine> = (native: N, rows: NativeLayerRows[], now: boolean) => NativeWork<T>;

/** What data of a layer may be. */
export type LayerDomain = ReturnType<NativeMachine['domain']>;

/** A native model as it was made. */
export interface Made<N extends NativeModel> {
  readonly native: N;
  /** By the number of their layer. */
  readonly domains: readonly LayerDomain[];
}

/**
 * What computing happens on unless a model says otherwise: the processor, or what BOLTZKIT_DEVICE
 * names.
 *
 * @throws BackendError when the addon, or the device that BOLTZKIT_DEVICE names, cannot be used;
 *   ParameterError when it names none.
 */
export function backendInfo(): BackendInfo {
  return describeBackend(chooseBackend('backendInfo', 'auto'), 0);
}

/** What this machine's processor computes with, whatever BOLTZKIT_DEVICE names. */
export function processorInfo(): BackendInfo {
  return describeBackend(processor('cpu', true), 0);
}

function describeBackend({ backend: { addon }, device, gpu, fallback }: Chosen, threads: number): BackendInfo {
  const { version } = addon;
  if (gpu !== null) return { device, isa: gpu.arch, available: [gpu.arch], threads: 1, model: gpu.name, version, fallback };
  const { isa, available, model, threads: all } = addon.cpu();
  return { device, isa, available, threads: device === 'reference' ? 1 : threads || all, model, version, fallback };
}

/** A training run's hold on its model. */
export interface Hold<N extends NativeModel = NativeMachine> {
  readonly native: N;
  /**
   * Lets others read the model until `until` is over, then waits for those that do. Nothing they
   * draw changes what the run draws.
   */
  stand(until: () => Promise<void>): Promise<void>;
}

/**
 * The typed face of a native model: one job at a time, rows by the number of their layer, errors
 * with the public call's name. Calls that come while others are under way wait for them, in order.
 * A training run lets nobody in but where it stands still.
 */
export abstract class ModelHost<N extends NativeModel> {
  readonly backend: BackendInfo;
  readonly #backend: Backend;
  readonly #native: N;
  readonly #domains: readonly LayerDomain[];
  readonly #passing: readonly PassingRows[];
  readonly #passesAtOnce: number;
  readonly #queue = new Queue();
  /** The call that trains. */
  #training: string | undefined;
  /** Whether a run stands still, so that others may read. */
  #standing = false;
  /** While others read: where the random numbers of the run are. */
  #runCounters: BigUint64Array | undefined;
  #disposed = false;

  /** @param make - Makes the native model where it was chosen to be. */
  protected constructor(
    call: string,
    place: { readonly device: Device; readonly threads: number },
    make: (addon: NativeAddon, place: NativePlace) => Made<N>,
  ) {
    const chosen = chooseBackend(call, place.device);
    const { backend } = chosen;
    this.#backend = backend;
    this.backend = describeBackend(chosen, place.threads);
    try {
      const { native, domains } = make(backend.addon, chosen.place);
      this.#native = native;
      this.#domains = domains;
      this.#passing = domains.map((domain) => new PassingRows(domain, backend));
      this.#passesAtOnce = native.passesAtOnce;
    } catch (error) {
      throw translateError(call, error);
    }
  }

  /** The native model itself, for a host that holds several models and keeps a queue of its own. */
  get native(): N {
    return this.#native;
  }

  /** Columns of a layer's rows. */
  abstract places(layer: number): number;

  /** Whether calls are under way. */
  get busy(): boolean {
    return this.#queue.size > 0 || this.#training !== undefined;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /**
   * Throws where the model cannot be read, now or after those before: disposed of, or being
   * trained.
   */
  assertReadable(call: string): void {
    if (this.#disposed) throw new DisposedError(`${call}: this model was disposed of`);
    if (this.#training === undefined || this.#standing) return;
    const advice = 'await it first, or call this in the body of `for await (const report of run)`, where the run stands still';
    throw new BusyError(`${call}: the model is being trained by ${this.#training}; ${advice}`);
  }

  /**
   * Throws unless parameters may change: not while calls are under way, nor between the reports of
   * a run.
   */
  assertIdle(call: string): void {
    this.#assertUntrained(call);
    this.#assertNobody(call);
  }

  #assertUntrained(call: string): void {
    if (!this.#standing) this.assertReadable(call);
    else throw new BusyError(`${call}: the model is being trained by ${this.#training}; await it, or stop it, first`);
  }

  #assertNobody(call: string): void {
    if (this.#queue.size > 0) throw new BusyError(`${call}: other calls of this model are under way; await them first`);
  }

  /**
   * Does work when all calls before it have ended, at once when there are none. A call that its
   * signal ends has drawn nothing: what others draw after it does not depend on how far it came.
   */
  async exclusive<T>(call: string, work: (native: N) => Promise<T> | T, signal?: AbortSignal): Promise<T> {
    this.assertReadable(call);
    const turn = this.#queue.enter();
    try {
      if (!turn.come) await turn.wait(signal);
      if (this.#disposed) throw new DisposedError(`${call}: the model was disposed of before its turn came`);
      return await (signal === undefined ? work(this.#native) : this.#undrawn(work, signal));
    } catch (error) {
      throw this.#explained(call, error);
    } finally {
      turn.leave();
    }
  }

  async #undrawn<T>(work: (native: N) => Promise<T> | T, signal: AbortSignal): Promise<T> {
    const counters = this.#native.getCounters();
    try {
      return await work(this.#native);
    } catch (error) {
      if (signal.aborted && !this.#disposed) this.#native.setCounters(counters);
      throw error;
    }
  }

  #explained(call: string, error: unknown): unknown {
    const cut = this.#disposed && !(error instanceof DisposedError);
    return cut ? new DisposedError(`${call}: the model was disposed of in the middle`, { cause: error }) : translateError(call, error);
  }

  /**
   * Trains: work that changes parameters, after all calls before it.
   *
   * @param lasts - Whether calls that come meanwhile are refused, rather than wait: a run that
   *   lasts until somebody is tired of it.
   */
  async train<T>(call: string, lasts: boolean, work: (hold: Hold<N>) => Promise<T>): Promise<T> {
    this.#assertUntrained(call);
    if (lasts) this.#training = call;
    let turn = this.#queue.enter();
    let read: BigUint64Array | undefined;
    const native = this.#native;
    const stand = async (until: () => Promise<void>): Promise<void> => {
      const own = native.getCounters();
      native.setCounters(read ?? own);
      this.#runCounters = own;
      this.#standing = true;
      turn.leave();
      try {
        await until();
      } finally {
        this.#standing = false;
        turn = await this.#turn();
        this.#runCounters = undefined;
        if (!this.#disposed) {
          read = native.getCounters();
          native.setCounters(own);
        }
      }
    };
    try {
      if (!turn.come) await turn.wait();
      if (this.#disposed) throw new DisposedError(`${call}: the model was disposed of before its turn came`);
      return await work({ native, stand });
    } catch (error) {
      throw this.#explained(call, error);
    } finally {
      // What was read between reports has been drawn: nobody draws it again.
      if (read !== undefined && !this.#disposed) native.setCounters(later(native.getCounters(), read));
      if (lasts) this.#training = undefined;
      turn.leave();
    }
  }

  async #turn(): Promise<Turn> {
    const turn = this.#queue.enter();
    await turn.wait();
    return turn;
  }

  /** Where the random numbers of a run are, while others read between its reports. */
  get runCounters(): BigUint64Array | undefined {
    return this.#runCounters;
  }

  /**
   * Packs rows and has the model work over them. Small rows are taken before the call returns, and
   * what takes little is done by then when no calls are under way. Unless `missing` is set, values
   * must all be there.
   */
  async over<T>(call: string, inputs: readonly LayerInput[], patience: Patience, ask: Ask<T, N>, missing = false): Promise<T> {
    this.assertReadable(call);
    const { signal } = patience;
    signal?.throwIfAborted();
    if (this.#queue.size === 0 && !missing && inputs.every(({ host }) => isSmall(host))) {
      const rows = this.#packPassing(inputs);
      const start = () => translating(call, () => ask(this.#native, rows, false));
      const finish = (work: NativeWork<T>) => (isJob(work) ? runJob(work, { call, ...patience }) : work);
      if (signal !== undefined) return await this.exclusive(call, () => finish(start()), signal);
      const work = start();
      return isJob(work) ? await this.exclusive(call, () => finish(work)) : work; // what is done by now needs no turn
    }
    const packing = this.pack(inputs, signal, missing);
    packing.catch(() => undefined); // whoever waits for the turn hears of it
    return await this.exclusive(
      call,
      async (native) => {
        const rows = await packing;
        return this.run(call, () => ask(native, rows, false), patience);
      },
      signal,
    );
  }

  /**
   * Like {@link over}, but the result is there when the call returns, and nothing else runs
   * meanwhile.
   *
   * @param passes - How often a row goes through all layers.
   * @throws ShapeError when that would take more than a few milliseconds.
   */
  now<T>(call: string, inputs: readonly LayerInput[], passes: number, ask: Ask<T, N>): T {
    this.#assertStill(call);
    this.#assertFew(call, inputs, Math.floor(this.#passesAtOnce / passes));
    const rows = this.#packPassing(inputs);
    return translating(call, () => ask(this.#native, rows, true)) as T;
  }

  /** A call that cannot wait: nobody else may be at work. */
  #assertStill(call: string): void {
    this.assertReadable(call);
    this.#assertNobody(call);
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

  /** Packs rows for their layers, in which values may be missing or not. */
  async pack(inputs: readonly LayerInput[], signal: AbortSignal | undefined, missing: boolean): Promise<NativeLayerRows[]> {
    // All packing starts before the first wait, so that small inputs are taken before the public call returns.
    const packing = inputs.map(({ layer, host, where }) =>
      packRows(host, { ...this.domain(layer), missing }, where, signal, this.#backend),
    );
    const packed = await Promise.all(packing);
    return inputs.map(({ layer }, i) => ({ layer, rows: packed[i] as NativeLayerRows['rows'] }));
  }

  /**
   * Some rows of others in the addon, by number, in this order; a row may come several times.
   */
  select(layer: number, from: NativeRows, which: Uint32Array): NativeRows {
    const rows = newRows({ rows: 0, cols: from.cols }, this.domain(layer), this.#backend);
    rows.select(from, which);
    return rows;
  }

  /** No rows of a layer, for questions that are about the model alone. */
  noRows(layer: number): NativeLayerRows['rows'] {
    return newRows({ rows: 0, cols: this.places(layer) }, this.domain(layer), this.#backend);
  }

  /** Starts native work and waits for it; inside {@link exclusive} or {@link train} only. */
  async run<T>(call: string, start: () => NativeWork<T>, patience: Patience): Promise<T> {
    if (this.#disposed) throw new DisposedError(`${call}: the model was disposed of in the middle`);
    return runJob(start, { call, ...patience });
  }

  /** What data of a layer may be. */
  domain(layer: number): LayerDomain {
    return this.#domains[layer] as LayerDomain;
  }

  /** Names and shapes of all parameters. */
  parameters(call: string): { name: string; rows: number; cols: number }[] {
    this.#assertStill(call);
    return translating(call, () => this.#native.parameters());
  }

  /** A copy of a parameter tensor, row-major, in the backend's precision. */
  parameter(call: string, name: string): NativeArray {
    this.#assertStill(call);
    return translating(call, () => this.#native.getParameter(name));
  }

  /** Replaces a parameter tensor. */
  setParameter(call: string, name: string, values: NativeArray): void {
    this.assertIdle(call);
    translating(call, () => this.#native.setParameter(name, values));
  }

  /** Counters of the random steps used so far. */
  counters(call: string): BigUint64Array {
    this.#assertStill(call);
    return translating(call, () => this.#native.getCounters());
  }

  setCounters(call: string, counters: BigUint64Array): void {
    this.#assertStill(call);
    translating(call, () => this.#native.setCounters(counters));
  }

  /** Cancels a running job, waits for it and frees everything. Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#native.dispose();
  }
}

/** The later of two places in each stream of random numbers. */
export function later(a: BigUint64Array, b: BigUint64Array): BigUint64Array {
  return a.map((count, purpose) => ((b[purpose] ?? 0n) > count ? (b[purpose] as bigint) : count));
}
