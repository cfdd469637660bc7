/** Every option of a run: a wrong value is refused by a message that names it, and so is an option where it does not belong. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adam,
  cd,
  cosine,
  fpcd,
  linear,
  meanField,
  ParameterError,
  pcd,
  pt,
  ptt,
  RBM,
  sgd,
  type TrainingOptions,
} from '../../src/index.js';
import { type AlgorithmName, algorithmNames, algorithms } from '../../src/training/algorithms.js';
import { type OptimiserName, optimisers } from '../../src/training/optimisers.js';
import { settingNames } from '../../src/training/options.js';
import { parameterBits } from '../models/support.js';

const rows = [
  [0, 1, 1],
  [1, 1, 0],
  [0, 0, 1],
  [1, 0, 1],
];

let rbm: RBM;
let before: string;
beforeAll(() => {
  rbm = new RBM({ visible: 3, hidden: 2, seed: 1 });
  before = parameterBits(rbm);
});
afterAll(() => rbm.dispose());

/** A refusal, before anything changed. */
async function refusal(call: () => unknown): Promise<string> {
  const failed = await Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  expect(failed).toBeInstanceOf(ParameterError);
  expect(parameterBits(rbm)).toBe(before);
  expect(rbm.training).toBeNull();
  return (failed as Error).message;
}
const fitted = (options: object) => refusal(() => rbm.fit(rows, { batchSize: 2, epochs: 1, ...options }));

/** Wrong values of every option, among them a wrong type. A new option has to be added here: else this does not compile. */
const wrong: Record<keyof TrainingOptions, readonly unknown[]> = {
  given: ['visible', 5, {}, ['nothing'], [3], null],
  algorithm: ['cd-1', 5, {}, { name: 'rbm' }, { name: null }, null, true],
  optimiser: ['lbfgs', 5, {}, { name: 'Adam' }, null],
  learningRate: [
    '0.1',
    Number.NaN,
    -1,
    Infinity,
    [],
    [0.1, -1],
    {},
    { from: -1 },
    { from: 1, hold: 2 },
    { from: 1, to: -1 },
    null,
    () => 'x',
  ],
  recipe: ['good', 5, null],
  epochs: [0, 1.5, '3', Number.NaN, Infinity, null],
  batchSize: [0, 2.5, 5, '2', null],
  positiveSweeps: [0, 0.5, '1', 2 ** 20 + 1, null],
  positive: ['map', true, null],
  centred: ['yes', 1, null],
  offsetRate: [-0.1, 1.1, '0', Number.NaN, null],
  standardised: ['no', 0, null],
  rates: [5, 'visible', [1], null, { hiden: 1 }, { hidden: -1 }, { hidden: '1' }],
  l1: [-1, '0', Number.NaN, Infinity, null],
  l2: [-1, '0', Number.NaN, Infinity, null],
  sparsity: [5, [], { target: 0.1, weigth: 1 }, {}, { target: 2 }, { target: 0.1, weight: -1 }, { target: 0.1, rate: 2 }],
  averageLast: [-0.1, 1.5, '0', null],
  dynamicBinarisation: [1, 'yes', null],
  shuffle: [0, 'no', null],
  initialiseFromData: [0, 'no', null],
  monitorRows: [-1, 0.5, '10', null],
  monitorBudget: [-1, Number.NaN, '0', null],
  onDivergence: ['stop', 5, { retry: 1 }, { retries: 0 }, { retries: 1001 }, { factor: 0 }, { factor: 1.5 }],
};

const cases = Object.entries(wrong).flatMap(([name, values]) => values.map((value) => [name, value] as const));

describe('a wrong value is refused by name', () => {
  it('the list has every option', () => {
    expect(Object.keys(wrong).sort()).toEqual(settingNames.filter((name) => name !== 'objective').sort());
  });

  it.each(cases)('%s: %o', async (name, value) => {
    const message = await fitted({ [name]: value });
    expect(message).toMatch(new RegExp(`^RBM\\.fit: \`${name}[\`. [(]`));
    expect(message).toMatch(/ (must be|has no) /);
  });

  it('a typing mistake within it is told from what was meant', async () => {
    const message = "RBM.fit: `sparsity` has no `weigth` (did you mean 'weight'?); known are target, weight, rate";
    expect(await fitted({ sparsity: { target: 0.1, weigth: 1 } })).toBe(message);
  });

  const ofPart = ['epochs', 'recipe', 'averageLast', 'shuffle', 'monitorRows', 'monitorBudget'];
  it.each(cases.filter(([name, value]) => !ofPart.includes(name) && !(name === 'batchSize' && value === 5)))(
    'of a stream, %s: %o',
    async (name, value) => {
      expect(await refusal(() => rbm.partialFit(rows, { [name]: value }))).toMatch(new RegExp(`^RBM\\.partialFit: \`${name}[\`. [(]`));
    },
  );

  it.each(ofPart)('a stream has no %s', async (name) => {
    expect(await refusal(() => rbm.partialFit(rows, { [name]: undefined, ...{ [name]: 1 } }))).toContain(
      `RBM.partialFit: there is no option \`${name}\``,
    );
  });
});

/** A wrong value of every option of an algorithm or optimiser. */
const wrongOwn: Record<string, unknown> = {
  ...{ sweeps: 0, chains: 0, betas: 1, fastRate: -1, fastDecay: 1, reservoirs: 1, acceptance: 1 },
  ...{ momentum: 1, beta1: 1, beta2: -0.1, epsilon: 0 },
};
const all = [...Object.values(algorithms), ...Object.values(optimisers)].flatMap((table) => Object.keys(table));
/** The functions of those that have options. */
const helpers: Partial<Record<AlgorithmName | OptimiserName, (options?: object) => object>> = {
  ...{ pcd, cd, fpcd, pt, ptt, 'mean-field': meanField, sgd, adam },
};

