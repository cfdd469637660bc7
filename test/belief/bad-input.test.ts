/**
 * Bad input: every error names the call, what was expected and what came, and leaves the network as
 * it was.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeepBeliefNetwork, DisposedError, gaussian, ParameterError, ShapeError, softmax } from '../../src/index.js';
import { bitsOfNetwork, twoClasses } from './support.js';

const { rows, labels } = twoClasses(12);
const usual = { labels, epochs: 2, batchSize: 4 };

describe('the constructor', () => {
  it.each<[unknown, RegExp]>([
    [undefined, /`options` must be an object with `layers`/],
    [{}, /`layers` must be a list of 2 to 101 layers/],
    [{ layers: [6] }, /`layers` must be a list of 2 to 101 layers/],
    [{ layers: new Array(102).fill(1) }, /`layers` must be a list of 2 to 101 layers/],
    [{ layers: 'abc' }, /`layers` must be a list of 2 to 101 layers/],
    [{ layers: [6, 0] }, /`layers\[1\]` must be a whole number from 1 .* got 0/],
    [{ layers: [6, 2.5] }, /`layers\[1\]` must be a whole number/],
    [{ layers: [6, { type: 'bernouli', places: 3 }] }, /bernouli/],
    [{ layers: [6, 3], labels: 1 }, /`labels` must be a whole number from 2/],
    [{ layers: [6, 3], labels: '10' }, /`labels` must be a whole number/],
    [{ layers: [6, 3], seed: -1 }, /`seed`/],
    [{ layers: [6, 3], lables: 3 }, /no option `lables`, did you mean `labels`|no option `lables`/],
  ])('refuses %j', (options, message) => {
    expect(() => new DeepBeliefNetwork(options as never)).toThrow(message);
    expect(() => new DeepBeliefNetwork(options as never)).toThrow(/^DeepBeliefNetwork: /);
  });
});

describe('calls', () => {
  let network: DeepBeliefNetwork;
  let plain: DeepBeliefNetwork;
  let bits: string;
  beforeAll(async () => {
    network = new DeepBeliefNetwork({ layers: [6, 4, 3], labels: 2, seed: 1 });
    plain = new DeepBeliefNetwork({ layers: [6, 4, 3], seed: 1 });
    bits = bitsOfNetwork(network);
  });
  afterAll(() => {
    network.dispose();
    plain.dispose();
  });

  const broken = rows.map((row) => [...row]);
  (broken[3] as number[])[2] = Number.NaN;
  it.each<[string, unknown, unknown, RegExp]>([
    ['labels are left out', rows, {}, /`labels` must be given: this network was made with 2 classes/],
    ['labels are of another length', rows, { labels: [0, 1] }, /`labels` must have 12 rows, as many as `data`, got 2/],
    ['a label is out of range', rows, { labels: [...labels.slice(1), 2] }, /`labels\[11\]` must be a category from 0 to 1, got 2/],
    ['a label is negative', rows, { labels: [-1, ...labels.slice(1)] }, /`labels\[0\]` must be a category from 0 to 1, got -1/],
    ['a value is missing', broken, usual, /`data\[3, 2\]`|row 3.*column 2/],
    ['a value is out of range', [[2, 0, 0, 0, 0, 0]], { labels: [0] }, /data/],
    ['rows have other columns', [[1, 0]], { labels: [0] }, /`data` must have 6 columns \(visible units\), got 2/],
    ['an option is unknown', rows, { ...usual, epoch: 3 }, /no option `epoch`/],
    ['an option of a level is unknown', rows, { ...usual, levels: [{ epoch: 3 }] }, /`levels\[0\]` has no `epoch`/],
    ['an option of a later level is wrong', rows, { ...usual, levels: [{}, { epochs: 0 }] }, /`epochs` must be a whole number/],
    [
      'there are more options than levels',
      rows,
      { ...usual, levels: [{}, {}, {}] },
      /`levels` must be a list of options for at most 2 levels/,
    ],
    ['levels are no list', rows, { ...usual, levels: { epochs: 3 } }, /`levels` must be a list/],
    ['factors are for all levels', rows, { ...usual, rates: { hidden1: 0 } }, /`rates` must be left out/],
    ['activities are unknown', rows, { ...usual, activities: 'draws' }, /`activities` must be 'mean' or 'sample', got "draws"/],
    ['draws are to be kept', rows, { ...usual, activities: 'sample', keepActivities: true }, /`keepActivities` must be false/],
    ['validation lacks labels', rows, { ...usual, validation: { rows } }, /`validation.labels` must be given/],
    [
      'validation labels are of another length',
      rows,
      { ...usual, validation: { rows, labels: [0] } },
      /`validation.labels` must have 12 rows/,
    ],
    ['validation is no object', rows, { ...usual, validation: 3 }, /validation/],
    ['the batch is larger than the data', rows, { ...usual, batchSize: 13 }, /`batchSize` must be at most the number of rows, 12/],
    ['nothing was interrupted', rows, { labels, resume: true }, /holds no interrupted run of `pretrain`/],
    ['a checkpoint has no path', rows, { ...usual, checkpoint: { every: 1 } }, /`checkpoint.path` must be a path/],
  ])('pretrain refuses what it cannot use: %s', async (_, data, options, message) => {
    await expect(network.pretrain(data as never, options as never).then(() => undefined)).rejects.toThrow(message);
    expect(bitsOfNetwork(network)).toBe(bits);
    expect(network.training).toBe(null);
    expect(network.busy).toBe(false);
  });

  it('pretrain refuses labels of a network without them', async () => {
    await expect(plain.pretrain(rows, usual).then(() => undefined)).rejects.toThrow(/`labels` must be left out/);
  });

  it.each<[string, (network: DeepBeliefNetwork) => Promise<unknown>, RegExp]>([
    ['a class that there is not', (n) => n.sample(2, { label: 2 }), /`label` must be a whole number from 0 to 1, got 2/],
    ['a class below 0', (n) => n.sample(2, { label: [0, -1] }), /`label\[1\]` must be a whole number from 0 to 1, got -1/],
    ['too few classes', (n) => n.sample(3, { label: [0, 1] }), /`label` must be one class or 3, one to a sample, got 2/],
    ['a class that is no number', (n) => n.sample(2, { label: 'a' as never }), /`label` must be a class from 0 to 1, or a list/],
    ['no samples', (n) => n.sample(0), /`n` must be a whole number/],
    ['starts of another number', (n) => n.sample(3, { start: rows }), /`start` must have 3 rows, one to a sample, got 12/],
    ['sweeps below 0', (n) => n.sample(3, { sweeps: -1 }), /`sweeps`/],
    ['a layer that there is not', (n) => n.transform(rows, { layer: 3 }), /`layer` must be a whole number from 1 to 2, got 3/],
    ['a layer misspelt', (n) => n.transform(rows, { layer: 'hiden1' }), /`layer` must be one of .*"hiden1"/],
    ['the visible layer', (n) => n.reconstruct(rows, { layer: 'visible' }), /`layer` must be a hidden layer/],
    ['rows with other columns', (n) => n.classify([[1]]), /DeepBeliefNetwork.classify: `data` must have 6 columns/],
    ['missing values', (n) => n.transform(broken), /DeepBeliefNetwork.transform: `data/],
    ['draws below 0', (n) => n.classProbabilities(rows, { draws: -1 }), /`draws`/],
  ])('%s', async (_, call, message) => {
    await expect(call(network)).rejects.toThrow(message);
    expect(bitsOfNetwork(network)).toBe(bits);
  });

  it('classes of a network without labels', async () => {
    await expect(plain.classify(rows)).rejects.toThrow(ParameterError);
    await expect(plain.sample(1, { label: 0 })).rejects.toThrow(/`label` must be left out/);
  });

  it('parameters', () => {
    expect(() => network.getParameter('level1/hidden.bias')).toThrow(/must be one of/);
    expect(() => network.setParameter('level1/hidden1.bias', [1])).toThrow(ShapeError);
    expect(() => network.setParameter('level1/hidden1.bias', [1, 2, 3, Number.NaN])).toThrow(ParameterError);
  });

  it('every call, once the network is disposed of', async () => {
    const gone = new DeepBeliefNetwork({ layers: [2, 2], labels: 2 });
    gone.dispose();
    gone.dispose();
    await expect(gone.pretrain([[0, 1]], { labels: [0] }).then(() => undefined)).rejects.toThrow(DisposedError);
    await expect(gone.classify([[0, 1]])).rejects.toThrow(DisposedError);
    await expect(gone.sample(1)).rejects.toThrow(DisposedError);
    await expect(gone.save('nowhere')).rejects.toThrow(DisposedError);
    expect(() => gone.getParameter('level1/hidden1.bias')).toThrow(DisposedError);
    expect(gone.disposed).toBe(true);
    expect(`${JSON.stringify(gone)}`).toContain('DeepBeliefNetwork');
  });
});

it('categories go in as numbers, real numbers as they are', async () => {
  using network = new DeepBeliefNetwork({ layers: [softmax(3, 2), 3, 2] });
  await network.pretrain(
    [
      [0, 2],
      [1, 1],
    ],
    { epochs: 1 },
  );
  expect((await network.transform([[0, 2]])).shape).toEqual([1, 2]);
  using real = new DeepBeliefNetwork({ layers: [gaussian(2), 2] });
  await expect(real.pretrain([[0, Number.POSITIVE_INFINITY]]).then(() => undefined)).rejects.toThrow(/data/);
});
