/** Classes of rows, as the top machine tells them. */
import { slicesOf } from '../data/slices.js';
import { toFloat64 } from '../data/vector.js';
import type { LayerInput } from '../machine/host.js';
import type { NativeRows } from '../machine/native.js';
import type { Patience } from '../machine/patience.js';
import { type LayerValues, rowsOfLevel } from './passes.js';
import { labelsLayer } from './spec.js';
import type { BeliefStack } from './stack.js';

/**
 * P(class | row), the mean over so many passes up in which every layer is drawn; with 0 draws one
 * pass of means. Inside `exclusive` or a run only.
 */
export async function classProbabilities(
  stack: BeliefStack,
  call: string,
  rows: NativeRows,
  draws: number,
  patience: Patience,
): Promise<LayerValues> {
  const { up } = stack.top;
  const passes = Math.max(1, draws);
  const cols = up.places(labelsLayer);
  const total = new Float64Array(rows.rows * cols);
  for (let pass = 0; pass < passes; pass++) {
    const seen = rowsOfLevel(stack, rows, stack.levels.length - 1, draws === 0 ? 'mean' : 'sample');
    const once = await up.run(call, () => up.native.categoryProbabilities([seen], labelsLayer), patience);
    once.forEach((probability, i) => {
      total[i] = (total[i] as number) + probability;
    });
  }
  return { values: Float32Array.from(total, (sum) => sum / passes), rows: rows.rows, cols };
}

/**
 * The class of every row of labels that were described: the largest of its places; −1 where there
 * is none.
 */
export function classNumbers({ host }: LayerInput): Int32Array {
  const numbers = new Int32Array(host.rows);
  let first = 0;
  for (const part of slicesOf(host)) {
    numbers.set(largest(toFloat64(part), part.cols), first);
    first += part.rows;
  }
  return numbers;
}

/**
 * The column of the largest value of every row that is above 0, the first of equal ones; −1 where
 * there is none.
 */
export function largest(values: ArrayLike<number>, cols: number): Int32Array {
  return Int32Array.from({ length: values.length / cols }, (_, r) => {
    let best = -1;
    for (let c = 0; c < cols; c++) {
      const value = values[r * cols + c] as number;
      if (value > (best < 0 ? 0 : (values[r * cols + best] as number))) best = c;
    }
    return best;
  });
}
