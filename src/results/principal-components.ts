/**
 * The directions in which rows vary most: eigenvectors of their covariance, by subspace iteration with the
 * Rayleigh–Ritz method (Saad, "Numerical methods for large eigenvalue problems", 2011, algorithm 5.3).
 * A block Q of k + 6 orthonormal columns is multiplied by the covariance and made orthonormal again until
 * the wanted directions stand still. Up to 1024 columns the covariance is made once; beyond that it is applied
 * as Xᵀ (X Q), which never holds it.
 */
import { OptionCheck, readOptions } from '../arguments.js';
import { describeAnyRows } from '../data/any-rows.js';
import { matrix, type NdArray } from '../data/ndarray.js';
import type { RowsInput } from '../data/rows-input.js';
import { toFloat64 } from '../data/vector.js';
import { subject, type Where } from '../data/where.js';
import { ParameterError, ShapeError } from '../errors.js';

/** How many directions to find. */
export interface ComponentOptions {
  /** Directions, at most as many as there are columns. Default 2. */
  readonly components?: number | undefined;
}

/** Rows along the directions in which they vary most. */
export interface PrincipalComponents {
  /** Where each row lies along each direction, from the mean: [n, components]. */
  readonly scores: NdArray<Float64Array>;
  /** Orthonormal [components, columns]; the largest entry of each is positive. */
  readonly directions: NdArray<Float64Array>;
  /** Of each column, [columns]. */
  readonly mean: Float64Array;
  /** Variance along each direction, falling: [components]. */
  readonly variances: Float64Array;
  /** Share of the variance of all columns: [components]. */
  readonly shares: Float64Array;
}

const largestCovariance = 1024;
const spare = 6;
const mostRounds = 500;
/** How far C q may be from λ q, as a share of the largest λ. */
const tolerance = 1e-9;

/**
 * Principal components of rows: for a map of codes of more than two units (`pointMap` of `boltzkit/viz`).
 * Deterministic. Time: rows × columns² for the covariance, or rows × columns × components per round
 * beyond 1024 columns.
 *
 * @param rows - [n, columns], at least two, without missing values.
 * @param options - How many directions.
 * @throws `ShapeError` where there are fewer than two rows, `ParameterError` where a value is not finite or
 *   there are fewer columns than components.
 */
export function principalComponents(rows: RowsInput, options?: ComponentOptions): PrincipalComponents {
  const call = 'principalComponents';
  const where: Where = { call, argument: 'rows', units: 'columns' };
  const given = readOptions(call, options, ['components']);
  const host = describeAnyRows(rows, where);
  const [n, d] = [host.rows, host.cols];
  if (n < 2 || d === 0) throw new ShapeError(`${subject(where)} must have at least two rows and one column, got [${n}, ${d}]`);
  const k = new OptionCheck(call).integer('components', given.components, Math.min(2, d), 1, d);
  const data = toFloat64(host);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new ParameterError(`${subject(where, `[${Math.floor(bad / d)}, ${bad % d}]`)} must be a finite number, got ${data[bad]}`);
  const mean = centre(data, n, d);
  const total = data.reduce((sum, x) => sum + x * x, 0) / (n - 1);
  const block = Math.min(k + spare, d);
  const { directions, variances } = iterate(covarianceOf(data, n, d), d, k, block);
  const scores = multiply(data, n, d, directions, k);
  const signs = signsOf(directions, d, k);
  for (let i = 0; i < scores.length; i++) scores[i]! *= signs[i % k] as number;
  return {
    scores: matrix(scores, n, k),
    directions: matrix(
      Float64Array.from(
        { length: k * d },
        (_, i) => (directions[i % d]?.[Math.floor(i / d)] as number) * (signs[Math.floor(i / d)] as number),
      ),
      k,
      d,
    ),
    mean,
    variances,
    shares: variances.map((variance) => (total > 0 ? variance / total : 0)),
  };
}

