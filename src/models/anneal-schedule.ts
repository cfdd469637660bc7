import type { NativeMachine } from '../machine/native.js';
import type { LayerSpec, MachineSpec } from '../wiring/spec.js';

/** The first and the last inverse temperature, in units of one over the energies of flips. */
const [hot, cold] = [0.3, 15];
/** Units whose flips matter this much less than the largest ones are left to the descent at the end. */
const smallest = 1e-4;

/**
 * The inverse temperatures of an anneal: from `hot` over the largest of the energies that single flips change, to `cold` over the smallest, evenly
 * in their logarithm. A multiple of all couplings and biases gives one over that multiple of the temperatures, bit for bit for powers of two.
 *
 * @param sweeps - How many.
 */
export function annealingSchedule(spec: MachineSpec, native: NativeMachine, sweeps: number): Float64Array {
  const sizes = flipSizes(spec, native);
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  const least = sizes.reduce((found, size) => (size > smallest * largest ? Math.min(found, size) : found), largest);
  const unit = largest > 0 ? largest : 1;
  const ratio = (cold / hot) * (largest > 0 ? largest / least : 1);
  const last = Math.max(sweeps - 1, 1);
  return Float64Array.from({ length: sweeps }, (_, s) => (hot / unit) * ratio ** (sweeps === 1 ? 1 : s / last));
}

/**
 * How much energy a flip of each place changes, typically: its state's width times the root of the sum of squares of its bias and of what its
 * neighbours send, √(b² + Σ_j (w_ij σ_j)²), with σ_j the size of the neighbour's states.
 */
function flipSizes({ layers, couplings }: MachineSpec, native: NativeMachine): Float64Array {
  const values = native.parameters().map(({ name }) => native.getParameter(name));
  const widths = layers.map(({ type, units, size }, l) => {
    if (type === 'gaussian' || type === 'relu' || type === 'doubleRelu')
      return Float64Array.from({ length: units }, (_, i) => Math.exp(-(values[l]![units + i] as number) / 2));
    return new Float64Array(units).fill(type === 'binomial' ? size : 1);
  });
  const sums = layers.map(({ units }, l) => Float64Array.from({ length: units }, (_, i) => (values[l]![i] as number) ** 2));
  const add = (a: number, i: number, b: number, j: number, weight: number) => {
    sums[a]![i] = sums[a]![i]! + (weight * widths[b]![j]!) ** 2;
  };
  couplings.forEach(([a, b, edges], c) => {
    const weights = values[layers.length + c]!;
    eachWeight(weights, layers[a]!, layers[b]!.units, edges, (i, j, weight) => {
      add(a, i, b, j, weight);
      if (a !== b || edges !== undefined) add(b, j, a, i, weight);
    });
  });
  const flips = layers.flatMap(({ type }, l) => {
    const flip = type === 'spin' ? 2 : 1;
    return Array.from(sums[l]!, (sum, i) => flip * (type === 'binomial' ? 1 : widths[l]![i]!) * Math.sqrt(sum));
  });
  return Float64Array.from(flips);
}

function eachWeight(
  weights: ArrayLike<number>,
  layer: LayerSpec,
  columns: number,
  edges: Uint32Array | undefined,
  visit: (i: number, j: number, weight: number) => void,
): void {
  if (edges === undefined) {
    for (let at = 0; at < weights.length; at++) visit(Math.floor(at / columns), at % columns, weights[at] as number);
    return;
  }
  const size = layer.type === 'softmax' ? layer.size : 1;
  for (let at = 0; at < weights.length; at++) {
    const edge = Math.floor(at / (size * size));
    const [k, l] = [Math.floor(at / size) % size, at % size];
    visit((edges[2 * edge] as number) * size + k, (edges[2 * edge + 1] as number) * size + l, weights[at] as number);
  }
}
