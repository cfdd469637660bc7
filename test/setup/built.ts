/**
 * Programs that tests start import dist/ and build/examples/: before the tests both are brought up to date, unless BOLTZKIT_BUILT says
 * that they are (test/mutants/run.mjs, which runs tests side by side).
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../package/sources.js';

export default function setup(): void {
  if (process.env.BOLTZKIT_BUILT) return;
  run(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', 'examples');
  run(join(root, 'scripts', 'build-common.mjs'));
}

function run(...parameters: string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build before the tests failed\n${stdout}${stderr}`);
}
