/** Reads a saved machine with hidden units beside its couplings. */
import { FormatError } from '../errors.js';
import { got } from '../got.js';
import { TensorStock } from '../io/tensor-stock.js';
import { readEase } from './ease-file.js';
import { EaseHiddenModel, type RetrainHidden } from './ease-hidden-model.js';
import { EaseModel } from './ease-model.js';
import { retrain } from './ease-train.js';
import type { SavedModel } from './family.js';

const tensorNames = ['hidden.in', 'hidden.inBias', 'hidden.out', 'hidden.outBias'] as const;
const numbers = ['units', 'epochs', 'learningRate', 'l2', 'inputDropout', 'userWeight', 'folds', 'strength', 'floor'] as const;

/** @throws FormatError where tensors or settings are not those that `save` writes. */
export function readEaseHidden(saved: SavedModel, what: string, retrainHidden: RetrainHidden): EaseHiddenModel {
  const { hidden: given, ...settings } = saved.settings;
  const tensors = new Map(saved.tensors);
  const own = new Map(tensorNames.flatMap((name) => (tensors.has(name) ? [[name, tensors.get(name)!] as const] : [])));
  for (const name of tensorNames) tensors.delete(name);
  const couplings = new EaseModel(readEase({ tensors, settings }, what), retrain);
  if (couplings.state.unseen !== 'zero')
    throw new FormatError(`${what} must have 'zero' as \`unseen\`, got ${got(couplings.state.unseen)}`);
  const { strength, floor, seed, ...shape } = readSettings(given, what);
  const n = couplings.items;
  const stock = new TensorStock(what, own);
  const finite = (values: Float32Array) => (values.every(Number.isFinite) ? undefined : 'with finite numbers');
  const take = (name: string, wanted: readonly number[]) => stock.take(name, { types: ['F32'], shape: wanted, check: finite });
  const hidden = {
    in: take('hidden.in', [n, shape.units]),
    inBias: take('hidden.inBias', [shape.units]),
    out: take('hidden.out', [shape.units, n]),
    outBias: take('hidden.outBias', [n]),
    strength,
    floor,
  };
  return new EaseHiddenModel(couplings, hidden, shape, seed, retrainHidden);
}

function readSettings(given: unknown, what: string) {
  const fail = (expected: string, value: unknown) => new FormatError(`${what} must have ${expected} in \`hidden\`, got ${got(value)}`);
  if (typeof given !== 'object' || given === null) throw fail('settings', given);
  const settings = given as Record<string, unknown>;
  const other = Object.keys(settings).find((name) => name !== 'seed' && !(numbers as readonly string[]).includes(name));
  if (other !== undefined) throw new FormatError(`${what} has an unknown setting ${JSON.stringify(other.slice(0, 80))}`);
  const read = Object.fromEntries(
    numbers.map((name) => {
      const value = settings[name];
      const whole = name === 'units' || name === 'epochs' || name === 'folds';
      const fits =
        typeof value === 'number' &&
        Number.isFinite(value) &&
        (name === 'strength' || value >= 0) &&
        (!whole || Number.isSafeInteger(value));
      if (!fits) throw fail(`a ${whole ? 'whole number' : 'number'} as \`${name}\``, value);
      return [name, value];
    }),
  ) as Record<(typeof numbers)[number], number>;
  if (read.floor < 1e-6 || read.floor > 1) throw fail('a number from 0.000001 to 1 as `floor`', read.floor);
  const { seed } = settings;
  if (typeof seed !== 'string' || !/^\d{1,20}$/.test(seed) || BigInt(seed) >= 1n << 64n) throw fail('a seed', seed);
  return { ...read, seed: BigInt(seed) };
}
