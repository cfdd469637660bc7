import { join } from 'node:path';
import { permutation, streams } from '../data/random.js';
import { writeFileAtomic } from '../io/atomic.js';
import { RBM } from '../models/rbm.js';
import { type Baseline, curves, type Panel, preview, type Series, type TilesSvgOptions, tiles, writePng, writeSvg } from '../viz/index.js';
import { RUN_FILES } from './folder.js';
import { type ImageShape, noImageNote } from './image.js';
import { asRows, type Matrix, pickRows, toFloat32 } from './matrix.js';
import type { RunModel } from './model.js';
import type { Quality } from './quality.js';
import type { EpochRecord, RunRecord } from './record.js';
import { runReport } from './report.js';
import { onlyMatrix, type RowSet } from './rows.js';

/** What a run's pictures are made from. */
export interface PictureRequest {
  model: RunModel;
  folder: string;
  record: RunRecord;
  /** What the run ended with, if that is known. */
  quality: Quality | null;
  /** Rows to reconstruct: unseen ones if there are any. */
  rows: RowSet;
  /** The command that makes the same run in another folder. */
  again: (folder: string) => string;
  signal: AbortSignal;
}

/** An RBM whose rows are pictures. */
interface Pictured {
  rbm: RBM;
  rows: Matrix;
  shape: ImageShape;
  signal: AbortSignal;
}

/** Small images and how to show them. */
interface Drawing {
  file: string;
  title: string;
  text: string;
  images: { data: Float32Array; shape: [number, number] };
  options: TilesSvgOptions;
}

/** As many as fit a picture that one can still look at. */
const FILTERS = { most: 150, columns: 15 } as const;
const SAMPLES = { most: 100, columns: 10, sweeps: 1000 } as const;
const RECONSTRUCTIONS = { most: 60, columns: 15 } as const;
/** Images and characters of a preview. */
const PREVIEW = { most: 10, characters: 80 } as const;

/** Writes grey pictures [count, height × width] as tiles of one PNG. */
export async function writeTiles(path: string, pixels: Float32Array, count: number, shape: ImageShape): Promise<void> {
  const columns = Math.ceil(Math.sqrt(count));
  await writePng(path, tiles({ data: pixels, shape: [count, pixels.length / count] }, { ...shape, columns }));
}

/** Receptive fields: the weights of each of the first hidden units, [units, visible]. */
function filterRows(rbm: RBM, most: number): Drawing['images'] {
  const count = Math.min(rbm.hidden, most);
  const weights = rbm.getParameter('visible-hidden.weights').data;
  const data = new Float32Array(count * rbm.visible);
  for (let j = 0; j < count; j++) for (let i = 0; i < rbm.visible; i++) data[j * rbm.visible + i] = weights[i * rbm.hidden + j]!;
  return { data, shape: [count, rbm.visible] };
}

function filters(rbm: RBM, shape: ImageShape): Drawing {
  return {
    file: RUN_FILES.filters,
    title: 'Filters',
    text: 'Each square holds the weights of one hidden unit, all on one scale: red pixels switch the unit on, blue ones off.',
    images: filterRows(rbm, FILTERS.most),
    options: { ...shape, columns: FILTERS.columns, range: 'symmetric', barLabel: 'weight' },
  };
}

/** What the first hidden units have learnt so far, as lines for a terminal. */
export function filterPreview(rbm: RBM, shape: ImageShape, characters: number = PREVIEW.characters): string[] {
  return preview(filterRows(rbm, PREVIEW.most), { ...shape, characters, range: 'symmetric' });
}

/** Fantasy particles: what the machine draws when left alone. */
async function samples({ rbm, signal, shape }: Pictured): Promise<Drawing> {
  const drawn = await rbm.sample(SAMPLES.most, { sweeps: SAMPLES.sweeps, output: 'mean', signal });
  return {
    file: RUN_FILES.samples,
    title: 'Samples',
    text: `What the machine draws when left alone: chains started by coin tosses, after ${SAMPLES.sweeps} sweeps.`,
    images: { data: drawn.data as Float32Array, shape: [SAMPLES.most, rbm.visible] },
    options: { ...shape, columns: SAMPLES.columns, barLabel: 'probability' },
  };
}

