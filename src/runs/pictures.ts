import { join } from 'node:path';
import { permutation } from '../data/random.js';
import { RBM } from '../models/rbm.js';
import { curves, type Panel, type Series, tiles, writePng, writeSvg } from '../viz/index.js';
import { type ImageShape, noImageNote } from './image.js';
import { asRows, type Matrix, pickRows, toFloat32 } from './matrix.js';
import type { RunModel } from './model.js';
import { columnsOf, onlyMatrix, type RowSet } from './rows.js';
import { RUN_FILES } from './folder.js';
import type { EpochRecord } from './record.js';

/** What a run's pictures are made from. */
export interface PictureRequest {
  rbm: RBM;
  folder: string;
  image: ImageShape | null;
  /** Rows to reconstruct: unseen ones if there are any. */
  rows: Matrix;
  history: readonly EpochRecord[];
  signal: AbortSignal;
}

/** As many as fit a picture that one can still look at. */
const FILTERS = { most: 150, columns: 15, faintest: 0.1 } as const;
const SAMPLES = { most: 100, columns: 10, sweeps: 1000 } as const;
const RECONSTRUCTIONS = { most: 60, columns: 15 } as const;
/** Stream of the random choice of rows; the library's own splits use those below. */
const PICK_STREAM = 101;

/** Writes grey pictures [count, height × width] as tiles of one PNG. */
export async function writeTiles(path: string, pixels: Float32Array, count: number, shape: ImageShape): Promise<void> {
  const columns = Math.ceil(Math.sqrt(count));
  await writePng(path, tiles({ data: pixels, shape: [count, pixels.length / count] }, { ...shape, columns }));
}

/**
 * Receptive fields: the weights of each hidden unit on a scale of its own, mid-grey for zero; a unit far weaker than the strongest
 * stays faint, so that one that learnt nothing is not blown up into noise.
 */
function filterPixels(weights: ArrayLike<number>, visible: number, hidden: number, count: number): Float32Array {
  const peaks = new Float32Array(count);
  for (let j = 0; j < count; j++) for (let i = 0; i < visible; i++) peaks[j] = Math.max(peaks[j]!, Math.abs(weights[i * hidden + j]!));
  const floor = FILTERS.faintest * Math.max(...peaks) || 1;
  const pixels = new Float32Array(count * visible);
  for (let j = 0; j < count; j++) {
    const scale = 2 * Math.max(peaks[j]!, floor);
    for (let i = 0; i < visible; i++) pixels[j * visible + i] = 0.5 + weights[i * hidden + j]! / scale;
  }
  return pixels;
}

async function writeFilters({ rbm, folder }: PictureRequest, shape: ImageShape): Promise<void> {
  const count = Math.min(rbm.hidden, FILTERS.most);
  const pixels = filterPixels(rbm.getParameter('visible-hidden.weights').data, rbm.visible, rbm.hidden, count);
  const picture = tiles({ data: pixels, shape: [count, rbm.visible] }, { ...shape, columns: FILTERS.columns });
  await writePng(join(folder, RUN_FILES.filters), picture);
}

/** Fantasy particles: what the machine draws when left alone. */
async function writeSamples({ rbm, folder, signal }: PictureRequest, shape: ImageShape): Promise<void> {
  const drawn = await rbm.sample(SAMPLES.most, { sweeps: SAMPLES.sweeps, output: 'mean', signal });
  await writePng(join(folder, RUN_FILES.samples), tiles(drawn, { ...shape, columns: SAMPLES.columns }));
}

