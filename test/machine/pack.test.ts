/** Copying rows into the addon's form: every kind of rows, in slices, with the event loop running in between. */
import { describe, expect, it } from 'vitest';
import type { HostDenseRows, HostRows } from '../../src/data/host-rows.js';
import { describeRows } from '../../src/data/rows-input.js';
import { slicesOf } from '../../src/data/slices.js';
import { ParameterError, ShapeError } from '../../src/errors.js';
import { hostBackend } from '../../src/machine/backend.js';
import { packRows, packRowsNow } from '../../src/machine/pack.js';

const unit = { low: 0, high: 1 };
const where = { call: 'RBM.fit', argument: 'data', units: 'visible units' };

const cols = 300;
const rows = 3000;
const total = rows * cols; // several slices
const bit = (r: number, c: number) => ((r * 31 + c * 17) % 7) & 1;
const expected = Float32Array.from({ length: total }, (_, i) => bit(Math.floor(i / cols), i % cols));

const dense = (data: Float32Array | Float64Array | Uint8Array, more: Partial<Omit<HostDenseRows, 'kind' | 'data'>> = {}): HostRows => ({
  kind: 'dense',
  data,
  offset: 0,
  rows,
  cols,
  rowStride: cols,
  colStride: 1,
  scale: 1,
  ...more,
});

function bits(mostSignificantFirst: boolean): HostRows {
  const rowBytes = Math.ceil(cols / 8);
  const data = new Uint8Array(rows * rowBytes);
  for (let r = 0; r < rows; r += 1)
    for (let c = 0; c < cols; c += 1) data[r * rowBytes + (c >> 3)]! |= bit(r, c) << (mostSignificantFirst ? 7 - (c & 7) : c & 7);
  return { kind: 'bits', data, rows, cols, mostSignificantFirst };
}

function sparse(withValues: boolean): HostRows {
  const indices: number[] = [];
  const indptr = [0];
  for (let r = 0; r < rows; r += 1) {
    for (let c = 0; c < cols; c += 1) if (bit(r, c)) indices.push(c);
    indptr.push(indices.length);
  }
  const values = withValues ? new Float32Array(indices.length).fill(1) : null;
  return { kind: 'sparse', indptr: Uint32Array.from(indptr), indices: Uint32Array.from(indices), values, rows, cols };
}

const reversed = Float32Array.from(expected).reverse();
const columnMajor = Uint8Array.from({ length: total }, (_, i) => bit(i % rows, Math.floor(i / rows)));

const kinds: [string, () => HostRows][] = [
  ['float32', () => dense(Float32Array.from(expected))],
  ['float64', () => dense(Float64Array.from(expected))],
  ['bytes', () => dense(Uint8Array.from(expected))],
  [
    'scaled bytes',
    () =>
      dense(
        Uint8Array.from(expected, (x) => 255 * x),
        { scale: 1 / 255 },
      ),
  ],
  ['columns first', () => dense(columnMajor, { rowStride: 1, colStride: rows })],
  ['backwards', () => dense(reversed, { offset: total - 1, rowStride: -cols, colStride: -1 })],
  ['bits, most significant first', () => bits(true)],
  ['bits, least significant first', () => bits(false)],
  ['sparse ones', () => sparse(false)],
  ['sparse values', () => sparse(true)],
];

describe.each(kinds)('%s', (_, make) => {
  it('come out as they went in, packed in slices or at once', async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    const sliced = await packRows(make(), unit, where);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
    for (const packed of [sliced, packRowsNow(make(), unit, where)]) {
      expect([packed.rows, packed.cols]).toEqual([rows, cols]);
      expect(Buffer.compare(Buffer.from(packed.toFloat32(0, rows).buffer), Buffer.from(expected.buffer))).toBe(0);
      const which = Uint32Array.of(rows - 1, 0, 7, 7);
      const some = new hostBackend.addon.Rows(cols, 0, 1);
      some.select(packed, which);
      expect(some.rows).toBe(4);
      expect([...some.toFloat32(0, 4)]).toEqual([...which].flatMap((r) => [...expected.subarray(r * cols, (r + 1) * cols)]));
      expect(() => some.select(packed, Uint32Array.of(1, rows))).toThrow(`rows must be chosen among ${rows}, got ${rows} at place 1`);
      expect(some.rows).toBe(4);
    }
  });
});

