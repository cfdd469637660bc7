import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import type { Device } from '../machine/backend.js';
import { type GraphOptions, readGraph } from '../machine/graph.js';
import type { MachineSpec } from '../machine/machine.js';
import type { Units } from '../machine/units.js';
import type { OpenCheckpoint } from './checkpoint.js';
import { isObject, savedSeed } from './file-values.js';
import { readWhere } from './rbm-options.js';

/** How a machine is wired. */
export interface BoltzmannMachineOptions {
  /** Layers by name, in order. */
  readonly layers: Readonly<Record<string, Units>>;
  /**
   * Pairs of names of coupled layers, each pair once. A layer may be coupled to itself (every unit to every other), or only along the edges
   * of a graph: `['spins', 'spins', { edges: gridEdges([64, 64]) }]`.
   */
  readonly couplings: readonly (readonly [string, string] | readonly [string, string, GraphOptions])[];
  /** Seed of all randomness: a whole number or bigint in [0, 2^64). Default 0. */
  readonly seed?: number | bigint;
  /** Default 'auto'. */
  readonly device?: Device;
  /** Threads for training and sampling; default 0: as many as the process may use. Results do not depend on it. */
  readonly threads?: number;
  /** Standard deviation of the start weights. Default 0.01. */
  readonly weightScale?: number;
}

/** The constructor's options from a checkpoint's description of the machine; they are checked as any caller's. */
export function optionsOf(checkpoint: OpenCheckpoint): BoltzmannMachineOptions {
  const { layers, couplings, seed, weightScale } = checkpoint.config;
  const list = savedList(layers).map((layer) => (isObject(layer) ? layer : {}));
  const named = list.map(({ name, type, units, size }) => [name, { type, places: units, size }] as [string, Units]);
  const pairs = savedList(couplings).map((pair, c) => {
    const [names, data] = [savedList(pair).map((layer) => list[layer as number]?.name), checkpoint.takeGraph(c)];
    return data === undefined ? names : [...names, { edges: { data, shape: [data.length / 2, 2] } }];
  });
  return {
    layers: Object.fromEntries(named),
    couplings: pairs as unknown as BoltzmannMachineOptions['couplings'],
    seed: savedSeed(seed),
    weightScale: weightScale as number,
  };
}

function savedList(said: unknown): unknown[] {
  return Array.isArray(said) ? said : [];
}

/** Reads and checks the constructor's options. */
export function readSpec(call: string, options: unknown): MachineSpec {
  const given = readOptions(call, options, ['layers', 'couplings', 'seed', 'device', 'threads', 'weightScale']);
  const check = new OptionCheck(call);
  if (typeof given.layers !== 'object' || given.layers === null) throw check.error('layers', 'an object of units by name', given.layers);
  const entries = readFrom(call, 'layers', () => Object.entries(given.layers as object));
  const layers = entries.map(([name, value]) => readLayer(check, name, value));
  if (layers.length === 0) throw check.error('layers', 'an object with at least one layer', given.layers);
  const { couplings: pairs } = given;
  if (!readFrom(call, 'couplings', () => Array.isArray(pairs))) throw check.error('couplings', 'a list of pairs of layer names', pairs);
  const couplings = (pairs as unknown[]).map((coupling: unknown, i) => readCoupling(check, coupling, layers, i));
  return { ...readWhere(check, given), layers, couplings };
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

function readLayer(check: OptionCheck, name: string, value: unknown): MachineSpec['layers'][number] {
  checkName(check, name);
  const { type, places, size } = readOptions(check.call, value, ['type', 'places', 'size']);
  if (typeof type !== 'string') throw check.error(`layers.${name}`, 'units such as bernoulli(100)', value);
  const units = check.integer(`layers.${name}.places`, places, undefined, 1, 2 ** 31 - 1);
  return { name, type, units, size: check.integer(`layers.${name}.size`, size, 1, 1, 2 ** 31 - 1) };
}

function readCoupling(check: OptionCheck, given: unknown, layers: MachineSpec['layers'], index: number): MachineSpec['couplings'][number] {
  const form = 'a list of pairs of layer names, with a graph as third where a layer follows one';
  if (!Array.isArray(given) || given.length < 2 || given.length > 3) throw check.error('couplings', form, given);
  const [a, b] = given.slice(0, 2).map((name: unknown) => {
    const found = layers.findIndex((layer) => layer.name === name);
    if (found >= 0) return found;
    throw check.error('couplings', `pairs of ${layers.map((layer) => `'${layer.name}'`).join(', ')}`, name);
  }) as [number, number];
  if (given[2] === undefined) return [a, b];
  const { type, units, size, name } = layers[a] as MachineSpec['layers'][number];
  if (a !== b)
    throw new ParameterError(
      `${check.call}: \`couplings[${index}]\` must join a layer to itself to follow a graph, got '${name}' and '${layers[b]?.name}'`,
    );
  return [a, a, readGraph(check.call, given[2], type === 'softmax' ? units / size : units, `couplings[${index}]`)];
}
