// What a user waits for: the command line reads MNIST, trains one epoch and writes its pictures; process start to process end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clock, peakMemory, report, threads } from '../lib/driver.mjs';

const root = new URL('../../', import.meta.url);
const command = fileURLToPath(new URL(JSON.parse(readFileSync(new URL('package.json', root), 'utf8')).bin.boltzkit, root));
const temporary = mkdtempSync(join(tmpdir(), 'boltzkit-bench-'));
const out = join(temporary, 'run');
const folder = process.env.BOLTZKIT_DATA ? ['--data', process.env.BOLTZKIT_DATA] : [];
const args = [command, 'train', 'mnist', ...folder, '--epochs', '1', '--threads', String(threads), '--seed', '1', '--out', out, '--json'];

function checkPictures() {
  const pictures = ['filters.png', 'samples.png', 'reconstructions.png', 'curves.svg'];
  for (const name of pictures) {
    if (statSync(join(out, name)).size < 1000) throw new Error(`${name} is too small to be a picture`);
  }
  return pictures;
}

try {
  const begin = clock();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  let memory = 0;
  const watch = setInterval(() => {
    memory = Math.max(memory, peakMemory(child.pid) ?? 0);
  }, 50);
  const [status] = await once(child, 'exit');
  const seconds = clock() - begin;
  clearInterval(watch);
  if (status !== 0) throw new Error(`the command ended with ${status}`);
  report('boltzkit', [seconds], { pictures: checkPictures(), rssMb: memory > 0 ? Math.round(memory / 102.4) / 10 : null });
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
