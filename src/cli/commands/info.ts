import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { backendInfo } from '../../index.js';
import { RBM } from '../../models/rbm.js';
import { bytes, count, duration, fixed } from '../../runs/format.js';
import type { RunModel } from '../../runs/model.js';
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

async function info(path: string | undefined, options: InfoOptions): Promise<void> {
  const output = new Output(options.json === true);
  if (path === undefined) aboutInstallation(output);
  else await aboutModel(path, options, output);
}

export function registerInfo(program: Command): void {
  program
    .command('info')
    .description('say what a model file holds; without one, what this installation runs on')
    .argument('[model]', 'a model file, or the folder of a run')
    .option('--json', 'one JSON object on stdout')
    .action(info);
}
