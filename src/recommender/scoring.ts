import { BoltzkitError } from '../errors.js';
import type { Patience } from '../machine/patience.js';
import { Barred } from './barred.js';
import type { UserEntries } from './entries.js';
import { Gathering } from './gathering.js';
import type { Subject } from './question.js';
import type { Source } from './results.js';
import type { State } from './state.js';

/** What recommendations are ranked by: the expected rating, or the probability of one of at least so much. */
export type By =
  | 'mean'
  | {
      /** A rating on the scale. */
      readonly atLeast: number;
    };

/** Numbers that scores of one call may take at once. */
const mostNumbers = 2 ** 24;
/** Callers that are answered together: more would keep the first ones waiting. */
const mostGathered = 64;

/**
 * Scores of all items for any number of users. Those of known users are kept, the latest asked for,
 * in as much memory as is allowed.
 */
export class Scorer {
  /** Of the state's items. */
  readonly barred: Barred;
  readonly #state: State;
  readonly #kept = new Map<string, Float32Array>();
  #popularity: Float32Array | undefined;
  readonly #gathering: Gathering;
  readonly #batch: number;
  /** Bytes for scores of known users; 0 keeps none. */
  limit: number;

  constructor(state: State, limit: number) {
    this.#state = state;
    this.barred = new Barred(state.items.size);
    this.limit = limit;
    this.#batch = Math.max(1, Math.floor(mostNumbers / Math.max(state.items.size, 1)));
    this.#gathering = new Gathering(state.model, Math.min(this.#batch, mostGathered));
  }

  /** Where the scores of somebody come from. */
  source({ entries, isNew }: Subject, by: By | undefined): Source {
    if (entries.items.length === 0 && by === undefined) return 'popularity';
    return isNew ? 'fold-in' : 'model';
  }

  /** The scores of a known user, where they are at hand. */
  kept(subject: Subject, by: By | undefined): Float32Array | undefined {
    if (this.source(subject, by) === 'popularity') return this.#popular();
    const key = keyOf(subject, by);
    const scores = key === undefined ? undefined : this.#kept.get(key);
    if (scores === undefined || key === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, scores);
    return scores;
  }

  /**
   * Scores for many, in batches of bounded memory.
   *
   * @param take - Is handed the scores of subject i, [items], valid until it returns unless copied.
   */
  async each(
    subjects: readonly Subject[],
    by: By | undefined,
    patience: Patience,
    take: (i: number, scores: Float32Array) => void,
  ): Promise<void> {
    const left: number[] = [];
    for (const [i, subject] of subjects.entries()) {
      const scores = this.kept(subject, by);
      if (scores === undefined) left.push(i);
      else take(i, scores);
    }
    const items = this.#state.items.size;
    for (let begin = 0; begin < left.length; begin += this.#batch) {
      const batch = left.slice(begin, begin + this.#batch);
      const given = batch.map((i) => (subjects[i] as Subject).entries);
      const scores = await this.#ask(given, by, patience);
      for (const [k, i] of batch.entries()) {
        const own = scores.subarray(k * items, (k + 1) * items);
        this.#keep(keyOf(subjects[i] as Subject, by), own);
        take(i, own);
      }
    }
  }

  async #ask(given: readonly UserEntries[], by: By | undefined, patience: Patience): Promise<Float32Array> {
    const { model } = this.#state;
    const atLeast = typeof by === 'object' ? by.atLeast : undefined;
    const { signal, onProgress } = patience;
    const [first] = given;
    // Whoever waits without a signal may wait together with others.
    const isPlain = given.length === 1 && first !== undefined && signal === undefined && onProgress === undefined;
    const scores = isPlain ? await this.#gathering.ask(first, atLeast) : await model.scores(given, { signal, onProgress, atLeast });
    for (let i = 0; i < scores.length; i++) {
      if (Number.isNaN(scores[i])) throw new BoltzkitError('ERR_INTERNAL', `a score of model '${model.family}' is not a number`);
    }
    return scores;
  }

  #keep(key: string | undefined, scores: Float32Array): void {
    const bytes = scores.byteLength;
    if (key === undefined || bytes > this.limit) return;
    this.#kept.set(key, scores.length === scores.buffer.byteLength / 4 ? scores : scores.slice());
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size * bytes <= this.limit) break;
      this.#kept.delete(oldest);
    }
  }

  /** The share of users that have each item, [items]. */
  #popular(): Float32Array {
    const { history, items, users } = this.#state;
    this.#popularity ??= Float32Array.from(history.counts(items.size), (count) => count / users.size);
    return this.#popularity;
  }
}

function keyOf({ entries, isNew }: Subject, by: By | undefined): string | undefined {
  if (isNew || entries.user === undefined) return undefined;
  return typeof by === 'object' ? `${entries.user}|${by.atLeast}` : String(entries.user);
}
