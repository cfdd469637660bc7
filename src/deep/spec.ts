/** How a deep Boltzmann machine is made: a list of layers, each coupled to the next. */
import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { readStart, type StartOptions, startOptions } from '../wiring/place.js';
import { readLayer } from '../wiring/read-wiring.js';
import type { LayerSpec, MachineSpec } from '../wiring/spec.js';
import { bernoulli, type Units, type UnitType } from '../wiring/units.js';

/** How to construct a deep Boltzmann machine. */
export interface DeepBoltzmannMachineOptions extends StartOptions {
  /**
   * Layers from the data upwards, at least three: how many Bernoulli units, or units of another
   * type such as `gaussian(20)`. They are called 'visible', 'hidden1', 'hidden2' and so on.
   */
  readonly layers: readonly (number | Units)[];
}

/** The layers of a deep machine by name. */
export type DeepLayers = {
  /** That of the rows. */
  readonly visible: Units;
  /** 'hidden1' above it, and so on. */
  readonly [hidden: `hidden${number}`]: Units;
};
/** Its couplings: every layer with the next. */
export type DeepCouplings = readonly (readonly [keyof DeepLayers & string, keyof DeepLayers & string])[];

const fewestLayers = 3;
/** More than anybody stacks. */
const mostLayers = 101;

/** Reads and checks the constructor's options. */
export function readDeep(call: string, options: unknown): MachineSpec {
  const check = new OptionCheck(call);
  if (options === undefined) throw check.error('options', 'an object with `layers`', options);
  const given = readOptions(call, options, ['layers', ...startOptions]);
  const layers = readList(check, given.layers).map((units, i) => readUnits(check, units, i));
  const couplings = layers.slice(1).map((_, l) => [l, l + 1] as const);
  return { ...readStart(check, given), layers, couplings };
}

function readList(check: OptionCheck, given: unknown): readonly unknown[] {
  const list = readFrom(check.call, 'layers', () => (Array.isArray(given) ? [...given] : null));
  if (list !== null && list.length === fewestLayers - 1) {
    throw check.error('layers', 'a list of at least 3 layers, visible and two hidden ones; two layers are an `RBM`', given);
  }
  if (list === null || list.length < fewestLayers || list.length > mostLayers) {
    throw check.error('layers', `a list of ${fewestLayers} to ${mostLayers} layers, such as [784, 500, 1000]`, given);
  }
  return list;
}

function readUnits(check: OptionCheck, given: unknown, i: number): LayerSpec {
  const [option, name] = [`layers[${i}]`, i === 0 ? 'visible' : `hidden${i}`];
  const isUnits = typeof given === 'object' && given !== null;
  return readLayer(check, name, isUnits ? given : bernoulli(check.integer(option, given, undefined, 1, 2 ** 31 - 1)), option);
}

/** Units of a layer as its maker wrote them. */
export function unitsOf({ type, units, size }: LayerSpec): Units {
  return { type: type as UnitType, places: units, size };
}

/** Refuses a wiring that is no chain of layers with the names of a deep machine. */
export function assertChain(call: string, has: MachineSpec, wanted: MachineSpec): void {
  const text = ({ layers, couplings }: MachineSpec): string =>
    couplings.map(([a, b]) => `${layers[a]?.name}-${layers[b]?.name}`).join(', ') || 'none';
  const sameNames = has.layers.every(({ name }, l) => name === wanted.layers[l]?.name);
  if (sameNames && text(has) === text(wanted)) return;
  throw new ParameterError(`${call}: couplings must be those of a deep machine, ${text(wanted)}, got ${text(has)}`);
}
