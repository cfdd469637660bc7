/**
 * Wrong arguments: the error's class and code, a message of the form "RBM.call: what was expected, what came", and a model that is exactly
 * what it was before.
 */
import ndarray from 'ndarray';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  BackendError,
  type BoltzkitError,
  cd,
  DivergenceError,
  type FitOptions,
  ParameterError,
  pcd,
  RBM,
  ShapeError,
  sgd,
} from '../../src/index.js';
import { devices, parameterBits } from './support.js';

type Call = (rbm: RBM) => unknown;
type Refusal = [what: string, call: Call, error: new (...args: never[]) => BoltzkitError, message: RegExp];

const rows = [
  [0, 1, 1, 0],
  [1, 1, 0, 0],
];
const bad = <T>(value: unknown) => value as T;

const badRows: Refusal[] = [
  ['too few columns', (m) => m.fit([[0, 1]]), ShapeError, /^RBM\.fit: `data` must have 4 columns \(visible units\), got 2/],
  [
    'too many columns',
    (m) => m.transform(ndarray(new Float32Array(10), [2, 5])),
    ShapeError,
    /^RBM\.transform: .*must have 4 columns.*got 5/,
  ],
  [
    'hidden rows of the wrong width',
    (m) => m.meanVisible(rows),
    ShapeError,
    /^RBM\.meanVisible: .*must have 3 columns \(hidden units\), got 4/,
  ],
  [
    'rows of different lengths',
    (m) =>
      m.freeEnergy([
        [0, 1, 1, 0],
        [1, 1],
      ]),
    ShapeError,
    /^RBM\.freeEnergy: /,
  ],
  ['no rows', (m) => m.fit([]), ShapeError, /^RBM\.fit: `data`/],
  [
    'no rows in an ndarray',
    (m) => m.sampleHidden(ndarray(new Float32Array(0), [0, 4])),
    ShapeError,
    /^RBM\.sampleHidden: .*at least one row/,
  ],
  ['a shape that its data do not fill', (m) => m.fit({ data: new Float32Array(7), shape: [2, 4] }), ShapeError, /^RBM\.fit: `data/],
  [
    'a stride that leaves the data',
    (m) => m.fit({ data: new Float32Array(8), shape: [2, 4], stride: [5, 1] }),
    ShapeError,
    /^RBM\.fit: `data/,
  ],
  ['a negative offset', (m) => m.fit({ data: new Float32Array(8), shape: [2, 4], offset: -1 }), ParameterError, /^RBM\.fit: `data/],
  ['a shape whose product wraps', (m) => m.fit({ data: new Float32Array(8), shape: [2 ** 62, 4] }), ParameterError, /^RBM\.fit: `data/],
  ['a shape of fractions', (m) => m.fit({ data: new Float32Array(8), shape: [2, 4.5] }), ParameterError, /^RBM\.fit: `data/],
  [
    'values that are missing where all are needed',
    (m) => m.freeEnergy([[0, 1, Number.NaN, 0]]),
    ParameterError,
    /^RBM\.freeEnergy: `data` values must lie in \[0, 1\], got NaN at row 0, column 2 \(.* filled in by `impute`, left to `fit`, or free in `clamp`\)$/,
  ],
  ['a value above 1', (m) => m.fit([...rows, [0, 0, 0, 1.001]]), ParameterError, /^RBM\.fit: `data` .*got 1\.001 at row 2, column 3/],
  ['a value below 0', (m) => m.freeEnergy([[-0.5, 0, 0, 1]]), ParameterError, /^RBM\.freeEnergy: .*got -0\.5 at row 0, column 0/],
  ['infinity', (m) => m.reconstruct([[0, Number.POSITIVE_INFINITY, 0, 1]]), ParameterError, /^RBM\.reconstruct: .*row 0.*column 1/],
  [
    'grey bytes without a scale',
    (m) => m.fit({ data: Uint8Array.of(0, 255, 1, 0), shape: [1, 4] }),
    ParameterError,
    /^RBM\.fit: `data`.*255/,
  ],
  [
    'a scale that is not finite',
    (m) => m.fit({ data: Uint8Array.of(0, 1, 1, 0), shape: [1, 4], scale: Number.NaN }),
    ParameterError,
    /scale/,
  ],
  ['bits with too few bytes', (m) => m.fit({ bits: Uint8Array.of(1), shape: [2, 4] }), ShapeError, /^RBM\.fit: `data/],
  ['sparse columns out of range', (m) => m.fit({ indptr: [0, 1], indices: [4], shape: [1, 4] }), ParameterError, /^RBM\.fit: `data/],
  ['sparse columns out of order', (m) => m.fit({ indptr: [0, 2], indices: [2, 1], shape: [1, 4] }), ParameterError, /^RBM\.fit: `data/],
  [
    'sparse NaN',
    (m) => m.transform({ indptr: [0, 1], indices: [2], values: [Number.NaN], shape: [1, 4] }),
    ParameterError,
    /got NaN at row 0, column 2/,
  ],
  [
    'start states that lack values',
    (m) => m.sample(1, { start: [[0, 1, Number.NaN, 0]] }),
    ParameterError,
    /^RBM\.sample: `start`.*column 2/,
  ],
  ['NaN through a scale', (m) => m.fit({ data: [0, 1, 1, 0], shape: [1, 4], scale: Number.NaN }), ParameterError, /scale/],
  ['a mask of another size', (m) => m.fit({ data: [0, 1, 1, 0], shape: [1, 4], mask: [1, 0] }), ShapeError, /^RBM\.fit: `data\.mask`/],
  [
    'values out of range to be completed',
    (m) => m.impute([[Number.NaN, 2, 0, 0]]),
    ParameterError,
    /^RBM\.impute: `data`.*got 2 .*column 1$/,
  ],
  ['no sweeps to average over', (m) => m.impute(rows, { sweeps: 0 }), ParameterError, /^RBM\.impute: `sweeps`/],
  ['an output that is none', (m) => m.impute(rows, bad({ output: 'mode' })), ParameterError, /^RBM\.impute: `output` .*"mode"/],
  ['text', (m) => m.fit(bad([['0', '1', '1', '0']])), ParameterError, /^RBM\.fit: `data/],
  ['bigints', (m) => m.fit(bad({ data: new BigInt64Array(4), shape: [1, 4] })), ParameterError, /^RBM\.fit: `data.*BigInt64Array/],
  ['a Map', (m) => m.fit(bad(new Map())), ParameterError, /^RBM\.fit: `data`/],
  ['nothing', (m) => m.fit(bad(undefined)), ParameterError, /^RBM\.fit: `data`.*undefined/],
  ['null', (m) => m.transform(bad(null)), ParameterError, /^RBM\.transform: .*null/],
  ['a promise', (m) => m.fit(bad(Promise.resolve(rows))), ParameterError, /^RBM\.fit: `data`.*await/],
  ['different numbers of rows', (m) => m.energy(rows, [[0, 1, 1]]), ShapeError, /^RBM\.energy: .*rows/],
  [
    'validation rows of the wrong width',
    (m) => m.fit(rows, { validation: [[0, 1]], batchSize: 2 }),
    ShapeError,
    /^RBM\.fit: `validation`.*4 columns/,
  ],
  [
    'a validation row out of range',
    (m) => m.fit(rows, { validation: [[0, 1, 2, 1]], batchSize: 2 }),
    ParameterError,
    /^RBM\.fit: `validation`/,
  ],
];

