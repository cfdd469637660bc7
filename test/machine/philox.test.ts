/** The generator is the published one, in the shipped binary and in what every device draws; no counter is ever used twice. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostBackend } from '../../src/machine/backend.js';
import { devices, modelOf } from '../models/support.js';
import { randomRbm } from '../oracle/machines.js';
import { counterOf, type Draw, philox4x32, purposes, uniformOf } from '../oracle/philox.js';
import { hiddenMeans, type OracleRbm, visibleMeans } from '../oracle/rbm.js';

/** Random123's kat_vectors, philox4x32 with 10 rounds. */
const knownAnswers: [counter: number[], key: number[], words: number[]][] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [new Array(4).fill(0xffffffff), new Array(2).fill(0xffffffff), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

const word = fc.nat({ max: 0xffffffff });

describe('Philox4x32-10', () => {
  it.each(knownAnswers)('gives the known answers: counter %j, key %j', (counter, key, words) => {
    const native = hostBackend.addon.philox4x32(Uint32Array.from(counter), Uint32Array.from(key));
    expect(Array.from(native)).toEqual(words);
    expect(philox4x32(counter, key)).toEqual(words);
  });

  it('agrees with the oracle on any counter and key', () => {
    const addon = hostBackend.addon;
    fc.assert(
      fc.property(fc.array(word, { minLength: 4, maxLength: 4 }), fc.array(word, { minLength: 2, maxLength: 2 }), (counter, key) => {
        expect(Array.from(addon.philox4x32(Uint32Array.from(counter), Uint32Array.from(key)))).toEqual(philox4x32(counter, key));
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe('counters', () => {
  const draw: fc.Arbitrary<Draw> = fc.record({
    purpose: fc.constantFrom(...purposes),
    layer: fc.nat({ max: 255 }),
    step: fc.oneof(
      fc.nat({ max: 5 }),
      fc.maxSafeNat().map((n) => n % 2 ** 48),
      fc.constantFrom(2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1),
    ),
    chain: fc.oneof(fc.nat({ max: 5 }), word),
    unit: fc.oneof(fc.nat({ max: 9 }), fc.nat({ max: 0x7fffffff })),
  });

  it('are a different number for every purpose, layer, step, chain and four units', () => {
    fc.assert(
      fc.property(draw, draw, (a, b) => {
        const counters = [a, b].map(counterOf);
        for (const counter of counters) expect(counter.every((w) => Number.isInteger(w) && w >= 0 && w <= 0xffffffff)).toBe(true);
        const same = (['purpose', 'layer', 'step', 'chain'] as const).every((key) => a[key] === b[key]) && a.unit >>> 2 === b.unit >>> 2;
        expect(counters[0]!.join() === counters[1]!.join()).toBe(same);
      }),
      { seed: 2, numRuns: 5000 },
    );
  });

  it('can be read back, so no two draws share one', () => {
    fc.assert(
      fc.property(draw, (a) => {
        const [block, chain, low, packed] = counterOf(a);
        expect({
          chain,
          step: (packed % 2 ** 16) * 2 ** 32 + low,
          layer: (packed >>> 16) & 255,
          purpose: purposes[packed >>> 24],
          block,
        }).toEqual({
          chain: a.chain,
          step: a.step,
          layer: a.layer,
          purpose: a.purpose,
          block: a.unit >>> 2,
        });
      }),
      { seed: 3, numRuns: 1000 },
    );
  });
});

describe.each(devices)('draws on %s', (device) => {
  const seed = 0x1234_5678_9abc_def0n;
  const oracle: OracleRbm = randomRbm(9, 10, 0.5, 21);
  const rows = Array.from({ length: 7 }, (_, r) => Array.from({ length: 9 }, (_, i) => (r * 5 + i * 3) % 2));
  const bit = (purpose: Draw['purpose'], layer: number, step: number, chain: number, unit: number, mean: number) =>
    uniformOf(seed, { purpose, layer, step, chain, unit }) < mean ? 1 : 0;

  it('are the words of their counters, also for seeds of 64 bits', async () => {
    using rbm = modelOf(oracle, device, { seed });
    // Every call takes the next step of its purpose.
    for (const step of [0, 1]) {
      const expected = rows.flatMap((row, r) => hiddenMeans(oracle, row).map((mean, j) => bit('conditional', 1, step, r, j, mean)));
      expect(Array.from((await rbm.sampleHidden(rows)).data)).toEqual(expected);
    }
    const hidden = rows.map((row) => [...row, 1]);
    const expected = hidden.flatMap((row, r) => visibleMeans(oracle, row).map((mean, i) => bit('conditional', 0, 2, r, i, mean)));
    expect(Array.from((await rbm.sampleVisible(hidden)).data)).toEqual(expected);
  });

  it('of block Gibbs chains take a new step for every sweep', async () => {
    using rbm = modelOf(oracle, device, { seed });
    const expected = rows.flatMap((start, r) => {
      let hidden = hiddenMeans(oracle, start).map((mean, j) => bit('sample', 1, 0, r, j, mean));
      let visible = start;
      for (let step = 1; step <= 3; ++step) {
        visible = visibleMeans(oracle, hidden).map((mean, i) => bit('sample', 0, step, r, i, mean));
        hidden = hiddenMeans(oracle, visible).map((mean, j) => bit('sample', 1, step, r, j, mean));
      }
      return visible;
    });
    expect(Array.from((await rbm.sample(rows.length, { sweeps: 3, start: rows })).data)).toEqual(expected);
  });
});
