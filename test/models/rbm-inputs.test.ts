/**
 * The same numbers handed in as any kind of rows give the same bits out: ndarrays with any strides, typed arrays, nested arrays, bytes with
 * a scale, bits in either order, sparse rows.
 */
import * as fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { RowsInput } from '../../src/data/rows-input.js';
import { RBM } from '../../src/index.js';
import { bitsOf, devices, parameterBits, type TestDevice } from './support.js';

interface Table {
  rows: number;
  cols: number;
  values: number[];
}

/** Tables of values that every listed kind can hold. */
function tables(value: fc.Arbitrary<number>): fc.Arbitrary<Table> {
  return fc.record({ rows: fc.integer({ min: 1, max: 9 }), cols: fc.integer({ min: 1, max: 19 }) }).chain(({ rows, cols }) =>
    fc.record({
      rows: fc.constant(rows),
      cols: fc.constant(cols),
      values: fc.array(value, { minLength: rows * cols, maxLength: rows * cols }),
    }),
  );
}

type Form = (table: Table) => RowsInput;

const at = ({ cols, values }: Table, r: number, c: number) => values[r * cols + c]!;
const shape = ({ rows, cols }: Table): [number, number] => [rows, cols];
const nested: Form = (t) => Array.from({ length: t.rows }, (_, r) => t.values.slice(r * t.cols, (r + 1) * t.cols));

/** Kinds that hold any number between 0 and 1 that float32 holds. */
const realForms: Record<string, Form> = {
  'Float32Array with shape': (t) => ({ data: Float32Array.from(t.values), shape: shape(t) }),
  'Float64Array with shape': (t) => ({ data: Float64Array.from(t.values), shape: shape(t) }),
  'plain array with shape': (t) => ({ data: t.values, shape: shape(t) }),
  'rows of typed arrays': (t) => (nested(t) as number[][]).map((row) => Float32Array.from(row)),
  ndarray: (t) => ndarray(Float32Array.from(t.values), shape(t)),
  'transposed ndarray': (t) => {
    const columns = Array.from({ length: t.cols * t.rows }, (_, n) => at(t, n % t.rows, Math.floor(n / t.rows)));
    return ndarray(Float64Array.from(columns), [t.cols, t.rows]).transpose(1, 0);
  },
  'ndarray running backwards, inside a larger one': (t) => {
    const data = new Float32Array(t.values.length + 7).fill(Number.NaN);
    t.values.forEach((value, n) => {
      data[3 + t.values.length - 1 - n] = value;
    });
    return { data, shape: shape(t), stride: [-t.cols, -1], offset: 3 + t.values.length - 1 };
  },
  'every third element': (t) => {
    const data = new Float64Array(t.values.length * 3).fill(Number.POSITIVE_INFINITY);
    t.values.forEach((value, n) => {
      data[3 * n + 1] = value;
    });
    return { data, shape: shape(t), stride: [3 * t.cols, 3], offset: 1 };
  },
  'sparse rows': (t) => sparse(t, true),
  'shared memory': (t) => {
    const data = new Float32Array(new SharedArrayBuffer(4 * t.values.length));
    data.set(t.values);
    return { data, shape: shape(t) };
  },
};

const byteForms: Record<string, Form> = {
  bytes: (t) => ({ data: Uint8Array.from(t.values), shape: shape(t) }),
  'clamped bytes': (t) => ({ data: Uint8ClampedArray.from(t.values), shape: shape(t) }),
  Int16Array: (t) => ({ data: Int16Array.from(t.values), shape: shape(t) }),
  Uint32Array: (t) => ({ data: Uint32Array.from(t.values), shape: shape(t) }),
  'bytes in a Buffer at an odd address': (t) => ({ data: Buffer.from([9, ...t.values]).subarray(1), shape: shape(t) }),
  'bits, most significant first': (t) => bits(t, 'msb'),
  'bits, least significant first': (t) => bits(t, 'lsb'),
  'sparse ones': (t) => sparse(t, false),
};

function sparse(t: Table, withValues: boolean): RowsInput {
  const [indptr, indices, values]: number[][] = [[0], [], []];
  for (let r = 0; r < t.rows; ++r) {
    for (let c = 0; c < t.cols; ++c) {
      if (at(t, r, c) === 0) continue;
      indices!.push(c);
      values!.push(at(t, r, c));
    }
    indptr!.push(indices!.length);
  }
  const index = { indptr: Uint32Array.from(indptr!), indices: Int32Array.from(indices!), shape: shape(t) };
  return withValues ? { ...index, values: Float32Array.from(values!) } : index;
}

function bits(t: Table, order: 'msb' | 'lsb'): RowsInput {
  const width = Math.ceil(t.cols / 8);
  // Bits behind the last column are noise that nobody may read.
  const data = new Uint8Array(t.rows * width);
  for (let r = 0; r < t.rows; ++r)
    for (let c = 0; c < 8 * width; ++c) {
      const bit = c < t.cols ? at(t, r, c) : 1;
      data[r * width + (c >> 3)]! |= bit << (order === 'msb' ? 7 - (c & 7) : c & 7);
    }
  return { bits: data, shape: shape(t), order };
}