/** Lines of originals, each with the line of what the machine makes of them below. */
async function reconstructions({ rbm, rows, signal, shape }: Pictured): Promise<Drawing> {
  const { columns } = RECONSTRUCTIONS;
  const count = Math.min(rows.rows, RECONSTRUCTIONS.most);
  const chosen = pickRows(rows, permutation(rows.rows, rbm.seed, streams.pictures).subarray(0, count));
  const originals = toFloat32(chosen);
  const made = (await rbm.reconstruct(asRows(chosen), { signal })).data;
  const across = Math.min(columns, count);
  const lines = Math.ceil(count / across);
  const data = new Float32Array(2 * lines * across * rows.cols);
  for (let r = 0; r < count; r++) {
    const [line, column] = [Math.floor(r / across), r % across];
    const place = (offset: number): number => ((2 * line + offset) * across + column) * rows.cols;
    data.set(originals.subarray(r * rows.cols, (r + 1) * rows.cols), place(0));
    data.set(made.subarray(r * rows.cols, (r + 1) * rows.cols), place(1));
  }
  const captions = { rows: Array.from({ length: 2 * lines }, (_, line) => (line % 2 === 0 ? 'data' : 'made')) };
  return {
    file: RUN_FILES.reconstructions,
    title: 'Reconstructions',
    text: 'Rows of the data, and below each what the machine makes of it: one step to the hidden units and back.',
    images: { data, shape: [2 * lines * across, rows.cols] },
    options: { ...shape, columns: across, captions, barLabel: 'value of the data, probability of the machine' },
  };
}

async function writeDrawing(folder: string, { file, images, options }: Drawing): Promise<void> {
  const { height, width, columns, range } = options;
  await writePng(join(folder, file), tiles(images, { height, width, columns, range }));
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

/**
 * Log-likelihoods with their bands: of evaluations, and of an algorithm that knows its own; no
 * panel when there is neither.
 */
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

/**
 * Epochs that a local mean is over: about a tenth of the run, an odd number. Short runs have none.
 */
function smoothing(epochs: number): { smooth?: number } {
  return epochs < 10 ? {} : { smooth: Math.min(2 * Math.floor(epochs / 20) + 3, 99) };
}

/**
 * The metrics over the epochs, one panel for each kind; `baseline` is the log-likelihood of
 * independent units, if the reports do not know it.
 */
export function metricPanels(history: readonly EpochRecord[], baseline: number | null = null): Panel[] {
  const x = history.map((report) => report.epoch);
  type Metric = 'pseudoLikelihood' | 'freeEnergyGap' | 'chainFreeEnergyGap' | 'weightNorm' | 'learningRate';
  const series = (name: string, key: Metric): Series => ({ name, x, y: history.map((report) => report[key] ?? Number.NaN) });
  const noisy = (name: string, key: Metric): Series => ({ ...series(name, key), ...smoothing(x.length) });
  const gaps = [noisy('validation − training', 'freeEnergyGap'), noisy('chains − training', 'chainFreeEnergyGap')];
  const xLabel = 'epoch';
  const known = history.findLast((report) => report.baseline !== null)?.baseline ?? baseline;
  const baselines: Baseline[] = known === null ? [] : [{ name: 'independent units', y: known }];
  return [
    ...likelihoodPanels(history, xLabel),
    {
      title: 'Log-pseudo-likelihood',
      xLabel,
      yLabel: 'nats per row',
      series: [noisy('log-pseudo-likelihood', 'pseudoLikelihood')],
      baselines,
    },
    { title: 'Free-energy gaps', xLabel, yLabel: 'nats per row', series: gaps.filter(({ y }) => Array.from(y).some(Number.isFinite)) },
    { title: 'Weights', xLabel, yLabel: 'root mean square', series: [series('weights', 'weightNorm')] },
    { title: 'Learning rate', xLabel, yLabel: 'last of the epoch', series: [series('learning rate', 'learningRate')] },
  ];
}

/**
 * Draws what a run learnt, and its report; without a shape of the pictures only the curves. Returns
 * the names of the files.
 */
export async function writePictures(request: PictureRequest): Promise<{ files: string[]; notes: string[] }> {
  const { folder, record, quality } = request;
  const pictured = picturedRun(request);
  const drawings =
    pictured === null ? [] : [filters(pictured.rbm, pictured.shape), await samples(pictured), await reconstructions(pictured)];
  for (const drawing of drawings) await writeDrawing(folder, drawing);
  const files: string[] = drawings.map(({ file }) => file);
  const panels = record.history.length === 0 ? [] : metricPanels(record.history, quality?.baseline ?? null);
  if (panels.length > 0) {
    await writeSvg(join(folder, RUN_FILES.curves), curves(panels));
    files.push(RUN_FILES.curves);
  }
  const shown = drawings.map(({ title, text, images, options }) => ({ title, text, tiles: { images, ...options } }));
  const page = runReport({ folder, record, quality, panels, drawings: shown, again: request.again });
  await writeFileAtomic(join(folder, RUN_FILES.report), new TextEncoder().encode(page), 'train');
  const undrawn = record.loaded.table === null && pictured === null;
  return { files: [...files, RUN_FILES.report], notes: undrawn ? [noImageNote(record.loaded.visible)] : [] };
}

function picturedRun({ model, rows, record, signal }: PictureRequest): Pictured | null {
  const [matrix, shape] = [onlyMatrix(rows), record.loaded.image];
  return model instanceof RBM && matrix !== null && shape !== null ? { rbm: model, rows: matrix, shape, signal } : null;
}
