import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { readGraph } from './graph.js';
import type { Couplings, GivenCouplings, LayerName, Layers } from './names.js';
import { readStart, type StartOptions, startOptions } from './place.js';
import type { CouplingSpec, LayerSpec, MachineSpec } from './spec.js';

/** How a machine is wired. */
export interface WiringOptions<L extends Layers = Layers, C extends Couplings = Couplings> extends StartOptions {
  /** Layers by name, in order. */
  readonly layers: L;
  /**
   * Pairs of names of coupled layers, each pair once. A layer may be coupled to itself (every unit to every other), or only along the edges
   * of a graph: `['spins', 'spins', { edges: gridEdges([64, 64]) }]`.
   */
  readonly couplings: GivenCouplings<C, LayerName<L>>;
}

/** Reads and checks the constructor's options. */
export function readSpec(call: string, options: unknown): MachineSpec {
  const given = readOptions(call, options, ['layers', 'couplings', ...startOptions]);
  const check = new OptionCheck(call);
  if (typeof given.layers !== 'object' || given.layers === null) throw check.error('layers', 'an object of units by name', given.layers);
  const entries = readFrom(call, 'layers', () => Object.entries(given.layers as object));
  const layers = entries.map(([name, value]) => readLayer(check, name, value));
  if (layers.length === 0) throw check.error('layers', 'an object with at least one layer', given.layers);
  const { couplings: pairs } = given;
  if (!readFrom(call, 'couplings', () => Array.isArray(pairs))) throw check.error('couplings', 'a list of pairs of layer names', pairs);
  const couplings = (pairs as unknown[]).map((coupling: unknown, i) => readCoupling(check, coupling, layers, i));
  return { ...readStart(check, given), layers, couplings };
}

/** The longest name of a layer, in characters. */
const longestName = 200;

/** Names stand in files, in messages and as keys of objects: those that one of these cannot tell apart are refused. */
function checkName(check: OptionCheck, name: string): void {
  const bad = name === '' || name.length > longestName || /[\x00-\x1f\x7f]|\p{Surrogate}/u.test(name) || name === '__proto__';
  const rule = `layers whose names have 1 to ${longestName} characters, none of them a control character, and are not '__proto__'`;
  if (bad) throw check.error('layers', rule, name);
  if (name.startsWith('training/')) throw check.error('layers', "layers whose names do not begin with 'training/'", name);
}

/** Reads the units of a layer, as `bernoulli(100)` and the others make them. */
export function readLayer(check: OptionCheck, name: string, value: unknown, option = `layers.${name}`): LayerSpec {
  checkName(check, name);
  const { type, places, size } = readOptions(check.call, value, ['type', 'places', 'size'], option);
  if (typeof type !== 'string') throw check.error(option, 'units such as bernoulli(100)', value);
  const units = check.integer(`${option}.places`, places, undefined, 1, 2 ** 31 - 1);
  return { name, type, units, size: check.integer(`${option}.size`, size, 1, 1, 2 ** 31 - 1) };
}

function readCoupling(check: OptionCheck, given: unknown, layers: readonly LayerSpec[], index: number): CouplingSpec {
  const form = 'a list of pairs of layer names, with a graph as third where a layer follows one';
  if (!Array.isArray(given) || given.length < 2 || given.length > 3) throw check.error('couplings', form, given);
  const names = layers.map((layer) => layer.name);
  const [a, b] = given.slice(0, 2).map((name: unknown) => check.nameOf('couplings', name, names, 'pairs of')) as [number, number];
  if (given[2] === undefined) return [a, b];
  const { type, units, size, name } = layers[a] as LayerSpec;
  if (a !== b)
    throw new ParameterError(
      `${check.call}: \`couplings[${index}]\` must join a layer to itself to follow a graph, got '${name}' and '${layers[b]?.name}'`,
    );
  return [a, a, readGraph(check.call, given[2], type === 'softmax' ? units / size : units, `couplings[${index}]`)];
}