it('copies small rows before it returns', async () => {
  const data = new Float32Array(100 * cols).fill(1);
  const packing = packRows(dense(data, { rows: 100 }), unit, where);
  data.fill(0);
  expect((await packing).toFloat32(99, 1)).toEqual(new Float32Array(cols).fill(1));
});

it('packs rows that are each larger than a slice', async () => {
  const wide = 400_000;
  const packed = await packRows(dense(new Uint8Array(3 * wide).fill(1), { rows: 3, cols: wide, rowStride: wide }), unit, where);
  expect(packed.rows).toBe(3);
  expect(packed.toFloat32(2, 1).every((x) => x === 1)).toBe(true);
});

it.each([5, rows - 5])('names call, argument, row and column of a wrong value (row %d)', async (row) => {
  const data = Float32Array.from(expected);
  data[row * cols + 7] = 2.5;
  const error = await packRows(dense(data), unit, where).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ParameterError);
  expect((error as Error).message).toBe(`RBM.fit: \`data\` values must lie in [0, 1], got 2.5 at row ${row}, column 7`);
});

it('refuses values that are not finite, and shapes that do not fit', () => {
  for (const x of [NaN, Infinity, -Infinity, -1])
    expect(() => packRowsNow(dense(new Float64Array(cols).fill(x), { rows: 1 }), unit, where)).toThrow(ParameterError);
  const broken: HostRows = { kind: 'sparse', indptr: Uint32Array.from([0, 5]), indices: new Uint32Array(2), values: null, rows: 1, cols };
  expect(() => packRowsNow(broken, unit, where)).toThrow(ShapeError);
});