describe.each([
  ['algorithm', algorithms],
  ['optimiser', optimisers],
] as const)('an option of an %s', (option, table: Record<string, object>) => {
  const own = Object.entries(table).flatMap(([name, rows]) => Object.keys(rows).map((key) => [name, key] as const));
  const foreign = Object.keys(table).flatMap((name) =>
    [...new Set(all)].filter((key) => !Object.keys(table[name]!).includes(key)).map((key) => [name, key] as const),
  );

  it.each(own)('%s: %s of a wrong value is refused by name', async (name, key) => {
    const message = await fitted({ [option]: { name, [key]: wrongOwn[key] } });
    expect(message).toMatch(new RegExp(`^RBM\\.fit: \`${option}\\.${key}\` must be`));
  });

  it.each(foreign)('%s: %s does not belong there', async (name, key) => {
    expect(await fitted({ [option]: { name, [key]: 1 } })).toContain(`RBM.fit, ${option} '${name}': there is no option \`${key}\``);
    const helper = helpers[name as AlgorithmName];
    if (helper !== undefined) expect(() => helper({ [key]: 1 })).toThrow(`${helper.name}: there is no option \`${key}\``);
  });

  it.each([...new Set(own.map(([, key]) => key))])('%s does not stand beside it', async (key) => {
    expect(await fitted({ [key]: 1 })).toContain(`RBM.fit: there is no option \`${key}\``);
  });
});

describe('functions that make options', () => {
  it('give frozen objects that mean what the words mean', () => {
    for (const [name, helper] of Object.entries(helpers)) {
      const made = helper();
      expect(made).toEqual({ name });
      expect(Object.isFrozen(made)).toBe(true);
    }
    expect(linear(0.1, { hold: 0.3 })).toEqual({ schedule: 'linear', from: 0.1, to: 0, hold: 0.3 });
    expect(cosine(0.1, { to: 0.01 })).toEqual({ schedule: 'cosine', from: 0.1, to: 0.01, hold: 0 });
  });

  it('of learning rates refuse at once what cannot be one', () => {
    expect(() => linear(-1)).toThrow(/^linear: `learningRate\.from` must be a finite number of at least 0, got -1/);
    expect(() => cosine(1, { hold: 2 })).toThrow(/^cosine: `learningRate\.hold` must be/);
    expect(() => linear(1, { until: 1 } as never)).toThrow(/^linear: there is no option `until`/);
  });

  it('draw the same as the objects that they stand for', async () => {
    const bits = async (options: TrainingOptions) => {
      using model = new RBM({ visible: 3, hidden: 2, seed: 1 });
      await model.fit(rows, { batchSize: 2, epochs: 5, ...options });
      return parameterBits(model);
    };
    expect(await bits({ algorithm: cd(), optimiser: adam(), learningRate: linear(0.1) })).toBe(
      await bits({ algorithm: 'cd', optimiser: 'adam', learningRate: { schedule: 'linear', from: 0.1 } }),
    );
    expect(await bits({ algorithm: pcd({ sweeps: 2, chains: 7 }) })).toBe(await bits({ algorithm: { name: 'pcd', sweeps: 2, chains: 7 } }));
  });
});

describe('resuming', () => {
  const other: Partial<Record<keyof TrainingOptions, unknown>> = {
    algorithm: 'cd',
    optimiser: 'adam',
    epochs: 9,
    batchSize: 1,
    positiveSweeps: 3,
    positive: 'mean-field',
    centred: false,
    offsetRate: 0.5,
    standardised: true,
    rates: { hidden: 0.5 },
    l1: 0.1,
    l2: 0.1,
    sparsity: { target: 0.2 },
    averageLast: 0.5,
    dynamicBinarisation: true,
    shuffle: false,
    initialiseFromData: false,
    monitorBudget: 1,
    onDivergence: 'rollback',
  };

  it('contradicts no option of the interrupted run', async () => {
    // `given` needs another algorithm: test/models/given-layers.test.ts has it.
    expect([...Object.keys(other), 'given', 'learningRate', 'recipe', 'monitorRows'].sort()).toEqual(
      settingNames.filter((name) => name !== 'objective').sort(),
    );
    using model = new RBM({ visible: 3, hidden: 2, seed: 1 });
    for await (const _ of model.fit(rows, { batchSize: 2, epochs: 4 })) break;
    const stopped = parameterBits(model);
    for (const [name, value] of Object.entries(other)) {
      const failed = await Promise.resolve(model.fit(rows, { resume: true, [name]: value })).catch((error: unknown) => error);
      expect(failed, name).toBeInstanceOf(ParameterError);
      expect((failed as Error).message).toMatch(
        new RegExp(`^RBM\\.fit: cannot resume with another \`${name}\`: the interrupted run has .*, got `),
      );
    }
    expect(parameterBits(model)).toBe(stopped);
    await model.fit(rows, { resume: true, batchSize: 2, epochs: 4, algorithm: 'pcd', recipe: 'best', monitorRows: 3 });
    expect(model.training).toMatchObject({ epoch: 4, complete: true });
  });
});

it('every algorithm has a place in the lists above', () => {
  expect(algorithmNames.filter((name) => !(name in helpers))).toEqual(['pseudo-likelihood', 'exact']);
  expect(Object.keys(wrongOwn).sort()).toEqual([...new Set(all)].sort());
});
