/**
 * A recommender as one safetensors file with a checksum: its model, ids, titles and the users'
 * entries, which say what they have seen already. It serves without the training rows.
 */
import { BoltzkitError, FormatError } from '../errors.js';
import { readRegularFile, writeFileAtomic } from '../io/atomic.js';
import { filePath } from '../io/files.js';
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../io/safetensors.js';
import { TensorStock } from '../io/tensor-stock.js';
import { isObject, parseObject, savedSeed } from '../models/file-values.js';
import { finite } from '../models/value-checks.js';
import { isId } from './catalogue.js';
import type { Scale } from './entries.js';
import type { RecommenderModel, Target } from './family.js';
import { History } from './history.js';
import { Ids } from './ids.js';
import { familyOf } from './registry.js';
import type { State } from './state.js';
import { takeValues, tensorOfValues } from './text-lists.js';

const formatVersion = '1';
const kind = 'recommender';
/** What tensors of the model begin with. */
const own = 'model/';

/** Writes a recommender so that the path holds either the old file or the whole new one. */
export async function writeRecommender(call: string, path: string | URL, state: State): Promise<void> {
  const { model, users, items, titles, history } = state;
  const saved = model.save();
  const tensors = new Map<string, Tensor>([...saved.tensors].map(([name, tensor]) => [own + name, tensor]));
  tensors.set('users', tensorOfValues(users));
  tensors.set('items', tensorOfValues(items));
  tensors.set('titles/items', u32(Uint32Array.from(titles.keys())));
  tensors.set('titles/texts', tensorOfValues(titles.values()));
  tensors.set('seen/offsets', u32(history.offsets));
  tensors.set('seen/items', u32(history.items));
  if (history.values !== undefined) tensors.set('seen/values', { dtype: 'F32', shape: [history.values.length], data: history.values });
  const { scale, seed, unseen, relevantFrom, options } = state;
  const config = {
    family: model.family,
    target: model.target,
    scale: scale?.values,
    seed: String(seed),
    unseen,
    relevantFrom,
    options: plain(options),
  };
  const metadata = { format: 'boltzkit', formatVersion, kind, config: JSON.stringify(config), model: JSON.stringify(saved.settings) };
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata), call);
}

function u32(data: Uint32Array): Tensor {
  return { dtype: 'U32', shape: [data.length], data };
}

/** Options that JSON holds as they are; null for others, such as arrays of numbers in memory. */
function plain(options: State['options']): State['options'] {
  const isPlain = (value: unknown): boolean =>
    value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value) || isPlainObject(value);
  const isPlainObject = (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) &&
    Object.values(value).every(isPlain);
  return isPlainObject(options) ? options : null;
}

/**
 * Reads a recommender.
 *
 * @throws {@link FormatError} whatever is wrong with the file; {@link FileError} where there is none.
 */
export async function readRecommender(call: string, path: string | URL): Promise<State> {
  const what = `${call}: ${filePath(path, call)}`;
  const { tensors, metadata } = decodeSafetensors(await readRegularFile(path, call), what);
  const stock = new TensorStock(what, tensors);
  if (metadata.format !== 'boltzkit') stock.fail('is no file of boltzkit');
  if (metadata.kind !== kind) stock.fail(`holds a model of kind '${metadata.kind}', not a recommender`);
  if (metadata.formatVersion !== formatVersion) {
    stock.fail(`has format version ${metadata.formatVersion} of recommenders, this version of boltzkit reads ${formatVersion}`);
  }
  const config = parseObject(stock, metadata.config);
  const target = config.target === 'ratings' || config.target === 'interactions' ? config.target : stock.fail('has no known target');
  const users = takeIds(stock, 'users');
  const items = takeIds(stock, 'items');
  const titles = takeTitles(stock, items.size);
  const history = takeHistory(stock, users.size, items.size);
  const settings = readConfig(stock, config);
  const model = takeModel(stock, what, config, target, parseObject(stock, metadata.model));
  if (model.items !== items.size) stock.fail(`has a model of ${model.items} items and ids of ${items.size}`);
  return { model, users, items, titles, history, ...settings };
}

function takeIds(stock: TensorStock, name: string): Ids {
  const values = takeValues(stock, name, isId, 'ids (text or numbers)');
  const ids = Ids.of(values);
  return ids.size === values.length ? ids : stock.fail(`must hold "${name}" as ids that differ`);
}

