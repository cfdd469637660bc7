/**
 * Parameters of scikit-learn's `BernoulliRBM`, and of a pipeline of them, from an npz file.
 *
 * A file holds arrays under the names of scikit-learn's attributes, each with the name of its step
 * before it where there are several: `components_` or `rbm1__components_`. This writes one:
 *
 *     np.savez('stack.npz', **{f'{name}__{key}': value for name, step in pipeline.steps
 *                              for key, value in vars(step).items() if isinstance(value, np.ndarray)})
 *
 * scikit-learn keeps weights as [hidden, visible], and coefficients as [classes, features].
 */

import { shapeText } from '../data/integers.js';
import type { NdArray } from '../data/ndarray.js';
import { type NpzFile, openNpz } from '../data/npz.js';
import { rowMajorElements } from '../data/row-major.js';
import type { NumericArray } from '../data/typed.js';
import { FormatError, ParameterError } from '../errors.js';
import { type FilePath, filePath } from '../io/files.js';
import { didYouMean } from '../suggest.js';

/** One `BernoulliRBM`. */
export interface ScikitLearnLevel {
  /** Name of its step; empty where the file holds bare attributes. */
  readonly step: string;
  readonly visible: number;
  readonly hidden: number;
  /** [visible, hidden]. */
  readonly weights: Float64Array;
  /** [visible]. */
  readonly visibleBias: Float64Array;
  /** [hidden]. */
  readonly hiddenBias: Float64Array;
}

/** A `LogisticRegression` after the machines, as the softmax layer that gives the same probabilities. */
export interface ScikitLearnOutput {
  readonly step: string;
  readonly inputs: number;
  /** Column k belongs to the k-th entry of scikit-learn's `classes_`. */
  readonly classes: number;
  /** [inputs, classes]. */
  readonly weights: Float64Array;
  /** [classes]. */
  readonly bias: Float64Array;
}

/** What a file holds, from the data upwards. */
export interface ScikitLearnStack {
  readonly levels: readonly ScikitLearnLevel[];
  readonly output: ScikitLearnOutput | null;
}

const marks = { level: 'components_', output: 'coef_' } as const;

/**
 * Reads the machines of an npz file, in the order in which they were written.
 *
 * @param call - Public name of the call, for messages.
 * @throws `FormatError` where the file is damaged, holds no `BernoulliRBM`, or its machines do not
 *   stand on each other; `FileError` where it cannot be read.
 */
export async function readScikitLearn(call: string, path: FilePath): Promise<ScikitLearnStack> {
  const file = await openNpz(call, path);
  const what = `${call}: ${filePath(path, call)}`;
  const levels: ScikitLearnLevel[] = [];
  for (const prefix of prefixes(file, marks.level)) levels.push(await readLevel(file, prefix, what));
  if (levels.length === 0) {
    const held = file.names.length === 0 ? 'nothing' : file.names.slice(0, 20).join(', ');
    throw new FormatError(`${what} holds no BernoulliRBM: an array \`components_\` is missing, there is ${held}`);
  }
  for (const [i, level] of levels.entries()) {
    const below = levels[i - 1];
    if (below !== undefined) checkStands(what, `'${level.step}'`, level.visible, below);
  }
  const outputs = prefixes(file, marks.output);
  if (outputs.length > 1) throw new FormatError(`${what} holds ${outputs.length} arrays \`coef_\`: one is the output of a stack`);
  const output = outputs[0] === undefined ? null : await readOutput(file, outputs[0], what);
  if (output !== null) checkStands(what, `'${output.step}'`, output.inputs, levels.at(-1) as ScikitLearnLevel);
  return { levels, output };
}

/** The only machine of a file, or that of a step. */
export async function readOneOfScikitLearn(call: string, path: FilePath, step: string | undefined): Promise<ScikitLearnLevel> {
  const { levels } = await readScikitLearn(call, path);
  const steps = levels.map((level) => level.step);
  const level = step === undefined && levels.length === 1 ? levels[0] : levels.find((one) => one.step === step);
  if (level !== undefined) return level;
  if (step === undefined)
    throw new ParameterError(`${call}: the file holds ${levels.length} machines: \`step\` must say which of ${listed(steps)}`);
  throw new ParameterError(`${call}: \`step\` must be one of ${listed(steps)}, got '${step}'${didYouMean(step, steps)}`);
}

