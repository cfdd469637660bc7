import { z } from 'zod';
import type { Evaluation } from '../index.js';
import { devices } from '../wiring/spec.js';
import { binarisations } from './binarise.js';

/** The algorithms that an RBM can be trained by on rows of its visible units. */
export const learnable = ['pcd', 'cd', 'fpcd', 'pt', 'ptt', 'mean-field', 'exact'] as const;
export type Algorithm = (typeof learnable)[number];
/** Those with chains of their own, whose number can be chosen. */
export const persistent: ReadonlySet<Algorithm> = new Set(['pcd', 'fpcd', 'pt', 'ptt']);

const rate = z.union([
  z.number(),
  z.object({ schedule: z.enum(['linear', 'cosine']), from: z.number(), to: z.number(), hold: z.number() }),
]);

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
  logLikelihood: z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable().default(null),
  evaluation: evaluation.nullable().default(null),
});

/** A line of the journal: an epoch, and how many seconds the run had worked by then. */
export const journalEntrySchema = z.object({ seconds: z.number(), report: epochReport });

const imageShape = z.object({ height: z.number().int().positive(), width: z.number().int().positive() });

/** Everything about a run that decides its result; kept so that `--resume` needs no options. */
export const trainSettingsSchema = z.object({
  hidden: z.number(),
  epochs: z.number(),
  algorithm: z.enum(learnable),
  sweeps: z.number(),
  lr: rate,
  batch: z.number(),
  chains: z.number(),
  /** Of 'pt' and of 'ptt'; null: as many as usual, or another algorithm. */
  betas: z.number().nullable().default(null),
  reservoirs: z.number().nullable().default(null),
  onDivergence: z.enum(['throw', 'rollback']).default('throw'),
  optimiser: z.enum(['sgd', 'adam']),
  momentum: z.number(),
  l1: z.number(),
  l2: z.number(),
  centred: z.boolean(),
  averageLast: z.number(),
  seed: z.string(),
  device: z.enum(devices),
});

/** Where rows come from; paths are kept as typed. */
export const dataRequestSchema = z.object({
  source: z.string(),
  folder: z.string().nullable(),
  validation: z.string().nullable(),
  validationFraction: z.number().nullable(),
  /** What values are multiplied by, in every file of the run; null: 1, or 1/255 for bytes of pictures, whichever each file holds. */
  scale: z.number().nullable(),
  labelColumn: z.string().nullable(),
  image: imageShape.nullable(),
  binarise: z.enum(binarisations).default('none'),
  seed: z.string(),
});

/** `run.json`: what a run is, how far it came, and how it went. */
export const runRecordSchema = z.object({
  format: z.literal('boltzkit-run'),
  version: z.literal(1),
  boltzkit: z.string(),
  state: z.enum(['running', 'interrupted', 'finished', 'diverged']),
  pid: z.number(),
  host: z.string(),
  started: z.string(),
  updated: z.string(),
  settings: trainSettingsSchema,
  data: dataRequestSchema,
  loaded: z.object({
    name: z.string(),
    rows: z.number(),
    validationRows: z.number(),
    visible: z.number(),
    image: imageShape.nullable(),
    sha256: z.string(),
  }),
  update: z.number(),
  updates: z.number(),
  /** Epochs from one evaluation to the next, null for none. */
  evaluateEvery: z.number().nullable().default(null),
  seconds: z.number(),
  hint: z.object({ kind: z.string(), text: z.string() }).nullable(),
  history: z.array(epochReport),
});

export type TrainSettings = z.infer<typeof trainSettingsSchema>;
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
