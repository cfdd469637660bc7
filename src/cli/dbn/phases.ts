/**
 * The phases of a run of `boltzkit dbn train`: pretraining, up–down, fine-tuning. Each can be
 * interrupted and gone on with.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DeepBeliefNetwork } from '../../belief/network.js';
import type { PretrainOptions } from '../../belief/pretrain-options.js';
import type { UpDownOptions } from '../../belief/up-down-options.js';
import type { ClassName } from '../../networks/classes.js';
import { Classifier } from '../../networks/classifier.js';
import { duration, fixed } from '../../runs/format.js';
import { asRows } from '../../runs/matrix.js';
import type { Output } from '../output.js';
import type { DbnData, LabelledSet } from './data.js';
import { DBN_FILES, type DbnRecord, writeDbnRecord } from './record.js';

/** Updates from one checkpoint to the next, at least. */
const SMALLEST_CHECKPOINT_INTERVAL = 500;
/** A phase prints about so many lines. */
const MOST_LINES = 40;

/** What the phases work on. */
export interface PhaseParts {
  readonly folder: string;
  readonly record: DbnRecord;
  readonly data: DbnData;
  readonly output: Output;
  readonly signal: AbortSignal;
  readonly threads: number;
  /** Whether the folder holds a run that goes on. */
  readonly resume: boolean;
}

export type AnyClassifier = Classifier<ClassName>;

/** The network and, after fine-tuning, the classifier of a run. The caller disposes of both. */
export interface Trained {
  readonly network: DeepBeliefNetwork;
  readonly classifier: AnyClassifier | null;
}

/** Rows and labels as calls of the network take them. */
export function given({ rows, labels }: LabelledSet, labelled: boolean): { rows: ReturnType<typeof asRows>; labels?: Int32Array } {
  return { rows: asRows(rows), ...(labelled && labels !== null ? { labels } : {}) };
}

/** The network of the run: from its file, or a new one. */
export async function openNetwork({ folder, record, resume, threads }: PhaseParts): Promise<DeepBeliefNetwork> {
  const path = join(folder, DBN_FILES.network);
  const { device } = record;
  if (resume && existsSync(path)) return DeepBeliefNetwork.load(path, { device, threads });
  const { loaded, layers, labelled, seed } = record;
  const labels = labelled && loaded.classes !== null ? { labels: loaded.classes.length } : {};
  return new DeepBeliefNetwork({ layers: [loaded.columns, ...layers], ...labels, seed: BigInt(seed), device, threads });
}

function checkpointOf({ folder, record }: PhaseParts, file: string, batchSize: unknown): { path: string; every: number } {
  const rows = typeof batchSize === 'number' ? batchSize : 100;
  return { path: join(folder, file), every: Math.max(Math.ceil(record.loaded.rows / rows), SMALLEST_CHECKPOINT_INTERVAL) };
}

/** Says an epoch, of long phases only every second, third and so on; with `--json` every one. */
function teller(parts: PhaseParts, phase: string): (epoch: number, epochs: number, text: string, report: object) => void {
  return (epoch, epochs, text, report) => {
    parts.output.record({ event: 'epoch', phase, ...report });
    const stride = Math.ceil(epochs / MOST_LINES);
    if (epoch === 1 || epoch === epochs || epoch % stride === 0) parts.output.line(`  ${phase} ${epoch}/${epochs}  ${text}`);
  };
}

function noted(output: Output, warnings: readonly string[]): void {
  for (const warning of warnings) output.line(`  note: ${warning}`);
}

/** Pretrains what is not yet pretrained. */
export async function pretrainPhase(network: DeepBeliefNetwork, parts: PhaseParts): Promise<void> {
  const { record, data, output, signal, folder } = parts;
  const { training } = network;
  if (training !== null && (training.phase !== 'pretrain' || training.complete)) return;
  const here = ({ level, epoch }: { level: number; epoch: number }): boolean =>
    training !== null && (level < (training.level ?? 1) || (level === training.level && epoch <= training.epoch));
  record.levels = record.levels.filter(here);
  const { rows, labels } = given(data.train, record.labelled);
  const tell = teller(parts, 'pretraining');
  const run = network.pretrain(rows, {
    ...(training === null ? (record.pretrain as PretrainOptions) : { resume: true }),
    ...(labels === undefined ? {} : { labels }),
    ...(data.validation === null ? {} : { validation: given(data.validation, record.labelled) }),
    checkpoint: checkpointOf(parts, DBN_FILES.network, record.pretrain.batchSize),
    signal,
  });
  for await (const { warnings, ...report } of run.observe()) {
    noted(output, warnings);
    const { level, layer, epoch, seconds, pseudoLikelihood, baseline, freeEnergyGap, weightNorm } = report;
    record.levels.push({ level, layer, epoch, seconds, pseudoLikelihood, baseline, freeEnergyGap, weightNorm });
    const text = `${layer}  log-PL ${fixed(pseudoLikelihood)}  F gap ${fixed(freeEnergyGap)}  ${duration(seconds)}`;
    tell(epoch, network.training?.epochs ?? epoch, text, report);
    await writeDbnRecord(folder, record);
  }
  await run;
  await network.save(join(folder, DBN_FILES.network));
}

