/**
 * From a deep machine to a classifier that backpropagation fine-tunes (Salakhutdinov & Hinton,
 * "Deep Boltzmann machines", AISTATS 2009, section 3.3): one pass of the mean field, unrolled. The
 * first hidden layer gets its field from below and, by means that come in with the row, from above.
 */
import type { HostRows } from '../data/host-rows.js';
import { array } from '../data/ndarray.js';
import { slicesOf } from '../data/slices.js';
import { toFloat64 } from '../data/vector.js';
import type { Matrix } from '../models/results.js';
import type { ClassName } from '../networks/classes.js';
import type { Classifier } from '../networks/classifier.js';
import type { LayerSpec } from '../wiring/spec.js';

type Parameter = (name: string) => Float64Array;

/** What a hidden layer of the classifier begins with. */
interface UnrolledLayer {
  readonly weights: Float64Array;
  readonly shape: readonly [number, number];
  /** [parameters, units], as the machine's. */
  readonly units: Float64Array;
}

/**
 * What the hidden layers begin with. The first has the weights from the visible layer and, below
 * them, those from the second hidden layer. One between the ends has nobody above it here, so the
 * layer below counts twice, as on the way up in the paper.
 */
function unrolled(layers: readonly LayerSpec[], parameter: Parameter): UnrolledLayer[] {
  return layers.slice(1).map((layer, i) => {
    const below = layers[i] as LayerSpec;
    const own = parameter(`${below.name}-${layer.name}.weights`);
    const units = parameter(unitsName(layer));
    const above = layers[i + 2];
    if (above === undefined) return { weights: own, shape: [below.units, layer.units], units };
    if (i > 0) return { weights: own.map((weight) => 2 * weight), shape: [below.units, layer.units], units };
    const fromAbove = transposed(parameter(`${layer.name}-${above.name}.weights`), layer.units, above.units);
    const weights = new Float64Array(own.length + fromAbove.length);
    weights.set(own);
    weights.set(fromAbove, own.length);
    return { weights, shape: [below.units + above.units, layer.units], units };
  });
}

function unitsName({ name, type }: LayerSpec): string {
  return `${name}.${['gaussian', 'relu', 'doubleRelu'].includes(type) ? 'parameters' : 'bias'}`;
}

/** A matrix [rows, cols] as [cols, rows]. */
function transposed(values: Float64Array, rows: number, cols: number): Float64Array {
  return values.map((_, i) => values[(i % rows) * cols + Math.floor(i / rows)] as number);
}

/** Gives the hidden layers of a classifier what they begin with. */
export function setUnrolled<L extends ClassName>(target: Classifier<L>, layers: readonly LayerSpec[], parameter: Parameter): void {
  unrolled(layers, parameter).forEach(({ weights, shape, units }, l) => {
    const layer = target.layerNames[l] as string;
    const [own] = [`${layer}.bias`, `${layer}.parameters`].filter((name) => name in target.parameterShapes) as [string];
    target.setParameter(`${layer}.weights`, { data: weights, shape: [...shape] });
    target.setParameter(own, { data: units, shape: [...(target.parameterShapes[own] as readonly [number, number])] });
  });
}

/** The columns of `rows`, and then those of `means`, which has as many rows. */
export function beside(rows: HostRows, means: Matrix): Matrix {
  const [width, more] = [rows.cols, means.shape[1] as number];
  const all = new Float32Array(rows.rows * (width + more));
  let r = 0;
  for (const part of slicesOf(rows)) {
    const values = toFloat64(part);
    for (let k = 0; k < part.rows; k++, r++) {
      all.set(values.subarray(k * width, (k + 1) * width), r * (width + more));
      all.set(means.data.subarray(r * more, (r + 1) * more), r * (width + more) + width);
    }
  }
  return array(all, [rows.rows, width + more]);
}
