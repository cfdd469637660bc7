import { ParameterError, ShapeError } from '../errors.js';
import { got } from '../got.js';
import { checkRowsAndColumns, type HostBitRows } from './host-rows.js';
import { readIntegers } from './integers.js';
import { plainView } from './typed.js';
import { subject, type Where } from './where.js';

/** The properties of packed bits, each read once. */
export interface BitParts {
  readonly bits: unknown;
  readonly shape: unknown;
  readonly order: unknown;
}

/** Describes rows given as `{ bits, shape: [rows, columns], order? }`, eight columns to a byte. */
export function describeBits(parts: BitParts, cols: number, where: Where): HostBitRows {
  const { rows } = matrixShape(parts.shape, cols, where);
  const order = parts.order ?? 'msb';
  if (order !== 'msb' && order !== 'lsb') {
    throw new ParameterError(`${subject(where, '.order')} must be 'msb' or 'lsb', got ${got(order)}`);
  }
  const data = plainView(parts.bits, where, '.bits');
  if (!(data instanceof Uint8Array)) throw new ParameterError(`${subject(where, '.bits')} must be a Uint8Array, got ${got(parts.bits)}`);
  const bytes = rows * Math.ceil(cols / 8);
  if (data.length !== bytes) {
    const why = `${rows} rows of ${cols} bits, each starting on a byte`;
    throw new ShapeError(`${subject(where, '.bits')} must have ${bytes} bytes (${why}), got ${data.length}`);
  }
  return { kind: 'bits', data, rows, cols, mostSignificantFirst: order === 'msb' };
}

/** Reads a shape that must be [rows, cols], or [cols] for a single row. */
export function matrixShape(value: unknown, cols: number, where: Where): { rows: number } {
  const shape = readIntegers(value, 0, where, '.shape');
  if (shape.length !== 1 && shape.length !== 2) {
    throw new ShapeError(`${subject(where, '.shape')} must be [rows, columns], got ${shape.length} entries`);
  }
  const rows = shape.length === 2 ? (shape[0] as number) : 1;
  checkRowsAndColumns(shape, rows, shape.at(-1) as number, cols, where);
  return { rows };
}
