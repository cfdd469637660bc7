// `boltzkit info` of every kind of file that a model writes.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  ClassificationRBM,
  ConditionalRBM,
  DeepBoltzmannMachine,
  HopfieldNetwork,
  IsingModel,
  PottsModel,
  ReplicatedSoftmax,
} from '../../src/index.js';
import { cli, jsonLines, useFolder } from './support.js';

const folder = useFolder();

/** A model, the kind of its file, and something that is said of it. */
const models = {
  classification: [() => new ClassificationRBM({ visible: 3, classes: 2, hidden: 2 }), 'classification-rbm'],
  conditional: [() => new ConditionalRBM({ visible: 3, hidden: 2, history: 1 }), 'conditional-rbm'],
  deep: [() => new DeepBoltzmannMachine({ layers: [3, 2, 2] }), 'boltzmann-machine'],
  hopfield: [() => new HopfieldNetwork({ units: 3 }), 'boltzmann-machine'],
  ising: [() => new IsingModel({ units: 3 }), 'boltzmann-machine'],
  potts: [() => new PottsModel({ sites: 2, categories: 3 }), 'boltzmann-machine'],
  topics: [() => new ReplicatedSoftmax({ vocabulary: 4, topics: 2 }), 'replicated-softmax'],
} as const;

test.each(Object.entries(models))('info of a model: %s', async (name, [make, kind]) => {
  using model = make();
  const path = join(folder.path, `${name}.safetensors`);
  await model.save(path);
  const { code, stdout, stderr } = await cli(['info', path, '--json'], folder.path);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(jsonLines(stdout)[0]).toMatchObject({ kind, path });
});
