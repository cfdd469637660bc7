import type { WiringOptions } from '../wiring/read-wiring.js';
import type { Units } from '../wiring/units.js';
import type { OpenCheckpoint } from './checkpoint.js';
import { isObject, savedSeed } from './file-values.js';

/** The constructor's options from a checkpoint's description of a machine; they are checked as any caller's. */
export function savedWiring(checkpoint: OpenCheckpoint): WiringOptions {
  const { layers, couplings, seed, weightScale } = checkpoint.config;
  const list = savedList(layers).map((layer) => (isObject(layer) ? layer : {}));
  const named = list.map(({ name, type, units, size }) => [name, { type, places: units, size }] as [string, Units]);
  const pairs = savedList(couplings).map((pair, c) => {
    const [names, data] = [savedList(pair).map((layer) => list[layer as number]?.name), checkpoint.takeGraph(c)];
    return data === undefined ? names : [...names, { edges: { data, shape: [data.length / 2, 2] } }];
  });
  return {
    layers: Object.fromEntries(named),
    couplings: pairs as unknown as WiringOptions['couplings'],
    seed: savedSeed(seed),
    weightScale: weightScale as number,
  };
}

function savedList(said: unknown): unknown[] {
  return Array.isArray(said) ? said : [];
}