/** Subtracts the mean of every column, in place. */
function centre(data: Float64Array, n: number, d: number): Float64Array {
  const mean = new Float64Array(d);
  for (let i = 0; i < data.length; i++) mean[i % d]! += (data[i] as number) / n;
  for (let i = 0; i < data.length; i++) data[i]! -= mean[i % d] as number;
  return mean;
}

/** Columns [block] of a tall matrix [d, block], one row to an entry. */
type Tall = readonly Float64Array[];

/** The covariance as a function: Q [d, block] to C Q. */
function covarianceOf(data: Float64Array, n: number, d: number): (q: Tall) => Float64Array[] {
  const scale = 1 / (n - 1);
  if (d > largestCovariance) return (q) => applied(data, n, d, q, scale);
  const c = Array.from({ length: d }, () => new Float64Array(d));
  // Four rows at a time: the covariance is larger than the caches, and goes through them once for all four.
  const none = new Float64Array(d);
  const rowAt = (r: number) => (r < n ? data.subarray(r * d, (r + 1) * d) : none);
  for (let r = 0; r < n; r += 4) {
    const [row0, row1, row2, row3] = [rowAt(r), rowAt(r + 1), rowAt(r + 2), rowAt(r + 3)];
    for (let i = 0; i < d; i++) {
      const into = c[i] as Float64Array;
      const [x0, x1] = [(row0[i] as number) * scale, (row1[i] as number) * scale];
      const [x2, x3] = [(row2[i] as number) * scale, (row3[i] as number) * scale];
      for (let j = i; j < d; j++) {
        into[j]! += x0 * (row0[j] as number) + x1 * (row1[j] as number) + x2 * (row2[j] as number) + x3 * (row3[j] as number);
      }
    }
  }
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) (c[i] as Float64Array)[j] = c[j]?.[i] as number;
  return (q) => c.map((row) => combined(row, q));
}

/** A row [d] times Q [d, block]. */
function combined(row: Float64Array, q: Tall): Float64Array {
  const sum = new Float64Array((q[0] as Float64Array).length);
  for (let i = 0; i < row.length; i++) {
    const [x, from] = [row[i] as number, q[i] as Float64Array];
    if (x !== 0) for (let b = 0; b < sum.length; b++) sum[b]! += x * (from[b] as number);
  }
  return sum;
}

function applied(data: Float64Array, n: number, d: number, q: Tall, scale: number): Float64Array[] {
  const block = (q[0] as Float64Array).length;
  const out = Array.from({ length: d }, () => new Float64Array(block));
  for (let r = 0; r < n; r++) {
    const row = data.subarray(r * d, (r + 1) * d);
    const y = combined(row, q);
    for (let i = 0; i < d; i++) {
      const [x, into] = [(row[i] as number) * scale, out[i] as Float64Array];
      if (x !== 0) for (let b = 0; b < block; b++) into[b]! += x * (y[b] as number);
    }
  }
  return out;
}

function iterate(apply: (q: Tall) => Float64Array[], d: number, k: number, block: number): { directions: Tall; variances: Float64Array } {
  // Any start will do that leaves out no direction: a fixed sequence spread over (−1, 1).
  let q: Float64Array[] = Array.from({ length: d }, (_, i) =>
    Float64Array.from({ length: block }, (_, b) => Math.sin(1 + 12.9898 * i + 78.233 * b * (i + 1))),
  );
  orthonormalise(q, block);
  let variances: Float64Array = new Float64Array(block);
  for (let round = 0; round < mostRounds; round++) {
    const z = apply(q);
    // The covariance within the block, and its own axes.
    const small = Array.from({ length: block }, (_, a) =>
      Float64Array.from({ length: block }, (_, b) => q.reduce((sum, row, i) => sum + (row[a] as number) * (z[i]?.[b] as number), 0)),
    );
    const { values, vectors } = jacobi(small);
    const turned = z.map((row) => combined(row, vectors));
    const still = q.map((row) => combined(row, vectors));
    const residual = largestResidual(turned, still, values, k);
    variances = values;
    if (residual <= tolerance * Math.max(values[0] as number, Number.MIN_VALUE)) {
      q = still;
      break;
    }
    q = turned;
    orthonormalise(q, block);
  }
  return { directions: q, variances: variances.slice(0, k).map((variance) => Math.max(variance, 0)) };
}

