/** How the layers of a network are written down, and how they are read. */
import { type OptionCheck, readFrom, readOptions } from '../arguments.js';
import type { DenseSpec, NetworkSpec } from '../machine/network-host.js';
import { type PlaceOptions, readPlace } from '../wiring/place.js';
import { bernoulli, type Units, type UnitType, unitTypes } from '../wiring/units.js';

/**
 * The types of units that a network may have: all but counts, whose means depend on the length of a
 * document.
 */
export type NetworkUnitType = Exclude<UnitType, 'counts'>;
/** Units of a network: their means given what comes in are what goes on. */
export type NetworkUnits = Units<NetworkUnitType>;

/** A layer of a network in full. */
export interface NetworkLayer {
  /**
   * Units such as `relu(500)`; a number stands for that many `bernoulli` units, whose mean is the
   * logistic function.
   */
  readonly units: number | NetworkUnits;
  /** Default: 'hidden1', 'hidden2' and so on, the last one 'output'. Without '/' and '.'. */
  readonly name?: string | undefined;
  /**
   * Share of this layer's units that training drops, in [0, 1) (Srivastava et al. 2014). Default 0.
   * Of no outputs.
   */
  readonly dropout?: number | undefined;
  /**
   * Standard deviation of its start weights. Default: √(2 / inputs) for `relu` and `doubleRelu` (He
   * et al. 2015), √(2 / (inputs + places)) for the others (Glorot & Bengio 2010).
   */
  readonly weightScale?: number | undefined;
}

/** A layer as one writes it: its units alone, or all of it. */
export type GivenLayer = number | (NetworkUnits & { readonly [K in keyof NetworkLayer]?: undefined }) | NetworkLayer;

/** What every network's constructor takes. */
export interface NetworkStart extends PlaceOptions {
  /** Seed of all randomness: a whole number or bigint in [0, 2^64). Default 0. */
  readonly seed?: number | bigint | undefined;
  /** Share of the columns of the rows that training drops, in [0, 1). Default 0. */
  readonly inputDropout?: number | undefined;
}

/** The names of {@link NetworkStart}. */
export const startNames = ['seed', 'inputDropout', 'device', 'threads'] as const;

/** What a network's outputs are measured by. */
export const losses = ['likelihood', 'squared'] as const;
/**
 * 'likelihood': −log p(target) in nats, with the outputs as means of their units: cross-entropy of
 * `softmax` and `bernoulli` units. 'squared': the sum of squared differences.
 */
export type Loss = (typeof losses)[number];

/** How a network is built, checked. */
export interface BuiltSpec extends NetworkSpec {
  readonly loss: Loss;
  /**
   * What training drops of what goes into each layer: of the columns of the rows, then of the
   * hidden layers' units.
   */
  readonly dropout: readonly number[];
}

/** A layer that was read. */
export interface ReadLayer extends DenseSpec {
  readonly dropout: number;
}

const mostPlaces = 2 ** 31 - 1;
const mostLayers = 1000;
const longestName = 200;
/** Names of parts of a network that are no layer of it. */
export const inputName = 'inputs';

/** How layers are read that are not all of a network. */
interface Reading {
  /** The number that the first one has in its list. Default 0. */
  readonly first?: number;
  /** What the last one is called. Default 'output'. */
  readonly last?: string;
  /** The output layer, which is not in the list. */
  readonly output?: NetworkUnits;
}

/** Reads layers, the first of which gets rows of so many columns. */
export function readLayers(check: OptionCheck, option: string, given: unknown, inputs: number, reading: Reading = {}): ReadLayer[] {
  const { first = 0, last = 'output', output } = reading;
  const form = `a list${output === undefined ? ' of at least one layer' : ''}, such as [relu(500), softmax(10)]`;
  const list = readList(check, option, given, output === undefined ? 1 : 0, form);
  const layers: ReadLayer[] = [];
  [...list, ...(output === undefined ? [] : [output])].forEach((layer, i, all) => {
    const isLast = i === all.length - 1;
    const place = `${option}[${i + first}]`;
    const read = readLayer(check, place, layer, layers.at(-1)?.units ?? inputs, isLast ? last : `hidden${i + 1}`);
    const other = layers.findIndex(({ name }) => name === read.name);
    if (other >= 0) throw check.error(`${place}.name`, `another name than \`${option}[${other + first}]\` has`, read.name);
    if (isLast && last === 'output' && read.dropout > 0)
      throw check.error(`${place}.dropout`, 'left out: outputs are never dropped', read.dropout);
    layers.push(read);
  });
  return layers;
}

