import type { LayerSpec, PlaceSpec } from '../wiring/spec.js';
import { type LayerDomain, ModelHost } from './host.js';
import type { NativeAddon } from './native.js';
import type { NativeNetwork, NativeNetworkLayer } from './native-network.js';

/** A dense layer: the means of its units given what comes in, times the weights. */
export interface DenseSpec extends LayerSpec {
  /** Standard deviation of the start weights. */
  readonly weightScale: number;
}

/** How a feed-forward network is built, checked. */
export interface NetworkSpec extends Omit<PlaceSpec, 'weightScale'> {
  /** Columns of the rows that come in. */
  readonly inputs: number;
  /** What the rows are states of; any finite numbers if left out. */
  readonly inputUnits?: Pick<LayerSpec, 'type' | 'size'>;
  /** From the one above the rows to the outputs. */
  readonly layers: readonly DenseSpec[];
}

/** Where a network's rows come in: layer 0; the dense layers count from 1. */
export const inputLayer = 0;

/**
 * The typed face of a native network: layers by number, the rows that come in as layer 0, and all
 * that a {@link ModelHost} does. Before every dense layer stands one that drops inputs; how many, a
 * run says.
 */
export class NetworkHost extends ModelHost<NativeNetwork> {
  readonly spec: NetworkSpec;

  constructor(call: string, spec: NetworkSpec) {
    super(call, spec, (addon, place) => {
      const { seed, threads, inputs, layers } = spec;
      const native = new addon.Network({ ...place, threads, seed, inputs, layers: layers.flatMap(withDropout) });
      const rows = { name: 'inputs', units: inputs, ...(spec.inputUnits ?? { type: 'gaussian', size: 1 }) };
      return { native, domains: [rows, ...layers].map((layer) => unitDomain(addon, layer)) };
    });
    this.spec = spec;
  }

  places(layer: number): number {
    return layer === inputLayer ? this.spec.inputs : (this.spec.layers[layer - 1]?.units ?? 0);
  }

  /** The last layer. */
  get outputLayer(): number {
    return this.spec.layers.length;
  }

  /**
   * The number of a layer in the native list, in which every dense layer follows one that drops.
   */
  static nativeLayer(layer: number): number {
    return 2 * layer - 1;
  }
}

function withDropout({ name, type, units, size, weightScale }: DenseSpec): NativeNetworkLayer[] {
  return [
    { kind: 'dropout', name: `dropout/${name}`, rate: 0 },
    { kind: 'dense', name, type, units, size, weightScale },
  ];
}

/** What data of units may be: as of a machine that has nothing else. */
function unitDomain({ Machine }: NativeAddon, { name, type, units, size }: LayerSpec): LayerDomain {
  const layers = [{ name, type, units: type === 'softmax' ? units : 1, size }];
  const machine = new Machine({ device: 'cpu', threads: 1, seed: 0n, weightScale: 0, layers, couplings: [] });
  try {
    return machine.domain(0);
  } finally {
    machine.dispose();
  }
}
