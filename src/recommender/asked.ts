/** What models are asked in an evaluation, and what the answers are held against. */
import type { UserEntries } from './entries.js';
import type { Judged } from './evaluation.js';
import type { Target } from './family.js';
import { byUser, type Grouped, userEntries } from './grouped.js';
import type { Split } from './split.js';

/** A split made ready to be read user by user. */
export class Asked {
  /** Users with targets, rising. */
  readonly users: Uint32Array;
  /** 1 for items in train, [items]. */
  readonly trainItem: Uint8Array;
  /** How many users of train have each item, [items]. */
  readonly popularity: Uint32Array;
  /** Users with entries in train. */
  readonly trainUsers: number;
  readonly #input: Grouped;
  readonly #targets: Grouped;
  readonly #trained: boolean;

  constructor(
    readonly split: Split,
    /** Targets of at least this value are relevant; undefined: all. */
    readonly relevantFrom: number | undefined,
  ) {
    this.#input = byUser(split.input);
    this.#targets = byUser(split.targets);
    this.#trained = split.input === split.train;
    const { start, rows } = this.#targets;
    this.users = Uint32Array.from({ length: rows }, (_, user) => user).filter((user) => start[user] !== start[user + 1]);
    this.popularity = new Uint32Array(split.train.items.size);
    for (const item of split.train.item) this.popularity[item]!++;
    this.trainUsers = new Set(split.train.user).size;
    this.trainItem = Uint8Array.from(this.popularity, (n) => Number(n > 0));
  }

  /** Whether models know anything of a user. */
  isCold(user: number): boolean {
    return this.#input.start[user] === this.#input.start[user + 1];
  }

  /** What a kind of model is told of a user: models of interactions get what counts as one, as ones. */
  given(user: number, target: Target): UserEntries {
    const { input } = this.split;
    const all = userEntries(input, this.#input, user, this.#trained && !this.isCold(user) ? user : undefined);
    if (target === 'ratings' || input.value === undefined) return all;
    const from = this.relevantFrom ?? Number.NEGATIVE_INFINITY;
    const items = all.items.filter((_, i) => (all.values[i] as number) >= from);
    return { items, values: new Float32Array(items.length).fill(1), user: items.length === 0 ? undefined : all.user };
  }

  /** Leaves 1 in `candidate` [items] for items of train that the user does not have. */
  markCandidates(user: number, candidate: Uint8Array): void {
    candidate.set(this.trainItem);
    for (let at = this.#input.start[user] as number; at < (this.#input.start[user + 1] as number); at++) {
      candidate[this.#input.column[at] as number] = 0;
    }
  }

  /** The numbers of a user's targets among all. */
  targetsOf(user: number): Uint32Array {
    return this.#targets.entry.subarray(this.#targets.start[user] as number, this.#targets.start[user + 1] as number);
  }

  isRelevant(target: number): boolean {
    const { value } = this.split.targets;
    return this.relevantFrom === undefined || value === undefined || (value[target] as number) >= this.relevantFrom;
  }

  /** What a relevant target is worth. */
  gain(target: number): number {
    return this.split.targets.value?.[target] ?? 1;
  }

  judged(): Judged {
    const { split, relevantFrom, trainItem } = this;
    const { user, item } = split.targets;
    const coldTarget = (t: number) => this.isCold(user[t] as number) || trainItem[item[t] as number] === 0;
    const cold = user.reduce((count, _, t) => count + Number(coldTarget(t)), 0);
    return {
      split: split.name,
      trainEntries: split.train.user.length,
      trainItems: trainItem.reduce((a, b) => a + b, 0),
      users: this.users.length,
      targets: user.length,
      coldUsers: this.users.filter((each) => this.isCold(each)).length,
      coldItems: new Set(item.filter((each) => trainItem[each] === 0)).size,
      coldTargets: cold,
      usersWithoutRelevant: this.users.filter((each) => !this.targetsOf(each).some((t) => this.isRelevant(t))).length,
      relevant: relevantFrom === undefined || split.targets.value === undefined ? 'every target' : `targets of at least ${relevantFrom}`,
      candidates:
        split.negatives === undefined
          ? 'all items of train that the user does not have'
          : `each target with ${split.negatives.count} sampled items`,
    };
  }
}
