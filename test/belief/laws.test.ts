/** What two levels answer, against sums over all of their states. */
import { describe, expect, it } from 'vitest';
import { DeepBeliefNetwork } from '../../src/index.js';
import { devices } from '../models/support.js';
import { allBits, fieldsDown, fieldsUp, frequencies, knownNetwork, sigmoid, TwoLevels } from './support.js';

const draws = 20_000;

/** Every state comes as often as it should, to five standard errors. */
function expectLaw(seen: readonly number[], law: readonly number[]): void {
  seen.forEach((part, state) => {
    const p = law[state] as number;
    expect(Math.abs(part - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / draws) + 1e-4);
  });
}

describe.each(devices)('two levels on %s', (device) => {
  const make = () => knownNetwork({ layers: [3, 3, 2], labels: 3, seed: 3, device });

  it.each([undefined, 0, 1, 2])('draw rows from the law of the network, class %s', async (label) => {
    using network = make();
    const rows = await network.sample(draws, { sweeps: 60, ...(label === undefined ? {} : { label }) });
    expectLaw(frequencies(rows.data, 3), new TwoLevels(network).law(label));
  });

  it('draw a class to each sample', async () => {
    using network = make();
    const label = Array.from({ length: 2 * draws }, (_, i) => i % 2);
    const { data } = await network.sample(2 * draws, { sweeps: 60, label });
    const ofClass = (y: number) => data.filter((_, i) => Math.floor(i / 3) % 2 === y);
    const law = new TwoLevels(network);
    for (const y of [0, 1]) expectLaw(frequencies(ofClass(y), 3), law.law(y));
  });

  it('draw from the law without labels, and means given the layer above', async () => {
    using network = knownNetwork({ layers: [3, 2, 2], seed: 4, device });
    const law = new TwoLevels(network).law();
    expectLaw(frequencies((await network.sample(draws, { sweeps: 60 })).data, 3), law);
    const means = await network.sample(draws, { sweeps: 60, output: 'mean' });
    for (let i = 0; i < 3; i++) {
      const mean = means.data.reduce((sum, value, at) => (at % 3 === i ? sum + value : sum), 0) / draws;
      const p = law.reduce((sum, part, state) => ((state >> i) & 1 ? sum + part : sum), 0);
      expect(Math.abs(mean - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / draws));
    }
  });

  it('start chains from rows: without a sweep, samples are reconstructions', async () => {
    using network = knownNetwork({ layers: [3, 2, 2], seed: 4, device });
    const law = new TwoLevels(network);
    const v = [1, 0, 1];
    const { data } = await network.sample(draws, { sweeps: 0, start: new Array(draws).fill(v) });
    const up = law.upFields(v);
    const expected = allBits(3).map((row) =>
      allBits(2).reduce((sum, h) => {
        const q = h.reduce((product, bit, j) => product * sigmoid(bit ? (up[j] as number) : -(up[j] as number)), 1);
        return sum + q * Math.exp(law.generated(row, h));
      }, 0),
    );
    expectLaw(frequencies(data, 3), expected);
  });

  it('give classes the exact probabilities of the top machine, given means', async () => {
    using network = make();
    const law = new TwoLevels(network);
    const rows = allBits(3);
    const probabilities = await network.classProbabilities(rows);
    const classes = await network.classify(rows);
    rows.forEach((v, r) => {
      const means = law.upFields(v).map(sigmoid);
      const weights = [0, 1, 2].map((y) => Math.exp(law.topWeight(means, y)));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (const y of [0, 1, 2]) expect(probabilities.get(r, y)).toBeCloseTo((weights[y] as number) / total, 5);
      expect(classes[r]).toBe(weights.indexOf(Math.max(...weights)));
    });
  });

  it('average the probabilities of draws', async () => {
    using network = make();
    const law = new TwoLevels(network);
    const [v, passes] = [[0, 1, 1], 4000];
    const drawn = await network.classProbabilities([v], { draws: passes });
    const up = law.upFields(v);
    for (const y of [0, 1, 2]) {
      const expected = allBits(3).reduce((sum, h) => {
        const q = h.reduce((product, bit, j) => product * sigmoid(bit ? (up[j] as number) : -(up[j] as number)), 1);
        const weights = [0, 1, 2].map((k) => Math.exp(law.topWeight(h, k)));
        return sum + (q * (weights[y] as number)) / weights.reduce((total, weight) => total + weight, 0);
      }, 0);
      expect(Math.abs(drawn.get(0, y) - expected)).toBeLessThan(5 * Math.sqrt(0.25 / passes));
    }
  });

  it('send rows up and down as plain loops do', async () => {
    using network = make();
    const parameter = (name: string) => {
      const { data, shape } = network.getParameter(name);
      const cols = shape.at(-1) as number;
      return Array.from({ length: data.length / cols }, (_, r) => Array.from(data.slice(r * cols, (r + 1) * cols)));
    };
    const [first, second] = [parameter('level1/visible-hidden1.weights'), parameter('level2/hidden1-hidden2.weights')];
    const bias = (name: string) => parameter(name)[0] as number[];
    const rows = allBits(3);
    const one = rows.map((v) => fieldsUp(v, first, bias('level1/hidden1.bias')).map(sigmoid));
    const ofLabels = parameter('level2/labels-hidden2.weights');
    const law = new TwoLevels(network);
    const two = one.map((h) => {
      const weights = [0, 1, 2].map((y) => Math.exp(law.topWeight(h, y)));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const classes = weights.map((weight) => weight / total);
      const bias2 = fieldsUp(classes, ofLabels, bias('level2/hidden2.bias'));
      return fieldsUp(h, second, bias2).map(sigmoid);
    });
    const down = two.map((h) => fieldsDown(h, second, bias('level2/hidden1.bias')).map(sigmoid));
    const back = (h: number[]) => fieldsDown(h, first, bias('level1/visible.bias')).map(sigmoid);
    const expectRows = (seen: { data: Float32Array }, expected: number[][]) =>
      expected.flat().forEach((value, i) => {
        expect(seen.data[i]).toBeCloseTo(value, 5);
      });
    expectRows(await network.transform(rows, { layer: 'hidden1' }), one);
    expectRows(await network.transform(rows), two);
    expectRows(await network.transform(rows, { layer: 2 }), two);
    expectRows(await network.reconstruct(rows, { layer: 1 }), one.map(back));
    expectRows(await network.reconstruct(rows), down.map(back));
  });
});

it('one level is an RBM', async () => {
  using network = knownNetwork({ layers: [3, 2], seed: 4 });
  const means = await network.sample(draws, { sweeps: 60, output: 'mean' });
  expect(means.shape).toEqual([draws, 3]);
  expect(means.data.every((value) => value > 0 && value < 1)).toBe(true);
});

it('draws do not depend on the number of threads', async () => {
  const bits = async (threads: number) => {
    using network = knownNetwork({ layers: [6, 5, 4], labels: 2, seed: 3, threads });
    return [
      ...(await network.sample(50, { sweeps: 5, label: 1 })).data,
      ...(await network.reconstruct(allBits(6), { draw: 'sample' })).data,
    ];
  };
  expect(await bits(3)).toEqual(await bits(1));
});

it('is one class with its subclasses', () => {
  class Mine extends DeepBeliefNetwork {}
  using mine = new Mine({ layers: [2, 2] });
  expect(mine).toBeInstanceOf(DeepBeliefNetwork);
});
