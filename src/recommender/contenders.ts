/** Models that stand side by side: which, with which options, and how each is trained. */
import { namesIn, OptionCheck, readFrom, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import type { Patience } from '../machine/patience.js';
import { fitsDensely } from './ease-solve.js';
import type { Entries, Scale } from './entries.js';
import { families } from './families/index.js';
import type { Family, RecommenderModel, Target } from './family.js';
import { commonNames } from './fit-options.js';
import { taughtBy, train } from './fitting.js';
import { listOf } from './question.js';
import { familyNames, familyOf, readFamilyOptions, targetsOf } from './registry.js';

/** A model that is going to be trained. */
export interface Contender {
  /** What tables call it. */
  readonly name: string;
  readonly family: Family;
  readonly options: unknown;
  /** Its options as they were given. */
  readonly own: Readonly<Record<string, unknown>>;
}

/** Reads `models`; left out, they are all that can learn such rows, the plainest first. */
export function readContenders(call: string, given: unknown, hasRatings: boolean, mayBeNone = false): Contender[] {
  const list = given === undefined ? usual(hasRatings) : listOf(call, 'models', given).map((one, i) => named(call, one, i, hasRatings));
  if (list.length === 0 && !mayBeNone)
    throw new ParameterError(`${call}: \`models\` must name at least one of ${familyNames().join(', ')}`);
  const made = list.map(({ family, name, own }) => {
    const options = readFamilyOptions(`${call}, model '${name}'`, new OptionCheck(`${call}, model '${name}'`), family, own, []);
    return { name, family, own, options };
  });
  const twice = made.find(({ name }, i) => made.findIndex((other) => other.name === name) !== i);
  if (twice === undefined) return made;
  throw new ParameterError(`${call}: two of \`models\` are called '${twice.name}'; give one a \`name\` of its own`);
}

/**
 * What stands beside a model that is judged, where nobody says otherwise: popularity, bias,
 * factorisation and EASE, as far as rows allow and the model is not one of them.
 */
export function besideUsually({ family, target, items }: RecommenderModel, hasRatings: boolean): { model: string; target: Target }[] {
  const own = hasRatings ? target : 'interactions';
  const all: { model: string; target: Target }[] = [
    { model: 'popularity', target: own },
    ...(hasRatings ? [{ model: 'bias', target: 'ratings' as const }] : []),
    { model: 'mf', target: own },
    { model: fitsDensely(items) ? 'ease' : 'ease-sparse', target: 'interactions' },
  ];
  return all.filter((other) => other.model !== family);
}

type Asked = Omit<Contender, 'options'>;

function usual(hasRatings: boolean): Asked[] {
  const able = (families as readonly Family[]).filter(({ target }) => hasRatings || target === 'interactions');
  const both = (name: string) => able.filter((family) => family.name === name).length > 1;
  return able.map((family) => ({ family, name: both(family.name) ? `${family.name} (${family.target})` : family.name, own: {} }));
}

function named(call: string, one: unknown, i: number, hasRatings: boolean): Asked {
  const place = `models[${i}]`;
  const keys = readFrom(call, place, () => namesIn(one));
  const given: Record<string, unknown> = typeof one === 'string' ? { model: one } : readOptions(call, one ?? null, keys, place);
  const { model, name = model, target, ...own } = given;
  const check = new OptionCheck(call);
  const known = familyNames();
  const found = known[check.nameOf(`${place}.model`, model, known)] as string;
  if (typeof name !== 'string') throw check.error(`${place}.name`, 'text', name);
  const able = targetsOf(found).filter((each) => hasRatings || each === 'interactions');
  const wanted = target === undefined ? able[0] : check.oneOf<Target>(`${place}.target`, target, 'ratings', ['ratings', 'interactions']);
  const family = wanted && familyOf(found, wanted);
  if (family === undefined || !able.includes(family.target)) {
    throw new ParameterError(`${call}: ${place}: '${found}' cannot learn ${wanted ?? 'rows without ratings'}`);
  }
  return { family, name, own };
}

/** What all contenders are given. */
export interface Terms {
  readonly seed: bigint;
  readonly threads: number;
  readonly scale: Scale | undefined;
  /** Ratings of at least this count as interactions. */
  readonly relevantFrom: number | undefined;
}

/** Trains one. */
export function trainContender(
  call: string,
  { family, options }: Contender,
  entries: Entries,
  terms: Terms,
  patience: Patience,
): Promise<RecommenderModel> {
  const taught = taughtBy(entries, family.target, terms.relevantFrom);
  return train(call, family, options, taught, terms.scale, { ...terms, ...patience, verbose: false });
}

/** Names that belong to `models` and nowhere else; the rest of the options of training go to all. */
export const sharedNames = commonNames.filter((name) => !['kind', 'model', 'titles', 'unseen'].includes(name));
