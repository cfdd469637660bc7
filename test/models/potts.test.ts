/** Potts models against sums over their states, scores of couplings by their definition, sequences in and out, files, and what is refused. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gridEdges, ParameterError, PottsModel, rowsOf, ShapeError, toNested } from '../../src/index.js';
import { TestRandom } from '../oracle/random.js';
import { chiSquare, chiSquareLimit } from '../oracle/significance.js';
import { devices } from './support.js';

const [sites, q] = [4, 3];
const edges: [number, number][] = [[0, 1], [1, 2], [2, 3], [0, 3], [0, 2]]; // biome-ignore format: one line
const random = new TestRandom(51);
const J = edges.map(() => random.normals(q * q, 0.8).map(Math.fround));
const h = Array.from({ length: sites }, () => random.normals(q, 0.4).map(Math.fround));
const states = Array.from({ length: q ** sites }, (_, k) => Array.from({ length: sites }, (__, i) => Math.floor(k / q ** i) % q));
const energyOf = (s: number[]): number =>
  -edges.reduce((sum, [i, j], e) => sum + J[e]![s[i]! * q + s[j]!]!, 0) - s.reduce((sum, k, i) => sum + h[i]![k]!, 0);
const numberOf = (s: ArrayLike<number>): number => Array.from(s).reduce((sum, k, i) => sum + k * q ** i, 0);

describe.each(devices)('on %s', (device) => {
  it('has the energies of J and h, draws from them and finds the lowest', async () => {
    using model = new PottsModel({ sites, categories: q, graph: edges, couplings: J, fields: h, device, seed: 3 });
    const energies = await model.energy(states);
    for (const [r, s] of states.entries()) expect(energies.get(r)).toBeCloseTo(energyOf(s), 4);
    const weights = states.map((s) => Math.exp(-energyOf(s)));
    const z = weights.reduce((a, b) => a + b);
    expect((await model.logZ()).value).toBeCloseTo(Math.log(z), 4);
    const counts = new Float64Array(states.length);
    const drawn = await model.sample(20_000, { sweeps: 60 });
    expect(drawn.shape).toEqual([20_000, sites]);
    for (const row of rowsOf(drawn)) counts[numberOf(row)]!++;
    const { statistic, freedom } = chiSquare(
      counts,
      Float64Array.from(weights, (w) => w / z),
    );
    expect(statistic).toBeLessThan(chiSquareLimit(freedom));
    const found = await model.anneal(20, { sweeps: 100 });
    expect(found.energies.get(0)).toBeCloseTo(Math.min(...states.map(energyOf)), 4);
    expect(energyOf([...[...rowsOf(found.states.sites)][0]!])).toBeCloseTo(found.energies.get(0), 4);
  });

  it('with one number is the ferromagnet: equal neighbours gain J', async () => {
    const equal = (s: number[], pairs: number[][]) => pairs.filter(([i, j]) => s[i!] === s[j!]).length;
    using grid = new PottsModel({ sites, categories: q, graph: gridEdges([2, 2]), couplings: 1.5, device });
    using all = new PottsModel({ sites, categories: q, couplings: 0.5, device });
    const [around, whole] = [await grid.energy(states), await all.energy(states)];
    const pairs = toNested(all.edges) as number[][];
    expect(pairs.length).toBe(6);
    for (const [r, s] of states.entries()) {
      expect(around.get(r)).toBeCloseTo(-1.5 * equal(s, toNested(grid.edges) as number[][]), 5);
      expect(whole.get(r)).toBeCloseTo(-0.5 * equal(s, pairs), 5);
    }
  });
});

/** Scores by their definition. */
function scoresOf(couplings: (i: number, j: number) => number[][], without: number[] = []): number[][] {
  const mean = (x: number[]) => x.reduce((a, b) => a + b) / x.length;
  const F = Array.from({ length: sites }, (_, i) =>
    Array.from({ length: sites }, (__, j) => {
      if (i === j) return 0;
      const K = couplings(i, j);
      let sum = 0;
      for (let a = 0; a < q; a++) {
        for (let b = 0; b < q; b++) {
          if (without.includes(a) || without.includes(b)) continue;
          sum += (K[a]![b]! - mean(K[a]!) - mean(K.map((row) => row[b]!)) + mean(K.flat())) ** 2;
        }
      }
      return Math.sqrt(sum);
    }),
  );
  const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);
  const off = F.map((row) => sum(row) / (sites - 1));
  const all = sum(F.flat()) / (sites * (sites - 1));
  return F.map((row, i) => row.map((f, j) => (i === j ? 0 : f - (off[i]! * off[j]!) / all)));
}

