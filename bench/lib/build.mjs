// Compiles the C++ programs of the benchmarks when they are missing or older than what they are made of.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const age = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const headers = ['peers', 'boltzkit'].map(path).flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.hpp'))
    .map((name) => join(folder, name)),
);

/** Returns { program } or { reason } when it does not compile. */
export function build(source, target, flags, libraries = []) {
  const [from, program] = [path(source), path(target)];
  if ([from, ...headers, ...libraries].every((file) => age(program) > age(file))) return { program };
  mkdirSync(dirname(program), { recursive: true });
  const compiler = process.env.CXX ?? 'c++';
  const { status, stderr, error } = spawnSync(compiler, ['-std=c++20', ...flags, from, '-o', program, ...libraries], { encoding: 'utf8' });
  if (status === 0) return { program };
  const reason = error?.message ?? stderr.split('\n').find((line) => line.includes('error')) ?? `${compiler} failed`;
  return { reason: reason.replace(from, source) };
}

const wide = process.arch === 'x64' ? ['-mprefer-vector-width=512'] : [];

export const buildLimits = () => build('limits/fma_peak.cpp', 'limits/build/fma_peak', ['-O3', '-march=native', '-pthread']);

export const buildOpenblas = () =>
  build('peers/openblas_rbm.cpp', 'peers/build/openblas_rbm', ['-Ofast', '-march=native', ...wide, '-fopenmp'], ['-lopenblas']);

/** Sums in another order and a vectorised exponential are allowed, which makes it faster. */
export const buildPlain = () =>
  build('peers/plain_rbm.cpp', 'peers/build/plain_rbm', ['-O3', '-march=native', '-ffast-math', '-fopenmp-simd']);

/** On the library that the addon itself is linked from. */
export function buildNative() {
  const core = path('../build/cmake/libboltzkit_core.a');
  if (age(core) === 0) return { reason: 'build/cmake has no libboltzkit_core.a: npm run build, with Ninja or make' };
  return build('boltzkit/native.cpp', 'boltzkit/build/native', ['-O3', '-pthread', `-I${path('../native')}`], [core]);
}
