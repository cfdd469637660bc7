import { AsyncResource } from 'node:async_hooks';
import type { Hold } from '../machine/host.js';
import { runJob } from '../machine/job.js';
import type { NativeJob } from '../machine/native.js';
import type { NativeModel } from '../machine/native-model.js';
import { secondsLeft } from '../machine/patience.js';
import { type BestState, optionOf } from './best-state.js';
import type { Progress } from './reports.js';
import type { RunControl } from './run.js';

/** A native trainer of any model, as far as a run has to know it. Its reports are `T`. */
export interface Runner<T> {
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly step: number;
  run(untilStep: number, onProgress: (step: number, epochs: T[]) => void): NativeJob<unknown>;
}

/** What every report has. */
interface Report {
  readonly update: number;
  readonly warnings: readonly string[];
}

/** The types that a kind of run works with. */
export interface Kinds {
  readonly native: NativeModel;
  /** A report of the native trainer. */
  readonly told: { readonly step: number };
  /** A report for whoever reads the run. */
  readonly report: Report;
  readonly evaluation: unknown;
  /** What the model keeps of the run. */
  readonly record: unknown;
}

/** What a run that goes on in segments works with. */
export interface Segments<K extends Kinds> {
  /** The public call, for messages. */
  readonly call: string;
  readonly machine: { readonly disposed: boolean };
  readonly hold: Hold<K['native']>;
  readonly trainer: Runner<K['told']>;
  readonly control: RunControl<K['report']>;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  /** Called between updates, every so many of them, while nothing else touches the model. */
  readonly checkpoint: { readonly every: number; save(native: K['native'], record: K['record']): Promise<void> } | undefined;
  /**
   * Called between updates, after every so many epochs and after the last; the signal ends it
   * early.
   */
  readonly evaluation: { readonly every: number; run(signal: AbortSignal): Promise<K['evaluation']> } | undefined;
  readonly best: BestState<string, K['report'], K['evaluation']> | null;
  /** What a report of the trainer becomes. */
  report(told: K['told'], evaluation: K['evaluation'] | null): K['report'];
  /** Where the run stands. */
  record(): K['record'];
  /** Tells the model of it. */
  keep(record: K['record']): void;
}

/**
 * Runs from one update at which something else is to happen (a report that somebody reads, a
 * checkpoint, an evaluation) to the next.
 */
export async function runSegments<K extends Kinds>(run: Segments<K>): Promise<void> {
  const { machine, hold, trainer, checkpoint, control, best } = run;
  const { totalSteps, stepsPerEpoch } = trainer;
  const watch = new Watch(run);
  const saveEvery = checkpoint?.every ?? totalSteps;
  const evaluateEvery = run.evaluation === undefined ? totalSteps : run.evaluation.every * stepsPerEpoch;
  const due = (step: number, every: number): boolean => step % every === 0 || step === totalSteps;
  const over = (): boolean => trainer.step === totalSteps || best?.enough === true;
  const evaluate = (until: number) =>
    watch.finished(async (signal) => {
      const evaluation = await evaluated(run, signal);
      watch.evaluated(evaluation);
      if (evaluation !== null) best?.evaluation(until, evaluation);
    });
  try {
    // What an interruption has cost of the best state's evaluations.
    if (best?.lacksEvaluation(trainer.step) && due(trainer.step, evaluateEvery) && !(await evaluate(trainer.step))) return;
    while (!over()) {
      const { followed } = control;
      const reportEvery = followed || best !== null ? stepsPerEpoch : totalSteps;
      const until = Math.min(totalSteps, ...[saveEvery, evaluateEvery, reportEvery].map((every) => nextMultiple(trainer.step, every)));
      const evaluation = due(until, evaluateEvery) ? run.evaluation : undefined;
      const reported = due(until, stepsPerEpoch) && (evaluation !== undefined || followed || best !== null);
      if (reported) watch.hold(until);
      if (!(await watch.finished((signal) => watched(run, until, watch, signal)))) return;
      if (trainer.step < until) continue; // somebody came to follow the reports
      const goesOn = evaluation === undefined || (await evaluate(until));
      if (best?.none && over()) watch.warn(`\`${optionOf(best.rule)}\` found no best state: no report of this run has its metric`);
      // Before the checkpoint: a run that goes on from there has told all that came before, and
      // whoever reads has read it.
      if (reported && !machine.disposed) {
        run.keep(run.record());
        await hold.stand(() => {
          watch.release();
          return control.read();
        });
      }
      if (goesOn && over() && !machine.disposed) best?.end();
      if (checkpoint !== undefined && due(until, saveEvery) && !machine.disposed) await checkpoint.save(hold.native, run.record());
      if (!goesOn) return;
    }
    // Not of a run that was stopped: it can go on, from where it stands.
    if (!machine.disposed) best?.end();
  } finally {
    watch.release();
  }
}

/**
 * Trains up to an update, and has the best state look at the report of it, whatever ends the run
 * there.
 */
async function watched<K extends Kinds>(run: Segments<K>, until: number, watch: Watch<K>, end: AbortSignal): Promise<void> {
  try {
    await stretch(run, until, watch, end);
  } finally {
    const { latest } = watch;
    if (latest !== undefined && !run.machine.disposed) run.best?.report(latest);
  }
}

