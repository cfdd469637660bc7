/** Finding and loading the addon. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type AddonCandidate, firstAddon } from '../../src/machine/addon.js';
import { addonSearch } from '../../src/machine/addon-places.js';
import { Backend, hostBackend } from '../../src/machine/backend.js';
import { NATIVE_ABI, type NativeAddon } from '../../src/machine/native.js';
import { backendFailure } from './backend-failure.js';
import { addonFile, fixture } from './native-support.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'boltzkit-addon-')));
afterAll(() => rmSync(folder, { recursive: true }));

const platform = `${process.platform}-${process.arch}`;
const fake = (abi: unknown) => ({ abi }) as NativeAddon;
const candidate = (place: string, load: () => unknown): AddonCandidate => ({ place, load });

/** A file with whatever folders it needs. */
function write(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** The package as it is installed, without an addon; the path of its module. */
function install(where: string): string {
  write(join(where, 'package.json'), '{ "name": "boltzkit" }');
  return write(join(where, 'dist', 'machine', 'addon-places.js'), '');
}

const places = (named: string | undefined, running: readonly string[]) => addonSearch(named, running).candidates.map(({ place }) => place);

const failure = (candidates: readonly AddonCandidate[], bundle: string | null = null) =>
  backendFailure(() => firstAddon({ candidates, bundle }));

describe('the host backend', () => {
  it('gives an addon with this interface and the version of the package, the same each time', () => {
    const { addon } = hostBackend;
    expect(addon.abi).toBe(NATIVE_ABI);
    expect(addon.version).toBe(process.env.npm_package_version ?? addon.version);
    expect(hostBackend.addon).toBe(addon);
  });

  it('loads in the main thread and in several workers at once, each on its own', () => {
    const child = spawnSync(process.execPath, [fixture('many-threads.mjs'), addonFile()], { encoding: 'utf8', timeout: 50_000 });
    expect([child.status, child.stderr]).toEqual([0, '']);
    const sums = child.stdout.trim().split('\n');
    expect(sums).toHaveLength(9);
    expect(new Set(sums).size).toBe(1);
  });
});

describe('Backend', () => {
  it('loads its addon when it is first needed, and once', () => {
    let loads = 0;
    const backend = new Backend(() => fake(++loads));
    expect(loads).toBe(0);
    expect([backend.addon.abi, backend.addon.abi]).toEqual([1, 1]);
  });

  it('tries again after a failure', () => {
    let loads = 0;
    const backend = new Backend(() => {
      if (++loads === 1) throw new Error('not yet');
      return fake(loads);
    });
    expect(() => backend.addon).toThrow('not yet');
    expect(backend.addon.abi).toBe(2);
  });
});

describe('addonSearch', () => {
  it('looks at the build, the prebuilt files and the platform package of the installed package, in that order', () => {
    const installed = join(folder, 'installed', 'node_modules', 'boltzkit');
    expect(places(undefined, [install(installed)])).toEqual([
      join(installed, 'build', 'Release', 'boltzkit.node'),
      join(installed, 'prebuilds', platform, 'boltzkit.node'),
      `package @boltzkit/${platform}`,
    ]);
  });

  it('looks nowhere else when BOLTZKIT_NATIVE names a file', () => {
    const running = [install(join(folder, 'named'))];
    expect(places('some/file.node', running)).toEqual([resolve('some/file.node')]);
    expect(places('', running)).toHaveLength(3);
  });

  it('finds nothing in an empty folder', () => {
    for (const { load } of addonSearch(undefined, [install(join(folder, 'empty'))]).candidates) expect(load()).toBe(undefined);
  });

  it('takes a module of another package, or of none, for a bundle, and looks beside it', () => {
    const bundle = write(join(folder, 'app', 'out', 'app.js'), '');
    write(join(folder, 'app', 'package.json'), '{ "name": "app" }');
    write(join(folder, 'app', 'out', 'package.json'), 'no JSON');
    expect(places(undefined, [bundle])).toEqual([join(folder, 'app', 'out', 'boltzkit.node'), `package @boltzkit/${platform}`]);
    expect(addonSearch(undefined, [bundle]).bundle).toBe(bundle);
    expect(addonSearch(undefined, [install(join(folder, 'whole'))]).bundle).toBe(null);
  });

  it('finds the package from a bundle where that is installed', () => {
    const bundle = write(join(folder, 'partial', 'app.js'), '');
    const installed = join(folder, 'partial', 'node_modules', 'boltzkit');
    install(installed);
    expect(places(undefined, [bundle])).toContain(join(installed, 'prebuilds', platform, 'boltzkit.node'));
  });

  it('goes by the running program where a bundle does not know its own file', () => {
    const program = write(join(folder, 'program', 'main.js'), '');
    expect(places(undefined, [program, process.execPath])).toContain(join(folder, 'program', 'boltzkit.node'));
    expect(addonSearch(undefined, []).candidates).toEqual([]);
  });

  it('loads the addon of a platform package', () => {
    const installed = join(folder, 'optional', 'node_modules', 'boltzkit');
    const running = install(installed);
    write(join(folder, 'optional', 'node_modules', '@boltzkit', platform, 'index.js'), `module.exports = { abi: ${NATIVE_ABI} };`);
    expect(firstAddon(addonSearch(undefined, [running]))).toEqual({ abi: NATIVE_ABI });
  });
});

describe('firstAddon', () => {
  it('takes the first that is there and has the right interface', () => {
    const right = fake(NATIVE_ABI);
    const found = [
      candidate('missing', () => undefined),
      candidate('old', () => fake(NATIVE_ABI - 1)),
      candidate('broken', () => {
        throw new Error('does not load');
      }),
      candidate('right', () => right),
      candidate('never asked', () => {
        throw new Error('asked');
      }),
    ];
    expect(firstAddon({ candidates: found, bundle: null })).toBe(right);
  });

  it('names what it tried and what to do', () => {
    const error = failure(addonSearch(undefined, [install(folder)]).candidates);
    expect(error.reason).toBe('addon_missing');
    expect(error.message).toContain(`${join(folder, 'build', 'Release', 'boltzkit.node')}: not there`);
    expect(error.message).toContain(`package @boltzkit/${platform}: not there`);
    expect(error.message).toContain('npx boltzkit build');
  });

  it('of a bundle says how to leave the package out of it, and what to do instead', () => {
    const error = failure([], '/app/out.js');
    expect(error.reason).toBe('addon_missing');
    expect(error.message).toContain('bundled into /app/out.js');
    expect(error.message).toMatch(/^ {2}esbuild.*--external:boltzkit/m);
    for (const bundler of ['webpack', 'ncc', 'rollup', 'Vite'])
      expect(error.message).toMatch(new RegExp(`^ {2}${bundler} .*boltzkit`, 'm'));
    expect(error.message).toContain(`prebuilds/${platform}/boltzkit.node`);
    expect(error.message).not.toContain('npx boltzkit build');
  });

  it('says why a file did not load', () => {
    const file = join(folder, 'text.node');
    writeFileSync(file, 'this is no shared library');
    const error = failure(addonSearch(file, []).candidates);
    expect(error.reason).toBe('addon_missing');
    expect(error.message).toContain(`${file}: `);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('calls an addon of another version that', () => {
    for (const abi of [NATIVE_ABI + 1, undefined]) {
      const error = failure([candidate('missing', () => undefined), candidate('other', () => fake(abi))]);
      expect(error.reason).toBe('abi_mismatch');
      expect(error.message).toContain(`other: built for interface ${abi}, ${NATIVE_ABI} is needed`);
    }
  });
});