describe('missing values', () => {
  const allowed = { ...unit, missing: true };
  const none = Number.NaN;
  // A NaN with a payload and a sign: in the rows there is one NaN only.
  const oddNaN = new Float32Array(Uint32Array.of(0xffc12345).buffer)[0]!;
  const bitsOf = (values: Float32Array) => new Uint32Array(values.buffer.slice(0));
  const canonical = bitsOf(Float32Array.of(none))[0];
  const lacks = (i: number) => i % 3 === 1 || Math.floor(i / cols) === 5;
  const withGaps = (values: Float32Array) => values.map((x, i) => (lacks(i) ? (i % 2 ? none : oddNaN) : x));
  const many = Float32Array.from({ length: total }, (_, i) => Math.fround((i % 1000) / 1000)); // beyond a table of codes

  it.each<[string, Float32Array, (values: Float32Array) => HostRows]>([
    ['codes', expected, (values) => dense(withGaps(values))],
    ['floats', many, (values) => dense(withGaps(values))],
    ['doubles', many, (values) => dense(Float64Array.from(withGaps(values)))],
    ['codes, by a mask', expected, (values) => dense(values, { mask: Uint8Array.from(values, (_, i) => (lacks(i) ? 0 : 1)) })],
    [
      'bytes, by a mask',
      expected,
      (values) => dense(Uint8Array.from(values), { mask: Uint8Array.from(values, (_, i) => Number(!lacks(i))) }),
    ],
    ['floats, by a mask', many, (values) => dense(values, { mask: Uint8Array.from(values, (_, i) => Number(!lacks(i))) })],
  ])(
    '%s come out as one NaN, packed in slices or at once',
    async (_, values, make) => {
      for (const packed of [await packRows(make(values), allowed, where), packRowsNow(make(values), allowed, where)]) {
        const out = packed.toFloat32(0, rows);
        expect(packed.missing).toBe(true);
        const original = bitsOf(values);
        expect(bitsOf(out).every((bits, i) => bits === (lacks(i) ? canonical : original[i]))).toBe(true);
        const some = new hostBackend.addon.Rows(1, 0, 1);
        some.select(packed, Uint32Array.of(5, 3));
        expect([some.cols, some.missing]).toEqual([cols, true]);
        expect(bitsOf(some.toFloat32(1, 1))).toEqual(bitsOf(packed.toFloat32(3, 1)));
      }
    },
    60_000,
  );

  it('the table of codes counts NaN once, also as its last entry', () => {
    const table = (codes: number) => {
      const values = Float32Array.from({ length: 4 * cols }, (_, i) => (i % 7 === 3 ? (i % 2 ? none : oddNaN) : (i % codes) / 512));
      const packed = packRowsNow(dense(values, { rows: 4 }), allowed, where);
      expect(bitsOf(packed.toFloat32(0, 4))).toEqual(bitsOf(values.map((x) => (Number.isNaN(x) ? none : x))));
      return packed.bytes < 4 * 4 * cols ? 'codes' : 'floats';
    };
    expect([table(2), table(255), table(256), table(257)]).toEqual(['codes', 'codes', 'floats', 'floats']);
  });

  it('of sparse rows are entries', () => {
    const host: HostRows = {
      ...{ kind: 'sparse', indptr: Uint32Array.of(0, 2, 2, 3), indices: Uint32Array.of(0, 2, 1), rows: 3, cols: 3 },
      values: Float32Array.of(1, oddNaN, none),
    };
    const packed = packRowsNow(host, allowed, where);
    expect([...packed.toFloat32(0, 3)]).toEqual([1, 0, none, 0, 0, 0, 0, none, 0]);
    expect([bitsOf(packed.toFloat32(0, 3))[2], bitsOf(packed.toFloat32(0, 3))[7]]).toEqual([canonical, canonical]);
    expect(packed.missing).toBe(true);
    const message = 'RBM.fit: `data` values must lie in [0, 1], got NaN at row 0, column 2';
    expect(() => packRowsNow(host, unit, where)).toThrow(message);
  });

  it('that are not there are told as such', () => {
    expect(packRowsNow(dense(expected), allowed, where).missing).toBe(false);
    expect(packRowsNow(bits(true), allowed, where).missing).toBe(false);
    const all = dense(expected, { mask: new Uint8Array(total).fill(1) });
    expect(packRowsNow(all, unit, where).missing).toBe(false);
  });

  it('are refused by row, column and with a hint unless allowed; nothing of a refused slice stays', () => {
    const values = new Float32Array(2 * cols);
    values[cols + 4] = none;
    const host = dense(values, { rows: 2 });
    expect(() => packRowsNow(host, unit, where)).toThrow(
      'RBM.fit: `data` values must lie in [0, 1], got NaN at row 1, column 4 ' +
        '(values that are missing can be filled in by `impute`, left to `fit`, or free in `clamp`)',
    );
    const mask = new Uint8Array(2 * cols).fill(1);
    mask[7] = 0;
    expect(() => packRowsNow(dense(new Uint8Array(2 * cols), { rows: 2, mask }), unit, where)).toThrow('got NaN at row 0, column 7');
    const target = new hostBackend.addon.Rows(cols, 0, 1, 0, false, true);
    values[cols + 5] = 2;
    expect(() => target.appendDense(values, 0, 2, cols, 1, 1)).toThrow(/^values must lie in \[0, 1\], got 2 at row 1, column 5$/);
    expect([target.rows, target.missing]).toEqual([0, false]);
  });

  it('whole numbers stay whole numbers', () => {
    const counts = { low: 0, high: 9, integers: true, missing: true };
    expect(packRowsNow(dense(Float32Array.of(3, none, 0), { rows: 1, cols: 3 }), counts, where).missing).toBe(true);
    expect(() => packRowsNow(dense(Float32Array.of(3, none, 0.5), { rows: 1, cols: 3 }), counts, where)).toThrow(
      'got 0.5 at row 0, column 2',
    );
  });

  it('are missing as whole units', () => {
    const pairs = { ...allowed, group: 2 };
    const row = (values: number[]) => dense(Float32Array.from(values), { rows: 1, cols: 4 });
    expect(packRowsNow(row([none, none, 0, 1]), pairs, where).missing).toBe(true);
    const message = 'all 2 places of a unit must be missing or none, got 1 missing at row 0, columns 2 to 3';
    expect(() => packRowsNow(row([0, 1, 0, none]), pairs, where)).toThrow(message);
    const sparse = (indices: number[], values: number[]): HostRows => ({
      ...{ kind: 'sparse', indptr: Uint32Array.of(0, indices.length), indices: Uint32Array.from(indices), rows: 1, cols: 4 },
      values: Float32Array.from(values),
    });
    expect(packRowsNow(sparse([0, 2, 3], [1, none, none]), pairs, where).missing).toBe(true);
    expect(() => packRowsNow(sparse([0, 2], [1, none]), pairs, where)).toThrow(message);
    expect(() => packRowsNow(dense(new Float32Array(3), { rows: 1, cols: 3 }), pairs, where)).toThrow('cannot hold units of 2');
  });
});