/** Reads a list of so many elements at least; `form` says what it should be. */
export function readList(check: OptionCheck, option: string, given: unknown, least: number, form: string): unknown[] {
  const list = readFrom(check.call, option, () => (Array.isArray(given) ? [...(given as unknown[])] : undefined));
  if (list === undefined) throw check.error(option, form, given);
  if (list.length < least) throw check.error(option, form, `a list of ${list.length}`);
  if (list.length > mostLayers) throw check.error(option, `a list of at most ${mostLayers}`, `a list of ${list.length}`);
  return list;
}

function readLayer(check: OptionCheck, option: string, given: unknown, inputs: number, usualName: string): ReadLayer {
  const whole = isWhole(check, option, given) ? readOptions(check.call, given, ['units', 'name', 'dropout', 'weightScale'], option) : null;
  const { type, units, size } = readUnits(check, whole === null ? option : `${option}.units`, whole === null ? given : whole.units);
  return {
    name: readName(check, `${option}.name`, whole?.name, usualName),
    type,
    units,
    size,
    dropout: check.number(`${option}.dropout`, whole?.dropout, 0, 0, 1, true),
    weightScale: check.number(`${option}.weightScale`, whole?.weightScale, usualScale(type, inputs, units)),
  };
}

/**
 * Standard deviation of the start weights: He et al. 2015, equation 10; Glorot & Bengio 2010,
 * equation 12.
 */
export function usualScale(type: string, inputs: number, places: number): number {
  return type === 'relu' || type === 'doubleRelu' ? Math.sqrt(2 / inputs) : Math.sqrt(2 / (inputs + places));
}

/** Whether a layer is written in full: an object that is no units. */
function isWhole(check: OptionCheck, option: string, given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false;
  return readFrom(check.call, option, () => !Array.isArray(given) && !('type' in given));
}

/** Reads units, of which a number is so many Bernoulli units. */
export function readUnits(check: OptionCheck, option: string, given: unknown): { type: NetworkUnitType; units: number; size: number } {
  const units = typeof given === 'object' && given !== null ? given : bernoulli(check.integer(option, given, undefined, 1, mostPlaces));
  const read = readOptions(check.call, units, ['type', 'places', 'size'], option);
  const known = unitTypes.filter((type): type is NetworkUnitType => type !== 'counts');
  const type = known[check.nameOf(`${option}.type`, read.type, known)] as NetworkUnitType;
  const places = check.integer(`${option}.places`, read.places, undefined, 1, mostPlaces);
  const size = check.integer(`${option}.size`, read.size, 1, 1, mostPlaces);
  if (type === 'softmax' && places % size !== 0) throw check.error(`${option}.places`, `a multiple of the ${size} categories`, places);
  return { type, units: places, size };
}

/** Names stand in files and in messages. */
function readName(check: OptionCheck, option: string, given: unknown, usual: string): string {
  const name = given === undefined ? usual : given;
  const bad = typeof name !== 'string' || name === '' || name.length > longestName || /[./\x00-\x1f\x7f]|\p{Surrogate}/u.test(name);
  if (bad) throw check.error(option, `a name of 1 to ${longestName} characters without '.', '/' and control characters`, given);
  if (name === inputName || name === '__proto__') throw check.error(option, `another name than '${inputName}' and '__proto__'`, name);
  return name;
}

/** Reads what every network has, over layers that were read. */
export function readStart(
  check: OptionCheck,
  given: { readonly [K in keyof NetworkStart]?: unknown },
  inputs: number,
  layers: readonly ReadLayer[],
  loss: Loss,
): BuiltSpec {
  const dropout = [check.number('inputDropout', given.inputDropout, 0, 0, 1, true), ...layers.slice(0, -1).map((layer) => layer.dropout)];
  const seed = check.seed('seed', given.seed, 0n);
  return { ...readPlace(check, given), seed, inputs, loss, dropout, layers: layers.map(({ dropout: _, ...layer }) => layer) };
}

/** Reads the number of columns of the rows. */
export function readInputs(check: OptionCheck, given: unknown): number {
  return check.integer('inputs', given, undefined, 1, mostPlaces);
}
