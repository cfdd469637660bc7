import { BackendError } from '../errors.js';
import { NATIVE_ABI, type NativeAddon } from './native.js';

/** A place to look for the addon. `load` returns undefined when nothing is there, and throws when what is there does not load. */
export interface AddonCandidate {
  readonly place: string;
  readonly load: () => unknown;
}

/** Where to look, and the file of a bundle that holds this code, `null` where it runs as it was installed. */
export interface AddonSearch {
  readonly candidates: readonly AddonCandidate[];
  readonly bundle: string | null;
}

export const platform = `${process.platform}-${process.arch}`;

/** Loads the first candidate that is there, loads and has the right interface. */
export function firstAddon({ candidates, bundle }: AddonSearch): NativeAddon {
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
  const lines = [
    `boltzkit: no native addon for ${platform} could be loaded (Node ${process.version}). Tried:`,
    ...tried.map((line) => `  ${line}`),
    ...(bundle === null ? toBuild : toUnbundle(bundle)),
  ];
  throw new BackendError(mismatch ? 'abi_mismatch' : 'addon_missing', lines.join('\n'), { cause: causes[0] });
}

const toBuild = [
  'Build it with `npx boltzkit build` (needs CMake and a C++20 compiler), or name a built file in BOLTZKIT_NATIVE.',
  'If a platform package is missing, the lockfile may come from another platform: run `npm install` again on this one.',
];

function toUnbundle(bundle: string): string[] {
  return [
    `boltzkit is bundled into ${bundle}, without its addon. Mark boltzkit as external and install it where the bundle runs:`,
    '  esbuild, bun     --external:boltzkit, --external boltzkit',
    '  webpack          externals: /^boltzkit/, externalsType: "node-commonjs"',
    '  ncc              --external boltzkit',
    '  rollup           external: /^boltzkit/',
    '  Vite             ssr: { external: ["boltzkit"] }',
    `Or put prebuilds/${platform}/boltzkit.node of the package beside the bundle, or name the file in BOLTZKIT_NATIVE.`,
  ];
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}