it('notices that a buffer is transferred meanwhile', async () => {
  const data = Float32Array.from(expected);
  const packing = packRows(dense(data), unit, where);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  await expect(packing).rejects.toThrow('RBM.fit: `data` must keep its buffer while it is read');
  const indices = sparse(false) as HostRows & { kind: 'sparse' };
  const second = packRows(indices, unit, where);
  structuredClone(indices.indices.buffer, { transfer: [indices.indices.buffer as ArrayBuffer] });
  await expect(second).rejects.toThrow('must keep its buffer');
});

describe('rows that are converted on the way', () => {
  const nested = () => Array.from({ length: rows }, (_, r) => Array.from(expected.subarray(r * cols, (r + 1) * cols)));
  const shape = [rows, cols];

  it.each<[string, () => unknown]>([
    ['nested arrays', nested],
    ['16-bit integers', () => ({ data: Int16Array.from(expected), shape })],
    ['masked bytes', () => ({ data: Uint8Array.from(expected), shape, mask: new Uint8Array(total).fill(1) })],
    [
      'sparse rows of signed integers',
      () => {
        const { indptr, indices } = sparse(false) as HostRows & { kind: 'sparse' };
        return { indptr: Int32Array.from(indptr), indices: Int32Array.from(indices), shape };
      },
    ],
  ])('%s come out as they went in, packed in slices or at once', async (_, make) => {
    const host = describeRows(make(), cols, where);
    expect(host.kind).toBe('sliced');
    for (const packed of [await packRows(host, unit, where), packRowsNow(host, unit, where)]) {
      expect(Buffer.compare(Buffer.from(packed.toFloat32(0, rows).buffer), Buffer.from(expected.buffer))).toBe(0);
    }
  });

  it('name call, argument, row and column of a wrong value', async () => {
    const data = nested();
    data[rows - 5]![7] = 2.5;
    await expect(packRows(describeRows(data, cols, where), unit, where)).rejects.toThrow(
      `RBM.fit: \`data\` values must lie in [0, 1], got 2.5 at row ${rows - 5}, column 7`,
    );
    data[rows - 5]![7] = 'x' as never;
    await expect(packRows(describeRows(data, cols, where), unit, where)).rejects.toThrow(
      `RBM.fit: \`data[${rows - 5}][7]\` must be a number, got "x"`,
    );
  });

  it('notice that a buffer is transferred meanwhile', async () => {
    const [data, mask] = [Int16Array.from(expected), new Uint8Array(total).fill(1)];
    for (const [input, { buffer }] of [
      [{ data, shape }, data],
      [{ data: Float32Array.from(expected), shape, mask }, mask],
    ] as const) {
      const packing = packRows(describeRows(input, cols, where), unit, where);
      structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
      await expect(packing).rejects.toThrow('RBM.fit: `data` must keep its buffer while it is read');
    }
  });

  it('take turns: one slice per turn of the event loop, however many are packed at once', async () => {
    let turns = 0;
    let packing = true;
    const count = () => {
      turns++;
      if (packing) setImmediate(count);
    };
    setImmediate(count);
    const host = describeRows(nested(), cols, where);
    await Promise.all(Array.from({ length: 3 }, () => packRows(host, unit, where)));
    packing = false;
    expect(turns).toBeGreaterThanOrEqual(3 * [...slicesOf(host)].length);
  });
});

it('stops at an abort, before or between slices', async () => {
  await expect(packRows(dense(Float32Array.from(expected)), unit, where, AbortSignal.abort('early'))).rejects.toBe('early');
  const controller = new AbortController();
  const packing = packRows(dense(Float32Array.from(expected)), unit, where, controller.signal);
  controller.abort('late');
  await expect(packing).rejects.toBe('late');
});
