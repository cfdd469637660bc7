import { runJob, translateError } from './job.js';
import type { LayerInput, Machine } from './machine.js';
import type { NativeEpochReport, NativeMachine, NativeTrainer, NativeTrainerOptions, NativeTrainerState } from './native.js';
import { partNames, rateTable } from './rates.js';
import type { Progress, RunControl } from './training-run.js';
import type { TrainingSettings } from './training-settings.js';

/** What a model keeps of its last run, enough to go on bit for bit. */
export interface TrainingRecord {
  readonly settings: TrainingSettings;
  readonly learningRates: Float64Array;
  readonly state: NativeTrainerState;
  readonly step: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
}

/** A run about to begin. */
export interface TrainingPlan {
  readonly call: string;
  readonly data: readonly LayerInput[];
  readonly validation: readonly LayerInput[];
  readonly sampleWeights: Float64Array | null;
  readonly settings: TrainingSettings;
  /** Learning rate of every update, made once the number of updates is known. */
  readonly learningRates: (totalSteps: number) => Float64Array;
  readonly previous: TrainingRecord | null;
  readonly resume: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  /** Called between updates, every so many of them, while nothing else touches the machine. */
  readonly checkpoint: { readonly every: number; save(native: NativeMachine, record: TrainingRecord): Promise<void> } | undefined;
}

/**
 * Trains a machine. Whatever ends the run, the machine stands at its last complete update, and `keep` has been given what is needed to
 * go on from there.
 */
export async function train(
  machine: Machine,
  plan: TrainingPlan,
  control: RunControl,
  keep: (record: TrainingRecord) => void,
): Promise<void> {
  await machine.exclusive(plan.call, async (native) => {
    plan.signal?.throwIfAborted();
    const [data, validation] = await Promise.all([
      machine.pack(plan.data, plan.signal, true),
      machine.pack(plan.validation, plan.signal, true),
    ]);
    const rows = data[0]?.rows.rows ?? 0;
    const stepsPerEpoch = Math.ceil(rows / plan.settings.batchSize);
    const learningRates = plan.learningRates(stepsPerEpoch * plan.settings.epochs);
    const { weighted: _, rates: factors, temperatures: betas, ...scalars } = plan.settings;
    const temperatures = Float64Array.from(betas ?? []);
    const rates = rateTable(factors ?? {}, partNames(machine.spec));
    const options: NativeTrainerOptions = {
      ...scalars,
      data,
      validation,
      sampleWeights: plan.sampleWeights,
      learningRates,
      rates,
      temperatures,
    };
    const trainer = newTrainer(native, plan, options);
    const record = (): TrainingRecord => ({
      settings: plan.settings,
      learningRates,
      state: trainer.state(),
      step: trainer.step,
      totalSteps: trainer.totalSteps,
      stepsPerEpoch,
    });
    try {
      await runSegments(machine, native, trainer, plan, control, record);
    } finally {
      if (!machine.disposed) keep(record());
    }
  });
}

function newTrainer(native: NativeMachine, plan: TrainingPlan, options: NativeTrainerOptions): NativeTrainer {
  try {
    return native.trainer(options, plan.previous?.state ?? null, plan.resume);
  } catch (error) {
    throw translateError(plan.call, error);
  }
}

/** Runs from checkpoint to checkpoint. */
async function runSegments(
  machine: Machine,
  native: NativeMachine,
  trainer: NativeTrainer,
  plan: TrainingPlan,
  control: RunControl,
  record: () => TrainingRecord,
): Promise<void> {
  const watch = new Watch(plan, control, trainer.totalSteps, trainer.stepsPerEpoch);
  const every = plan.checkpoint?.every ?? trainer.totalSteps;
  while (trainer.step < trainer.totalSteps) {
    const until = Math.min(trainer.totalSteps, (Math.floor(trainer.step / every) + 1) * every);
    const finished = await watch.segment(() => trainer.run(until, watch.progress));
    if (!finished) return;
    if (plan.checkpoint !== undefined && !machine.disposed) await plan.checkpoint.save(native, record());
  }
}

/** Joins the ways a run can be ended (signal, stop(), a throwing callback) and hands progress on. */
class Watch {
  readonly #plan: TrainingPlan;
  readonly #control: RunControl;
  readonly #totalSteps: number;
  readonly #stepsPerEpoch: number;
  readonly #callbackFailed = new AbortController();
  readonly #end: AbortSignal;

  constructor(plan: TrainingPlan, control: RunControl, totalSteps: number, stepsPerEpoch: number) {
    this.#plan = plan;
    this.#control = control;
    this.#totalSteps = totalSteps;
    this.#stepsPerEpoch = stepsPerEpoch;
    const signals = [control.stopped, this.#callbackFailed.signal, ...(plan.signal === undefined ? [] : [plan.signal])];
    this.#end = AbortSignal.any(signals);
  }

  /** Runs one native job; false when the run was stopped by its owner. */
  async segment(start: () => ReturnType<NativeTrainer['run']>): Promise<boolean> {
    if (this.#control.stopped.aborted) return false;
    this.#plan.signal?.throwIfAborted();
    try {
      await runJob(start(), { call: this.#plan.call, signal: this.#end });
    } catch (error) {
      this.#callbackFailed.signal.throwIfAborted();
      if (error === this.#control.stopped.reason) return false;
      throw error;
    }
    this.#callbackFailed.signal.throwIfAborted();
    return true;
  }

  /** Called by the addon; lets nothing out. */
  readonly progress = (step: number, epochs: NativeEpochReport[]): void => {
    try {
      if (epochs.length > 0) this.#control.report(epochs);
      const totalSteps = this.#totalSteps;
      const epoch = Math.floor(step / this.#stepsPerEpoch);
      this.#plan.onProgress?.({ step, totalSteps, epoch, fraction: step / totalSteps });
    } catch (error) {
      this.#callbackFailed.abort(error);
    }
  };
}
