// The programs that can be timed: how to find out whether one can run here, and how it is started.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildNative, buildOpenblas, buildPlain } from './build.mjs';
import { runProgram } from './run-program.mjs';
import { programTest, tests } from './work.mjs';

const here = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const TRAINING = ['cd1', 'pcd1', 'cd10', 'pcd10'];
const SHARED = [...TRAINING, 'gibbs', 'gibbscentred', 'transform'];

const scripts = {
  ...Object.fromEntries([...TRAINING, 'big'].map((test) => [test, 'train'])),
  native: 'calls',
  small: 'calls',
  gibbscentred: 'gibbs',
  transformsync: 'transform',
  memorybits: 'memory',
};

/** A program compiled when it is first asked for. */
function compiled(name, label, tests, build, more) {
  let built;
  return {
    name,
    label,
    tests,
    standard: true,
    missing: () => {
      built ??= build();
      return built.reason ?? null;
    },
    command: (test) => [built.program, programTest(test)],
    ...more,
  };
}

/** A Python that has the module: BENCH_PYTHON, the first on the PATH, or the system's, where Debian's packages are. */
function pythonWith(module) {
  const candidates = [process.env.BENCH_PYTHON, 'python3', '/usr/bin/python3'].filter(Boolean);
  return candidates.find((python) => spawnSync(python, ['-c', `import ${module}`]).status === 0);
}

function pythonPeer(name, module, label, tests) {
  let python;
  return {
    name,
    label,
    tests,
    blas: true,
    missing: () => {
      python ??= pythonWith(module);
      return python ? null : `no python3 with ${module}`;
    },
    command: (test) => [python, here(`peers/${name}_rbm.py`), programTest(test)],
  };
}

function nodePeer(name, label, tests, part) {
  return {
    name,
    label,
    tests,
    oneThread: true,
    part,
    missing: () =>
      existsSync(here(`peers/node_modules/${name === 'tfjs' ? '@tensorflow/tfjs-backend-wasm' : name}`)) ? null : 'not installed',
    command: (test) => [process.execPath, here(`peers/${name}_rbm.mjs`), programTest(test)],
  };
}

/** All programs; those marked `standard` are boltzkit and the baselines that its ratios are to. */
export const peers = [
  {
    name: 'boltzkit',
    label: 'boltzkit',
    tests: Object.keys(tests),
    standard: true,
    missing: () => null,
    command: (test) => [process.execPath, here(`boltzkit/${scripts[test] ?? test}.mjs`), test],
  },
  compiled('openblas', 'C++ on OpenBLAS', [...SHARED, 'big', 'ais', 'transformsync'], buildOpenblas, { blas: true }),
  compiled('plain', 'plain C++', ['small'], buildPlain, { oneThread: true }),
  compiled('core', 'boltzkit without JavaScript', ['native'], buildNative),
  pythonPeer('numpy', 'numpy', 'numpy', [...SHARED, 'big']),
  pythonPeer('torch', 'torch', 'PyTorch', [...SHARED, 'big']),
  pythonPeer('sklearn', 'sklearn', 'scikit-learn', ['pcd1', 'gibbs', 'gibbscentred', 'transform']),
  nodePeer('tfjs', 'tfjs, wasm', SHARED, (test) => (test.endsWith('cd10') ? 25 : 100)),
  nodePeer('dnn', 'npm dnn', ['cd1', 'cd10', 'gibbs', 'transform'], (test) => (test === 'cd1' ? 4 : 1)),
];

/** boltzkit as another checkout of it has built it: the same programs, started from the same machines. */
export const checkout = (folder) => ({
  name: 'before',
  label: 'boltzkit before',
  tests: Object.keys(tests),
  missing: () => (existsSync(`${folder}/dist/index.js`) ? null : `${folder} is not a checkout of boltzkit that was built`),
  command: (test) => [process.execPath, `${folder}/bench/boltzkit/${scripts[test] ?? test}.mjs`, test],
});

/** Debian keeps OpenBLAS in two flavours; with the one that has its own threads, OpenMP's pool and its pool spin against each other. */
function openmpLibraries() {
  if (process.platform !== 'linux') return {};
  const triples = readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/openblas-openmp`);
  const folder = triples.find((path) => existsSync(path));
  return folder ? { LD_LIBRARY_PATH: [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':') } : {};
}

/** Whatever the shell says to OpenBLAS about kernels and sizes is not meant for this comparison. */
const foreignSettings = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => name.startsWith('OPENBLAS_'))
    .map((name) => [name, undefined]),
);

export function threadSettings(threads) {
  const count = String(threads);
  return { BENCH_THREADS: count, OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count };
}

/**
 * Settings that make OpenBLAS its best here. An OpenBLAS older than the processor falls back to a lesser kernel set than the
 * processor could run, so the candidates are tried and the fastest one is given to every peer that uses OpenBLAS.
 */
export async function blasSettings({ rows, start }) {
  const libraries = { ...foreignSettings, ...openmpLibraries() };
  const wide = process.arch === 'x64' ? ['SkylakeX', 'Cooperlake', 'Haswell', 'Zen'] : [];
  const openblas = peers.find((peer) => peer.name === 'openblas');
  const tried = [];
  for (const core of [null, ...wide]) {
    const env = { ...libraries, ...(core ? { OPENBLAS_CORETYPE: core } : {}) };
    const settings = { ...env, ...threadSettings(1), BENCH_ROWS: rows, BENCH_START: start, BENCH_EPOCHS: '2' };
    const result = await runProgram(openblas.command('cd1'), settings).catch(() => null); // a kernel set this processor lacks
    if (result)
      tried.push({ core: core ?? 'own choice', kernels: result.note.replace(/.*: /, ''), seconds: Math.min(...result.seconds), env });
  }
  const best = tried.reduce((a, b) => (b.seconds < 0.97 * a.seconds ? b : a));
  return { env: best.env, core: best.core, tried: tried.map(({ env: _, ...rest }) => rest) };
}
