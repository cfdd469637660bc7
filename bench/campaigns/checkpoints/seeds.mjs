/** The sound files that the campaign damages: checkpoints of every kind of run in its middle, and chains. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const rowCount = 6;

/** A few rows for a layer of each unit type, the same ones every time. */
function rowsFor({ type, places, size }) {
  return Array.from({ length: rowCount }, (_, r) =>
    Array.from({ length: places }, (_, j) => {
      const bit = (r * 7 + j * 3 + ((r * j) % 5)) % 3 === 0 ? 1 : 0;
      if (type === 'spin') return 2 * bit - 1;
      if (type === 'softmax') return j % size === (r + Math.floor(j / size)) % size ? 1 : 0;
      if (type === 'gaussian' || type === 'doubleRelu') return ((r * 5 + j * 3) % 7) / 3 - 1;
      if (type === 'relu') return ((r * 5 + j * 3) % 4) / 2;
      if (type === 'binomial') return (r + j) % (size + 1);
      if (type === 'counts') return (r + 2 * j) % 4;
      return bit;
    }),
  );
}

/** The cases: how a model is made, what it is trained on and how. Chains are those of a model of their own. */
function cases(boltzkit) {
  const { bernoulli, spin, softmax, gaussian, relu, doubleRelu, binomial, counts, gridEdges } = boltzkit;
  const brief = { epochs: 4, batchSize: 2, algorithm: { name: 'pcd', chains: 2 }, monitorRows: 4, learningRate: 0.05 };
  const rbm = (name, options = {}, device = 'cpu') => ({
    name,
    kind: 'rbm',
    make: () => new boltzkit.RBM({ visible: 3, hidden: 2, seed: 7, device, threads: 1 }),
    data: rowsFor(bernoulli(3)),
    options: { ...brief, ...options },
  });
  const machine = (name, layers, couplings, given, options = {}) => ({
    name,
    kind: 'machine',
    make: () => new boltzkit.BoltzmannMachine({ layers, couplings, seed: 7, device: 'cpu', threads: 1 }),
    data: Object.fromEntries(given.map((layer) => [layer, rowsFor(layers[layer])])),
    options: { ...brief, ...options },
  });
  const pair = (name, units, options = {}) => machine(name, { v: units, h: bernoulli(2) }, [['v', 'h']], ['v'], options);
  const adam = { optimiser: 'adam', learningRate: 0.01 };
  const back = { onDivergence: 'rollback' };
  const ladder = { algorithm: { name: 'pt', betas: [0.3, 0.6, 1] } };
  const trajectory = { algorithm: { name: 'ptt', chains: 3, reservoirs: 4, acceptance: 0.9 } };
  const all = [
    rbm('rbm-pcd'),
    rbm('rbm-cd', { algorithm: 'cd', learningRate: { schedule: 'linear', from: 0.1 } }),
    rbm('rbm-fpcd', { algorithm: 'fpcd', ...adam }),
    rbm('rbm-pt', ladder),
    rbm('rbm-pt-back', { ...ladder, ...back }),
    rbm('rbm-ptt', trajectory),
    rbm('rbm-ptt-back', { ...trajectory, ...back, ...adam }),
    rbm('rbm-mean-field', { algorithm: 'mean-field' }),
    rbm('rbm-exact', { algorithm: 'exact', averageLast: 0.9 }),
    rbm('rbm-table', { learningRate: [0.1, 0.05, 0.01], optimiser: { name: 'sgd', momentum: 0.5 }, l1: 0.001, l2: 0.001 }),
    rbm('rbm-sparse', { sparsity: { target: 0.2 }, averageLast: 0.9, standardised: true, ...adam }),
    rbm('rbm-plain', { centred: false, ...back, rates: { hidden: 0 } }),
    rbm('rbm-reference', { ...trajectory, ...back }, 'reference'),
    rbm('rbm-reference-pt', { ...ladder, ...adam }, 'reference'),
    pair('spin', spin(3)),
    pair('softmax', softmax(3, 2), { ...back, ...adam }),
    pair('gaussian', gaussian(2), { learningRate: 0.001, standardised: true }),
    pair('relu', relu(2), { learningRate: 0.001 }),
    pair('double-relu', doubleRelu(2), { learningRate: 0.001, ...back }),
    pair('binomial', binomial(2, 3), trajectory),
    pair('counts', counts(4), { learningRate: 0.001, ...back }),
    pair('counts-ptt', counts(4), { learningRate: 0.001, ...trajectory }),
    pair('gaussian-ptt', gaussian(2), { learningRate: 0.001, ...trajectory }),
    machine('fully-visible', { v: bernoulli(4) }, [['v', 'v']], ['v'], { algorithm: 'pseudo-likelihood' }),
    machine(
      'lateral',
      { v: spin(3), h: bernoulli(2) },
      [
        ['h', 'v'],
        ['h', 'h'],
      ],
      ['v'],
      { averageLast: 0.5 },
    ),
    machine('graph', { s: softmax(2, 4) }, [['s', 's', { edges: gridEdges([2, 2]) }]], ['s'], back),
    machine(
      'deep',
      { v: bernoulli(3), a: bernoulli(2), b: spin(2) },
      [
        ['v', 'a'],
        ['a', 'b'],
      ],
      ['v'],
      { positive: 'mean-field' },
    ),
    machine(
      'deep-ptt',
      { v: bernoulli(3), a: bernoulli(2), b: bernoulli(2) },
      [
        ['v', 'a'],
        ['a', 'b'],
      ],
      ['v'],
      trajectory,
    ),
    machine(
      'labels',
      { v: bernoulli(3), y: softmax(2), h: bernoulli(2) },
      [
        ['v', 'h'],
        ['y', 'h'],
      ],
      ['v', 'y'],
      ladder,
    ),
    machine('odd-names', { 'a/b': bernoulli(2), constructor: spin(2) }, [['a/b', 'constructor']], ['a/b'], back),
  ];
  return all;
}

