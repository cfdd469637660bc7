// Checks what gets published: publint on the folder, attw on the tarball, and the tests of the tarball, compiling from its sources
// included. Needs the network or npm's cache for the tarball's dependencies. With --runtimes also tries bun, Deno and Yarn
// Plug'n'Play, which it fetches (300 MB).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(join(tmpdir(), 'boltzkit-check-'));
let failed = 0;

function step(title, command, ...parameters) {
  console.log(`== ${title}`);
  const env = { ...process.env, BOLTZKIT_FULL_TESTS: '1' };
  const { status } = spawnSync(command, parameters, { cwd: root, stdio: 'inherit', env, shell: process.platform === 'win32' });
  if (status !== 0) failed++;
}

try {
  step('npm pack', 'npm', 'pack', '--silent', '--pack-destination', folder);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (tarball !== undefined) {
    step('publint', 'npx', 'publint', 'run', '--strict', join(folder, tarball));
    step('attw', 'npx', 'attw', join(folder, tarball), '--no-color');
    if (process.argv.includes('--runtimes'))
      step('other runtimes', 'node', join(root, 'scripts', 'check-runtimes.mjs'), join(folder, tarball));
  }
  if (!process.argv.includes('--no-tests')) step('the tarball in an empty project', 'npx', 'vitest', 'run', 'test/package');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
