import { basename } from 'node:path';
import { usualAverage, usualChains, usualDecay, usualEpochs, usualRate, usualSchedule } from '../training/recipe.js';
import type { Binarisation } from './binarise.js';
import { CliError, UsageError } from './failures.js';
import { type ImageShape, type LearningRate, learningRateText } from './options.js';
import { type Algorithm, type DataRequest, persistent, type RunRecord, type TrainSettings } from './run-record.js';

/** The options of `train` as parsed; what was not typed is absent. */
export interface TrainOptions {
  data?: string;
  validation?: string;
  validationFraction?: number;
  scale?: number;
  labelColumn?: string;
  image?: ImageShape;
  binarise?: Binarisation;
  hidden?: number;
  algorithm?: Algorithm;
  sweeps?: number;
  epochs?: number;
  batch?: number;
  chains?: number;
  betas?: number;
  reservoirs?: number;
  onDivergence?: 'throw' | 'rollback';
  lr?: LearningRate;
  optimiser?: 'sgd' | 'adam';
  momentum?: number;
  l1?: number;
  l2?: number;
  centred?: boolean;
  averageLast?: number;
  seed?: bigint;
  device?: 'auto' | 'cpu' | 'reference' | 'cuda';
  threads?: number;
  out?: string;
  checkpointEvery?: number;
  evaluateEvery?: number;
  force?: true;
  resume?: true;
  json?: true;
}

/** What is left of the recipe of `fit`. */
export const DEFAULTS = { hidden: 500, batch: 100, sweeps: 1, seed: 1n, validationFraction: 0.1 } as const;

/** The folder a run goes into when none is named: the data's name and `-run`, in the current folder. */
export function defaultFolder(source: string): string {
  const name = basename(source.replace(/[\\/]+$/, '')).replace(/(\.(gz|npy|csv|tsv|txt|data|idx))+$/i, '');
  return `${name === '' || name === '.' || name === '..' ? 'data' : name}-run`;
}

/** Combinations that make no sense are refused before anything is read. */
export function checkCombinations(options: TrainOptions): void {
  if (options.validation !== undefined && options.validationFraction !== undefined) {
    throw new UsageError('--validation and --validation-fraction exclude each other');
  }
  const { algorithm = 'pcd', chains, betas, reservoirs } = options;
  if (!persistent.has(algorithm) && chains !== undefined) {
    throw new UsageError(`--chains is the number of persistent chains; --algorithm ${algorithm} has none`);
  }
  if (algorithm !== 'pt' && betas !== undefined) throw new UsageError('--betas belongs to --algorithm pt');
  if (algorithm !== 'ptt' && reservoirs !== undefined) throw new UsageError('--reservoirs belongs to --algorithm ptt');
  if (options.optimiser === 'adam' && options.momentum !== undefined) {
    throw new UsageError('--momentum belongs to --optimiser sgd; adam has its own');
  }
  if (options.force && options.resume) throw new UsageError('--force and --resume exclude each other');
}

export function dataRequest(source: string, options: TrainOptions): DataRequest {
  return {
    source,
    folder: options.data ?? null,
    validation: options.validation ?? null,
    validationFraction: options.validationFraction ?? null,
    scale: options.scale ?? null,
    labelColumn: options.labelColumn ?? null,
    image: options.image ?? null,
    binarise: options.binarise ?? 'none',
    seed: String(options.seed ?? DEFAULTS.seed),
  };
}

/** Fills in what was not typed, now that the shape of the data is known: with the recipe of `fit`, spelt out so that the run's record holds it. */
export function resolveSettings(options: TrainOptions, rows: number, visible: number): TrainSettings {
  const batch = options.batch ?? Math.min(DEFAULTS.batch, rows);
  if (batch > rows) throw new CliError(`\`--batch ${batch}\`: there are only ${rows} rows to learn from`, { code: 'ERR_PARAMETER' });
  const optimiser = options.optimiser ?? 'sgd';
  const hidden = options.hidden ?? DEFAULTS.hidden;
  return {
    hidden,
    epochs: options.epochs ?? usualEpochs(rows, batch, 'usual'),
    algorithm: options.algorithm ?? 'pcd',
    sweeps: options.sweeps ?? DEFAULTS.sweeps,
    lr: options.lr ?? ({ to: 0, hold: 0, ...usualSchedule(usualRate(optimiser, 'limited')) } as LearningRate),
    batch,
    chains: options.chains ?? Math.max(batch, usualChains),
    betas: options.betas ?? null,
    reservoirs: options.reservoirs ?? null,
    onDivergence: options.onDivergence ?? 'throw',
    optimiser,
    momentum: options.momentum ?? 0,
    l1: options.l1 ?? 0,
    l2: options.l2 ?? usualDecay({ states: 'limited', rows, columns: visible, weights: visible * hidden }, 'usual'),
    centred: options.centred ?? true,
    averageLast: options.averageLast ?? usualAverage,
    seed: String(options.seed ?? DEFAULTS.seed),
    device: options.device ?? 'auto',
  };
}

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'schedule' in value) return learningRateText(value as LearningRate);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A resumed run keeps its settings: an option that says otherwise is refused rather than ignored. */
export function checkResume(options: TrainOptions, record: RunRecord): void {
  const { binarise, scale } = record.data;
  for (const [name, kept] of Object.entries({ ...record.settings, binarise, scale: scale ?? undefined })) {
    const typed = options[name as keyof TrainOptions];
    if (typed === undefined || kept === undefined || shown(typed) === shown(kept)) continue;
    const option =
      name === 'centred' ? '--no-centred' : `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${shown(typed)}`;
    throw new UsageError(`\`${option}\`: the run to resume has ${shown(kept)}`, '--resume keeps the settings of the run');
  }
}
