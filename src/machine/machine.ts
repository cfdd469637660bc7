import type { MachineSpec } from '../wiring/spec.js';
import { ModelHost } from './host.js';
import type { NativeMachine, NativeMachineSpec } from './native.js';

/**
 * The typed face of a native machine: layers and couplings by number, and all that a
 * {@link ModelHost} does.
 */
export class Machine extends ModelHost<NativeMachine> {
  readonly spec: MachineSpec;

  constructor(call: string, spec: MachineSpec) {
    super(call, spec, ({ Machine: Native }, place) => {
      const { seed, threads, weightScale, layers, couplings } = spec;
      const list = couplings.map(([a, b, edges]): NativeMachineSpec['couplings'][number] => (edges === undefined ? [a, b] : [a, b, edges]));
      const native = new Native({ ...place, threads, seed, weightScale, layers: [...layers], couplings: list });
      return { native, domains: layers.map((_, layer) => native.domain(layer)) };
    });
    this.spec = spec;
  }

  places(layer: number): number {
    return this.spec.layers[layer]?.units ?? 0;
  }
}
