import { array } from '../data/ndarray.js';
import { later } from '../machine/host.js';
import type { Machine } from '../machine/machine.js';
import type { NativeMachine } from '../machine/native.js';
import type { Patience } from '../machine/patience.js';
import { Chains } from './chains.js';
import { readChains } from './chains-file.js';
import type { Matrix, Nats } from './results.js';
import { type ChainSetting, forEveryChain, type Temperatures } from './sampling.js';

/** How to draw once, checked. */
export interface SampleControl {
  readonly sweeps: number;
  readonly temperatures: Temperatures;
  readonly output: 'sample' | 'mean';
  readonly patience: Patience;
}

/** How to anneal, checked. */
export interface AnnealControl {
  readonly sweeps: number;
  /** Inverse temperatures by sweep; may follow from the parameters. */
  readonly schedule: (native: NativeMachine) => Float64Array;
  readonly quench: number;
  readonly patience: Patience;
}

/** The states (or conditional means behind the last draw) of one layer after `sweeps` sweeps; [chains, places]. */
export async function sampleLayer(
  machine: Machine,
  call: string,
  setting: ChainSetting,
  layer: number,
  options: SampleControl,
): Promise<Matrix> {
  const { sweeps, temperatures, output, patience } = options;
  const { group, ...hot } = temperatures;
  const { chains, start, clamps } = forEveryChain(setting, group);
  const results = await machine.over(call, start, patience, (native, rows) =>
    native.chains({
      ...hot,
      chains,
      steps: sweeps,
      quench: 0,
      start: rows,
      clamps: [...clamps],
      observe: null,
      states: output === 'mean' ? [] : [layer],
      mean: output === 'mean' ? layer : null,
      energies: false,
    }),
  );
  const all = (output === 'mean' ? results.mean : results.states[0]) as Float32Array;
  const places = machine.places(layer);
  if (group === 1) return array(all, [chains, places]);
  const top = new Float32Array(setting.chains * places);
  results.rung.forEach((rung, c) => {
    if (rung === group - 1) top.set(all.subarray(c * places, (c + 1) * places), Math.floor(c / group) * places);
  });
  return array(top, [setting.chains, places]);
}

/** Chains at their start states. */
export async function startChains<Layer extends string>(
  machine: Machine,
  call: string,
  setting: ChainSetting,
  temperatures: Temperatures,
  patience: Patience,
): Promise<Chains<Layer>> {
  const { betas, tempered, group } = temperatures;
  const { chains, start, clamps } = forEveryChain(setting, group);
  const all = machine.spec.layers.map((_, layer) => layer);
  const shared = { chains, betas, quench: 0, clamps: [...clamps], observe: null, mean: null, energies: false };
  const results = await machine.over(call, start, patience, (native, rows) =>
    native.chains({ ...shared, steps: 0, schedule: new Float64Array(0), tempered, start: rows, states: all }),
  );
  const counts = { attempts: new Float64Array(group - 1), accepted: new Float64Array(group - 1), roundTrips: 0 };
  return new Chains(machine, {
    chains,
    sweeps: 0,
    betas,
    ladder: tempered === null ? null : { ...tempered, ...counts },
    states: results.states,
    clamps: [...clamps],
    observations: 0,
    sums: [],
    products: new Map(),
    apart: null,
  });
}

/** Chains from a file. */
export async function restoreChains<Layer extends string>(machine: Machine, call: string, path: string | URL): Promise<Chains<Layer>> {
  const { record, counters } = await readChains(call, path, machine);
  // Draws that the chains have seen must not come again.
  await machine.exclusive(call, (native) => native.setCounters(later(native.getCounters(), counters)));
  return new Chains(machine, record);
}

/** Low-energy states by simulated annealing; lowest first. */
export async function annealed(
  machine: Machine,
  call: string,
  setting: ChainSetting,
  options: AnnealControl,
): Promise<{ energies: Nats; states: Matrix[]; chains: number[] }> {
  const { sweeps, schedule, quench, patience } = options;
  const { chains, start, clamps } = setting;
  const all = machine.spec.layers.map((_, layer) => layer);
  const shared = { chains, betas: Float64Array.of(1), tempered: null, observe: null, mean: null, energies: true };
  const results = await machine.over(call, start, patience, (native, rows) =>
    native.chains({ ...shared, steps: sweeps, schedule: schedule(native), quench, start: rows, clamps: [...clamps], states: all }),
  );
  const energies = results.energies as Float64Array;
  const order = Array.from(energies.keys()).sort((a, b) => (energies[a] as number) - (energies[b] as number));
  const states = results.states.map((rows, layer) => {
    const places = machine.places(layer);
    const sorted = new Float32Array(rows.length);
    order.forEach((from, to) => {
      sorted.set(rows.subarray(from * places, (from + 1) * places), to * places);
    });
    return array(sorted, [chains, places]);
  });
  return {
    energies: array(
      Float64Array.from(order, (c) => energies[c] as number),
      [chains],
    ),
    states,
    chains: order,
  };
}
