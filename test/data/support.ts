import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { BoltzkitError } from '../../src/errors.js';

/** A folder of the test file's own, removed when its tests are done, and a way to put files there. */
export function temporaryFolder(): { path: string; put: (name: string, content: Uint8Array | string) => string } {
  const path = mkdtempSync(join(tmpdir(), 'boltzkit-test-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  const put = (name: string, content: Uint8Array | string) => {
    writeFileSync(join(path, name), content);
    return join(path, name);
  };
  return { path, put };
}

/** Waits for a rejection with one of our errors and returns it. */
export async function rejection(promise: Promise<unknown>): Promise<BoltzkitError> {
  const error = await promise.then(
    () => expect.unreachable('should have been rejected'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BoltzkitError);
  return error as BoltzkitError;
}

/** An idx file: element type, sizes, bytes of the elements. */
export function idxFile(type: number, shape: readonly number[], elements: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = type;
  header[3] = shape.length;
  for (const [i, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, elements]);
}

/** An npy file around a header of our choice. */
export function npyFile(header: string, elements: Uint8Array, version = 1): Buffer {
  const text = Buffer.from(header, 'latin1');
  const start = Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0\0\0${version === 1 ? '' : '\0\0'}`, 'latin1');
  if (version === 1) start.writeUInt16LE(text.length, 8);
  else start.writeUInt32LE(text.length, 8);
  return Buffer.concat([start, text, elements]);
}
