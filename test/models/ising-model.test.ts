/** Ising models against sums over their states: wirings, temperature, QUBO and back, log Z, learning, cuts, files, and what is refused. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { FormatError, fromIsing, fromQubo, gridEdges, IsingModel, maxCut, ParameterError, rowsOf, ShapeError } from '../../src/index.js';
import { bitVectors } from '../oracle/machine.js';
import { TestRandom } from '../oracle/random.js';
import { chiSquare, chiSquareLimit } from '../oracle/significance.js';
import { devices, relativeError } from './support.js';

const n = 7;
const random = new TestRandom(31);
const edges: [number, number][] = [];
for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) if (random.uniform() < 0.6) edges.push([i, j]);
const J = random.normals(edges.length, 0.7).map(Math.fround);
const h = random.normals(n, 0.4).map(Math.fround);
const offset = 1.25;
const states = bitVectors(n).map((bits) => bits.map((bit) => 2 * bit - 1));

const energyOf = (s: number[]): number =>
  offset - edges.reduce((sum, [i, j], e) => sum + J[e]! * s[i]! * s[j]!, 0) - s.reduce((sum, x, i) => sum + h[i]! * x, 0);
const table = (): number[][] => {
  const matrix = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  edges.forEach(([i, j], e) => {
    matrix[i]![j] = matrix[j]![i] = J[e]!;
  });
  return matrix;
};
const logSum = (values: number[]): number => Math.log(values.reduce((sum, v) => sum + Math.exp(v), 0));

describe.each(devices)('on %s', (device) => {
  const error = relativeError[device] * 30;

  it.each([
    ['a graph and a list', { graph: edges, couplings: J }],
    ['a table', { couplings: table() }],
    ['entries', { couplings: { entries: edges.map(([i, j], e) => [i, j, J[e]!]), size: n } }],
    ['edges given backwards', { graph: edges.map(([i, j]) => [j, i]), couplings: Float32Array.from(J) }],
  ])('energies, magnetisations and tables are those of J and h: %s', async (_, wiring) => {
    for (const beta of [1, 0.5]) {
      using model = new IsingModel({ ...wiring, fields: h, beta, offset, device });
      const energies = await model.energy(states);
      const m = model.magnetisation(states);
      for (const [r, s] of states.entries()) {
        expect(Math.abs(energies.get(r) - energyOf(s))).toBeLessThan(error);
        expect(m.get(r)).toBeCloseTo(s.reduce((a, b) => a + b) / n, 12);
      }
      const tables = model.tables();
      const listed = new Map(
        Array.from(tables.couplings.data, (value, e) => [`${tables.edges.get(e, 0)},${tables.edges.get(e, 1)}`, value]),
      );
      expect(listed.size).toBe(edges.length);
      for (const [e, [i, j]] of edges.entries()) expect(listed.get(`${i},${j}`)).toBeCloseTo(J[e]!, 6);
      for (const [i, field] of h.entries()) expect(tables.fields.get(i)).toBeCloseTo(field, 6);
    }
  });

  it('one number couples all pairs, or all edges', async () => {
    using all = new IsingModel({ units: n, couplings: 0.5, fields: -0.25, device });
    using ring = new IsingModel({ graph: gridEdges([n], { periodic: true }), couplings: -2, device });
    const [whole, around] = [await all.energy(states), await ring.energy(states)];
    for (const [r, s] of states.entries()) {
      const m = s.reduce((a, b) => a + b);
      expect(whole.get(r)).toBeCloseTo(-0.25 * (m * m - n) + 0.25 * m, 4);
      expect(around.get(r)).toBeCloseTo(2 * s.reduce((sum, x, i) => sum + x * s[(i + 1) % n]!, 0), 4);
    }
    expect(all.tables().couplings.data).toEqual(new Float64Array((n * (n - 1)) / 2).fill(0.5));
    expect(all.edges.shape).toEqual([(n * (n - 1)) / 2, 2]);
  });

  it('log Z, offset and temperature included, is the sum over all states', async () => {
    for (const beta of [1, 2]) {
      using model = new IsingModel({ graph: edges, couplings: J, fields: h, beta, offset, device });
      const exact = logSum(states.map((s) => -beta * energyOf(s)));
      const { value, method, converged } = await model.logPartition();
      expect([method, converged]).toEqual(['exact', true]);
      expect(value).toBeCloseTo(exact, 4);
      expect((await model.logZ()).value).toBeCloseTo(exact + beta * offset, 4);
      const annealed = await model.logPartition({ method: 'ais', chains: 50, betas: 200 });
      expect(Math.abs(annealed.value - exact)).toBeLessThan(5 * (annealed.high - annealed.low) + 1e-3);
      expect(annealed.forward!.low).toBeLessThan(exact + 0.5);
      expect(annealed.forward!.high).toBeGreaterThan(exact - 0.5);
    }
  });

  it('draws from exp(−βE)', async () => {
    using model = new IsingModel({ couplings: table(), fields: h, beta: 0.6, device, seed: 4 });
    const weights = states.map((s) => Math.exp(-0.6 * energyOf(s)));
    const z = weights.reduce((a, b) => a + b);
    const counts = new Float64Array(2 ** n);
    for (const row of rowsOf(await model.sample(20_000, { sweeps: 60 }))) {
      counts[row.reduce((sum, s, i) => sum + (s > 0 ? 2 ** i : 0), 0)]!++;
    }
    const { statistic, freedom } = chiSquare(
      counts,
      Float64Array.from(weights, (w) => w / z),
    );
    expect(statistic).toBeLessThan(chiSquareLimit(freedom));
  });

  it('annealing finds the ground state, whatever β and the offset', async () => {
    const lowest = Math.min(...states.map(energyOf));
    for (const beta of [1, 0.01]) {
      using model = new IsingModel({ graph: edges, couplings: J, fields: h, beta, offset, device, seed: 1 });
      const { energies, states: found } = await model.anneal(30, { sweeps: 100 });
      expect(energies.get(0)).toBeCloseTo(lowest, 4);
      expect(energyOf([...[...rowsOf(found.spins)][0]!])).toBeCloseTo(lowest, 4);
    }
  });
});

describe('quadratic problems', () => {
  const Q = Array.from({ length: n }, () => random.normals(n).map(Math.fround));
  const quadratic = (x: number[]) => x.reduce((sum, a, i) => sum + x.reduce((part, b, j) => part + a * Q[i]![j]! * b, 0), 0);

  it.each([1, 0.3])('come in: E(2x − 1) = xᵀQx without a constant left over, at β = %s', async (beta) => {
    using model = IsingModel.fromQubo(Q, { beta });
    const energies = await model.energy(states);
    for (const [r, x] of bitVectors(n).entries()) expect(energies.get(r)).toBeCloseTo(quadratic(x), 4);
  });

  it('go out: xᵀQx + offset = E(2x − 1), and come back as what they were', async () => {
    using model = new IsingModel({ graph: edges, couplings: J, fields: h, offset, beta: 2 });
    const { Q: out, offset: constant } = model.toQubo();
    using bits = fromQubo(out);
    const values = await bits.energy({ bits: bitVectors(n) });
    for (const [r, s] of states.entries()) expect(values.get(r) + constant).toBeCloseTo(energyOf(s), 4);
    using back = IsingModel.fromQubo(out);
    expect(back.offset + constant).toBeCloseTo(offset, 5);
    for (const [e, value] of back.tables().couplings.data.entries()) expect(value).toBeCloseTo(J[e]!, 5);
    using dense = new IsingModel({ units: 3, couplings: 1, fields: [1, 2, 3] });
    expect(dense.toQubo().offset).toBe(3);
    expect([...dense.toQubo().Q.entries.data]).toEqual([0, 0, 2, 1, 1, 0, 2, 2, -2, 0, 1, -4, 0, 2, -4, 1, 2, -4]);
  });

  it('that are not square are refused by name', () => {
    expect(() => IsingModel.fromQubo([[1, 2]])).toThrow(ParameterError);
    expect(() => IsingModel.fromQubo([[1, 2]])).toThrow('IsingModel.fromQubo: `Q` must be square, got 1 rows and 2 columns');
    expect(() => IsingModel.fromQubo([[1, 2], [3, Number.NaN]])).toThrow(/`Q` must hold finite numbers .* got NaN at \[1, 1\]/); // biome-ignore format: one line
    expect(() => IsingModel.fromQubo([[1]], { betta: 1 } as never)).toThrow(/no option `betta`/);
  });
});

describe('learning', () => {
  it('by pseudo-likelihood, the usual way, and by the exact gradient finds the couplings behind weighted states, in units of β', async () => {
    const p = states.map((s) => Math.exp(-energyOf(s)));
    const z = p.reduce((a, b) => a + b);
    const sampleWeights = p.map((w) => (w / z) * 128); // the exact distribution as data: both estimators are consistent
    for (const [algorithm, beta] of [[undefined, 1], ['exact', 2]] as const) {
      using model = new IsingModel({ graph: edges, units: n, beta, threads: 1 });
      await model.fit(states, { algorithm, sampleWeights, batchSize: 128, epochs: 1500, learningRate: 0.2, l2: 0, monitorRows: 0 });
      expect(model.training?.algorithm).toBe(algorithm ?? 'pseudo-likelihood');
      const { couplings, fields } = model.tables();
      for (const [e, value] of couplings.data.entries()) expect(Math.abs(value - J[e]! / beta)).toBeLessThan(0.02);
      for (const [i, value] of fields.data.entries()) expect(Math.abs(value - h[i]! / beta)).toBeLessThan(0.02);
    }
  }); // biome-ignore format: pairs on one line

  it('streams the usual way too, and resumes a run of another algorithm', async () => {
    using model = new IsingModel({ units: n, seed: 1, threads: 1 });
    await model.partialFit(states.slice(0, 50));
    expect(model.training?.algorithm).toBe('pseudo-likelihood');
    const run = model.fit(states, { algorithm: 'pcd', epochs: 4, batchSize: 32, monitorRows: 0 });
    for await (const { epoch } of run) if (epoch === 2) run.stop();
    await model.fit(states, { resume: true });
    expect(model.training).toMatchObject({ algorithm: 'pcd', complete: true, epoch: 4 });
  });
});

it('at T = 2 / ln(1 + √2) · 0.8 a lattice of 24 × 24 has the magnetisation and energy of Onsager and Yang', async () => {
  const [side, beta] = [24, Math.log(1 + Math.SQRT2) / 2 / 0.8];
  using lattice = new IsingModel({ graph: gridEdges([side, side], { periodic: true }), couplings: 1, beta, seed: 2 });
  const start = { data: new Float32Array(64 * side ** 2).fill(1), shape: [64, side ** 2] };
  const spins = await lattice.sample(64, { start, sweeps: 400 });
  const mean = (values: Float64Array) => values.reduce((a, b) => a + b) / values.length;
  // Yang (1952): m = (1 − sinh(2β)⁻⁴)^(1/8) = 0.9497; the energy per spin by Onsager's integral is −1.8178.
  expect(Math.abs(mean(lattice.magnetisation(spins).data) - (1 - Math.sinh(2 * beta) ** -4) ** (1 / 8))).toBeLessThan(0.01);
  expect(Math.abs(mean((await lattice.energy(spins)).data) / side ** 2 - onsager(beta))).toBeLessThan(0.02);
});

/** Onsager (1944): energy per spin of the infinite lattice, by the arithmetic-geometric mean. */
function onsager(b: number): number {
  const k = (2 * Math.sinh(2 * b)) / Math.cosh(2 * b) ** 2;
  let [mean, geometric] = [1, Math.sqrt(1 - k * k)];
  for (let i = 0; i < 40; i++) [mean, geometric] = [(mean + geometric) / 2, Math.sqrt(mean * geometric)];
  return (-1 / Math.tanh(2 * b)) * (1 + (2 / Math.PI) * (2 * Math.tanh(2 * b) ** 2 - 1) * (Math.PI / (2 * mean)));
}

