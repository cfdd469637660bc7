/** What the tests of the native face share: small machines, rows and options that pass every check. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostBackend } from '../../src/machine/backend.js';
import { isJob } from '../../src/machine/job.js';
import type {
  NativeChainOptions,
  NativeJob,
  NativeMachine,
  NativeMachineSpec,
  NativeRows,
  NativeTrainer,
  NativeTrainerOptions,
  NativeWork,
} from '../../src/machine/native.js';

export const visible = 6;
export const hidden = 4;

/** The file the addon is loaded from, for workers and processes that load it themselves. */
export function addonFile(): string {
  const named = process.env.BOLTZKIT_NATIVE;
  const file = named ? resolve(named) : fileURLToPath(new URL('../../build/Release/boltzkit.node', import.meta.url));
  if (!existsSync(file)) throw new Error(`these tests need the addon at ${file}`);
  return file;
}

export function fixture(name: string): string {
  return fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
}

export function machineSpec(more: Partial<NativeMachineSpec> = {}): NativeMachineSpec {
  return {
    device: 'cpu',
    threads: 2,
    seed: 1n,
    weightScale: 0.1,
    layers: [
      { name: 'visible', type: 'bernoulli', units: visible },
      { name: 'hidden', type: 'bernoulli', units: hidden },
    ],
    couplings: [[0, 1]],
    ...more,
  };
}

export function newMachine(more: Partial<NativeMachineSpec> = {}): NativeMachine {
  return new hostBackend.addon.Machine(machineSpec(more));
}

/** `count` rows of zeros and ones. */
export function newRows(count: number, cols = visible): NativeRows {
  const rows = new hostBackend.addon.Rows(cols, 0, 1);
  rows.appendDense(
    Float32Array.from({ length: count * cols }, (_, i) => ((i * 7919) % 5) & 1),
    0,
    count,
    cols,
    1,
    1,
  );
  return rows;
}

export function trainerOptions(rows: NativeRows, more: Partial<NativeTrainerOptions> = {}): NativeTrainerOptions {
  return {
    data: [{ layer: 0, rows }],
    validation: [],
    sampleWeights: null,
    algorithm: 'pcd',
    steps: 1,
    epochs: 3,
    batchSize: 10,
    chains: 10,
    shuffle: true,
    centred: true,
    offsetRate: 0.01,
    optimiser: 'sgd',
    momentum: 0,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    learningRates: new Float64Array([0.05]),
    l1: 0,
    l2: 0,
    sparsity: null,
    averageLast: 0,
    initialiseFromData: true,
    monitorRows: 20,
    ...more,
  };
}

/** Options of one chain of one sweep at a temperature of 1 that returns the first layer. */
export function chainOptions(more: Partial<NativeChainOptions> = {}): NativeChainOptions {
  return {
    chains: 1,
    steps: 1,
    betas: Float64Array.of(1),
    schedule: new Float64Array(0),
    tempered: null,
    quench: 0,
    start: [],
    clamps: [],
    observe: null,
    states: [0],
    mean: null,
    energies: false,
    ...more,
  };
}

export function newTrainer(machine: NativeMachine, more: Partial<NativeTrainerOptions> = {}): NativeTrainer {
  return machine.trainer(trainerOptions(newRows(50), more), null, false);
}

/** Work that must be going on still. */
export function jobOf<T>(work: NativeWork<T>): NativeJob<T> {
  if (!isJob(work)) throw new Error('the work was done before the call returned');
  return work;
}

/** The result of work, whether done at once or not. */
export async function resultOf<T>(work: NativeWork<T>): Promise<T> {
  return isJob(work) ? work.promise : work;
}

/** A run that lasts until it is cancelled. */
export function endlessRun(machine: NativeMachine): ReturnType<NativeTrainer['run']> {
  const trainer = newTrainer(machine, { epochs: 1e9 });
  return trainer.run(trainer.totalSteps, () => {});
}

/** The code of whatever `body` throws or rejects with. */
export async function codeOf(body: () => unknown): Promise<unknown> {
  try {
    await body();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'nothing thrown';
}
