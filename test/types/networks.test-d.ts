/**
 * Networks in the types: what belongs together, names of classes, reports. Nothing here runs, as in
 * names.test-d.ts.
 */
import {
  Autoencoder,
  adam,
  Classifier,
  cosine,
  counts,
  gaussian,
  lbfgs,
  Network,
  type NetworkFitOptions,
  type NetworkReport,
  type NetworkRun,
  type RowsInput,
  relu,
  sgd,
  softmax,
  type TrainingRun,
} from '../../src/index.js';

declare const rows: RowsInput;
declare const targets: RowsInput;

export async function doNotBelongTogether(network: Network): Promise<void> {
  await network.fit(rows, targets, { optimiser: lbfgs({ history: 5, iterations: 3 }), epochs: 3 });
  await network.fit(rows, targets, { optimiser: sgd({ momentum: 0.9 }), learningRate: cosine(0.1) });
  await network.fit(rows, targets, { optimiser: adam(), learningRate: [0.1, 0.01], dropout: 0.2 });
  await network.fit(rows, targets, { learningRate: (update, updates) => update / updates });
  await network.fit(rows, targets, { optimiser: undefined, learningRate: undefined, validation: undefined, maxNorm: null });
  // @ts-expect-error: L-BFGS searches the length of its steps
  await network.fit(rows, targets, { optimiser: 'lbfgs', learningRate: 0.1 });
  // @ts-expect-error: L-BFGS has no momentum
  lbfgs({ momentum: 0.5 });
  // @ts-expect-error: SGD keeps no pairs
  sgd({ history: 5 });
  // @ts-expect-error: options of an optimiser belong to it
  await network.fit(rows, targets, { optimiser: 'lbfgs', history: 5 });
  // @ts-expect-error: no such optimiser
  await network.fit(rows, targets, { optimiser: 'adamw' });
  // @ts-expect-error: machines have algorithms, networks have none
  await network.fit(rows, targets, { algorithm: 'cd' });
  // @ts-expect-error: no such metric
  await network.fit(rows, targets, { keepBest: { metric: 'accuracy' } });
  // @ts-expect-error: targets are missing
  await network.fit(rows);
  // @ts-expect-error: a network has targets, no labels
  await network.fit(rows, targets, { validation: { rows, labels: [1] } });
  // @ts-expect-error: the mean of counts depends on the length of a document
  new Network({ inputs: 4, layers: [counts(3)] });
  // @ts-expect-error: the dropout of a layer belongs to an object with `units`
  new Network({ inputs: 4, layers: [{ type: 'relu', places: 3, size: 1, dropout: 0.5 }] });
  new Network({ inputs: 4, layers: [10, relu(5), { units: gaussian(2), dropout: 0.5, name: 'x' }, softmax(3, 2)], loss: 'squared' });
  // @ts-expect-error: no such loss
  new Network({ inputs: 4, layers: [1], loss: 'hinge' });
}

export async function classes(): Promise<void> {
  const named = new Classifier({ inputs: 2, hidden: [], classes: ['cat', 'dog'] });
  const labels: ('cat' | 'dog')[] = await named.predict(rows);
  await named.fit(rows, labels, { validation: { rows, labels: ['cat'] } });
  // @ts-expect-error: no such class
  await named.fit(rows, ['bird']);
  // @ts-expect-error: classes are texts
  await named.fit(rows, new Uint8Array(3));
  // @ts-expect-error: no such class
  await named.fit(rows, labels, { validation: { rows, labels: ['bird'] } });
  const [first] = (await named.evaluate(rows, labels)).perClass;
  const label: 'cat' | 'dog' | undefined = first?.label;
  console.log(label);

  const numbered = new Classifier({ inputs: 2, hidden: [5], classes: 10 });
  const numbers: number[] = await numbered.predict(rows);
  await numbered.fit(rows, numbers);
  await numbered.fit(rows, new Uint8Array(3));
  await numbered.fit(rows, { data: new Int32Array(3), shape: [3] });
  // @ts-expect-error: classes are numbers
  await numbered.fit(rows, ['3']);

  const some = new Classifier({ inputs: 2, hidden: [], classes: [3, 7] });
  const chosen: (3 | 7)[] = some.predictSync(rows);
  await some.fit(rows, chosen);
  await some.fit(rows, new Uint8Array(3));

  const loaded = await Classifier.load('file');
  const any: (string | number)[] = await loaded.predict(rows);
  console.log(any);
}

export async function runs(autoencoder: Autoencoder): Promise<void> {
  const run: NetworkRun = autoencoder.fit(rows, { validation: rows, earlyStopping: { metric: 'error', patience: 3 } });
  const same: TrainingRun<NetworkReport> = run;
  for await (const { validationError } of same) {
    const value: number | null = validationError;
    console.log(value);
  }
  // @ts-expect-error: reports of networks have no pseudo-likelihood
  console.log((await run)[0]?.pseudoLikelihood);
  const options: NetworkFitOptions<RowsInput> = { epochs: 3, optimiser: 'lbfgs' };
  await autoencoder.fit(rows, options);
  // @ts-expect-error: the code is missing
  new Autoencoder({ layers: [] });
  new Autoencoder({ layers: [784, 1000, { units: relu(500), dropout: 0.1 }, 30], inputDropout: 0.2 });
  const loaded: Autoencoder = await Autoencoder.load('file', { threads: 2 });
  console.log(loaded.codeSize);
}
