import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { keyOf, philox4x32, streams } from '../data/random.js';
import { readStart, type StartOptions, startOptions } from '../wiring/place.js';
import { readLayer } from '../wiring/read-wiring.js';
import type { LayerSpec, MachineSpec, PlaceSpec } from '../wiring/spec.js';
import { bernoulli, softmax, type Units, type UnitType } from '../wiring/units.js';

/** How to construct a deep belief network. */
export interface DeepBeliefNetworkOptions extends StartOptions {
  /**
   * Layers from the data upwards, at least two: how many Bernoulli units, or units of another type
   * such as `gaussian(20)`. They are called 'visible', 'hidden1', 'hidden2' and so on.
   */
  readonly layers: readonly (number | Units)[];
  /**
   * Classes, at least 2: the top machine then has a softmax unit of so many categories beside its
   * lower layer, called 'labels'. Default: none.
   */
  readonly labels?: number | undefined;
}

/** Layers and labels, checked. */
export interface BeliefSpec extends PlaceSpec {
  /** From the data upwards. */
  readonly layers: readonly LayerSpec[];
  /** Classes; null without labels. */
  readonly labels: number | null;
}

/** The name of the label layer. */
export const labelsName = 'labels';
/** Its number in the top machine, whose layers 0 and 1 are the lower and the upper one. */
export const labelsLayer = 2;

/**
 * Levels that a network may have: more than anybody stacks, and few enough for names of parameters.
 */
const mostLevels = 100;
const mostClasses = 2 ** 20;

/** Reads and checks the constructor's options. */
export function readNetwork(call: string, options: unknown): BeliefSpec {
  const check = new OptionCheck(call);
  if (options === undefined) throw check.error('options', 'an object with `layers`', options);
  const given = readOptions(call, options, ['layers', 'labels', ...startOptions]);
  const list = readList(check, given.layers);
  const labels =
    given.labels === undefined || given.labels === null ? null : check.integer('labels', given.labels, undefined, 2, mostClasses);
  return { ...readStart(check, given), layers: list.map((units, i) => readUnits(check, units, i)), labels };
}

function readList(check: OptionCheck, given: unknown): readonly unknown[] {
  const isList = readFrom(check.call, 'layers', () => Array.isArray(given));
  if (!isList || (given as unknown[]).length < 2 || (given as unknown[]).length > mostLevels + 1) {
    throw check.error('layers', `a list of 2 to ${mostLevels + 1} layers, such as [784, 500, 500]`, given);
  }
  return readFrom(check.call, 'layers', () => [...(given as unknown[])]);
}

function readUnits(check: OptionCheck, given: unknown, i: number): LayerSpec {
  const option = `layers[${i}]`;
  const isUnits = typeof given === 'object' && given !== null;
  return readLayer(check, layerName(i), isUnits ? given : bernoulli(check.integer(option, given, undefined, 1, 2 ** 31 - 1)), option);
}

function layerName(i: number): string {
  return i === 0 ? 'visible' : `hidden${i}`;
}

/**
 * The wiring of every level's machine. Level l joins layer l − 1 to layer l; the top one joins the
 * labels to its upper layer too.
 *
 * @param half - 0 for the half that goes up, 1 for the one that goes down, once they differ.
 */
export function levelSpecs(spec: BeliefSpec, half: 0 | 1): MachineSpec[] {
  const { layers, labels, seed, ...place } = spec;
  return layers.slice(1).map((upper, i) => {
    const lower = layers[i] as LayerSpec;
    const own = { ...place, seed: levelSeed(seed, i + 1, half) };
    const isTop = i === layers.length - 2;
    if (!isTop || labels === null) return { ...own, layers: [lower, upper], couplings: [[0, 1]] };
    const { type, places, size } = softmax(labels);
    const third = { name: labelsName, type, units: places, size };
    return { ...own, layers: [lower, upper, third], couplings: [[0, 1] as const, [labelsLayer, 1] as const] };
  });
}

/** Machines of one network must not draw the same words: each has a seed of its own. */
function levelSeed(seed: bigint, level: number, half: 0 | 1): bigint {
  const [low, high] = philox4x32([level, half, streams.beliefLevels, 0], keyOf(seed));
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Units of a layer as its maker wrote them. */
export function unitsOf({ type, units, size }: LayerSpec): Units {
  return { type: type as UnitType, places: units, size };
}