describe('scores of couplings', () => {
  const block = (i: number, j: number): number[][] => {
    const e = edges.findIndex(([a, b]) => (a === i && b === j) || (a === j && b === i));
    return Array.from({ length: q }, (_, a) => Array.from({ length: q }, (__, b) => (e < 0 ? 0 : J[e]![i < j ? a * q + b : b * q + a]!)));
  };

  it.each([[[]], [[0]], [[1, 2]]])('are norms in the zero-sum gauge less the average product, without categories %s', (without) => {
    using sparse = new PottsModel({ sites, categories: q, graph: edges, couplings: J });
    using dense = new PottsModel({ sites, categories: q });
    const full = Array.from({ length: sites * q }, (_, x) =>
      Array.from({ length: sites * q }, (__, y) => {
        const [i, j] = [Math.floor(x / q), Math.floor(y / q)];
        return i === j ? 0 : block(i, j)[x % q]![y % q]!;
      }),
    );
    dense.setParameter('sites-sites.weights', full);
    const expected = scoresOf(block, without);
    for (const model of [sparse, dense]) {
      const scores = model.couplingScores({ without });
      for (let i = 0; i < sites; i++) for (let j = 0; j < sites; j++) expect(scores.get(i, j)).toBeCloseTo(expected[i]![j]!, 5);
    }
  });

  it('do not depend on the gauge, and are 0 without couplings', () => {
    using model = new PottsModel({ sites, categories: q, graph: edges, couplings: J });
    using moved = new PottsModel({
      sites,
      categories: q,
      graph: edges,
      couplings: J.map((K) => K.map((x, k) => x + (k % q) * 0.5 - Math.floor(k / q))),
    });
    const [a, b] = [model.couplingScores().data, moved.couplingScores().data];
    for (const [k, value] of a.entries()) expect(b[k]).toBeCloseTo(value, 5);
    using none = new PottsModel({ sites, categories: q });
    expect(none.couplingScores().data).toEqual(new Float64Array(sites ** 2));
  });
});

describe('learning', () => {
  it('finds the couplings behind sequences in the zero-sum gauge, and its scores tell which sites are coupled', async () => {
    const p = states.map((s) => Math.exp(-energyOf(s)));
    const z = p.reduce((a, b) => a + b);
    const sampleWeights = p.map((w) => (w / z) * states.length);
    using teacher = new PottsModel({ sites, categories: q, graph: edges, couplings: J });
    using model = new PottsModel({ sites, categories: q, threads: 1 });
    await model.fit(states, { sampleWeights, batchSize: states.length, epochs: 2000, learningRate: 0.5, l2: 0, monitorRows: 0 });
    expect(model.training?.algorithm).toBe('pseudo-likelihood');
    const [found, truth] = [model.couplingScores(), teacher.couplingScores()];
    for (const [k, value] of truth.data.entries()) expect(Math.abs(found.data[k]! - value)).toBeLessThan(0.05);
  });
});

it('comes back from its file, dense and along a graph', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'boltzkit-potts-'));
  try {
    const file = join(folder, 'potts.safetensors');
    using model = new PottsModel({ sites, categories: q, graph: edges, couplings: J, fields: h, seed: 9 });
    await model.save(file);
    using again = await PottsModel.load(file);
    expect([again.sites, again.categories, again.seed]).toEqual([sites, q, 9n]);
    expect((await again.energy(states)).data).toEqual((await model.energy(states)).data);
    using dense = new PottsModel({ sites, categories: q, couplings: 0.5 });
    await dense.save(file);
    using allToAll = await PottsModel.load(file);
    expect((await allToAll.energy(states)).data).toEqual((await dense.energy(states)).data);
    expect(toNested(await allToAll.sample(3, { start: [states[5]!, states[6]!, states[7]!], sweeps: 0 }))).toEqual(
      [5, 6, 7].map((k) => states[k]),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('bad input', () => {
  const two = { sites: 2, categories: 2 };
  const cases: [string, () => unknown, typeof ParameterError | typeof ShapeError, RegExp][] = [
    ['nothing', () => new PottsModel(undefined as never), ParameterError, /`options` must be an object with `sites` and `categories`, got undefined/],
    ['no sites', () => new PottsModel({ categories: 2 } as never), ParameterError, /`sites` must be a whole number/],
    ['one category', () => new PottsModel({ sites: 2, categories: 1 }), ParameterError, /`categories` must be a whole number from 2/],
    ['another option', () => new PottsModel({ ...two, field: [] } as never), ParameterError, /no option `field` \(did you mean 'fields'\?\)/],
    ['a table without a graph', () => new PottsModel({ ...two, couplings: [[1]] }), ParameterError, /`couplings` must be a number where there is no `graph`/],
    ['too few couplings', () => new PottsModel({ ...two, graph: [[0, 1]], couplings: [[1, 2]] }), ShapeError, /`couplings` must have 4 columns/],
    ['other fields', () => new PottsModel({ ...two, fields: [[1, 2]] }), ShapeError, /`fields` must have 2 rows, got 1/],
    ['a site too many', () => new PottsModel({ ...two, graph: [[0, 2]] }), ParameterError, /`graph\[0, 1\]` must be a whole number from 0 to 1, got 2/],
    ['an edge twice', () => new PottsModel({ ...two, graph: [[0, 1], [0, 1]] }), ParameterError, /each edge must be given once/],
    ['no such category', () => new PottsModel(two).couplingScores({ without: [2] }), ParameterError, /`without\[0\]` must be a whole number from 0 to 1, got 2/],
    ['categories that are no list', () => new PottsModel(two).couplingScores({ without: 0 as never }), ParameterError, /`without` must be a list/],
  ]; // biome-ignore format: one case per line
  it.each(cases)('%s', (_, act, type, message) => {
    expect(act).toThrow(type);
    expect(act).toThrow(message);
  });

  it('of fit: a letter that there is not', async () => {
    using model = new PottsModel({ sites: 3, categories: 2 });
    await expect(model.fit([[0, 1, 2]])).rejects.toThrow(/2/);
  });
});
