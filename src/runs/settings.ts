import { z } from 'zod';
import type { StoppingMetric } from '../training/best.js';
import { type LearningRate, type LearningRateSchedule, readLearningRate } from '../training/learning-rate.js';
import { type Given, noDefaults, readSettings, settingNames, type TrainingOptions, type TrainingSettings } from '../training/options.js';
import type { RunOptions } from '../training/plan.js';
import { type RecipeName, recipeNames } from '../training/recipe.js';
import { type Device, deviceForms, namedDevice } from '../wiring/device.js';

/** A learning rate as a record keeps it: a constant, or a schedule over the whole run. */
export type RunRate = number | LearningRateSchedule;

/**
 * Which state a run ends with, and for how many reports it waits for a better one; null: it goes on
 * to its end.
 */
export interface BestChoice {
  readonly metric: StoppingMetric;
  readonly patience: number | null;
}

/**
 * Everything about a run that decides its result, spelt out, so that its record is enough to go on.
 */
export interface RunSettings extends Omit<TrainingSettings, 'weighted'> {
  readonly hidden: number;
  /** Decimal digits: a seed may be larger than a number holds. */
  readonly seed: string;
  readonly device: Device;
  readonly recipe: RecipeName;
  readonly learningRate: RunRate;
  readonly best: BestChoice | null;
}

const required = { ...noDefaults, parts: [], retries: 0 };

/** Where a run computes, in a file. */
export const deviceSchema = z.unknown().transform((value, context): Device => {
  const device = namedDevice(value);
  if (device !== undefined) return device;
  context.addIssue({ code: 'custom', message: `must be ${deviceForms}` });
  return z.NEVER;
});

/** The settings in a file. What the tables of options say of values goes for them too. */
export const runSettingsSchema = z
  .looseObject({
    hidden: z.number().int().positive(),
    seed: z.string().regex(/^\d{1,20}$/),
    device: deviceSchema,
    recipe: z.enum(recipeNames),
    learningRate: z.unknown(),
    best: z.object({ metric: z.enum(['pseudoLikelihood', 'logLikelihood']), patience: z.number().int().positive().nullable() }).nullable(),
  })
  .transform((kept, context): RunSettings => {
    const { hidden, seed, device, recipe, learningRate, best, ...given } = kept;
    try {
      const { weighted: _, ...training } = readSettings('run.json', given as Given, required);
      return { hidden, seed, device, recipe, learningRate: readRate('run.json', learningRate ?? null), best, ...training };
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });

/** Reads a learning rate that a record can keep. */
export function readRate(call: string, given: unknown, fallback: LearningRate = 0): RunRate {
  const { schedule, table } = readLearningRate(call, given, fallback);
  return schedule ?? (table(1)[0] as number);
}

/** What `fit` is given for these settings. */
export function fitOptions(settings: RunSettings): TrainingOptions & Pick<RunOptions<never>, 'earlyStopping' | 'keepBest'> {
  const names = settingNames.filter((name) => name !== 'recipe' && name !== 'objective');
  const training = Object.fromEntries(names.map((name) => [name, settings[name as keyof RunSettings]])) as TrainingOptions;
  const { best } = settings;
  if (best === null) return training;
  const { metric, patience } = best;
  return patience === null ? { ...training, keepBest: { metric } } : { ...training, earlyStopping: { metric, patience } };
}

/** A learning rate as it would be typed. */
export function rateText(rate: RunRate): string {
  return typeof rate === 'number' ? String(rate) : `${rate.schedule}:${rate.from}:${rate.to ?? 0}:${rate.hold ?? 0}`;
}
