import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { DeepBeliefNetwork } from '../../belief/network.js';
import { loadMnistFor } from '../../data/mnist.js';
import { streams } from '../../data/random.js';
import type { ClassName } from '../../networks/classes.js';
import { Classifier } from '../../networks/classifier.js';
import { confusionMatrix } from '../../networks/confusion.js';
import { argmax } from '../../results/arrays.js';
import { binarised } from '../../runs/binarise.js';
import { count, fixed } from '../../runs/format.js';
import { asRows } from '../../runs/matrix.js';
import { modelKind } from '../../runs/model.js';
import { writeCsv } from '../../tables/write-csv.js';
import { confusionPicture, writeSvg } from '../../viz/index.js';
import type { Device } from '../../wiring/device.js';
import type { DbnDataRequest } from '../dbn/data.js';
import { type LabelledSet, readLabelled } from '../dbn/data.js';
import { DBN_FILES, type DbnRecord, readDbnRecord } from '../dbn/record.js';
import { CliError, InterruptedError } from '../failures.js';
import { watchInterrupts } from '../interrupt.js';
import { deviceOption, factor, headerOption, integer } from '../options.js';
import { Output } from '../output.js';

interface ClassifyOptions {
  out: string;
  confusion?: string;
  data?: string;
  scale?: number;
  labelColumn?: string;
  header?: DbnDataRequest['header'];
  device?: Device;
  threads?: number;
  json?: true;
}

/** Something that tells classes. */
interface Teller extends Disposable {
  readonly classes: readonly string[];
  probabilities(rows: ReturnType<typeof asRows>, signal: AbortSignal): ReturnType<DeepBeliefNetwork['classProbabilities']>;
}

/** The file of a model; of a run's folder its classifier, or without one its network. */
async function modelFile(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null)
    throw new CliError(`\`${path}\`: no such model`, { code: 'ENOENT', hint: '`boltzkit dbn train mnist` makes mnist-dbn/' });
  if (!found.isDirectory()) return path;
  const classifier = join(path, DBN_FILES.classifier);
  return (await stat(classifier).catch(() => null)) === null ? join(path, DBN_FILES.network) : classifier;
}

async function openTeller(file: string, record: DbnRecord | null, { device = 'auto', threads = 0 }: ClassifyOptions): Promise<Teller> {
  const place = { device, threads };
  const numbered = (n: number): string[] => Array.from({ length: n }, (_, k) => String(k));
  if ((await modelKind(file)) !== 'dbn') {
    const classifier = await Classifier.load<Classifier<ClassName>>(file, place);
    return {
      classes: classifier.classes.map(String),
      probabilities: (rows, signal) => classifier.predictProbabilities(rows, { signal }),
      [Symbol.dispose]: () => classifier.dispose(),
    };
  }
  const network = await DeepBeliefNetwork.load(file, place);
  if (network.labels === null) {
    network.dispose();
    throw new CliError(`\`${file}\`: this network was made without labels`, { hint: '--fine-tune makes a classifier of it' });
  }
  const known = record?.loaded.classes;
  return {
    classes: known?.length === network.labels ? known : numbered(network.labels),
    probabilities: (rows, signal) => network.classProbabilities(rows, { signal }),
    [Symbol.dispose]: () => network.dispose(),
  };
}

/** Rows as the run of the model read its own; of `mnist` the test images. */
async function rowsOf(
  source: string,
  classes: readonly string[],
  record: DbnRecord | null,
  options: ClassifyOptions,
): Promise<LabelledSet> {
  const before = record?.data;
  let set: LabelledSet;
  if (source === 'mnist') {
    const { test } = await loadMnistFor('mnist', options.data ?? before?.folder ?? undefined, { seed: BigInt(before?.seed ?? 1) });
    const [rows = 0, cols = 0] = test.images.shape;
    set = { rows: { data: test.images.data, rows, cols, scale: 1 }, labels: Int32Array.from(test.labels.data) };
  } else {
    const reading = {
      scale: options.scale ?? before?.scale ?? null,
      labelColumn: options.labelColumn ?? before?.labelColumn ?? null,
      header: options.header ?? before?.header ?? null,
    };
    set = await readLabelled(source, reading, [...classes]);
  }
  const how = before?.binarise ?? 'none';
  return { ...set, rows: await binarised(set.rows, how, BigInt(before?.seed ?? 1), streams.binarisedRows) };
}

async function classify(path: string, source: string, options: ClassifyOptions): Promise<void> {
  const output = new Output(options.json === true);
  const watch = watchInterrupts();
  try {
    const file = await modelFile(path);
    const record = await readDbnRecord(dirname(file)).catch(() => null);
    using teller = await openTeller(file, record, options);
    const { classes } = teller;
    const { rows, labels } = await rowsOf(source, classes, record, options);
    const probabilities = await teller.probabilities(asRows(rows), watch.signal);
    const told = argmax(probabilities);
    const lines = told.map((k, r) => [classes[k] as string, ...classes.map((_, c) => probabilities.get(r, c))]);
    await writeCsv(options.out, lines, ['class', ...classes.map((name) => `p(${name})`)]);
    const confusion = labels === null ? null : confusionMatrix(labels, told, { classes: classes.length });
    if (options.confusion !== undefined) {
      if (confusion === null)
        throw new CliError('--confusion needs rows with their classes', { hint: '--label-column names their column' });
      await writeSvg(options.confusion, confusionPicture(confusion.counts, { classes, title: 'Who is taken for whom' }));
    }
    if (confusion !== null) output.line(`${fixed(100 * confusion.error)} % of ${count(rows.rows)} rows are taken for another class`);
    output.line(`wrote the classes of ${count(rows.rows)} rows to ${options.out}`);
    output.record({ out: options.out, rows: rows.rows, classes, error: confusion?.error ?? null });
  } catch (error) {
    throw watch.signal.aborted ? new InterruptedError('interrupted') : error;
  } finally {
    watch.end();
  }
}

export function registerDbnClassify(parent: Command): void {
  parent
    .command('classify')
    .description('tell the classes of rows; with known ones also how many are wrong')
    .argument('<model>', 'the folder of a run, or a file of its network or classifier')
    .argument('<rows>', '`mnist` for its test images, or a file of rows: csv (also .gz), npy or idx')
    .option('--out <file>', 'where to write classes and probabilities, a .csv file', 'classes.csv')
    .option('--confusion <file>', 'a picture of who is taken for whom, an .svg file')
    .option('--data <folder>', 'folder of the four MNIST idx files')
    .option('--scale <factor>', 'multiply values by this (default: as for the data of the run)', factor)
    .option('--label-column <column>', "csv: the column of the classes (default: the run's)")
    .addOption(headerOption())
    .option(...deviceOption)
    .option('--threads <n>', 'threads, 0 for all (default: 0)', integer(0, 1024))
    .option('--json', 'one JSON object on stdout')
    .action(classify);
}
