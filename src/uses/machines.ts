/** What the uses share: rows of any machine by layer, and a machine with layers added to it. */
import { type OptionCheck, readOptions } from '../arguments.js';
import { describeCategories } from '../data/categories.js';
import { describeRows, type RowsInput } from '../data/rows-input.js';
import { toFloat64 } from '../data/vector.js';
import { ParameterError, ShapeError } from '../errors.js';
import { BoltzmannMachine, type BoltzmannMachineOptions } from '../models/boltzmann-machine.js';
import type { LayerRows } from '../models/by-layer.js';
import { RBM } from '../models/rbm.js';
import type { Matrix } from '../models/results.js';
import type { Couplings, LayerName, Layers } from '../wiring/names.js';
import type { Units } from '../wiring/units.js';

/** Any machine, its names forgotten. */
export type AnyMachine = RBM | BoltzmannMachine;

/** The rows of one layer as plain numbers. */
export interface GivenLayer {
  readonly name: string;
  readonly units: Units;
  /** What the rows are called in messages. */
  readonly argument: string;
  /** [rows, places], row-major; NaN where a value is missing. */
  readonly values: Float64Array;
}

/** Rows of one or several layers. */
export interface GivenRows {
  readonly rows: number;
  readonly layers: readonly GivenLayer[];
}

/** Rows by layer, as a machine that has names for its layers takes them; of an RBM the visible ones. */
export function rowsByLayer(call: string, machine: AnyMachine, argument: string, rows: unknown): Readonly<Record<string, unknown>> {
  checkMachine(call, machine);
  return machine instanceof RBM ? { visible: rows } : readOptions(call, rows ?? null, Object.keys(machine.layers), argument);
}

function checkMachine(call: string, machine: unknown): asserts machine is AnyMachine {
  if (machine instanceof RBM || machine instanceof BoltzmannMachine) return;
  throw new ParameterError(`${call}: \`machine\` must be an RBM or a BoltzmannMachine`);
}

/** Reads rows of any form as numbers: a copy in double precision. */
export function readGiven(call: string, machine: AnyMachine, argument: string, rows: unknown): GivenRows {
  const layers = Object.entries(rowsByLayer(call, machine, argument, rows)).map(([name, given]) => {
    const argumentOf = machine instanceof RBM ? argument : `${argument}.${name}`;
    const units = (machine.layers as Layers)[name] as Units;
    return { name, units, argument: argumentOf, values: readLayerRows(call, argumentOf, name, units, given) };
  });
  const counts = layers.map(({ values, units }) => values.length / units.places);
  const [count] = counts;
  if (count === undefined) throw new ParameterError(`${call}: \`${argument}\` must hold rows of at least one layer`);
  const odd = counts.findIndex((each) => each !== count);
  if (odd < 0) return { rows: count, layers };
  throw new ShapeError(
    `${call}: \`${layers[odd]?.argument}\` must have ${count} rows, as \`${layers[0]?.argument}\` has, got ${counts[odd]}`,
  );
}

function readLayerRows(call: string, argument: string, name: string, { type, places, size }: Units, rows: unknown): Float64Array {
  const where = { call, argument, units: `places of layer '${name}'` };
  return toFloat64(type === 'softmax' ? describeCategories(rows, size, places / size, where) : describeRows(rows, places, where));
}

/** Rows of a layer as a machine takes them. */
export function dense(values: Float64Array | Float32Array, places: number): RowsInput {
  return { data: values, shape: [values.length / places, places] };
}

/** What rows of layers lack, filled in; one matrix to each name. */
export async function imputed(
  machine: AnyMachine,
  rows: Readonly<Record<string, RowsInput>>,
  options: Parameters<RBM['impute']>[1],
): Promise<Readonly<Record<string, Matrix>>> {
  if (machine instanceof RBM) return { visible: await machine.impute(rows.visible as RowsInput, options) };
  return machine.impute(rows as LayerRows, options) as Promise<Readonly<Record<string, Matrix>>>;
}

/** Results by layer as a machine's callers get them: of an RBM the visible rows alone. */
export function asGiven<T>(machine: AnyMachine, byLayer: Readonly<Record<string, T>>): T | Readonly<Record<string, T>> {
  return machine instanceof RBM ? (byLayer.visible as T) : byLayer;
}

/** Layers that a copy of a machine has besides its own, each coupled to one of them. */
export interface AddedLayer {
  readonly name: string;
  readonly units: Units;
  readonly to: string;
  /** [places of `to`, places], row-major. */
  readonly weights: Float64Array;
  readonly bias: Float64Array;
  /** What is added to the biases of `to`. */
  readonly biasOfOther: Float64Array;
}

/** A machine with the parameters of another one and some layers more; it runs where that one runs. */
export function extended(machine: AnyMachine, added: readonly AddedLayer[], seed: bigint): BoltzmannMachine {
  const copy = new BoltzmannMachine({
    layers: { ...(machine.layers as Layers), ...Object.fromEntries(added.map(({ name, units }) => [name, units])) },
    couplings: [...couplingsOf(machine), ...added.map(({ name, to }) => [to, name] as const)],
    seed,
    device: machine.device,
    threads: machine.backendInfo().threads,
  } as BoltzmannMachineOptions);
  for (const name of machine.parameterNames as readonly string[]) copy.setParameter(name, (machine as BoltzmannMachine).getParameter(name));
  for (const { name, units, to, weights, bias, biasOfOther } of added) {
    const own = copy.getParameter(`${to}.bias`);
    copy.setParameter(
      `${to}.bias`,
      own.data.map((value, i) => value + (biasOfOther[i] as number)),
    );
    copy.setParameter(`${name}.bias`, bias);
    copy.setParameter(`${to}-${name}.weights`, dense(weights, units.places));
  }
  return copy;
}

function couplingsOf(machine: AnyMachine): Couplings {
  return (machine.couplings as readonly (readonly [string, string])[]).map(([a, b]) => {
    const edges = a === b && machine instanceof BoltzmannMachine ? machine.edges(a) : null;
    return edges === null ? ([a, b] as const) : ([a, b, { edges }] as const);
  });
}

/** A name that no layer of a machine has. */
export function freeName(machine: AnyMachine, wanted: string): string {
  return wanted in (machine.layers as Layers) ? freeName(machine, `${wanted}'`) : wanted;
}

/** Rows of layers that a machine of known names has. */
export type RowsOf<L extends Layers> = LayerRows<LayerName<L>>;

/** A seed of an option, the machine's own if it is left out. */
export function readSeed(check: OptionCheck, machine: AnyMachine, seed: unknown): bigint {
  return check.seed('seed', seed, machine.seed);
}
