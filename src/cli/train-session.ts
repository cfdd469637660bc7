import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DivergenceError } from '../errors.js';
import { RBM } from '../models/rbm.js';
import { before, counted, isAtItsBeginning } from '../runs/continued.js';
import { RUN_FILES, removeRun, writeRunRecord } from '../runs/folder.js';
import { count, duration, intervalText } from '../runs/format.js';
import { addEpoch, RunJournal, removeJournal } from '../runs/journal.js';
import { loadModel, makeModel, placesOf, type RunModel } from '../runs/model.js';
import { filterPreview, writePictures } from '../runs/pictures.js';
import { finalQuality, type Quality, qualityText } from '../runs/quality.js';
import { type DataRequest, type EpochRecord, evaluationRecord, type RunRecord } from '../runs/record.js';
import { givenRows } from '../runs/rows.js';
import { fitOptions, type RunSettings, rateText } from '../runs/settings.js';
import { HealthWatch } from '../training/hints.js';
import type { EpochReport } from '../training/reports.js';
import type { TrainingData } from './data-source.js';
import { CliError, InterruptedError, UsageError } from './failures.js';
import type { InterruptWatch } from './interrupt.js';
import { hasStates } from './likelihood.js';
import { type Output, stdoutFailure } from './output.js';
import { packageVersion } from './package-info.js';
import { ProgressView } from './progress.js';
import { resumeCommand, trainCommand } from './train-command.js';
import type { TrainOptions } from './train-plan.js';

/** Updates between automatic checkpoints at least. */
const SMALLEST_CHECKPOINT_INTERVAL = 500;

/** Between two previews, in milliseconds. */
const PREVIEW_INTERVAL = 1000;

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
export function checkEvaluable(every: number | null, { train, validation, layers }: TrainingData): void {
  if (every === null || hasStates({ layers }, validation ?? train)) return;
  const hint = '--binarise threshold or --binarise sample makes them so';
  throw new UsageError('--evaluate-every: a likelihood needs rows of zeros and ones, these have values in between', hint);
}

/** Whoever wants the best state needs rows that are not learnt. */
export function checkJudgeable({ best }: RunSettings, { validation }: TrainingData): void {
  if (best === null || validation !== null) return;
  const flag = best.patience === null ? '--keep-best' : '--early-stopping';
  throw new UsageError(`${flag} needs validation rows`, '--validation or --validation-fraction gives some');
}

/** Updates that a run of these settings takes. */
export function updatesOf({ epochs, batchSize }: RunSettings, rows: number): number {
  return epochs * Math.ceil(rows / batchSize);
}

/** The record of a run that has not begun. */
export function newRecord(request: DataRequest, data: TrainingData, settings: RunSettings, sha256: string): RunRecord {
  const now = new Date().toISOString();
  return {
    format: 'boltzkit-run',
    version: 2,
    boltzkit: packageVersion(),
    state: 'running',
    pid: process.pid,
    host: hostname(),
    started: now,
    updated: now,
    settings,
    earlier: [],
    data: { ...request, scale: data.scale },
    loaded: {
      name: data.name,
      rows: data.train.rows,
      validationRows: data.validation?.rows ?? 0,
      visible: placesOf(data.layers),
      layers: { ...data.layers },
      image: data.image,
      names: data.names,
      table: data.table,
      sha256,
    },
    update: 0,
    updates: updatesOf(settings, data.train.rows),
    evaluateEvery: null,
    seconds: 0,
    hints: [],
    history: [],
  };
}

/** `PCD-1`, as papers say it; 'exact' takes no sweeps. */
function methodText({ algorithm }: RunSettings): string {
  const plain: Readonly<Record<string, string>> = { exact: 'exact gradient', 'mean-field': 'mean-field CD' };
  const name = plain[algorithm.name] ?? algorithm.name.toUpperCase();
  return 'sweeps' in algorithm ? `${name}-${algorithm.sweeps}` : name;
}

/**
 * Trains, keeps the folder's files up to date, and leaves a run that can be resumed whatever ends
 * it.
 */
