/**
 * Where files of native code may be. All that finding them needs of Node is here. Bundlers read this
 * file too: it looks nothing up when it is imported, and names no file or package that they could
 * try to include.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireFrom } from '../io/require-from.js';
import { platform } from './addon.js';

/** A file of native code, for this platform. */
export interface NativeFile {
  /** What it is called, without a folder. */
  readonly name: string;
  /** The optional package that holds it and nothing else. */
  readonly package: string;
}

/** A place to look. */
export interface Place {
  /** What it is called in messages. */
  readonly place: string;
  /** The path of what is there, undefined where nothing is. */
  readonly find: () => string | undefined;
}

/** Where to look, and the file of a bundle that holds this code, `null` where it runs as it was installed. */
export interface Places {
  readonly places: readonly Place[];
  readonly bundle: string | null;
}

/**
 * The places to look at, in the order of preference.
 *
 * @param wanted - What to look for.
 * @param named - The only file to try, if there is one.
 * @param running - Files that this code may have come from: itself, or the bundle it is part of.
 */
export function placesOf(wanted: NativeFile, named: string | undefined, running: readonly string[] = runningFiles()): Places {
  const installed = running.map(packageAbove).find((folder) => folder !== undefined);
  const bundle = installed === undefined ? (running[0] ?? null) : null;
  if (named) return { places: [file(resolve(named))], bundle };
  if (installed !== undefined) return { places: inPackage(wanted, installed), bundle };
  const places = new Map(running.flatMap((path) => besideBundle(wanted, path)).map((place) => [place.place, place]));
  return { places: [...places.values()], bundle };
}

function inPackage(wanted: NativeFile, folder: string): Place[] {
  return [
    file(join(folder, 'build', 'Release', wanted.name)),
    file(join(folder, 'prebuilds', platform, wanted.name)),
    optionalPackage(wanted, join(folder, 'package.json')),
  ];
}

/** A bundle finds a file beside itself, or in the package if that is installed where it runs. */
function besideBundle(wanted: NativeFile, bundle: string): Place[] {
  const installed = resolved('boltzkit/package.json', bundle);
  const beside = file(join(dirname(bundle), wanted.name));
  return installed === undefined ? [beside, optionalPackage(wanted, bundle)] : [beside, ...inPackage(wanted, dirname(installed))];
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

function file(path: string): Place {
  return { place: path, find: () => (existsSync(path) ? path : undefined) };
}

function optionalPackage(wanted: NativeFile, from: string): Place {
  return { place: `package ${wanted.package}`, find: () => resolved(wanted.package, from) };
}

function resolved(name: string, from: string): string | undefined {
  try {
    return requireFrom(from).resolve(name);
  } catch {
    return undefined;
  }
}