const fitWith =
  (options: unknown): Call =>
  (m) =>
    m.fit(rows, { batchSize: 2, ...(options as FitOptions) });
const badOptions: Refusal[] = [
  ['k = 0', fitWith({ algorithm: cd({ sweeps: 0 }) }), ParameterError, /^RBM\.fit: `algorithm\.sweeps` .*got 0/],
  ['k = 1.5', fitWith({ algorithm: cd({ sweeps: 1.5 }) }), ParameterError, /^RBM\.fit: `algorithm\.sweeps` .*got 1\.5/],
  ['no epochs', fitWith({ epochs: 0 }), ParameterError, /^RBM\.fit: `epochs`/],
  ['endless epochs', fitWith({ epochs: Number.POSITIVE_INFINITY }), ParameterError, /^RBM\.fit: `epochs`/],
  ['a batch of nothing', fitWith({ batchSize: 0 }), ParameterError, /^RBM\.fit: `batchSize`/],
  ['a batch larger than the data', fitWith({ batchSize: 3 }), ParameterError, /^RBM\.fit: `batchSize` .*2.*got 3/],
  ['no chains', fitWith({ algorithm: pcd({ chains: 0 }) }), ParameterError, /^RBM\.fit: `algorithm\.chains`/],
  ['learning rate NaN', fitWith({ learningRate: Number.NaN }), ParameterError, /^RBM\.fit: `learningRate` .*NaN/],
  ['a negative learning rate', fitWith({ learningRate: -0.1 }), ParameterError, /^RBM\.fit: `learningRate` .*-0\.1/],
  ['an empty table of learning rates', fitWith({ learningRate: [] }), ParameterError, /^RBM\.fit: `learningRate`/],
  ['NaN in a table of learning rates', fitWith({ learningRate: [0.1, Number.NaN] }), ParameterError, /^RBM\.fit: `learningRate/],
  ['a learning-rate function that gives text', fitWith({ learningRate: () => 'fast' }), ParameterError, /^RBM\.fit: `learningRate/],
  ['an unknown schedule', fitWith({ learningRate: { schedule: 'steps', from: 1 } }), ParameterError, /^RBM\.fit: `learningRate\.schedule`/],
  ['a schedule without a start', fitWith({ learningRate: { schedule: 'linear' } }), ParameterError, /^RBM\.fit: `learningRate\.from`/],
  ['an unknown algorithm', fitWith({ algorithm: 'cd-1' }), ParameterError, /^RBM\.fit: `algorithm` .*'pcd'.*'cd'.*"cd-1"/],
  ['an unknown optimiser', fitWith({ optimiser: 'lbfgs' }), ParameterError, /^RBM\.fit: `optimiser` .*'sgd'.*'adam'.*"lbfgs"/],
  ['an unknown option', fitWith({ learning_rate: 0.1 }), ParameterError, /^RBM\.fit: .*`learning_rate`.*learningRate/],
  ['momentum 1', fitWith({ optimiser: sgd({ momentum: 1 }) }), ParameterError, /^RBM\.fit: `optimiser\.momentum`/],
  ['negative decay', fitWith({ l2: -1 }), ParameterError, /^RBM\.fit: `l2`/],
  ['a sparsity target of 2', fitWith({ sparsity: { target: 2 } }), ParameterError, /^RBM\.fit: `sparsity\.target`/],
  ['a sparsity without a target', fitWith({ sparsity: {} }), ParameterError, /^RBM\.fit: `sparsity\.target`/],
  ['averaging more than everything', fitWith({ averageLast: 1.5 }), ParameterError, /^RBM\.fit: `averageLast`/],
  ['centred: "yes"', fitWith({ centred: 'yes' }), ParameterError, /^RBM\.fit: `centred`/],
  ['too few sample weights', fitWith({ sampleWeights: [1] }), ShapeError, /^RBM\.fit: `sampleWeights`.*2.*got 1/],
  ['a negative sample weight', fitWith({ sampleWeights: [1, -1] }), ParameterError, /^RBM\.fit: `sampleWeights\[1\]` .*got -1/],
  ['sample weights of NaN', fitWith({ sampleWeights: [1, Number.NaN] }), ParameterError, /^RBM\.fit: `sampleWeights\[1\]` .*got NaN/],
  ['sample weights that are all zero', fitWith({ sampleWeights: [0, 0] }), ParameterError, /^RBM\.fit: `sampleWeights`/],
  ['a signal that is none', fitWith({ signal: {} }), ParameterError, /^RBM\.fit: `signal` must be an AbortSignal/],
  ['a callback that is none', fitWith({ onProgress: 1 }), ParameterError, /^RBM\.fit: `onProgress` must be a function/],
  ['a checkpoint without a path', fitWith({ checkpoint: { every: 2 } }), ParameterError, /^RBM\.fit: `checkpoint/],
  ['checkpoints every 0 updates', fitWith({ checkpoint: { path: 'x', every: 0 } }), ParameterError, /^RBM\.fit: `checkpoint\.every`/],
  ['options that are text', (m) => m.fit(rows, bad('fast')), ParameterError, /^RBM\.fit: options/],
  [
    'options whose getter throws',
    (m) =>
      m.fit(rows, {
        get epochs(): number {
          throw new Error('mine');
        },
      }),
    ParameterError,
    /^RBM\.fit: /,
  ],
  ['nothing to resume', fitWith({ resume: true }), ParameterError, /^RBM\.fit: .*resume/],
  ['an option of fit in partialFit', (m) => m.partialFit(rows, bad({ epochs: 3 })), ParameterError, /^RBM\.partialFit: .*`epochs`/],
  ['a batch larger than the stream', (m) => m.partialFit(rows, { batchSize: 0 }), ParameterError, /^RBM\.partialFit: `batchSize`/],
  ['no samples', (m) => m.sample(0), ParameterError, /^RBM\.sample: `n`/],
  ['half a sample', (m) => m.sample(1.5), ParameterError, /^RBM\.sample: `n`/],
  ['negative sweeps', (m) => m.sample(1, { sweeps: -1 }), ParameterError, /^RBM\.sample: `sweeps`/],
  ['beta NaN', (m) => m.sample(1, { beta: Number.NaN }), ParameterError, /^RBM\.sample: `beta`/],
  ['beta below 0', (m) => m.sample(1, { beta: -1 }), ParameterError, /^RBM\.sample: `beta`/],
  ['an unknown output', (m) => m.sample(1, { output: bad('mode') }), ParameterError, /^RBM\.sample: `output`/],
  ['start states of another number', (m) => m.sample(3, { start: rows }), ShapeError, /^RBM\.sample: .*start/],
  ['a clamp out of range', (m) => m.sample(1, { clamp: { indices: [4], values: [1] } }), ParameterError, /^RBM\.sample: `clamp\.indices/],
  [
    'a clamp given twice',
    (m) => m.sample(1, { clamp: { indices: [1, 1], values: [1, 0] } }),
    ParameterError,
    /^RBM\.sample: `clamp\.indices/,
  ],
  [
    'clamp values of another number',
    (m) => m.sample(1, { clamp: { indices: [1, 2], values: [1] } }),
    ShapeError,
    /^RBM\.sample: `clamp\.values/,
  ],
  ['a clamp value of 2', (m) => m.sample(1, { clamp: { indices: [1], values: [2] } }), ParameterError, /^RBM\.sample: .*clamp/],
  ['an unknown draw', (m) => m.reconstruct(rows, { draw: bad('median') }), ParameterError, /^RBM\.reconstruct: `draw`/],
  ['exact: 1', (m) => m.pseudoLikelihood(rows, { exact: bad(1) }), ParameterError, /^RBM\.pseudoLikelihood: `exact`/],
];

