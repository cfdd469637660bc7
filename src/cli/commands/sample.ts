import type { Command } from 'commander';
import { permutation, streams } from '../../data/random.js';
import type { Patience } from '../../machine/patience.js';
import { RBM } from '../../models/rbm.js';
import type { Matrix } from '../../models/results.js';
import { binarised } from '../../runs/binarise.js';
import { count, duration } from '../../runs/format.js';
import { type ImageShape, noImageNote } from '../../runs/image.js';
import { asRows } from '../../runs/matrix.js';
import type { RunModel } from '../../runs/model.js';
import { writeTiles } from '../../runs/pictures.js';
import { type GivenRows, givenRows, onlyMatrix, pickSet } from '../../runs/rows.js';
import { writeCsv } from '../../tables/write-csv.js';
import { readClamp } from '../clamp.js';
import { loadRows, readingOf } from '../data-source.js';
import { InterruptedError, UsageError } from '../failures.js';
import { watchInterrupts } from '../interrupt.js';
import { type ModelOptions, modelImageShape, type OpenedModel, openModel, visibleColumns } from '../model-file.js';
import { dataLayers, reseeded } from '../model-work.js';
import { deviceOption, factor, imageShape, integer, number, oneOf, seed } from '../options.js';
import { Output } from '../output.js';
import { formatOf, numbered, writeNumbers } from '../rows-file.js';
import { decodeTable, encodeTable, tableOf } from '../table-data.js';

interface SampleOptions extends ModelOptions {
  count: number;
  sweeps: number;
  beta: number;
  start?: string;
  clampFile?: string;
  values?: 'mean' | 'sample';
  out: string;
  image?: ImageShape;
  seed?: bigint;
  scale?: number;
  json?: true;
}

const FORMATS = ['png', 'npy', 'csv'] as const;

/** What chains begin with and hold. */
interface Beginning {
  readonly start?: GivenRows;
  readonly clamp?: GivenRows | number[][];
}

async function startRows({ record }: OpenedModel, options: SampleOptions): Promise<Beginning> {
  if (options.start === undefined) return {};
  const seed = options.seed ?? 1n;
  // Chains start from states: grey levels are drawn once as probabilities.
  const reading = { ...readingOf(record, { scale: options.scale }), binarise: 'none' as const };
  const rows = await loadRows(options.start, reading, record?.loaded ?? null, { seed, stream: streams.pickedRows });
  if (rows.rows < options.count)
    throw new UsageError(`\`--start ${options.start}\` has ${rows.rows} rows, --count asks for ${options.count}`);
  const chosen = pickSet(rows, permutation(rows.rows, seed, streams.pickedRows).subarray(0, options.count));
  const matrix = onlyMatrix(chosen);
  if (matrix === null || record?.loaded.table != null) return { start: givenRows(chosen) };
  return { start: asRows(await binarised(matrix, 'sample', seed, streams.pickedRows)) };
}

/** Values that are held: of a table a file with the same columns, in which empty cells are free. */
async function clampRows({ model, record }: OpenedModel, { clampFile, count: chains }: SampleOptions): Promise<Beginning> {
  if (clampFile === undefined) return {};
  const table = tableOf(record?.loaded ?? null);
  if (table === null && model instanceof RBM) return { clamp: await readClamp(clampFile, model.visible, chains) };
  if (table === null) throw new UsageError('--clamp-file needs an RBM, or the table that the model was made from');
  const rows = await encodeTable(clampFile, table, { header: record?.data.header ?? null });
  if (rows.rows === 1 || rows.rows === chains) return { clamp: givenRows(rows) };
  throw new UsageError(`\`--clamp-file ${clampFile}\` must have 1 row or one per sample (${chains}), got ${rows.rows}`);
}

/** States of every layer of data, from chains that all of them share. */
async function draw(model: OpenedModel['model'], options: SampleOptions, output: 'mean' | 'sample', control: Beginning & Patience) {
  const { count: n, sweeps, beta } = options;
  const learner: RunModel = model;
  if (model instanceof RBM) return { visible: await learner.sample(n, { sweeps, beta, output, ...control }) };
  if (output === 'mean') throw new UsageError('--values mean needs an RBM: the layers of a table are drawn together');
  const { signal, ...begin } = control;
  const chains = await learner.chains(n, { beta, signal, ...begin });
  await chains.advance(sweeps, { signal });
  return Object.fromEntries(dataLayers(model).map((name) => [name, chains.states(name)]));
}

