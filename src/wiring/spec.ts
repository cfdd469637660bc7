/** How a machine is wired, checked: layers and couplings by number. */
import type { Device } from './device.js';

/** A layer: `units` counts places, `size` is the type's own number (categories, trials, words, else 1). */
export interface LayerSpec {
  readonly name: string;
  readonly type: string;
  readonly units: number;
  readonly size: number;
}

/** A pair of layers; a layer on itself may follow a graph: pairs of unit numbers. */
export type CouplingSpec = readonly [number, number] | readonly [number, number, Uint32Array];

/** Where a model runs and what its randomness starts from. */
export interface PlaceSpec {
  readonly device: Device;
  readonly threads: number;
  readonly seed: bigint;
  readonly weightScale: number;
}

/** How a machine is wired and where it runs. */
export interface MachineSpec extends PlaceSpec {
  readonly layers: readonly LayerSpec[];
  readonly couplings: readonly CouplingSpec[];
  /** The layer of labels, one softmax unit, where the model learns to tell them. */
  readonly labels?: number;
}