const set =
  (name: Parameters<RBM['setParameter']>[0], value: unknown): Call =>
  (m) =>
    m.setParameter(name, bad(value));
const badParameters: Refusal[] = [
  [
    'weights of another shape',
    set('visible-hidden.weights', new Array(3).fill([0, 0, 0, 0])),
    ShapeError,
    /^RBM\.setParameter: .*`?values/,
  ],
  [
    'weights of NaN',
    set('visible-hidden.weights', [
      [0, 0, 0],
      [0, Number.NaN, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]),
    ParameterError,
    /^RBM\.setParameter: .*`?values/,
  ],
  ['a bias too many', set('hidden.bias', [0, 0, 0, 0]), ShapeError, /^RBM\.setParameter: /],
  ['an infinite bias', set('visible.bias', [0, 0, 0, Number.NEGATIVE_INFINITY]), ParameterError, /^RBM\.setParameter: /],
  ['a bias that is text', set('visible.bias', '0000'), ParameterError, /^RBM\.setParameter: /],
];

/** The error of a call, thrown at once or by its promise. */
async function failure(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** `new ArrayBuffer(bytes, { maxByteLength })`, which the types of ES2022 do not know yet. */
function resizableBuffer(bytes: number, maxByteLength: number): ArrayBuffer {
  return Reflect.construct(ArrayBuffer, [bytes, { maxByteLength }]) as ArrayBuffer;
}

describe.each(devices)('on %s', (device) => {
  let rbm: RBM;
  let before: string;
  beforeAll(() => {
    rbm = new RBM({ visible: 4, hidden: 3, device, seed: 3, weightScale: 0.5 });
    before = parameterBits(rbm);
  });
  afterAll(() => rbm.dispose());

  it.each([...badRows, ...badOptions, ...badParameters])('refuses %s', async (_, call, type, message) => {
    const error = await failure(() => call(rbm));
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toMatch(message);
    expect(error).toMatchObject({ code: type === ShapeError ? 'ERR_SHAPE' : 'ERR_PARAMETER', name: type.name });
    expect(rbm.busy).toBe(false);
    expect(parameterBits(rbm)).toBe(before);
    expect(rbm.training).toBeNull();
  });

  it('refuses parameters that float32 cannot hold', async () => {
    const error = await failure(() => {
      rbm.setParameter('hidden.bias', Float64Array.of(0, 1e300, 0));
    });
    if (device === 'cpu') expect(error).toMatchObject({ code: 'ERR_PARAMETER', message: expect.stringMatching(/^RBM\.setParameter: /) });
    if (error) expect(parameterBits(rbm)).toBe(before);
    else rbm.setParameter('hidden.bias', [0, 0, 0]);
  });

  it('refuses detached and resizable buffers', async () => {
    const detached = Float32Array.of(0, 1, 1, 0);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    expect(await failure(() => rbm.transform({ data: detached, shape: [1, 4] }))).toMatchObject({
      code: expect.stringMatching(/ERR_(PARAMETER|SHAPE)/),
      message: expect.stringMatching(/^RBM\.transform: .*detached/),
    });
    const resizable = new Float32Array(resizableBuffer(16, 32));
    expect(await failure(() => rbm.transform({ data: resizable, shape: [1, 4] }))).toMatchObject({
      code: 'ERR_PARAMETER',
      message: expect.stringMatching(/^RBM\.transform: .*resizable/),
    });
  });

  it('notices when a big buffer is transferred while it is being packed', async () => {
    using wide = new RBM({ visible: 1000, hidden: 3, device });
    const data = new Float32Array(3_000_000);
    const pending = failure(() => wide.freeEnergy({ data, shape: [3000, 1000] }));
    structuredClone(data.buffer, { transfer: [data.buffer] });
    expect(await pending).toMatchObject({
      code: 'ERR_PARAMETER',
      message: expect.stringMatching(/^RBM\.freeEnergy: .*(detached|transferred)/),
    });
    expect(wide.busy).toBe(false);
  });

  it('survives options whose getters dispose of the model or start another job', async () => {
    const victim = new RBM({ visible: 4, hidden: 3, device });
    const error = await failure(() =>
      victim.fit(rows, {
        batchSize: 2,
        get positiveSweeps() {
          victim.dispose();
          return 1;
        },
      }),
    );
    expect(error).toMatchObject({ code: 'ERR_DISPOSED' });
    using greedy = new RBM({ visible: 4, hidden: 3, device });
    let other: Promise<unknown> | undefined;
    const outcome = await failure(() =>
      greedy.fit(rows, {
        batchSize: 2,
        get positiveSweeps() {
          other ??= failure(() => greedy.fit(rows, { batchSize: 2, epochs: 3 }));
          return 1;
        },
      }),
    );
    expect(outcome).toMatchObject({ code: 'ERR_BUSY' });
    expect(await other).toBeUndefined();
    const odd = {
      shape: [1, 4],
      get data() {
        greedy.dispose();
        return new Float32Array(4);
      },
    };
    expect(await failure(() => greedy.transform(odd))).toMatchObject({ code: 'ERR_DISPOSED' });
  });

  it('hands on what a callback throws and stops at a complete update', async () => {
    using model = new RBM({ visible: 4, hidden: 3, device });
    const mine = new Error('mine');
    const many = Array.from({ length: 200 }, (_, n) => rows[n % 2]!);
    const error = await failure(() =>
      model.fit(many, {
        epochs: 100_000,
        batchSize: 2,
        monitorRows: 0,
        onProgress: () => {
          throw mine;
        },
      }),
    );
    expect(error).toBe(mine);
    expect(model.busy).toBe(false);
    expect(model.training!.update).toBeLessThan(model.training!.updates);
    await model.fit(rows, { batchSize: 2, epochs: 1 });
    expect(
      await failure(() =>
        model.fit(rows, {
          batchSize: 2,
          learningRate: () => {
            throw mine;
          },
        }),
      ),
    ).toBe(mine);
    expect(model.busy).toBe(false);
  });

  it('a run that would leave the finite numbers stops at the last good update and says where', async () => {
    for (const options of [
      { algorithm: 'cd', centred: false },
      { algorithm: 'pcd', centred: true },
      { algorithm: 'cd', centred: true, optimiser: 'adam' },
    ] as const) {
      using model = new RBM({ visible: 4, hidden: 3, device, seed: 1, weightScale: 0.5 });
      const learningRate = [0.1, 0.1, Number.MAX_VALUE, Number.MAX_VALUE, Number.MAX_VALUE];
      const error = await failure(() => model.fit(rows, { ...options, epochs: 50, batchSize: 2, learningRate, initialiseFromData: false }));
      expect(error).toBeInstanceOf(DivergenceError);
      expect(error).toMatchObject({ code: 'ERR_DIVERGENCE', message: expect.stringMatching(/^RBM\.fit: update \d+ .*(weights|bias)/) });
      const values = [
        ...model.getParameter('visible-hidden.weights').data,
        ...model.getParameter('visible.bias').data,
        ...model.getParameter('hidden.bias').data,
      ];
      expect(values.every(Number.isFinite)).toBe(true);
      const good = Number(/update (\d+)/.exec((error as Error).message)![1]) - 1;
      expect(good).toBeGreaterThanOrEqual(2);
      expect(model.training!.update).toBe(good);
      using same = new RBM({ visible: 4, hidden: 3, device, seed: 1, weightScale: 0.5 });
      await same.fit(rows, { ...options, epochs: good, batchSize: 2, learningRate, initialiseFromData: false });
      expect(parameterBits(model)).toBe(parameterBits(same));
    }
  });
});

describe('constructor', () => {
  const refused: [string, unknown, RegExp][] = [
    ['no options', undefined, /^new RBM: |^RBM: /],
    ['no visible units', { visible: 0, hidden: 3 }, /`visible`.*got 0/],
    ['2^31 units', { visible: 2 ** 31, hidden: 3 }, /`visible`.*2147483648/],
    ['more weights than memory has room for', { visible: 2 ** 31 - 1, hidden: 2 ** 31 - 1 }, /memory|size|fit/],
    ['half a unit', { visible: 3, hidden: 2.5 }, /`hidden`.*2\.5/],
    ['NaN units', { visible: Number.NaN, hidden: 2 }, /`visible`.*NaN/],
    ['units as text', { visible: '784', hidden: 2 }, /`visible`.*"784"/],
    ['a negative seed', { visible: 3, hidden: 2, seed: -1 }, /`seed`.*-1/],
    ['a seed of 65 bits', { visible: 3, hidden: 2, seed: 2n ** 64n }, /`seed`/],
    ['an unsafe seed', { visible: 3, hidden: 2, seed: 2 ** 60 }, /`seed`/],
    ['an unknown device', { visible: 3, hidden: 2, device: 'tpu' }, /`device`.*'cpu'.*"tpu"/],
    ['negative threads', { visible: 3, hidden: 2, threads: -1 }, /`threads`/],
    ['a negative weight scale', { visible: 3, hidden: 2, weightScale: -1 }, /`weightScale`/],
    ['a weight scale of NaN', { visible: 3, hidden: 2, weightScale: Number.NaN }, /`weightScale`/],
    ['an unknown option', { visible: 3, hidden: 2, units: 4 }, /`units`/],
  ];

  it.each(refused)('refuses %s', (_, options, message) => {
    let error: unknown;
    try {
      new RBM(options as never);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ParameterError);
    expect((error as Error).message).toMatch(message);
  });

  it("says why device 'cuda' cannot be used", () => {
    vi.stubEnv('BOLTZKIT_CUDA', 'no-plug-in.so');
    const create = () => new RBM({ visible: 3, hidden: 2, device: 'cuda' });
    expect(create).toThrow(BackendError);
    expect(create).toThrow(expect.objectContaining({ code: 'ERR_BACKEND', reason: 'package_missing' }));
    vi.unstubAllEnvs();
  });
});
