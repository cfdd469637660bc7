/** The command of a clone, before and after it is built. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { root } from './sources.js';

const clone = mkdtempSync(join(tmpdir(), 'boltzkit-clone-'));
afterAll(() => rmSync(clone, { recursive: true }));
const started = join(root, 'bin', 'boltzkit.mjs');

test.skipIf(process.platform === 'win32')('the file that starts the command is executable', () => {
  expect(statSync(started).mode & 0o111).toBe(0o111);
});

test('it says what to do while nothing is built, and starts what is built', () => {
  const copy = join(clone, 'bin', 'boltzkit.mjs');
  mkdirSync(join(clone, 'bin'));
  copyFileSync(started, copy);
  const run = () => spawnSync(process.execPath, [copy, 'info', 'x'], { encoding: 'utf8' });
  const early = run();
  expect(early.status).toBe(1);
  expect(early.stderr).toMatch(/^boltzkit: this copy is not built yet; run `npm install && npm run build` in .*\n$/);

  mkdirSync(join(clone, 'dist', 'cli'), { recursive: true });
  writeFileSync(join(clone, 'dist', 'cli', 'main.js'), 'console.log(process.argv.slice(2).join());');
  writeFileSync(join(clone, 'package.json'), '{ "type": "module" }');
  expect(run()).toMatchObject({ status: 0, stdout: 'info,x\n', stderr: '' });
});
