import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DivergenceError } from '../errors.js';
import { RBM } from '../models/rbm.js';
import { type Algorithm, pt, ptt } from '../training/algorithms.js';
import { adam, sgd } from '../training/optimisers.js';
import { isBinary } from './binarise.js';
import type { TrainingData } from './data-source.js';
import { CliError, InterruptedError, UsageError } from './failures.js';
import { count, duration, intervalText } from './format.js';
import { HealthWatch } from './health.js';
import type { InterruptWatch } from './interrupt.js';
import { asRows } from './matrix.js';
import { learningRateText } from './options.js';
import { type Output, stdoutFailure } from './output.js';
import { packageVersion } from './package-info.js';
import { writePictures } from './pictures.js';
import { ProgressView } from './progress.js';
import { finalQuality, type Quality, qualityText } from './quality.js';
import { RUN_FILES, removeRun, writeRunRecord } from './run-folder.js';
import { addEpoch, RunJournal, removeJournal } from './run-journal.js';
import { type DataRequest, type EpochRecord, evaluationRecord, persistent, type RunRecord, type TrainSettings } from './run-record.js';
import type { TrainOptions } from './train-plan.js';

/** Updates between automatic checkpoints at least. */
const SMALLEST_CHECKPOINT_INTERVAL = 500;
/** Rows behind each epoch's metrics: the stochastic pseudo-likelihood of fewer is too noisy for a curve. */
const MONITOR_ROWS = 5000;

/** What one invocation of `train` works on. */
export interface SessionParts {
  folder: string;
  record: RunRecord;
  data: TrainingData;
  output: Output;
  watch: InterruptWatch;
  options: TrainOptions;
  resume: boolean;
}

/** Evaluations are refused before training begins, not after the first epochs. */
export function checkEvaluable(every: number | null, { train, validation }: TrainingData): void {
  if (every === null || isBinary(validation ?? train)) return;
  const hint = '--binarise threshold or --binarise sample makes them so';
  throw new UsageError('--evaluate-every: a likelihood needs rows of zeros and ones, these have values in between', hint);
}

/** The record of a run that has not begun. */
export function newRecord(request: DataRequest, data: TrainingData, settings: TrainSettings, sha256: string): RunRecord {
  const now = new Date().toISOString();
  return {
    format: 'boltzkit-run',
    version: 1,
    boltzkit: packageVersion(),
    state: 'running',
    pid: process.pid,
    host: hostname(),
    started: now,
    updated: now,
    settings,
    data: { ...request, scale: data.scale },
    loaded: {
      name: data.name,
      rows: data.train.rows,
      validationRows: data.validation?.rows ?? 0,
      visible: data.train.cols,
      image: data.image,
      sha256,
    },
    update: 0,
    updates: settings.epochs * Math.ceil(data.train.rows / settings.batch),
    evaluateEvery: null,
    seconds: 0,
    hint: null,
    history: [],
  };
}

/** `PCD-1`, as papers say it; 'exact' takes no sweeps. */
function methodText({ algorithm, sweeps }: TrainSettings): string {
  const plain = { exact: 'exact gradient', 'mean-field': 'mean-field CD' } as const;
  const name = algorithm === 'exact' || algorithm === 'mean-field' ? plain[algorithm] : algorithm.toUpperCase();
  return algorithm === 'exact' ? name : `${name}-${sweeps}`;
}

/** The algorithm with those of its options that the command knows. */
function algorithmOf({ algorithm, sweeps, chains, betas, reservoirs }: TrainSettings): Algorithm {
  if (algorithm === 'exact') return { name: 'exact' };
  if (!persistent.has(algorithm)) return { name: algorithm as 'cd' | 'mean-field', sweeps };
  if (algorithm === 'pt') return pt({ sweeps, chains, betas: betas ?? undefined });
  return algorithm === 'ptt'
    ? ptt({ sweeps, chains, reservoirs: reservoirs ?? undefined })
    : { name: algorithm as 'pcd' | 'fpcd', sweeps, chains };
}

