import type { Command } from 'commander';
import ndarray from 'ndarray';
import { writeNpy } from '../../data/npy.js';
import { permutation } from '../../data/random.js';
import { RBM } from '../../models/rbm.js';
import { binarised } from '../../runs/binarise.js';
import { count, duration } from '../../runs/format.js';
import { type ImageShape, noImageNote } from '../../runs/image.js';
import { asRows, pickRows } from '../../runs/matrix.js';
import { writeTiles } from '../../runs/pictures.js';
import type { RunRecord } from '../../runs/record.js';
import { readClamp } from '../clamp.js';
import { loadMatrix } from '../data-source.js';
import { InterruptedError, UsageError } from '../failures.js';
import { watchInterrupts } from '../interrupt.js';
import { type ModelOptions, modelImageShape, openModel, rbmOf } from '../model-file.js';
import { deviceOption, factor, imageShape, integer, number, oneOf, seed } from '../options.js';
import { Output } from '../output.js';

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

type Format = 'png' | 'npy';

function formatOf(path: string): Format {
  const extension = /\.(png|npy)$/i.exec(path)?.[1]?.toLowerCase();
  if (extension === 'png' || extension === 'npy') return extension;
  throw new UsageError(`\`--out ${path}\` must end in .png or .npy`);
}

/** A model's own seed decides its draws; another one needs another machine with the same parameters. */
function reseeded(rbm: RBM, options: SampleOptions): RBM {
  if (options.seed === undefined) return rbm;
  const { layers, device } = rbm;
  const other = new RBM({ ...layers, device, threads: options.threads ?? 0, seed: options.seed });
  for (const name of rbm.parameterNames) other.setParameter(name, rbm.getParameter(name));
  rbm.dispose();
  return other;
}

async function startRows(options: SampleOptions, record: RunRecord | null): Promise<object> {
  if (options.start === undefined) return {};
  const matrix = await loadMatrix(options.start, { scale: options.scale ?? record?.data.scale ?? null, labelColumn: null });
  if (matrix.rows < options.count)
    throw new UsageError(`\`--start ${options.start}\` has ${matrix.rows} rows, --count asks for ${options.count}`);
  const chosen = permutation(matrix.rows, options.seed ?? 1n, 0).subarray(0, options.count);
  // Chains start from states: grey levels are drawn once as probabilities.
  return { start: asRows(await binarised(pickRows(matrix, chosen), 'sample', options.seed ?? 1n, 0)) };
}

async function sample(path: string, options: SampleOptions, signal: AbortSignal): Promise<void> {
  const output = new Output(options.json === true);
  const format = formatOf(options.out);
  const model = await openModel(path, options);
  const shape = format === 'png' ? modelImageShape(model, options.image) : null;
  using rbm = reseeded(rbmOf(model, 'sample'), options);
  if (format === 'png' && shape === null) throw new UsageError(noImageNote(rbm.visible), '--out samples.npy writes the numbers');
  const clamp = options.clampFile === undefined ? {} : { clamp: await readClamp(options.clampFile, rbm.visible, options.count) };
  const began = performance.now();
  const values = options.values ?? (format === 'png' ? 'mean' : 'sample');
  const drawn = await rbm.sample(options.count, {
    sweeps: options.sweeps,
    beta: options.beta,
    output: values,
    signal,
    ...(await startRows(options, model.record)),
    ...clamp,
  });
  const seconds = (performance.now() - began) / 1000;
  const rows = drawn.data as Float32Array;
  if (shape === null) await writeNpy(options.out, ndarray(rows, [options.count, rbm.visible]));
  else await writeTiles(options.out, rows, options.count, shape);
  const what = values === 'mean' ? 'probabilities' : 'samples';
  output.line(`wrote ${count(options.count)} ${what} after ${count(options.sweeps)} Gibbs sweeps to ${options.out} (${duration(seconds)})`);
  output.record({
    out: options.out,
    format,
    count: options.count,
    visible: rbm.visible,
    sweeps: options.sweeps,
    beta: options.beta,
    values,
    seed: rbm.seed,
    seconds,
  });
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
    .option('--clamp-file <file>', 'npy or csv, one row or one per sample: numbers are held fixed, NaN or empty cells are sampled')
    .option('--values <kind>', 'mean (probabilities) or sample (0/1) (default: mean for png, sample for npy)', oneOf('mean', 'sample'))
    .option('--out <file>', 'a picture (.png) or an array (.npy)', 'samples.png')
    .option('--image <HxW>', 'height and width of a picture', imageShape)
    .option('--seed <n>', "other draws than the model's own seed gives", seed)
    .option('--scale <factor>', 'multiply the values of --start by this, e.g. 1/255 (default: as for the data of the run)', factor)
    .option(...deviceOption)
    .option('--threads <n>', 'threads, 0 for all (default: 0)', integer(0, 1024))
    .option('--json', 'one JSON object on stdout')
    .action(action);
}