function takeTitles(stock: TensorStock, items: number): ReadonlyMap<number, string> {
  const numbers = stock.take('titles/items', { types: ['U32'], shape: [null], check: below(items, 'items') });
  const texts = takeValues(stock, 'titles/texts', (value) => typeof value === 'string', 'texts');
  const titles = new Map(Array.from(numbers, (number, i) => [number, texts[i] as string]));
  return titles.size === texts.length && numbers.length === texts.length
    ? titles
    : stock.fail('must hold one title for each of its "titles/items"');
}

function takeHistory(stock: TensorStock, users: number, items: number): History {
  const offsets = stock.take('seen/offsets', { types: ['U32'], shape: [users + 1] });
  const seen = stock.take('seen/items', { types: ['U32'], shape: [null], check: below(items, 'items') });
  const values = stock.has('seen/values')
    ? (stock.take('seen/values', {
        types: ['F32'],
        shape: [seen.length],
        check: finite() as (x: Float32Array) => string | undefined,
      }) as Float32Array)
    : undefined;
  const rise = offsets[0] === 0 && offsets[users] === seen.length && offsets.every((at, u) => u === 0 || at >= (offsets[u - 1] as number));
  if (!rise) stock.fail('must hold "seen/offsets" that rise from 0 to the number of entries');
  for (let u = 0; u < users; u++) {
    for (let k = (offsets[u] as number) + 1; k < (offsets[u + 1] as number); k++) {
      if ((seen[k] as number) <= (seen[k - 1] as number)) stock.fail('must hold "seen/items" that rise within each user');
    }
  }
  return new History(offsets, seen, values);
}

function below(end: number, what: string): (values: Uint32Array) => string | undefined {
  return (values) => {
    const wrong = values.find((x) => x >= end);
    return wrong === undefined ? undefined : `of numbers below ${end} (${what}), got ${wrong}`;
  };
}

type Settings = Pick<State, 'scale' | 'seed' | 'unseen' | 'relevantFrom' | 'options'>;

function readConfig(stock: TensorStock, config: Readonly<Record<string, unknown>>): Settings {
  const { scale, relevantFrom, options, unseen } = config;
  const seed = savedSeed(config.seed);
  if (typeof seed !== 'bigint' || seed >= 1n << 64n) return stock.fail('has a damaged seed');
  if (relevantFrom !== undefined && !Number.isFinite(relevantFrom)) stock.fail('has a damaged threshold of ratings');
  if (unseen !== 'zero' && unseen !== 'missing') return stock.fail('has damaged settings');
  if (options !== null && !isObject(options)) stock.fail('has damaged options');
  return { scale: savedScale(stock, scale), seed, unseen, relevantFrom: relevantFrom as number | undefined, options };
}

function savedScale(stock: TensorStock, scale: unknown): Scale | undefined {
  if (scale === undefined) return undefined;
  const rises =
    Array.isArray(scale) && scale.every((x: unknown, i) => Number.isFinite(x) && (i === 0 || (x as number) > (scale[i - 1] as number)));
  return rises && scale.length > 0 ? { values: scale as number[] } : stock.fail('has a damaged scale');
}

/** Hands a family what it wrote, and makes an error of the file out of whatever it objects to. */
function takeModel(
  stock: TensorStock,
  what: string,
  { family: name }: Readonly<Record<string, unknown>>,
  target: Target,
  settings: Readonly<Record<string, unknown>>,
): RecommenderModel {
  const family = typeof name === 'string' ? familyOf(name, target) : undefined;
  if (family === undefined)
    return stock.fail(`holds a model that this version of boltzkit does not know: ${JSON.stringify(name)?.slice(0, 80)}`);
  const tensors = new Map<string, Tensor>();
  for (const each of stock.names().filter((one) => one.startsWith(own))) {
    tensors.set(each.slice(own.length), stock.takeWhole(each));
  }
  stock.assertEmpty();
  try {
    return family.load({ tensors, settings }, what);
  } catch (error) {
    if (error instanceof FormatError) throw error;
    if (error instanceof BoltzkitError && error.code === 'ERR_BACKEND') throw error;
    return stock.fail(`does not hold a valid model '${family.name}'`, error);
  }
}
