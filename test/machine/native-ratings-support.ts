/** Objects and calls of the addon that belong to recommenders, small and right. */
import { hostBackend } from '../../src/machine/backend.js';
import type { NativeGaussian } from '../../src/machine/native-gaussian.js';
import type { NativeRatings } from '../../src/machine/native-ratings.js';

const users = 6;
const items = 5;
const user = Uint32Array.of(0, 0, 1, 1, 2, 3, 3, 4, 5, 5);
const item = Uint32Array.of(0, 1, 1, 2, 3, 0, 4, 2, 3, 1);
const value = Float32Array.of(1, 2, 3, 4, 5, 5, 4, 3, 2, 1);
const scale = () => Float64Array.of(1, 2, 3, 4, 5);
// Two users of a question: their entries begin at 0 and 1.
const offsets = () => Uint32Array.of(0, 1, 3);
const asked = () => Uint32Array.of(2, 0, 4);
const given = () => Float32Array.of(1, 1, 1);

export function newRatings(finished = true): NativeRatings {
  const ratings = new hostBackend.addon.Ratings(users, items);
  ratings.append(user, item, value);
  if (finished) ratings.finish();
  return ratings;
}

const gaussianOptions = () => ({
  ...{ hidden: 2, seed: 1n, threads: 1, centre: 3, scale: 1 },
  ...{ usersConditional: true, itemsConditional: true, ordinal: false },
});
const newGaussian = (): NativeGaussian => new hostBackend.addon.Gaussian(gaussianOptions());
const plan = () => ({ burnIn: 1, samples: 2, thin: 1, values: scale() });

const trained = newGaussian();
export const ready = trained.train(newRatings(), plan(), null, null, null).promise;

const softmaxSpec = () => ({ visibles: items, hidden: 3, values: scale(), degree: 2, conditional: true });
const softmaxOptions = () => ({
  ...{ algorithm: 'cd', byItem: false, epochs: 2, batch: 2, firstSweeps: 1, lastSweeps: 1, means: true, rate: 0.1, lastRate: 0.1 },
  ...{ momentum: 0.5, decay: Float64Array.of(0, 0.1, 0.1), weightScale: 0.01, prior: 1, averaged: 0, seed: 1n, threads: 1 },
});
const newTrainer = () => new hostBackend.addon.SoftmaxTrainer(newRatings(), softmaxSpec(), softmaxOptions() as never);
const newSoftmax = () => new hostBackend.addon.SoftmaxMachine(softmaxSpec(), newTrainer().parameters());

const gram = new hostBackend.addon.Gram();
export const gramReady = gram.compute(newRatings(), null, 1).promise;
const ridge = () => new Float64Array(items).fill(2);
const couplings = () => new Float32Array(items * items).fill(0.1);

const hiddenOptions = () => ({
  ...{ units: 2, batch: 2, floor: 0.01, learningRate: 1e-3, l2: 0, leastKept: 0.5, mostKept: 0.9, dropout: 0, weight: 1, biases: true },
  seed: 1n,
});
const hiddenArgs = () => [newRatings(), [couplings()], new Uint8Array(users), hiddenOptions(), 1];
const newHidden = () => Reflect.construct(hostBackend.addon.HiddenTrainer, hiddenArgs()) as { parameters(): object };
const sparse = () => ({ offsets: Uint32Array.of(0, 1, 2, 2, 2, 2), items: Uint32Array.of(1, 0), values: Float32Array.of(0.5, 0.5) });

type Call = () => { target: object; member: string; args: unknown[]; construct?: boolean };
const exported = (member: string, args: () => unknown[], construct = false): Call => {
  return () => ({ target: hostBackend.addon, member, args: args(), construct });
};
const method = (target: () => object, member: string, args: () => unknown[]): Call => {
  return () => ({ target: target(), member, args: args() });
};

/** One object of each class. */
export const ratingObjects = (): object[] => [
  newRatings(),
  newGaussian(),
  newTrainer(),
  newSoftmax(),
  new hostBackend.addon.Gram(),
  newHidden(),
];

