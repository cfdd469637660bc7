/** Deep belief networks in the types. Nothing here runs, as in names.test-d.ts. */
import {
  type Autoencoder,
  type BeliefEvaluation,
  type Classifier,
  cd,
  DeepBeliefNetwork,
  gaussian,
  type LevelReport,
  type RowsInput,
  type TrainingRun,
  type UpDownReport,
} from '../../src/index.js';

declare const rows: RowsInput;

export async function runs(): Promise<void> {
  const dbn = new DeepBeliefNetwork({ layers: [gaussian(4), 3, 2], labels: 2, seed: 1n });
  // @ts-expect-error: layers are a list
  new DeepBeliefNetwork({ layers: { visible: 4, hidden: 2 } });
  // @ts-expect-error: levels have rates of their own
  dbn.pretrain(rows, { labels: rows, rates: { hidden1: 0 } });
  const run: TrainingRun<LevelReport> = dbn.pretrain(rows, {
    labels: [0, 1],
    levels: [{ rates: { hidden1: 0 } }, undefined, { algorithm: cd() }],
  });
  for await (const { level, layer, pseudoLikelihood } of run) [level, layer, pseudoLikelihood] satisfies [number, string, number | null];
  // @ts-expect-error: up–down has no algorithm
  dbn.upDown(rows, { algorithm: 'cd' });
  const reports: UpDownReport[] = await dbn.upDown(rows, { labels: [0, 1], validation: { rows, labels: [0, 1] }, rates: { up: 0 } });
  reports[0]?.validationError satisfies number | null | undefined;
  const evaluation: BeliefEvaluation = await dbn.evaluate(rows, { samples: 4, method: 'exact' });
  evaluation.bound.mean satisfies number;
}

export async function unrolled(dbn: DeepBeliefNetwork): Promise<void> {
  const numbered: Classifier<number> = dbn.toClassifier({ classes: 2 });
  const named: Classifier<'cat' | 'dog'> = dbn.toClassifier({ classes: ['cat', 'dog'] });
  (await numbered.predict(rows)) satisfies number[];
  (await named.predict(rows)) satisfies ('cat' | 'dog')[];
  const autoencoder: Autoencoder = dbn.toAutoencoder({ loss: 'squared' });
  autoencoder.codeSize satisfies number;
  const deep = DeepBeliefNetwork.autoencoder([4, 3, 2], { seed: 1 });
  (await deep.pretrain(rows)) satisfies LevelReport[];
  await deep.fit(rows, { optimiser: 'lbfgs' });
  // @ts-expect-error: labels are no part of an autoencoder
  DeepBeliefNetwork.autoencoder([4, 3, 2], { labels: 2 });
}
