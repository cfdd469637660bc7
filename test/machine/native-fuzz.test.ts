/**
 * Every export, method and getter of the addon with wrong arguments: each call must return or throw a proper error, and the process
 * must live. The TypeScript side never makes such calls; the addon does not rely on that.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { hostBackend } from '../../src/machine/backend.js';
import type { NativeJob, NativeRows } from '../../src/machine/native.js';
import { networkCalls, newNetwork } from './native-network-support.js';
import { gramReady, newRatings, ratingCalls, ratingObjects, ready } from './native-ratings-support.js';
import { stackCalls } from './native-stack-support.js';
import { chainOptions, machineSpec, newMachine, newRows, newTrainer, trainerOptions, visible } from './native-support.js';

beforeAll(async () => {
  await ready;
  await gramReady;
});

/** Those of wrong calls; 'INTERNAL' is for faults of the addon's own. */
const codes = ['SHAPE', 'PARAMETER', 'BACKEND', 'DIVERGENCE', 'ABORTED', 'BUSY', 'DISPOSED'];

function detached(): Float32Array {
  const array = new Float32Array(visible);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

function shrunk(): Float32Array {
  const Resizable = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer & { resize(bytes: number): void };
  const buffer = new Resizable(4 * visible, { maxByteLength: 8 * visible });
  const array = new Float32Array(buffer, 4);
  buffer.resize(0);
  return array;
}

const wrongNumbers = [-1, 0.5, NaN, Infinity, -Infinity, -0, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e308, -1e308, 5e-324];

/** Values of every kind that JavaScript has, most of them wrong wherever they go. */
const garbage: [string, () => unknown][] = [
  ...wrongNumbers.map((x): [string, () => unknown] => [`${x}`, () => x]),
  ['undefined', () => undefined],
  ['null', () => null],
  ['true', () => true],
  ['text', () => 'cpu'],
  ['long text', () => 'x'.repeat(1e6)],
  ['lone surrogate', () => '\ud800'],
  ['symbol', () => Symbol('s')],
  ['negative bigint', () => -1n],
  ['large bigint', () => 2n ** 70_000n],
  ['empty array', () => []],
  ['nested array', () => [[[]]]],
  ['sparse array', () => new Array(2 ** 32 - 1)],
  ['empty object', () => ({})],
  ['object without prototype', () => Object.create(null)],
  ['function', () => () => 1],
  ['class', () => class {}],
  ['date', () => new Date()],
  ['promise', () => Promise.resolve()],
  ['proxy', () => new Proxy({}, {})],
  ['proxy of rows', () => new Proxy(newRows(1), {})],
  ['throwing proxy', () => new Proxy({}, { get: () => throwing() })],
  ['empty Float32Array', () => new Float32Array(0)],
  ['Float32Array of NaN', () => new Float32Array(visible).fill(NaN)],
  ['Float64Array of Infinity', () => new Float64Array(visible).fill(Infinity)],
  ['Float64Array beyond float', () => new Float64Array(4).fill(1e300)],
  ['Uint8Array of 255', () => new Uint8Array(visible).fill(255)],
  ['Uint32Array falling', () => Uint32Array.from([9, 3, 2 ** 32 - 1])],
  ['BigInt64Array', () => new BigInt64Array(8)],
  ['BigUint64Array of 2^64 - 1', () => new BigUint64Array(8).fill(2n ** 64n - 1n)],
  ['DataView', () => new DataView(new ArrayBuffer(8))],
  ['ArrayBuffer', () => new ArrayBuffer(8)],
  ['shared memory', () => new Float32Array(new SharedArrayBuffer(4 * visible))],
  ['detached array', detached],
  ['shrunk array', shrunk],
  ['rows', () => newRows(1)],
  ['rows that lack values', withMissing],
  ['rows of other width', () => newRows(1, 3)],
  ['rows without rows', () => newRows(0)],
  ['machine', () => newMachine()],
  ['trainer', () => newTrainer(newMachine())],
  ['ratings', newRatings],
  ['ratings that are not finished', () => newRatings(false)],
  ['network', () => newNetwork()],
  ['class of the addon', () => hostBackend.addon.Rows],
];

function throwing(): never {
  throw new Error('thrown by the argument');
}

/** Calls that pass, as functions of nothing: the receiver and fresh arguments for one of its members. */
const calls: Record<string, () => { target: object; member: string; args: unknown[]; construct?: boolean }> = {
  'new Rows': () => ({ target: hostBackend.addon, member: 'Rows', args: [visible, 0, 1, 3, true, true, 2, true], construct: true }),
  'new Machine': () => ({
    target: hostBackend.addon,
    member: 'Machine',
    args: [
      machineSpec({
        layers: pair.map((layer) => ({ ...layer, size: 1 })),
        couplings: [
          [0, 1],
          [0, 0, Uint32Array.of(0, 1, 2, 1)],
        ],
      }),
    ],
    construct: true,
  }),
  cpu: () => ({ target: hostBackend.addon, member: 'cpu', args: [] }),
  cudaDevices: () => ({ target: hostBackend.addon, member: 'cudaDevices', args: ['no-plug-in.so'] }),
  philox4x32: () => ({ target: hostBackend.addon, member: 'philox4x32', args: [new Uint32Array(4), new Uint32Array(2)] }),
  unitTypes: () => ({ target: hostBackend.addon, member: 'unitTypes', args: [] }),
  appendDense: () => ({ target: newRows(1), member: 'appendDense', args: [new Float32Array(visible), 0, 1, visible, 1, 1] }),
  'appendDense with missing values': () => ({
    target: new hostBackend.addon.Rows(visible, 0, 1, 0, false, true, 2),
    member: 'appendDense',
    args: [Float32Array.of(0, 1, NaN, NaN, 1, 1), 0, 1, visible, 1, 1],
  }),
  appendBits: () => ({ target: newRows(1), member: 'appendBits', args: [new Uint8Array(2), 2, true] }),
  appendSparse: () => ({
    target: new hostBackend.addon.Rows(visible, 0, 1),
    member: 'appendSparse',
    args: [Uint32Array.from([0, 1, 3]), Uint32Array.from([2, 0, 5]), Float32Array.from([1, 1, 1])],
  }),
  'appendSparse with missing values': () => ({
    target: new hostBackend.addon.Rows(visible, 0, 1, 0, false, true),
    member: 'appendSparse',
    args: [Uint32Array.from([0, 1, 3]), Uint32Array.from([2, 0, 5]), Float32Array.from([NaN, 1, NaN])],
  }),
  select: () => ({ target: new hostBackend.addon.Rows(visible, 0, 1), member: 'select', args: [newRows(3), Uint32Array.of(2, 0)] }),
  toFloat32: () => ({ target: newRows(3), member: 'toFloat32', args: [1, 2] }),
  parameters: () => ({ target: newMachine(), member: 'parameters', args: [] }),
  getParameter: () => ({ target: newMachine(), member: 'getParameter', args: ['hidden.bias'] }),
  setParameter: () => ({ target: newMachine(), member: 'setParameter', args: ['hidden.bias', new Float32Array(4)] }),
  getCounters: () => ({ target: newMachine(), member: 'getCounters', args: [] }),
  setCounters: () => ({ target: newMachine(), member: 'setCounters', args: [new BigUint64Array(8)] }),
  conditional: () => ({ target: newMachine(), member: 'conditional', args: [[{ layer: 0, rows: newRows(2) }], 1, 'mean', true] }),
  reconstruct: () => ({ target: newMachine(), member: 'reconstruct', args: [{ layer: 0, rows: newRows(2) }, 1, 'sample', true] }),
  energy: () => ({
    target: newMachine(),
    member: 'energy',
    args: [
      [
        { layer: 0, rows: newRows(2) },
        { layer: 1, rows: newRows(2, 4) },
      ],
    ],
  }),
  categoryProbabilities: () => ({
    target: newMachine({
      layers: [...pair, { name: 'label', type: 'softmax', units: 3, size: 3 }],
      couplings: [
        [0, 1],
        [1, 2],
      ],
    }),
    member: 'categoryProbabilities',
    args: [[{ layer: 0, rows: newRows(2) }], 2, true],
  }),
  domain: () => ({ target: newMachine(), member: 'domain', args: [1] }),
  freeEnergy: () => ({ target: newMachine(), member: 'freeEnergy', args: [[{ layer: 0, rows: newRows(2) }], true] }),
  pseudoLikelihood: () => ({ target: newMachine(), member: 'pseudoLikelihood', args: [[{ layer: 0, rows: newRows(2) }], true, true] }),
  placeSurprise: () => ({ target: newMachine(), member: 'placeSurprise', args: [[{ layer: 0, rows: newRows(2) }], true] }),
  impute: () => ({
    target: newMachine(),
    member: 'impute',
    args: [{ given: [{ layer: 0, rows: withMissing() }], layers: [0, 1], warmup: 1, steps: 2, output: 'mean' }],
  }),
  'trainer on rows that lack values': () => ({
    target: newMachine(),
    member: 'trainer',
    args: [trainerOptions(withMissing(), { batchSize: 1 }), null, false],
  }),
  partition: () => ({ target: newMachine(), member: 'partition', args: [partitionOptions()] }),
  rowSums: () => ({ target: newMachine(), member: 'rowSums', args: [[{ layer: 0, rows: newRows(2) }]] }),
  meanField: () => ({ target: newMachine(), member: 'meanField', args: [[{ layer: 0, rows: newRows(2) }], 1, 3] }),
  meanFieldBound: () => ({ target: newMachine(), member: 'meanFieldBound', args: [[{ layer: 0, rows: newRows(2) }], 3] }),
  lengthSums: () => ({ target: countsMachine(), member: 'lengthSums', args: [lengthOptions()] }),
  chains: () => ({ target: newMachine(), member: 'chains', args: [allChainOptions()] }),
  trainer: () => ({ target: newMachine(), member: 'trainer', args: [trainerOptions(newRows(20), rich()), savedState(), false] }),
  run: () => ({ target: newTrainer(newMachine()), member: 'run', args: [5, () => {}] }),
  state: () => ({ target: newTrainer(newMachine()), member: 'state', args: [] }),
  dispose: () => ({ target: newMachine(), member: 'dispose', args: [] }),
  ...networkCalls,
  ...ratingCalls,
  ...stackCalls,
};

const countsMachine = () =>
  newMachine({
    layers: [
      { name: 'words', type: 'counts', units: 3, size: 3 },
      { name: 'topics', type: 'bernoulli', units: 2 },
    ],
  });
const lengthOptions = () => ({ lengths: Uint32Array.from([1, 3]), exact: false, chains: 2, steps: 2, warmup: 1 });

const pair = machineSpec().layers;

function withMissing(): NativeRows {
  const rows = new hostBackend.addon.Rows(visible, 0, 1, 0, false, true);
  rows.appendDense(Float32Array.of(0, 1, NaN, NaN, 1, 1, 1, NaN, 0, 0, 1, 0), 0, 2, visible, 1, 1);
  return rows;
}

const partitionOptions = () => ({
  method: 'ais',
  rows: [{ layer: 0, rows: newRows(2) }],
  chains: 2,
  betas: Float64Array.of(0, 0.5, 1),
  temperatures: 0,
  warmup: 1,
});

const allChainOptions = () =>
  chainOptions({
    ...{ chains: 2, steps: 2, quench: 1, states: [0, 1], mean: 0, energies: true },
    tempered: { betas: Float64Array.of(0.5, 1), every: 1, sweeps: 0, rung: Float64Array.of(0, 1), direction: Float64Array.of(0, 2) },
    start: [{ layer: 0, rows: newRows(2) }],
    clamps: [{ layer: 0, mask: new Float32Array(visible), values: new Float32Array(visible) }],
    observe: { every: 1, pairs: [[0, 1]] },
  });

const rich = () => ({
  positiveSteps: 1,
  validation: [{ layer: 0, rows: newRows(4) }],
  sampleWeights: new Float64Array(20).fill(1),
  sparsity: { target: 0.1, weight: 0.1, rate: 0.1 },
});

const savedState = () => newTrainer(newMachine()).state();

/** Paths to everything replaceable within the arguments: [0], [0, 'layers', 1, 'units'] and so on. */
function paths(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  const own = path.length > 0 ? [path] : [];
  const plain = Array.isArray(value) || Object.getPrototypeOf(value ?? 0) === Object.prototype;
  if (!plain || (Array.isArray(value) && value.length > 100)) return own;
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value as object);
  return [...own, ...entries.flatMap(([key, inner]) => paths(inner, [...path, key]))];
}

