import { z } from 'zod';

const rate = z.union([
  z.number(),
  z.object({ schedule: z.enum(['linear', 'cosine']), from: z.number(), to: z.number(), holdFraction: z.number() }),
]);

// JSON has no NaN: a metric that does not exist is null in the file.
const metric = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);

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
  step: z.number(),
  seconds: z.number(),
  learningRate: z.number(),
  pseudoLikelihood: metric,
  freeEnergyGap: metric,
  chainFreeEnergyGap: metric,
  weightNorm: metric,
  rollbacks: z.number().default(0),
  health: health.nullable().default(null),
  logLikelihood: z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable().default(null),
});

const imageShape = z.object({ height: z.number().int().positive(), width: z.number().int().positive() });

/** Everything about a run that decides its result; kept so that `--resume` needs no options. */
export const trainSettingsSchema = z.object({
  hidden: z.number(),
  epochs: z.number(),
  algorithm: z.enum(['pcd', 'cd']),
  steps: z.number(),
  lr: rate,
  batch: z.number(),
  chains: z.number(),
  optimizer: z.enum(['sgd', 'adam']),
  momentum: z.number(),
  l1: z.number(),
  l2: z.number(),
  centred: z.boolean(),
  averageLast: z.number(),
  seed: z.string(),
  device: z.enum(['auto', 'cpu', 'reference', 'cuda']),
});

/** Where rows come from; paths are kept as typed. */
export const dataRequestSchema = z.object({
  source: z.string(),
  folder: z.string().nullable(),
  validation: z.string().nullable(),
  validationFraction: z.number().nullable(),
  scale: z.number().nullable(),
  labelColumn: z.string().nullable(),
  image: imageShape.nullable(),
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
  step: z.number(),
  totalSteps: z.number(),
  seconds: z.number(),
  hint: z.object({ kind: z.string(), text: z.string() }).nullable(),
  history: z.array(epochReport),
});

export type TrainSettings = z.infer<typeof trainSettingsSchema>;
export type DataRequest = z.infer<typeof dataRequestSchema>;
export type RunRecord = z.infer<typeof runRecordSchema>;
