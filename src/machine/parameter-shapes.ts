import type { MachineSpec } from '../wiring/spec.js';
import { hostBackend } from './backend.js';
import type { NetworkSpec } from './network-host.js';

/**
 * Names and shapes of the parameters that a machine would have, in its order: layers, then
 * couplings. Makes nothing.
 */
export function parameterShapes({
  layers,
  couplings,
}: MachineSpec): { readonly name: string; readonly shape: readonly [number, number] }[] {
  const types = new Map(hostBackend.addon.unitTypes().map((type) => [type.name, type]));
  const ofLayers = layers.map(({ name, type, units }) => {
    const rows = types.get(type)?.parameters.length ?? 1;
    return { name: `${name}.${rows === 1 ? 'bias' : 'parameters'}`, shape: [rows, units] as const };
  });
  const ofCouplings = couplings.map(([a, b, edges]) => {
    const [first, second] = [layers[a], layers[b]] as [MachineSpec['layers'][number], MachineSpec['layers'][number]];
    const places = types.get(first.type)?.grouped === true ? first.size : 1;
    const shape = edges === undefined ? ([first.units, second.units] as const) : ([1, (edges.length / 2) * places * places] as const);
    return { name: `${first.name}-${second.name}.weights`, shape };
  });
  return [...ofLayers, ...ofCouplings];
}

/**
 * Names and shapes of the parameters that a feed-forward network would have, layer by layer. Makes
 * nothing.
 */
export function networkShapes({ inputs, layers }: NetworkSpec): { readonly name: string; readonly shape: readonly [number, number] }[] {
  const types = new Map(hostBackend.addon.unitTypes().map((type) => [type.name, type]));
  return layers.flatMap(({ name, type, units }, i) => {
    const rows = types.get(type)?.parameters.length ?? 1;
    return [
      { name: `${name}.weights`, shape: [layers[i - 1]?.units ?? inputs, units] as const },
      { name: `${name}.${rows === 1 ? 'bias' : 'parameters'}`, shape: [rows, units] as const },
    ];
  });
}