function replace(args: unknown[], path: readonly (string | number)[], replacement: unknown): void {
  const key = path.at(-1)!;
  const holder = path.slice(0, -1).reduce((inner, step) => (inner as never)[step], args as unknown);
  Object.defineProperty(holder, key, { value: replacement, configurable: true, enumerable: true, writable: true });
}

/** Calls, waits (cancelling what would take long), and checks that any error is one of ours. Whether there was one. */
async function survive(make: () => ReturnType<(typeof calls)[string]>, change: (args: unknown[]) => void): Promise<boolean> {
  const { target, member, args, construct } = make();
  change(args);
  // Any function will do as a callback; what it throws is an uncaught exception, and rightly so.
  if (member === 'run' && typeof args[1] === 'function') args[1] = () => {};
  const fn = (target as Record<string, unknown>)[member] as (...args: unknown[]) => unknown;
  try {
    const result = construct ? Reflect.construct(fn, args) : Reflect.apply(fn, target, args);
    const job = result as Partial<NativeJob<unknown>> | undefined;
    job?.cancel?.();
    await job?.promise;
    return false;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (message === 'thrown by the argument') return true;
    // Tens of thousands of times, so without `expect`.
    if (code === undefined || !codes.includes(code) || message.length >= 400)
      throw new Error(`${code} is none of ours: ${message.slice(0, 1000)}`);
    return true;
  }
}

