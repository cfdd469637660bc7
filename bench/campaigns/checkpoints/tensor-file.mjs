/** Files of tensors taken apart and put together again, with a right checksum whatever stands in them. */
import { createHash } from 'node:crypto';

const digestKey = 'boltzkit.sha256';
const zeros = '0'.repeat(64);

/** Bytes of an element by the name of its type. */
export const elementSizes = { F32: 4, F64: 8, I64: 8, U64: 8, U32: 4, U8: 1 };

/** A file's metadata, and its tensors in order, each with its own copy of its bytes. */
export function takeApart(bytes) {
  const length = Number(bytes.readBigUInt64LE(0));
  const { __metadata__: all, ...entries } = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  const { [digestKey]: _, ...metadata } = all;
  const data = bytes.subarray(8 + length);
  const tensors = Object.entries(entries).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [begin, end],
      },
    ]) => {
      return { name, dtype, shape: [...shape], bytes: Buffer.from(data.subarray(begin, end)) };
    },
  );
  return { metadata: { ...metadata }, tensors };
}

/**
 * Puts a file together. `editHeader` may change the text of its header first, in ways that no list of tensors leads to; the checksum is right
 * for what comes out.
 */
export function putTogether({ metadata, tensors }, editHeader = (text) => text) {
  const header = Object.create(null);
  header.__metadata__ = Object.assign(Object.create(null), { [digestKey]: zeros }, sorted(metadata));
  const size = ({ dtype }) => elementSizes[dtype] ?? 1;
  const ordered = [...tensors].sort((a, b) => size(b) - size(a) || (a.name < b.name ? -1 : 1));
  let end = 0;
  for (const { name, dtype, shape, bytes } of ordered) {
    header[name] = { dtype, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
  }
  return sealed(editHeader(JSON.stringify(header)), Buffer.concat(ordered.map(({ bytes }) => bytes)));
}

/** Gives bytes of a file that were changed in any way a right checksum again, where there is a place for one. */
export function resealed(bytes) {
  const length = bytes.length < 8 ? 0 : Math.min(Number(bytes.readBigUInt64LE(0)), bytes.length - 8);
  return sealed(bytes.toString('latin1', 8, 8 + length), bytes.subarray(8 + length), 'latin1', bytes.subarray(0, 8));
}

function sorted(metadata) {
  return Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sealed(text, data, encoding = 'utf8', start = undefined) {
  const header = Buffer.from(text, encoding);
  const padded = start === undefined ? Buffer.concat([header, Buffer.alloc(-header.length & 7, ' ')]) : header;
  const length = start ?? Buffer.alloc(8);
  if (start === undefined) length.writeBigUInt64LE(BigInt(padded.length));
  const file = Buffer.concat([length, padded, data]);
  const opening = `"${digestKey}":"`;
  const at = file.indexOf(opening, 0, 'latin1');
  if (at < 0 || at + opening.length + 64 > file.length) return file;
  const place = at + opening.length;
  file.write(zeros, place, 'latin1');
  file.write(createHash('sha256').update(file).digest('hex'), place, 'latin1');
  return file;
}
