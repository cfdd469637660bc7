/**
 * Wrong arguments of networks: the error's class, a message of the form "Class.call: what was
 * expected, what came", and nothing changed.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Autoencoder,
  BoltzkitError,
  BusyError,
  Classifier,
  type ClassifierOptions,
  DisposedError,
  gaussian,
  lbfgs,
  Network,
  ParameterError,
  relu,
  ShapeError,
  softmax,
} from '../../src/index.js';
import { cornerClassifier, corners, networkBits } from './models-support.js';

type ErrorClass = new (...args: never[]) => BoltzkitError;
const { rows, labels } = corners(20);
const classes = (options: object) => () => new Classifier({ inputs: 4, hidden: [], classes: 2, ...options } as ClassifierOptions);

describe('constructors', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'no options',
      () => new Network(undefined as never),
      /^Network: `options` must be an object with `inputs` and `layers`, got undefined/,
    ],
    [
      'an unknown option',
      () => new Network({ inputs: 4, layer: [2] } as never),
      /^Network: there is no option `layer` \(did you mean 'layers'\?\)/,
    ],
    ['no inputs', () => new Network({ inputs: 0, layers: [2] }), /^Network: `inputs` must be a whole number from 1/],
    [
      'no layers',
      () => new Network({ inputs: 4, layers: [] }),
      /^Network: `layers` must be a list of at least one layer.*, got a string|list of 0/,
    ],
    ['a layer of size 0', () => new Network({ inputs: 4, layers: [0, 2] }), /^Network: `layers\[0\]` must be a whole number from 1/],
    ['a layer of fractions', () => new Network({ inputs: 4, layers: [2.5] }), /^Network: `layers\[0\]` must be a whole number/],
    [
      'an unknown unit type',
      () => new Network({ inputs: 4, layers: [{ type: 'sigmoid', places: 2, size: 1 } as never] }),
      /`layers\[0\]\.type` must be one of 'bernoulli'/,
    ],
    [
      'units whose mean depends on more',
      () => new Network({ inputs: 4, layers: [{ type: 'counts', places: 2, size: 2 } as never] }),
      /`layers\[0\]\.type` must be one of/,
    ],
    [
      'softmax places that make no units',
      () => new Network({ inputs: 4, layers: [{ type: 'softmax', places: 5, size: 2 }] }),
      /`layers\[0\]\.places` must be a multiple of the 2 categories, got 5/,
    ],
    [
      'two layers of one name',
      () =>
        new Network({
          inputs: 4,
          layers: [
            { units: 2, name: 'a' },
            { units: 2, name: 'a' },
          ],
        }),
      /`layers\[1\]\.name` must be another name than `layers\[0\]` has, got "a"/,
    ],
    [
      'a name with a dot',
      () => new Network({ inputs: 4, layers: [{ units: 2, name: 'a.b' }] }),
      /`layers\[0\]\.name` must be a name of 1 to 200 characters without/,
    ],
    ["the rows' name", () => new Network({ inputs: 4, layers: [{ units: 2, name: 'inputs' }] }), /another name than 'inputs'/],
    [
      'dropped outputs',
      () => new Network({ inputs: 4, layers: [{ units: 2, dropout: 0.5 }] }),
      /`layers\[0\]\.dropout` must be left out: outputs are never dropped, got 0\.5/,
    ],
    [
      'dropout of everything',
      () => new Network({ inputs: 4, layers: [{ units: 2, dropout: 1 }, 2] }),
      /`layers\[0\]\.dropout` must be a finite number in \[0, 1\), got 1/,
    ],
    [
      'dropout of all inputs',
      () => new Network({ inputs: 4, layers: [2], inputDropout: 1 }),
      /`inputDropout` must be a finite number in \[0, 1\), got 1/,
    ],
    [
      'an unknown loss',
      () => new Network({ inputs: 4, layers: [2], loss: 'likelyhood' as never }),
      /`loss` must be 'likelihood' or 'squared', got "likelyhood" \(did you mean 'likelihood'\?\)/,
    ],
    ['one class', classes({ classes: 1 }), /^Classifier: `classes` must be a whole number from 2 to 4096, got 1/],
    ['a list of one class', classes({ classes: ['a'] }), /`classes` must be a list of 2 to 4096 classes, got "a list of 1"/],
    ['a class twice', classes({ classes: ['a', 'b', 'a'] }), /`classes` must be a list without repetitions, got "a"/],
    ['a class that is none', classes({ classes: ['a', null] }), /`classes\[1\]` must be a finite number or a text/],
    ['classes of NaN', classes({ classes: [1, Number.NaN] }), /`classes\[1\]` must be a finite number/],
    ['no hidden layers', classes({ hidden: undefined }), /^Classifier: `hidden` must be a list/],
    ['a hidden layer that is none', classes({ hidden: ['relu'] }), /`hidden\[0\]` must be a whole number/],
    [
      'an autoencoder without a code',
      () => new Autoencoder({ layers: [4] as never }),
      /^Autoencoder: `layers` must be the rows and the code at least/,
    ],
    ['an autoencoder of a layer of size 0', () => new Autoencoder({ layers: [4, 0, 2] }), /`layers\[1\]` must be a whole number/],
    ['a code of size 0', () => new Autoencoder({ layers: [4, 0] }), /`layers\[1\]` must be a whole number of at least 1, got 0/],
    ['a seed that is none', classes({ seed: -1 }), /`seed` must be a whole number/],
    ['a device that is none', classes({ device: 'gpu' }), /`device` must be/],
  ])('refuse %s', (_, make, message) => {
    expect(make).toThrow(ParameterError);
    expect(make).toThrow(message);
  });
});

describe('calls', () => {
  const validation = { rows, labels };
  it.each<[string, (c: Classifier) => unknown, ErrorClass, RegExp]>([
    ['too few columns', (c) => c.fit([[1, 2]], [0]), ShapeError, /^Classifier\.fit: `rows` must have 4 columns \(inputs\), got 2/],
    [
      'fewer labels than rows',
      (c) => c.fit(rows, labels.slice(1)),
      ShapeError,
      /^Classifier\.fit: `labels` must have 20 rows, as many as `rows`, got 19/,
    ],
    ['no labels', (c) => c.fit(rows, []), ShapeError, /^Classifier\.fit: `labels`/],
    [
      'labels of one class',
      (c) =>
        c.fit(
          rows,
          rows.map(() => 1),
        ),
      ParameterError,
      /^Classifier\.fit: `labels` must be of at least two classes, got 1 only: there is nothing to tell apart/,
    ],
    [
      'a label out of range',
      (c) =>
        c.fit(
          rows,
          labels.map((y, r) => (r === 7 ? 2 : y)),
        ),
      ParameterError,
      /^Classifier\.fit: `labels\[7\]` must be a whole number from 0 to 1, got 2/,
    ],
    [
      'a negative label',
      (c) =>
        c.fit(
          rows,
          labels.map((y, r) => (r === 3 ? -1 : y)),
        ),
      ParameterError,
      /`labels\[3\]` must be .*got -1/,
    ],
    [
      'a label that is no number',
      (c) =>
        c.fit(
          rows,
          labels.map((y, r) => (r === 3 ? Number.NaN : y)),
        ),
      ParameterError,
      /`labels\[3\]` must be .*got NaN/,
    ],
    ['labels that are texts', (c) => c.fit(rows, rows.map(() => '1') as never), ParameterError, /^Classifier\.fit: `labels/],
    [
      'rows that lack a value',
      (c) => c.fit([[0, Number.NaN, 0, 0], ...rows.slice(1)], labels),
      ParameterError,
      /^Classifier\.fit: `rows` .*NaN/,
    ],
    [
      'rows without end',
      (c) => c.fit([[0, Number.POSITIVE_INFINITY, 0, 0], ...rows.slice(1)], labels),
      ParameterError,
      /^Classifier\.fit: `rows`/,
    ],
    [
      'an unknown option',
      (c) => c.fit(rows, labels, { batchsize: 3 } as never),
      ParameterError,
      /there is no option `batchsize` \(did you mean 'batchSize'\?\)/,
    ],
    [
      'more rows to a batch than there are',
      (c) => c.fit(rows, labels, { batchSize: 21 }),
      ParameterError,
      /`batchSize` must be at most the number of rows, 20, got 21/,
    ],
    [
      'an unknown optimiser',
      (c) => c.fit(rows, labels, { optimiser: 'adma' as never }),
      ParameterError,
      /`optimiser` must be .*\(did you mean 'adam'\?\)/,
    ],
    [
      'options of another optimiser',
      (c) => c.fit(rows, labels, { optimiser: { name: 'lbfgs', momentum: 0.5 } as never }),
      ParameterError,
      /optimiser 'lbfgs': .*`momentum`/,
    ],
    [
      'a learning rate for a search',
      (c) => c.fit(rows, labels, { optimiser: 'lbfgs', learningRate: 0.1 } as never),
      ParameterError,
      /`learningRate` must be left out with 'lbfgs'/,
    ],
    [
      'a rate between with a search',
      (c) => c.fit(rows, labels, { optimiser: 'lbfgs', rates: { output: 0.5 } }),
      ParameterError,
      /`rates\.output` must be 0 or 1 with 'lbfgs', got 0\.5/,
    ],
    [
      'a rate of no layer',
      (c) => c.fit(rows, labels, { rates: { hidden9: 0 } }),
      ParameterError,
      /`rates` must be by names among 'hidden1', 'hidden2', 'output'/,
    ],
    [
      'dropout of no layer',
      (c) => c.fit(rows, labels, { dropout: { hiden1: 0.5 } }),
      ParameterError,
      /`dropout` must be by names among .*\(did you mean 'hidden1'\?\)/,
    ],
    [
      'dropout of outputs',
      (c) => c.fit(rows, labels, { dropout: { output: 0.5 } }),
      ParameterError,
      /`dropout` must be by names among 'inputs', 'hidden1', 'hidden2', got "output"/,
    ],
    [
      'dropout of everything',
      (c) => c.fit(rows, labels, { dropout: 1 }),
      ParameterError,
      /`dropout` must be a finite number in \[0, 1\), got 1/,
    ],
    [
      'a norm of 0',
      (c) => c.fit(rows, labels, { maxNorm: 0 }),
      ParameterError,
      /`maxNorm` must be a finite number above 0, or null, got 0/,
    ],
    ['negative weights', (c) => c.fit(rows, labels, { sampleWeights: rows.map(() => -1) }), ParameterError, /sampleWeights/],
    ['weights of 0 only', (c) => c.fit(rows, labels, { sampleWeights: rows.map(() => 0) }), ParameterError, /at least one is above 0/],
    ['too few weights', (c) => c.fit(rows, labels, { sampleWeights: [1] }), ShapeError, /sampleWeights/],
    [
      'early stopping without anything to watch',
      (c) => c.fit(rows, labels, { earlyStopping: {} }),
      ParameterError,
      /`earlyStopping` must be left out without `validation`/,
    ],
    [
      'a metric that is none',
      (c) => c.fit(rows, labels, { validation, keepBest: { metric: 'accuracy' as never } }),
      ParameterError,
      /`keepBest\.metric` must be 'error' or 'loss'/,
    ],
    [
      'both ways to the best',
      (c) => c.fit(rows, labels, { validation, earlyStopping: {}, keepBest: true }),
      ParameterError,
      /`keepBest` must be left out with `earlyStopping`/,
    ],
    [
      'validation without labels',
      (c) => c.fit(rows, labels, { validation: { rows } as never }),
      ParameterError,
      /^Classifier\.fit: `validation\.labels`/,
    ],
    [
      'validation of other columns',
      (c) => c.fit(rows, labels, { validation: { rows: [[1]], labels: [0] } }),
      ShapeError,
      /`validation\.rows` must have 4 columns/,
    ],
    [
      'validation of other lengths',
      (c) => c.fit(rows, labels, { validation: { rows, labels: [0] } }),
      ShapeError,
      /`validation\.labels` must have 20 rows/,
    ],
    [
      'a checkpoint without a path',
      (c) => c.fit(rows, labels, { checkpoint: { every: 5 } as never }),
      ParameterError,
      /`checkpoint\.path` must be a path/,
    ],
    ['nothing to resume', (c) => c.fit(rows, labels, { resume: true }), ParameterError, /holds no interrupted run/],
    [
      'a layer that is none',
      (c) => c.transform(rows, 'hidden3'),
      ParameterError,
      /^Classifier\.transform: `layer` must be one of 'hidden1'.*\(did you mean 'hidden1'\?\)/,
    ],
    ['rows to predict that lack a value', (c) => c.predict([[0, Number.NaN, 0, 0]]), ParameterError, /^Classifier\.predict: `rows`/],
    [
      'more rows at once than take no time',
      (c) => c.predictSync(Array.from({ length: 1_000_000 }, () => rows[0]!)),
      ShapeError,
      /^Classifier\.predictSync: `rows` must have at most \d+ rows/,
    ],
    [
      'a parameter that is none',
      (c) => c.getParameter('hidden1.weight'),
      ParameterError,
      /^Classifier\.getParameter: `name` must be one of .*did you mean 'hidden1\.weights'/,
    ],
    ['values of another shape', (c) => c.setParameter('hidden1.weights', [[1]]), ShapeError, /^Classifier\.setParameter: `values`/],
    ['an ONNX file that cannot be written', (c) => c.toONNX('/no/such/folder/net.onnx'), BoltzkitError, /^Classifier\.toONNX: .*net\.onnx/],
    ['a path that is none', (c) => c.save(5 as never), ParameterError, /^Classifier\.save: /],
  ])('refuse %s', async (_, call, error, message) => {
    using classifier = cornerClassifier();
    const before = networkBits(classifier);
    const outcome = await Promise.resolve()
      .then(() => call(classifier))
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(outcome).toBeInstanceOf(error);
    expect((outcome as Error).message).toMatch(message);
    expect(networkBits(classifier)).toBe(before);
    expect(classifier.training).toBe(null);
  });

  it('refuse labels that no class is called', async () => {
    using classifier = new Classifier({ inputs: 4, hidden: [], classes: ['cat', 'dog', 3] });
    const wrong = (label: unknown) => classifier.fit(rows, rows.map((_, r) => (r === 2 ? label : 'cat')) as never);
    await expect(wrong('dgo')).rejects.toThrow(
      /^Classifier\.fit: `labels\[2\]` must be one of "cat", "dog", 3, got "dgo" \(did you mean 'dog'\?\)/,
    );
    await expect(wrong(4)).rejects.toThrow(/`labels\[2\]` must be one of "cat", "dog", 3, got 4/);
    await expect(wrong('3')).rejects.toThrow(ParameterError);
    await expect(classifier.fit(rows, 'cat' as never)).rejects.toThrow(/`labels` must be a list of classes, got "cat"/);
    await expect(
      classifier.fit(
        rows,
        rows.map(() => 'dog' as const),
      ),
    ).rejects.toThrow(/at least two classes, got "dog" only/);
  });

  it('refuse targets outside of the domain of the outputs', async () => {
    using network = new Network({ inputs: 4, layers: [2] });
    await expect(
      network.fit(
        rows,
        rows.map(() => [0, 1.5]),
      ),
    ).rejects.toThrow(/^Network\.fit: `targets` .*1\.5/);
    await expect(network.fit(rows, [[0, 1]])).rejects.toThrow(/`targets` must have 20 rows, as many as `rows`, got 1/);
    using softmaxes = new Network({ inputs: 4, layers: [softmax(3)] });
    await expect(
      softmaxes.fit(
        rows,
        rows.map(() => 3),
      ),
    ).rejects.toThrow(/^Network\.fit: `targets\[0\]` must be a category from 0 to 2, got 3/);
    await expect(
      softmaxes.fit(
        rows,
        rows.map(() => [0.5, 0.2, 0.2]),
      ),
    ).rejects.toThrow(/^Network\.fit: `targets`/);
    using autoencoder = new Autoencoder({ layers: [4, 2] });
    await expect(autoencoder.fit(rows)).rejects.toThrow(/^Autoencoder\.fit: `rows`/);
    await expect(autoencoder.fit([[0, 1, 0, 1]], { validation: [[0, 2, 0, 0]] })).rejects.toThrow(/^Autoencoder\.fit: `validation`/);
  });

  it('end with the network', async () => {
    const classifier = cornerClassifier();
    const run = classifier.fit(rows, labels, { epochs: 1e6 });
    const ended = expect(run).rejects.toThrow(DisposedError);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(classifier.predict(rows)).rejects.toThrow(BusyError);
    expect(() => classifier.predictSync(rows)).toThrow(BusyError);
    classifier.dispose();
    await ended;
    await expect(classifier.predict(rows)).rejects.toThrow(DisposedError);
    await expect(classifier.fit(rows, labels)).rejects.toThrow(DisposedError);
    expect(classifier.disposed).toBe(true);
    expect(classifier.layers).toMatchObject({ output: { type: 'softmax', places: 2 } });
  });

  it('end with their signal', async () => {
    using classifier = cornerClassifier();
    const stop = new AbortController();
    const run = classifier.fit(rows, labels, { epochs: 1e6, signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) });
    await expect(run).rejects.toThrow('enough');
    expect(classifier.training!.complete).toBe(false);
  });
});

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -1,
    0,
    1,
    0.5,
    3,
    1e9,
    '',
    'adam',
    'loss',
    true,
    5n,
    [],
    {},
    [1],
    { name: 'sgd' },
  ),
  fc.double(),
  fc.string({ maxLength: 5 }),
  fc.dictionary(fc.constantFrom('hidden1', 'output', 'name', 'metric', 'patience'), fc.constantFrom<unknown>(0, 1, 0.5, 'loss', null)),
);
const names = [
  ...['batchSize', 'dropout', 'maxNorm', 'l1', 'l2', 'rates', 'averageLast', 'shuffle', 'monitorRows', 'onDivergence', 'optimiser'],
  ...['learningRate', 'sampleWeights', 'validation', 'resume', 'signal', 'checkpoint', 'earlyStopping', 'keepBest', 'onProgress'],
];

describe('any options', () => {
  it('train, or are refused by an error of this package that changes nothing', async () => {
    let [trained, refused] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), odd, { maxKeys: 3 }), async (options) => {
        using classifier = cornerClassifier({ threads: 1 });
        const before = networkBits(classifier);
        try {
          const reports = await classifier.fit(rows, labels, { ...options, epochs: 2 } as never);
          expect(reports.at(-1)!.epoch).toBe(2);
          trained++;
        } catch (error) {
          if (!(error instanceof BoltzkitError)) throw error;
          expect(error.message).toMatch(/^Classifier\.fit[:,]/);
          expect(networkBits(classifier)).toBe(before);
          refused++;
        }
      }),
      { numRuns: 300, seed: 5 },
    );
    expect(trained).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(20);
  });

  it('construct a network, or are refused by an error of this package', () => {
    const layer = fc.oneof(
      odd,
      fc.constantFrom<unknown>(relu(3), gaussian(2), softmax(3), { units: 4 }, { units: relu(2), name: 'x', dropout: 0.5 }),
    );
    fc.assert(
      fc.property(
        odd,
        fc.array(layer, { maxLength: 3 }),
        fc.constantFrom('seed', 'loss', 'inputDropout', 'x'),
        odd,
        (inputs, layers, name, value) => {
          for (const make of [
            () => new Network({ inputs: typeof inputs === 'number' && inputs > 100 ? 4 : inputs, layers, [name]: value } as never),
            () => new Classifier({ inputs: 4, hidden: layers, classes: inputs === 1e9 ? 3 : inputs } as never),
            () => new Autoencoder({ layers: [inputs === 1e9 ? 3 : inputs, ...layers] } as never),
          ]) {
            try {
              if (layers.some((each) => each === 1e9 || (typeof each === 'number' && each > 1e4))) return;
              make().dispose();
            } catch (error) {
              if (!(error instanceof BoltzkitError)) throw error;
            }
          }
        },
      ),
      { numRuns: 300, seed: 6 },
    );
    expect(() => lbfgs({ histroy: 3 } as never)).toThrow(/there is no option `histroy` \(did you mean 'history'\?\)/);
  });
});