it('covers every export and every method', () => {
  const prototypes = [newRows(1), newMachine(), newTrainer(newMachine()), newNetwork(), ...ratingObjects()].map(
    (object) => Object.getPrototypeOf(object) as object,
  );
  const methods = prototypes.flatMap((prototype) =>
    Object.entries(Object.getOwnPropertyDescriptors(prototype)).filter(([name, { get }]) => !get && name !== 'constructor'),
  );
  const exported = Object.entries(hostBackend.addon).filter(([, value]) => typeof value === 'function');
  const covered = new Set(Object.values(calls).map((make) => make().member));
  expect([...methods, ...exported].map(([name]) => name).filter((name) => !covered.has(name))).toEqual([]);
});

describe('wrong arguments', () => {
  // The plug-in for GPUs may be missing, and so may a driver.
  it.each(Object.entries(calls).filter(([name]) => name !== 'cudaDevices'))('%s passes as the tests below call it', async (_, make) => {
    const { target, member, args, construct } = make();
    const fn = (target as Record<string, unknown>)[member] as (...args: unknown[]) => unknown;
    const result = construct ? Reflect.construct(fn, args) : Reflect.apply(fn, target, args);
    await (result as Partial<NativeJob<unknown>> | undefined)?.promise;
  });

  it.each(Object.entries(calls))('%s: one wrong value anywhere', async (_, make) => {
    const places = paths(make().args);
    let refused = 0;
    for (const path of places) {
      for (const [, value] of garbage) refused += Number(await survive(make, (args) => replace(args, path, value())));
      await survive(make, (args) => {
        const holder = path.slice(0, -1).reduce((inner, step) => (inner as never)[step], args as unknown) as object;
        if (!Array.isArray(holder)) Reflect.deleteProperty(holder, path.at(-1)!);
      });
    }
    expect(refused > 0, `${refused} refused`).toBe(places.length > 0);
  });

  it.each(Object.entries(calls))('%s: missing and superfluous arguments', async (_, make) => {
    const length = make().args.length;
    for (let n = 0; n < length; n += 1) await survive(make, (args) => args.splice(n));
    await survive(make, (args) => args.push(...garbage.map(([, value]) => value())));
  });

  it('several wrong values at once', async () => {
    const names = Object.keys(calls);
    const pick = fc.tuple(
      fc.constantFrom(...names),
      fc.array(fc.tuple(fc.nat(), fc.nat(garbage.length - 1)), { minLength: 2, maxLength: 4 }),
    );
    await fc.assert(
      fc.asyncProperty(pick, async ([name, changes]) => {
        const make = calls[name]!;
        await survive(make, (args) => {
          for (const [where, what] of changes) {
            const all = paths(args);
            if (all.length > 0) replace(args, all[where % all.length]!, garbage[what]![1]());
          }
        });
      }),
      { numRuns: 2000 },
    );
  });
});

