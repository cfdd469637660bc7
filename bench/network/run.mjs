// node bench/network/run.mjs --data folder [--tasks a,b] [--threads n] [--rounds n] [--out file]
// Seconds per epoch of backpropagation, of a deep autoencoder and of greedy pretraining on MNIST, beside PyTorch on the CPU, in turn.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadMnist } from 'boltzkit/data';
import { machine } from '../lib/machine.mjs';
import { median, minimum } from '../lib/statistics.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const layersOf = { backpropagation: '784,500,500,2000', autoencoder: '784,1000,500,250,30', pretraining: '784,500,500,2000' };
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.BOLTZKIT_DATA },
    tasks: { type: 'string', default: Object.keys(layersOf).join(',') },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    epochs: { type: 'string', default: '2' },
    out: { type: 'string' },
  },
});
if (!values.data) {
  process.stderr.write('Usage: run.mjs --data folder-of-data-sets [--tasks a,b] [--threads n] [--rounds n] [--epochs n] [--out file]\n');
  process.exit(2);
}

/** Debian's OpenBLAS with OpenMP, which shares PyTorch's threads. */
function libraries() {
  const folders = readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/openblas-openmp`);
  const found = folders.find((path) => existsSync(path));
  return found ? { LD_LIBRARY_PATH: found } : {};
}

/** Kernels that PyTorch's BLAS may use: an old OpenBLAS does not know a new processor. The best is taken. */
const kernels = [undefined, 'SkylakeX', 'Haswell'];
const python = [process.env.BENCH_PYTHON, '/usr/bin/python3', 'python3']
  .filter(Boolean)
  .find((path) => spawnSync(path, ['-c', 'import torch']).status === 0);

function once(command, env) {
  const { status, stdout, stderr } = spawnSync(command[0], command.slice(1), {
    env: { ...process.env, OPENBLAS_CORETYPE: undefined, ...env },
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

const folder = mkdtempSync(join(tmpdir(), 'boltzkit-bench-'));
try {
  const sub = join(values.data, 'mnist');
  const { train } = await loadMnist(existsSync(sub) ? sub : values.data);
  const env = {
    NETWORK_ROWS: join(folder, 'rows'),
    NETWORK_LABELS: join(folder, 'labels'),
    NETWORK_THREADS: values.threads,
    OMP_NUM_THREADS: values.threads,
    NETWORK_EPOCHS: values.epochs,
  };
  writeFileSync(env.NETWORK_ROWS, train.images.data);
  writeFileSync(env.NETWORK_LABELS, train.labels.data);
  const results = [];
  for (const task of values.tasks.split(',')) {
    const own = { ...env, NETWORK_LAYERS: layersOf[task] };
    const peer = python && [python, here('torch_network.py'), task];
    const tried = (peer ? kernels : []).map((kernel) => {
      const core = { ...libraries(), OPENBLAS_CORETYPE: kernel };
      return { kernel: kernel ?? 'own choice', core, seconds: minimum(once(peer, { ...own, ...core, NETWORK_EPOCHS: '1' }).seconds) };
    });
    const best = tried.sort((a, b) => a.seconds - b.seconds)[0];
    const rounds = { boltzkit: [], torch: [] };
    const checks = {};
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const name of peer ? ['boltzkit', 'torch'] : ['boltzkit']) {
        const command = name === 'torch' ? peer : [process.execPath, here('boltzkit_network.mjs'), task];
        const { seconds, check } = once(command, name === 'torch' ? { ...own, ...best.core } : own);
        rounds[name].push(...seconds);
        checks[name] = check;
        process.stderr.write(`${task} round ${round + 1}: ${name} ${seconds.map((s) => s.toFixed(2)).join(' ')} s\n`);
      }
    }
    const summary = Object.fromEntries(
      Object.entries(rounds)
        .filter(([, all]) => all.length > 0)
        .map(([name, all]) => [name, { median: median(all), best: minimum(all), all, check: checks[name] }]),
    );
    const ratio = peer
      ? { ofMedians: summary.torch.median / summary.boltzkit.median, ofBest: summary.torch.best / summary.boltzkit.best }
      : null;
    results.push({ task, layers: layersOf[task], threads: Number(values.threads), kernel: best?.kernel ?? null, ...summary, ratio });
    process.stdout.write(`${task}: ${JSON.stringify(ratio)}\n`);
  }
  if (values.out) {
    mkdirSync(dirname(values.out), { recursive: true });
    writeFileSync(values.out, `${JSON.stringify({ date: new Date().toISOString().slice(0, 10), machine: machine(), results }, null, 1)}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
