/** Files with a right checksum that say what no run or chain can be: each is refused as a file, before anything else sees it. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendError, BoltzmannMachine, bernoulli, counts, FormatError, gaussian, pcd, pt, ptt, RBM, relu } from '../../src/index.js';
import { readLearningRate } from '../../src/training/learning-rate.js';
import { altered, editJson, interrupted, loads, type Parts, zeros } from './file-support.js';

const rows = [
  [0, 1],
  [1, 1],
  [1, 0],
  [0, 0],
  [1, 1],
  [0, 1],
];
const trajectory = { algorithm: ptt({ reservoirs: 4, chains: 3 }) } as const;

let folder: string;
const file = (name: string) => join(folder, name);
const machine = () => new BoltzmannMachine({ layers: { v: bernoulli(2), h: bernoulli(1) }, couplings: [['v', 'h']], seed: 3 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-hostile-'));
  for (const [name, options] of [
    ['ptt', trajectory],
    ['back', { onDivergence: 'rollback' }],
    ['pt', { algorithm: pt({ betas: [0.5, 1], chains: 3 }) }],
    ['adam', { optimiser: 'adam', averageLast: 0.9, standardised: true, sparsity: { target: 0.2 } }],
  ] as const) {
    using trained = machine();
    await interrupted(trained, file(name), { v: rows }, options);
    await loads(file(name));
  }
  using words = new BoltzmannMachine({ layers: { v: counts(2), h: bernoulli(1) }, couplings: [['v', 'h']] });
  await interrupted(words, file('counts'), { v: rows }, {});
  using model = machine();
  await model.save(file('model'));
  const chains = await model.chains(3, { ladder: { betas: [0, 0.5, 1] }, clamp: { h: [[1]] } });
  await chains.advance(2, { observe: { pairs: [['v', 'h']] } });
  await chains.save(file('chains'));
  await model.loadChains(file('chains'));
  await (await model.chains(3)).save(file('plain-chains'));
});
afterAll(() => rm(folder, { recursive: true }));

const filledData = ({ tensors }: Parts, name: string, value: number | bigint) => {
  (tensors.get(name) as { data: { fill(value: number | bigint): unknown } }).data.fill(value);
};
const filled = (name: string, value: number) => (parts: Parts) => filledData(parts, name, value);
const without = (name: string) => (parts: Parts) => {
  expect(parts.tensors.delete(name)).toBe(true);
};
const dropAll = (part: string) => (parts: Parts) => {
  for (const name of parts.tensors.keys()) if (name.includes(part)) parts.tensors.delete(name);
};
const setting = (name: string, value: unknown) => (parts: Parts) =>
  editJson(parts, 'training', (json) => ({ ...json, settings: { ...(json.settings as unknown as object), [name]: value } }));
const counter = (name: string, value: unknown) => (parts: Parts) =>
  editJson(parts, 'training', (json) => ({ ...json, counters: { ...(json.counters as unknown as object), [name]: value } }));

describe('checkpoints', () => {
  it.each<[string, string, (parts: Parts) => void, RegExp]>([
    ['a trajectory lacks its first reservoir', 'ptt', without('training/reservoir0/v.bias'), /lacks "training\/reservoir0\/v\.bias"/],
    ['a trajectory lacks all reservoirs', 'ptt', dropAll('reservoir'), /reservoirs/],
    [
      'reservoirs are named that are not there',
      'ptt',
      (p) => {
        for (let k = 9; k < 2009; k++) p.tensors.set(`training/reservoir${k}/v.bias`, zeros([1, 2]));
      },
      /unknown tensor "training\/reservoir/,
    ],
    ['reservoirs are claimed that are not there', 'ptt', (p) => p.tensors.set('training/reservoirs', zeros([4000, 3])), /lacks/],
    ['a link is not finite', 'ptt', filled('training/reservoir0/link', Number.NaN), /finite numbers/],
    [
      'a good state has another shape',
      'back',
      (p) => p.tensors.set('training/good/parameter/v-h.weights', zeros([1, 1])),
      /shape \[2, 1\], got \[1, 1\]/,
    ],
    [
      'a good state has a name that no run has',
      'back',
      (p) => p.tensors.set('training/good/no-such-thing', zeros([1, 1])),
      /unknown tensor/,
    ],
    ['a good state lacks a parameter', 'back', without('training/newest/parameter/h.bias'), /lacks/],
    ['an average is no parameter', 'adam', filled('training/average/v-h.weights', 3e29), /numbers from -1.00e\+18 to 1.00e\+18/],
    ['a good state is none', 'back', filled('training/good/parameter/v-h.weights', 3e29), /numbers from -1.00e\+18 to 1.00e\+18/],
    ['replicas stand on one rung', 'pt', filled('training/rungs', 1), /different rungs/],
    ['replicas stand on no rung', 'pt', filled('training/rungs', 2), /whole numbers from 0 to 1/],
    ['a second moment is negative', 'adam', filled('training/second/h.bias', -1), /finite numbers from 0/],
    ['chains hold no states', 'adam', filled('training/chains/v', 2), /numbers from 0 to 1/],
    ['chains hold more words than can be drawn', 'counts', filled('training/chains/v', 1e30), /whole numbers from 0/],
    ['chains hold too many words in a row', 'counts', filled('training/chains/v', 2 ** 24), /words to a row/],
    [
      'a tensor is of another type',
      'adam',
      (p) => p.tensors.set('training/limits', { dtype: 'U32', shape: [1, 1], data: new Uint32Array(1) }),
      /as F32 or F64/,
    ],
    ['a tensor has another rank', 'adam', (p) => p.tensors.set('v.bias', zeros([1, 2, 1])), /shape \[1, 2\]/],
    ["a tensor is nobody's", 'model', (p) => p.tensors.set('v.bias\0', zeros([1, 2])), /unknown tensor "v\.bias\\u0000"/],
    [
      'there are too many counters',
      'model',
      (p) => p.tensors.set('machine/counters', { dtype: 'U64', shape: [99], data: new BigUint64Array(99) }),
      /counters of random numbers/,
    ],
    ['counters are beyond 48 bits', 'model', (p) => filledData(p, 'machine/counters', 2n ** 48n), /steps of random numbers/],
    ['settings are no options', 'adam', setting('epochs', '4'), /settings/],
    ['settings lack one', 'adam', setting('batchSize', undefined), /settings/],
    ['settings name an unknown algorithm', 'adam', setting('algorithm', '__proto__'), /settings/],
    ['a counter is no number', 'adam', counter('updates', 5), /counter 'updates'/],
    ['a counter is unknown', 'adam', counter('constructor', '5'), /unknown counter/],
    ['the step lies behind the end', 'adam', counter('step', '13'), /contradict/],
    ['the numbers of rows and updates contradict each other', 'adam', counter('rows', '7'), /contradict/],
    ['the configuration is no object', 'model', (p) => editJson(p, 'config', () => null), /damaged metadata/],
    ['layers are no list', 'model', (p) => editJson(p, 'config', (json) => ({ ...json, layers: { v: 1 } })), /valid machine/],
    ['a layer has no units', 'model', (p) => editJson(p, 'config', (json) => ({ ...json, layers: [null] })), /valid machine/],
    [
      'a layer is larger than its parameters',
      'model',
      (p) => editJson(p, 'config', (json) => ({ ...json, layers: [{ name: 'v', type: 'bernoulli', units: 2 ** 31 - 1, size: 1 }] })),
      /must hold "v\.bias" of shape|valid machine/,
    ],
  ])('are refused in which %s', async (_, from, change, message) => {
    const path = await altered(file(from), file('altered'), change);
    await expect(BoltzmannMachine.load(path)).rejects.toThrow(FormatError);
    await expect(BoltzmannMachine.load(path)).rejects.toThrow(message);
  });

  it('of a run whose chains are not finite any more can be loaded, and only a new run can begin', async () => {
    const layers = { v: gaussian(2), h: relu(2) };
    using model = new BoltzmannMachine({ layers, couplings: [['v', 'h']], weightScale: 2 });
    const data = {
      v: [
        [0, 1],
        [1, 0],
        [1, 1],
        [0.5, 0.2],
      ],
    };
    const options = { epochs: 5, batchSize: 2, algorithm: pcd({ chains: 2 }) };
    await expect(model.fit(data, { ...options, learningRate: 1 })).rejects.toThrow();
    await model.save(file('diverged'));
    using loaded = await BoltzmannMachine.load(file('diverged'));
    await expect(loaded.fit(data, { resume: true })).rejects.toThrow(/resume/);
    expect(loaded.training).toEqual(model.training);
  });

  it('say that a device is missing, and not that the file is damaged', async () => {
    using rbm = new RBM({ visible: 2, hidden: 1 });
    await rbm.save(file('rbm'));
    for (const load of [
      () => BoltzmannMachine.load(file('model'), { device: 'cuda:999' }),
      () => RBM.load(file('rbm'), { device: 'cuda:999' }),
    ])
      await expect(load()).rejects.toThrow(BackendError);
  });
});

describe('learning rates that follow a schedule', () => {
  const data = { v: rows };
  const parameters = (of: BoltzmannMachine) => Object.keys(of.parameterShapes).map((name) => Array.from(of.getParameter(name).data));
  const finished = async (path: string) => {
    using loaded = await BoltzmannMachine.load(path);
    await loaded.fit(data, { resume: true });
    return parameters(loaded);
  };

  it.each(['linear', 'cosine'] as const)('take no table, and a run goes on as with the table of older files: %s', async (schedule) => {
    using model = machine();
    const learningRate = { schedule, from: 0.5, to: 0.1, hold: 0.25 };
    const path = await interrupted(model, file(schedule), data, { learningRate });
    using whole = machine();
    await whole.fit(data, { epochs: 4, batchSize: 2, algorithm: { name: 'pcd', chains: 3 }, monitorRows: 0, learningRate });
    expect(await finished(path)).toEqual(parameters(whole));
    const old = await altered(path, file('old'), (parts) => {
      expect(parts.tensors.has('training-plan/learningRates')).toBe(false);
      editJson(parts, 'training', ({ learningRate: _, ...json }) => json);
      const table = readLearningRate('test', learningRate, 0).table(12);
      parts.tensors.set('training-plan/learningRates', { dtype: 'F64', shape: [12], data: table });
    });
    expect(await finished(old)).toEqual(parameters(whole));
  });

  it('that are none are refused', async () => {
    for (const learningRate of [{}, 3, { schedule: 'linear', from: -1 }, { schedule: 'linear', from: 1, x: 1 }, null])
      await expect(
        loads(await altered(file('adam'), file('altered'), (parts) => editJson(parts, 'training', (json) => ({ ...json, learningRate })))),
      ).rejects.toThrow(/damaged learning rate/);
  });
});

describe('chains', () => {
  const said = (change: object) => (parts: Parts) => editJson(parts, 'chains', (json) => ({ ...json, ...change }));
  const f64 = (...values: number[]) => ({ dtype: 'F64', shape: [values.length], data: Float64Array.from(values) }) as const;
  it.each<[string, string, (parts: Parts) => void, RegExp]>([
    ['a ladder has no rungs', 'chains', (p) => p.tensors.set('ladder/betas', f64()), /at least two inverse temperatures/],
    ['a ladder has one rung', 'chains', (p) => p.tensors.set('ladder/betas', f64(1)), /at least two/],
    ['a ladder falls', 'chains', (p) => p.tensors.set('ladder/betas', f64(0, 1, 0.5)), /that rise/],
    ['chains of a group stand on one rung', 'chains', (p) => filledData(p, 'ladder/rung', 1), /different rungs/],
    ['swaps were taken that were not tried', 'chains', (p) => p.tensors.set('ladder/accepted', f64(9, 9)), /of at most/],
    ['states are no numbers', 'chains', filled('states/v', Number.NaN), /numbers from 0 to 1/],
    ['states have another rank', 'chains', (p) => p.tensors.set('states/v', zeros([9, 2, 1])), /shape \[9, 2\]/],
    ['a clamp holds what is no value', 'chains', filled('clamp-values/1', 3), /numbers from 0 to 1/],
    ['a clamp has values but no mask', 'chains', without('clamp-mask/1'), /lacks "clamp-mask\/1"/],
    ['sums are not finite', 'chains', filled('sums/v', Infinity), /finite/],
    ["a product is nobody's", 'chains', (p) => p.tensors.set('products/0,7', f64(1)), /unknown tensor/],
    ['a name has a NUL', 'chains', (p) => p.tensors.set('states/v\0', zeros([9, 2])), /unknown tensor "states\/v\\u0000"/],
    ['the model could draw nothing any more', 'chains', (p) => filledData(p, 'counters', 2n ** 48n - 1n), /steps of random numbers/],
    ['there are none', 'plain-chains', said({ chains: 0 }), /number of chains/],
    ['their number is no number', 'plain-chains', said({ chains: '3' }), /number of chains/],
    ['their number is another one', 'plain-chains', said({ chains: 4 }), /shape \[4, 2\]/],
    ['their sweeps are negative', 'plain-chains', said({ sweeps: -1 }), /number of sweeps/],
    ['the ladder is a number', 'plain-chains', said({ ladder: 3 }), /damaged ladder/],
    [
      'the text is no JSON',
      'plain-chains',
      (p) => {
        p.metadata.chains = '{';
      },
      /damaged metadata/,
    ],
    [
      'the text is null',
      'plain-chains',
      (p) => {
        p.metadata.chains = 'null';
      },
      /damaged metadata/,
    ],
    [
      'the text is missing',
      'plain-chains',
      (p) => {
        delete p.metadata.chains;
      },
      /damaged metadata/,
    ],
    ['temperatures are negative', 'plain-chains', (p) => p.tensors.set('betas', f64(-1)), /finite numbers from 0/],
    ['temperatures are too few', 'plain-chains', (p) => p.tensors.set('betas', f64(1, 1)), /shape \[3\]/],
  ])('are refused in which %s', async (_, from, change, message) => {
    using model = await BoltzmannMachine.load(file('model'));
    const path = await altered(file(from), file('altered-chains'), change);
    await expect(model.loadChains(path)).rejects.toThrow(FormatError);
    await expect(model.loadChains(path)).rejects.toThrow(message);
    await model.sample(1, { sweeps: 1 });
  });
});

it('some hundred damaged files end in nothing worse than a documented error', async () => {
  const program = fileURLToPath(new URL('../../bench/campaigns/damaged-checkpoints.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, '--files', '400', '--seed', '11', '--keep', file('kept')]);
  expect(stdout).toMatch(/^400 files, \d+ loaded/m);
}, 240_000);