describe('wrong receivers', () => {
  const objects = (): [string, object][] => [
    ['rows', newRows(1)],
    ['machine', newMachine()],
    ['trainer', newTrainer(newMachine())],
    ['ratings', newRatings()],
    ['network', newNetwork()],
    ['empty object', {}],
    ['heir of a machine', Object.create(newMachine())],
    ['proxy of a machine', new Proxy(newMachine(), {})],
    ['null', null as unknown as object],
    ['number', 1 as unknown as object],
  ];
  const classes = () =>
    [newRows(1), newMachine(), newTrainer(newMachine()), newNetwork(), ...ratingObjects()].map(
      (object) => Object.getPrototypeOf(object) as object,
    );

  it('are refused by every method and getter', () => {
    let checked = 0;
    for (const prototype of classes())
      for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype)))
        for (const [, receiver] of objects()) {
          const fn = property.get ?? (property.value as () => unknown);
          if (name === 'constructor' || (receiver && Object.getPrototypeOf(receiver) === prototype)) continue;
          expect(() => Reflect.apply(fn, receiver, []), name).toThrow();
          checked += 1;
        }
    expect(checked).toBeGreaterThan(150);
  });

  it('constructors need new, and trainers a machine', () => {
    const { Rows, Machine } = hostBackend.addon;
    expect(() => Reflect.apply(Rows as never, undefined, [1, 0, 1])).toThrow();
    expect(() => Reflect.apply(Machine as never, {}, [machineSpec()])).toThrow();
    const Trainer = (newTrainer(newMachine()) as object).constructor as new (...args: unknown[]) => unknown;
    for (const args of [[], [newMachine()], [trainerOptions(newRows(1))]]) expect(() => new Trainer(...args)).toThrow(/Machine\.trainer/);
  });

  it('may be subclasses', () => {
    class Mine extends hostBackend.addon.Rows {}
    const rows = new Mine(2, 0, 1);
    rows.appendDense(new Uint8Array(4), 0, 2, 2, 1, 1);
    expect(rows.rows).toBe(2);
    expect(rows).toBeInstanceOf(Mine);
  });
});