/** Lines of originals, each with the line of what the machine makes of them below. */
async function writeReconstructions({ rbm, folder, rows, signal }: PictureRequest, shape: ImageShape): Promise<void> {
  const { columns } = RECONSTRUCTIONS;
  const count = Math.min(rows.rows, RECONSTRUCTIONS.most);
  const chosen = pickRows(rows, permutation(rows.rows, rbm.seed, PICK_STREAM).subarray(0, count));
  const originals = toFloat32(chosen);
  const made = (await rbm.reconstruct(asRows(chosen), { signal })).data;
  const lines = Math.ceil(count / columns);
  const pixels = new Float32Array(2 * lines * columns * rows.cols);
  for (let r = 0; r < count; r++) {
    const [line, column] = [Math.floor(r / columns), r % columns];
    const place = (offset: number): number => ((2 * line + offset) * columns + column) * rows.cols;
    pixels.set(originals.subarray(r * rows.cols, (r + 1) * rows.cols), place(0));
    pixels.set(made.subarray(r * rows.cols, (r + 1) * rows.cols), place(1));
  }
  const picture = tiles({ data: pixels, shape: [2 * lines * columns, rows.cols] }, { ...shape, columns });
  await writePng(join(folder, RUN_FILES.reconstructions), picture);
}

interface Estimated {
  epoch: number;
  value: number;
  low: number;
  high: number;
}

function withBand(name: string, estimates: readonly Estimated[]): Series {
  const column = (key: keyof Estimated) => estimates.map((one) => one[key]);
  return { name, x: column('epoch'), y: column('value'), band: { low: column('low'), high: column('high') } };
}

/** Log-likelihoods with their bands: of evaluations, and of an algorithm that knows its own; no panel when there is neither. */
function likelihoodPanels(history: readonly EpochRecord[], xLabel: string): Panel[] {
  const evaluated = history.flatMap(({ epoch, evaluation }) => {
    if (evaluation === null) return [];
    const { mean: value, low, high } = evaluation.logLikelihood;
    return [{ epoch, value, low, high }];
  });
  const own = history.flatMap(({ epoch, logLikelihood }) => (logLikelihood === null ? [] : [{ epoch, ...logLikelihood }]));
  const series = [withBand('evaluated, 95 % interval', evaluated), withBand('of the training itself', own)];
  const shown = series.filter(({ y }) => y.length > 0);
  return shown.length === 0 ? [] : [{ title: 'Log-likelihood', xLabel, yLabel: 'nats per row', series: shown }];
}

/** The metrics over the epochs, one panel for each kind. */
export function metricPanels(history: readonly EpochRecord[]): Panel[] {
  const x = history.map((report) => report.epoch);
  type Metric = 'pseudoLikelihood' | 'freeEnergyGap' | 'chainFreeEnergyGap' | 'weightNorm' | 'learningRate';
  const series = (name: string, key: Metric): Series => ({ name, x, y: history.map((report) => report[key] ?? Number.NaN) });
  const gaps = [series('validation − training', 'freeEnergyGap'), series('chains − training', 'chainFreeEnergyGap')];
  const xLabel = 'epoch';
  return [
    ...likelihoodPanels(history, xLabel),
    { title: 'Log-pseudo-likelihood', xLabel, yLabel: 'nats per row', series: [series('log-pseudo-likelihood', 'pseudoLikelihood')] },
    { title: 'Free-energy gaps', xLabel, yLabel: 'nats per row', series: gaps.filter(({ y }) => Array.from(y).some(Number.isFinite)) },
    { title: 'Weights', xLabel, yLabel: 'root mean square', series: [series('weights', 'weightNorm')] },
    { title: 'Learning rate', xLabel, yLabel: 'last of the epoch', series: [series('learning rate', 'learningRate')] },
  ];
}

/** Draws what a run learnt; without a shape of the pictures only the curves. Returns the names of the files. */
export async function writePictures(request: PictureRequest): Promise<{ files: string[]; notes: string[] }> {
  const { image, rbm, folder, history } = request;
  const files: string[] = [];
  if (image !== null) {
    await writeFilters(request, image);
    await writeSamples(request, image);
    await writeReconstructions(request, image);
    files.push(RUN_FILES.filters, RUN_FILES.samples, RUN_FILES.reconstructions);
  }
  if (history.length > 0) {
    await writeSvg(join(folder, RUN_FILES.curves), curves(metricPanels(history)));
    files.push(RUN_FILES.curves);
  }
  return { files, notes: image === null ? [noImageNote(rbm.visible)] : [] };
}
