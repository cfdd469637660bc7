import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { BoltzkitError } from '../../src/errors.js';

/** A folder of the test file's own, removed when its tests are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'boltzkit-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
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