describe('maxCut', () => {
  it('finds the largest of all cuts of small graphs, with weights of either sign', async () => {
    const dice = new TestRandom(41);
    for (let g = 0; g < 10; g++) {
      const graph: [number, number][] = [];
      for (let i = 0; i < 10; i++) for (let j = i + 1; j < 10; j++) if (dice.uniform() < 0.5) graph.push([i, j]);
      const weights = g % 2 === 0 ? undefined : graph.map(() => dice.normal());
      const cutOf = (side: ArrayLike<number>) => graph.reduce((sum, [i, j], e) => sum + (side[i] === side[j] ? 0 : (weights?.[e] ?? 1)), 0);
      const best = Math.max(...bitVectors(10).map(cutOf));
      const { value, sides } = await maxCut(graph, { weights, vertices: 10, sweeps: 200, seed: g });
      expect(value).toBeCloseTo(best, 9);
      expect(value).toBeCloseTo(cutOf(sides.data), 9);
      expect([sides.shape, sides.get(0)]).toEqual([[10], 0]);
    }
  });

  it('takes typed edges, vertices without edges and no edges at all', async () => {
    const grid = await maxCut(gridEdges([6, 6]));
    expect(grid.value).toBe(60); // a grid has two colours
    expect((await maxCut(ndarray(Uint32Array.of(0, 2), [1, 2]), { vertices: 5 })).sides.shape).toEqual([5]);
    expect((await maxCut([], { vertices: 3 })).value).toBe(0);
  });

  it('refuses what is no graph', async () => {
    await expect(maxCut([[0, 1], [1, 0]])).rejects.toThrow(/each edge must be given once/); // biome-ignore format: one line
    await expect(maxCut([[0, 4]], { vertices: 3 })).rejects.toThrow(/`graph\[0, 1\]` must be a whole number from 0 to 2, got 4/);
    await expect(maxCut([[0, 1]], { weights: [1, 2] })).rejects.toThrow(/`weights` must/);
    await expect(maxCut([[0, 1]], { weight: [1] } as never)).rejects.toThrow(/no option `weight`/);
    await expect(maxCut([[0, 1]], { restarts: 0 })).rejects.toThrow(/`restarts` must be a whole number/);
    await expect(maxCut([[0, 1]], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});

it('comes back from its file with β and the offset, and from one of fromIsing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'boltzkit-ising-'));
  try {
    const file = join(folder, 'ising.safetensors');
    using model = new IsingModel({ graph: edges, couplings: J, fields: h, beta: 0.7, offset, seed: 8 });
    await model.save(file);
    using again = await IsingModel.load(file);
    expect([again.beta, again.offset, again.seed, again.units]).toEqual([0.7, offset, 8n, n]);
    expect((await again.energy(states)).data).toEqual((await model.energy(states)).data);
    expect(again.edges.data).toEqual(model.edges.data);
    using dense = new IsingModel({ units: 4, couplings: 1 });
    await dense.save(file);
    using allToAll = await IsingModel.load(file);
    expect(allToAll.tables().couplings.data).toEqual(new Float64Array(6).fill(1));
    using machine = fromIsing(table(), h);
    await machine.save(file);
    using third = await IsingModel.load(file);
    expect([third.beta, third.offset]).toEqual([1, 0]);
    expect((await third.energy(states)).get(5)).toBeCloseTo(energyOf(states[5]!) - offset, 4);
    using bits = fromQubo([[1]]);
    await bits.save(file);
    await expect(IsingModel.load(file)).rejects.toThrow(FormatError);
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('bad input', () => {
  const cases: [string, () => unknown, typeof ParameterError | typeof ShapeError, RegExp][] = [
    ['nothing', () => new IsingModel(undefined as never), ParameterError, /`units` must be given where neither .* got undefined/],
    ['no size', () => new IsingModel({ couplings: 1 }), ParameterError, /`units` must be given/],
    ['another option', () => new IsingModel({ units: 2, field: 1 } as never), ParameterError, /no option `field` \(did you mean 'fields'\?\)/],
    ['no temperature', () => new IsingModel({ units: 2, beta: 0 }), ParameterError, /`beta` must be a finite number above 0, got 0/],
    ['a negative one', () => new IsingModel({ units: 2, beta: -1 }), ParameterError, /`beta` must be a finite number/],
    ['too few couplings', () => new IsingModel({ graph: [[0, 1], [1, 2]], couplings: [1] }), ShapeError, /`couplings` must .* 2 .*edges/],
    ['an edge twice', () => new IsingModel({ graph: [[0, 1], [1, 0]] }), ParameterError, /each edge must be given once/],
    ['a loop', () => new IsingModel({ graph: [[1, 1]] }), ParameterError, /two different units|\[1, 1\]|itself/],
    ['more spins than said', () => new IsingModel({ units: 2, graph: [[0, 2]] }), ParameterError, /`graph\[0, 1\]` must be a whole number from 0 to 1/],
    ['other fields', () => new IsingModel({ units: 2, fields: [1, 2, 3] }), ParameterError, /`fields` must be a number, or a list of 2 numbers/],
    ['a table of other size', () => new IsingModel({ units: 3, couplings: [[0, 1], [1, 0]] }), ParameterError, /`units` must be 2, one per row of `couplings`, got 3/],
    ['fields of other size', () => new IsingModel({ fields: [1, 2, 3], couplings: [[0, 1], [1, 0]] }), ParameterError, /`fields` must have 2 fields.* got 3/],
    ['a table that is not symmetric', () => new IsingModel({ couplings: [[0, 1], [2, 0]] }), ParameterError, /`couplings` must be symmetric/],
    ['a field of NaN', () => new IsingModel({ fields: [1, Number.NaN] }), ParameterError, /`fields\[1\]` must be a finite number/],
    ['an endless offset', () => new IsingModel({ units: 2, offset: Infinity }), ParameterError, /`offset` must be a finite number/],
  ]; // biome-ignore format: one case per line
  it.each(cases)('%s', (_, act, type, message) => {
    expect(act).toThrow(type);
    expect(act).toThrow(message);
  });
});
