// What a user waits for: the command line reads MNIST, trains one epoch and writes its pictures; process start to process end.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clock, report, threads } from '../lib/driver.mjs';

const root = new URL('../../', import.meta.url);
const command = new URL(JSON.parse(readFileSync(new URL('package.json', root), 'utf8')).bin.boltzkit, root).pathname;
const temporary = mkdtempSync(join(tmpdir(), 'boltzkit-bench-'));
const out = join(temporary, 'run');
const folder = process.env.BOLTZKIT_DATA ? ['--data', process.env.BOLTZKIT_DATA] : [];
const args = [command, 'train', 'mnist', ...folder, '--epochs', '1', '--threads', String(threads), '--seed', '1', '--out', out, '--json'];

try {
  const begin = clock();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const seconds = clock() - begin;
  if (status !== 0) throw new Error(`the command ended with ${status}: ${stderr.trim()}`);
  const pictures = ['filters.png', 'samples.png', 'reconstructions.png', 'curves.svg'];
  for (const name of pictures) {
    if (statSync(join(out, name)).size < 1000) throw new Error(`${name} is too small to be a picture`);
  }
  report('boltzkit', [seconds], { pictures });
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
