/** Calls that answer before they return: the same bits and the same errors as their asynchronous twins, nothing for a machine that is not free. */
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { RowsInput } from '../../src/data/rows-input.js';
import { BoltzmannMachine, BusyError, bernoulli, DisposedError, gaussian, RBM, ShapeError, softmax } from '../../src/index.js';
import { child, clean, entry } from '../machine/child.js';
import { devices, type TestDevice } from './support.js';

const visible = 19;
const hidden = 35;

function create(device: TestDevice): RBM {
  return new RBM({ visible, hidden, device, seed: 4, weightScale: 0.5 });
}

/** Quarters: any kind of rows holds them exactly. */
function quarters(rows: number): number[][] {
  return Array.from({ length: rows }, (_, r) => Array.from({ length: visible }, (_, c) => ((r * 7 + c * c * 5 + c) % 5) / 4));
}

const bits = (rows: number): number[][] => quarters(rows).map((row) => row.map((value) => Number(value > 0.5)));

const forms: Record<string, (values: number[][]) => RowsInput> = {
  'nested arrays': (values) => values,
  'rows of typed arrays': (values) => values.map((row) => Float64Array.from(row)),
  Float32Array: (values) => ({ data: Float32Array.from(values.flat()), shape: [values.length, visible] }),
  Float64Array: (values) => ({ data: Float64Array.from(values.flat()), shape: [values.length, visible] }),
  'Uint8Array with a scale': (values) => ({
    data: Uint8Array.from(values.flat(), (v) => v * 4),
    shape: [values.length, visible],
    scale: 0.25,
  }),
  'an ndarray': (values) => ndarray(Float32Array.from(values.flat()), [values.length, visible]),
  'an ndarray running backwards': (values) => ndarray(Float32Array.from(values.flat()).reverse(), [values.length, visible]).step(-1, -1),
  'sparse rows': (values) => {
    const entries = values.map((row) => row.flatMap((value, c) => (value === 0 ? [] : [{ c, value }])));
    const indptr = Array.from({ length: values.length + 1 }, (_, r) => entries.slice(0, r).flat().length);
    const flat = entries.flat();
    return { indptr, indices: flat.map(({ c }) => c), values: flat.map(({ value }) => value), shape: [values.length, visible] };
  },
};

const packed = (values: number[][]): RowsInput => {
  const rowBytes = Math.ceil(visible / 8);
  const data = new Uint8Array(values.length * rowBytes);
  for (const [r, row] of values.entries()) for (const [c, v] of row.entries()) data[r * rowBytes + (c >> 3)]! |= v << (7 - (c & 7));
  return { bits: data, shape: [values.length, visible] };
};

