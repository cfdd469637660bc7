/** -log p(s_i | s_-i) of every unit of rows, against sums over all states of what is not given. */
import { describe, expect, it } from 'vitest';
import { hostBackend } from '../../src/machine/backend.js';
import type { NativeMachine, NativeRows } from '../../src/machine/native.js';
import { logSumExp } from '../oracle/machine.js';
import { energy, jointStates, layerStates, type MixedMachine, randomMixed } from '../oracle/mixed.js';
import { TestRandom } from '../oracle/random.js';
import { codeOf, jobOf, newMachine, newRows } from './native-support.js';

const devices = ['cpu', 'reference'] as const;
type Device = (typeof devices)[number];

function setParameter(machine: NativeMachine, name: string, values: readonly number[]): void {
  const exact = machine.getParameter(name) instanceof Float64Array;
  machine.setParameter(name, exact ? Float64Array.from(values) : Float32Array.from(values));
}

function machineOf({ layers, couplings }: MixedMachine, device: Device): NativeMachine {
  const machine = newMachine({
    device,
    layers: layers.map(({ name, type, places, size }) => ({ name, type, units: places, size })),
    couplings: couplings.map(({ a, b }): [number, number] => [a, b]),
  });
  for (const { name, bias } of layers) setParameter(machine, `${name}.bias`, bias);
  for (const { a, b, weights } of couplings) setParameter(machine, `${layers[a]!.name}-${layers[b]!.name}.weights`, weights.flat());
  return machine;
}

/** Rows limited to what units of a layer may hold. */
function rowsOf(machine: NativeMachine, layer: number, data: readonly number[][]): NativeRows {
  const { low, high, integers, group, leastSum, mostSum } = machine.domain(layer);
  const cols = data[0]!.length;
  const rows = new hostBackend.addon.Rows(cols, low, high, 0, integers, false, group, false, leastSum, mostSum);
  rows.appendDense(Float32Array.from(data.flat()), 0, data.length, cols, 1, 1);
  return rows;
}

const groupOf = (oracle: MixedMachine, layer: number) => (oracle.layers[layer]!.type === 'softmax' ? oracle.layers[layer]!.size : 1);

/** The log of the sum of exp(-E) over all states of the layers that are null. */
function logSum(oracle: MixedMachine, given: readonly (number[] | null)[]): number {
  const free = oracle.layers.filter((_, l) => given[l] === null);
  const states = jointStates({ layers: free, couplings: [] });
  return logSumExp(
    states.map((state) => {
      const left = [...state];
      const all = given.map((row) => row ?? left.shift()!);
      return -energy(oracle, all);
    }),
  );
}

/** By unit of one layer, for rows of states. */
function surprises(oracle: MixedMachine, given: readonly (number[] | null)[], layer: number): number[] {
  const row = given[layer]!;
  const group = groupOf(oracle, layer);
  const values = layerStates({ ...oracle.layers[layer]!, places: group });
  return Array.from({ length: row.length / group }, (_, unit) => {
    const j = unit * group;
    const replaced = (value: number[]) => given.map((s, l) => (l === layer ? [...row.slice(0, j), ...value, ...row.slice(j + group)] : s));
    const all = logSumExp(values.map((value) => logSum(oracle, replaced(value))));
    return all - logSum(oracle, given);
  });
}

// Three layers, of which the middle one is the second of one coupling and the first of the other.
const chain: [number, number][] = [
  [0, 1],
  [1, 2],
];
const machines: [string, MixedMachine, number[]][] = [
  ['Bernoulli, one layer', randomMixed([['bernoulli', 4, 1], ['bernoulli', 3, 1]], [[0, 1]], 1, 3), [0]],
  ['Bernoulli, the second layer of its coupling', randomMixed([['bernoulli', 4, 1], ['bernoulli', 3, 1]], [[0, 1]], 1, 4), [1]],
  ['Bernoulli, coupled to itself', randomMixed([['bernoulli', 4, 1], ['bernoulli', 3, 1]], [[0, 0], [0, 1]], 1, 5), [0]],
  ['spins before softmax units', randomMixed([['spin', 3, 1], ['softmax', 2, 3]], [[0, 1]], 1, 6), [0]],
  ['softmax units before spins', randomMixed([['softmax', 3, 3], ['spin', 3, 1]], [[0, 1]], 1, 7), [0]],
  ['binomial units before Bernoulli', randomMixed([['binomial', 2, 3], ['bernoulli', 3, 1]], [[0, 1]], 0.7, 8), [0]],
  ['two layers around a third', randomMixed([['softmax', 2, 3], ['bernoulli', 3, 1], ['binomial', 2, 2]], chain, 0.8, 9), [2, 0]],
  ['the layer between two others', randomMixed([['spin', 2, 1], ['softmax', 2, 3], ['bernoulli', 2, 1]], chain, 0.8, 10), [1]],
  ['a layer coupled to given and to other layers', randomMixed([['spin', 2, 1], ['softmax', 2, 3], ['bernoulli', 2, 1]], chain, 0.8, 11), [0, 1]],
  ['all layers', randomMixed([['softmax', 2, 3], ['spin', 3, 1], ['binomial', 2, 2]], chain, 0.8, 12), [0, 1, 2]],
]; // biome-ignore format: one machine a line

