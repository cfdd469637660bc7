import { OptionCheck } from '../arguments.js';
import type { Evaluation } from '../estimators/results.js';
import { translating } from '../machine/job.js';
import type { Machine } from '../machine/machine.js';
import type { NativeEpochReport, NativeLayerRows, NativeMachine, NativeTrainer } from '../machine/native.js';
import { checkMetric, scaleOf } from './best.js';
import { BestState } from './best-state.js';
import { type LearningRates, withoutFunction } from './learning-rate.js';
import { labelsForNative, settingsForNative } from './options.js';
import { layerNumbers, partNames, rateTable } from './rates.js';
import { liveRecord, type PlannedEvaluation, type TrainingPlan, type TrainingRecord } from './record.js';
import { type EpochReport, epochReport } from './reports.js';
import type { RunControl } from './run.js';
import { runSegments } from './segments.js';

interface MachineRun {
  readonly native: NativeMachine;
  readonly told: NativeEpochReport;
  readonly report: EpochReport;
  readonly evaluation: Evaluation;
  readonly record: TrainingRecord;
}

/** A run as its call begins. */
export interface Start extends Pick<TrainingPlan, 'call' | 'stream' | 'data' | 'validation' | 'signal'> {
  /** All of the plan, asked for when the calls before it have ended. */
  plan(): TrainingPlan;
  /** The rows, for whoever has packed them: those of the plan then only say how many there are. */
  readonly packed?: { readonly data: NativeLayerRows[]; readonly validation: NativeLayerRows[] };
}

/**
 * Trains a machine. Whatever ends the run, the machine stands at its last complete update, and `keep` has been given what is needed to go on from
 * there. A run that came to its end, or ended itself, may leave the machine at its best report instead, if the plan says so.
 */
export async function train(
  machine: Machine,
  { call, stream, data: rows, validation: watched, signal, plan: make, packed }: Start,
  control: RunControl,
  keep: (record: TrainingRecord) => void,
): Promise<void> {
  // Now, so that small inputs are taken before the public call returns, even if it has to wait.
  const packing = packed
    ? Promise.resolve([packed.data, packed.validation])
    : Promise.all([machine.pack(rows, signal, true), machine.pack(watched, signal, true)]);
  packing.catch(() => undefined); // whoever waits for the turn hears of it
  await machine.train(call, !stream, async (hold) => {
    const { native } = hold;
    const plan = make();
    plan.signal?.throwIfAborted();
    const [data, validation] = (await packing) as [NativeLayerRows[], NativeLayerRows[]];
    const judged = validation.length > 0 ? validation : data;
    await plan.evaluation?.check(native, judged, plan.signal);
    if (plan.best !== null) checkMetric(new OptionCheck(plan.call), plan.best.rule, machine, native, judged);
    const { trainer, learningRates } = newTrainer(machine, native, plan, data, validation);
    const best = plan.best === null ? null : new BestState(plan.best.rule, native, plan.best.before, scaleOf(plan.best.rule));
    const record = (): TrainingRecord => liveRecord({ settings: plan.settings, learningRates }, trainer, best);
    try {
      await runSegments<MachineRun>({
        ...{ call, machine, hold, trainer, control, signal: plan.signal, onProgress: plan.onProgress, checkpoint: plan.checkpoint },
        evaluation: plan.evaluation && {
          every: plan.evaluation.every,
          run: (end) => (plan.evaluation as PlannedEvaluation).run(native, judged, end),
        },
        ...{ best, report: epochReport, record, keep },
      });
    } finally {
      if (!machine.disposed) keep({ ...record() });
    }
  });
}

function newTrainer(
  machine: Machine,
  native: NativeMachine,
  plan: TrainingPlan,
  data: NativeLayerRows[],
  validation: NativeLayerRows[],
): { trainer: NativeTrainer; learningRates: LearningRates } {
  const { settings, previous, resume, stream, sampleWeights } = plan;
  const stepsPerEpoch = Math.ceil((data[0]?.rows.rows ?? 0) / settings.batchSize);
  const updates = stepsPerEpoch * settings.epochs;
  const learningRates = withoutFunction(plan.learningRates, updates);
  const options = {
    ...settingsForNative(settings),
    labels: labelsForNative(settings, machine.spec.labels),
    stream,
    data,
    validation,
    sampleWeights,
    learningRates: learningRates.table(updates),
    rates: rateTable(settings.rates, partNames(machine.spec)),
    given: layerNumbers(settings.given, machine.spec),
  };
  const trainer = translating(plan.call, () => native.trainer(options, previous?.state ?? null, resume));
  return { trainer, learningRates };
}
