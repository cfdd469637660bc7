import { z } from 'zod';
import type { Evaluation } from '../estimators/results.js';
import type { ColumnType } from '../tables/columns.js';
import { unitTypes } from '../wiring/units.js';
import { binarisations } from './binarise.js';
import { runSettingsSchema } from './settings.js';

/** Null where there is no such number. */
const metric = z.number().nullable();

const interval = z.object({ value: z.number(), low: z.number(), high: z.number() });

const evaluation = z.object({
  logLikelihood: z.object({ mean: z.number(), low: z.number(), high: z.number(), perDimension: z.number(), standardError: z.number() }),
  logZ: z.object({
    value: z.number(),
    low: z.number(),
    high: z.number(),
    method: z.enum(['exact', 'ais-bracket', 'ladder']),
    forward: interval.optional(),
    reverse: interval.optional(),
    ladder: interval.optional(),
    gap: z.number().optional(),
  }),
  // Infinity, of 'exact', is null in the file as well.
  effectiveSampleSize: z
    .number()
    .nullable()
    .transform((value) => value ?? Number.POSITIVE_INFINITY),
  converged: z.boolean(),
  warnings: z.array(z.string()),
});

const health = z.object({
  autocorrelationTime: metric,
  effectiveSampleSize: metric,
  splitRhat: metric,
  freeEnergyDrift: metric,
  singularValues: z.array(z.number()).readonly(),
  sentence: z.string().nullable(),
});

const epochReport = z.object({
  epoch: z.number(),
  update: z.number(),
  seconds: z.number(),
  learningRate: z.number(),
  pseudoLikelihood: metric,
  pseudoLikelihoodError: metric,
  baseline: metric,
  freeEnergyGap: metric,
  chainFreeEnergyGap: metric,
  weightNorm: z.number(),
  rollbacks: z.number().default(0),
  warnings: z.array(z.string()).readonly().default([]),
  health: health.nullable().default(null),
  labels: z.object({ loss: metric, error: metric, validationLoss: metric, validationError: metric }).nullable().default(null),
  logLikelihood: z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable().default(null),
  evaluation: evaluation.nullable().default(null),
});

/** A line of the journal: an epoch, and how many seconds the run had worked by then. */
export const journalEntrySchema = z.object({ seconds: z.number(), report: epochReport });

const imageShape = z.object({ height: z.number().int().positive(), width: z.number().int().positive() });

const units = z.object({ type: z.enum(unitTypes), places: z.number().int().positive(), size: z.number().int().positive() });

/** What a column of a table can be. */
export const columnTypes = ['binary', 'category', 'number', 'count', 'ignore'] as const satisfies readonly ColumnType[];

/** Whether a table begins with the names of its columns. */
export const headers = ['yes', 'no'] as const;
export type HeaderChoice = (typeof headers)[number];

/** Where rows come from; paths are kept as typed. */
export const dataRequestSchema = z.object({
  source: z.string(),
  folder: z.string().nullable(),
  validation: z.string().nullable(),
  validationFraction: z.number().nullable(),
  /**
   * What values are multiplied by, in every file of the run; null: 1, or 1/255 for bytes of
   * pictures, whichever each file holds.
   */
  scale: z.number().nullable(),
  labelColumn: z.string().nullable(),
  /** Whether the first line of a table has the names; null: the file's first line tells. */
  header: z.enum(headers).nullable(),
  /** Whether the file is a table of mixed columns whatever it looks like. */
  table: z.boolean(),
  /** What was said of its columns, by name. */
  columns: z.record(z.string(), z.enum(columnTypes)),
  image: imageShape.nullable(),
  binarise: z.enum(binarisations).default('none'),
  seed: z.string(),
});

/** A finished run that a later one went on from. */
const earlierRun = z.object({
  settings: runSettingsSchema,
  epochs: z.number(),
  updates: z.number(),
  /**
   * Digest of the model's file at its end: as long as the file is that one, the later run has saved
   * nothing.
   */
  model: z.string(),
});

/** `run.json`: what a run is, how far it came, and how it went. */
export const runRecordSchema = z.object({
  format: z.literal('boltzkit-run'),
  version: z.literal(2),
  boltzkit: z.string(),
  state: z.enum(['running', 'interrupted', 'finished', 'diverged']),
  pid: z.number(),
  host: z.string(),
  started: z.string(),
  updated: z.string(),
  settings: runSettingsSchema,
  /** Runs of the same model that came before, if it was told to go on when it was finished. */
  earlier: z.array(earlierRun).default([]),
  data: dataRequestSchema,
  loaded: z.object({
    name: z.string(),
    rows: z.number(),
    validationRows: z.number(),
    /** Columns of all layers with data. */
    visible: z.number(),
    /** Units of the layers with data, by name: one, 'visible', of an RBM. */
    layers: z.record(z.string(), units),
    image: imageShape.nullable(),
    /**
     * Names of the columns that are learnt, where the file has names and its rows are numbers as
     * they stand.
     */
    names: z.array(z.string()).nullable(),
    /** How columns of a table became layers; null where the rows are numbers as they stand. */
    table: z.unknown().nullable(),
    sha256: z.string(),
  }),
  update: z.number(),
  updates: z.number(),
  /** Epochs from one evaluation to the next, null for none. */
  evaluateEvery: z.number().nullable().default(null),
  seconds: z.number(),
  hints: z.array(z.object({ kind: z.string(), text: z.string() })).readonly(),
  history: z.array(epochReport),
});

export type DataRequest = z.infer<typeof dataRequestSchema>;
export type RunRecord = z.infer<typeof runRecordSchema>;
/** An epoch's report as it is kept: of its evaluation all but the rows. */
export type EpochRecord = RunRecord['history'][number];
export type JournalEntry = z.infer<typeof journalEntrySchema>;
/** An evaluation without the rows. */
export type EvaluationRecord = NonNullable<EpochRecord['evaluation']>;

/** What of an evaluation is kept and told. */
export function evaluationRecord({ logLikelihoods: _, warnings, ...told }: Evaluation): EvaluationRecord {
  return { ...told, warnings: [...warnings] };
}
