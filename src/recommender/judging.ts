/** A recommender judged by the targets of a split, beside plain models that were trained on the same rows. */
import { readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { got } from '../got.js';
import { type Contender, type Terms, trainContender } from './contenders.js';
import { Steps } from './cross-validate.js';
import type { Entries } from './entries.js';
import { type EvaluateOptions, evaluate, type NamedModel } from './evaluate.js';
import type { Evaluation } from './evaluation.js';
import type { Ids } from './ids.js';
import { isEntries } from './rows-given.js';
import type { Split } from './split.js';
import type { State } from './state.js';

/** Judges a recommender. Its rows must be those of `split.train`: it must not know what it is judged by. */
export async function judged(
  call: string,
  state: State,
  split: Split,
  beside: readonly Contender[],
  terms: Terms,
  options: EvaluateOptions,
): Promise<Evaluation> {
  refuseOtherIds(call, 'users', state.users, split.train.users);
  refuseOtherIds(call, 'items', state.items, split.train.items);
  refuseLeak(call, state, split.targets);
  const steps = new Steps(2 * beside.length + 1, options.onProgress);
  const models: NamedModel[] = [{ name: state.model.family, model: state.model }];
  for (const contender of beside) {
    const began = performance.now();
    const model = await trainContender(call, contender, split.train, terms, { signal: options.signal, onProgress: steps.report });
    models.push({ name: contender.name, model, fitSeconds: (performance.now() - began) / 1000 });
    steps.next();
  }
  return evaluate(call, models, split, { ...options, onProgress: steps.report && (({ fraction }) => steps.report?.({ fraction })) });
}

/** Numbers of the split must mean what those of the model mean. */
function refuseOtherIds(call: string, what: string, own: Ids, given: Ids): void {
  const isSame = own === given || (own.size === given.size && sameIds(own, given));
  if (isSame) return;
  throw new ParameterError(`${call}: the split has other ${what} than the recommender; train it by Recommender.fit(split.train)`);
}

function sameIds(a: Ids, b: Ids): boolean {
  for (let number = 0; number < a.size; number++) if (String(a.id(number)) !== String(b.id(number))) return false;
  return true;
}

/** What the recommender knows of a user is no test of it. */
function refuseLeak(call: string, { history, users, items }: State, { user, item }: Entries): void {
  for (let k = 0; k < user.length; k++) {
    if (!history.has(user[k] as number, item[k] as number)) continue;
    const pair = `user ${got(users.id(user[k] as number))} with item ${got(items.id(item[k] as number))}`;
    throw new ParameterError(`${call}: the recommender was trained on ${pair}, which \`split.targets\` has; train it on split.train alone`);
  }
}

/** A split, as far as can be seen without reading it through. */
export function isSplit(call: string, split: unknown): Split {
  const { train, input, targets } = readOptions(
    call,
    split ?? null,
    ['name', 'train', 'input', 'targets', 'negatives', 'warnings'],
    'split',
  );
  const parts = { train, input, targets };
  for (const [name, part] of Object.entries(parts)) {
    if (!isEntries(part))
      throw new ParameterError(`${call}: \`split.${name}\` must be entries, got ${got(part)}; splitRatings makes splits`);
  }
  return split as Split;
}
