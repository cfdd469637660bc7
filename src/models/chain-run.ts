/**
 * Moves the chains of a record on: in one stretch, or stopping wherever something is to be noted.
 */

import { rowMajor } from '../data/host-rows.js';
import { array } from '../data/ndarray.js';
import type { Machine } from '../machine/machine.js';
import type { NativeChainOptions, NativeChainResults, NativeMachine } from '../machine/native.js';
import { Parts } from '../machine/parts.js';
import type { Patience } from '../machine/patience.js';
import { Turns } from '../machine/turns.js';
import { addApart, addPooled, beginApart, keepApart, slotOf } from './chain-moments.js';
import type { Observing } from './chain-observe.js';
import type { ChainRecord } from './chains-file.js';
import type { Moments, Nats } from './results.js';

/** How far, and how, chains are to run. */
export interface ChainRun {
  readonly sweeps: number;
  /** Empty, or one inverse temperature per sweep. */
  readonly schedule: Float64Array;
  readonly observe: Observing | null;
  readonly patience: Patience;
}

/** What was noted on the way, by layer number. */
export interface ChainNotes {
  readonly sweeps: readonly number[];
  readonly energies: Nats | null;
  readonly means: ReadonlyMap<number, Moments>;
}

/**
 * Runs the chains of a record on when their turn comes. The record changes when all is done, before
 * anybody else's turn.
 */
export function runChains(machine: Machine, call: string, record: ChainRecord, run: ChainRun): Promise<ChainNotes> {
  return machine.exclusive(
    call,
    async (native) => {
      const draft: ChainRecord = { ...record, ladder: record.ladder && { ...record.ladder } };
      const notes = new Notes(record, run.observe);
      await (run.observe?.stops ? withStops : inOneGo)({ machine, call, native, draft, run }, notes);
      Object.assign(record, draft);
      return notes.taken();
    },
    run.patience.signal,
  );
}

/** One call's work. */
interface Work {
  readonly machine: Machine;
  readonly call: string;
  readonly native: NativeMachine;
  readonly draft: ChainRecord;
  readonly run: ChainRun;
}

async function inOneGo(work: Work): Promise<void> {
  const { draft, run } = work;
  const { sweeps, schedule, observe, patience } = run;
  const results = await stretch(work, { sweeps, schedule, observe, energies: false, patience });
  if (observe !== null) addPooled(draft, results, observe.pairs);
}

async function withStops(work: Work, notes: Notes): Promise<void> {
  const { draft, run } = work;
  const { every, pairs, byChain, energies, times } = run.observe as Observing;
  const apart = byChain ? beginApart(work.call, draft, pairs) : null;
  const parts = new Parts(run.patience, run.sweeps);
  const turns = new Turns(run.patience.signal);
  for (let done = 0; done < run.sweeps; ) {
    const watched = done < times * every;
    const sweeps = watched ? every : run.sweeps - done;
    const schedule = run.schedule.subarray(done, done + sweeps);
    const observe = watched && !byChain ? { every, pairs } : null;
    const results = await stretch(work, { sweeps, schedule, observe, energies: watched && energies, patience: parts.part(sweeps) });
    if (observe !== null) addPooled(draft, results, pairs);
    if (watched && apart !== null) addApart(draft, apart);
    if (watched) notes.take(draft, results.energies);
    done += sweeps;
    parts.done(sweeps);
    await turns.give();
  }
  if (apart !== null && apart.times > 0) keepApart(draft, apart);
}

/** A stretch of sweeps without a stop. */
interface Stretch extends Pick<ChainRun, 'sweeps' | 'schedule' | 'patience'> {
  readonly observe: Pick<Observing, 'every' | 'pairs'> | null;
  readonly energies: boolean;
}

async function stretch({ machine, call, native, draft }: Work, { sweeps, schedule, observe, energies, patience }: Stretch) {
  const { chains, betas, ladder, clamps } = draft;
  const start = draft.states.map((data, layer) => ({
    layer,
    host: rowMajor(data, chains),
    where: { call, argument: 'states', units: 'places' },
  }));
  const rows = await machine.pack(start, patience.signal, false);
  const states = draft.states.map((_, layer) => layer);
  const tempered = ladder && { ...ladder, sweeps: draft.sweeps };
  const asked = observe === null ? null : { every: observe.every, pairs: observe.pairs };
  const shared = { chains, betas, schedule, tempered, quench: 0, clamps, observe: asked, states, mean: null, energies };
  const options: NativeChainOptions = { ...shared, steps: sweeps, start: rows };
  const results = await machine.run(call, () => native.chains(options), patience);
  moveOn(draft, results, sweeps);
  return results;
}

function moveOn(record: ChainRecord, results: NativeChainResults, sweeps: number): void {
  record.states = results.states;
  record.sweeps += sweeps;
  if (record.ladder === null) return;
  const { ladder } = record;
  ladder.rung = results.rung;
  ladder.direction = results.direction;
  ladder.attempts = results.attempts.map((n, k) => n + (ladder.attempts[k] ?? 0));
  ladder.accepted = results.accepted.map((n, k) => n + (ladder.accepted[k] ?? 0));
  ladder.roundTrips += results.roundTrips;
}

/** Series over the observations of one call. */
class Notes {
  readonly #shape: number[];
  readonly #sweeps: number[] = [];
  readonly #energies: Float64Array | null = null;
  readonly #means = new Map<number, Float64Array>();

  constructor({ chains, ladder }: ChainRecord, observe: Observing | null) {
    const times = observe?.stops ? observe.times : 0;
    const rungs = ladder?.betas.length ?? 1;
    this.#shape = ladder === null ? [times, chains] : [times, chains / rungs, rungs];
    if (observe?.energies) this.#energies = new Float64Array(times * chains);
    for (const layer of observe?.means ?? []) this.#means.set(layer, new Float64Array(times * chains));
  }

  take(record: ChainRecord, energies: Float64Array | null): void {
    const { chains, states, sweeps } = record;
    const from = this.#sweeps.length * chains;
    this.#sweeps.push(sweeps);
    for (let c = 0; c < chains; c++) {
      const to = from + slotOf(record, c);
      if (this.#energies !== null) this.#energies[to] = (energies as Float64Array)[c] as number;
      for (const [layer, series] of this.#means) series[to] = meanOf(states[layer] as Float32Array, c, chains);
    }
  }

  taken(): ChainNotes {
    const means = new Map([...this.#means].map(([layer, series]) => [layer, array(series, this.#shape)]));
    return { sweeps: this.#sweeps, energies: this.#energies && array(this.#energies, this.#shape), means };
  }
}

function meanOf(states: Float32Array, chain: number, chains: number): number {
  const places = states.length / chains;
  let sum = 0;
  for (let i = chain * places; i < (chain + 1) * places; i++) sum += states[i] as number;
  return sum / places;
}
