/** Small data by seed, and the closed form in plain loops: what the family 'ease' is held against. */
import { OptionCheck } from '../../src/arguments.js';
import { Draws } from '../../src/recommender/draws.js';
import type { EaseModel } from '../../src/recommender/ease-model.js';
import type { Entries, UserEntries } from '../../src/recommender/entries.js';
import { ease } from '../../src/recommender/families/ease.js';
import type { FitContext } from '../../src/recommender/family.js';
import { Ids } from '../../src/recommender/ids.js';

export interface Made {
  readonly entries: Entries;
  /** [users][items], zeros where there is no entry. */
  readonly dense: number[][];
}

/** Users of a few tastes: items of the same taste go together. Every item is somebody's. */
export function tastes(users: number, items: number, seed: number, ratings = false): Made {
  const draws = new Draws(BigInt(seed), 900);
  const dense = Array.from({ length: users }, (_, u) =>
    Array.from({ length: items }, (_, i) => {
      const chance = i % 3 === u % 3 ? 0.5 : 0.08;
      const has = draws.uniform() < chance || i % users === u;
      return has ? (ratings ? 1 + draws.below(5) : 1) : 0;
    }),
  );
  return { entries: entriesOf(dense, ratings), dense };
}

export function entriesOf(dense: readonly (readonly number[])[], ratings = false): Entries {
  const all = dense.flatMap((row, u) => row.flatMap((value, i) => (value === 0 ? [] : [{ u, i, value }])));
  const numbers = (n: number) => Ids.of(Array.from({ length: n }, (_, i) => i));
  return {
    users: numbers(dense.length),
    items: numbers(dense[0]?.length ?? 0),
    user: Uint32Array.from(all, ({ u }) => u),
    item: Uint32Array.from(all, ({ i }) => i),
    value: ratings ? Float32Array.from(all, ({ value }) => value) : undefined,
    time: undefined,
  };
}

export const context = (overrides: Partial<FitContext> = {}): FitContext => ({ seed: 1n, threads: 2, scale: undefined, ...overrides });

export async function fitted(entries: Entries, options: Record<string, unknown>, overrides: Partial<FitContext> = {}): Promise<EaseModel> {
  return (await ease.fit(entries, ease.read(new OptionCheck('fit'), options), context(overrides))) as EaseModel;
}

export const given = (items: readonly number[], values?: readonly number[]): UserEntries => ({
  items: Uint32Array.from(items),
  values: Float32Array.from(values ?? items.map(() => 1)),
});

/** The Gram matrix of weighted users. */
export function gram(dense: readonly (readonly number[])[], weights?: readonly number[]): number[][] {
  const n = dense[0]?.length ?? 0;
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) =>
      dense.reduce((sum, row, u) => sum + (weights?.[u] ?? 1) * (row[i] as number) * (row[j] as number), 0),
    ),
  );
}

/** The inverse of a matrix by Gauss and Jordan, with pivots. */
export function inverse(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length;
  const a = matrix.map((row, i) => [...row, ...Array.from({ length: n }, (_, j) => (i === j ? 1 : 0))]);
  for (let p = 0; p < n; p++) {
    let best = p;
    for (let r = p; r < n; r++) if (Math.abs((a[r] as number[])[p] as number) > Math.abs((a[best] as number[])[p] as number)) best = r;
    [a[p], a[best]] = [a[best] as number[], a[p] as number[]];
    const pivotRow = a[p] as number[];
    const pivot = pivotRow[p] as number;
    for (let c = 0; c < 2 * n; c++) pivotRow[c]! /= pivot;
    for (let r = 0; r < n; r++) {
      if (r === p) continue;
      const row = a[r] as number[];
      const factor = row[p] as number;
      for (let c = 0; c < 2 * n; c++) row[c]! -= factor * (pivotRow[c] as number);
    }
  }
  return a.map((row) => row.slice(n));
}

export const withRidge = (matrix: readonly (readonly number[])[], ridge: (i: number) => number): number[][] =>
  matrix.map((row, i) => row.map((value, j) => (i === j ? value + ridge(i) : value)));
