import type { UserEntries } from './entries.js';
import type { RecommenderModel } from './family.js';

interface Waiting {
  readonly entries: UserEntries;
  readonly atLeast: number | undefined;
  readonly resolve: (scores: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Questions of one user each, asked by many at a time: those that come while the model is at work
 * wait, and are asked together. What starts the work is paid once for all of them; answers do not
 * depend on who else is asked about.
 */
export class Gathering {
  #waiting: Waiting[] = [];
  #busy = false;

  /** @param most - Users that are asked about at once. */
  constructor(
    private readonly model: RecommenderModel,
    private readonly most: number,
  ) {}

  /** Scores of all items, [items]: a view of memory that is shared with others asked at the same time. */
  ask(entries: UserEntries, atLeast: number | undefined): Promise<Float32Array> {
    const answer = new Promise<Float32Array>((resolve, reject) => this.#waiting.push({ entries, atLeast, resolve, reject }));
    if (!this.#busy) {
      this.#busy = true;
      // Those that come in the same turn of the event loop come along.
      queueMicrotask(() => void this.#work());
    }
    return answer;
  }

  async #work(): Promise<void> {
    for (let batch = this.#next(); batch.length > 0; batch = this.#next()) {
      // What the model refuses of one must not fail the others.
      if (!(await this.#answer(batch)) && batch.length > 1) for (const one of batch) await this.#answer([one]);
    }
    this.#busy = false;
  }

  /** Asks the model; rejects whoever is alone with what it throws. Whether it answered. */
  async #answer(batch: readonly Waiting[]): Promise<boolean> {
    const { items } = this.model;
    try {
      const given = batch.map(({ entries }) => entries);
      const scores = await this.model.scores(given, { atLeast: batch[0]?.atLeast });
      for (const [k, { resolve }] of batch.entries()) resolve(scores.subarray(k * items, (k + 1) * items));
      return true;
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error);
      return false;
    }
  }

  /** The longest waiting, with others that ask the same of the model. */
  #next(): Waiting[] {
    const [first] = this.#waiting;
    if (first === undefined) return [];
    const isAlike = ({ atLeast }: Waiting): boolean => atLeast === first.atLeast;
    const batch = this.#waiting.filter(isAlike).slice(0, this.most);
    const taken = new Set(batch);
    this.#waiting = this.#waiting.filter((one) => !taken.has(one));
    return batch;
  }
}
