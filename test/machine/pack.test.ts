/** Copying rows into the addon's form: every kind of rows, in slices, with the event loop running in between. */
import { describe, expect, it } from 'vitest';
import type { HostRows } from '../../src/data/host-rows.js';
import { ParameterError, ShapeError } from '../../src/errors.js';
import { packRows, packRowsNow } from '../../src/machine/pack.js';

const unit = { low: 0, high: 1 };
const where = { call: 'RBM.fit', argument: 'data', units: 'visible units' };

const cols = 300;
const rows = 3000;
const total = rows * cols; // several slices
const bit = (r: number, c: number) => ((r * 31 + c * 17) % 7) & 1;
const expected = Float32Array.from({ length: total }, (_, i) => bit(Math.floor(i / cols), i % cols));

const dense = (
  data: Float32Array | Float64Array | Uint8Array,
  more: Partial<{ offset: number; rowStride: number; colStride: number; scale: number; rows: number; cols: number }> = {},
): HostRows => ({ kind: 'dense', data, offset: 0, rows, cols, rowStride: cols, colStride: 1, scale: 1, ...more });

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

it('stops at an abort, before or between slices', async () => {
  await expect(packRows(dense(Float32Array.from(expected)), unit, where, AbortSignal.abort('early'))).rejects.toBe('early');
  const controller = new AbortController();
  const packing = packRows(dense(Float32Array.from(expected)), unit, where, controller.signal);
  controller.abort('late');
  await expect(packing).rejects.toBe('late');
});
