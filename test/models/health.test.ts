/** What reports say about the mixing of the chains, on machines whose mixing is known. */
import { describe, expect, it } from 'vitest';
import { BoltzmannMachine, bernoulli, type FitOptions, RBM, spin } from '../../src/index.js';
import { TestRandom } from '../oracle/random.js';
import { devices, parameterBits } from './support.js';

const random = new TestRandom(6);
const rows = Array.from({ length: 100 }, () => random.coins(12));
/** Updates that change nothing, with time enough for health after every epoch. */
const still: Omit<FitOptions, 'validation'> = {
  learningRate: 0,
  epochs: 2,
  batchSize: 50,
  algorithm: { name: 'pcd', chains: 100 },
  initialiseFromData: false,
  monitorBudget: 1000,
};

describe.each(devices)('on %s', (device) => {
  it('independent draws: every sweep is new, chains from anywhere agree', async () => {
    using rbm = new RBM({ visible: 12, hidden: 8, device, weightScale: 0 });
    for (const { health } of await rbm.fit(rows, still)) {
      expect(health!.autocorrelationTime).toBeGreaterThan(0.7);
      expect(health!.autocorrelationTime).toBeLessThan(1.4);
      expect(health!.effectiveSampleSize).toBeCloseTo((100 * 40) / health!.autocorrelationTime!, 3);
      expect(health!.splitRhat).toBeLessThan(1.05);
      // Every state has the same free energy.
      expect(health!.freeEnergyDrift).toBeCloseTo(0, 5);
      expect(health!.singularValues).toEqual(new Array(8).fill(0));
      expect(health!.sentence).toBeNull();
    }
  });

  it('modes of unlike energy that chains do not leave', async () => {
    using rbm = new RBM({ visible: 12, hidden: 8, device });
    rbm.setParameter(
      'visible-hidden.weights',
      Array.from({ length: 12 }, () => new Array(8).fill(4)),
    );
    rbm.setParameter('visible.bias', new Array(12).fill(-16));
    rbm.setParameter('hidden.bias', new Array(8).fill(-22));
    const ones = rows.map(() => new Array(12).fill(1));
    const { health } = (await rbm.fit(ones, { ...still, algorithm: { name: 'pcd', sweeps: 20, chains: 100 } })).at(-1)!;
    // From data at all ones chains stay there; from noise, all zeros, too. F(0) = -8 log(1 + e^-22), F(1) = 12 * 16 - 8 log(1 + e^26).
    expect(health!.freeEnergyDrift).toBeCloseTo(8 * 26 - 12 * 16, 0);
    expect(health!.singularValues[0]).toBeCloseTo(4 * Math.sqrt(96), 4);
    expect(health!.singularValues[1]).toBeCloseTo(0, 2);
  });

  it('chains that lag behind are out of equilibrium, and say so', async () => {
    // Spins in a row, strongly coupled: domains grow by diffusion, and the energy falls for as long as they do.
    const edges = Array.from({ length: 199 }, (_, i) => [i, i + 1] as [number, number]);
    using machine = new BoltzmannMachine({ layers: { s: spin(200) }, couplings: [['s', 's', { edges }]], device, weightScale: 0, seed: 2 });
    machine.setParameter('s-s.weights', [new Array(199).fill(2)]);
    const data = { s: rows.map((_, r) => new Array(200).fill(r % 2 ? 1 : -1)) };
    const { health } = (await machine.fit(data, { ...still, epochs: 1 }))[0]!;
    expect(health!.sentence).toMatch(
      /^The chains are out of equilibrium: with the parameters held their mean energy falls by \d+(\.\d+)? nats within 20 sweeps; more sweeps per update or a lower learning rate let them keep up\.$/,
    );
    expect(health!.splitRhat).toBeGreaterThan(1.1);
    expect(health!.autocorrelationTime).toBeGreaterThan(3);
  });

  it('leaves training as it is, to the bit', async () => {
    const bits: string[] = [];
    for (const monitorBudget of [0, 0.05, 1000]) {
      using rbm = new RBM({ visible: 12, hidden: 8, device, seed: 3 });
      await rbm.fit(rows, { epochs: 5, batchSize: 10, algorithm: { name: 'ptt', chains: 20 }, monitorBudget });
      bits.push(parameterBits(rbm));
    }
    expect(new Set(bits).size).toBe(1);
  });

  it('has nothing to say about chains that are not there, and layers that cannot be summed out', async () => {
    const layers = { v: bernoulli(12), h: bernoulli(4), top: bernoulli(3) };
    const couplings: [string, string][] = [
      ['v', 'h'],
      ['h', 'top'],
    ];
    using machine = new BoltzmannMachine({ layers, couplings, device });
    const { health } = (await machine.fit({ v: rows }, still)).at(-1)!;
    expect(health!.freeEnergyDrift).toBeNull();
    expect(health!.splitRhat).toBeGreaterThan(0.9);
    using exact = new RBM({ visible: 12, hidden: 4, device });
    const still12 = (await exact.fit(rows, { ...still, algorithm: 'exact' })).at(-1)!.health!;
    expect([still12.autocorrelationTime, still12.effectiveSampleSize, still12.splitRhat]).toEqual([null, null, null]);
    expect(still12.freeEnergyDrift).toBeTypeOf('number');
    expect(still12.sentence).toBeNull();
  });
});

describe('the budget', () => {
  const many = Array.from({ length: 4000 }, () => random.coins(12));
  const epochsWith = async (options: FitOptions) => {
    using rbm = new RBM({ visible: 12, hidden: 8, device: 'cpu' });
    const reports = await rbm.fit(many, { epochs: 60, batchSize: 100, ...options });
    return reports.filter(({ health }) => health !== null).map(({ epoch }) => epoch);
  };

  it('is spent on looks at an even distance, the last after the last epoch', async () => {
    const epochs = await epochsWith({});
    expect(epochs.length).toBeGreaterThan(3);
    expect(epochs.at(-1)).toBe(60);
    const apart = 60 - epochs.at(-2)!;
    expect(epochs).toEqual(epochs.map((_, i) => 60 - apart * (epochs.length - 1 - i)));
    expect((await epochsWith({ monitorBudget: 0.2 })).length).toBeGreaterThan(2 * epochs.length);
    expect(await epochsWith({ monitorBudget: 0.0001 })).toEqual([]);
    expect(await epochsWith({ monitorBudget: 0 })).toEqual([]);
    expect(await epochsWith({ monitorRows: 0 })).toEqual([]);
  });
});
