/** Hopfield networks: the rules of storage by their definitions, recall as a descent, the machine that the network is, and what is refused. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  BoltzmannMachine,
  BusyError,
  FormatError,
  fromIsing,
  gaussian,
  HopfieldNetwork,
  ParameterError,
  RBM,
  rowsOf,
  ShapeError,
  softmax,
  spin,
  toNested,
} from '../../src/index.js';
import { TestRandom } from '../oracle/random.js';
import { chiSquare, chiSquareLimit } from '../oracle/significance.js';
import { devices } from './support.js';

const spins = (rows: number, units: number, seed: number): number[][] => {
  const random = new TestRandom(seed);
  return Array.from({ length: rows }, () => random.coins(units).map((bit) => 2 * bit - 1));
};
const couplingsOf = (network: HopfieldNetwork): number[][] =>
  [...rowsOf(network.getParameter('spins-spins.weights'))].map((row) => [...row]);
const expectClose = (found: number[][], expected: number[][], error = 1e-6) =>
  found.forEach((row, i) => {
    row.forEach((value, j) => {
      expect(Math.abs(value - expected[i]![j]!)).toBeLessThan(error);
    });
  });
const field = (W: number[][], s: number[], i: number) => W[i]!.reduce((sum, w, j) => sum + w * s[j]!, 0);
const energyOf = (W: number[][], s: number[]) => -s.reduce((sum, x, i) => sum + x * field(W, s, i), 0) / 2;

describe('rules of storage', () => {
  const [n, p] = [9, 3];
  const patterns = spins(p, n, 3);

  it('hebbian: W = Σ ξξᵀ / N without its diagonal', async () => {
    using network = new HopfieldNetwork({ units: n });
    await network.store(patterns);
    const W = (i: number, j: number) => (i === j ? 0 : patterns.reduce((sum, x) => sum + x[i]! * x[j]!, 0) / n);
    expectClose(
      couplingsOf(network),
      patterns[0]!.map((_, i) => patterns[0]!.map((__, j) => W(i, j))),
    );
  });

  it('storkey: pattern after pattern by the local fields of its definition', async () => {
    using network = new HopfieldNetwork({ units: n });
    await network.store(patterns, { rule: 'storkey' });
    let W = patterns[0]!.map(() => new Array<number>(n).fill(0));
    for (const x of patterns) {
      const h = (i: number, j: number) => W[i]!.reduce((sum, w, k) => sum + (k === i || k === j ? 0 : w * x[k]!), 0);
      W = W.map((row, i) => row.map((w, j) => (i === j ? 0 : w + (x[i]! * x[j]! - x[i]! * h(j, i) - h(i, j) * x[j]!) / n)));
    }
    expectClose(couplingsOf(network), W);
  });

  it('pseudo-inverse: with its diagonal the couplings would leave every pattern as it is; the field is (1 − W_ii) ξ_i', async () => {
    using network = new HopfieldNetwork({ units: 20 });
    const many = spins(15, 20, 4);
    await network.store([...many, many[2]!.map((s) => -s)], { rule: 'pseudo-inverse' }); // the last one depends on the others
    const W = couplingsOf(network);
    const diagonal = W.map((_, i) => 1 - field(W, many[0]!, i) * many[0]![i]!);
    for (const x of many) {
      for (const [i, s] of x.entries()) expect(field(W, x, i) * s).toBeCloseTo(1 - diagonal[i]!, 5);
    }
    expect(diagonal.reduce((sum, d) => sum + d)).toBeCloseTo(15, 4); // the trace of the projector: as many as are independent
    const { sweeps, converged } = await network.recall(many);
    expect([...sweeps.data]).toEqual(new Array(15).fill(0));
    expect(converged).toBe(true);
  });

  it('of 0 and 1 are those of −1 and +1, and storing again replaces', async () => {
    using a = new HopfieldNetwork({ units: n });
    using b = new HopfieldNetwork({ units: n });
    await a.store(patterns);
    await b.store(spins(5, n, 9), { rule: 'storkey' });
    await b.store(patterns.map((x) => x.map((s) => (s + 1) / 2)));
    expect(couplingsOf(b)).toEqual(couplingsOf(a));
  });
});

describe.each(devices)('recall on %s', (device) => {
  it.each(['fixed', 'random'] as const)('in %s order goes downhill to a fixed point', async (order) => {
    const n = 60;
    using network = new HopfieldNetwork({ units: n, device, seed: 5 });
    await network.store(spins(12, n, 6)); // too many to be fixed points: the way down is long
    const W = couplingsOf(network);
    const cues = spins(40, n, 7);
    let energies = cues.map((s) => energyOf(W, s));
    for (let sweeps = 1; sweeps <= 3; sweeps++) {
      const part = await network.recall(cues, { sweeps, order });
      for (const [r, energy] of part.energies.data.entries()) expect(energy).toBeLessThanOrEqual(energies[r]! + 1e-5);
      energies = [...part.energies.data];
    }
    const { states, energies: last, sweeps, converged } = await network.recall(cues, { order });
    expect(converged).toBe(true);
    expect(Math.max(...sweeps.data)).toBeGreaterThan(1);
    [...rowsOf(states)].forEach((row, r) => {
      const s = [...row];
      expect(last.get(r)).toBeCloseTo(energyOf(W, s), 4);
      for (const [i, x] of s.entries()) expect(field(W, s, i) * x).toBeGreaterThan(-1e-6);
    });
    const short = await network.recall(cues, { order, sweeps: 1 });
    expect(short.converged).toBe(false);
    expect(toNested((await network.recall(cues, { order })).states)).toEqual(toNested(states));
  });

  it('in fixed order is the sequential dynamics by hand', async () => {
    const n = 30;
    using network = new HopfieldNetwork({ units: n, device });
    await network.store(spins(6, n, 16), { rule: 'storkey' });
    const W = couplingsOf(network);
    const cues = spins(20, n, 17);
    const { states } = await network.recall(cues, { sweeps: 1 });
    cues.forEach((cue, r) => {
      const s = [...cue];
      for (let i = 0; i < n; i++) s[i] = field(W, s, i) > 0 ? 1 : -1;
      expect([...[...rowsOf(states)][r]!]).toEqual(s);
    });
  });

  it('mends damaged patterns far below capacity', async () => {
    const [n, p] = [200, 8];
    using network = new HopfieldNetwork({ units: n, device });
    const patterns = spins(p, n, 11);
    await network.store(patterns);
    const random = new TestRandom(12);
    const cues = patterns.map((x) => x.map((s) => (random.uniform() < 0.2 ? -s : s)));
    const { states } = await network.recall(cues);
    expect(toNested(states)).toEqual(patterns);
    const m = network.overlap(states, patterns);
    for (let i = 0; i < p; i++) expect(m.get(i, i)).toBe(1);
    expect(m.get(0, 1)).toBeCloseTo(patterns[0]!.reduce((sum, s, i) => sum + s * patterns[1]![i]!, 0) / n, 12);
  });
});

/** The overlap m of the mean-field theory at zero temperature: m = erf(y), y (√(2α) + (2/√π) exp(−y²)) = erf(y), largest y. */
function overlapInTheory(alpha: number): number {
  const erf = (x: number) => {
    let [sum, term] = [0, x];
    for (let k = 0; Math.abs(term) > 1e-17; k++) {
      sum += term / (2 * k + 1);
      term *= -(x * x) / (k + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  };
  let y = 4;
  for (let i = 0; i < 1000; i++) y = erf(y) / (Math.sqrt(2 * alpha) + (2 / Math.sqrt(Math.PI)) * Math.exp(-y * y));
  return erf(y);
}

it('holds 0.10 N patterns with the errors of the mean-field theory, and loses 0.25 N (Amit, Gutfreund & Sompolinsky 1985)', async () => {
  const n = 400;
  using network = new HopfieldNetwork({ units: n, threads: 1 });
  const meanOverlap = async (p: number): Promise<number> => {
    const patterns = spins(p, n, 20 + p);
    await network.store(patterns);
    const m = network.overlap((await network.recall(patterns)).states, patterns);
    return patterns.reduce((sum, _, i) => sum + m.get(i, i), 0) / p;
  };
  expect(overlapInTheory(0.1379)).toBeCloseTo(0.967, 2); // the paper: m = 0.967 at a critical load of 0.138
  expect(overlapInTheory(0.1385)).toBeLessThan(1e-6);
  expect(Math.abs((await meanOverlap(40)) - overlapInTheory(0.1))).toBeLessThan(0.01);
  expect(await meanOverlap(100)).toBeLessThan(0.7);
});

describe('the machine that it is', () => {
  it('samples at a temperature from exp(−βE)', async () => {
    const n = 5;
    using network = new HopfieldNetwork({ units: n, seed: 2 });
    await network.store(spins(2, n, 21));
    const W = couplingsOf(network);
    const states = Array.from({ length: 2 ** n }, (_, k) => Array.from({ length: n }, (__, i) => ((k >> i) & 1) * 2 - 1));
    const weights = states.map((s) => Math.exp(-0.8 * energyOf(W, s)));
    const z = weights.reduce((a, b) => a + b);
    const counts = new Float64Array(2 ** n);
    const rows = await network.sample(20_000, { sweeps: 100, beta: 0.8 });
    for (const row of rowsOf(rows)) counts[row.reduce((sum, s, i) => sum + (s > 0 ? 2 ** i : 0), 0)]!++;
    const { statistic, freedom } = chiSquare(
      counts,
      Float64Array.from(weights, (w) => w / z),
    );
    expect(statistic).toBeLessThan(chiSquareLimit(freedom));
    expect((await network.energy(states)).get(3)).toBeCloseTo(energyOf(W, states[3]!), 5);
  });

  it('comes back from files, also as a BoltzmannMachine and from one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'boltzkit-hopfield-'));
    try {
      const file = join(folder, 'network.safetensors');
      using network = new HopfieldNetwork({ units: 8, seed: 3 });
      await network.store(spins(2, 8, 22));
      await network.save(file);
      using again = await HopfieldNetwork.load(file);
      expect(couplingsOf(again)).toEqual(couplingsOf(network));
      expect(again.seed).toBe(3n);
      expect(JSON.stringify(again)).toBe(JSON.stringify(network));
      using machine = await BoltzmannMachine.load(file);
      expect(machine.layers.spins).toEqual(spin(8));
      await machine.save(file);
      using third = await HopfieldNetwork.load(file);
      expect(couplingsOf(third)).toEqual(couplingsOf(network));
      using graph = fromIsing([[0, 1], [1, 0]]); // biome-ignore format: one line
      await graph.save(file);
      await expect(HopfieldNetwork.load(file)).rejects.toThrow(FormatError);
      using other = new BoltzmannMachine({ layers: { spins: softmax(2) }, couplings: [['spins', 'spins']] });
      await other.save(file);
      await expect(HopfieldNetwork.load(file)).rejects.toThrow(/does not describe a valid machine/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('with a softmax layer in place of couplings is the modern one: a reconstruction is X softmax(β Xᵀv) (Ramsauer et al. 2021)', async () => {
    const [n, p, beta] = [6, 4, 1.7];
    const random = new TestRandom(23);
    const X = Array.from({ length: p }, () => random.normals(n));
    const rows = Array.from({ length: 5 }, () => random.normals(n));
    using memory = new RBM({ visible: gaussian(n), hidden: softmax(p) });
    memory.setParameter(
      'visible-hidden.weights',
      X[0]!.map((_, i) => X.map((x) => beta * x[i]!)),
    );
    memory.setParameter('visible.parameters', [new Array(n).fill(0), new Array(n).fill(Math.log(beta))]); // variance 1/β
    const found = await memory.reconstruct(rows, { draw: 'mean' });
    rows.forEach((v, r) => {
      const fields = X.map((x) => Math.exp(beta * x.reduce((sum, value, i) => sum + value * v[i]!, 0)));
      const z = fields.reduce((a, b) => a + b);
      for (let i = 0; i < n; i++) {
        const expected = X.reduce((sum, x, k) => sum + (x[i]! * fields[k]!) / z, 0);
        expect(found.get(r, i)).toBeCloseTo(expected, 4);
      }
    });
  });
});

describe('bad input', () => {
  const made = () => new HopfieldNetwork({ units: 3 });
  const cases: [string, () => unknown, new (...args: never[]) => Error, RegExp][] = [
    ['no options', () => new HopfieldNetwork(undefined as never), ParameterError, /options` must be an object with `units`, got undefined/],
    ['no units', () => new HopfieldNetwork({} as never), ParameterError, /`units` must be a whole number from 1 to 32768, got undefined/],
    ['another option', () => new HopfieldNetwork({ units: 3, unit: 3 } as never), ParameterError, /no option `unit` \(did you mean 'units'\?\)/],
    ['mixed codings', () => made().store([[1, 0, -1]]), ParameterError, /`patterns` must hold values −1 and \+1, or 0 and 1, got -1 at \[0, 2\]/],
    ['grey', () => made().store([[1, -1, 0.5]]), ParameterError, /got 0.5 at \[0, 2\]/],
    ['missing', () => made().recall([[1, Number.NaN, -1]]), ParameterError, /`cues` must hold .* got NaN at \[0, 1\]/],
    ['another length', () => made().store([[1, -1]]), ShapeError, /`patterns` must have 3 columns \(units\), got 2/],
    ['another rule', () => made().store([[1, -1, 1]], { rule: 'hebian' as never }), ParameterError, /`rule` must be .* \(did you mean 'hebbian'\?\)/],
    ['another order', () => made().recall([[1, -1, 1]], { order: 'synchronous' as never }), ParameterError, /`order` must be 'fixed' or 'random'/],
    ['no sweep', () => made().recall([[1, -1, 1]], { sweeps: 0 }), ParameterError, /`sweeps` must be a whole number from 1 to 65536, got 0/],
    ['overlap of others', async () => made().overlap([[1, 1, 1]], [[1, 1]]), ShapeError, /patterns/],
  ]; // biome-ignore format: one case per line
  it.each(cases)('%s', async (_, act, type, message) => {
    const attempt = async () => act();
    await expect(attempt()).rejects.toThrow(type);
    await expect(attempt()).rejects.toThrow(message);
  });

  it('changes nothing: a refused or aborted store leaves what was there', async () => {
    using network = new HopfieldNetwork({ units: 3 });
    await network.store([[1, -1, 1]]);
    const before = couplingsOf(network);
    await expect(network.store([[1, 0, -1]])).rejects.toThrow(ParameterError);
    await expect(network.store([[1, 1, 1]], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    const busy = network.sample(10, { sweeps: 100_000 });
    await expect(network.store([[1, 1, 1]])).rejects.toThrow(BusyError);
    await busy;
    expect(couplingsOf(network)).toEqual(before);
    await expect(network.recall([[1, 1, 1]], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});
