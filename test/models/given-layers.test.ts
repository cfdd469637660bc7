// Layers that are conditions: training learns the others given them.
import { describe, expect, test } from 'vitest';
import { BoltzmannMachine, bernoulli, cd } from '../../src/index.js';

const bits = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
/** How often each state of the condition comes, and what follows it: unlike each other, and the condition far from even. */
const often = [60, 20, 12, 8];
const follows = [
  [0.7, 0.1, 0.1, 0.1],
  [0.1, 0.1, 0.1, 0.7],
  [0.1, 0.4, 0.4, 0.1],
  [0.25, 0.05, 0.6, 0.1],
];

function rows(): { condition: number[][]; answer: number[][] } {
  const condition: number[][] = [];
  const answer: number[][] = [];
  often.forEach((count, u) => {
    (follows[u] as number[]).forEach((share, v) => {
      for (let i = 0; i < Math.round(count * share * 5); i++) {
        condition.push(bits[u] as number[]);
        answer.push(bits[v] as number[]);
      }
    });
  });
  return { condition, answer };
}

const machine = (seed: number) =>
  new BoltzmannMachine({
    layers: { condition: bernoulli(2), answer: bernoulli(2), hidden: bernoulli(6) },
    couplings: [
      ['condition', 'hidden'],
      ['answer', 'hidden'],
      ['condition', 'answer'],
    ],
    seed,
  });

/** exp(−F) of every pair of states, by condition. */
async function weights(of: ReturnType<typeof machine>): Promise<number[][]> {
  const pairs = bits.flatMap((condition) => bits.map((answer) => ({ condition, answer })));
  const free = await of.freeEnergy({ condition: pairs.map((p) => p.condition), answer: pairs.map((p) => p.answer) });
  return bits.map((_, u) => bits.map((__, v) => Math.exp(-free.get(4 * u + v))));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('fit with layers that are given', () => {
  test('learns what follows a condition, and nothing of how often the condition comes', async () => {
    const model = machine(1);
    const options = { algorithm: cd({ sweeps: 20 }), given: ['condition'], batchSize: 100, learningRate: 1, l2: 0 } as const;
    await model.fit(rows(), { ...options, epochs: 1500, monitorRows: 0 });
    const all = await weights(model);
    all.forEach((row, u) => {
      const off = row.map((weight, v) => Math.abs(weight / sum(row) - (follows[u]?.[v] as number)));
      expect(sum(off) / 2).toBeLessThan(0.05);
    });
    const total = sum(all.map(sum));
    const learned = all.map((row, u) => Math.abs(sum(row) / total - (often[u] as number) / 100));
    expect(sum(learned) / 2).toBeGreaterThan(0.1);
    model.dispose();
  });

  test('reports what can be said of conditionals, and nothing else', async () => {
    const model = machine(1);
    const reports = [];
    const options = { algorithm: cd({ sweeps: 5 }), given: ['condition'], batchSize: 100, learningRate: 1, l2: 0, epochs: 300 } as const;
    for await (const report of model.fit(rows(), { ...options, validation: rows() })) reports.push(report);
    const last = reports.at(-1);
    expect(last?.health).toBeNull();
    expect(last?.freeEnergyGap).toBeNull();
    expect(last?.chainFreeEnergyGap).toBeNull();
    expect(last?.pseudoLikelihood).toBeGreaterThan(last?.baseline as number);
    // Of the two units of the answer alone, whose entropies are below ln 2.
    expect(last?.pseudoLikelihood).toBeGreaterThan(-2 * Math.LN2);
    model.dispose();
  });

  test('is refused unless it can be done, before anything changes', async () => {
    const model = machine(1);
    const before = model.getParameter('hidden.bias').data;
    const data = rows();
    await expect(model.fit(data, { given: ['condition'] })).rejects.toThrow("`algorithm` must be 'cd' with `given`");
    const refusal = (given: unknown) => expect(model.fit(data, { algorithm: 'cd', given: given as never })).rejects;
    await refusal(['conditions']).toThrow("`given` must be one of 'condition', 'answer', 'hidden'");
    await refusal(['hidden']).toThrow("`given` must be layers with rows ('condition', 'answer')");
    await refusal(['condition-hidden']).toThrow("`given` must be layers with rows ('condition', 'answer')");
    await refusal(['condition', 'answer']).toThrow('`given` must be such that a layer with rows is left to learn');
    await refusal('condition').toThrow('`given` must be a list of names of layers');
    expect(model.getParameter('hidden.bias').data).toEqual(before);
    model.dispose();
  });

  test('goes on where it was stopped, bit for bit, also from a file', async () => {
    const options = { algorithm: 'cd', given: ['condition'], epochs: 6, batchSize: 50 } as const;
    const [whole, parts] = [machine(2), machine(2)];
    await whole.fit(rows(), options);
    const run = parts.fit(rows(), options);
    for await (const report of run) if (report.epoch === 3) run.stop();
    await expect(parts.fit(rows(), { resume: true, given: ['answer'] })).rejects.toThrow('cannot resume with another `given`');
    await parts.fit(rows(), { resume: true });
    expect(parts.getParameter('answer-hidden.weights').data).toEqual(whole.getParameter('answer-hidden.weights').data);
    await expect(machine(3).fit(rows(), { ...options, resume: true })).rejects.toThrow('resume');
    whole.dispose();
    parts.dispose();
  });
});
