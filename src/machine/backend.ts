/**
 * The seam between this package and what computes. The addon computes on the processor, and on a
 * GPU by a plug-in that it loads; rows are packed by the addon either way.
 */
import { OptionCheck } from '../arguments.js';
import { BackendError } from '../errors.js';
import { cudaOrdinal, type Device, readDevice } from '../wiring/device.js';
import { firstAddon } from './addon.js';
import { addonSearch } from './addon-places.js';
import { pluginFile, whyProcessor } from './cuda-plugin.js';
import { prefixError } from './job.js';
import type { NativeAddon, NativeGpu, NativePlace } from './native.js';

/** Where a model does compute. */
export type UsedDevice = 'cpu' | 'reference' | `cuda:${number}`;

/** What computes. Its addon is loaded when it is first needed, once in each thread of JavaScript. */
export class Backend {
  readonly #load: () => NativeAddon;
  #addon: NativeAddon | undefined;

  constructor(load: () => NativeAddon) {
    this.#load = load;
  }

  /** @throws BackendError `addon_missing`, or `abi_mismatch` when what was found belongs to another version of the package. */
  get addon(): NativeAddon {
    this.#addon ??= this.#load();
    return this.#addon;
  }
}

/** The addon. Describes unit types and packs rows also where no machine is at hand. */
export const hostBackend = new Backend(() => firstAddon(addonSearch(process.env.BOLTZKIT_NATIVE)));

/** A device that was chosen for a model. */
export interface Chosen {
  readonly backend: Backend;
  readonly device: UsedDevice;
  /** The same as the addon is told. */
  readonly place: NativePlace;
  /** The GPU, null of the processor. */
  readonly gpu: NativeGpu | null;
  /** Why a faster device is not used, null if there is none to miss, or the device was asked for. */
  readonly fallback: string | null;
}

/**
 * The device for what was asked. BOLTZKIT_DEVICE stands for 'auto' where it is set.
 *
 * @throws ParameterError where BOLTZKIT_DEVICE names no device; BackendError where the device cannot
 *   be used.
 */
export function chooseBackend(call: string, asked: Device): Chosen {
  const { device, source } = chooseDevice(call, asked);
  const ordinal = cudaOrdinal(device);
  if (ordinal === undefined) return processor(device === 'reference' ? 'reference' : 'cpu', device === 'auto');
  return graphics(`${call}: \`${source}\` 'cuda:${ordinal}' cannot be used: `, ordinal);
}

/**
 * What BOLTZKIT_DEVICE makes of a device that was asked for, and who named it.
 *
 * @throws ParameterError where BOLTZKIT_DEVICE names no device.
 */
export function chooseDevice(call: string, asked: Device): { readonly device: Device; readonly source: string } {
  const source = 'BOLTZKIT_DEVICE';
  const named = process.env[source];
  if (asked !== 'auto' || !named) return { device: asked, source: 'device' };
  return { device: readDevice(new OptionCheck(call), source, named), source };
}

/**
 * This machine's processor.
 *
 * @param taken - Whether nobody asked for it.
 */
export function processor(device: 'cpu' | 'reference', taken: boolean): Chosen {
  return { backend: hostBackend, device, place: { device }, gpu: null, fallback: taken ? whyProcessor() : null };
}

function graphics(prefix: string, ordinal: number): Chosen {
  const plugin = pluginFile(prefix);
  const gpus = gpusOf(prefix, plugin);
  const gpu = gpus[ordinal];
  if (gpu === undefined) {
    const names = gpus.map(({ name }, i) => `'cuda:${i}' (${name})`).join(', ');
    throw new BackendError('no_device', `${prefix}the driver knows ${gpus.length === 0 ? 'no GPU' : `only ${names}`}`);
  }
  return { backend: hostBackend, device: `cuda:${ordinal}`, place: { device: 'cuda', plugin, ordinal }, gpu, fallback: null };
}

/** What a plug-in told, by its file: asking takes the driver some tenths of a second. */
const known = new Map<string, readonly NativeGpu[]>();

function gpusOf(prefix: string, plugin: string): readonly NativeGpu[] {
  const { addon } = hostBackend;
  try {
    const gpus = known.get(plugin) ?? addon.cudaDevices(plugin);
    known.set(plugin, gpus);
    return gpus;
  } catch (error) {
    throw prefixError(prefix, error);
  }
}

/** All GPUs, by what users call them. @throws BackendError where none can be used. */
export function listGpus(): (NativeGpu & { readonly device: UsedDevice })[] {
  return gpusOf('', pluginFile('')).map((gpu, i) => ({ device: `cuda:${i}`, ...gpu }));
}
