/** What rows and start states of grouped and bounded units may be, said alike by every call that takes any. */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, binomial, counts, ParameterError, RBM, softmax, spin } from '../../src/index.js';

const zeros =
  /add up to 1, got 0 at row 1, columns 3 to 5 \(zeros are no state: a value that is missing is NaN in all places of its unit\)/;

/** Two softmax units of three categories; the second unit of the second row is the one that matters. */
const potts = () => new BoltzmannMachine({ layers: { v: softmax(3, 2), h: bernoulli(2) }, couplings: [['v', 'h']], seed: 1 });
const rowsWith = (unit: number[]) => [
  [1, 0, 0, 0, 1, 0],
  [0, 0, 1, ...unit],
];

type Call = [name: string, run: (machine: BoltzmannMachine, v: unknown) => Promise<unknown>];
const calls: Call[] = [
  ['fit', async (m, v) => m.fit({ v } as never, { epochs: 1 })],
  ['fit, validation', async (m, v) => m.fit({ v: [[1, 0, 0, 1, 0, 0]] }, { epochs: 1, validation: { v } as never })],
  ['partialFit', (m, v) => m.partialFit({ v } as never)],
  ['freeEnergy', (m, v) => m.freeEnergy({ v } as never)],
  ['freeEnergySync', async (m, v) => m.freeEnergySync({ v } as never)],
  ['pseudoLikelihood', (m, v) => m.pseudoLikelihood({ v } as never)],
  ['mean', (m, v) => m.mean('h', { v } as never)],
  ['draw', (m, v) => m.draw('h', { v } as never)],
  ['energy', (m, v) => m.energy({ v, h: [[0, 1], [1, 0]] } as never)], // biome-ignore format: rows
  ['sample, start', (m, v) => m.sample(2, { start: { v } as never })],
  ['sample, clamp', (m, v) => m.sample(2, { clamp: { v } as never })],
  ['chains, start', (m, v) => m.chains(2, { start: { v } as never })],
  ['anneal, start', (m, v) => m.anneal(2, { start: { v } as never })],
  ['impute', (m, v) => m.impute({ v } as never)],
  ['marginals', (m, v) => m.marginals('h', { v } as never)],
  ['evaluate', (m, v) => m.evaluate({ v } as never)],
];

describe.each(calls)('%s', (_, run) => {
  const failure = async (v: unknown) => {
    using machine = potts();
    try {
      return await run(machine, v);
    } catch (error) {
      return error;
    }
  };

  it.each([
    ['all zeros', [0, 0, 0], zeros],
    ['two categories', [1, 1, 0], /add up to 1, got 2 at row 1, columns 3 to 5/],
    ['less than one', [0.25, 0.25, 0.25], /add up to 1, got 0.75 at row 1, columns 3 to 5/],
  ])('refuses a softmax unit of %s', async (_name, unit, message) => {
    const rows = rowsWith(unit);
    const sparse = { indptr: [0, 2, 2], indices: [0, 4], values: [1, 1] as number[], shape: [2, 6] };
    rows[1]!.forEach((value, c) => {
      if (value === 0) return;
      sparse.indices.push(c);
      sparse.values.push(value);
      sparse.indptr[2]! += 1;
    });
    const csr = { ...sparse, indptr: Uint32Array.from(sparse.indptr), indices: Uint32Array.from(sparse.indices), values: Float32Array.from(sparse.values) }; // biome-ignore format: one object
    for (const given of [rows, { data: Float32Array.from(rows.flat()), shape: [2, 6] }, csr]) {
      const error = await failure(given);
      expect(error).toBeInstanceOf(ParameterError);
      expect((error as Error).message).toMatch(message);
    }
  });
});

it('takes probabilities that add up to 1 as data, and whole units that are missing where values may be', async () => {
  using machine = potts();
  await machine.fit({ v: rowsWith([0.2, 0.5, 0.3]) }, { epochs: 1 });
  expect((await machine.freeEnergy({ v: rowsWith([0.2, 0.5, 0.3]) })).get(1)).toBeTypeOf('number');
  const { v } = await machine.impute({ v: rowsWith([Number.NaN, Number.NaN, Number.NaN]) });
  expect([3, 4, 5].reduce((sum, c) => sum + v!.get(1, c), 0)).toBeCloseTo(1, 5);
});

it('bits and bytes of softmax rows are checked like numbers', async () => {
  using machine = potts();
  await expect(machine.fit({ v: { data: Uint8Array.of(1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0), shape: [2, 6] } })).rejects.toThrow(zeros);
});

describe('states to start from', () => {
  it.each([
    ['spins between their states', { v: spin(4) }, [[0, 1, -1, 1]], /layer 'v' has 0 in row 0, column 0/],
    ['probabilities', { v: bernoulli(2) }, [[1, 0.5]], /layer 'v' has 0.5 in row 0, column 1/],
    ['probabilities of categories', { v: softmax(2, 2) }, [[0, 1, 0.5, 0.5]], /layer 'v' has 0.5, 0.5 in row 0, column 2/],
    ['parts of trials', { v: binomial(2, 3) }, [[1, 1.5]], /whole numbers in \[0, 3\], got 1.5 at row 0, column 1/],
    ['more than there are trials', { v: binomial(2, 3) }, [[1, 4]], /whole numbers in \[0, 3\], got 4 at row 0, column 1/],
    ['less than no words', { v: counts(2) }, [[1, -1]], /whole numbers in \[0, 16777216\], got -1 at row 0, column 1/],
    ['too many words', { v: counts(2) }, [[2 ** 24, 1]], /add up to at most 16777216, got 16777217 at row 0, columns 0 to 1/],
  ])('refuses %s', async (_, layers, v, message) => {
    using machine = new BoltzmannMachine({ layers: { ...layers, h: bernoulli(2) } as never, couplings: [['v', 'h']] });
    for (const run of [
      () => machine.sample(1, { start: { v }, sweeps: 1 } as never),
      () => machine.chains(1, { start: { v } } as never),
      () => machine.anneal(1, { start: { v }, sweeps: 1 } as never),
    ])
      await expect(run()).rejects.toThrow(message);
  });

  it('refuses grey levels of an RBM', async () => {
    using rbm = new RBM({ visible: 2, hidden: 2 });
    await expect(rbm.sample(1, { start: [[0.5, 1]] })).rejects.toThrow(/layer 'visible' has 0.5 in row 0, column 0/);
    await expect(rbm.sample(1, { start: [[0, 1]], sweeps: 1 })).resolves.toBeDefined();
  });
});