/** Trains up to an update, or to the one at which somebody comes to follow the reports. */
async function stretch<K extends Kinds>(run: Segments<K>, until: number, watch: Watch<K>, end: AbortSignal): Promise<void> {
  const { trainer, call, control } = run;
  const job = trainer.run(until, AsyncResource.bind(watch.progress));
  let came = false;
  const follow = (): void => {
    came = true;
    job.cancel();
  };
  const forget = control.followed ? () => undefined : control.whenFollowed(follow);
  try {
    await runJob(job, { call, signal: end });
  } catch (error) {
    if (!came || end.aborted) throw error;
  } finally {
    forget();
  }
}

function nextMultiple(step: number, every: number): number {
  return (Math.floor(step / every) + 1) * every;
}

/**
 * Evaluates, and gives back the random numbers that took: a run draws the same ones whether it is
 * evaluated or not.
 */
async function evaluated<K extends Kinds>(
  { machine, hold: { native }, evaluation }: Segments<K>,
  signal: AbortSignal,
): Promise<K['evaluation'] | null> {
  if (evaluation === undefined || machine.disposed) return null;
  const counters = native.getCounters();
  try {
    return await evaluation.run(signal);
  } finally {
    if (!machine.disposed) native.setCounters(counters);
  }
}

/**
 * Joins the ways a run can be ended (signal, stop(), a throwing callback) and hands progress on.
 */
class Watch<K extends Kinds> {
  readonly #run: Segments<K>;
  readonly #totalSteps: number;
  readonly #stepsPerEpoch: number;
  readonly #callbackFailed = new AbortController();
  readonly #end: AbortSignal;
  readonly #began = performance.now();
  readonly #firstStep: number;
  /** The update whose report waits for its evaluation, and the report once it is there. */
  #heldStep = -1;
  #held: K['told'] | undefined;
  #evaluation: K['evaluation'] | null = null;
  /** What else that report has to say. */
  #warnings: readonly string[] = [];

  constructor(run: Segments<K>) {
    const { step, totalSteps, stepsPerEpoch } = run.trainer;
    this.#run = run;
    this.#totalSteps = totalSteps;
    this.#stepsPerEpoch = stepsPerEpoch;
    this.#firstStep = step;
    const signals = [run.control.stopped, this.#callbackFailed.signal, ...(run.signal === undefined ? [] : [run.signal])];
    this.#end = AbortSignal.any(signals);
    this.#tell(step);
  }

  /** Does work that the signal it is given ends; false when the run was stopped by its owner. */
  async finished(work: (end: AbortSignal) => Promise<unknown>): Promise<boolean> {
    if (this.#run.control.stopped.aborted) return false;
    this.#run.signal?.throwIfAborted();
    try {
      await work(this.#end);
    } catch (error) {
      this.#callbackFailed.signal.throwIfAborted();
      if (error === this.#run.control.stopped.reason) return false;
      throw error;
    }
    this.#callbackFailed.signal.throwIfAborted();
    return true;
  }

  /** Keeps back the report of the epoch that ends with this update. */
  hold(step: number): void {
    this.#heldStep = step;
  }

  /** The evaluation of the report that is kept back. */
  evaluated(evaluation: K['evaluation'] | null): void {
    this.#evaluation = evaluation;
  }

  /** A sentence for the report that is kept back. */
  warn(warning: string): void {
    this.#warnings = [...this.#warnings, warning];
  }

  /** The report that is kept back, with its evaluation. */
  get latest(): K['report'] | undefined {
    if (this.#held === undefined) return undefined;
    const report = this.#run.report(this.#held, this.#evaluation);
    return { ...report, warnings: [...report.warnings, ...this.#warnings] };
  }

  /** Hands on the report that was kept back, if there is one. */
  release(): void {
    const report = this.latest;
    this.#held = undefined;
    this.#evaluation = null;
    this.#warnings = [];
    if (report !== undefined) this.#run.control.report([report]);
  }

  /** Called by the addon; lets nothing out. */
  readonly progress = (step: number, epochs: K['told'][]): void => {
    try {
      // Before the reports: who gets one finds the run's progress there.
      this.#tell(step);
      const ready = epochs.filter((report) => report.step !== this.#heldStep);
      // The last of them: after a roll-back the run comes by an epoch again.
      this.#held = epochs.findLast((report) => report.step === this.#heldStep) ?? this.#held;
      if (ready.length > 0) this.#run.control.report(ready.map((report) => this.#run.report(report, null)));
    } catch (error) {
      this.#callbackFailed.abort(error);
    }
  };

  #tell(update: number): void {
    const [updates, perEpoch] = [this.#totalSteps, this.#stepsPerEpoch];
    const done = update - this.#firstStep;
    const progress = {
      update,
      updates,
      epoch: Math.floor(update / perEpoch),
      epochs: Math.ceil(updates / perEpoch),
      fraction: update / updates,
      secondsLeft: done > 0 ? secondsLeft(this.#began, done, updates - update) : null,
    };
    this.#run.control.progress(progress);
    if (done > 0) this.#run.onProgress?.(progress);
  }
}
