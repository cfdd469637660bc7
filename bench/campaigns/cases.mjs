/**
 * The small runs that the campaign of kills trains: through the command line and through the API, by several algorithms, over several
 * types of units, with validation and likelihoods between epochs. Each takes about a second, start included.
 */
import { bernoulli, binomial, counts, gaussian, softmax, spin } from '../../dist/index.js';

const common = ['--batch', '20', '--threads', '1', '--checkpoint-every', '40'];

/** Runs of `boltzkit train` on a table of zeros and ones. */
export const commandCases = [
  { name: 'train cd', args: ['--algorithm', 'cd', '--epochs', '150', '--evaluate-every', '40', '--hidden', '12'] },
  { name: 'train pcd', args: ['--algorithm', 'pcd', '--epochs', '200'] },
  { name: 'train Adam', args: ['--optimiser', 'adam', '--lr', '0.002', '--epochs', '150', '--image', '4x9'] },
  { name: 'train pt', args: ['--algorithm', 'pt', '--betas', '4', '--epochs', '60', '--evaluate-every', '60', '--hidden', '23'] },
  { name: 'train ptt', args: ['--algorithm', 'ptt', '--reservoirs', '4', '--epochs', '60'] },
  { name: 'train mean-field', args: ['--algorithm', 'mean-field', '--epochs', '100', '--binarise', 'sample'] },
  { name: 'train with patience', args: ['--epochs', '400', '--early-stopping', '60'] },
  { name: 'train for the best evaluation', args: ['--epochs', '150', '--keep-best', '--evaluate-every', '10', '--hidden', '12'] },
  { name: 'train with roll-backs', args: ['--epochs', '60', '--lr', '700', '--l2', '0', '--on-divergence', 'rollback'] },
].map(({ name, args }) => ({ name, args: [...common, ...(args.includes('--hidden') ? [] : ['--hidden', '24']), ...args] }));

const bit = (u) => (u < 0.5 ? 0 : 1);
const whole = (n) => (u) => Math.floor(n * u);
const onTwo = [['v', 'h']];
const small = { learningRate: 0.01 };

/** Runs of `fit` with checkpoints. `value` makes an entry of the visible rows from a number in [0, 1); `cols` says how many a row has. */
export const apiCases = [
  {
    name: 'fit bernoulli, ptt',
    layers: { v: bernoulli(12), h: bernoulli(6) },
    couplings: onTwo,
    cols: 12,
    value: bit,
    options: { algorithm: 'ptt', epochs: 60 },
  },
  {
    name: 'fit for the best, ptt',
    layers: { v: bernoulli(12), h: bernoulli(6) },
    couplings: onTwo,
    cols: 12,
    value: bit,
    options: { algorithm: 'ptt', epochs: 60, keepBest: { metric: 'logLikelihood' } },
  },
  {
    name: 'fit with patience, evaluated',
    layers: { v: bernoulli(12), h: bernoulli(6) },
    couplings: onTwo,
    cols: 12,
    value: bit,
    options: { epochs: 200, evaluateEvery: 10, earlyStopping: { metric: 'logLikelihood', patience: 8 } },
  },
  {
    name: 'fit spin, pcd',
    layers: { v: spin(12), h: spin(6) },
    couplings: onTwo,
    cols: 12,
    value: (u) => (u < 0.5 ? -1 : 1),
    options: { algorithm: 'pcd', epochs: 200, evaluateEvery: 50 },
  },
  {
    name: 'fit gaussian, cd',
    layers: { v: gaussian(8), h: bernoulli(6) },
    couplings: onTwo,
    cols: 8,
    value: (u) => 2 * u - 1,
    options: { algorithm: 'cd', epochs: 200, ...small },
  },
  {
    name: 'fit softmax, pt',
    layers: { v: softmax(3, 4), h: bernoulli(6) },
    couplings: onTwo,
    cols: 4,
    value: whole(3),
    options: { algorithm: { name: 'pt', betas: 4 }, epochs: 80 },
  },
  {
    name: 'fit binomial, pcd',
    layers: { v: binomial(8, 5), h: bernoulli(6) },
    couplings: onTwo,
    cols: 8,
    value: whole(6),
    options: { algorithm: 'pcd', epochs: 150, ...small },
  },
  {
    name: 'fit counts, cd',
    layers: { v: counts(8), h: bernoulli(6) },
    couplings: onTwo,
    cols: 8,
    value: whole(4),
    options: { algorithm: 'cd', epochs: 150, ...small },
  },
  {
    name: 'fit deep, pcd',
    layers: { v: bernoulli(10), h1: bernoulli(6), h2: bernoulli(4) },
    couplings: [
      ['v', 'h1'],
      ['h1', 'h2'],
    ],
    cols: 10,
    value: bit,
    options: { algorithm: 'pcd', epochs: 120 },
  },
];