/** Chains of these cases, by how they were asked for. */
const chainCases = [
  ['rbm-pcd', {}, {}],
  ['rbm-pcd', { ladder: { betas: [0, 0.5, 1] } }, { observe: {} }],
  ['rbm-pcd', { beta: [0.5, 1, 2], clamp: { indices: [1], values: [1] } }, {}],
  ['softmax', { ladder: { betas: 3, every: 2 }, clamp: { h: { indices: [0], values: [1] } } }, { observe: { pairs: [['v', 'h']] } }],
  [
    'gaussian',
    {},
    {
      observe: {
        every: 2,
        pairs: [
          ['v', 'v'],
          ['h', 'v'],
        ],
      },
    },
  ],
  ['counts', { start: { v: rowsFor({ type: 'counts', places: 4 }).slice(0, 3) } }, {}],
  ['graph', { ladder: { betas: [0.2, 1] } }, {}],
  ['deep', { clamp: { a: [[1, 0]] } }, { observe: { pairs: [['v', 'a']] } }],
];

/** A signal that ends a run when its first checkpoint is there, always after the same update. */
function untilSaved(path) {
  const { signal } = new AbortController();
  signal.throwIfAborted = () => {
    if (existsSync(path)) throw new Error('saved');
  };
  return signal;
}

/**
 * Makes the files.
 *
 * @param boltzkit - The package.
 * @param folder - Where the files go.
 * @returns What each file is and what it takes to use it; of chains also the file of the model that they belong to.
 */
export async function makeSeeds(boltzkit, folder) {
  const models = cases(boltzkit).map((given) => ({ ...given, path: join(folder, `${given.name}.safetensors`) }));
  for (const model of models) if (!existsSync(model.path)) await saveInterrupted(model);
  const chains = chainCases.map(([of, how, advance], number) => {
    const name = `chains-${number}-${of}`;
    const owner = models.find((model) => model.name === of);
    return { name, kind: 'chains', path: join(folder, `${name}.safetensors`), owner, how, advance };
  });
  for (const file of chains) if (!existsSync(file.path)) await saveChains(boltzkit, file);
  return [...models, ...chains];
}

async function saveInterrupted({ name, make, data, options, path }) {
  const model = make();
  try {
    await model.fit(data, { ...options, signal: untilSaved(path), checkpoint: { path, every: 5 } });
  } catch (error) {
    if (error.message === 'saved') return;
    throw error;
  } finally {
    model.dispose();
  }
  throw new Error(`${name} was not interrupted`);
}

async function saveChains(boltzkit, { path, owner, how, advance }) {
  const model = await load(boltzkit, owner.kind, owner.path);
  try {
    const chains = await model.chains(3, how);
    await chains.advance(4, advance);
    await chains.save(path);
  } finally {
    model.dispose();
  }
}

/** Loads a model of either kind. */
export function load(boltzkit, kind, path, device = 'cpu') {
  return (kind === 'rbm' ? boltzkit.RBM : boltzkit.BoltzmannMachine).load(path, { device, threads: 1 });
}
