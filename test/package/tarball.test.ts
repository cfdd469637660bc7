import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Consumer, contents, pack } from './consumer.js';
import { sourcesIn } from './sources.js';

const train = `
const rows = [[1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1]];
const rbm = new RBM({ visible: 4, hidden: 2, seed: 1 });
const history = await rbm.fit(rows, { epochs: 3, batchSize: 2 });
const features = await rbm.transform(rows);
console.log(JSON.stringify({ epochs: history.length, shape: features.shape, device: backendInfo().device, mean: features.get(0, 0) }));
rbm.dispose();
`;
const esm = `import { backendInfo, RBM } from 'boltzkit';\nimport { readNpy } from 'boltzkit/data';\nimport { tiles } from 'boltzkit/viz';\n
if (typeof readNpy !== 'function' || typeof tiles !== 'function') throw new Error('an export is missing');${train}`;
const commonJs = `const { backendInfo, RBM } = require('boltzkit');\n(async () => {${train}})();`;
describe('the tarball', () => {
  let consumer: Consumer;
  let tarball: string;

  beforeAll(() => {
    consumer = new Consumer();
    tarball = pack(consumer.folder);
    consumer.write('esm.mjs', esm);
    consumer.write('common.cjs', commonJs);
    const installed = consumer.npm(['install', '--prefer-offline', '--no-audit', '--no-fund', tarball]);
    expect(installed.stderr + installed.stdout).not.toMatch(/npm error/i);
    expect(installed.status).toBe(0);
  }, 300_000);

  afterAll(() => consumer?.remove());

  test('holds all compiled modules, all native sources but the tests, and besides them what the frozen list says', async () => {
    const modules = sourcesIn('src', /\.ts$/).map(({ path }) => path.replace(/^src\/(.*)\.ts$/, 'dist/$1'));
    const native = sourcesIn('native', /\.(cpp|hpp|cu|cuh|h|map)$/).map(({ path }) => path);
    const importable = modules.filter((path) => !path.startsWith('dist/cli/'));
    const derived = [
      ...modules.flatMap((path) => [`${path}.js`, `${path}.d.ts`]),
      ...importable.map((path) => path.replace('dist/', 'dist/cjs/')).map((path) => `${path}.d.ts`),
      ...native.filter((path) => !path.startsWith('native/test/')),
    ];
    const files = contents(tarball);
    expect(derived.filter((path) => !files.includes(path))).toEqual([]);
    // After a change on purpose: npx vitest run test/package -u
    const rest = files.filter((path) => !derived.includes(path) && !path.startsWith('dist/cjs/shared/'));
    await expect(`${rest.join('\n')}\n`).toMatchFileSnapshot('contents.txt');
  });

  test('has no file that npm would compile or run at installation', async () => {
    const files = contents(tarball);
    expect(files).not.toContain('binding.gyp');
    const { scripts } = (await import('../../package.json', { with: { type: 'json' } })).default;
    expect(Object.keys(scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  });

  test.each(['esm.mjs', 'common.cjs'])('trains without a compiler on the PATH: %s', (file) => {
    const { status, stdout, stderr } = consumer.node([file]);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ epochs: 3, shape: [4, 2], device: 'cpu' });
  });

  test('its command runs', () => {
    const { status, stdout } = consumer.boltzkit(['--version']);
    expect(status).toBe(0);
    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('without a binary, the error says how to build one, and the build says what is missing', () => {
    const installed = join(consumer.project, 'node_modules', 'boltzkit');
    rmSync(join(installed, 'prebuilds'), { recursive: true });
    const failed = consumer.node(['esm.mjs']);
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain('addon_missing');
    expect(failed.stderr).toContain('npx boltzkit build');

    const helpless = consumer.boltzkit(['build']);
    expect(helpless.status).not.toBe(0);
    expect(helpless.stderr).toMatch(/Not found: CMake, a C\+\+ compiler, make/);
    expect(helpless.stderr).toContain('apt-get install');
    expect(helpless.stderr).not.toContain('    at ');
  }, 60_000);

  const headers = ['node-api-headers', 'node-addon-api'];

  test.skipIf(process.platform === 'win32')('the build takes the headers that npm installed', () => {
    const told = join(consumer.folder, 'told');
    const tool = (name: string, text: string) => {
      writeFileSync(join(consumer.bareBin, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(consumer.bareBin, name), 0o755);
    };
    tool('c++', '');
    tool('make', '');
    // Says what it was told to do, and does nothing.
    tool('cmake', `[ "$1" = --version ] && echo 'cmake version 4.0.0' || { echo "$*" >'${told}'; exit 1; }`);
    expect(consumer.boltzkit(['build']).status).toBe(1);
    for (const name of ['c++', 'make', 'cmake']) rmSync(join(consumer.bareBin, name));
    const folders = /-DBOLTZKIT_NAPI_INCLUDE=(\S+)/.exec(readFileSync(told, 'utf8'))?.[1]?.split(';') ?? [];
    expect(folders.map((folder) => headers.find((name) => folder.startsWith(join(consumer.project, 'node_modules', name))))).toEqual(
      headers,
    );
    expect(['node_api.h', 'napi.h'].map((file, i) => existsSync(join(folders[i] ?? '', file)))).toEqual([true, true]);
  });

  // A minute: in CI and in `npm run check:package`.
  test.skipIf(!process.env.CI && !process.env.BOLTZKIT_FULL_TESTS)(
    'with a compiler it builds its binary from the sources in it',
    () => {
      const installed = join(consumer.project, 'node_modules', 'boltzkit');
      rmSync(join(installed, 'prebuilds'), { recursive: true, force: true });
      // They lie as in the checkout, inside of the package: only so does a compiler cache know the files that include them.
      mkdirSync(join(installed, 'node_modules'));
      for (const name of headers) renameSync(join(consumer.project, 'node_modules', name), join(installed, 'node_modules', name));
      const built = consumer.boltzkit(['build'], { tools: true });
      expect(built.stderr).not.toContain('failed');
      expect(built.status).toBe(0);
      expect(existsSync(join(installed, 'build', 'Release', 'boltzkit.node'))).toBe(true);
      expect(consumer.node(['esm.mjs']).status).toBe(0);
    },
    600_000,
  );
});
