/**
 * Matrix factorisation of interactions by alternating least squares. The loss is
 *
 *   Σ_(u,i) seen (1 − w_uᵀ h_i)² + α Σ_(u,i) all (w_uᵀ h_i)² + λ Σ_u (n_u + α |items|) |w_u|² + the same of items
 *
 * Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets" (2008), with the
 * weights of Rendle, Krichene, Zhang and Koren, "Revisiting the performance of iALS on item
 * recommendation benchmarks" (2022), equations 1 to 5, with ν = 1.
 */
import { pause } from '../data/pause.js';
import { streams } from '../data/random.js';
import { Draws } from './draws.js';
import type { Entries } from './entries.js';
import { byItem, byUser, type Grouped } from './grouped.js';
import { solveInPlace } from './solve.js';

/** What implicit ALS is told. */
export interface ImplicitSettings {
  /** d. */
  readonly factors: number;
  /** α, the weight of pairs that were not seen. */
  readonly unseenWeight: number;
  /** λ. */
  readonly lambda: number;
  readonly sweeps: number;
}

const workAtOnce = 2e7;

/** Trains; same entries, settings and seed, same bits. Returns h [items, d], row-major. */
export async function fitImplicit(
  entries: Entries,
  settings: ImplicitSettings,
  seed: bigint,
  turn: (share: number) => void,
): Promise<Float32Array> {
  const [users, items] = [byUser(entries), byItem(entries)];
  const { factors, sweeps } = settings;
  const [userSide, itemSide] = [new Float32Array(users.rows * factors), start(items.rows, factors, seed)];
  for (let sweep = 0; sweep < sweeps; sweep++) {
    await half(users, itemSide, userSide, settings, (share) => turn((sweep + share / 2) / sweeps));
    await half(items, userSide, itemSide, settings, (share) => turn((sweep + 0.5 + share / 2) / sweeps));
  }
  return itemSide;
}

/** Normal factors whose products have a standard deviation of about 0.1. */
function start(rows: number, factors: number, seed: bigint): Float32Array {
  const draws = new Draws(seed, streams.factorStart);
  return new Float32Array(rows * factors).map(() => (0.1 / Math.sqrt(factors)) * draws.normal());
}

async function half(
  groups: Grouped,
  fixed: Float32Array,
  free: Float32Array,
  settings: ImplicitSettings,
  turn: (share: number) => void,
): Promise<void> {
  const { factors } = settings;
  const solver = new ImplicitSolver(fixed, settings);
  let work = 0;
  for (let row = 0; row < groups.rows; row++) {
    const [from, to] = [groups.start[row] as number, groups.start[row + 1] as number];
    // Who has nothing keeps 0: that is what the solution would be.
    if (from < to) free.set(solver.solve(groups.column.subarray(from, to)), row * factors);
    else free.fill(0, row * factors, (row + 1) * factors);
    work += (to - from + factors) * factors * factors;
    if (work < workAtOnce) continue;
    work = 0;
    await pause();
    turn(row / groups.rows);
  }
  turn(1);
}

/** Factors of one user from the items that were seen, by the same equations as in training. */
export class ImplicitSolver {
  readonly #gram: Float64Array;
  readonly #a: Float64Array;
  readonly #b: Float64Array;
  readonly #rows: number;

  /** @param fixed - h [rows, d], row-major. */
  constructor(
    private readonly fixed: Float32Array,
    private readonly settings: Pick<ImplicitSettings, 'factors' | 'unseenWeight' | 'lambda'>,
  ) {
    const { factors: d } = settings;
    this.#rows = fixed.length / d;
    this.#gram = gram(fixed, d).map((x) => settings.unseenWeight * x);
    this.#a = new Float64Array(d * d);
    this.#b = new Float64Array(d);
  }

  /** w for a list of rows of `fixed`, [d]. A view that the next call overwrites. */
  solve(seen: Uint32Array): Float64Array {
    const { factors: d } = this.settings;
    this.#b.fill(0);
    this.#matrix(seen);
    for (const row of seen) for (let k = 0; k < d; k++) this.#b[k]! += this.fixed[row * d + k] as number;
    solveInPlace(this.#a, this.#b, d);
    return this.#b;
  }

  /** x with A x = the row of `item`: what a row adds to that item's score is its product with x. */
  toward(seen: Uint32Array, item: number): Float64Array {
    const { factors: d } = this.settings;
    this.#matrix(seen);
    this.#b.set(this.fixed.subarray(item * d, (item + 1) * d));
    solveInPlace(this.#a, this.#b, d);
    return this.#b;
  }

  #matrix(seen: Uint32Array): void {
    const { factors: d, lambda, unseenWeight } = this.settings;
    this.#a.set(this.#gram);
    for (const row of seen) addOuter(this.#a, this.fixed, row * d, d);
    const ridge = lambda * (seen.length + unseenWeight * this.#rows);
    for (let k = 0; k < d; k++) this.#a[k * d + k]! += ridge;
  }
}

/** The lower triangle of Σ row rowᵀ, [d, d]. */
function gram(rows: Float32Array, d: number): Float64Array {
  const sum = new Float64Array(d * d);
  for (let at = 0; at < rows.length; at += d) addOuter(sum, rows, at, d);
  return sum;
}

function addOuter(a: Float64Array, rows: Float32Array, at: number, d: number): void {
  for (let i = 0; i < d; i++) {
    const x = rows[at + i] as number;
    for (let j = 0, row = i * d; j <= i; j++) a[row + j]! += x * (rows[at + j] as number);
  }
}
