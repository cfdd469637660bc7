import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import own from '../../package.json' with { type: 'json' };
// @ts-expect-error: plain JavaScript, which is started by itself
import { layOutCudaPackage } from '../../scripts/pack-cuda.mjs';

const folder = mkdtempSync(join(tmpdir(), 'boltzkit-pack-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('lays out a package of one file, which is what the package is', () => {
  writeFileSync(join(folder, 'built.so'), 'machine code');
  const made = join(folder, 'node_modules', '@boltzkit', 'linux-x64-cuda');
  layOutCudaPackage(join(folder, 'built.so'), made);
  layOutCudaPackage(join(folder, 'built.so'), made); // over what was there
  expect(readdirSync(made).sort()).toEqual(['LICENSE', 'README.md', 'boltzkit-cuda.so', 'package.json']);
  const description = JSON.parse(readFileSync(join(made, 'package.json'), 'utf8'));
  expect(description).toMatchObject({ name: '@boltzkit/linux-x64-cuda', version: own.version, license: own.license });
  expect(description).toMatchObject({ os: ['linux'], cpu: ['x64'], libc: ['glibc'], main: 'boltzkit-cuda.so' });
  const library = createRequire(join(folder, 'main.js')).resolve('@boltzkit/linux-x64-cuda');
  expect(readFileSync(library, 'utf8')).toBe('machine code');
});

it('says so where nothing was built', () => {
  expect(() => layOutCudaPackage(join(folder, 'nothing.so'), join(folder, 'out'))).toThrow(
    /^there is no plug-in at .*nothing\.so: build it/,
  );
  expect(readdirSync(folder)).not.toContain('out');
});
