import { basename } from 'node:path';
import { OptionCheck } from '../arguments.js';
import type { Binarisation } from '../runs/binarise.js';
import type { ImageShape } from '../runs/image.js';
import type { DataRequest, HeaderChoice, RunRecord } from '../runs/record.js';
import { type BestChoice, type RunSettings, readRate } from '../runs/settings.js';
import type { ColumnType } from '../tables/columns.js';
import { type Given, readSettings, type TrainingSettings } from '../training/options.js';
import { recipeNames, type Setting, usualBatch, usualRate, usualSchedule, usualSettings } from '../training/recipe.js';
import { CliError, UsageError } from './failures.js';
import { flagName } from './options.js';
import { checkSameFlags, flagText, givenOptions, type TypedFlags } from './training-flags.js';

/** The options of `train` as parsed; what was not typed is absent. */
export interface TrainOptions {
  data?: string;
  validation?: string;
  validationFraction?: number;
  scale?: number;
  labelColumn?: string;
  header?: HeaderChoice;
  table?: true;
  column?: Readonly<Record<string, ColumnType>>;
  image?: ImageShape;
  binarise?: Binarisation;
  hidden?: number;
  /** The flags of training: what there is, the tables of options say. */
  flags: TypedFlags;
  seed?: bigint;
  device?: RunSettings['device'];
  threads?: number;
  out?: string;
  checkpointEvery?: number;
  evaluateEvery?: number;
  preview?: true;
  force?: true;
  resume?: true;
  json?: true;
}

/** What is not in the recipe of `fit`. */
export const DEFAULTS = { hidden: 500, seed: 1n, device: 'auto' } as const;
/** Rows behind each epoch's metrics. */
const MONITOR_ROWS = 5000;

/**
 * The folder a run goes into when none is named: the data's name and `-run`, in the current folder.
 */
export function defaultFolder(source: string): string {
  const name = basename(source.replace(/[\\/]+$/, '')).replace(/(\.(gz|npy|csv|tsv|txt|data|idx))+$/i, '');
  return `${name === '' || name === '.' || name === '..' ? 'data' : name}-run`;
}

/** Combinations that make no sense are refused before anything is read. */
export function checkCombinations(options: TrainOptions): void {
  if (options.validation !== undefined && options.validationFraction !== undefined) {
    throw new UsageError('--validation and --validation-fraction exclude each other');
  }
  const { scale, image, binarise } = options;
  const asNumbers = Object.entries({ scale, image, binarise }).find(([, value]) => value !== undefined);
  if (asNumbers !== undefined && (options.table || options.column !== undefined)) {
    throw new UsageError(
      `--${asNumbers[0]} and --${options.table ? 'table' : 'column'} exclude each other`,
      'the columns of a table are not scaled',
    );
  }
  // A resumed run has an algorithm of its own: whether its flags belong to that is looked at when
  // it is known.
  if (!options.resume) givenOptions(options.flags);
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
    header: options.header ?? null,
    table: options.table === true,
    columns: options.column ?? {},
    image: options.image ?? null,
    binarise: options.binarise ?? 'none',
    seed: String(options.seed ?? DEFAULTS.seed),
  };
}

/** What of the data decides defaults. */
export interface DataShape {
  readonly rows: number;
  /** Columns of all layers with data. */
  readonly visible: number;
  /** Whether the states of their units have limits. */
  readonly states: Setting['states'];
}

/**
 * Fills in what was not typed, now that the shape of the data is known: with the recipe of `fit`,
 * spelt out so that the run's record holds it, or with the settings of the run that this one goes
 * on from.
 */
export function resolveSettings(options: TrainOptions, shape: DataShape, kept: RunSettings | null = null): RunSettings {
  const call = 'train';
  const hidden = options.hidden ?? kept?.hidden ?? DEFAULTS.hidden;
  const given: Given = { monitorRows: MONITOR_ROWS, ...givenOptions(options.flags, kept) };
  const batch = (given.batchSize as number | undefined) ?? usualBatch(shape.rows);
  if (batch > shape.rows) {
    throw new CliError(`\`--batch-size ${batch}\`: there are only ${shape.rows} rows to learn from`, { code: 'ERR_PARAMETER' });
  }
  const recipe = new OptionCheck(call).oneOf('recipe', given.recipe, 'usual', recipeNames);
  const { rows, visible: columns, states } = shape;
  const usual = usualSettings(recipe, batch, { rows, columns, states, weights: columns * hidden });
  const { weighted: _, ...training } = readSettings(call, given, { batchSize: batch, parts: [], ...usual });
  return {
    hidden,
    seed: String(options.seed ?? kept?.seed ?? DEFAULTS.seed),
    device: options.device ?? kept?.device ?? DEFAULTS.device,
    recipe,
    learningRate: readRate(call, given.learningRate, usualSchedule(usualRate(training.optimiser.name, states))),
    best: bestChoice(options, training) ?? kept?.best ?? null,
    ...training,
  };
}

function bestChoice({ flags, evaluateEvery }: TrainOptions, { algorithm }: Pick<TrainingSettings, 'algorithm'>): BestChoice | null {
  const { earlyStopping: patience, keepBest } = flags;
  if (patience === undefined && keepBest === undefined) return null;
  const metric = evaluateEvery !== undefined || algorithm.name === 'ptt' ? 'logLikelihood' : 'pseudoLikelihood';
  return { metric, patience: (patience as number | undefined) ?? null };
}

/**
 * A resumed run keeps its settings: an option that says otherwise is refused rather than ignored.
 */
export function checkResume(options: TrainOptions, record: RunRecord, shape: DataShape): void {
  checkModel(options, record);
  checkSameFlags(options.flags, resolveSettings(options, shape, record.settings), record.settings);
}

/** What a run goes on with whatever else changes: its model and its data. */
export function checkModel(options: TrainOptions, { settings, data }: RunRecord): void {
  const kept = { ...data, hidden: settings.hidden, seed: settings.seed, device: settings.device };
  const { hidden, seed, device, binarise, scale, labelColumn, header, table, column } = options;
  const typed = { hidden, seed: seed?.toString(), device, binarise, scale, labelColumn, header, table };
  if (column !== undefined && JSON.stringify(column) !== JSON.stringify(data.columns)) {
    throw new UsageError('--column: the run to resume reads its columns in another way', '--resume keeps the settings of the run');
  }
  for (const [name, value] of Object.entries(typed)) {
    const was = kept[name as keyof typeof typed];
    if (value === undefined || value === was || (name === 'scale' && was === null)) continue;
    throw new UsageError(
      `\`${flagName(name)} ${value}\`: the run to resume has ${flagText(was)}`,
      '--resume keeps the settings of the run',
    );
  }
}
