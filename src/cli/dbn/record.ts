/**
 * The record of a run of `boltzkit dbn train`: what was asked for, how far it has come, and what
 * came out.
 */
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FormatError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { dataRequestSchema } from '../../runs/record.js';
import { deviceSchema } from '../../runs/settings.js';
import { CliError } from '../failures.js';

/** The files that `dbn train` writes into its folder; filters have one for each level. */
export const DBN_FILES = {
  record: 'dbn.json',
  network: 'dbn.safetensors',
  classifier: 'classifier.safetensors',
  filters: 'filters',
  samples: 'samples.png',
  confusion: 'confusion.svg',
  reliability: 'reliability.svg',
  codes: 'codes.svg',
  curves: 'curves.svg',
  report: 'report.html',
} as const;

const metric = z.number().nullable();
const image = z.object({ height: z.number().int().positive(), width: z.number().int().positive() }).nullable();

const levelEpoch = z.object({
  level: z.number().int().positive(),
  layer: z.string(),
  epoch: z.number().int().positive(),
  seconds: z.number(),
  pseudoLikelihood: metric,
  baseline: metric,
  freeEnergyGap: metric,
  weightNorm: z.number(),
});
const upDownEpoch = z.object({
  epoch: z.number().int().positive(),
  seconds: z.number(),
  generative: z.array(metric),
  recognition: z.array(metric),
  validationError: metric,
});
const tuneEpoch = z.object({
  epoch: z.number().int().positive(),
  seconds: z.number(),
  loss: metric,
  error: metric,
  validationLoss: metric,
  validationError: metric,
});

/** An epoch of each phase, as the record keeps it. */
export type LevelEpoch = z.infer<typeof levelEpoch>;
export type UpDownEpoch = z.infer<typeof upDownEpoch>;
export type TuneEpoch = z.infer<typeof tuneEpoch>;

const options = z.record(z.string(), z.unknown());
const errors = z.object({ validation: metric, test: metric }).nullable();

const schema = z.object({
  format: z.literal('boltzkit-dbn-run'),
  version: z.literal(1),
  boltzkit: z.string(),
  state: z.enum(['running', 'interrupted', 'finished']),
  data: dataRequestSchema.omit({ table: true, columns: true }).extend({ seed: z.string().regex(/^\d{1,20}$/) }),
  loaded: z.object({
    name: z.string(),
    rows: z.number(),
    validationRows: z.number(),
    testRows: z.number(),
    columns: z.number().int().positive(),
    classes: z.array(z.string()).nullable(),
    image,
    sha256: z.string(),
  }),
  layers: z.array(z.number().int().positive()),
  labelled: z.boolean(),
  device: deviceSchema,
  seed: z.string().regex(/^\d{1,20}$/),
  /** What each phase is given; null: it is left out. */
  pretrain: options,
  upDown: options.nullable(),
  fineTune: options.nullable(),
  seconds: z.number(),
  levels: z.array(levelEpoch),
  upDownEpochs: z.array(upDownEpoch),
  tuned: z.array(tuneEpoch),
  /**
   * Shares of wrong classes, once all is over: of the network itself, and of the classifier made of
   * it.
   */
  errors: z.object({ network: errors, classifier: errors }),
});

/** The record of a run. */
export type DbnRecord = z.infer<typeof schema>;

/** Reads the record of a folder; null when there is none. */
export async function readDbnRecord(folder: string): Promise<DbnRecord | null> {
  const path = join(folder, DBN_FILES.record);
  let text: string;
  try {
    const found = await lstat(path);
    if (found.isSymbolicLink())
      throw new CliError(`\`${path}\` is a symbolic link`, { code: 'ERR_LINK', hint: 'put the file itself in its place' });
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new FormatError(`\`${path}\` is not the record of a run of \`boltzkit dbn\``, { cause: error });
  }
}

/** Writes the record, in one step. */
export async function writeDbnRecord(folder: string, record: DbnRecord): Promise<void> {
  const text = `${JSON.stringify(record, null, 2)}\n`;
  await writeFileAtomic(join(folder, DBN_FILES.record), new TextEncoder().encode(text), 'dbn train');
}
