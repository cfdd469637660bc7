import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BackendError } from '../errors.js';
import { NATIVE_ABI, type NativeAddon } from './native.js';

/** A place to look for the addon. `load` returns undefined when nothing is there, and throws when what is there does not load. */
export interface AddonCandidate {
  readonly place: string;
  readonly load: () => unknown;
}

const require = createRequire(import.meta.url);

/** The package's root, seen from `src/machine` as well as from `dist/machine`. */
const root = fileURLToPath(new URL('../../', import.meta.url));

const platform = `${process.platform}-${process.arch}`;

let loaded: NativeAddon | undefined;

/**
 * The native addon, loaded on the first call of each thread: from the file that the environment variable `BOLTZKIT_NATIVE` names
 * (then from nowhere else), the package's own build, its prebuilt files, or the platform package.
 *
 * @throws BackendError `addon_missing`, or `abi_mismatch` when an addon was found but belongs to another version of the package.
 */
export function loadAddon(): NativeAddon {
  loaded ??= firstAddon(addonCandidates(process.env.BOLTZKIT_NATIVE, root));
  return loaded;
}

/** Where the addon may be, in the order of preference. */
export function addonCandidates(named: string | undefined, folder: string): AddonCandidate[] {
  if (named) return [file(resolve(named))];
  return [
    file(resolve(folder, 'build', 'Release', 'boltzkit.node')),
    file(resolve(folder, 'prebuilds', platform, 'boltzkit.node')),
    platformPackage(),
  ];
}

/** Loads the first candidate that is there, loads and has the right interface. */
export function firstAddon(candidates: readonly AddonCandidate[]): NativeAddon {
  const tried: string[] = [];
  const causes: unknown[] = [];
  let mismatch = false;
  for (const { place, load } of candidates) {
    try {
      const addon = load() as NativeAddon | undefined;
      if (addon?.abi === NATIVE_ABI) return addon;
      mismatch ||= addon !== undefined;
      tried.push(`${place}: ${addon === undefined ? 'not there' : `built for interface ${addon.abi}, ${NATIVE_ABI} is needed`}`);
    } catch (error) {
      causes.push(error);
      tried.push(`${place}: ${firstLine(error)}`);
    }
  }
  throw new BackendError(mismatch ? 'abi_mismatch' : 'addon_missing', advice(tried), { cause: causes[0] });
}

function advice(tried: readonly string[]): string {
  return [
    `boltzkit: no native addon for ${platform} could be loaded (Node ${process.version}). Tried:`,
    ...tried.map((line) => `  ${line}`),
    'Build it with `npx boltzkit build` (needs CMake and a C++20 compiler), or name a built file in BOLTZKIT_NATIVE.',
    'If a platform package is missing, the lockfile may come from another platform: run `npm install` again on this one.',
  ].join('\n');
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}

function file(path: string): AddonCandidate {
  return { place: path, load: () => (existsSync(path) ? require(path) : undefined) };
}

function platformPackage(): AddonCandidate {
  return {
    place: `package @boltzkit/${platform}`,
    load: () => {
      try {
        return requirePlatformPackage();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
        throw error;
      }
    },
  };
}

/** One literal per platform, so that bundlers and dependency scanners see every package that may be needed. */
function requirePlatformPackage(): unknown {
  switch (platform) {
    case 'linux-x64':
      return require('@boltzkit/linux-x64');
    case 'linux-arm64':
      return require('@boltzkit/linux-arm64');
    case 'darwin-x64':
      return require('@boltzkit/darwin-x64');
    case 'darwin-arm64':
      return require('@boltzkit/darwin-arm64');
    case 'win32-x64':
      return require('@boltzkit/win32-x64');
    default:
      return undefined;
  }
}
