/**
 * boltzkit inside of bundles. A bundle runs in place, where it finds the installed package; alone, where it says how to leave the package
 * out; and with the addon beside it.
 */
import { copyFileSync, cpSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Consumer, type Outcome, platform } from './consumer.js';

const program = `import { backendInfo, RBM } from 'boltzkit';
import { readNpy } from 'boltzkit/data';
import { tiles } from 'boltzkit/viz';
const rbm = new RBM({ visible: 4, hidden: 2, seed: 1 });
rbm.fit([[1, 1, 0, 0], [0, 0, 1, 1]], { epochs: 3, batchSize: 2 }).then((history) => {
  console.log(history.length, typeof readNpy, typeof tiles, backendInfo().device);
});
`;
const trained = { status: 0, stdout: '3 function function cpu\n', stderr: '' };

/** Each is told to bundle main.mjs into the folder `out/<name>`, as its manual says for programs that run in Node. */
const bundlers: Record<string, string[]> = {
  'esbuild-cjs': ['esbuild/bin/esbuild', 'main.mjs', '--bundle', '--platform=node', '--format=cjs', '--outfile=out/esbuild-cjs/app.cjs'],
  'esbuild-esm': ['esbuild/bin/esbuild', 'main.mjs', '--bundle', '--platform=node', '--format=esm', '--outfile=out/esbuild-esm/app.mjs'],
  'webpack-cjs': ['webpack-cli/bin/cli.js', '--config', 'webpack-cjs.cjs', '--fail-on-warnings'],
  'webpack-esm': ['webpack-cli/bin/cli.js', '--config', 'webpack-esm.cjs', '--fail-on-warnings'],
  ncc: ['@vercel/ncc/dist/ncc/cli.js', 'build', 'main.mjs', '-o', 'out/ncc'],
  'rollup-cjs': ['rollup/dist/bin/rollup', '-c', 'rollup.mjs', '-f', 'cjs', '-o', 'out/rollup-cjs/app.cjs'],
  'rollup-esm': ['rollup/dist/bin/rollup', '-c', 'rollup.mjs', '-f', 'esm', '-o', 'out/rollup-esm/app.mjs'],
  vite: ['vite/bin/vite.js', 'build'],
};
const packages = ['esbuild@0.28', 'webpack@5', 'webpack-cli@6', '@vercel/ncc@0.45', 'rollup@4', '@rollup/plugin-node-resolve@16'];
const more = ['@rollup/plugin-commonjs@29', '@rollup/plugin-json@6', 'vite@8', 'jest@30'];

const webpack = (name: string, output: object, experiments: object) => `module.exports = {
  target: 'node20', mode: 'production', entry: './main.mjs', experiments: ${JSON.stringify(experiments)},
  output: { path: __dirname + '/out/webpack-${name}', ...${JSON.stringify(output)} } };`;
const settings: Record<string, string> = {
  'webpack-cjs.cjs': webpack('cjs', { filename: 'app.cjs' }, {}),
  'webpack-esm.cjs': webpack('esm', { filename: 'app.mjs', module: true, library: { type: 'module' } }, { outputModule: true }),
  'rollup.mjs': `import commonjs from '@rollup/plugin-commonjs';
    import json from '@rollup/plugin-json';
    import resolve from '@rollup/plugin-node-resolve';
    export default { input: 'main.mjs', plugins: [resolve(), commonjs(), json()] };`,
  'vite.config.mjs': `export default { build: { ssr: 'main.mjs', outDir: 'out/vite', target: 'node20' }, ssr: { noExternal: true } };`,
  'jest.config.cjs': `module.exports = { testMatch: ['**/*.spec.cjs'] };`,
  'common.spec.cjs': `const { BoltzkitError, RBM } = require('boltzkit');
    const { readNpy } = require('boltzkit/data');
    const { encodePng } = require('boltzkit/viz');
    test('trains', async () => {
      const rbm = new RBM({ visible: 4, hidden: 2, seed: 1 });
      expect(await rbm.fit([[1, 1, 0, 0], [0, 0, 1, 1]], { epochs: 3, batchSize: 2 })).toHaveLength(3);
      await expect(readNpy('/nowhere')).rejects.toThrow(BoltzkitError);
      expect(encodePng({ width: 1, height: 1, channels: 1, data: new Uint8Array(1) }).length).toBeGreaterThan(10);
    });`,
};

