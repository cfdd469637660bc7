import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readNpz } from '../../src/data/index.js';
import { FileError, FormatError, ParameterError } from '../../src/errors.js';
import { Classifier, DeepBeliefNetwork, RBM, toNested } from '../../src/index.js';
import { readScikitLearn } from '../../src/models/scikit-learn.js';
import { rejection, temporaryFolder } from '../data/support.js';
import { npzFile } from '../data/zip-support.js';

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}.npz`, import.meta.url));
const expected = await readNpz(fixture('expected'));
const nested = (name: string) => toNested(expected.get(name)!) as number[][];
const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** rows · weights + bias, weights [inputs, outputs]. */
function fields(rows: readonly (readonly number[])[], weights: Float64Array, bias: Float64Array): number[][] {
  return rows.map((row) => Array.from(bias, (b, j) => row.reduce((sum, x, i) => sum + x * weights[i * bias.length + j]!, b)));
}

function near(got: readonly (readonly number[])[], wanted: readonly (readonly number[])[], digits: number): void {
  expect(got.length).toBe(wanted.length);
  for (const [r, row] of wanted.entries()) for (const [c, value] of row.entries()) expect(got[r]![c]).toBeCloseTo(value, digits);
}

describe("a machine of scikit-learn's", () => {
  test('gives its hidden means', async () => {
    const rbm = await RBM.fromScikitLearn(fixture('rbm'), { seed: 5, threads: 1 });
    expect([rbm.visible, rbm.hidden, rbm.seed]).toEqual([12, 5, 5n]);
    near(toNested(await rbm.transform(nested('rows'))) as number[][], nested('hidden'), 6);
    rbm.dispose();
  });

  test('may be one step of a pipeline', async () => {
    const first = await RBM.fromScikitLearn(fixture('stack'), { step: 'rbm1' });
    const second = await RBM.fromScikitLearn(fixture('stack'), { step: 'rbm2', device: 'reference' });
    near(toNested(await second.transform(await first.transform(nested('rows')))) as number[][], nested('top'), 6);
    expect(first.device).toBe('cpu');
    expect(second.device).toBe('reference');
    first.dispose();
    second.dispose();
  });

  test('is a subclass where a subclass is asked', async () => {
    class Mine extends RBM {}
    const rbm = await Mine.fromScikitLearn(fixture('rbm'));
    expect(rbm).toBeInstanceOf(Mine);
    rbm.dispose();
  });
});

describe('a pipeline of them', () => {
  test.each([
    ['stack', 'probabilities', 3],
    ['two-classes', 'two', 2],
  ])('%s: levels and output give its probabilities', async (name, wanted, classes) => {
    const { levels, output } = await readScikitLearn('test', fixture(name));
    expect(levels.map(({ step, visible, hidden }) => [step, visible, hidden])).toEqual([
      ['rbm1', 12, 8],
      ['rbm2', 8, 4],
    ]);
    expect(levels.map(({ visibleBias }) => visibleBias.length)).toEqual([12, 8]);
    let rows = nested('rows');
    for (const { weights, hiddenBias } of levels) rows = fields(rows, weights, hiddenBias).map((row) => row.map(logistic));
    if (name === 'stack') near(rows, nested('top'), 10);
    expect([output!.step, output!.inputs, output!.classes]).toEqual(['softmax', 4, classes]);
    const shares = fields(rows, output!.weights, output!.bias).map((row) => {
      const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
      return row.map((x) => Math.exp(x) / total);
    });
    near(shares, nested(wanted), 10);
  });
});

describe('models made of a pipeline', () => {
  test('a deep belief network has its features', async () => {
    const dbn = await DeepBeliefNetwork.fromScikitLearn(fixture('stack'), { seed: 3, threads: 1 });
    expect(dbn.layers.map(({ places }) => places)).toEqual([12, 8, 4]);
    expect([dbn.seed, dbn.labels]).toEqual([3n, null]);
    near(toNested(await dbn.transform(nested('rows'))) as number[][], nested('top'), 6);
    const { levels } = await readScikitLearn('test', fixture('stack'));
    for (const [l, level] of levels.entries()) {
      const [below, above] = [dbn.layerNames[l], dbn.layerNames[l + 1]];
      const got = (name: string) => [...dbn.getParameter(`level${l + 1}/${name}`).data].map(Math.fround);
      expect(got(`${below}.bias`)).toEqual([...Float32Array.from(level.visibleBias)]);
      expect(got(`${above}.bias`)).toEqual([...Float32Array.from(level.hiddenBias)]);
      expect(got(`${below}-${above}.weights`)).toEqual([...Float32Array.from(level.weights)]);
    }
    dbn.dispose();
  });

  test('one machine is a network of one level', async () => {
    const dbn = await DeepBeliefNetwork.fromScikitLearn(fixture('rbm'));
    near(toNested(await dbn.transform(nested('rows'))) as number[][], nested('hidden'), 6);
    dbn.dispose();
  });

  test.each([
    ['stack', 'probabilities', ['a', 'b', 'c']],
    ['two-classes', 'two', [false, true].map(String)],
  ])('%s: a classifier has its probabilities', async (name, wanted, classes) => {
    const classifier = await Classifier.fromScikitLearn(fixture(name), { classes });
    near(toNested(await classifier.predictProbabilities(nested('rows'))) as number[][], nested(wanted), 6);
    expect(classifier.classes).toEqual(classes);
    const [first] = await classifier.predict(nested('rows').slice(0, 1));
    const row = nested(wanted)[0]!;
    expect(first).toBe(classes[row.indexOf(Math.max(...row))]);
    classifier.dispose();
  });

  test('what is missing, or too many', async () => {
    const bare = await rejection(Classifier.fromScikitLearn(fixture('rbm')));
    expect(bare).toBeInstanceOf(FormatError);
    expect(bare.message).toMatch(/Classifier\.fromScikitLearn: .*rbm\.npz holds no LogisticRegression: an array `coef_` is missing/);
    const many = await rejection(Classifier.fromScikitLearn(fixture('stack'), { classes: ['a'] }));
    expect(many).toBeInstanceOf(ParameterError);
    expect(many.message).toContain('`classes` must be a list of 3 classes');
    const unknown = await rejection(DeepBeliefNetwork.fromScikitLearn(fixture('stack'), { weightScale: 1 } as never));
    expect(unknown.message).toContain('DeepBeliefNetwork.fromScikitLearn: there is no option `weightScale`');
  });
});

describe('files that do not fit', () => {
  const folder = temporaryFolder();
  const rbm = (visible: number, hidden: number, prefix = ''): [string, number[], number[]][] => [
    [`${prefix}components_`, [hidden, visible], new Array(hidden * visible).fill(0.5)],
    [`${prefix}intercept_hidden_`, [hidden], new Array(hidden).fill(0)],
    [`${prefix}intercept_visible_`, [visible], new Array(visible).fill(0)],
  ];
  const put = (arrays: readonly (readonly [string, readonly number[], readonly number[]])[]) => folder.put('a.npz', npzFile(arrays));

  test.each<[string, () => string, RegExp]>([
    ['no machine', () => put([['weights', [1], [1]]]), /holds no BernoulliRBM: an array `components_` is missing, there is weights/],
    [
      'a PCA',
      () => put([['pca__components_', [1, 2], [1, 2]]]),
      /'pca__components_' is not that of a BernoulliRBM: 'pca__intercept_hidden_' is missing/,
    ],
    [
      'a bias of another length',
      () => put([...rbm(3, 2).slice(0, 2), ['intercept_visible_', [2], [0, 0]]]),
      /'intercept_visible_' must have one value for each of 3 visible, got shape \[2\]/,
    ],
    [
      'components of one dimension',
      () => put([['components_', [2], [0, 0]], ...rbm(3, 2).slice(1)]),
      /'components_' must be \[hidden, visible\], got shape \[2\]/,
    ],
    [
      'NaN',
      () => put([['components_', [1, 2], [0, Number.NaN]], ...rbm(2, 1).slice(1)]),
      /'components_' must hold finite numbers, got NaN \(element 1\)/,
    ],
    [
      'levels that do not fit',
      () => put([...rbm(3, 2, 'a.'), ...rbm(3, 2, 'b.')]),
      /'b' takes 3 columns, but 'a' before it has 2 hidden units/,
    ],
    [
      'an output that does not fit',
      () => put([...rbm(3, 2), ['lr__coef_', [1, 3], [1, 2, 3]], ['lr__intercept_', [1], [0]]]),
      /'lr' takes 3 columns/,
    ],
    ['an output without its bias', () => put([...rbm(3, 2), ['lr__coef_', [1, 2], [1, 2]]]), /'lr__intercept_' is missing/],
    ['no npz file', () => folder.put('b.npz', 'no zip'), /was cut or is not a zip archive/],
  ])('%s', async (_, path, message) => {
    const error = await rejection(RBM.fromScikitLearn(path()));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(/^RBM\.fromScikitLearn: /);
    expect(error.message).toMatch(message);
  });

  test('which machine of several must be said', async () => {
    const path = put([...rbm(3, 2, 'a__'), ...rbm(2, 2, 'b__')]);
    const unsaid = await rejection(RBM.fromScikitLearn(path));
    expect(unsaid).toBeInstanceOf(ParameterError);
    expect(unsaid.message).toContain("the file holds 2 machines: `step` must say which of 'a', 'b'");
    expect((await rejection(RBM.fromScikitLearn(path, { step: 'c' }))).message).toContain("`step` must be one of 'a', 'b', got 'c'");
    expect((await rejection(RBM.fromScikitLearn(path, { step: 1 as never }))).message).toContain('`step` must be text, got 1');
    expect((await rejection(RBM.fromScikitLearn(path, { weightScale: 1 } as never))).message).toContain('there is no option `weightScale`');
    expect(await rejection(RBM.fromScikitLearn(`${path}.none`))).toBeInstanceOf(FileError);
  });
});

// Where numpy is: the file that the docs tell users to write.
const python = (() => {
  try {
    execFileSync('python3', ['-c', 'import numpy'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test.runIf(python)('what numpy writes here and now is read, of any order and number type', async () => {
  const path = `${fixture('rbm').replace(/[^/]+$/, '')}`;
  const folder = (await import('node:fs')).mkdtempSync(`${(await import('node:os')).tmpdir()}/boltzkit-np-`);
  const code = `import numpy as np
z = np.load('${path}rbm.npz')
np.savez_compressed('${folder}/f.npz', components_=np.asfortranarray(z['components_'].astype('f4')),
  intercept_hidden_=z['intercept_hidden_'].astype('>f8'), intercept_visible_=z['intercept_visible_'], other=np.array([None]))`;
  execFileSync('python3', ['-c', code]);
  const rbm = await RBM.fromScikitLearn(`${folder}/f.npz`);
  near(toNested(await rbm.transform(nested('rows'))) as number[][], nested('hidden'), 5);
  rbm.dispose();
  (await import('node:fs')).rmSync(folder, { recursive: true });
});