export class TrainSession {
  readonly #parts: SessionParts;
  readonly #view: ProgressView;
  readonly #began = performance.now();
  readonly #secondsBefore: number;
  readonly #health: HealthWatch;
  /** Update at which the present run of `fit` goes on; null: at its beginning. */
  #resumedAt: number | null = null;
  #journal: RunJournal | null = null;
  /** When the last preview was drawn. */
  #drawn = -Infinity;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const { settings, evaluateEvery, loaded } = parts.record;
    const evaluated = evaluateEvery !== null || settings.algorithm.name === 'ptt';
    this.#view = new ProgressView(parts.output, { epochs: before(parts.record).epochs + settings.epochs, evaluated });
    this.#secondsBefore = parts.record.seconds;
    this.#health = new HealthWatch({ places: loaded.visible, rows: loaded.validationRows || loaded.rows });
  }

  async run(): Promise<void> {
    const { record, output, folder } = this.#parts;
    using model = await this.#model();
    const done = this.#resumedAt !== null && model.training?.complete === true;
    this.#announce(model, done);
    // A kill between the last checkpoint and the record leaves a finished model behind an
    // unfinished record.
    if (record.state !== 'finished') await this.#train(model, done);
    else await removeJournal(folder);
    const { files, quality } = await this.#conclude(model);
    output.line(`\n${this.#summary(done, quality)}`);
    output.line(`wrote ${files.join(', ')} to ${folder}`);
    const { state, update, seconds, hints } = record;
    output.record({ event: 'end', state, update, seconds, hints, quality, folder, files });
  }

  async #model(): Promise<RunModel> {
    const { record, resume, options, folder } = this.#parts;
    const { settings, loaded, earlier } = record;
    const threads = options.threads ?? 0;
    const path = join(folder, RUN_FILES.model);
    if (resume && existsSync(path)) {
      const kept: RunModel = await loadModel(path, { device: settings.device, threads });
      const begun = kept.training !== null && !(record.state !== 'finished' && (await isAtItsBeginning(record, folder)));
      if (begun) this.#resumedAt = kept.training?.update ?? 0;
      if (begun || earlier.length > 0) return kept;
      kept.dispose();
    }
    // Stopped before its first checkpoint: the same settings and data lead to the same end.
    return makeModel(loaded.layers, settings, threads);
  }

  #announce(model: RunModel, done: boolean): void {
    const { record, output, resume, folder } = this.#parts;
    const { settings: s, earlier, loaded } = record;
    const { device, isa, threads } = model.backendInfo();
    const offset = before(record);
    const update = offset.updates + (this.#resumedAt ?? 0);
    if (resume) record.history = record.history.filter((report) => report.update <= update);
    for (const report of record.history) this.#health.add(report);
    record.hints = this.#health.hints;
    output.record({
      event: 'start',
      folder,
      resumedAt: resume ? update : null,
      updates: record.updates,
      settings: s,
      data: record.loaded,
      backend: { device, isa, threads },
    });
    if (done) return;
    const method = `${methodText(s)}, ${s.centred ? 'centred' : 'plain'} gradient, lr ${rateText(s.learningRate)}`;
    const updates = `${count(record.updates - offset.updates)} updates of ${s.batchSize} rows`;
    output.line(`${modelText(model, loaded, s)}, ${method}, ${updates}; ${device} (${isa}), ${threads} threads`);
    if (!resume) return;
    if (update > offset.updates) output.line(`resuming at update ${count(update)}`);
    else if (earlier.length > 0) output.line(`going on from the ${count(offset.updates)} updates that are done`);
    else output.line('starting over: the run was stopped before its first checkpoint');
  }

  async #train(model: RunModel, done: boolean): Promise<void> {
    const { watch, folder, resume, record } = this.#parts;
    if (!resume) await removeRun(folder);
    await this.#save('running');
    this.#journal = new RunJournal(folder);
    if (!done) this.#view.start(before(record).updates + (this.#resumedAt ?? 0), record.updates);
    try {
      if (resume) await this.#evaluateAgain();
      if (!done) await this.#fit(model);
      await this.#settle(model, 'finished');
    } catch (error) {
      this.#view.end();
      if (watch.signal.aborted) throw await this.#interrupted(model);
      if (error instanceof DivergenceError) await this.#settle(model, 'diverged');
      else if (!resume && !model.training?.update) await removeRun(folder);
      throw error;
    } finally {
      this.#view.end();
    }
  }

  /**
   * Makes good an evaluation that an interruption ended. A copy of the model does it, so that the
   * run's draws stay its own.
   */
  async #evaluateAgain(): Promise<void> {
    const { record, data, watch, folder, options } = this.#parts;
    const { evaluateEvery, updates, settings } = record;
    const last = record.history.at(-1);
    if (last === undefined || last.evaluation !== null || evaluateEvery === null) return;
    if ((last.epoch - before(record).epochs) % evaluateEvery !== 0 && last.update < updates) return;
    using copy: RunModel = await loadModel(join(folder, RUN_FILES.model), { device: settings.device, threads: options.threads ?? 0 });
    if (before(record).updates + (copy.training?.update ?? 0) !== last.update) return;
    const { signal } = watch;
    const evaluation = await copy.evaluate(givenRows(data.validation ?? data.train), { signal });
    this.#tell({ ...last, evaluation: evaluationRecord(evaluation) });
  }

  async #fit(model: RunModel): Promise<void> {
    const { record, data, watch, folder } = this.#parts;
    const every = this.#checkpointEvery();
    const { updates } = before(record);
    const run = model.fit(givenRows(data.train), {
      ...fitOptions(record.settings),
      resume: this.#resumedAt !== null,
      signal: watch.signal,
      ...(data.validation === null ? {} : { validation: givenRows(data.validation) }),
      ...(every === 0 ? {} : { checkpoint: { path: join(folder, RUN_FILES.model), every } }),
      ...(record.evaluateEvery === null ? {} : { evaluateEvery: record.evaluateEvery }),
      onProgress: (progress) => this.#view.step({ ...progress, update: updates + progress.update }),
    });
    for await (const report of run) {
      this.#tell(kept(counted(report, record)));
      this.#preview(model);
    }
    await run;
  }

  /** Shows what the first hidden units have learnt, in a terminal. */
  #preview(model: RunModel): void {
    const { options, record } = this.#parts;
    const { image } = record.loaded;
    if (!options.preview || image === null || !this.#view.isDrawn || !(model instanceof RBM)) return;
    if (performance.now() - this.#drawn < PREVIEW_INTERVAL) return;
    this.#view.picture(filterPreview(model, image));
    this.#drawn = performance.now();
  }

  #checkpointEvery(): number {
    const { record, options } = this.#parts;
    const perEpoch = Math.ceil(record.loaded.rows / record.settings.batchSize);
    return options.checkpointEvery ?? Math.max(perEpoch, SMALLEST_CHECKPOINT_INTERVAL);
  }

  /**
   * Everything that is to be done with an epoch's report, at once: the checkpoint that may follow
   * must not overtake it.
   */
  #tell(report: EpochRecord): void {
    const { record } = this.#parts;
    addEpoch(record.history, report);
    this.#journal?.add({ seconds: this.#seconds(), report });
    const news = this.#health.add(report);
    record.hints = this.#health.hints;
    record.update = report.update;
    this.#view.epoch(report, news);
  }

  #seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#began) / 1000;
  }

  /** Saves the model first: a record may lag behind its model, never the other way round. */
  async #settle(model: RunModel, state: RunRecord['state']): Promise<void> {
    if (model.training !== null) await model.save(join(this.#parts.folder, RUN_FILES.model));
    const { record } = this.#parts;
    // Until `fit` begins, a model that goes on still tells of the run before.
    const begun = record.earlier.length === 0 || this.#resumedAt !== null || state === 'finished' || model.training?.complete === false;
    record.update = before(record).updates + (begun ? (model.training?.update ?? 0) : 0);
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

  async #interrupted(model: RunModel): Promise<InterruptedError> {
    const { folder, output, record } = this.#parts;
    await this.#settle(model, 'interrupted');
    output.record({
      event: 'end',
      state: 'interrupted',
      update: record.update,
      seconds: record.seconds,
      hints: record.hints,
      folder,
      files: [RUN_FILES.model, RUN_FILES.record],
    });
    const at = `at update ${count(record.update)} of ${count(record.updates)}; saved to ${folder}`;
    const failure = stdoutFailure();
    if (failure !== null) throw new CliError(`${failure.message}; stopped ${at}`, { code: failure.code, hint: resumeCommand(folder) });
    return new InterruptedError(`interrupted ${at}`, resumeCommand(folder));
  }

  /**
   * Everything after the last update: the model is saved already, so an interruption loses nothing
   * but time.
   */
  async #conclude(model: RunModel): Promise<{ files: string[]; quality: Quality | null }> {
    const { folder, record, data, output, watch } = this.#parts;
    const rows = data.validation ?? data.train;
    try {
      const quality = await finalQuality(model, rows, data.train, watch.signal);
      this.#health.end(quality?.gain ?? undefined);
      record.hints = this.#health.hints;
      await writeRunRecord(folder, record);
      const again = (place: string): string => trainCommand(record, place);
      const drawn = await writePictures({ model, folder, record, quality, rows, again, signal: watch.signal });
      for (const note of drawn.notes) output.line(`note: ${note}`);
      return { files: [RUN_FILES.model, ...drawn.files, RUN_FILES.record], quality };
    } catch (error) {
      if (!watch.signal.aborted) throw error;
      throw new InterruptedError('interrupted while drawing the pictures; the model is finished and saved', resumeCommand(folder));
    }
  }

  #summary(done: boolean, quality: Quality | null): string {
    const { record, data } = this.#parts;
    const likelihood = record.history.at(-1)?.evaluation?.logLikelihood;
    const parts = [
      done ? 'was finished already' : `trained in ${duration(record.seconds)}`,
      ...(likelihood === undefined ? [] : [`log-likelihood ${intervalText({ ...likelihood, value: likelihood.mean })} nats per row`]),
      ...(quality === null ? [] : [qualityText(quality, data.validation !== null)]),
      ...(record.hints.length === 0 ? ['nothing looks wrong'] : record.hints.map(({ text }) => text)),
    ];
    return parts.join('; ');
  }
}

/** A report as a record keeps it: of its evaluation all but the rows. */
function kept({ evaluation, ...report }: EpochReport): EpochRecord {
  return { ...report, evaluation: evaluation && evaluationRecord(evaluation) };
}

/** What kind of model learns. */
function modelText({ layers }: RunModel, { visible }: RunRecord['loaded'], { hidden }: RunSettings): string {
  if ('visible' in layers && Object.keys(layers).length === 2) return `RBM ${visible}–${hidden}`;
  const parts = Object.entries(layers).map(([name, { type, places }]) => `${name} ${places} ${type}`);
  return `Boltzmann machine (${parts.join(', ')})`;
}
