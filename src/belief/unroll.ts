/**
 * From a stack of machines to a feed-forward network: layer l of the network has the weights and
 * hidden units of level l's recognition half (Hinton & Salakhutdinov, "Reducing the dimensionality
 * of data with neural networks", Science 313 (2006)).
 */
import type { NativeArray } from '../machine/native.js';
import type { NetworkModel } from '../networks/network-model.js';
import { labelsLayer, labelsName } from './spec.js';
import type { BeliefStack, Level } from './stack.js';

type Target = Pick<NetworkModel, 'parameterShapes' | 'setParameter'>;

/** What a level's machine calls its parts. */
function namesOf({ up }: Level): { lower: string; upper: string } {
  const [lower, upper] = up.spec.layers;
  return { lower: lower?.name ?? '', upper: upper?.name ?? '' };
}

/** The parameters of a layer's units; [parameters, places]. */
function unitsOf(machine: Level['up'], layer: string): NativeArray {
  const name = machine.native.parameters().find((one) => one.name === `${layer}.bias` || one.name === `${layer}.parameters`)?.name;
  return machine.native.getParameter(name as string);
}

function set(target: Target, layer: string, part: 'weights' | 'units', values: NativeArray | Float64Array): void {
  const names = part === 'weights' ? [`${layer}.weights`] : [`${layer}.bias`, `${layer}.parameters`];
  const name = names.find((one) => one in target.parameterShapes) as string;
  target.setParameter(name, { data: values, shape: [...(target.parameterShapes[name] as readonly [number, number])] });
}

/**
 * Gives layers, one to a level from the bottom, what the levels recognise by. Those of levels that
 * nobody trained are left as they are.
 */
export function setEncoder(target: Target, stack: BeliefStack, layers: readonly string[], untouched: readonly boolean[]): void {
  stack.levels.forEach((level, l) => {
    if (untouched[l]) return;
    const { lower, upper } = namesOf(level);
    set(target, layers[l] as string, 'weights', level.up.native.getParameter(`${lower}-${upper}.weights`));
    set(target, layers[l] as string, 'units', withLabels(level, unitsOf(level.up, upper)));
  });
}

/**
 * The labels are not given to a network: their mean influence, of classes that are equally likely,
 * joins the biases.
 */
function withLabels({ up }: Level, units: NativeArray): NativeArray {
  const labels = up.spec.layers[labelsLayer];
  const upper = up.spec.layers[1];
  if (labels === undefined || upper === undefined) return units;
  const weights = up.native.getParameter(`${labelsName}-${upper.name}.weights`);
  // The first row of a unit type's parameters is what a field is added to.
  return units.map((value, i) => {
    if (i >= upper.units) return value;
    let sum = 0;
    for (let y = 0; y < labels.units; y++) sum += weights[y * upper.units + i] as number;
    return value + sum / labels.units;
  });
}

/** Gives layers, one to a level from the top, what the levels generate by. */
export function setDecoder(target: Target, stack: BeliefStack, layers: readonly string[], untouched: readonly boolean[]): void {
  stack.levels.toReversed().forEach((level, i) => {
    if (untouched[level.number - 1]) return;
    const { lower, upper } = namesOf(level);
    const [cols, rows] = [level.down.places(0), level.down.places(1)];
    const weights = level.down.native.getParameter(`${lower}-${upper}.weights`);
    set(target, layers[i] as string, 'weights', transposed(weights, rows, cols));
    set(target, layers[i] as string, 'units', unitsOf(level.down, lower));
  });
}

/**
 * Gives a layer of classes what the top machine tells them by: P(class | top layer) is a softmax of
 * the same weights.
 */
export function setLabels(target: Target, { top }: BeliefStack, layer: string): void {
  const { upper } = namesOf(top);
  const weights = top.up.native.getParameter(`${labelsName}-${upper}.weights`);
  set(target, layer, 'weights', transposed(weights, top.up.places(1), top.up.places(labelsLayer)));
  set(target, layer, 'units', unitsOf(top.up, labelsName));
}

/** A matrix [cols, rows] as [rows, cols]. */
function transposed(values: NativeArray, rows: number, cols: number): NativeArray {
  return values.map((_, i) => values[(i % cols) * rows + Math.floor(i / cols)] as number);
}

/**
 * What the first report of fine-tuning has to say of levels that nobody trained; null when there
 * are none.
 */
export function untrainedWarning({ spec: { layers } }: BeliefStack, untouched: readonly boolean[]): string | null {
  const names = untouched.flatMap((isNew, l) => (isNew ? [`'${layers[l + 1]?.name}'`] : []));
  if (names.length === 0) return null;
  if (names.length === untouched.length) return 'no level was pretrained: all layers start from random weights';
  return `the levels of ${names.join(', ')} were not pretrained: these layers start from random weights`;
}