describe('strided rows', () => {
  it('are read exactly when all elements are inside the array', () => {
    const data = Float32Array.from({ length: 24 }, (_, i) => i / 32);
    const int = fc.integer({ min: -30, max: 30 });
    fc.assert(
      fc.property(int, fc.integer({ min: 1, max: 5 }), int, int, (offset, count, rowStride, colStride) => {
        const rows = new hostBackend.addon.Rows(3, 0, 1);
        const index = (r: number, c: number) => offset + r * rowStride + c * colStride;
        const expected = Array.from({ length: count * 3 }, (_, i) => data[index(Math.floor(i / 3), i % 3)]);
        const append = () => rows.appendDense(data, offset, count, rowStride, colStride, 1);
        if (expected.includes(undefined)) expect(append).toThrow(/must hold every element/);
        else {
          append();
          expect([...rows.toFloat32(0, count)]).toEqual(expected);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    [2 ** 52, 2, 1, 1],
    [0, 2 ** 53 - 1, 2 ** 53 - 1, 2 ** 53 - 1],
    [0, 2 ** 53 - 1, -(2 ** 53 - 1), 1],
    [2 ** 53 - 1, 3, -(2 ** 52), -(2 ** 52)],
    [0, 2, 1, 2 ** 53 - 1],
    [0, 2 ** 32 + 1, 2 ** 32, 2 ** 31],
  ])('cannot overflow: offset %d, %d rows, strides %d and %d', (offset, count, rowStride, colStride) => {
    const rows = newRows(0);
    expect(() => rows.appendDense(new Float32Array(12), offset, count, rowStride, colStride, 1)).toThrow(/must hold every element/);
  });
});
