/**
 * Where the addon may be. All that finding and loading it needs of Node is here. Bundlers read this file too: it looks nothing up when it
 * is imported, and names no file or package that they could try to include.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireFrom } from '../io/require-from.js';
import { type AddonCandidate, type AddonSearch, platform } from './addon.js';

/**
 * The places to look at, in the order of preference.
 *
 * @param named - The only file to try, if there is one.
 * @param running - Files that this code may have come from: itself, or the bundle it is part of.
 */
export function addonSearch(named: string | undefined, running: readonly string[] = runningFiles()): AddonSearch {
  const installed = running.map(packageAbove).find((folder) => folder !== undefined);
  const bundle = installed === undefined ? (running[0] ?? null) : null;
  if (named) return { candidates: [file(resolve(named))], bundle };
  if (installed !== undefined) return { candidates: inPackage(installed), bundle };
  const places = new Map(running.flatMap(besideBundle).map((candidate) => [candidate.place, candidate]));
  return { candidates: [...places.values()], bundle };
}

function inPackage(folder: string): AddonCandidate[] {
  return [
    file(join(folder, 'build', 'Release', 'boltzkit.node')),
    file(join(folder, 'prebuilds', platform, 'boltzkit.node')),
    platformPackage(join(folder, 'package.json')),
  ];
}

/** A bundle finds the addon beside itself, or in the package if that is installed where it runs. */
function besideBundle(bundle: string): AddonCandidate[] {
  const installed = resolved('boltzkit/package.json', bundle);
  const beside = file(join(dirname(bundle), 'boltzkit.node'));
  return installed === undefined ? [beside, platformPackage(bundle)] : [beside, ...inPackage(dirname(installed))];
}

/**
 * Bundlers replace `import.meta.url`, leave it out, or keep that of the file they read; then the running program is the bundle, or the
 * executable that holds it.
 */
function runningFiles(): string[] {
  const url: unknown = import.meta.url;
  const own = typeof url === 'string' && url.startsWith('file:') ? fileURLToPath(url) : undefined;
  const compiled = /^(node|bun|deno)\b/.test(basename(process.execPath)) ? undefined : process.execPath;
  const files = [own, commonFile(), process.argv[1], compiled].filter((path) => path !== undefined && existsSync(path));
  return [...new Set(files as string[])];
}

/** What CommonJS names the file. Not asked for by `typeof`, which some bundlers answer without looking. */
function commonFile(): string | undefined {
  try {
    return __filename;
  } catch {
    return undefined;
  }
}

/** The folder of this package, if it holds the file. */
function packageAbove(path: string): string | undefined {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const description = join(folder, 'package.json');
    if (existsSync(description) && nameIn(description) === 'boltzkit') return folder;
  }
  return undefined;
}

function nameIn(description: string): unknown {
  try {
    return (JSON.parse(readFileSync(description, 'utf8')) as { name?: unknown } | null)?.name;
  } catch {
    return undefined;
  }
}

function file(path: string): AddonCandidate {
  return { place: path, load: () => (existsSync(path) ? requireFrom(path)(path) : undefined) };
}

/** A package that holds one platform's addon and nothing else. */
function platformPackage(from: string): AddonCandidate {
  const name = `@boltzkit/${platform}`;
  const load = () => {
    const path = resolved(name, from);
    return path === undefined ? undefined : requireFrom(path)(path);
  };
  return { place: `package ${name}`, load };
}

function resolved(name: string, from: string): string | undefined {
  try {
    return requireFrom(from).resolve(name);
  } catch {
    return undefined;
  }
}
