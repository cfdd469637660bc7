/** Options in the types: those that belong together, in variables, and left undefined. Nothing here runs, as in names.test-d.ts. */
import {
  adam,
  BoltzmannMachine,
  cd,
  cosine,
  type EpochReport,
  type FitOptions,
  fpcd,
  gridEdges,
  linear,
  meanField,
  type PartialFitOptions,
  pcd,
  pt,
  ptt,
  type RBM,
  type RowsInput,
  sgd,
  spin,
  type TrainingRun,
} from '../../src/index.js';

declare const rows: RowsInput;

export async function doNotBelongTogether(rbm: RBM): Promise<void> {
  // @ts-expect-error: cd has no persistent chains
  cd({ chains: 5 });
  // @ts-expect-error: cd has no temperatures
  cd({ betas: 5 });
  // @ts-expect-error: pcd has one temperature
  pcd({ betas: 5 });
  // @ts-expect-error: only ptt keeps checkpoints
  pt({ reservoirs: 5 });
  // @ts-expect-error: only fpcd has fast weights
  ptt({ fastRate: 0.1 });
  // @ts-expect-error: not in (0, 1) of ptt
  fpcd({ acceptance: 0.1 });
  // @ts-expect-error: mean-field learning has no chains
  meanField({ chains: 5 });
  // @ts-expect-error: Adam has no momentum of its own
  adam({ momentum: 0.5 });
  // @ts-expect-error: SGD has no second moment
  sgd({ beta2: 0.5 });
  // @ts-expect-error: a schedule has no end but `to`
  linear(0.1, { until: 0.3 });
  // @ts-expect-error: options of an algorithm belong to it
  await rbm.fit(rows, { algorithm: 'cd', chains: 5 });
  // @ts-expect-error: options of an algorithm belong to it
  await rbm.fit(rows, { algorithm: { name: 'cd', betas: 'abc' } });
  // @ts-expect-error: exact learning has no sweeps
  await rbm.fit(rows, { algorithm: { name: 'exact', sweeps: 2 } });
  // @ts-expect-error: options of an optimiser belong to it
  await rbm.fit(rows, { optimiser: { name: 'adam', momentum: 0.5 } });
  // @ts-expect-error: options of an optimiser belong to it
  await rbm.fit(rows, { momentum: 0.5 });
  // @ts-expect-error: no such algorithm
  await rbm.fit(rows, { algorithm: 'cd-1' });
  // @ts-expect-error: no such optimiser
  await rbm.fit(rows, { optimiser: 'adamw' });
  // @ts-expect-error: no such schedule
  await rbm.fit(rows, { learningRate: { schedule: 'steps', from: 1 } });
  // @ts-expect-error: no such recipe
  await rbm.fit(rows, { recipe: 'good' });
  // @ts-expect-error: a typing mistake
  await rbm.fit(rows, { epoch: 3 });
  // @ts-expect-error: only a run has epochs
  await rbm.partialFit(rows, { epochs: 3 });
  // @ts-expect-error: only a run has a recipe
  await rbm.partialFit(rows, { recipe: 'best' });
  // @ts-expect-error: what a run ends by is not how it is evaluated
  await rbm.fit(rows, { evaluateEvery: 1, evaluate: { signal: AbortSignal.abort() } });
  // @ts-expect-error: no such metric
  await rbm.fit(rows, { earlyStopping: { metric: 'loss' } });
  // @ts-expect-error: patience is of early stopping
  await rbm.fit(rows, { keepBest: { patience: 3 } });
  // @ts-expect-error: no sweeps of a mean that is drawn
  await rbm.reconstruct(rows, { sweeps: 3 });
}

export async function inVariables(rbm: RBM): Promise<void> {
  const learningRate = linear(0.1, { hold: 0.3 });
  const algorithm = pt({ betas: [0, 0.5, 1], chains: 20 });
  const optimiser = adam({ beta1: 0.5 });
  const options = { learningRate, algorithm, optimiser, epochs: 3, recipe: 'best' } as const;
  await rbm.fit(rows, options);
  const { recipe: _, epochs: __, ...stream } = options;
  await rbm.partialFit(rows, stream);
  const plain = { epochs: 3, learningRate: cosine(0.1, { to: 0.01 }), algorithm: cd({ sweeps: 10 }), optimiser: sgd({ momentum: 0.5 }) };
  await rbm.fit(rows, plain);
  const typed: FitOptions = { algorithm: 'mean-field', optimiser: 'adam', learningRate: (update, updates) => 1 - update / updates };
  await rbm.fit(rows, typed);
  const part: PartialFitOptions = { algorithm: { name: 'fpcd', fastRate: 0.1, chains: 5 }, learningRate: [0.1, 0.05] };
  await rbm.partialFit(rows, part);
}

/** What is left out may be undefined, as a value that is passed on often is. */
export async function undefinedIsLeftOut(rbm: RBM, signal?: AbortSignal, sweeps?: number): Promise<void> {
  await rbm.fit(rows, {
    signal,
    algorithm: pcd({ sweeps, chains: undefined }),
    optimiser: adam({ beta1: undefined }),
    learningRate: linear(0.1, { to: undefined, hold: undefined }),
    epochs: sweeps,
    sparsity: { target: 0.1, weight: undefined },
    onDivergence: { retries: undefined },
    rates: { hidden: undefined },
    earlyStopping: { patience: undefined },
    keepBest: undefined,
    checkpoint: undefined,
    evaluate: { betas: undefined },
    onProgress: undefined,
  });
  await rbm.partialFit(rows, { signal, batchSize: undefined });
  await rbm.transform(rows, { signal, onProgress: undefined });
  await rbm.sample(1, { signal, sweeps, beta: undefined, betas: undefined, ladder: undefined, start: undefined, clamp: undefined });
  await rbm.sample(1, { ladder: { betas: 3, every: undefined }, layer: undefined });
  await rbm.impute(rows, { signal, sweeps, warmup: undefined });
  await rbm.evaluate(rows, { signal, method: undefined, chains: undefined, warmup: undefined });
  await rbm.anneal(1, { signal, sweeps, quench: undefined, betas: { from: 0, to: undefined } });
  const chains = await rbm.chains(1, { signal, beta: undefined });
  await chains.advance(1, { signal, observe: { every: undefined, pairs: undefined } });
  chains.states('visible', { rung: undefined });
  const edges = gridEdges([3, 3], { periodic: undefined });
  const layers = { s: spin(9) };
  new BoltzmannMachine({ layers, couplings: [['s', 's', { edges, adjacency: undefined }]], seed: undefined, threads: undefined });
}

export async function aRun(rbm: RBM): Promise<number> {
  const run: TrainingRun = rbm.fit(rows);
  for await (const report of run.observe()) console.log(report.epoch + report.update);
  for await (const { pseudoLikelihood } of run) {
    // @ts-expect-error: null where there is none
    console.log(pseudoLikelihood.toFixed());
  }
  const reports: EpochReport[] = await run;
  // @ts-expect-error: null before there is a pace
  console.log(reports, run.progress.secondsLeft + 1);
  return run.progress.fraction;
}