const consumer = new Consumer();
consumer.write('main.mjs', program);
for (const [name, text] of Object.entries(settings)) consumer.write(name, text);
afterAll(() => consumer.remove(), 300_000);

describe('a bundle', () => {
  /** Runs a bundle in place, alone, and with the addon beside it. */
  function runBundle(name: string): { inPlace: Outcome; alone: Outcome; beside: Outcome } {
    const file = readdirSync(join(consumer.project, 'out', name)).find((path) => /\.[cm]?js$/.test(path));
    if (file === undefined) throw new Error(`${name} wrote no bundle`);
    const alone = join(consumer.folder, 'alone', name);
    cpSync(join(consumer.project, 'out', name), alone, { recursive: true });
    const inPlace = consumer.node([join('out', name, file)]);
    // webpack writes down where the modules were that it read: on another machine they are not there.
    const [installed, elsewhere] = [join(consumer.project, 'node_modules', 'boltzkit'), join(consumer.folder, 'boltzkit')];
    renameSync(installed, elsewhere);
    try {
      const before = consumer.node([join(alone, file)]);
      copyFileSync(join(elsewhere, 'prebuilds', platform, 'boltzkit.node'), join(alone, 'boltzkit.node'));
      return { inPlace, alone: before, beside: consumer.node([join(alone, file)]) };
    } finally {
      renameSync(elsewhere, installed);
    }
  }

  function expectAdvice({ status, stderr }: Outcome): void {
    expect(status).toBe(1);
    expect(stderr).toContain('addon_missing');
    expect(stderr).toMatch(/boltzkit is bundled into .*, without its addon\. Mark boltzkit as external/);
    expect(stderr).not.toMatch(/^Build it with/m); // the message, not the minified line that Node shows above it
  }

  test.each(['esm', 'cjs'] as const)('made by rolldown, as %s', async (format) => {
    consumer.installBuilt();
    const name = `rolldown-${format}`;
    const build = await rolldown({ input: join(consumer.project, 'main.mjs'), platform: 'node' });
    await build.write({ file: join(consumer.project, 'out', name, format === 'esm' ? 'app.mjs' : 'app.cjs'), format });
    await build.close();
    const { inPlace, alone, beside } = runBundle(name);
    expect(inPlace).toEqual(trained);
    expect(beside).toEqual(trained);
    expectAdvice(alone);
  });

  // Other bundlers come from the network.
  describe.skipIf(!process.env.BOLTZKIT_FULL_TESTS)('made by others', () => {
    beforeAll(() => {
      const installed = consumer.npm(['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...packages, ...more]);
      expect(installed.status).toBe(0);
      mkdirSync(join(consumer.project, 'out'), { recursive: true });
      consumer.installBuilt(); // npm removes what it does not know
    }, 900_000);

    test.each(Object.entries(bundlers))(
      '%s',
      (name, [bundler = '', ...parameters]) => {
        const built = consumer.node([join('node_modules', bundler), ...parameters], { tools: true });
        expect(built.stdout + built.stderr).not.toMatch(/@boltzkit|\berror\b/i);
        expect(built.status).toBe(0);
        const { inPlace, alone, beside } = runBundle(name);
        expect(inPlace).toEqual(trained);
        expect(beside).toEqual(trained);
        expectAdvice(alone);
      },
      300_000,
    );

    test('Jest requires the package', () => {
      const { status, stderr } = consumer.node([join('node_modules', 'jest', 'bin', 'jest.js')], { tools: true });
      expect(stderr).toContain('1 passed');
      expect(status).toBe(0);
    }, 300_000);
  });
});
