import type { Evaluation } from './evaluation-results.js';
import { translateError } from './job.js';
import type { LayerInput, Machine } from './machine.js';
import type { NativeLayerRows, NativeMachine, NativeTrainer, NativeTrainerOptions, NativeTrainerState } from './native.js';
import { partNames, rateTable } from './rates.js';
import type { Progress, RunControl } from './training-run.js';
import { runSegments } from './training-segments.js';
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
  /** Whether the rows are the next part of a stream: means and scales of layers with data are running ones over all its parts. */
  readonly stream: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  /** Called between updates, every so many of them, while nothing else touches the machine. */
  readonly checkpoint: { readonly every: number; save(native: NativeMachine, record: TrainingRecord): Promise<void> } | undefined;
  /** Called between updates, after every so many epochs and after the last, while nothing else touches the machine. */
  readonly evaluation: PlannedEvaluation | undefined;
}

/** How a run evaluates the machine it trains. */
export interface PlannedEvaluation {
  /** Epochs from one to the next. */
  readonly every: number;
  /** Evaluates packed rows; leaves the parameters alone. The signal ends it early. */
  run(native: NativeMachine, rows: NativeLayerRows[], signal: AbortSignal): Promise<Evaluation>;
  /** Called before training begins: throws what `run` would for such rows and options. */
  check(native: NativeMachine, rows: NativeLayerRows[], signal: AbortSignal | undefined): Promise<void>;
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
    const judged = validation.length > 0 ? validation : data;
    await plan.evaluation?.check(native, judged, plan.signal);
    const rows = data[0]?.rows.rows ?? 0;
    const stepsPerEpoch = Math.ceil(rows / plan.settings.batchSize);
    const learningRates = plan.learningRates(stepsPerEpoch * plan.settings.epochs);
    const { weighted: _, rates: factors, temperatures: betas, ...scalars } = plan.settings;
    const temperatures = Float64Array.from(betas ?? []);
    const rates = rateTable(factors ?? {}, partNames(machine.spec));
    const options: NativeTrainerOptions = {
      ...scalars,
      stream: plan.stream,
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
      await runSegments({ machine, native, trainer, plan, control, record, judged });
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
