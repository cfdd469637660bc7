import { describe, expect, test } from 'vitest';
import { ParameterError, ShapeError } from '../../src/errors.js';
import { principalComponents, rowsOf } from '../../src/index.js';
import { generator, normal } from '../networks/support.js';

/** Rows with known variances along orthogonal directions (a product of rotations), around a mean. */
function rowsWith(deviations: readonly number[], n: number, seed: number): number[][] {
  const random = generator(seed);
  const d = deviations.length;
  const turns = Array.from({ length: 3 * d }, () => [Math.floor(random() * d), Math.floor(random() * d), random() * 6] as const);
  return Array.from({ length: n }, () => {
    const row = deviations.map((deviation) => deviation * normal(random));
    for (const [i, j, angle] of turns) {
      if (i === j) continue;
      const [x, y] = [row[i]!, row[j]!];
      row[i] = Math.cos(angle) * x - Math.sin(angle) * y;
      row[j] = Math.sin(angle) * x + Math.cos(angle) * y;
    }
    return row.map((x, i) => x + i);
  });
}

function covariance(rows: readonly (readonly number[])[]): { mean: number[]; c: number[][] } {
  const [n, d] = [rows.length, rows[0]!.length];
  const mean = Array.from({ length: d }, (_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / n);
  const c = Array.from({ length: d }, (_, i) =>
    Array.from({ length: d }, (_, j) => rows.reduce((sum, row) => sum + (row[i]! - mean[i]!) * (row[j]! - mean[j]!), 0) / (n - 1)),
  );
  return { mean, c };
}

describe('principal components', () => {
  test.each<[string, number[], number, number]>([
    ['two of five', [5, 3, 1, 0.5, 0.1], 200, 2],
    ['all of four', [4, 3, 2, 1], 50, 4],
    ['of equal variance', [2, 2, 2, 1], 100, 3],
    ['of fewer rows than columns', [5, 4, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1], 6, 3],
    ['of one column', [2], 10, 1],
    ['with columns that depend on each other', [3, 2, 0, 0, 0], 40, 4],
  ])('%s: orthonormal eigenvectors of the covariance, by falling variance', (_, deviations, n, k) => {
    const rows = rowsWith(deviations, n, deviations.length);
    const { mean, c } = covariance(rows);
    const result = principalComponents(rows, { components: k });
    const directions = [...rowsOf(result.directions)].map((row) => [...row]);
    const trace = c.reduce((sum, row, i) => sum + row[i]!, 0);
    for (const [i, m] of mean.entries()) expect(result.mean[i]).toBeCloseTo(m, 10);
    for (const [a, u] of directions.entries()) {
      for (const [b, v] of directions.entries()) expect(u.reduce((sum, x, i) => sum + x * v[i]!, 0)).toBeCloseTo(a === b ? 1 : 0, 9);
      const variance = result.variances[a]!;
      for (const [i, row] of c.entries()) expect(row.reduce((sum, x, j) => sum + x * u[j]!, 0) - variance * u[i]!).toBeCloseTo(0, 6);
      expect(result.shares[a]).toBeCloseTo(variance / trace, 9);
      if (a > 0) expect(variance).toBeLessThanOrEqual(result.variances[a - 1]! * (1 + 1e-9));
      expect(Math.max(...u)).toBeCloseTo(Math.max(...u.map(Math.abs)), 9);
    }
    // Nothing that is left out has more variance: what is found explains at least its share.
    const left = trace - result.variances.reduce((sum, v) => sum + v, 0);
    expect(left).toBeLessThanOrEqual(result.variances[k - 1]! * (deviations.length - k) + 1e-6);
    for (const [r, scores] of [...rowsOf(result.scores)].entries()) {
      for (const [a, u] of directions.entries())
        expect(scores[a]).toBeCloseTo(
          rows[r]!.reduce((sum, x, i) => sum + (x - mean[i]!) * u[i]!, 0),
          6,
        );
    }
  });

  test('beyond the size where the covariance is made, the same', () => {
    const random = generator(9);
    const [n, d] = [30, 1100];
    const [u, v] = [Array.from({ length: d }, () => normal(random)), Array.from({ length: d }, () => normal(random))];
    const rows = Array.from({ length: n }, () => {
      const [a, b] = [5 * normal(random), 2 * normal(random)];
      return u.map((x, i) => a * x + b * v[i]! + 0.01 * normal(random));
    });
    const { scores, variances, directions } = principalComponents(rows);
    const [first, second] = [...rowsOf(directions)];
    expect(first!.reduce((sum, x, i) => sum + x * second![i]!, 0)).toBeCloseTo(0, 8);
    for (const k of [0, 1]) {
      const column = [...rowsOf(scores)].map((row) => row[k]!);
      expect(column.reduce((sum, x) => sum + x, 0)).toBeCloseTo(0, 6);
      expect(column.reduce((sum, x) => sum + x * x, 0) / (n - 1) / variances[k]!).toBeCloseTo(1, 6);
    }
  });

  test('rows that are all the same have no variance', () => {
    const { scores, variances, shares } = principalComponents([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect([...variances]).toEqual([0, 0]);
    expect([...shares]).toEqual([0, 0]);
    expect([...scores.data].every((x) => x === 0)).toBe(true);
  });

  test.each<[unknown, unknown, new (...parameters: never[]) => Error, string]>([
    [[[1, 2]], {}, ShapeError, 'principalComponents: `rows` must have at least two rows'],
    [
      [
        [1, 2],
        [1, Number.NaN],
      ],
      {},
      ParameterError,
      '`rows[1, 1]` must be a finite number, got NaN',
    ],
    [
      [
        [1, 2],
        [3, 4],
      ],
      { components: 3 },
      ParameterError,
      '`components` must be a whole number from 1 to 2, got 3',
    ],
    [
      [
        [1, 2],
        [3, 4],
      ],
      { k: 3 },
      ParameterError,
      'there is no option `k`',
    ],
  ])('%j %j', (rows, options, Class, message) => {
    expect(() => principalComponents(rows as never, options as never)).toThrow(Class);
    expect(() => principalComponents(rows as never, options as never)).toThrow(message);
  });
});