/** Everything that comes out of a model for these rows, as one string of bits. */
async function fingerprint(device: TestDevice, t: Table, rows: RowsInput): Promise<string> {
  using rbm = new RBM({ visible: t.cols, hidden: 5, device, seed: 6, threads: 1, weightScale: 0.5 });
  const means = bitsOf((await rbm.transform(rows)).data as Float32Array);
  const energies = bitsOf((await rbm.freeEnergy(rows)).data as Float64Array);
  await rbm.partialFit(rows, { batchSize: Math.ceil(t.rows / 2), algorithm: 'cd' });
  return [means, energies, parameterBits(rbm)].join(' ');
}

describe.each(devices)('rows on %s', (device) => {
  const check = (values: fc.Arbitrary<number>, forms: Record<string, Form>) =>
    fc.assert(
      fc.asyncProperty(tables(values), async (t) => {
        const expected = await fingerprint(device, t, nested(t));
        for (const [name, form] of Object.entries(forms)) {
          if ((await fingerprint(device, t, form(t))) !== expected) expect.fail(`${name} gives other bits`);
        }
      }),
      { seed: 11, numRuns: 25 },
    );

  it('of probabilities', async () => {
    await check(
      fc.oneof(
        fc.float({ min: 0, max: 1, noNaN: true }).map((x) => (x === 0 ? 0 : x)),
        fc.constantFrom(0, 0, 1),
      ),
      realForms,
    );
  });

  it('of zeros and ones', async () => {
    await check(fc.constantFrom(0, 1), { ...realForms, ...byteForms });
  });

  it('of grey levels, with a scale', async () => {
    await fc.assert(
      fc.asyncProperty(tables(fc.nat({ max: 255 })), async (t) => {
        const grey = { ...t, values: t.values.map((value) => value * (1 / 255)) };
        const bytes = { data: Uint8Array.from(t.values), shape: shape(t), scale: 1 / 255 };
        expect(await fingerprint(device, t, bytes)).toBe(await fingerprint(device, t, nested(grey)));
      }),
      { seed: 12, numRuns: 25 },
    );
  });

  it('more than 256 grey levels', async () => {
    const values = Array.from({ length: 40 * 19 }, (_, n) => Math.fround(n / 760));
    const t = { rows: 40, cols: 19, values };
    const expected = await fingerprint(device, t, nested(t));
    for (const form of Object.values(realForms)) expect(await fingerprint(device, t, form(t))).toBe(expected);
  });

  it('a flat array is one row; images are flattened', async () => {
    using rbm = new RBM({ visible: 6, hidden: 4, device, weightScale: 0.5 });
    const row = [0, 1, 0.5, 1, 0, 0.25];
    const expected = (await rbm.transform([row])).data;
    for (const form of [row, Float32Array.from(row), ndarray(Float64Array.from(row)), { data: row, shape: [1, 2, 3] }])
      expect((await rbm.transform(form as RowsInput)).data).toEqual(expected);
  });

  it('small inputs may be changed or transferred as soon as the call returns', async () => {
    using rbm = new RBM({ visible: 3, hidden: 2, device, weightScale: 0.5 });
    const data = Float32Array.of(0, 1, 0.5);
    const expected = (await rbm.transform({ data, shape: [1, 3] })).data;
    const pending = rbm.transform({ data, shape: [1, 3] });
    structuredClone(data.buffer, { transfer: [data.buffer] });
    expect((await pending).data).toEqual(expected);
  });
});

describe('results', () => {
  it('are ndarrays of float32, energies of float64', async () => {
    using rbm = new RBM({ visible: 3, hidden: 2 });
    const rows = [[0, 1, 1]];
    for (const result of [await rbm.transform(rows), await rbm.sample(2, { sweeps: 1 }), await rbm.reconstruct(rows)])
      expect(result.data).toBeInstanceOf(Float32Array);
    for (const result of [await rbm.freeEnergy(rows), await rbm.energy(rows, [[1, 0]]), await rbm.pseudoLikelihood(rows)])
      expect(result.data).toBeInstanceOf(Float64Array);
    expect((await rbm.transform(rows)).get(0, 1)).toBeGreaterThan(0);
  });

  it.each(devices)('parameters are copies: changing one changes nothing (%s)', (device) => {
    using rbm = new RBM({ visible: 3, hidden: 2, device });
    expect(rbm.getParameter('visible-hidden.weights').shape).toEqual([3, 2]);
    const before = parameterBits(rbm);
    rbm.getParameter('visible-hidden.weights').data.fill(7);
    rbm.getParameter('visible.bias').data.fill(7);
    rbm.getParameter('hidden.bias').data.fill(7);
    expect(parameterBits(rbm)).toBe(before);
  });

  it.each(devices)('parameters that were read can be set again, bit for bit (%s)', (device) => {
    using rbm = new RBM({ visible: 3, hidden: 2, device, seed: 1 });
    using other = new RBM({ visible: 3, hidden: 2, device, seed: 2 });
    other.setParameter('visible-hidden.weights', rbm.getParameter('visible-hidden.weights'));
    other.setParameter('visible.bias', rbm.getParameter('visible.bias'));
    other.setParameter('hidden.bias', rbm.getParameter('hidden.bias'));
    expect(parameterBits(other)).toBe(parameterBits(rbm));
  });
});
