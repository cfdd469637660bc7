/**
 * The seam between this package and what computes: a backend owns its addon, the rows and machines made with it, and knows its devices.
 * Another way to compute (CUDA in an addon of its own, WebAssembly) is one more entry of the list.
 */
import { BackendError } from '../errors.js';
import type { Device } from '../wiring/spec.js';
import { firstAddon } from './addon.js';
import { addonSearch } from './addon-places.js';
import type { NativeAddon, NativeMachineSpec } from './native.js';

/** Where a machine does compute. */
export type UsedDevice = NativeMachineSpec['device'];

/** One way to compute. Its addon is loaded when it is first needed, once in each thread of JavaScript. */
export class Backend {
  /** What it computes on, the fastest first. */
  readonly devices: readonly UsedDevice[];
  readonly #load: () => NativeAddon;
  #addon: NativeAddon | undefined;

  constructor(devices: readonly UsedDevice[], load: () => NativeAddon) {
    this.devices = devices;
    this.#load = load;
  }

  /** @throws BackendError `addon_missing`, or `abi_mismatch` when what was found belongs to another version of the package. */
  get addon(): NativeAddon {
    this.#addon ??= this.#load();
    return this.#addon;
  }
}

/** This machine's processor. Describes unit types and packs rows also where no machine is at hand. */
export const hostBackend = new Backend(['cpu', 'reference'], () => firstAddon(addonSearch(process.env.BOLTZKIT_NATIVE)));

/** The fastest first. */
const backends: readonly Backend[] = [hostBackend];

/** Why 'auto' does not take a faster device than it does. */
export const noCuda = 'this version of boltzkit has no CUDA backend';

/** The backend that has the device, and the device that it is there. */
export function chooseBackend(call: string, asked: Device): { readonly backend: Backend; readonly device: UsedDevice } {
  for (const backend of backends) {
    const device = backend.devices.find((name) => asked === 'auto' || name === asked);
    if (device !== undefined) return { backend, device };
  }
  throw new BackendError('package_missing', `${call}: \`device\` '${asked}' cannot be used: ${noCuda}; use 'cpu' or 'auto'`);
}
