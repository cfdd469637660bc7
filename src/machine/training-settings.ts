import { OptionCheck, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import type { NativeTrainerOptions } from './native.js';
import { type Rates, readRates } from './rates.js';
import { usualChains } from './recipe.js';
import { readTemperatures } from './temperatures.js';

/** Everything about a run but its rows. Plain data, so that a checkpoint can keep it. */
export type TrainingSettings = Omit<
  NativeTrainerOptions,
  'data' | 'validation' | 'sampleWeights' | 'learningRates' | 'rates' | 'temperatures' | 'stream'
> & {
  readonly temperatures: readonly number[];
  readonly rates: Rates;
  /** Whether rows are weighted; the weights themselves belong to the data. */
  readonly weighted: boolean;
};

/** How the gradient can be estimated. */
export const algorithms = ['pcd', 'cd', 'fpcd', 'pt', 'ptt', 'mean-field', 'pseudo-likelihood', 'exact'] as const;

/** The settings of a run, from options as a caller gave them. */
export const settingNames = [
  'algorithm',
  'steps',
  'positiveSteps',
  'positive',
  'epochs',
  'batchSize',
  'chains',
  'fastRate',
  'fastDecay',
  'temperatures',
  'reservoirs',
  'reservoirAcceptance',
  'learningRate',
  'rates',
  'optimizer',
  'momentum',
  'beta1',
  'beta2',
  'epsilon',
  'centred',
  'offsetRate',
  'standardised',
  'l1',
  'l2',
  'sparsity',
  'averageLast',
  'dynamicBinarisation',
  'shuffle',
  'initialiseFromData',
  'monitorRows',
  'monitorBudget',
  'onDivergence',
] as const;

type Given = { [name in (typeof settingNames)[number]]?: unknown };

/** Checks options and fills in what was left out. `chains` is the default for that option, `parts` names the machine's layers and couplings. */
export function readSettings(
  call: string,
  given: Given,
  defaults: { epochs: number; batchSize: number; chains?: number; l2: number; averageLast: number; parts: readonly string[] },
): TrainingSettings {
  const check = new OptionCheck(call);
  const batchSize = check.integer('batchSize', given.batchSize, defaults.batchSize);
  const algorithm = check.oneOf('algorithm', given.algorithm, 'pcd', algorithms);
  const centred = check.flag('centred', given.centred, true);
  const standardised = check.flag('standardised', given.standardised, false);
  if (standardised && !centred) throw check.error('standardised', 'false with `centred: false`: scales go with offsets', true);
  return {
    algorithm,
    steps: check.integer('steps', given.steps, 1, 1, 2 ** 40),
    positiveSteps: check.integer('positiveSteps', given.positiveSteps, 10, 1, 2 ** 40),
    positive: check.oneOf('positive', given.positive, algorithm === 'mean-field' ? 'mean-field' : 'gibbs', ['gibbs', 'mean-field']),
    epochs: check.integer('epochs', given.epochs, defaults.epochs, 1, 2 ** 40),
    batchSize,
    chains: check.integer(
      'chains',
      given.chains,
      defaults.chains ?? (algorithm === 'ptt' ? Math.max(batchSize, usualChains) : batchSize),
      1,
      2 ** 31 - 1,
    ),
    fastRate: check.number('fastRate', given.fastRate, 0.05),
    fastDecay: check.number('fastDecay', given.fastDecay, 0.95, 0, 1, true),
    temperatures: algorithm === 'pt' ? readTemperatures(check, given.temperatures) : [],
    dynamicBinarisation: check.flag('dynamicBinarisation', given.dynamicBinarisation, false),
    reservoirs: check.integer('reservoirs', given.reservoirs, 64, 2, 4096),
    reservoirAcceptance: readOpenFraction(check, 'reservoirAcceptance', given.reservoirAcceptance, 0.3),
    shuffle: check.flag('shuffle', given.shuffle, true),
    centred,
    standardised,
    offsetRate: check.number('offsetRate', given.offsetRate, 0.01, 0, 1),
    rates: readRates(check, given.rates, defaults.parts),
    optimiser: check.oneOf('optimizer', given.optimizer, 'sgd', ['sgd', 'adam']),
    momentum: check.number('momentum', given.momentum, 0, 0, 1, true),
    beta1: check.number('beta1', given.beta1, 0.9, 0, 1, true),
    beta2: check.number('beta2', given.beta2, 0.999, 0, 1, true),
    epsilon: check.number('epsilon', given.epsilon, 1e-8, Number.MIN_VALUE),
    l1: check.number('l1', given.l1, 0),
    l2: check.number('l2', given.l2, defaults.l2),
    sparsity: readSparsity(check, given.sparsity),
    averageLast: check.number('averageLast', given.averageLast, defaults.averageLast, 0, 1),
    initialiseFromData: check.flag('initialiseFromData', given.initialiseFromData, true),
    monitorRows: check.integer('monitorRows', given.monitorRows, 1000, 0, 2 ** 31 - 1),
    monitorBudget: check.number('monitorBudget', given.monitorBudget, 0.05),
    onDivergence: readOnDivergence(check, given.onDivergence),
    weighted: false,
  };
}

/** In (0, 1). */
function readOpenFraction(check: OptionCheck, name: string, given: unknown, fallback: number): number {
  const value = check.number(name, given, fallback, 0, 1, true);
  if (value === 0) throw check.error(name, 'a number in (0, 1)', given);
  return value;
}

function readOnDivergence(check: OptionCheck, given: unknown): NonNullable<TrainingSettings['onDivergence']> | null {
  if (given === undefined || given === null || given === 'throw') return null;
  if (typeof given === 'string' && given !== 'rollback') {
    throw check.error('onDivergence', "'throw', 'rollback' or an object with `retries` and `factor`", given);
  }
  const { retries, factor } = readOptions(check.call, given === 'rollback' ? {} : given, ['retries', 'factor']);
  const slower = check.number('onDivergence.factor', factor, 0.5, 0, 1);
  if (slower === 0) throw check.error('onDivergence.factor', 'a number in (0, 1]', factor);
  return { retries: check.integer('onDivergence.retries', retries, 3, 1, 1000), factor: slower };
}

function readSparsity(check: OptionCheck, given: unknown): TrainingSettings['sparsity'] {
  if (given === undefined || given === null) return null;
  const { target, weight, rate } = readOptions(check.call, given, ['target', 'weight', 'rate']);
  if (target === undefined) throw check.error('sparsity.target', 'a number in [0, 1]', target);
  return {
    target: check.number('sparsity.target', target, 0, 0, 1),
    weight: check.number('sparsity.weight', weight, 0.1),
    rate: check.number('sparsity.rate', rate, 0.1, 0, 1),
  };
}

/**
 * Takes the settings of an interrupted run, after checking that none of those given contradicts them.
 *
 * @throws {@link ParameterError} naming the first one that does.
 */
export function resumedSettings(call: string, given: Given, interrupted: TrainingSettings, parts: readonly string[]): TrainingSettings {
  const { epochs, batchSize, chains, l2, averageLast } = interrupted;
  const asGiven = readSettings(call, given, { epochs, batchSize, chains, l2, averageLast, parts });
  for (const name of settingNames) {
    if (given[name] === undefined || name === 'learningRate' || name === 'monitorRows') continue;
    const key = name === 'optimizer' ? 'optimiser' : name;
    const [was, is] = [JSON.stringify(interrupted[key]), JSON.stringify(asGiven[key])];
    if (was !== is) throw new ParameterError(`${call}: cannot resume with another \`${name}\`: the interrupted run has ${was}, got ${is}`);
  }
  return { ...interrupted, monitorRows: given.monitorRows === undefined ? interrupted.monitorRows : asGiven.monitorRows };
}