/** max |C q − λ q| over the wanted directions. */
function largestResidual(cq: Tall, q: Tall, values: Float64Array, k: number): number {
  let most = 0;
  for (const [i, row] of cq.entries())
    for (let b = 0; b < k; b++) most = Math.max(most, Math.abs((row[b] as number) - (values[b] as number) * (q[i]?.[b] as number)));
  return most;
}

/** Gram–Schmidt, twice, in place. Columns that depend on those before them become unit vectors that do not. */
function orthonormalise(q: Float64Array[], block: number): void {
  const dot = (a: number, b: number) => q.reduce((sum, row) => sum + (row[a] as number) * (row[b] as number), 0);
  for (let b = 0; b < block; b++) {
    for (let fresh = 0; ; fresh++) {
      const before = Math.sqrt(dot(b, b));
      for (let twice = 0; twice < 2; twice++) {
        for (let a = 0; a < b; a++) {
          const along = dot(a, b);
          for (const row of q) row[b]! -= along * (row[a] as number);
        }
      }
      const norm = Math.sqrt(dot(b, b));
      if (norm > 1e-12 * before && norm > 1e-300) {
        for (const row of q) row[b]! /= norm;
        break;
      }
      for (const [i, row] of q.entries()) row[b] = i === (b + fresh) % q.length ? 1 : 0;
    }
  }
}

/** Eigenvalues, falling, and eigenvectors in columns of a small symmetric matrix, by Jacobi's rotations. */
function jacobi(a: Float64Array[]): { values: Float64Array; vectors: Float64Array[] } {
  const n = a.length;
  const v = Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
  const at = (m: Float64Array[], i: number, j: number) => m[i]?.[j] as number;
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += at(a, p, q) ** 2;
    const size = a.reduce((sum, row, i) => sum + (row[i] as number) ** 2, 0);
    if (off <= 1e-30 * size) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) if (at(a, p, q) !== 0) rotate(a, v, p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => at(a, j, j) - at(a, i, i));
  return {
    values: Float64Array.from(order, (i) => at(a, i, i)),
    vectors: v.map((row) => Float64Array.from(order, (i) => row[i] as number)),
  };
}

/** The rotation of columns p and q that makes a[p][q] zero. */
function rotate(a: Float64Array[], v: Float64Array[], p: number, q: number): void {
  const at = (i: number, j: number) => a[i]?.[j] as number;
  const theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const [c, s] = [1 / Math.sqrt(t * t + 1), t / Math.sqrt(t * t + 1)];
  for (const row of [...a, ...v]) {
    const [x, y] = [row[p] as number, row[q] as number];
    row[p] = c * x - s * y;
    row[q] = s * x + c * y;
  }
  const [up, uq] = [a[p] as Float64Array, a[q] as Float64Array];
  for (let j = 0; j < a.length; j++) {
    const [x, y] = [up[j] as number, uq[j] as number];
    up[j] = c * x - s * y;
    uq[j] = s * x + c * y;
  }
}

/** Data [n, d] times the first k columns of Q [d, …]; [n, k]. */
function multiply(data: Float64Array, n: number, d: number, q: Tall, k: number): Float64Array {
  const out = new Float64Array(n * k);
  for (let r = 0; r < n; r++) out.set(combined(data.subarray(r * d, (r + 1) * d), q).subarray(0, k), r * k);
  return out;
}

/** Which directions to turn round, so that the largest entry of each is positive. */
function signsOf(q: Tall, d: number, k: number): number[] {
  return Array.from({ length: k }, (_, b) => {
    let largest = 0;
    for (let i = 0; i < d; i++) if (Math.abs(q[i]?.[b] as number) > Math.abs(largest)) largest = q[i]?.[b] as number;
    return largest < 0 ? -1 : 1;
  });
}
