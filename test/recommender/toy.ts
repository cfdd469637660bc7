/** Two small families that obey the contract, for tests of what stands above families. */

import { FormatError } from '../../src/errors.js';
import type { Entries, UserEntries } from '../../src/recommender/entries.js';
import { families } from '../../src/recommender/families/index.js';
import type { Family, FitContext, Prediction, RecommenderModel, SavedModel } from '../../src/recommender/family.js';

declare module '../../src/recommender/fit-types.js' {
  interface FamilyOptions {
    toy: { readonly damping?: number | undefined };
  }
}

/** E[r]: an item's mean rating plus how much higher than that the user rates, shrunk by `damping`. */
class ToyRatings implements RecommenderModel {
  readonly family = 'toy';
  readonly target = 'ratings';

  constructor(
    readonly means: Float32Array,
    readonly damping: number,
    readonly scale: readonly number[],
  ) {}

  get items(): number {
    return this.means.length;
  }

  async scores(given: readonly UserEntries[], { atLeast }: { atLeast?: number | undefined } = {}): Promise<Float32Array> {
    const scores = new Float32Array(given.length * this.items);
    for (const [u, one] of given.entries()) {
      for (let i = 0; i < this.items; i++) {
        const { mean, probabilities } = this.#one(one, i);
        const high = probabilities.reduce((sum, p, k) => sum + (atLeast !== undefined && (this.scale[k] as number) >= atLeast ? p : 0), 0);
        scores[u * this.items + i] = atLeast === undefined ? mean : high;
      }
    }
    return scores;
  }

  predict(given: UserEntries, items: Uint32Array): Prediction[] {
    return Array.from(items, (item) => this.#one(given, item));
  }

  similar(item: number): Float32Array {
    return this.means.map((mean) => 0 - Math.abs(mean - (this.means[item] as number)));
  }

  save(): SavedModel {
    return {
      tensors: new Map([['means', { dtype: 'F32', shape: [this.items], data: this.means } as const]]),
      settings: { damping: this.damping, scale: this.scale },
    };
  }

  #one({ items, values }: UserEntries, item: number): Prediction {
    const above = items.reduce((sum, i, k) => sum + (values[k] as number) - (this.means[i] as number), 0);
    const mean = (this.means[item] as number) + above / (items.length + this.damping);
    const weights = this.scale.map((r) => Math.exp(-((r - mean) ** 2) / 2));
    const total = weights.reduce((a, b) => a + b);
    return { mean, variance: 1, probabilities: Float64Array.from(weights, (w) => w / total) };
  }
}

const toyRatings: Family<{ damping: number }> = {
  name: 'toy',
  target: 'ratings',
  options: ['damping'],
  read: (check, given) => ({ damping: check.number('damping', given.damping, 2) }),
  fit: async (entries: Entries, { damping }, { scale, signal, onProgress }: FitContext) => {
    signal?.throwIfAborted();
    const [sums, counts] = [new Float64Array(entries.items.size), new Float64Array(entries.items.size)];
    for (const [k, item] of entries.item.entries()) {
      sums[item]! += entries.value?.[k] as number;
      counts[item]!++;
    }
    onProgress?.({ fraction: 1, secondsLeft: 0 });
    return new ToyRatings(
      Float32Array.from(sums, (sum, i) => (sum + 3) / ((counts[i] as number) + 1)),
      damping,
      scale?.values ?? [],
    );
  },
  load: ({ tensors, settings }, what) => {
    const means = tensors.get('means');
    const { damping, scale } = settings;
    if (!(means?.data instanceof Float32Array) || typeof damping !== 'number' || !Array.isArray(scale)) {
      throw new FormatError(`${what} has no toy`);
    }
    return new ToyRatings(means.data, damping, scale as number[]);
  },
};

/** Scores are sums of cosines between items. */
class ToyInteractions implements RecommenderModel {
  readonly family = 'toy';
  readonly target = 'interactions';

  constructor(
    readonly together: Float32Array,
    readonly items: number,
  ) {}

  async scores(given: readonly UserEntries[]): Promise<Float32Array> {
    const scores = new Float32Array(given.length * this.items);
    for (const [u, { items }] of given.entries()) {
      for (const item of items) for (let i = 0; i < this.items; i++) scores[u * this.items + i]! += this.#cosine(item, i);
    }
    return scores;
  }

  similar(item: number): Float32Array {
    return Float32Array.from({ length: this.items }, (_, i) => this.#cosine(item, i));
  }

  contributions({ items }: UserEntries, item: number): Float64Array {
    return Float64Array.from(items, (i) => this.#cosine(i, item));
  }

  async update(_added: Entries, _patience: unknown, all: Entries): Promise<RecommenderModel> {
    return new ToyInteractions(count(all), all.items.size);
  }

  save(): SavedModel {
    return {
      tensors: new Map([['together', { dtype: 'F32', shape: [this.items, this.items], data: this.together } as const]]),
      settings: {},
    };
  }

  #cosine(i: number, j: number): number {
    if (i === j) return 0;
    const at = (a: number, b: number) => this.together[a * this.items + b] as number;
    return at(i, j) / Math.sqrt((1 + at(i, i)) * (1 + at(j, j)));
  }
}

function count({ user, item, users, items }: Entries): Float32Array {
  const together = new Float32Array(items.size ** 2);
  const byUser: number[][] = Array.from({ length: users.size }, () => []);
  for (const [k, u] of user.entries()) byUser[u]?.push(item[k] as number);
  for (const own of byUser) for (const a of own) for (const b of own) together[a * items.size + b]!++;
  return together;
}

const toyInteractions: Family = {
  name: 'toy',
  target: 'interactions',
  options: [],
  read: () => ({}),
  fit: async (entries) => new ToyInteractions(count(entries), entries.items.size),
  load: ({ tensors }, what) => {
    const together = tensors.get('together');
    if (!(together?.data instanceof Float32Array)) throw new FormatError(`${what} has no toy`);
    return new ToyInteractions(together.data, together.shape[0] as number);
  },
};

/** Adds both to the families of this process. */
export function useToys(): void {
  (families as Family<never>[]).push(toyRatings as Family<never>, toyInteractions as Family<never>);
}
