/** Values that no call can use: every one of them ends in an error of this package, none in an engine's own. */
import { expect, it } from 'vitest';
import * as data from '../../src/data/index.js';
import * as boltzkit from '../../src/index.js';
import * as tables from '../../src/tables/index.js';
import * as viz from '../../src/viz/index.js';

function revoked(of: object): unknown {
  const { proxy, revoke } = Proxy.revocable(of, {});
  revoke();
  return proxy;
}

const fail = (): never => {
  throw new Error("the caller's own code");
};
const trap = () => new Proxy({}, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail });
const odd: [string, () => unknown][] = [
  ['null', () => null],
  ['a symbol', () => Symbol('s')],
  ['a bigint', () => 3n],
  ['an object without prototype', () => Object.create(null)],
  ['a revoked object', () => revoked({})],
  ['a revoked array', () => revoked([])],
  ['an object that throws', trap],
  ['a list of symbols', () => [Symbol('s')]],
  ['a URL of another machine', () => new URL('file://host/a')],
  ['a URL with a coded slash', () => new URL('file:///a%2Fb')],
  ['an object of odd sizes', () => ({ width: Symbol('s'), height: 1n, channels: 1, shape: [1n], data: new Uint8Array(2) })],
];

const { RBM, BoltzmannMachine, Recommender, splitRatings, bernoulli } = boltzkit;
const { spin, gaussian, relu, doubleRelu, softmax, binomial, counts } = boltzkit;
const rows = [[0, 1]];
const liked = [
  ['a', 1],
  ['a', 2],
  ['b', 1],
  ['b', 3],
].map(([user, item]) => ({ user: user as string, item: item as number })); // prettier-ignore
const recommender = Recommender.fit(liked, { model: 'popularity' });
const table = tables.readTable([{ n: 1 }, { n: 2 }, { n: 4 }]);
const calls: Record<string, (value: unknown) => unknown> = {
  RBM: (value) => new RBM(value as never),
  'RBM.visible': (value) => new RBM({ visible: value as never, hidden: 1 }),
  'RBM.threads': (value) => new RBM({ visible: 2, hidden: 1, threads: value as never }),
  BoltzmannMachine: (value) => new BoltzmannMachine({ layers: value as never, couplings: [] }),
  'BoltzmannMachine.couplings': (value) => new BoltzmannMachine({ layers: { v: bernoulli(1) }, couplings: value as never }),
  'RBM.load': (value) => RBM.load(value as never),
  DeepBoltzmannMachine: (value) => new boltzkit.DeepBoltzmannMachine(value as never),
  'DeepBoltzmannMachine.layers': (value) => new boltzkit.DeepBoltzmannMachine({ layers: value as never }),
  'DeepBoltzmannMachine.layer': (value) => new boltzkit.DeepBoltzmannMachine({ layers: [2, 2, value as never] }),
  'DeepBoltzmannMachine.load': (value) => boltzkit.DeepBoltzmannMachine.load(value as never),
  'DeepBoltzmannMachine.pretrain': (value) =>
    new boltzkit.DeepBoltzmannMachine({ layers: [2, 2, 2] }).pretrain(value as never).then(() => undefined),
  'DeepBoltzmannMachine.pretrain.resume': (value) =>
    new boltzkit.DeepBoltzmannMachine({ layers: [2, 2, 2] }).pretrain(rows, { resume: value as never }).then(() => undefined),
  'DeepBoltzmannMachine.fit.options': (value) =>
    new boltzkit.DeepBoltzmannMachine({ layers: [2, 2, 2] })
      .fit(rows, value === null ? (3 as never) : { positiveSweeps: value as never })
      .then(() => undefined),
  'DeepBoltzmannMachine.transform.layer': (value) =>
    new boltzkit.DeepBoltzmannMachine({ layers: [2, 2, 2] }).transform(rows, { layer: value as never }),
  DeepBeliefNetwork: (value) => new boltzkit.DeepBeliefNetwork(value as never),
  'DeepBeliefNetwork.layers': (value) => new boltzkit.DeepBeliefNetwork({ layers: value as never }),
  'DeepBeliefNetwork.layer': (value) => new boltzkit.DeepBeliefNetwork({ layers: [2, value as never] }),
  'DeepBeliefNetwork.load': (value) => boltzkit.DeepBeliefNetwork.load(value as never),
  'DeepBeliefNetwork.autoencoder': (value) => boltzkit.DeepBeliefNetwork.autoencoder(value as never),
  'DeepBeliefNetwork.pretrain': (value) =>
    new boltzkit.DeepBeliefNetwork({ layers: [2, 2] }).pretrain(value as never).then(() => undefined),
  'DeepBeliefNetwork.pretrain.options': (value) =>
    new boltzkit.DeepBeliefNetwork({ layers: [2, 2] })
      .pretrain(rows, value === null ? (3 as never) : { levels: [value as never] })
      .then(() => undefined),
  'DeepBeliefNetwork.upDown': (value) => new boltzkit.DeepBeliefNetwork({ layers: [2, 2, 2] }).upDown(value as never).then(() => undefined),
  'DeepBeliefNetwork.upDown.rates': (value) =>
    new boltzkit.DeepBeliefNetwork({ layers: [2, 2, 2] }).upDown(rows, { rates: value as never }).then(() => undefined),
  'DeepBeliefNetwork.classify': (value) => new boltzkit.DeepBeliefNetwork({ layers: [2, 2], labels: 2 }).classify(value as never),
  'DeepBeliefNetwork.sample': (value) =>
    new boltzkit.DeepBeliefNetwork({ layers: [2, 2], labels: 2 }).sample(1, {
      label: value === undefined ? (3 as never) : (value as never),
    }),
  'DeepBeliefNetwork.toClassifier': (value) => new boltzkit.DeepBeliefNetwork({ layers: [2, 2] }).toClassifier(value as never),
  gridEdges: (value) => boltzkit.gridEdges(value as never),
  HopfieldNetwork: (value) => new boltzkit.HopfieldNetwork(value as never),
  'HopfieldNetwork.store': (value) => new boltzkit.HopfieldNetwork({ units: 2 }).store(value as never),
  'HopfieldNetwork.store.options': (value) => new boltzkit.HopfieldNetwork({ units: 2 }).store(rows, { rule: (value ?? 3) as never }),
  'HopfieldNetwork.recall': (value) => new boltzkit.HopfieldNetwork({ units: 2 }).recall(value as never),
  'HopfieldNetwork.overlap': async (value) => new boltzkit.HopfieldNetwork({ units: 2 }).overlap(rows, value as never),
  'HopfieldNetwork.load': (value) => boltzkit.HopfieldNetwork.load(value as never),
  IsingModel: (value) => new boltzkit.IsingModel(value as never),
  'IsingModel.graph': (value) => new boltzkit.IsingModel({ units: 2, graph: (value ?? 3) as never }),
  'IsingModel.couplings': (value) => new boltzkit.IsingModel({ units: 2, couplings: value === null ? ('x' as never) : (value as never) }),
  'IsingModel.fields': (value) => new boltzkit.IsingModel({ units: 2, fields: value === null ? ('x' as never) : (value as never) }),
  'IsingModel.fromQubo': (value) => boltzkit.IsingModel.fromQubo(value as never),
  'IsingModel.magnetisation': (value) => new boltzkit.IsingModel({ units: 2 }).magnetisation(value as never),
  'IsingModel.load': (value) => boltzkit.IsingModel.load(value as never),
  maxCut: (value) => boltzkit.maxCut(value as never),
  'maxCut.weights': (value) => boltzkit.maxCut([[0, 1]], { weights: (value ?? 3) as never }),
  PottsModel: (value) => new boltzkit.PottsModel(value as never),
  'PottsModel.couplings': (value) => new boltzkit.PottsModel({ sites: 2, categories: 2, couplings: value ?? 'x' } as never),
  'PottsModel.couplingScores': (value) =>
    new boltzkit.PottsModel({ sites: 2, categories: 2 }).couplingScores({ without: value === null ? 3 : value } as never),
  'PottsModel.load': (value) => boltzkit.PottsModel.load(value as never),
  'readNpy.path': (value) => data.readNpy(value as never),
  'readNpy.options': (value) => data.readNpy('x', value === null ? (3 as never) : (value as never)),
  readIdx: (value) => data.readIdx(value as never),
  readCsv: (value) => data.readCsv(value as never),
  'readCsv.options': (value) => data.readCsv('no such file', value as never),
  writeNpy: (value) => data.writeNpy('no/such/folder/x', value as never),
  readTable: (value) => tables.readTable(value as never),
  'readTable.cells': (value) => tables.readTable([{ a: 1 }, { a: value }]),
  'readTable.schema': (value) => tables.readTable([{ a: 1 }, { a: 2 }], value as never),
  'readTable.type': (value) => tables.readTable([{ a: 1 }, { a: 2 }], { a: value as never }),
  'readTable.options': (value) => tables.readTable([{ a: 1 }, { a: 2 }], {}, value === undefined ? (3 as never) : (value as never)),
  'readTable.names': (value) => tables.readTable([[1], [2]], {}, { names: value as never }),
  'Table.from': (value) => tables.Table.from(value),
  'Table.encode': async (value) => (await table).encode(value as never),
  'Table.decode': async (value) => (await table).decode(value as never),
  'Table.decode.layer': async (value) => (await table).decode({ numbers: value as never }),
  'Table.wiring': async (value) => (await table).wiring(value as never),
  'Table.couplings': async (value) => (await table).couplings(value as never),
  'writeCsv.rows': (value) => tables.writeCsv('no/such/folder/x', value as never),
  'writeCsv.names': (value) => tables.writeCsv('no/such/folder/x', [[1]], value as never),
  'Recommender.fit': (value) => Recommender.fit(value as never, { model: 'popularity' }),
  'Recommender.fit.options': (value) => Recommender.fit(liked, value === null ? (3 as never) : (value as never)),
  'Recommender.load': (value) => Recommender.load(value as never),
  'Recommender.compare': (value) => Recommender.compare(liked, value as never),
  'Recommender.compare.models': (value) => Recommender.compare(liked, { models: value as never, resamples: 0 }),
  'Recommender.compare.model': (value) => Recommender.compare(liked, { models: [value as never], resamples: 0 }),
  'Recommender.crossValidate': (value) => Recommender.crossValidate(liked, value as never),
  'Recommender.combine': (value) => Recommender.combine(value as never, liked),
  'Recommender.evaluate': async (value) => (await recommender).evaluate(value as never),
  'Recommender.recommend': async (value) => (await recommender).recommend(value as never),
  'Recommender.recommend.user': async (value) => (await recommender).recommend({ user: value as never }),
  'Recommender.recommend.ratings': async (value) => (await recommender).recommend({ ratings: value as never }),
  'Recommender.recommend.rating': async (value) => (await recommender).recommend({ ratings: [value as never] }),
  'Recommender.recommend.items': async (value) => (await recommender).recommend({ items: value as never }),
  'Recommender.recommendBatch': async (value) => (await recommender).recommendBatch(value as never),
  'Recommender.recommendBatch.one': async (value) => (await recommender).recommendBatch([value as never]),
  'Recommender.predict': async (value) => (await recommender).predict(value as never, value as never),
  'Recommender.similarItems': async (value) => (await recommender).similarItems(value as never, value as never),
  'Recommender.explain': async (value) => (await recommender).explain(value as never, value as never),
  'Recommender.partialFit': async (value) => (await Recommender.fit(liked, { model: 'popularity' })).partialFit(value as never),
  'Recommender.scoreMemory': async (value) => {
    (await recommender).scoreMemory = value as never;
  },
  splitRatings: (value) => splitRatings(liked, value as never),
  tiles: (value) => viz.tiles(rows, value as never),
  encodePng: (value) => viz.encodePng(value as never),
  writePng: (value) => viz.writePng('no/such/folder/x', value as never),
  curves: (value) => viz.curves(value as never),
  'tiles.theme': (value) => viz.tiles(rows, { height: 1, width: 2, theme: value as never }),
  tilesSvg: (value) => viz.tilesSvg(rows, value as never),
  'tilesSvg.captions': (value) => viz.tilesSvg(rows, { height: 1, width: 2, captions: value as never }),
  'tilesSvg.captions.tiles': (value) => viz.tilesSvg(rows, { height: 1, width: 2, captions: { tiles: value as never } }),
  preview: (value) => viz.preview(rows, value as never),
  'preview.images': (value) => viz.preview(value as never, { height: 1, width: 2 }),
  report: (value) => viz.report(value as never),
  'report.facts': (value) => viz.report({ title: 'a', facts: value as never }),
  'report.fact': (value) => viz.report({ title: 'a', facts: [value as never] }),
  'report.headline': (value) => viz.report({ title: 'a', headlines: [value as never] }),
  'report.section': (value) => viz.report({ title: 'a', sections: [value as never] }),
  'report.curves': (value) => viz.report({ title: 'a', sections: [{ title: 'b', curves: value as never }] }),
  'report.tiles': (value) => viz.report({ title: 'a', sections: [{ title: 'b', tiles: value as never }] }),
  'curves.panel': (value) => viz.curves([{ series: [value as never], baselines: [value as never] }]),
  'curves.baselines': (value) => viz.curves([{ series: [], baselines: value as never }]),
  'curves.title': (value) => viz.curves([], { title: value as never }),
};
for (const [name, make] of Object.entries({ bernoulli, spin, gaussian, relu, doubleRelu, softmax, binomial, counts })) {
  calls[name] = (value) => (make as (...sizes: unknown[]) => unknown)(value, 2);
}
for (const option of ['beta', 'betas', 'ladder', 'clamp', 'start', 'signal', 'sweeps', 'layer', 'output', 'onProgress'] as const) {
  calls[`sample.${option}`] = (value) => using((rbm) => rbm.sample(1, { sweeps: 1, [option]: value } as never));
}
for (const option of ['kind', 'model', 'seed', 'titles', 'scale', 'unseen', 'relevantFrom', 'columns', 'signal', 'onProgress', 'verbose']) {
  calls[`Recommender.fit.${option}`] = (value) => Recommender.fit(liked, { model: 'popularity', [option]: value } as never);
}
for (const option of ['n', 'only', 'deny', 'keepSeen', 'by', 'unknown', 'signal', 'onProgress']) {
  calls[`Recommender.recommend.${option}`] = async (value) => (await recommender).recommend({ user: 'a', [option]: value } as never);
}
const classifier = new boltzkit.Classifier({ inputs: 2, hidden: [3], classes: 2 });
const [points, labels] = [
  [
    [0, 1],
    [1, 0],
  ],
  [0, 1],
] as const; // prettier-ignore
Object.assign(calls, {
  Network: (value: unknown) => new boltzkit.Network(value as never),
  'Network.layers': (value: unknown) => new boltzkit.Network({ inputs: 2, layers: value as never }),
  'Network.layer': (value: unknown) => new boltzkit.Network({ inputs: 2, layers: [value as never] }),
  'Network.units': (value: unknown) => new boltzkit.Network({ inputs: 2, layers: [{ units: value as never }] }),
  'Network.load': (value: unknown) => boltzkit.Network.load(value as never),
  Classifier: (value: unknown) => new boltzkit.Classifier(value as never),
  'Classifier.classes': (value: unknown) => new boltzkit.Classifier({ inputs: 2, hidden: [], classes: value as never }),
  'Classifier.class': (value: unknown) => new boltzkit.Classifier({ inputs: 2, hidden: [], classes: ['a', value as never] }),
  'Classifier.labels': (value: unknown) => classifier.fit(points, value as never),
  'Classifier.label': (value: unknown) => classifier.fit(points, [0, value as never]),
  'Classifier.named': (value: unknown) =>
    new boltzkit.Classifier({ inputs: 2, hidden: [], classes: ['a', 'b'] }).fit(points, ['a', value as never]),
  'Classifier.predict': (value: unknown) => classifier.predict(value as never),
  'Classifier.evaluate': (value: unknown) => classifier.evaluate(points, value as never),
  'Classifier.transform': (value: unknown) => classifier.transform(points, value as never),
  'Classifier.toONNX': (value: unknown) => classifier.toONNX(value as never),
  'Classifier.getParameter': async (value: unknown) => classifier.getParameter(value as never),
  Autoencoder: (value: unknown) => new boltzkit.Autoencoder(value as never),
  'Autoencoder.layers': (value: unknown) => new boltzkit.Autoencoder({ layers: [2, value as never] }),
  lbfgs: (value: unknown) => boltzkit.lbfgs(value as never),
});
for (const option of [
  'optimiser',
  'dropout',
  'maxNorm',
  'rates',
  'validation',
  'keepBest',
  'earlyStopping',
  'onDivergence',
  'checkpoint',
]) {
  calls[`Classifier.fit.${option}`] = (value) => classifier.fit(points, labels, { epochs: 1, [option]: value } as never);
}
const fitOptions = [
  ...[
    'algorithm',
    'optimiser',
    'learningRate',
    'recipe',
    'rates',
    'sparsity',
    'onDivergence',
    'signal',
    'epochs',
    'checkpoint',
    'sampleWeights',
  ],
  ...['validation', 'evaluateEvery', 'evaluate', 'earlyStopping', 'keepBest', 'verbose', 'onProgress'],
];
for (const option of fitOptions) {
  calls[`fit.${option}`] = (value) => using((rbm) => rbm.fit(rows, { epochs: 1, batchSize: 1, [option]: value } as never));
}
for (const name of ['pcd', 'cd', 'fpcd', 'pt', 'ptt', 'meanField', 'sgd', 'adam'] as const) {
  const { [name]: make } = boltzkit;
  calls[name] = (value) => make(value as never);
}
for (const name of ['linear', 'cosine'] as const) {
  const { [name]: make } = boltzkit;
  calls[name] = (value) => make(value as never);
  calls[`${name}.options`] = (value) => make(0.1, value as never);
}
for (const option of ['method', 'signal'] as const) {
  calls[`logZ.${option}`] = (value) => using((rbm) => rbm.logZ({ [option]: value } as never));
}

async function using(call: (rbm: boltzkit.RBM) => PromiseLike<unknown>): Promise<unknown> {
  const rbm = new RBM({ visible: 2, hidden: 1 });
  try {
    return await call(rbm);
  } finally {
    rbm.dispose();
  }
}

it.each(Object.keys(calls))('%s', async (name) => {
  for (const [what, value] of odd) {
    const error = await Promise.resolve()
      .then(() => calls[name]?.(value()))
      .then(
        () => undefined,
        (reason: unknown) => reason,
      );
    if (error === undefined) continue; // one that can be used after all
    expect(error, `${name} of ${what}`).toBeInstanceOf(boltzkit.BoltzkitError);
    expect((error as boltzkit.BoltzkitError).code, `${name} of ${what}`).not.toBe('ERR_INTERNAL');
  }
});

it('a parameter is asked for by its own name', () => {
  const machine = new BoltzmannMachine({ layers: { v: bernoulli(1), h: bernoulli(1) }, couplings: [['v', 'h']] });
  for (const name of ['constructor', '__proto__', 'toString', Symbol('s'), null])
    expect(() => machine.getParameter(name as never)).toThrow(boltzkit.ParameterError);
  machine.dispose();
});
