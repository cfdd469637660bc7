/**
 * The machine itself, beyond the RBM: deep chains, rings and forks of layers against exact enumeration. The classes of later models
 * stand on this.
 */
import { describe, expect, it } from 'vitest';
import { hostBackend } from '../../src/machine/backend.js';
import type { NativeLayerRows, NativeMachine } from '../../src/machine/native.js';
import { devices, expectNear, placeOf, relativeError, type TestDevice } from '../models/support.js';
import {
  bitIndex,
  energy,
  freeEnergy,
  layerMean,
  type OracleMachine,
  type PartialState,
  probabilities,
  type State,
  statesGiven,
  sum,
} from '../oracle/machine.js';
import { randomMachine } from '../oracle/machines.js';
import { TestRandom } from '../oracle/random.js';
import { chiSquare, chiSquareLimit, drawsNeeded } from '../oracle/significance.js';
import { chainOptions, resultOf } from './native-support.js';

/** Total variation that the drift tests here notice with probability 0.999, at a false-alarm rate of 1e-6. */
const detectable = 0.03;

interface Case {
  sizes: number[];
  couplings: [number, number][];
}

const wirings: Record<string, Case> = {
  pair: { sizes: [5, 4], couplings: [[0, 1]] },
  'pair, coupled backwards': { sizes: [5, 4], couplings: [[1, 0]] },
  chain: {
    sizes: [3, 3, 3],
    couplings: [
      [0, 1],
      [1, 2],
    ],
  },
  fork: {
    sizes: [3, 2, 4],
    couplings: [
      [0, 2],
      [1, 2],
    ],
  },
  ring: {
    sizes: [3, 3, 3],
    couplings: [
      [0, 1],
      [1, 2],
      [0, 2],
    ],
  },
};

function build(oracle: OracleMachine, device: TestDevice, seed: bigint): NativeMachine {
  const machine = new hostBackend.addon.Machine({
    ...placeOf(device),
    threads: 2,
    seed,
    weightScale: 0,
    layers: oracle.biases.map((bias, l) => ({ name: `layer${l}`, type: 'bernoulli', units: bias.length })),
    couplings: oracle.couplings.map(({ a, b }) => [a, b]),
  });
  const as = (values: number[]) => (device === 'reference' ? Float64Array.from(values) : Float32Array.from(values));
  oracle.biases.forEach((bias, l) => {
    machine.setParameter(`layer${l}.bias`, as(bias));
  });
  for (const { a, b, weights } of oracle.couplings) machine.setParameter(`layer${a}-layer${b}.weights`, as(weights.flat()));
  return machine;
}

function layerRows(layer: number, rows: number[][]): NativeLayerRows {
  const cols = rows[0]!.length;
  const native = new hostBackend.addon.Rows(cols, 0, 1);
  native.appendDense(Float32Array.from(rows.flat()), 0, rows.length, cols, 1, 1);
  return { layer, rows: native };
}

function exactStates(oracle: OracleMachine, n: number, seed: number, beta = 1): State[] {
  const states = statesGiven(
    oracle,
    oracle.biases.map(() => null),
  );
  return Array.from(new TestRandom(seed).draws(probabilities(oracle, beta), n), (i) => states[i]!);
}

function expectLayer(samples: Float32Array, units: number, table: number[]) {
  const n = samples.length / units;
  expectCells(
    Uint32Array.from({ length: n }, (_, r) => bitIndex(samples.subarray(r * units, (r + 1) * units))),
    table,
  );
}

function expectCells(cells: Uint32Array, table: number[]) {
  const counts = new Array<number>(table.length).fill(0);
  for (const cell of cells) counts[cell]! += 1;
  const { statistic, freedom } = chiSquare(counts, table);
  expect(freedom).toBeGreaterThan(10);
  expect(statistic).toBeLessThan(chiSquareLimit(freedom));
}

