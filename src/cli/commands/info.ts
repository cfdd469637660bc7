import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { backendInfo } from '../../machine/host.js';
import { RBM } from '../../models/rbm.js';
import { bytes, count, duration, fixed } from '../../runs/format.js';
import { modelKind, type RunModel } from '../../runs/model.js';
import { DBN_FILES } from '../dbn/record.js';
import { type ModelOptions, modelImageShape, type OpenedModel, openModel } from '../model-file.js';
import { Output } from '../output.js';
import { packageVersion } from '../package-info.js';

interface InfoOptions extends ModelOptions {
  json?: true;
}

function aboutInstallation(output: Output): void {
  const backend = backendInfo();
  output.line(`boltzkit ${packageVersion()}, Node ${process.version}, ${process.platform}-${process.arch}`);
  output.line(`${backend.device} (${backend.isa}), ${backend.threads} threads, ${backend.model}`);
  if (backend.fallback !== null) output.line(`note: ${backend.fallback}`);
  output.record({ version: packageVersion(), node: process.version, platform: `${process.platform}-${process.arch}`, backend });
}

function rootMeanSquare(parts: readonly Float64Array[]): number {
  const squares = parts.reduce((sum, values) => values.reduce((total, value) => total + value * value, sum), 0);
  return Math.sqrt(squares / parts.reduce((length, values) => length + values.length, 0));
}

function trainingLine({ model }: OpenedModel): string {
  const state = model.training;
  if (state === null) return 'never trained';
  return `${state.algorithm}, update ${count(state.update)} of ${count(state.updates)} (${state.complete ? 'complete' : 'can be resumed'})`;
}

async function aboutModel(path: string, options: InfoOptions, output: Output): Promise<void> {
  const opened = await openModel(path, options);
  using model = opened.model;
  const size = (await stat(opened.path)).size;
  const image = modelImageShape(opened, undefined);
  const learner: RunModel = model;
  const weights = model.couplings.map(([a, b]) => learner.getParameter(`${a}-${b}.weights`).data);
  const weightNorm = rootMeanSquare(weights);
  const { record } = opened;
  const quality = record?.history[record.history.length - 1] ?? null;
  output.line(`${opened.path}: ${layersText(model)}, ${bytes(size)}`);
  output.line(`seed       ${model.seed}`);
  output.line(`weights    root mean square ${fixed(weightNorm, 4)}`);
  output.line(`pictures   ${image === null ? 'shape unknown' : `${image.height} × ${image.width}`}`);
  output.line(`training   ${trainingLine(opened)}`);
  if (record !== null) output.line(`run        ${record.loaded.name}, ${record.state}, ${duration(record.seconds)}`);
  if (quality !== null)
    output.line(
      `quality    log-pseudo-likelihood ${fixed(quality.pseudoLikelihood)}, free-energy gap ${fixed(quality.freeEnergyGap)} nats`,
    );
  output.record({
    path: opened.path,
    kind: model instanceof RBM ? 'rbm' : 'boltzmann-machine',
    ...(model instanceof RBM ? { visible: model.visible, hidden: model.hidden } : {}),
    layers: model.layers,
    seed: model.seed,
    bytes: size,
    weightNorm,
    image,
    training: model.training,
    run: record,
  });
}

/** What there is in a model, in words. */
function layersText(model: OpenedModel['model']): string {
  const units = Object.entries(model.layers).map(([name, { type, places }]) => `${count(places)} ${name} (${type})`);
  return `${model instanceof RBM ? 'RBM' : 'Boltzmann machine'} with ${units.join(', ')}`;
}

type Summary = Readonly<Record<string, unknown>>;

/** What models that the other commands do not take say of themselves, by the kind of their files; their modules are loaded when there is one. */
const summaries: Readonly<Record<string, (path: string) => Promise<Summary>>> = {
  dbn: async (path) => summaryOf((await import('../../belief/network.js')).DeepBeliefNetwork.load(path)),
  'classification-rbm': async (path) => summaryOf((await import('../../networks/classification-rbm.js')).ClassificationRBM.load(path)),
  'replicated-softmax': async (path) => summaryOf((await import('../../models/replicated-softmax.js')).ReplicatedSoftmax.load(path)),
  'conditional-rbm': async (path) => summaryOf((await import('../../models/conditional-rbm.js')).ConditionalRBM.load(path)),
  network: async (path) => summaryOf((await import('../../networks/network.js')).Network.load(path)),
  classifier: async (path) => summaryOf((await import('../../networks/classifier.js')).Classifier.load(path)),
  autoencoder: async (path) => summaryOf((await import('../../networks/autoencoder.js')).Autoencoder.load(path)),
  recommender: async (path) => ({ ...(await (await import('../../recommender/recommender.js')).Recommender.load(path)).toJSON() }),
};

async function summaryOf(loading: Promise<Disposable & { toJSON(): object }>): Promise<Summary> {
  using model = await loading;
  return { ...model.toJSON() };
}

async function aboutOther(path: string, kind: string, summary: Summary, output: Output): Promise<void> {
  const size = (await stat(path)).size;
  const { model, ...rest } = summary;
  output.line(`${path}: ${kind === 'recommender' ? `recommender '${model}'` : model}, ${bytes(size)}`);
  for (const [name, value] of Object.entries(rest)) output.line(`${name.padEnd(10)} ${valueText(value)}`);
  output.record({ path, kind, bytes: size, ...summary });
}

function valueText(value: unknown): string {
  if (value === null) return 'none';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return value.join(', ');
  return Object.entries(value)
    .filter(([, inside]) => inside !== null)
    .map(([name, inside]) => `${name} ${inside}`)
    .join(', ');
}

/** The network of a folder that `dbn train` wrote; else the path as it is. */
async function networkIn(path: string): Promise<string> {
  const network = join(path, DBN_FILES.network);
  return (await stat(network).catch(() => null)) === null ? path : network;
}

async function info(path: string | undefined, options: InfoOptions): Promise<void> {
  const output = new Output(options.json === true);
  if (path === undefined) return aboutInstallation(output);
  const file = await networkIn(path);
  const kind = await modelKind(file);
  const summary = kind !== null && Object.hasOwn(summaries, kind) ? await summaries[kind]?.(file) : undefined;
  if (kind === null || summary === undefined) return aboutModel(path, options, output);
  await aboutOther(file, kind, summary, output);
}

export function registerInfo(program: Command): void {
  program
    .command('info')
    .description('say what a model file holds; without one, what this installation runs on')
    .argument('[model]', 'a model file of any kind, or the folder of a run')
    .option('--json', 'one JSON object on stdout')
    .action(info);
}
