import { crc32, deflateRawSync } from 'node:zlib';
import { npyFile } from './support.js';

/** An entry of a zip file as it is written, with room for wrong claims. */
export interface WrittenEntry {
  readonly name: string;
  readonly content: Uint8Array;
  readonly deflate?: boolean;
  /** What its directory claims in place of the truth. */
  readonly claims?: Partial<{ size: number; packed: number; crc: number; flags: number; method: number; offset: number }>;
}

/** A zip file of entries, with a comment at its end. */
export function zipFile(entries: readonly WrittenEntry[], comment = '', extra = Buffer.alloc(0)): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, deflate = false, claims = {} } of entries) {
    const packed = deflate ? deflateRawSync(content) : Buffer.from(content);
    const nameBytes = Buffer.from(name, 'utf8');
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(claims.flags ?? 0, 2);
    fields.writeUInt16LE(claims.method ?? (deflate ? 8 : 0), 4);
    fields.writeUInt32LE(claims.crc ?? crc32(content), 10);
    fields.writeUInt32LE(claims.packed ?? packed.length, 14);
    fields.writeUInt32LE(claims.size ?? content.length, 18);
    fields.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.from(fields);
    local.writeUInt16LE(extra.length, 24);
    const file = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), local, nameBytes, extra, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(claims.offset ?? offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0', 'latin1'), fields, rest, nameBytes]));
    parts.push(file);
    offset += file.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(offset, 12);
  end.writeUInt16LE(Buffer.byteLength(comment), 16);
  return Buffer.concat([...parts, ...directory, Buffer.from('PK\x05\x06', 'latin1'), end, Buffer.from(comment)]);
}

/** The bytes of an npy file of doubles. */
export function doubles(shape: readonly number[], values: readonly number[]): Buffer {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const data = new Float64Array(values);
  return npyFile(`{'descr': '<f8', 'fortran_order': False, 'shape': ${tuple}, }`, new Uint8Array(data.buffer));
}

/** An npz file of arrays of doubles: name, shape, values. */
export function npzFile(arrays: readonly (readonly [string, readonly number[], readonly number[]])[]): Buffer {
  return zipFile(arrays.map(([name, shape, values]) => ({ name: `${name}.npy`, content: doubles(shape, values) })));
}
