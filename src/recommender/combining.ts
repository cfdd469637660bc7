/** Two recommenders as one. */
import { OptionCheck, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { type Patience, readPatience } from '../machine/patience.js';
import { chooseWeight } from './combine.js';
import { CombinedModel } from './combined-model.js';
import type { Entries } from './entries.js';
import { type RowsGiven, readRows } from './rows-given.js';
import { likedFrom } from './scale.js';
import { makeSplit } from './split.js';
import type { State } from './state.js';

/** How two recommenders are combined. */
export interface CombineOptions extends Patience {
  /** The measure of lists that the weight is best at. Default 'ndcg@10(binary)'. */
  readonly by?: string | undefined;
}

/** Chooses the weight on validation rows. */
export async function combinedState(
  call: string,
  ratings: State,
  interactions: State,
  validation: RowsGiven,
  options: unknown,
): Promise<State> {
  const { by = 'ndcg@10(binary)', ...given } = readOptions(call, options, ['by', 'signal', 'onProgress']);
  const check = new OptionCheck(call);
  if (typeof by !== 'string') throw check.error('by', 'the name of a measure', by);
  const patience = readPatience(check, given);
  refuseOthers(call, ratings, interactions);
  const { entries } = await readRows(call, validation, {});
  const train = ratings.history.entries(ratings.users, ratings.items);
  const targets = renumbered(call, ratings, entries);
  const split = makeSplit(call, { name: 'validation', train, targets });
  const from = interactions.relevantFrom ?? likedFrom(train, ratings.scale) ?? 0;
  const parts = new CombinedModel(ratings.model, interactions.model, 0, from);
  const { weight } = await chooseWeight(call, parts, split, by, patience);
  return { ...ratings, model: new CombinedModel(ratings.model, interactions.model, weight, from), options: null };
}

function refuseOthers(call: string, ratings: State, interactions: State): void {
  for (const [target, { model }] of Object.entries({ ratings, interactions })) {
    if (model.target !== target)
      throw new ParameterError(`${call}: \`${target}\` must be a recommender of ${target}, got one of ${model.target}`);
  }
  for (const name of ['users', 'items'] as const) {
    const [a, b] = [ratings[name], interactions[name]];
    let isSame = a.size === b.size;
    for (let number = 0; isSame && number < a.size; number++) isSame = String(a.id(number)) === String(b.id(number));
    if (!isSame) throw new ParameterError(`${call}: both recommenders must have the same ${name}; train them on the same rows`);
  }
}

/** Validation rows by the numbers of the recommenders; rows of unknown users or items say nothing of the weight. */
function renumbered(call: string, { users, items }: State, given: Entries): Entries {
  if (given.value === undefined) throw new ParameterError(`${call}: the validation rows must have ratings`);
  const [user, item, value]: [number[], number[], number[]] = [[], [], []];
  for (let k = 0; k < given.user.length; k++) {
    const u = users.number(given.users.id(given.user[k] as number));
    const i = items.number(given.items.id(given.item[k] as number));
    if (u === undefined || i === undefined) continue;
    user.push(u);
    item.push(i);
    value.push(given.value[k] as number);
  }
  return { users, items, user: Uint32Array.from(user), item: Uint32Array.from(item), value: Float32Array.from(value), time: undefined };
}
