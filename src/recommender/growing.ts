/** A recommender and new rows: users and items that it knew keep their numbers, new ones come after. */
import { OptionCheck } from '../arguments.js';
import { ParameterError } from '../errors.js';
import type { Patience } from '../machine/patience.js';
import type { Entries } from './entries.js';
import { commonNames } from './fit-options.js';
import { taughtBy, train } from './fitting.js';
import { History, joined } from './history.js';
import { Ids } from './ids.js';
import { familyOf, readFamilyOptions } from './registry.js';
import { checkScale, scaleOf } from './scale.js';
import type { State } from './state.js';

/** The recommender of all rows, old and new. */
export async function grown(call: string, state: State, given: Entries, patience: Patience): Promise<State> {
  if (given.user.length === 0) throw new ParameterError(`${call}: there are no rows to learn from`);
  const fresh = renumbered(state, withValues(call, state, given));
  const { all, changed, added } = joined(state.history.entries(state.users, state.items), fresh);
  const model = await grownModel(call, state, { all, changed, added }, patience);
  return { ...state, model, users: all.users, items: all.items, history: History.of(all) };
}

/** Rows with ratings where those before had them, without where they had none. */
function withValues(call: string, { history, scale }: State, given: Entries): Entries {
  if (history.values === undefined) return { ...given, value: undefined };
  if (given.value === undefined) throw new ParameterError(`${call}: the rows must have ratings, as those before had`);
  checkScale(call, given, scale ?? scaleOf(history.values) ?? { values: [-Infinity, Infinity] });
  return given;
}

/** Entries by the numbers that users and items have in the recommender. */
function renumbered(state: State, given: Entries): Entries {
  const [users, items] = [Ids.of(state.users), Ids.of(state.items)];
  const [user, item] = [Uint32Array.from(given.users, (id) => users.add(id)), Uint32Array.from(given.items, (id) => items.add(id))];
  return {
    ...given,
    users,
    items,
    user: given.user.map((u) => user[u] as number),
    item: given.item.map((i) => item[i] as number),
  };
}

async function grownModel(
  call: string,
  state: State,
  { all, changed, added }: { all: Entries; changed: number; added: Entries },
  patience: Patience,
) {
  const { model, relevantFrom } = state;
  // What a model made of a rating that has changed cannot be taken back.
  if (changed === 0 && added.user.length === 0) return model;
  if (model.update !== undefined && changed === 0) {
    const [fresh, whole] = [added, all].map((entries) => taughtBy(entries, model.target, relevantFrom)) as [Entries, Entries];
    return model.update(fresh, patience, whole);
  }
  const family = familyOf(model.family, model.target);
  if (family === undefined || state.options === null) {
    throw new ParameterError(
      `${call}: model '${model.family}' has to be trained anew, and its options are not known any more; use Recommender.fit`,
    );
  }
  const options = readFamilyOptions(call, new OptionCheck(call), family, state.options, commonNames);
  const taught = taughtBy(all, family.target, relevantFrom);
  return train(call, family, options, taught, state.scale, { ...patience, seed: state.seed, threads: 0, verbose: false });
}