/** Calls that pass. Both promises above must have resolved. */
export const ratingCalls: Record<string, Call> = {
  'new Ratings': exported('Ratings', () => [users, items], true),
  append: method(
    () => new hostBackend.addon.Ratings(users, items),
    'append',
    () => [user.slice(), item.slice(), value.slice()],
  ),
  finish: method(
    () => newRatings(false),
    'finish',
    () => [],
  ),
  values: method(newRatings, 'values', () => []),
  row: method(newRatings, 'row', () => [1]),
  'new Gaussian': exported('Gaussian', () => [gaussianOptions()], true),
  train: method(newGaussian, 'train', () => [newRatings(), plan(), null, null, null]),
  setModel: method(newGaussian, 'setModel', () => [items, scale(), Float64Array.of(-1.5, -0.5, 0.5, 1.5), 1, 2]),
  addSample: method(
    () => {
      const machine = newGaussian();
      const { values, cuts, spread } = trained.values();
      machine.setModel(items, values, cuts, spread, 2);
      return machine;
    },
    'addSample',
    () => [trained.sample(0)],
  ),
  sample: method(
    () => trained,
    'sample',
    () => [1],
  ),
  'values of a Gaussian machine': method(
    () => trained,
    'values',
    () => [],
  ),
  'state of a Gaussian machine': method(
    () => trained,
    'state',
    () => [],
  ),
  setState: method(newGaussian, 'setState', () => [trained.state()]),
  scores: method(
    () => trained,
    'scores',
    () => [Uint32Array.of(1, 2), asked(), given(), 4],
  ),
  predict: method(
    () => trained,
    'predict',
    () => [Uint32Array.of(0, 2), Float32Array.of(5, 1), Uint32Array.of(1, 4)],
  ),
  similar: method(
    () => trained,
    'similar',
    () => [1],
  ),
  contributions: method(
    () => trained,
    'contributions',
    () => [Uint32Array.of(0, 2), Float32Array.of(5, 1), 3],
  ),
  'new SoftmaxMachine': exported('SoftmaxMachine', () => [softmaxSpec(), newTrainer().parameters()], true),
  fields: method(newSoftmax, 'fields', () => [offsets(), asked(), Uint8Array.of(0, 1, 4), 1]),
  fieldsNow: method(newSoftmax, 'fieldsNow', () => [offsets(), asked(), Uint8Array.of(0, 1, 4)]),
  'scores of a softmax machine': method(newSoftmax, 'scores', () => [new Float32Array(6), Uint32Array.of(0, 3), scale(), 'exact', true, 1]),
  probabilities: method(newSoftmax, 'probabilities', () => [new Float32Array(6), Uint32Array.of(0, 1), Uint32Array.of(2, 4), 'means']),
  'new SoftmaxTrainer': exported('SoftmaxTrainer', () => [newRatings(), softmaxSpec(), softmaxOptions()], true),
  adopt: method(newTrainer, 'adopt', () => [newSoftmax()]),
  'run of a softmax trainer': method(newTrainer, 'run', () => [1]),
  'parameters of a softmax trainer': method(newTrainer, 'parameters', () => []),
  'state of a softmax trainer': method(newTrainer, 'state', () => []),
  restore: method(newTrainer, 'restore', () => [newTrainer().state()]),
  'new Gram': exported('Gram', () => [], true),
  compute: method(
    () => new hostBackend.addon.Gram(),
    'compute',
    () => [newRatings(), new Float32Array(users).fill(1), 1],
  ),
  diagonal: method(
    () => gram,
    'diagonal',
    () => [],
  ),
  couplings: method(
    () => gram,
    'couplings',
    () => [ridge(), 1],
  ),
  covariance: method(
    () => gram,
    'covariance',
    () => [ridge()],
  ),
  scoreRows: exported('scoreRows', () => [couplings(), items, offsets(), asked(), given(), 1, false]),
  'scoreRows of what is missing': exported('scoreRows', () => [gram.covariance(ridge()), items, offsets(), asked(), given(), 1, true]),
  'new HiddenTrainer': exported('HiddenTrainer', hiddenArgs, true),
  'run of a hidden trainer': method(newHidden, 'run', () => [1]),
  'parameters of a hidden trainer': method(newHidden, 'parameters', () => []),
  scoreHidden: exported('scoreHidden', () => [new Float32Array(2 * items), newHidden().parameters(), offsets(), asked(), given(), 1]),
  gramDiagonal: exported('gramDiagonal', () => [newRatings(), new Float32Array(users).fill(1)]),
  sparseCouplings: exported('sparseCouplings', () => [newRatings(), new Float32Array(users).fill(1), ridge(), 2, 1]),
  scoreSparse: exported('scoreSparse', () => [sparse(), items, offsets(), asked(), given(), 1]),
};
