import { posix } from 'node:path';
import type { SourceFile } from './sources.js';

/** One file naming another (or a system header, or an npm package). */
export interface Use {
  from: string;
  to: string;
}

/**
 * What each part may use besides itself: the arrows of docs/architecture.md. A part is a folder of native/ or src/, or a file
 * that lies directly in it.
 */
export type Allowed = Record<string, readonly string[]>;

/** What is written once for every backend. */
export const aboveBackend = ['machine', 'sampling', 'likelihood', 'monitoring', 'network', 'learning'];

export const allowedNative: Allowed = {
  core: [],
  units: ['core'],
  'backend.hpp': ['core', 'units'],
  'host_backend.hpp': ['core', 'backend.hpp'],
  reference: ['core', 'units', 'backend.hpp', 'host_backend.hpp'],
  cpu: ['core', 'units', 'backend.hpp', 'host_backend.hpp'],
  cuda: ['core', 'units', 'backend.hpp'],
  machine: ['core', 'units', 'backend.hpp'],
  sampling: ['core', 'units', 'backend.hpp', 'machine'],
  likelihood: ['core', 'units', 'backend.hpp', 'machine', 'sampling'],
  monitoring: ['core', 'units', 'backend.hpp', 'machine', 'sampling', 'likelihood'],
  // The directed half: it stands beside machine/.
  network: ['core', 'units', 'backend.hpp'],
  learning: ['core', 'units', 'backend.hpp', 'machine', 'network', 'sampling', 'likelihood', 'monitoring'],
  // Its kernels stand on the SIMD layer and on the choice of instruction sets.
  ratings: ['core', 'cpu'],
  binding: ['core', 'units', 'backend.hpp', ...aboveBackend, 'cpu', 'cuda', 'reference', 'ratings'],
  test: ['core', 'units', 'backend.hpp', ...aboveBackend, 'cpu', 'cuda', 'reference', 'ratings'],
};

const basics = ['errors.ts', 'suggest.ts', 'got.ts', 'arguments.ts'];

export const allowedTypeScript: Allowed = {
  'errors.ts': [],
  'suggest.ts': [],
  'got.ts': [],
  'arguments.ts': ['errors.ts', 'suggest.ts', 'got.ts'],
  io: basics,
  data: [...basics, 'io'],
  viz: [...basics, 'io', 'data'],
  tables: [...basics, 'io', 'data', 'wiring'],
  wiring: [...basics, 'data'],
  machine: [...basics, 'io', 'data', 'wiring'],
  estimators: [...basics, 'data', 'machine', 'wiring'],
  results: [...basics, 'data'],
  training: [...basics, 'data', 'machine', 'wiring', 'estimators'],
  models: [...basics, 'io', 'data', 'wiring', 'machine', 'estimators', 'training'],
  networks: [...basics, 'io', 'data', 'wiring', 'machine', 'training', 'results', 'viz', 'models'],
  recommender: [...basics, 'io', 'data', 'wiring', 'machine', 'models'],
  belief: [...basics, 'io', 'data', 'wiring', 'machine', 'estimators', 'training', 'models', 'results', 'networks'],
  deep: [...basics, 'data', 'wiring', 'machine', 'estimators', 'training', 'models', 'networks', 'belief'],
  uses: [...basics, 'data', 'wiring', 'machine', 'estimators', 'models'],
  'index.ts': [
    ...basics,
    'data',
    'wiring',
    'machine',
    'estimators',
    'training',
    'models',
    'results',
    'recommender',
    'networks',
    'belief',
    'deep',
    'uses',
  ],
  runs: [...basics, 'io', 'data', 'viz', 'tables', 'wiring', 'machine', 'estimators', 'training', 'models'],
  cli: [
    ...basics,
    'io',
    'data',
    'viz',
    'tables',
    'wiring',
    'machine',
    'estimators',
    'training',
    'models',
    'recommender',
    'results',
    'belief',
    'networks',
    'runs',
    'index.ts',
  ],
};

/** Quoted includes as paths from native/, angle includes as they stand. */
export function nativeUses(file: SourceFile): Use[] {
  const matches = file.text.matchAll(/^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)/gm);
  return [...matches].map(([, quoted, angle]) => ({
    from: file.path,
    to: quoted === undefined ? `<${angle}>` : fromNative(file.path, quoted),
  }));
}

function fromNative(from: string, quoted: string): string {
  const isBeside = !quoted.includes('/') && from.split('/').length > 2;
  return isBeside ? posix.join(posix.dirname(from), quoted) : posix.join('native', quoted);
}

/** Relative imports (static, dynamic, re-exports, types) as paths from the package's folder, others as package names. */
export function typeScriptUses(file: SourceFile): Use[] {
  const code = file.text.replace(/\/\*[\s\S]*?\*\//g, ''); // examples in comments import the package itself
  const matches = code.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^\s*import\s+)'([^']+)'/gm);
  return [...matches].map(([, name = '']) => ({
    from: file.path,
    to: name.startsWith('.') ? posix.join(posix.dirname(file.path), name) : name,
  }));
}

/** The part a path such as native/cpu/team.hpp or src/errors.js belongs to; undefined for headers and packages from outside. */
export function partOf(path: string): string | undefined {
  const [top, part] = path.split('/');
  if (top !== 'native' && top !== 'src') return undefined;
  return part?.replace(/\.js$/, '.ts');
}

/** The uses that go against the arrows, as sentences. */
export function violations(uses: readonly Use[], allowed: Allowed): string[] {
  const wrong = uses.filter(({ from, to }) => {
    const [part, used] = [partOf(from), partOf(to)];
    return part !== undefined && used !== undefined && part !== used && !allowed[part]?.includes(used);
  });
  return wrong.map(({ from, to }) => `${from} must not use ${to}`);
}

/** Rings of files that use each other, a header and its .cpp as one: each as the names along it. */
export function rings(uses: readonly Use[]): string[] {
  const stem = (path: string) => path.replace(/\.\w+$/, '');
  const below = new Map<string, Set<string>>();
  for (const { from, to } of uses) {
    if (partOf(from) === 'test' || stem(from) === stem(to)) continue;
    below.set(stem(from), (below.get(stem(from)) ?? new Set()).add(stem(to)));
  }
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]) => {
    const at = path.indexOf(name);
    if (at >= 0) found.push([...path.slice(at), name].join(' → '));
    if (at >= 0 || done.has(name)) return;
    for (const next of below.get(name) ?? []) visit(next, [...path, name]);
    done.add(name);
  };
  for (const name of below.keys()) visit(name, []);
  return found;
}
