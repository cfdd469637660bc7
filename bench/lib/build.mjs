// Compiles the C++ programs of the benchmarks when they are missing or older than their source.
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const age = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Returns { program } or { reason } when it does not compile. */
export function build(source, target, flags, libraries = []) {
  const [from, program] = [path(source), path(target)];
  if (age(program) > age(from)) return { program };
  mkdirSync(dirname(program), { recursive: true });
  const compiler = process.env.CXX ?? 'c++';
  const { status, stderr, error } = spawnSync(compiler, ['-std=c++20', ...flags, from, '-o', program, ...libraries], { encoding: 'utf8' });
  if (status === 0) return { program };
  const reason = error?.message ?? stderr.split('\n').find((line) => line.includes('error')) ?? `${compiler} failed`;
  return { reason: reason.replace(from, source) };
}

export const buildLimits = () => build('limits/fma_peak.cpp', 'limits/build/fma_peak', ['-O3', '-march=native', '-pthread']);

export function buildOpenblas() {
  const wide = process.arch === 'x64' ? ['-mprefer-vector-width=512'] : [];
  return build('peers/openblas_rbm.cpp', 'peers/build/openblas_rbm', ['-Ofast', '-march=native', ...wide, '-fopenmp'], ['-lopenblas']);
}
