import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError, ParameterError } from '../../src/errors.js';
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../../src/io/safetensors.js';

const small = () =>
  encodeSafetensors(
    new Map<string, Tensor>([
      ['visible.bias', { dtype: 'F32', shape: [3], data: new Float32Array([0.5, -1, 2]) }],
      ['counters', { dtype: 'U64', shape: [2], data: new BigUint64Array([1n, 2n ** 63n]) }],
    ]),
    { format: 'boltzkit', version: '1' },
  );

const decode = (bytes: Uint8Array) => decodeSafetensors(bytes, 'RBM.load: a.safetensors');

/** A file with a header of our choice; `sealed` gives it a right checksum, so that only its content is to blame. */
function forged(header: string, data = new Uint8Array(0), sealed = true): Uint8Array {
  const text = Buffer.from(header.replace('DIGEST', '0'.repeat(64)), 'utf8');
  const file = Buffer.concat([Buffer.alloc(8), text, data]);
  file.writeBigUInt64LE(BigInt(text.length));
  if (!sealed) return file;
  const digest = createHash('sha256').update(file).digest('hex');
  file.write(digest, file.indexOf('0'.repeat(64)), 'latin1');
  return file;
}

const metadata = '"__metadata__":{"boltzkit.sha256":"DIGEST"}';

describe('what was encoded comes back bit for bit', () => {
  const bytes = fc.uint8Array({ maxLength: 48 });
  const tensor = fc
    .tuple(fc.constantFrom('F32', 'F64', 'I64', 'U64', 'U32', 'U8'), bytes, fc.boolean())
    .map(([dtype, raw, wide]): Tensor => {
      const Class = { F32: Float32Array, F64: Float64Array, I64: BigInt64Array, U64: BigUint64Array, U32: Uint32Array, U8: Uint8Array }[
        dtype as Tensor['dtype']
      ];
      const data = new Class(raw.slice(0, raw.length - (raw.length % Class.BYTES_PER_ELEMENT)).buffer);
      return { dtype: dtype as Tensor['dtype'], shape: wide ? [1, data.length] : [data.length], data };
    });
  const name = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.constantFrom('__proto__', '1', '0', 'constructor', '"boltzkit.sha256":"', 'a"b\\c', '\ud800'),
  );
  const raw = ({ dtype, shape, data }: Tensor) => ({
    dtype,
    shape,
    bytes: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
  });

  test('for any tensors, names and metadata', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, tensor)), fc.array(fc.tuple(name, fc.string({ unit: 'binary' }))), (entries, texts) => {
        const tensors = new Map(entries.filter(([key]) => key !== '__metadata__'));
        const notes = Object.fromEntries(texts.filter(([key]) => key !== 'boltzkit.sha256'));
        const back = decode(encodeSafetensors(tensors, notes));
        expect(new Map([...back.tensors].map(([key, value]) => [key, raw(value)]))).toEqual(
          new Map([...tensors].map(([key, value]) => [key, raw(value)])),
        );
        expect(Object.entries(back.metadata).sort()).toEqual(Object.entries(notes).sort());
      }),
    );
  });

  test('from a file at any alignment in memory', () => {
    for (let shift = 0; shift < 8; shift++) {
      const moved = new Uint8Array(small().length + shift);
      moved.set(small(), shift);
      const { tensors, metadata: notes } = decode(moved.subarray(shift));
      expect([...tensors.get('visible.bias')!.data]).toEqual([0.5, -1, 2]);
      expect([...tensors.get('counters')!.data]).toEqual([1n, 2n ** 63n]);
      expect(notes).toEqual({ format: 'boltzkit', version: '1' });
    }
  });

  test('the same content in another order gives the same bytes', () => {
    const a: Tensor = { dtype: 'U8', shape: [1], data: new Uint8Array([1]) };
    const b: Tensor = { dtype: 'F64', shape: [1], data: new Float64Array([1]) };
    const one = encodeSafetensors(
      new Map([
        ['a', a],
        ['b', b],
      ]),
      { x: '1', y: '2' },
    );
    const other = encodeSafetensors(
      new Map([
        ['b', b],
        ['a', a],
      ]),
      { y: '2', x: '1' },
    );
    expect(one).toEqual(other);
  });

  test('tensors are aligned to their elements in the file', () => {
    const bytes = small();
    for (const { data } of decode(bytes).tensors.values()) expect(data.buffer).toBe(bytes.buffer);
  });
});

