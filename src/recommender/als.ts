/**
 * Matrix factorisation by alternating least squares, for ratings:
 *
 *   r_ui ≈ μ + b_u + c_i + p_uᵀ q_i
 *
 * For fixed items each user's (b_u, p_u) is a ridge regression on the rows (1, q_i), and for fixed
 * users each item's (c_i, q_i) one on (1, p_u). Zhou, Wilkinson, Schreiber and Pan, "Large-scale
 * parallel collaborative filtering for the Netflix prize" (2008), equations 3 to 7. Deviations:
 * biases are part of the regression, and what is added to the diagonal for n ratings is
 * λ (n + extra), where the paper has λ n, so that few ratings move little.
 */
import { pause } from '../data/pause.js';
import { streams } from '../data/random.js';
import { Draws } from './draws.js';
import type { Entries } from './entries.js';
import { byItem, byUser, type Grouped } from './grouped.js';
import { solveInPlace } from './solve.js';

/** What ALS is told. */
export interface AlsSettings {
  /** d, the length of p_u and q_i. */
  readonly factors: number;
  /** λ; what one rating adds to the diagonal. */
  readonly lambda: number;
  /** Ratings that each user and item is regularised for besides its own. */
  readonly extra: number;
  readonly sweeps: number;
}

/** The item side: all that users are asked with. */
export interface AlsItems {
  /** μ. */
  readonly mean: number;
  /** (c_i, q_i) [items, 1 + d], row-major. */
  readonly items: Float32Array;
}

/** Users or items of one half sweep between two pauses of about 20 ms. */
const workAtOnce = 2e7;

/** Trains; same entries, settings and seed, same bits. */
export async function fitAls(entries: Entries, settings: AlsSettings, seed: bigint, turn: (share: number) => void): Promise<AlsItems> {
  const value = entries.value as Float32Array;
  const mean = value.reduce((a, b) => a + b, 0) / value.length;
  const width = 1 + settings.factors;
  const [users, items] = [byUser(entries), byItem(entries)];
  const [userSide, itemSide] = [new Float32Array(users.rows * width), start(items.rows, width, seed)];
  const residual = Float32Array.from(value, (r) => r - mean);
  for (let sweep = 0; sweep < settings.sweeps; sweep++) {
    await half(users, residual, itemSide, userSide, settings, (share) => turn((sweep + share / 2) / settings.sweeps));
    await half(items, residual, userSide, itemSide, settings, (share) => turn((sweep + 0.5 + share / 2) / settings.sweeps));
  }
  return { mean, items: itemSide };
}

/** Small normal factors; biases are 0. */
function start(rows: number, width: number, seed: bigint): Float32Array {
  const side = new Float32Array(rows * width);
  const draws = new Draws(seed, streams.factorStart);
  for (let r = 0; r < rows; r++) for (let k = 1; k < width; k++) side[r * width + k] = 0.1 * draws.normal();
  return side;
}

async function half(
  groups: Grouped,
  residual: Float32Array,
  fixed: Float32Array,
  free: Float32Array,
  settings: AlsSettings,
  turn: (share: number) => void,
): Promise<void> {
  const width = 1 + settings.factors;
  const solver = new RidgeSolver(settings);
  let work = 0;
  for (let row = 0; row < groups.rows; row++) {
    const [from, to] = [groups.start[row] as number, groups.start[row + 1] as number];
    solver.begin();
    for (let at = from; at < to; at++) {
      solver.add(fixed, (groups.column[at] as number) * width, residual[groups.entry[at] as number] as number);
    }
    free.set(solver.solve(to - from), row * width);
    work += (to - from + width) * width * width;
    if (work < workAtOnce) continue;
    work = 0;
    await pause();
    turn(row / groups.rows);
  }
  turn(1);
}

/** One ridge regression at a time: rows z = (1, fixed factors), targets less the fixed bias. */
export class RidgeSolver {
  readonly #width: number;
  readonly #a: Float64Array;
  readonly #b: Float64Array;
  readonly #z: Float64Array;

  constructor(private readonly settings: { readonly factors: number; readonly lambda: number; readonly extra: number }) {
    this.#width = 1 + settings.factors;
    this.#a = new Float64Array(this.#width ** 2);
    this.#b = new Float64Array(this.#width);
    this.#z = new Float64Array(this.#width);
  }

  begin(): void {
    this.#a.fill(0);
    this.#b.fill(0);
  }

  /** Adds a rating less μ, whose other side stands at `place` of `fixed`. */
  add(fixed: Float32Array, place: number, residual: number): void {
    const [width, a, b, z] = [this.#width, this.#a, this.#b, this.#z];
    z[0] = 1;
    for (let k = 1; k < width; k++) z[k] = fixed[place + k] as number;
    const target = residual - (fixed[place] as number);
    for (let i = 0; i < width; i++) {
      const zi = z[i] as number;
      b[i]! += target * zi;
      for (let j = 0, row = i * width; j <= i; j++) a[row + j]! += zi * (z[j] as number);
    }
  }

  /** (bias, factors) for `n` ratings, [1 + d]; all 0 without any. A view that the next call overwrites. */
  solve(n: number): Float64Array {
    const width = this.#width;
    const ridge = this.settings.lambda * (n + this.settings.extra);
    for (let i = 0; i < width; i++) this.#a[i * width + i]! += ridge;
    solveInPlace(this.#a, this.#b, width);
    return this.#b;
  }
}