/** How to go on, ready to be copied into a shell. */
export function resumeCommand(folder: string): string {
  return `boltzkit train --resume --out ${/^[\w./-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", "'\\''")}'`}`;
}

/** Trains, keeps the folder's files up to date, and leaves a run that can be resumed whatever ends it. */
export class TrainSession {
  readonly #parts: SessionParts;
  readonly #view: ProgressView;
  readonly #began = performance.now();
  readonly #secondsBefore: number;
  readonly #health: HealthWatch;
  #journal: RunJournal | null = null;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const { settings, evaluateEvery, loaded } = parts.record;
    const evaluated = evaluateEvery !== null || settings.algorithm === 'ptt';
    this.#view = new ProgressView(parts.output, { epochs: settings.epochs, evaluated });
    this.#secondsBefore = parts.record.seconds;
    const rows = loaded.validationRows || loaded.rows;
    this.#health = new HealthWatch({ visible: loaded.visible, algorithm: settings.algorithm, rows });
  }

  async run(): Promise<void> {
    const { record, resume, output, folder } = this.#parts;
    using rbm = await this.#model();
    const done = resume && rbm.training?.complete === true;
    this.#announce(rbm, done);
    // A kill between the last checkpoint and the record leaves a finished model behind an unfinished record.
    if (record.state !== 'finished') await this.#train(rbm, done);
    else await removeJournal(folder);
    const { files, quality } = await this.#conclude(rbm);
    output.line(`\n${this.#summary(done, quality)}`);
    output.line(`wrote ${files.join(', ')} to ${folder}`);
    const { state, update, seconds, hint } = record;
    output.record({ event: 'end', state, update, seconds, hint, quality, folder, files });
  }

  async #model(): Promise<RBM> {
    const { record, resume, options, folder } = this.#parts;
    const { settings, loaded } = record;
    const threads = options.threads ?? 0;
    const path = join(folder, RUN_FILES.model);
    if (resume && existsSync(path)) {
      const kept = await RBM.load(path, { device: settings.device, threads });
      if (kept.training !== null) return kept;
      kept.dispose();
    }
    // Stopped before its first checkpoint: the same settings and data lead to the same end.
    return new RBM({ visible: loaded.visible, hidden: settings.hidden, seed: BigInt(settings.seed), device: settings.device, threads });
  }

  #announce(rbm: RBM, done: boolean): void {
    const { record, output, resume, folder } = this.#parts;
    const { settings: s, updates } = record;
    const { device, isa, threads } = rbm.backendInfo();
    const update = rbm.training?.update ?? 0;
    if (resume) record.history = record.history.filter((report) => report.update <= update);
    for (const report of record.history) record.hint = this.#health.add(report);
    output.record({
      event: 'start',
      folder,
      resumedAt: resume ? update : null,
      updates,
      settings: s,
      data: record.loaded,
      backend: { device, isa, threads },
    });
    if (done) return;
    const method = `${methodText(s)}, ${s.centred ? 'centred' : 'plain'} gradient, lr ${learningRateText(s.lr)}`;
    output.line(
      `RBM ${rbm.visible}–${rbm.hidden}, ${method}, ${count(updates)} updates of ${s.batch} rows; ${device} (${isa}), ${threads} threads`,
    );
    if (resume)
      output.line(update > 0 ? `resuming at update ${count(update)}` : 'starting over: the run was stopped before its first checkpoint');
  }

  async #train(rbm: RBM, done: boolean): Promise<void> {
    const { watch, folder, resume, record } = this.#parts;
    if (!resume) await removeRun(folder);
    await this.#save('running');
    this.#journal = new RunJournal(folder);
    if (!done) this.#view.start(rbm.training?.update ?? 0, record.updates);
    try {
      if (resume) await this.#evaluateAgain();
      if (!done) await this.#fit(rbm);
      await this.#settle(rbm, 'finished');
    } catch (error) {
      this.#view.end();
      if (watch.signal.aborted) throw await this.#interrupted(rbm);
      if (error instanceof DivergenceError) await this.#settle(rbm, 'diverged');
      else if (!resume && !rbm.training?.update) await removeRun(folder);
      throw error;
    } finally {
      this.#view.end();
    }
  }

  /** Makes good an evaluation that an interruption ended. A copy of the model does it, so that the run's draws stay its own. */
  async #evaluateAgain(): Promise<void> {
    const { record, data, watch, folder, options } = this.#parts;
    const { evaluateEvery, updates, settings } = record;
    const last = record.history.at(-1);
    if (last === undefined || last.evaluation !== null || evaluateEvery === null) return;
    if (last.epoch % evaluateEvery !== 0 && last.update < updates) return;
    using copy = await RBM.load(join(folder, RUN_FILES.model), { device: settings.device, threads: options.threads ?? 0 });
    if (copy.training?.update !== last.update) return;
    const { signal } = watch;
    const evaluation = await copy.evaluate(asRows(data.validation ?? data.train), { signal });
    this.#tell({ ...last, evaluation: evaluationRecord(evaluation) });
  }

  async #fit(rbm: RBM): Promise<void> {
    const { record, data, watch, folder } = this.#parts;
    const { settings: s } = record;
    const every = this.#checkpointEvery();
    const run = rbm.fit(asRows(data.train), {
      algorithm: algorithmOf(s),
      optimiser: s.optimiser === 'sgd' ? sgd({ momentum: s.momentum }) : adam(),
      epochs: s.epochs,
      batchSize: s.batch,
      onDivergence: s.onDivergence,
      learningRate: s.lr,
      centred: s.centred,
      l1: s.l1,
      l2: s.l2,
      averageLast: s.averageLast,
      monitorRows: MONITOR_ROWS,
      resume: rbm.training !== null,
      signal: watch.signal,
      ...(data.validation === null ? {} : { validation: asRows(data.validation) }),
      ...(every === 0 ? {} : { checkpoint: { path: join(folder, RUN_FILES.model), every } }),
      ...(record.evaluateEvery === null ? {} : { evaluateEvery: record.evaluateEvery }),
      onProgress: (progress) => this.#view.step(progress),
    });
    for await (const { evaluation, ...metrics } of run) this.#tell({ ...metrics, evaluation: evaluation && evaluationRecord(evaluation) });
    await run;
  }

  #checkpointEvery(): number {
    const { record, options } = this.#parts;
    return options.checkpointEvery ?? Math.max(Math.ceil(record.loaded.rows / record.settings.batch), SMALLEST_CHECKPOINT_INTERVAL);
  }

  /** Everything that is to be done with an epoch's report, at once: the checkpoint that may follow must not overtake it. */
  #tell(report: EpochRecord): void {
    const { record } = this.#parts;
    addEpoch(record.history, report);
    this.#journal?.add({ seconds: this.#seconds(), report });
    const hint = this.#health.add(report);
    record.hint = hint;
    record.update = report.update;
    this.#view.epoch(report, hint);
  }

  #seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#began) / 1000;
  }

  /** Saves the model first: a record may lag behind its model, never the other way round. */
  async #settle(rbm: RBM, state: RunRecord['state']): Promise<void> {
    if (rbm.training !== null) await rbm.save(join(this.#parts.folder, RUN_FILES.model));
    this.#parts.record.update = rbm.training?.update ?? 0;
    await this.#save(state);
    this.#journal?.remove();
    this.#journal = null;
  }

  async #save(state: RunRecord['state']): Promise<void> {
    const { record, folder } = this.#parts;
    record.state = state;
    record.pid = process.pid;
    record.host = hostname();
    record.updated = new Date().toISOString();
    record.seconds = this.#seconds();
    await writeRunRecord(folder, record);
  }

  async #interrupted(rbm: RBM): Promise<InterruptedError> {
    const { folder, output, record } = this.#parts;
    await this.#settle(rbm, 'interrupted');
    output.record({
      event: 'end',
      state: 'interrupted',
      update: record.update,
      seconds: record.seconds,
      hint: record.hint,
      folder,
      files: [RUN_FILES.model, RUN_FILES.record],
    });
    const at = `at update ${count(record.update)} of ${count(record.updates)}; saved to ${folder}`;
    const failure = stdoutFailure();
    if (failure !== null) throw new CliError(`${failure.message}; stopped ${at}`, { code: failure.code, hint: resumeCommand(folder) });
    return new InterruptedError(`interrupted ${at}`, resumeCommand(folder));
  }

  /** Everything after the last update: the model is saved already, so an interruption loses nothing but time. */
  async #conclude(rbm: RBM): Promise<{ files: string[]; quality: Quality }> {
    const { folder, record, data, output, watch } = this.#parts;
    const rows = data.validation ?? data.train;
    try {
      const quality = await finalQuality(rbm, rows, watch.signal);
      const drawn = await writePictures({ rbm, folder, record, quality, rows, signal: watch.signal });
      for (const note of drawn.notes) output.line(`note: ${note}`);
      return { files: [RUN_FILES.model, ...drawn.files, RUN_FILES.record], quality };
    } catch (error) {
      if (!watch.signal.aborted) throw error;
      throw new InterruptedError('interrupted while drawing the pictures; the model is finished and saved', resumeCommand(folder));
    }
  }

  #summary(done: boolean, quality: Quality): string {
    const { record, data } = this.#parts;
    const health = record.hint === null ? 'nothing looks wrong' : record.hint.text;
    const began = done ? 'was finished already' : `trained in ${duration(record.seconds)}`;
    const likelihood = record.history.at(-1)?.evaluation?.logLikelihood;
    const evaluated =
      likelihood === undefined ? '' : `log-likelihood ${intervalText({ ...likelihood, value: likelihood.mean })} nats per row; `;
    return `${began}; ${evaluated}${qualityText(quality, data.validation !== null)}; ${health}`;
  }
}
