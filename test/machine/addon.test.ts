/** Finding and loading the addon. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BackendError } from '../../src/errors.js';
import { type AddonCandidate, addonCandidates, firstAddon, loadAddon } from '../../src/machine/addon.js';
import { NATIVE_ABI, type NativeAddon } from '../../src/machine/native.js';
import { addonFile, fixture } from './native-support.js';

const folder = mkdtempSync(join(tmpdir(), 'boltzkit-addon-'));
afterAll(() => rmSync(folder, { recursive: true }));

const platform = `${process.platform}-${process.arch}`;
const fake = (abi: unknown) => ({ abi }) as NativeAddon;
const candidate = (place: string, load: () => unknown): AddonCandidate => ({ place, load });

function failure(candidates: readonly AddonCandidate[]): BackendError {
  try {
    firstAddon(candidates);
  } catch (error) {
    if (error instanceof BackendError) return error;
    throw error;
  }
  throw new Error('an addon was found');
}

describe('loadAddon', () => {
  it('gives an addon with this interface and the version of the package, the same each time', () => {
    const addon = loadAddon();
    expect(addon.abi).toBe(NATIVE_ABI);
    expect(addon.version).toBe(process.env.npm_package_version ?? addon.version);
    expect(loadAddon()).toBe(addon);
  });

  it('loads in the main thread and in several workers at once, each on its own', () => {
    const child = spawnSync(process.execPath, [fixture('many-threads.mjs'), addonFile()], { encoding: 'utf8', timeout: 50_000 });
    expect([child.status, child.stderr]).toEqual([0, '']);
    const sums = child.stdout.trim().split('\n');
    expect(sums).toHaveLength(9);
    expect(new Set(sums).size).toBe(1);
  });
});

describe('addonCandidates', () => {
  it('looks at the build, the prebuilt files and the platform package, in that order', () => {
    expect(addonCandidates(undefined, '/somewhere').map(({ place }) => place)).toEqual([
      resolve('/somewhere/build/Release/boltzkit.node'),
      resolve(`/somewhere/prebuilds/${platform}/boltzkit.node`),
      `package @boltzkit/${platform}`,
    ]);
  });

  it('looks nowhere else when BOLTZKIT_NATIVE names a file', () => {
    expect(addonCandidates('some/file.node', '/somewhere').map(({ place }) => place)).toEqual([resolve('some/file.node')]);
    expect(addonCandidates('', '/somewhere')).toHaveLength(3);
  });

  it('finds nothing in an empty folder', () => {
    for (const { load } of addonCandidates(undefined, folder)) expect(load()).toBe(undefined);
  });
});

describe('firstAddon', () => {
  it('takes the first that is there and has the right interface', () => {
    const right = fake(NATIVE_ABI);
    const places = [
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
    expect(firstAddon(places)).toBe(right);
  });

  it('names what it tried and what to do', () => {
    const error = failure(addonCandidates(undefined, folder));
    expect(error.reason).toBe('addon_missing');
    expect(error.message).toContain(`${join(folder, 'build', 'Release', 'boltzkit.node')}: not there`);
    expect(error.message).toContain(`package @boltzkit/${platform}: not there`);
    expect(error.message).toContain('npx boltzkit build');
  });

  it('says why a file did not load', () => {
    const file = join(folder, 'text.node');
    writeFileSync(file, 'this is no shared library');
    const error = failure(addonCandidates(file, folder));
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
