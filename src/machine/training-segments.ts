import type { Evaluation } from './evaluation-results.js';
import { runJob } from './job.js';
import type { Machine } from './machine.js';
import type { NativeEpochReport, NativeLayerRows, NativeMachine, NativeTrainer } from './native.js';
import type { TrainingPlan, TrainingRecord } from './training.js';
import type { RunControl } from './training-run.js';

/** What a run that goes on in segments works with. */
export interface Segments {
  readonly machine: Machine;
  readonly native: NativeMachine;
  readonly trainer: NativeTrainer;
  readonly plan: TrainingPlan;
  readonly control: RunControl;
  record(): TrainingRecord;
  /** The rows that evaluations are about. */
  readonly judged: NativeLayerRows[];
}

/** Runs from one update at which something else is to happen (a checkpoint, an evaluation) to the next. */
export async function runSegments(run: Segments): Promise<void> {
  const { machine, native, trainer, plan, control } = run;
  const { totalSteps, stepsPerEpoch } = trainer;
  const watch = new Watch(plan, control, totalSteps, stepsPerEpoch);
  const saveEvery = plan.checkpoint?.every ?? totalSteps;
  const evaluateEvery = plan.evaluation === undefined ? totalSteps : plan.evaluation.every * stepsPerEpoch;
  const due = (step: number, every: number): boolean => step % every === 0 || step === totalSteps;
  try {
    while (trainer.step < totalSteps) {
      const until = Math.min(totalSteps, nextMultiple(trainer.step, saveEvery), nextMultiple(trainer.step, evaluateEvery));
      const evaluation = due(until, evaluateEvery) ? plan.evaluation : undefined;
      if (evaluation !== undefined) watch.hold(until);
      if (!(await watch.finished((signal) => runJob(trainer.run(until, watch.progress), { call: plan.call, signal })))) return;
      const evaluate = async (signal: AbortSignal): Promise<void> => watch.release(await evaluated(run, signal));
      const goesOn = evaluation === undefined || (await watch.finished(evaluate));
      // After the evaluation: a run that goes on from here has told all that came before.
      if (plan.checkpoint !== undefined && due(until, saveEvery) && !machine.disposed) await plan.checkpoint.save(native, run.record());
      if (!goesOn) return;
    }
  } finally {
    watch.release(null);
  }
}

function nextMultiple(step: number, every: number): number {
  return (Math.floor(step / every) + 1) * every;
}

/** Evaluates, and gives back the random numbers that took: a run draws the same ones whether it is evaluated or not. */
async function evaluated({ machine, native, plan, judged }: Segments, signal: AbortSignal): Promise<Evaluation | null> {
  if (plan.evaluation === undefined || machine.disposed) return null;
  const counters = native.getCounters();
  try {
    return await plan.evaluation.run(native, judged, signal);
  } finally {
    if (!machine.disposed) native.setCounters(counters);
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
  /** The update whose report waits for its evaluation, and the report once it is there. */
  #heldStep = -1;
  #held: NativeEpochReport | undefined;

  constructor(plan: TrainingPlan, control: RunControl, totalSteps: number, stepsPerEpoch: number) {
    this.#plan = plan;
    this.#control = control;
    this.#totalSteps = totalSteps;
    this.#stepsPerEpoch = stepsPerEpoch;
    const signals = [control.stopped, this.#callbackFailed.signal, ...(plan.signal === undefined ? [] : [plan.signal])];
    this.#end = AbortSignal.any(signals);
  }

  /** Does work that the signal it is given ends; false when the run was stopped by its owner. */
  async finished(work: (end: AbortSignal) => Promise<unknown>): Promise<boolean> {
    if (this.#control.stopped.aborted) return false;
    this.#plan.signal?.throwIfAborted();
    try {
      await work(this.#end);
    } catch (error) {
      this.#callbackFailed.signal.throwIfAborted();
      if (error === this.#control.stopped.reason) return false;
      throw error;
    }
    this.#callbackFailed.signal.throwIfAborted();
    return true;
  }

  /** Keeps back the report of the epoch that ends with this update. */
  hold(step: number): void {
    this.#heldStep = step;
  }

  /** Hands on the report that was kept back, if there is one, with its evaluation. */
  release(evaluation: Evaluation | null): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#control.report([{ ...held, evaluation }]);
  }

  /** Called by the addon; lets nothing out. */
  readonly progress = (step: number, epochs: NativeEpochReport[]): void => {
    try {
      const ready = epochs.filter((report) => report.step !== this.#heldStep);
      // The last of them: after a roll-back the run comes by an epoch again.
      this.#held = epochs.findLast((report) => report.step === this.#heldStep) ?? this.#held;
      if (ready.length > 0) this.#control.report(ready.map((report) => ({ ...report, evaluation: null })));
      const totalSteps = this.#totalSteps;
      const epoch = Math.floor(step / this.#stepsPerEpoch);
      this.#plan.onProgress?.({ step, totalSteps, epoch, fraction: step / totalSteps });
    } catch (error) {
      this.#callbackFailed.abort(error);
    }
  };
}