describe('every damaged file is rejected', () => {
  test('cut at any length', () => {
    const bytes = small();
    for (let length = 0; length < bytes.length; length++) expect(() => decode(bytes.subarray(0, length)), `${length}`).toThrow(FormatError);
  });

  test('with anything appended', () => {
    for (const extra of [1, 7, 8, 64]) {
      const longer = new Uint8Array(small().length + extra);
      longer.set(small());
      expect(() => decode(longer)).toThrow(FormatError);
    }
  });

  test('with any single bit flipped', () => {
    const bytes = small();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => decode(bytes), `bit ${bit}`).toThrow(FormatError);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
    expect(decode(bytes).tensors.size).toBe(2);
  });

  test('with bytes overwritten, removed or inserted', () => {
    const original = small();
    const at = fc.nat({ max: original.length - 1 });
    fc.assert(
      fc.property(at, fc.nat({ max: 32 }), fc.uint8Array({ maxLength: 32 }), (position, removed, inserted) => {
        const file = Buffer.concat([original.subarray(0, position), inserted, original.subarray(position + removed)]);
        if (!file.equals(original)) expect(() => decode(file)).toThrow(FormatError);
      }),
      { numRuns: 1000 },
    );
  });

  test('random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void expect(() => decode(bytes)).toThrow(FormatError)));
  });
});

