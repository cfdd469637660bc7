import type { NdArray } from 'ndarray';
import { array } from '../data/ndarray.js';
import type { RowsInput } from '../data/rows-input.js';
import { ParameterError } from '../errors.js';
import type { LayerInput } from '../machine/host.js';
import type { Patience } from '../machine/patience.js';
import type { Given } from '../training/options.js';
import { readLoadOptions, type StartOptions } from '../wiring/place.js';
import type { MachineSpec, PlaceSpec } from '../wiring/spec.js';
import type { Units, UnitType } from '../wiring/units.js';
import { type Described, openCheckpoint, type ReadContents } from './checkpoint.js';
import { MachineModel } from './machine-model.js';
import type { LayerClamp } from './machine-questions.js';
import type { Nats } from './results.js';
import type { PlaceClamp } from './sample-options.js';
import { savedWiring } from './saved-wiring.js';

/** Where a model of one layer runs, and its seed. Its couplings begin at 0. */
export type LateralStart = Omit<StartOptions, 'weightScale'>;
/** The names of {@link LateralStart}. */
export const lateralStart = ['seed', 'device', 'threads'] as const;

type OneLayer<Layer extends string, T extends UnitType> = { readonly [K in Layer]: Units<T> };

/**
 * A Boltzmann machine of one layer that is coupled to itself and has no hidden units. Its files are
 * those of a `BoltzmannMachine` with this layer, and either reads what the other wrote.
 */
export abstract class LateralModel<Layer extends string, T extends UnitType> extends MachineModel<
  RowsInput,
  RowsInput | PlaceClamp,
  OneLayer<Layer, T>,
  readonly [readonly [Layer, Layer]]
> {
  /** @param more - What files say of the model beside its wiring. */
  protected constructor(name: string, spec: MachineSpec, more: Readonly<Record<string, unknown>> = {}) {
    super(name, spec, { kind: 'boltzmann-machine', config: { layers: spec.layers, couplings: [[0, 0]], ...more } });
  }

  protected inputs(call: string, argument: string, rows: unknown): LayerInput[] {
    return [this.input(call, argument, rows, 0, this.layerName(0))];
  }

  protected clampsByLayer(_call: string, clamp: unknown): LayerClamp[] {
    return [{ layer: 0, value: clamp, argument: 'clamp' }];
  }

  /** Without hidden units pseudo-likelihood is consistent and needs no chains (Besag 1975; Hyvärinen 2006). */
  protected override usualOptions(): Given {
    return { algorithm: 'pseudo-likelihood' };
  }

  /** The pairs of unit numbers that have weights, one after the other; of all pairs without a graph. */
  protected pairs(): Uint32Array {
    const { couplings, layers } = this.machine.spec;
    const graph = couplings[0]?.[2];
    if (graph !== undefined) return graph;
    const [{ type, units, size }] = layers as [MachineSpec['layers'][number]];
    const n = type === 'softmax' ? units / size : units;
    const pairs = new Uint32Array(n * (n - 1));
    for (let i = 0, at = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++, at += 2) pairs.set([i, j], at);
    }
    return pairs;
  }

  /** The coupled pairs of units [pairs, 2], the smaller number first: those of the graph in its order, else all of them. */
  get edges(): NdArray<Uint32Array> {
    const pairs = this.pairs();
    return array(pairs.slice(), [pairs.length / 2, 2]);
  }

  /** E(s) of complete states [n, places]; [n]. */
  async energy(states: RowsInput, options?: Patience): Promise<Nats> {
    const call = this.call('energy');
    return this.energies(call, this.inputs(call, 'states', states), options);
  }
}

/** The wiring of a layer coupled to itself: along pairs of unit numbers, or all to all. */
export function lateralSpec(place: PlaceSpec, layer: MachineSpec['layers'][number], graph: Uint32Array | undefined): MachineSpec {
  return { ...place, weightScale: 0, layers: [layer], couplings: [graph === undefined ? [0, 0] : [0, 0, graph]] };
}

/** What a file says of a model of one layer. */
export interface SavedLateral {
  readonly units: Units;
  /** Pairs [edges, 2], as options take them; undefined: all pairs. */
  readonly graph: RowsInput | undefined;
  readonly start: LateralStart;
  /** All that it says. */
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Loads a model of one layer, from a file of its own or of a `BoltzmannMachine` of the same wiring.
 *
 * @param describe - What the model is, and how to make it.
 * @param restore - Has it take over what the file holds.
 */
export async function loadLateral<M extends Disposable>(
  call: string,
  path: string | URL,
  options: unknown,
  layer: { readonly name: string; readonly type: UnitType },
  describe: (saved: SavedLateral) => Described<M>,
  restore: (model: M, read: ReadContents) => void,
): Promise<M> {
  const place = readLoadOptions(call, options);
  const checkpoint = await openCheckpoint(call, path, 'boltzmann-machine');
  const described = () => {
    const { layers, couplings, seed } = savedWiring(checkpoint);
    const [[name, units] = ['', undefined], ...others] = Object.entries(layers);
    const pairs = couplings as unknown as readonly (readonly [unknown, unknown, { readonly edges?: RowsInput }?])[];
    if (units === undefined || others.length > 0 || name !== layer.name || units.type !== layer.type || pairs.length !== 1) {
      throw new ParameterError(`${call}: the file must hold one layer '${layer.name}' of ${layer.type} units that is coupled to itself`);
    }
    return describe({ units, graph: pairs[0]?.[2]?.edges, start: { seed, ...place }, config: checkpoint.config });
  };
  return checkpoint.construct(described, restore);
}
