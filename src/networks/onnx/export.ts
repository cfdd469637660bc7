/**
 * A feed-forward network as an ONNX file: one Gemm and a few element-wise operators per layer.
 *
 * Operator set 13 and IR version 7 (2020), which every runtime of the last years reads. The number of
 * rows is free. Weights are single precision.
 */
import { types } from 'node:util';
import { OptionCheck, readFrom, readOptions } from '../../arguments.js';
import { ParameterError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { type FilePath, filePath } from '../../io/files.js';
import type { FeedForward, FeedForwardLayer } from '../feed-forward.js';
import { GraphBuilder } from './graph.js';
import { addLayer } from './means.js';
import { elementTypes, encodeModel, type Message } from './message.js';

/** How to write an ONNX file. */
export interface OnnxOptions {
  /** The layer whose outputs are those of the file, such as the code of an autoencoder. Default: the last one. */
  readonly layer?: string | undefined;
  /** Name of the input, [rows, inputs], single precision. Default 'input'. */
  readonly inputName?: string | undefined;
  /** Name of the output, [rows, places of the last layer], single precision. Default 'output'. */
  readonly outputName?: string | undefined;
  /** What the model is, in words. Default: its layers. */
  readonly description?: string | undefined;
  /** Texts by name that the file carries, such as the names of classes. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

const operatorSet = 13;
const irVersion = 7;
/** What the format of the messages can hold: their lengths are signed numbers of 32 bits. */
const mostBytes = 2 ** 31 - 1;
const mostEntries = 1000;

/**
 * Writes a network as an ONNX file, atomically.
 *
 * @param call - Public name of the call, for messages.
 * @param path - The file to make or replace.
 * @param network - Its layers; nothing keeps or changes them.
 * @param options - {@link OnnxOptions}.
 * @param more - Texts that the file carries besides those of the options, which go before them.
 * @throws `ParameterError` where a layer cannot be expressed or holds numbers that are not finite,
 *   `FileError` where the file cannot be written.
 */
export async function writeOnnx(call: string, path: FilePath, network: FeedForward, options?: unknown, more: Texts = {}): Promise<void> {
  filePath(path, call);
  await writeFileAtomic(path, await encodeOnnx(call, network, options, more), call);
}

/** The bytes of an ONNX file; see {@link writeOnnx}. */
export async function encodeOnnx(call: string, network: FeedForward, options?: unknown, more: Texts = {}): Promise<Uint8Array> {
  const given = readOnnxOptions(call, options, network);
  const part = { ...network, layers: network.layers.slice(0, given.layers) };
  checkSize(call, part);
  return encodeModel(modelOf(call, part, { ...given, metadata: { ...more, ...given.metadata } }));
}

type Texts = Readonly<Record<string, string>>;

interface Given {
  /** How many layers to write. */
  readonly layers: number;
  readonly inputName: string;
  readonly outputName: string;
  readonly description: string | undefined;
  readonly metadata: Texts;
}

function readOnnxOptions(call: string, options: unknown, { layers }: FeedForward): Given {
  const given = readOptions(call, options, ['layer', 'inputName', 'outputName', 'description', 'metadata']);
  const check = new OptionCheck(call);
  const [inputName, outputName] = [
    readName(check, 'inputName', given.inputName, 'input'),
    readName(check, 'outputName', given.outputName, 'output'),
  ];
  if (inputName === outputName) throw check.error('outputName', 'another name than that of the input', outputName);
  const names = layers.map(({ name }) => name);
  const last = given.layer === undefined ? names.length : check.nameOf('layer', given.layer, names) + 1;
  const { description } = given;
  if (description !== undefined && typeof description !== 'string') throw check.error('description', 'text', description);
  return { layers: last, inputName, outputName, description, metadata: readMetadata(check, given.metadata) };
}

function readName(check: OptionCheck, name: string, value: unknown, fallback: string): string {
  if (value === undefined) return fallback;
  if (typeof value === 'string' && /^[A-Za-z_]\w{0,99}$/.test(value)) return value;
  throw check.error(name, 'a name of letters, digits and underscores', value);
}

function readMetadata(check: OptionCheck, value: unknown): Texts {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || types.isProxy(value) || Array.isArray(value)) {
    throw check.error('metadata', 'an object of texts', value);
  }
  const entries = readFrom(check.call, 'metadata', () => Object.entries(value as Record<string, unknown>));
  if (entries.length > mostEntries) throw check.error('metadata', `an object of at most ${mostEntries} texts`, entries.length);
  for (const [key, text] of entries) if (typeof text !== 'string') throw check.error(`metadata.${key}`, 'text', text);
  return Object.fromEntries(entries) as Texts;
}

function checkSize(call: string, { inputs, layers }: FeedForward): void {
  let [below, bytes] = [inputs, 0];
  for (const { places, parameters } of layers) {
    bytes += 4 * (below * places + 2 * parameters.length);
    below = places;
  }
  if (bytes > mostBytes - 2 ** 24)
    throw new ParameterError(`${call}: an ONNX file holds less than 2 GiB, this network has ${bytes} bytes of weights`);
}

function modelOf(call: string, network: FeedForward, given: Given): Message {
  const graph = new GraphBuilder();
  let value = graph.reserve(given.inputName);
  const output = graph.reserve(given.outputName);
  let inputs = network.inputs;
  for (const layer of network.layers) {
    checkFinite(call, layer);
    graph.in(layer.name);
    value = addLayer(call, graph, value, { ...layer, inputs });
    inputs = layer.places;
  }
  graph.nodeTo(output, 'Identity', [value]);
  return {
    irVersion,
    producerName: 'boltzkit',
    description: given.description ?? describe(network),
    operatorSets: [{ domain: '', version: operatorSet }],
    metadata: Object.entries(given.metadata).map(([key, text]) => ({ key, value: text })),
    graph: {
      ...graph.fields(),
      name: 'network',
      inputs: [valueInfo(given.inputName, network.inputs)],
      outputs: [valueInfo(given.outputName, inputs)],
    },
  };
}

function checkFinite(call: string, { name, weights, parameters }: FeedForwardLayer): void {
  for (const [what, values] of [
    ['weights', weights],
    ['parameters', parameters],
  ] as const) {
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at >= 0)
      throw new ParameterError(`${call}: the ${what} of layer '${name}' must be finite numbers, got ${values[at]} (number ${at})`);
  }
}

/** 'inputs 784, hidden: bernoulli 500, output: softmax 10'. */
function describe({ inputs, layers }: FeedForward): string {
  return [`inputs ${inputs}`, ...layers.map(({ name, type, places }) => `${name}: ${type} ${places}`)].join(', ');
}

/** Single-precision rows, as many as there are. */
function valueInfo(name: string, columns: number): Message {
  const dims = [{ name: 'rows' }, { size: columns }];
  return { name, type: { tensor: { elementType: elementTypes.float, shape: { dims } } } };
}
