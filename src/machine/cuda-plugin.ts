/**
 * The plug-in that computes on NVIDIA's GPUs: a file of native code that the addon loads when a model
 * asks for it. Finding it loads nothing: whether it works, and whether there is a GPU, shows when it
 * is used.
 */
import { BackendError } from '../errors.js';
import { platform } from './addon.js';
import { placesOf } from './native-places.js';

/** The platform that CUDA is offered for. */
const home = 'linux-x64';

/** What looking for the plug-in came to. */
export interface PluginSearch {
  /** Its file, undefined where none was found. */
  readonly path: string | undefined;
  /** What was looked at in vain. */
  readonly tried: readonly string[];
}

/**
 * Looks for the plug-in.
 *
 * @param named - The only file to try, if there is one.
 * @param running - Files that this code may have come from: itself, or the bundle it is part of.
 */
export function findPlugin(named = process.env.BOLTZKIT_CUDA, running?: readonly string[]): PluginSearch {
  const wanted = { name: 'boltzkit-cuda.so', package: `@boltzkit/${platform}-cuda` };
  const tried: string[] = [];
  for (const { place, find } of placesOf(wanted, named, running).places) {
    const path = find();
    if (path !== undefined) return { path, tried };
    tried.push(place);
  }
  return { path: undefined, tried };
}

/**
 * The file of the plug-in.
 *
 * @param prefix - How the message begins where there is none.
 * @throws BackendError 'package_missing'.
 */
export function pluginFile(prefix: string): string {
  const { path, tried } = findPlugin();
  if (path !== undefined) return path;
  const lines = [`${prefix}${missingPlugin()}; 'cpu' needs no plug-in. Tried:`, ...tried.map((place) => `  ${place}: not there`)];
  throw new BackendError('package_missing', lines.join('\n'));
}

const none = 'no CUDA plug-in is installed';

const advice = `install it with \`npm install @boltzkit/${home}-cuda\`, build it with \`npx boltzkit build\` where nvcc is on the PATH, or name its file in BOLTZKIT_CUDA`;

/**
 * Says that there is no plug-in, and what to do; without a full stop.
 *
 * @param named - The only file that was tried, if there is one.
 */
export function missingPlugin(named = process.env.BOLTZKIT_CUDA, on: string = platform): string {
  if (named) return `BOLTZKIT_CUDA names \`${named}\`, which is not there`;
  return on === home ? `${none}; ${advice}` : `${none}: CUDA is for Linux on x64, and this is ${on}`;
}

const unmeasured =
  "a CUDA plug-in is installed, and `device: 'cuda'` asks for it; 'auto' takes the processor until the plug-in has been measured on a GPU";

const looked = new Map<string, boolean>();

/** Why 'auto' takes the processor. Looks for the plug-in once in each thread. */
export function whyProcessor(named = process.env.BOLTZKIT_CUDA ?? ''): string {
  const found = looked.get(named) ?? findPlugin(named).path !== undefined;
  looked.set(named, found);
  if (found) return unmeasured;
  return named === '' && platform === home ? none : missingPlugin(named);
}