describe.each(devices)('on %s', (device) => {
  it.each(machines)('%s', (_, oracle, given) => {
    const machine = machineOf(oracle, device);
    const states = jointStates(oracle).filter((__, k) => k % 11 === 0);
    const rows = given.map((layer) => ({ layer, rows: rowsOf(machine, layer, states.map((s) => s[layer]!)) })); // biome-ignore format: short
    const expected = states.flatMap((state) => {
      const known = state.map((row, l) => (given.includes(l) ? row : null));
      return given.flatMap((layer) => surprises(oracle, known, layer));
    });
    const got = machine.placeSurprise(rows, true) as Float64Array;
    expect(got).toHaveLength(expected.length);
    expected.forEach((value, i) => {
      expect(Math.abs(got[i]! - value)).toBeLessThan(2e-5);
    });
    // The sum over units is the pseudo-likelihood.
    const exact = machine.pseudoLikelihood(rows, true, true) as Float64Array;
    const units = expected.length / states.length;
    states.forEach((__, r) => {
      expect(Math.abs(exact[r]! + got.subarray(r * units, (r + 1) * units).reduce((a, b) => a + b))).toBeLessThan(2e-5);
    });
    machine.dispose();
  });

  it('values between states count as their mean over draws', () => {
    const oracle = randomMixed([['bernoulli', 3, 1], ['spin', 3, 1]], [[0, 1]], 1, 21); // biome-ignore format: short
    const machine = machineOf(oracle, device);
    const ends = [0, 1].map((v) => machine.placeSurprise([{ layer: 0, rows: rowsOf(machine, 0, [[v, 1, 0]]) }], true) as Float64Array);
    const between = machine.placeSurprise([{ layer: 0, rows: rowsOf(machine, 0, [[0.25, 1, 0]]) }], true) as Float64Array;
    expect(between[0]).toBeCloseTo(0.75 * ends[0]![0]! + 0.25 * ends[1]![0]!, 5);
  });

  it.each(['bernoulli', 'spin', 'softmax'] as const)('Gaussian units, their neighbours (%s) summed out', (type) => {
    const oracle = randomMixed([[type, type === 'softmax' ? 2 : 4, 3]], [], 1, 31);
    const hidden = oracle.layers[0]!;
    const random = new TestRandom(32);
    const visible = 3;
    const machine = newMachine({
      device,
      layers: [
        { name: 'v', type: 'gaussian', units: visible },
        { name: 'h', type, units: hidden.places, size: type === 'softmax' ? 3 : 1 },
      ],
    });
    const bias = random.normals(visible, 1).map(Math.fround);
    const logPrecision = [-1, 0.5, 2];
    // The last unit's modes lie some 20 deviations apart.
    const weights = [0.3, 1, 12].map((scale) => random.normals(hidden.places, scale).map(Math.fround));
    setParameter(machine, 'v.parameters', [...bias, ...logPrecision]);
    setParameter(machine, 'h.bias', hidden.bias);
    setParameter(machine, 'v-h.weights', weights.flat());
    const data = Array.from({ length: 20 }, () => random.normals(visible, 1.5).map(Math.fround));
    const field = (i: number, h: number[]) => bias[i]! + h.reduce((sum, x, j) => sum + x * weights[i]![j]!, 0);
    const precision = logPrecision.map(Math.exp);
    const expected = data.flatMap((v) =>
      v.map((x, i) => {
        const joint: number[] = [];
        const withoutUnit: number[] = [];
        for (const h of layerStates(hidden)) {
          let others = h.reduce((sum, s, j) => sum + s * hidden.bias[j]!, 0);
          for (let k = 0; k < visible; ++k) if (k !== i) others += field(k, h) * v[k]! - (precision[k]! * v[k]! ** 2) / 2;
          joint.push(others + field(i, h) * x - (precision[i]! * x * x) / 2);
          // The integral over v_i of exp(-E), in closed form.
          withoutUnit.push(others + (Math.log((2 * Math.PI) / precision[i]!) + field(i, h) ** 2 / precision[i]!) / 2);
        }
        return logSumExp(withoutUnit) - logSumExp(joint);
      }),
    );
    const got = machine.placeSurprise([{ layer: 0, rows: rowsOf(machine, 0, data) }], true) as Float64Array;
    expected.forEach((value, i) => {
      expect(Math.abs(got[i]! - value) / (1 + Math.abs(value))).toBeLessThan(device === 'cpu' ? 1e-4 : 1e-9);
    });
  });

  it('long ones are jobs, with the same result', async () => {
    const machine = newMachine({ device });
    const given = [{ layer: 0, rows: newRows(10_000) }];
    const job = jobOf(machine.placeSurprise(given));
    expect(machine.busy).toBe(true);
    expect(await job.promise).toEqual(machine.placeSurprise(given, true));
  });

  it.each([
    ['relu', 'bernoulli'],
    ['gaussian', 'relu'],
    ['gaussian', 'gaussian'],
  ])('%s units before %s units have none', async (visible, hidden) => {
    const layers = [visible, hidden].map((type, l) => ({ name: `${type}${l}`, type, units: 2 }));
    const machine = newMachine({ device, layers });
    const rows = () => rowsOf(machine, 0, [[0.5, 1]]);
    expect(await codeOf(() => machine.placeSurprise([{ layer: 0, rows: rows() }], true))).toBe('PARAMETER');
    expect(() => machine.placeSurprise([{ layer: 0, rows: rows() }], true)).toThrow('more values than can be counted');
    // With rows of both layers every unit has the conditional of its type.
    const both = [0, 1].map((layer) => ({ layer, rows: rowsOf(machine, layer, [[0.5, 1]]) }));
    expect((machine.placeSurprise(both, true) as Float64Array).every(Number.isFinite)).toBe(true);
  });

  it('weights too large for an integral are refused', () => {
    const layers = ['gaussian', 'bernoulli'].map((type, l) => ({ name: 'vh'[l]!, type, units: 2 }));
    const machine = newMachine({ device, layers });
    setParameter(machine, 'v-h.weights', [1e6, 0, 0, 0]);
    expect(() => machine.placeSurprise([{ layer: 0, rows: rowsOf(machine, 0, [[0, 0]]) }], true)).toThrow(/spread so far/);
  });
});