const listed = (steps: readonly string[]): string => steps.map((step) => `'${step}'`).join(', ');

/** What stands before an attribute's name, for every array of that name. */
function prefixes({ names }: NpzFile, attribute: string): string[] {
  return names
    .filter((name) => name === attribute || (/[^A-Za-z]$/.test(name.slice(0, -attribute.length)) && name.endsWith(attribute)))
    .map((name) => name.slice(0, -attribute.length));
}

/** A step's name without what joins it to that of an attribute. */
function stepOf(prefix: string): string {
  return prefix.replace(/(__|[^A-Za-z0-9])$/, '');
}

async function readLevel(file: NpzFile, prefix: string, what: string): Promise<ScikitLearnLevel> {
  const step = stepOf(prefix);
  for (const attribute of ['intercept_hidden_', 'intercept_visible_']) {
    if (file.names.includes(`${prefix}${attribute}`)) continue;
    throw new FormatError(`${what}: '${prefix}components_' is not that of a BernoulliRBM: '${prefix}${attribute}' is missing`);
  }
  const components = await file.read(`${prefix}components_`);
  if (components.shape.length !== 2 || components.size === 0) {
    throw new FormatError(`${what}: '${prefix}components_' must be [hidden, visible], got shape ${shapeText(components.shape)}`);
  }
  const [hidden, visible] = components.shape as [number, number];
  const hiddenBias = await vector(file, `${prefix}intercept_hidden_`, hidden, 'hidden', what);
  const visibleBias = await vector(file, `${prefix}intercept_visible_`, visible, 'visible', what);
  const weights = transposed(finite(components, `${what}: '${prefix}components_'`), hidden, visible);
  return { step, visible, hidden, weights, visibleBias, hiddenBias };
}

/** Two classes have one row of coefficients: log-odds of the second against the first. */
async function readOutput(file: NpzFile, prefix: string, what: string): Promise<ScikitLearnOutput> {
  const coefficients = await file.read(`${prefix}coef_`);
  if (coefficients.shape.length !== 2 || coefficients.size === 0) {
    throw new FormatError(`${what}: '${prefix}coef_' must be [classes, features], got shape ${shapeText(coefficients.shape)}`);
  }
  const [rows, inputs] = coefficients.shape as [number, number];
  const intercepts = await vector(file, `${prefix}intercept_`, rows, 'classes', what);
  const values = finite(coefficients, `${what}: '${prefix}coef_'`);
  const all = rows === 1 ? Float64Array.from([...new Float64Array(inputs), ...values]) : values;
  const bias = rows === 1 ? Float64Array.of(0, intercepts[0] as number) : intercepts;
  const classes = bias.length;
  return { step: stepOf(prefix), inputs, classes, weights: transposed(all, classes, inputs), bias };
}

async function vector(file: NpzFile, name: string, length: number, of: string, what: string): Promise<Float64Array> {
  if (!file.names.includes(name)) throw new FormatError(`${what}: '${name}' is missing`);
  const array = await file.read(name);
  if (array.shape.length === 1 && array.shape[0] === length) return finite(array, `${what}: '${name}'`);
  throw new FormatError(`${what}: '${name}' must have one value for each of ${length} ${of}, got shape ${shapeText(array.shape)}`);
}

function finite(array: NdArray<NumericArray>, what: string): Float64Array {
  const { data } = rowMajorElements(array, { call: what, argument: 'array', units: 'columns' });
  const values = Float64Array.from(data);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new FormatError(`${what} must hold finite numbers, got ${values[bad]} (element ${bad})`);
  return values;
}

/** Row-major [rows, cols] as [cols, rows]. */
function transposed(values: Float64Array, rows: number, cols: number): Float64Array {
  return Float64Array.from(values, (_, i) => values[(i % rows) * cols + Math.floor(i / rows)] as number);
}

function checkStands(what: string, name: string, inputs: number, below: ScikitLearnLevel): void {
  if (inputs === below.hidden) return;
  throw new FormatError(`${what}: ${name} takes ${inputs} columns, but '${below.step}' before it has ${below.hidden} hidden units`);
}
