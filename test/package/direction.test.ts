import { describe, expect, test } from 'vitest';
import { aboveBackend, allowedNative, allowedTypeScript, nativeUses, partOf, rings, typeScriptUses, violations } from './direction.js';
import { sourcesIn } from './sources.js';

const native = sourcesIn('native', /\.(cpp|hpp|cu|cuh|h)$/);
const typeScript = sourcesIn('src', /\.ts$/);

describe('native code', () => {
  const uses = native.flatMap(nativeUses);

  test('parts include only what lies below them', () => {
    expect(uses.length).toBeGreaterThan(50);
    expect(violations(uses, allowedNative)).toEqual([]);
  });

  test('no files use each other in a ring, within a part either', () => {
    expect(rings(uses)).toEqual([]);
  });

  test('every part has its place in the order', () => {
    expect([...new Set(native.map((file) => partOf(file.path)))].filter((part) => !(part! in allowedNative))).toEqual([]);
  });

  test('Node-API stays in binding/, CUDA in cuda/, doctest in test/', () => {
    const outside = (folder: string, header: RegExp) =>
      uses.filter(({ from, to }) => header.test(to) && partOf(from) !== folder).map(({ from, to }) => `${from} includes ${to}`);
    expect(outside('binding', /napi|node_api|<node/)).toEqual([]);
    expect(outside('cuda', /^<(cuda|cublas|curand|nccl)/)).toEqual([]);
    expect(outside('test', /doctest/)).toEqual([]);
  });

  test('machine/ and what is above it name no backend', () => {
    const above = native.filter((file) => aboveBackend.includes(partOf(file.path) ?? ''));
    const named = above.filter(({ text }) => /make\w+Backend\s*\(|\b(CpuBackend|ReferenceBackend|CudaBackend)\b/.test(text));
    expect(named.map((file) => file.path)).toEqual([]);
  });

  test('the CPU and the reference implementation do not know each other', () => {
    const crossing = uses.filter(
      ({ from, to }) => new Set([partOf(from), partOf(to), 'cpu', 'reference']).size === 2 && partOf(from) !== partOf(to),
    );
    expect(crossing).toEqual([]);
  });
});

describe('TypeScript', () => {
  const uses = typeScript.flatMap(typeScriptUses);

  test('parts import only what lies below them', () => {
    expect(uses.length).toBeGreaterThan(20);
    expect(violations(uses, allowedTypeScript)).toEqual([]);
  });

  test('every part has its place in the order', () => {
    expect([...new Set(typeScript.map((file) => partOf(file.path)))].filter((part) => !(part! in allowedTypeScript))).toEqual([]);
  });

  test('no top-level await: require() of the package must work', () => {
    const awaiting = typeScript.filter(({ text }) => /^(await|(export )?(const|let) .*= await|for await)\b/m.test(text));
    expect(awaiting.map((file) => file.path).filter((path) => path !== 'src/cli/main.ts')).toEqual([]);
  });

  test('every package imported is a dependency, and every dependency is used', async () => {
    const { dependencies, peerDependencies } = (await import('../../package.json', { with: { type: 'json' } })).default;
    const declared = new Set(Object.keys({ ...dependencies, ...peerDependencies }));
    const names = uses.map(({ to }) => to).filter((to) => !/^(node:|src\/|\.|scripts\/)/.test(to));
    const imported = new Set(
      names.map((name) =>
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      ),
    );
    expect([...imported].filter((name) => !declared.has(name))).toEqual([]);
    // These two are headers for `boltzkit build`; the types of ndarray are part of ours; mnist and DuckDB are looked up by name at run time.
    const indirect = ['node-addon-api', 'node-api-headers', '@types/ndarray', 'mnist', '@duckdb/node-api'];
    expect([...declared].filter((name) => !imported.has(name) && !indirect.includes(name))).toEqual([]);
  });
});

describe('the checker itself', () => {
  test('finds a ring of files', () => {
    const ring = [
      { from: 'native/cpu/a.hpp', to: 'native/cpu/b.hpp' },
      { from: 'native/cpu/b.cpp', to: 'native/cpu/a.hpp' },
    ];
    expect(rings(ring)).toEqual(['native/cpu/a → native/cpu/b → native/cpu/a']);
    expect(rings(ring.slice(1))).toEqual([]);
  });

  test('sees includes and imports of every form', () => {
    const cpp = { path: 'native/machine/a.cpp', text: '#include "b.hpp"\n#  include <napi.h>\n#include "cpu/team.hpp"\n' };
    expect(nativeUses(cpp).map((use) => use.to)).toEqual(['native/machine/b.hpp', '<napi.h>', 'native/cpu/team.hpp']);
    expect(violations(nativeUses(cpp), allowedNative)).toEqual(['native/machine/a.cpp must not use native/cpu/team.hpp']);
    const ts = {
      path: 'src/data/a.ts',
      text: `import type { A } from '../models/rbm.js';\nexport * from './b.js';\nconst x = await import('../cli/main.js');\nimport '../io/atomic.js';\n`,
    };
    expect(violations(typeScriptUses(ts), allowedTypeScript)).toEqual([
      'src/data/a.ts must not use src/models/rbm.js',
      'src/data/a.ts must not use src/cli/main.js',
    ]);
    expect(typeScriptUses(ts)).toHaveLength(4);
  });
});
