import type { NativeMachine } from '../machine/native.js';
import type { LayerSpec, MachineSpec } from '../wiring/spec.js';
import type { GivenLayer, RowBlock } from './row-cells.js';

/** What states of a hidden unit's places may be; null without limit. */
function limits({ type, size }: LayerSpec): readonly [number, number] | null {
  if (type === 'bernoulli' || type === 'softmax') return [0, 1];
  if (type === 'spin') return [-1, 1];
  return type === 'binomial' ? [0, size] : null;
}

/**
 * A coupling as seen from a Gaussian layer: weights between its unit `i` and places of another one.
 */
interface Link {
  /** The other layer's place among those given; −1 if it is not given. */
  readonly given: number;
  readonly layer: LayerSpec;
  readonly each: (unit: number, visit: (place: number, weight: number) => void) => void;
}

/** Where the centres of p(v_i | v_−i) of the units of a Gaussian layer lie. */
export class Centres {
  /** Why they have no bounds, if that is so. */
  readonly obstacle: string | undefined;
  readonly #links: readonly Link[];
  readonly #parameters: ArrayLike<number>;
  readonly #units: number;

  constructor({ layers, couplings }: MachineSpec, native: NativeMachine, { layer, units, name }: GivenLayer, given: readonly number[]) {
    this.#units = units;
    this.#parameters = native.getParameter(`${name}.parameters`);
    this.#links = couplings.flatMap(([a, b, edges]) => {
      if (a !== layer && b !== layer) return [];
      const [first, second] = [layers[a] as LayerSpec, layers[b] as LayerSpec];
      const weights = native.getParameter(`${first.name}-${second.name}.weights`);
      const other = a === layer ? second : first;
      const link = { given: given.indexOf(a === layer ? b : a), layer: other };
      if (edges !== undefined) return [{ ...link, each: alongEdges(edges, weights) }];
      const at = (i: number, j: number): number => (a === layer ? i * second.units + j : j * second.units + i);
      const each: Link['each'] = (i, visit) => {
        for (let j = 0; j < other.units; j++) visit(j, weights[at(i, j)] as number);
      };
      return [{ ...link, each }];
    });
    const endless = this.#links.find((link) => link.given < 0 && limits(link.layer) === null);
    if (endless) this.obstacle = `it is coupled to layer '${endless.layer.name}' without rows, whose states have no limit`;
  }

  /** Bounds of the centres of a unit in row `r`, and its standard deviation given all else. */
  of(unit: number, { values }: RowBlock, r: number): { low: number; high: number; deviation: number } {
    const bias = this.#parameters[unit] as number;
    const variance = Math.exp(-(this.#parameters[this.#units + unit] as number));
    let [low, high] = [bias, bias];
    for (const { given, layer, each } of this.#links) {
      const [least, most] = limits(layer) ?? [0, 0];
      each(unit, (place, weight) => {
        const known = given < 0 ? 0 : weight * ((values[given] as Float64Array)[r * layer.units + place] as number);
        low += given < 0 ? Math.min(weight * least, weight * most) : known;
        high += given < 0 ? Math.max(weight * least, weight * most) : known;
      });
    }
    return { low: low * variance, high: high * variance, deviation: Math.sqrt(variance) };
  }
}

function alongEdges(edges: Uint32Array, weights: ArrayLike<number>): Link['each'] {
  return (unit, visit) => {
    for (let e = 0; e < weights.length; e++) {
      const [i, j] = [edges[2 * e] as number, edges[2 * e + 1] as number];
      if (i === unit) visit(j, weights[e] as number);
      else if (j === unit) visit(i, weights[e] as number);
    }
  };
}