/** Learns up and down, unless that was left out or is done. */
export async function upDownPhase(network: DeepBeliefNetwork, parts: PhaseParts): Promise<void> {
  const { record, data, output, signal, folder } = parts;
  const { training } = network;
  const begun = training?.phase === 'upDown';
  if (record.upDown === null || (begun && training.complete)) return;
  record.upDownEpochs = record.upDownEpochs.filter(({ epoch }) => begun && epoch <= training.epoch);
  const { rows, labels } = given(data.train, record.labelled);
  const watched = record.labelled && data.validation !== null ? { validation: given(data.validation, true) } : {};
  const tell = teller(parts, 'up–down');
  const run = network.upDown(rows, {
    ...(begun ? { resume: true } : (record.upDown as UpDownOptions)),
    ...(labels === undefined ? {} : { labels }),
    ...watched,
    checkpoint: checkpointOf(parts, DBN_FILES.network, record.upDown.batchSize),
    signal,
  });
  for await (const { warnings, ...report } of run.observe()) {
    noted(output, warnings);
    const { epoch, seconds, generative, recognition, validationError } = report;
    record.upDownEpochs.push({ epoch, seconds, generative: [...generative], recognition: [...recognition], validationError });
    const wrong = validationError === null ? '' : `wrong ${fixed(100 * validationError)} %  `;
    tell(epoch, network.training?.epochs ?? epoch, `${wrong}${duration(seconds)}`, report);
    await writeDbnRecord(folder, record);
  }
  await run;
  await network.save(join(folder, DBN_FILES.network));
}

/** Fine-tunes a classifier, unless that was left out; one that is done is loaded. */
export async function fineTunePhase(network: DeepBeliefNetwork, parts: PhaseParts): Promise<AnyClassifier | null> {
  const { record, data, output, signal, folder, resume, threads } = parts;
  const { classes } = record.loaded;
  if (record.fineTune === null || classes === null) return null;
  const path = join(folder, DBN_FILES.classifier);
  const place = { device: record.device, threads };
  const kept = resume && existsSync(path) ? await Classifier.load(path, place) : null;
  const classifier: AnyClassifier = kept ?? network.toClassifier<ClassName>({ classes });
  try {
    if (classifier.training?.complete) return classifier;
    const { training } = classifier;
    record.tuned = record.tuned.filter(({ epoch }) => training !== null && epoch <= training.epoch);
    const named = (set: LabelledSet) => ({ rows: asRows(set.rows), labels: Array.from(set.labels ?? [], (k) => classes[k] as string) });
    const { rows, labels } = named(data.train);
    const watched = data.validation === null ? {} : { validation: named(data.validation) };
    const tell = teller(parts, 'fine-tuning');
    const run = classifier.fit(rows, labels, {
      ...(training === null ? record.fineTune : { resume: true }),
      ...watched,
      checkpoint: checkpointOf(parts, DBN_FILES.classifier, record.fineTune.batchSize),
      signal,
    });
    for await (const { warnings, ...report } of run.observe()) {
      noted(output, warnings);
      const { epoch, seconds, loss, error, validationLoss, validationError } = report;
      record.tuned.push({ epoch, seconds, loss, error, validationLoss, validationError });
      const wrong = validationError ?? error;
      const text = `loss ${fixed(loss, 4)}  wrong ${wrong === null ? '–' : fixed(100 * wrong)} %  ${duration(seconds)}`;
      tell(epoch, classifier.training?.epochs ?? epoch, text, report);
      await writeDbnRecord(folder, record);
    }
    await run;
    await classifier.save(path);
    return classifier;
  } catch (error) {
    // What an interruption leaves is a classifier to go on with.
    if (classifier.training !== null && !classifier.disposed) await classifier.save(path);
    classifier.dispose();
    throw error;
  }
}