/** Layers side by side. */
function joined(layers: Readonly<Record<string, Matrix>>, rows: number): Float32Array {
  const parts = Object.values(layers).map(({ data }) => ({ data, cols: data.length / rows }));
  const width = parts.reduce((sum, { cols }) => sum + cols, 0);
  const all = new Float32Array(rows * width);
  let first = 0;
  for (const { data, cols } of parts) {
    for (let r = 0; r < rows; r++) all.set(data.subarray(r * cols, (r + 1) * cols), r * width + first);
    first += cols;
  }
  return all;
}

async function sample(path: string, options: SampleOptions, signal: AbortSignal): Promise<void> {
  const output = new Output(options.json === true);
  const format = formatOf(options.out, FORMATS);
  const opened = await openModel(path, options);
  const shape = format === 'png' ? modelImageShape(opened, options.image) : null;
  using model = reseeded(opened.model, options.seed, options.threads ?? 0);
  const here = { ...opened, model };
  const visible = visibleColumns(here);
  if (format === 'png' && shape === null) throw new UsageError(noImageNote(visible), '--out samples.npy writes the numbers');
  const began = performance.now();
  const values = options.values ?? (format === 'png' ? 'mean' : 'sample');
  const begin = { ...(await startRows(here, options)), ...(await clampRows(here, options)) };
  const drawn = await draw(model, options, values, { ...begin, signal });
  const seconds = (performance.now() - began) / 1000;
  if (shape !== null) await writeTiles(options.out, joined(drawn, options.count), options.count, shape);
  else await writeDrawn(here, options, format, drawn);
  const what = values === 'mean' ? 'probabilities' : 'samples';
  output.line(`wrote ${count(options.count)} ${what} after ${count(options.sweeps)} Gibbs sweeps to ${options.out} (${duration(seconds)})`);
  const { sweeps, beta } = options;
  output.record({ out: options.out, format, count: options.count, visible, sweeps, beta, values, seed: model.seed, seconds });
}

/**
 * To csv with the labels of the table, or with the names of the columns; to npy the numbers of all
 * layers.
 */
async function writeDrawn(
  { record }: OpenedModel,
  { out, count: n }: SampleOptions,
  format: string,
  drawn: Readonly<Record<string, Matrix>>,
): Promise<void> {
  const table = tableOf(record?.loaded ?? null);
  if (format === 'csv' && table !== null) return writeCsv(out, await decodeTable(table, drawn));
  const data = joined(drawn, n);
  const width = data.length / n;
  const names = table === null ? record?.loaded.names : null;
  await writeNumbers(out, { names: names ?? numbered('column', width), data, rows: n });
}

async function action(path: string, options: SampleOptions): Promise<void> {
  const watch = watchInterrupts();
  try {
    await sample(path, options, watch.signal);
  } catch (error) {
    throw watch.signal.aborted ? new InterruptedError('interrupted; nothing was written') : error;
  } finally {
    watch.end();
  }
}

export function registerSample(program: Command): void {
  program
    .command('sample')
    .description('draw samples (fantasy particles) from a model by block Gibbs')
    .argument('<model>', 'a model file, or the folder of a run')
    .option('--count <n>', 'samples, each from a chain of its own', integer(1, 1e6), 64)
    .option('--sweeps <n>', 'Gibbs sweeps per chain', integer(1), 1000)
    .option('--beta <b>', 'inverse temperature', number(0), 1)
    .option('--start <file>', 'start the chains from random rows of this file, grey levels drawn as probabilities, instead of coin tosses')
    .option('--clamp-file <file>', 'npy or csv, one row or one per sample: values are held fixed, NaN or empty cells are sampled')
    .option('--values <kind>', 'mean (probabilities) or sample (0/1) (default: mean for png, else sample)', oneOf('mean', 'sample'))
    .option('--out <file>', 'a picture (.png), an array (.npy) or a table (.csv)', 'samples.png')
    .option('--image <HxW>', 'height and width of a picture', imageShape)
    .option('--seed <n>', "other draws than the model's own seed gives", seed)
    .option('--scale <factor>', 'multiply the values of --start by this, e.g. 1/255 (default: as for the data of the run)', factor)
    .option(...deviceOption)
    .option('--threads <n>', 'threads, 0 for all (default: 0)', integer(0, 1024))
    .option('--json', 'one JSON object on stdout')
    .action(action);
}
