import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../package/sources.js';
// @ts-expect-error: plain JavaScript, so that run.mjs needs no build
import { mutants as list } from './mutants.mjs';

const mutants = list as { name: string; file: string; find: string; replace: string; tests: string[] }[];

test.each(mutants)('mutant "$name" fits the code as it is', ({ file, find, replace }) => {
  const places = readFileSync(join(root, file), 'utf8').split(find).length - 1;
  expect(places).toBe(1);
  expect(replace).not.toBe(find);
});

test('the tests that have to catch the mutants exist', () => {
  const missing = mutants.flatMap(({ tests }) => tests).filter((path) => !existsSync(join(root, path)));
  expect([...new Set(missing)]).toEqual([]);
});
