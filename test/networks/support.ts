import type { FeedForward, FeedForwardLayer } from '../../src/networks/feed-forward.js';
import type { UnitType } from '../../src/wiring/units.js';

/** Numbers in (0, 1), the same in every run: a multiplicative generator of 31 bits. */
export function generator(seed: number): () => number {
  let state = (seed * 2654435761) % 2147483647 || 1;
  return () => {
    state = Number((BigInt(state) * 48271n) % 2147483647n);
    return state / 2147483647;
  };
}

/** A normal number from a generator. */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
}

const parameterCounts: Partial<Record<UnitType, number>> = { gaussian: 2, relu: 2, doubleRelu: 4 };

/** A layer with normal weights and parameters. */
export function randomLayer(
  random: () => number,
  layer: { name: string; type: UnitType; inputs: number; places: number; size?: number; scale?: number },
): FeedForwardLayer {
  const { name, type, inputs, places, size = 1, scale = 1 } = layer;
  const count = parameterCounts[type] ?? 1;
  return {
    name,
    type,
    places,
    size,
    weights: Float32Array.from({ length: inputs * places }, () => (scale * normal(random)) / Math.sqrt(inputs)),
    parameters: Float32Array.from({ length: count * places }, () => 0.5 * normal(random)),
  };
}

/** The means of a network's last layer in plain loops and double precision; [rows][places]. */
export function forward(network: FeedForward, rows: readonly (readonly number[])[]): number[][] {
  return rows.map((row) => network.layers.reduce((input, layer) => layerMean(layer, input), [...row]));
}

function layerMean(layer: FeedForwardLayer, input: readonly number[]): number[] {
  const { places, size, weights, parameters, type } = layer;
  const field = Array.from({ length: places }, (_, j) => input.reduce((sum, x, i) => sum + x * weights[i * places + j]!, 0));
  const p = (k: number, j: number) => parameters[k * places + j]!;
  const logistic = (x: number) => 1 / (1 + Math.exp(-x));
  switch (type) {
    case 'bernoulli':
      return field.map((f, j) => logistic(f + p(0, j)));
    case 'binomial':
      return field.map((f, j) => size * logistic(f + p(0, j)));
    case 'spin':
      return field.map((f, j) => Math.tanh(f + p(0, j)));
    case 'gaussian':
      return field.map((f, j) => (f + p(0, j)) / Math.exp(p(1, j)));
    case 'relu':
      return field.map((f, j) => cutNormal(f + p(0, j), Math.exp(p(1, j))).mean);
    case 'doubleRelu':
      return field.map((f, j) => {
        const [up, down] = [cutNormal(f + p(0, j), Math.exp(p(1, j))), cutNormal(-f - p(2, j), Math.exp(p(3, j)))];
        const share = logistic(up.logIntegral - down.logIntegral);
        return share * up.mean - (1 - share) * down.mean;
      });
    case 'softmax':
      return field.map((_, j) => {
        const first = j - (j % size);
        const group = Array.from({ length: size }, (_, k) => field[first + k]! + p(0, first + k));
        const top = Math.max(...group);
        return Math.exp(group[j - first]! - top) / group.reduce((sum, x) => sum + Math.exp(x - top), 0);
      });
    default:
      throw new Error(`no oracle for ${type}`);
  }
}

/** Mean and log integral of exp(x s − γ s² / 2) over s ≥ 0, by Simpson's rule around its peak. */
export function cutNormal(x: number, gamma: number): { mean: number; logIntegral: number } {
  const peak = Math.max(x / gamma, 0);
  const deviation = 1 / Math.sqrt(gamma);
  // Beyond the peak a unit that is off falls as exp(x s): then that is the narrower scale.
  const width = x < 0 ? Math.min(deviation, -1 / x) : deviation;
  const [low, high] = [Math.max(peak - 12 * deviation, 0), peak + (x < 0 ? 40 * width : 12 * deviation)];
  const height = x * peak - (gamma * peak * peak) / 2;
  const n = 20_000;
  const step = (high - low) / n;
  let [total, first] = [0, 0];
  for (let i = 0; i <= n; i++) {
    const s = low + i * step;
    const weight = i === 0 || i === n ? 1 : i % 2 === 1 ? 4 : 2;
    const density = weight * Math.exp(x * s - (gamma * s * s) / 2 - height);
    total += density;
    first += density * s;
  }
  return { mean: first / total, logIntegral: height + Math.log((total * step) / 3) };
}