describe.each(devices)('on %s', (device) => {
  describe.each(Object.entries(wirings))('%s', (name, { sizes, couplings }) => {
    const oracle = randomMachine(sizes, couplings, 1, name.length);

    it('has the energies and free energies of its definition', async () => {
      const machine = build(oracle, device, 1n);
      const states = exactStates(oracle, 20, 3);
      const scale = sum([...oracle.biases.flat(), ...oracle.couplings.flatMap(({ weights }) => weights.flat())].map(Math.abs)) + 4;
      const all = sizes.map((_, l) =>
        layerRows(
          l,
          states.map((s) => s[l]!),
        ),
      );
      const energies = await resultOf(machine.energy(all));
      expectNear(
        energies,
        states.map((s) => energy(oracle, s)),
        relativeError[device],
        () => scale,
      );
      // One layer summed out at a time: always tractable.
      for (const hidden of sizes.keys()) {
        const given = all.filter((_, l) => l !== hidden);
        const expected = states.map((s) =>
          freeEnergy(
            oracle,
            s.map((values, l): number[] | null => (l === hidden ? null : values)),
          ),
        );
        expectNear(await resultOf(machine.freeEnergy(given)), expected, relativeError[device], () => scale);
      }
      machine.dispose();
    });

    it('has the conditionals of its definition', async () => {
      const machine = build(oracle, device, 1n);
      const states = exactStates(oracle, 10, 4);
      for (const target of sizes.keys()) {
        const partial = states.map((s): PartialState => s.map((values, l) => (l === target ? null : values)));
        const given = [...sizes.keys()]
          .filter((l) => l !== target)
          .map((l) =>
            layerRows(
              l,
              states.map((s) => s[l]!),
            ),
          );
        const means = await resultOf(machine.conditional(given, target, 'mean'));
        expectNear(
          means,
          partial.flatMap((p) => layerMean(oracle, target, 1, p)),
          2e-5,
        );
      }
      machine.dispose();
    });

    it.each([
      [1, 1],
      [4, 0.6],
    ])('%i sweeps keep p(s) of all layers together, beta = %d', async (steps, beta) => {
      const machine = build(oracle, device, BigInt(steps));
      const table = probabilities(oracle, beta);
      const n = drawsNeeded(table.length, detectable);
      const states = exactStates(oracle, n, 5, beta);
      const start = sizes.map((_, l) =>
        layerRows(
          l,
          states.map((s) => s[l]!),
        ),
      );
      // The same counters draw the same words: one run, read layer by layer.
      const counters = machine.getCounters();
      const cells = new Uint32Array(n);
      let bit = 0;
      for (const [layer, units] of sizes.entries()) {
        machine.setCounters(counters);
        const options = chainOptions({ chains: n, steps, betas: Float64Array.of(beta), start, states: [layer] });
        const samples = (await resultOf(machine.chains(options))).states[0]!;
        for (let r = 0; r < n; ++r) cells[r]! += bitIndex(samples.subarray(r * units, (r + 1) * units)) * 2 ** bit;
        bit += units;
      }
      expectCells(cells, table);
      machine.dispose();
    });
  });

  it('clamps units of several layers at once', async () => {
    const oracle = randomMachine(
      [4, 3, 4],
      [
        [0, 1],
        [1, 2],
      ],
      1,
      9,
    );
    const machine = build(oracle, device, 7n);
    const n = drawsNeeded(16, detectable);
    const clamps = [
      { layer: 0, mask: Float32Array.of(1, 0, 0, 0), values: Float32Array.of(1, 0, 0, 0) },
      { layer: 1, mask: Float32Array.of(0, 0, 1), values: Float32Array.of(0, 0, 0) },
    ];
    const states = statesGiven(oracle, [null, null, null]);
    const p = probabilities(oracle).map((value, i) => (states[i]![0]![0] === 1 && states[i]![1]![2] === 0 ? value : 0));
    const table = new Array<number>(16).fill(0);
    states.forEach((s, i) => {
      table[bitIndex(s[2]!)]! += p[i]! / sum(p);
    });
    const samples = (await resultOf(machine.chains(chainOptions({ chains: n, steps: 60, clamps, states: [2] })))).states[0]!;
    expectLayer(samples, 4, table);
    machine.dispose();
  });
});