describe('a header cannot lie, even under a right checksum', () => {
  const tensor = (name: string, fields: string) => `"${name}":{${fields}}`;
  const u8 = (begin: number, end: number, shape = `[${end - begin}]`) => `"dtype":"U8","shape":${shape},"data_offsets":[${begin},${end}]`;
  const file = (...tensors: string[]) => `{${[metadata, ...tensors].join(',')}}`;
  const bytes = (n: number) => new Uint8Array(n);

  test('the forger used here makes files that pass when they are honest', () => {
    expect(decode(forged(file(tensor('a', u8(0, 2)), tensor('b', u8(2, 3))), bytes(3))).tensors.size).toBe(2);
    expect(decode(forged(`${file(tensor('z', u8(0, 0)))}   `)).tensors.size).toBe(1);
  });

  test.each<[string, string, number, RegExp]>([
    ['a hole before the data', file(tensor('a', u8(1, 3))), 3, /hole or an overlap/],
    ['a hole between tensors', file(tensor('a', u8(0, 1)), tensor('b', u8(2, 3))), 3, /hole or an overlap/],
    ['an overlap', file(tensor('a', u8(0, 2)), tensor('b', u8(1, 3))), 3, /hole or an overlap/],
    ['one tensor twice in the same place', file(tensor('a', u8(0, 3)), tensor('b', u8(0, 3))), 3, /hole or an overlap/],
    ['bytes that belong to nothing', file(tensor('a', u8(0, 2))), 3, /take 2 bytes, but 3 follow/],
    ['tensors beyond the end', file(tensor('a', u8(0, 4))), 3, /take 4 bytes, but 3 follow/],
    ['a name twice', file(tensor('a', u8(0, 3)), tensor('a', u8(0, 3))), 3, /not in the form/],
    ['metadata twice', `{${metadata},"__metadata__":{"boltzkit.sha256":"DIGEST"}}`, 0, /checksum does not match/],
    ['an unknown type', file(tensor('a', '"dtype":"F8","shape":[3],"data_offsets":[0,3]')), 3, /unknown type/],
    ['a type from the prototype', file(tensor('a', '"dtype":"toString","shape":[3],"data_offsets":[0,3]')), 3, /unknown type/],
    ['a type that is no text', file(tensor('a', '"dtype":["U8"],"shape":[3],"data_offsets":[0,3]')), 3, /unknown type/],
    ['a shape that does not fit', file(tensor('a', u8(0, 3, '[2]'))), 3, /does not take 3 bytes/],
    ['a shape whose product wraps to 0', file(tensor('a', u8(0, 0, '[4294967296,4294967296]'))), 0, /does not take 0 bytes/],
    ['a shape whose product wraps to the size', file(tensor('a', u8(0, 3, '[3,9007199254740991,9007199254740991]'))), 3, /does not take/],
    ['a negative size', file(tensor('a', u8(0, 3, '[-3]'))), 3, /damaged shape/],
    ['two negative sizes', file(tensor('a', u8(0, 3, '[-3,-1]'))), 3, /damaged shape/],
    ['a fraction in the shape', file(tensor('a', u8(0, 3, '[1.5,2]'))), 3, /damaged shape/],
    ['a shape that is no list', file(tensor('a', u8(0, 3, '3'))), 3, /damaged shape/],
    ['a rank beyond reason', file(tensor('a', u8(0, 3, `[3${',1'.repeat(32)}]`))), 3, /damaged shape/],
    ['offsets the wrong way', file(tensor('a', '"dtype":"U8","shape":[3],"data_offsets":[3,0]')), 3, /does not take -3 bytes/],
    ['three offsets', file(tensor('a', '"dtype":"U8","shape":[3],"data_offsets":[0,3,3]')), 3, /damaged offsets/],
    ['offsets beyond 2^53', file(tensor('a', '"dtype":"U8","shape":[3],"data_offsets":[0,9007199254740992]')), 3, /damaged offsets/],
    ['numbers in another notation', file(tensor('a', '"dtype":"U8","shape":[3e0],"data_offsets":[0,3]')), 3, /not in the form/],
    ['a missing field', file(tensor('a', '"dtype":"U8","shape":[3]')), 3, /lacks its type, shape or place/],
    ['a field too many', file(tensor('a', `${u8(0, 3)},"path":"/etc/passwd"`)), 3, /lacks its type, shape or place/],
    ['a tensor that is no object', file('"a":3'), 3, /lacks its type, shape or place/],
    ['a tensor that is null', file('"a":null'), 3, /lacks its type, shape or place/],
    ['metadata that are not text', '{"__metadata__":{"boltzkit.sha256":"DIGEST","n":1}}', 0, /not all text/],
    ['white space at will', file(` ${tensor('a', u8(0, 3))}`), 3, /not in the form/],
    ['a long tail of white space', `${file()}        `, 0, /not in the form/],
    ['a hundred thousand brackets', `{${metadata},"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, 0, /not in the form|lacks its type/],
  ])('%s', (_, header, dataLength, message) => {
    expect(() => decode(forged(header, bytes(dataLength)))).toThrow(FormatError);
    expect(() => decode(forged(header, bytes(dataLength)))).toThrow(message);
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    ['no JSON', '{"a":', /not JSON/],
    ['a list', '[]', /not a JSON object/],
    ['null', 'null', /not a JSON object/],
    ['text that is not UTF-8', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x22, 0xff), /not JSON/],
    ['a byte order mark', '\ufeff{}', /not JSON/],
    ['nothing', '', /not JSON/],
  ])('a header of %s', (_, header, message) => {
    expect(() => decode(typeof header === 'string' ? forged(header, undefined, false) : header)).toThrow(message);
  });

  test.each([2n ** 64n - 1n, 2n ** 63n, 2n ** 53n, 2n ** 32n, 100n])('a header length of %s takes no memory', (length) => {
    const file = small().slice(0, 64);
    new DataView(file.buffer).setBigUint64(0, length, true);
    expect(() => decode(file)).toThrow(/its header claims \d+ bytes, the file has 64/);
  });

  test("someone else's safetensors file is named as such", () => {
    const foreign = forged('{"w":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}', bytes(2), false);
    expect(() => decode(foreign)).toThrow('RBM.load: a.safetensors has no boltzkit checksum: it is a safetensors file');
  });
});

describe('encoding refuses what could not be read back', () => {
  const data = new Float32Array(2);
  test.each<[string, string, Tensor]>([
    ['no name', '', { dtype: 'F32', shape: [2], data }],
    ['a reserved name', '__metadata__', { dtype: 'F32', shape: [2], data }],
    ['another shape', 'a', { dtype: 'F32', shape: [3], data }],
    ['a negative shape', 'a', { dtype: 'F32', shape: [-2, -1], data }],
    ['a fraction in the shape', 'a', { dtype: 'F32', shape: [0.5, 4], data }],
    ['another type', 'a', { dtype: 'F64', shape: [2], data }],
  ])('%s', (_, name, tensor) => {
    expect(() => encodeSafetensors(new Map([[name, tensor]]), {})).toThrow(ParameterError);
  });

  test('metadata that are no text or imitate the checksum', () => {
    expect(() => encodeSafetensors(new Map(), { n: 1 as unknown as string })).toThrow(ParameterError);
    expect(() => encodeSafetensors(new Map(), { 'boltzkit.sha256': 'x' })).toThrow(ParameterError);
  });
});