describe.each(devices)('on %s', (device) => {
  it.each(Object.entries(forms))('%s give the bits of the asynchronous calls', async (_, form) => {
    using now = create(device);
    using later = create(device);
    for (const rows of [1, 17, 3]) {
      const input = form(quarters(rows));
      expect(now.transformSync(input)).toEqual(await later.transform(input));
      expect(now.freeEnergySync(input)).toEqual(await later.freeEnergy(input));
      expect(now.reconstructSync(input, { draw: 'mean' })).toEqual(await later.reconstruct(input, { draw: 'mean' }));
      expect(now.reconstructSync(input)).toEqual(await later.reconstruct(input)); // the same draw of the same sequence
    }
  });

  it('flat rows and packed bits give the bits of the asynchronous calls', async () => {
    using rbm = create(device);
    const [row] = bits(1) as [number[]];
    for (const flat of [row, Uint8Array.from(row), Float32Array.from(row)])
      expect(rbm.transformSync(flat)).toEqual(await rbm.transform(flat));
    expect(rbm.transformSync(packed(bits(9)))).toEqual(await rbm.transform(bits(9)));
  });

  it('results stay as they are when later calls use the same memory', () => {
    using rbm = create(device);
    const first = rbm.transformSync(quarters(2));
    const copy = first.data.slice();
    rbm.transformSync(quarters(2).reverse());
    rbm.transformSync([quarters(2)[1]!]);
    expect(first.data).toEqual(copy);
    expect(rbm.transformSync(quarters(2)).data).toEqual(copy);
  });

  it('machines of several layers answer too, with the bits of the asynchronous calls', async () => {
    const layers = { image: gaussian(3), label: softmax(4), hidden: bernoulli(6) };
    const couplings: [string, string][] = [
      ['image', 'hidden'],
      ['label', 'hidden'],
    ];
    using machine = new BoltzmannMachine({ layers, couplings, device, seed: 2, weightScale: 0.7 });
    for (const rows of [1, 20]) {
      const image = Array.from({ length: rows }, (_, r) => [r / 8 - 1, 0.5, -r]);
      const label = Array.from({ length: rows }, (_, r) => r % 4);
      expect(machine.meanSync('hidden', { image, label })).toEqual(await machine.mean('hidden', { image, label }));
      expect(machine.probabilitiesSync('label', { image })).toEqual(await machine.probabilities('label', { image }));
      expect(machine.freeEnergySync({ image, label })).toEqual(await machine.freeEnergy({ image, label }));
    }
  });

  it('refuses more rows than take a few milliseconds, and says how many those are', () => {
    using rbm = create(device);
    const shaped = (rows: number) => ({ data: new Uint8Array(rows * visible), shape: [rows, visible] });
    const limit = (call: () => unknown): [number, Error] => {
      try {
        call();
      } catch (error) {
        return [Number(/at most (\d+) rows/.exec((error as Error).message)?.[1]), error as Error];
      }
      throw new Error('nothing was refused');
    };
    const [most, error] = limit(() => rbm.transformSync(shaped(1_000_000)));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toMatch(/^RBM\.transformSync: `data` must have at most \d+ rows.*got 1000000; more go to RBM\.transform$/);
    expect(rbm.transformSync(shaped(most)).shape).toEqual([most, hidden]);
    expect(limit(() => rbm.transformSync(shaped(most + 1)))[0]).toBe(most);
    expect(limit(() => rbm.reconstructSync(shaped(most)))[0]).toBe(Math.floor(most / 2));
  });

  it('is refused while an asynchronous call is under way, which goes on as if nothing had been', async () => {
    using rbm = create(device);
    using other = create(device);
    const pending = rbm.sample(20, { sweeps: 2000 });
    expect(() => rbm.transformSync(bits(1))).toThrow(
      new BusyError('RBM.transformSync: other calls of this model are under way; await them first'),
    );
    expect(() => rbm.reconstructSync(bits(1))).toThrow(BusyError);
    expect(await pending).toEqual(await other.sample(20, { sweeps: 2000 }));
    expect(rbm.reconstructSync(bits(2))).toEqual(other.reconstructSync(bits(2)));
  });

  it('comes after an asynchronous call that was done by the time it returned', async () => {
    using rbm = create(device);
    using other = create(device);
    const drawn = rbm.sampleHidden(bits(3));
    const reconstructed = rbm.reconstructSync(bits(2));
    expect(await drawn).toEqual(await other.sampleHidden(bits(3)));
    expect(reconstructed).toEqual(other.reconstructSync(bits(2)));
  });

  it('refuses a model that was disposed of', () => {
    const rbm = create(device);
    rbm.transformSync(bits(1));
    rbm.dispose();
    expect(() => rbm.transformSync(bits(1))).toThrow(new DisposedError('RBM.transformSync: this model was disposed of'));
  });

  it('says of wrong rows what the asynchronous calls say, and goes on afterwards', async () => {
    using rbm = create(device);
    const expected = rbm.transformSync(bits(2));
    const wrong: unknown[] = [
      undefined,
      'rows',
      [[0, 1]],
      [],
      new Float32Array(visible + 1),
      bits(1).map((row) => row.with(3, 1.5)),
      bits(2).map((row) => Float32Array.from(row).fill(Number.NaN, 7, 8)),
      { data: Uint8Array.from(bits(1).flat(), (v) => 3 * v), shape: [1, visible] },
      { indptr: [0, 1], indices: [visible], shape: [1, visible] },
    ];
    for (const rows of wrong) {
      const error = await rbm.transform(rows as RowsInput).catch((reason: unknown) => reason as Error);
      expect(error).toBeInstanceOf(Error);
      const same = new RegExp(
        `^${(error as Error).message.replace('RBM.transform', 'RBM.transformSync').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`,
      );
      expect(() => rbm.transformSync(rows as RowsInput)).toThrow(same);
      expect(() => rbm.transformSync(rows as RowsInput)).toThrow((error as Error).constructor as typeof Error);
    }
    expect(rbm.transformSync(bits(2))).toEqual(expected);
  });
});

it('reads what a getter of the rows does before it looks at the model', () => {
  using rbm = create('cpu');
  const rows = {
    data: new Float32Array(visible),
    get shape() {
      rbm.dispose();
      return [1, visible];
    },
  };
  expect(() => rbm.transformSync(rows)).toThrow(DisposedError);
});

it('refuses every row of a model too large to answer in a few milliseconds', () => {
  using rbm = new RBM({ visible: 6000, hidden: 6000, weightScale: 0 });
  expect(() => rbm.transformSync(new Uint8Array(6000))).toThrow('must have at most 0 rows');
});

it('answers in worker threads, with the same bits', async () => {
  const outcome = await child(`import { Worker } from 'node:worker_threads';
    const answer = () => {
      const rbm = new RBM({ visible: 30, hidden: 20, seed: 5 });
      return Buffer.from(rbm.transformSync(Uint8Array.from({ length: 30 }, (_, n) => n * 31 % 7 & 1)).data.buffer).toString('base64');
    };
    const text = 'import { RBM } from ' + JSON.stringify(${JSON.stringify(entry)}) + ';' +
      'import { parentPort } from "node:worker_threads"; parentPort.postMessage((' + answer + ')())';
    const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(text)));
    worker.on('message', (theirs) => console.log(theirs === answer()));`);
  expect(outcome).toMatchObject({ ...clean, stdout: 'true\n' });
});
