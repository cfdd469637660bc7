/**
 * Samples of a network: Gibbs chains of the top machine, with the class held or free, then one pass
 * down through the generative half (Hinton, Osindero & Teh 2006, section 6.1).
 */
import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import { ShapeError } from '../errors.js';
import type { LayerInput } from '../machine/host.js';
import type { NativeChainOptions, NativeLayerRows } from '../machine/native.js';
import { type Patience, readPatience } from '../machine/patience.js';
import { layerInput } from './inputs.js';
import { downwards, type LayerValues, rowsOfLevel } from './passes.js';
import type { Activities } from './record.js';
import { labelsLayer } from './spec.js';
import type { BeliefStack } from './stack.js';

/** How to draw from a network. */
export interface NetworkSampleOptions extends Patience {
  /**
   * The class that is held: one for all, or one for each sample. By default the top machine draws
   * the labels too.
   */
  readonly label?: number | ArrayLike<number> | undefined;
  /** Gibbs sweeps of the top machine. Default 1000. */
  readonly sweeps?: number | undefined;
  /**
   * Rows [n, visible] whose draws of the top machine's lower layer the chains start from. Default:
   * a random state.
   */
  readonly start?: RowsInput | undefined;
  /** A draw of the visible layer, or its means given the layer above. Default 'sample'. */
  readonly output?: Activities | undefined;
}

/** How to draw, checked. */
export interface NetworkSampleControl {
  readonly n: number;
  /** A class to a sample, or one for all; empty: free. */
  readonly labels: readonly number[];
  readonly sweeps: number;
  readonly start: LayerInput | null;
  readonly output: Activities;
  readonly patience: Patience;
}

/** Reads how to draw. */
export function readNetworkSample(call: string, stack: BeliefStack, n: unknown, options: unknown): NetworkSampleControl {
  const given = readOptions(call, options, ['label', 'sweeps', 'start', 'output', 'signal', 'onProgress']);
  const check = new OptionCheck(call);
  const rows = check.integer('n', n, undefined, 1, 2 ** 31 - 1);
  const start = given.start === undefined ? null : layerInput(stack.spec, call, 'start', given.start);
  if (start !== null && start.host.rows !== rows) {
    throw new ShapeError(`${call}: \`start\` must have ${rows} rows, one to a sample, got ${start.host.rows}`);
  }
  return {
    n: rows,
    labels: readLabels(check, given.label, stack.spec.labels, rows),
    sweeps: check.integer('sweeps', given.sweeps, 1000, 0, 2 ** 40),
    start,
    output: check.oneOf('output', given.output, 'sample', ['sample', 'mean']),
    patience: readPatience(check, given),
  };
}

function readLabels(check: OptionCheck, given: unknown, classes: number | null, n: number): number[] {
  if (given === undefined) return [];
  if (classes === null) throw check.error('label', 'left out: this network was made without labels', given);
  const one = (name: string, value: unknown): number => check.integer(name, value, undefined, 0, classes - 1);
  if (typeof given === 'number') return [one('label', given)];
  const list = readFrom(check.call, 'label', () => (isList(given) ? Array.from(given) : undefined));
  if (list === undefined) throw check.error('label', `a class from 0 to ${classes - 1}, or a list of them`, given);
  if (list.length !== n) throw new ShapeError(`${check.call}: \`label\` must be one class or ${n}, one to a sample, got ${list.length}`);
  return list.map((value, i) => one(`label[${i}]`, value));
}

function isList(given: unknown): given is ArrayLike<unknown> {
  return Array.isArray(given) || (ArrayBuffer.isView(given) && !(given instanceof DataView));
}

/** Draws rows of the visible layer; [n, visible]. Inside `exclusive` only. */
export async function sampled(
  stack: BeliefStack,
  call: string,
  control: NetworkSampleControl,
  packed: readonly NativeLayerRows[],
): Promise<LayerValues> {
  const { up } = stack.top;
  const { n, labels, sweeps, output, patience } = control;
  const l = stack.levels.length - 1;
  const [visible] = packed;
  const start = visible === undefined ? [] : [rowsOfLevel(stack, visible.rows, l, 'sample')];
  const wantsMean = l === 0 && output === 'mean';
  const options: NativeChainOptions = {
    ...{ chains: n, steps: sweeps, betas: Float64Array.of(1), schedule: new Float64Array(0), tempered: null, quench: 0 },
    ...{ start, clamps: clamps(labels, stack.spec.labels ?? 0), observe: null, energies: false },
    states: wantsMean ? [] : [0],
    mean: wantsMean ? 0 : null,
  };
  const { states, mean } = await up.run(call, () => up.native.chains(options), patience);
  const values = (wantsMean ? mean : states[0]) as Float32Array;
  return downwards(stack, call, { values, rows: n, cols: up.places(0) }, l, { between: 'sample', last: output }, patience);
}

/** The label layer of the top machine, held. */
function clamps(labels: readonly number[], classes: number): NativeChainOptions['clamps'] {
  if (labels.length === 0) return [];
  const values = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => {
    values[i * classes + label] = 1;
  });
  return [{ layer: labelsLayer, mask: new Float32Array(values.length).fill(1), values }];
}
