import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { backendInfo } from '../../index.js';
import { bytes, count, duration, fixed } from '../../runs/format.js';
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

function rootMeanSquare(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum / values.length);
}

function trainingLine({ rbm }: OpenedModel): string {
  const state = rbm.training;
  if (state === null) return 'never trained';
  return `${state.algorithm}, update ${count(state.update)} of ${count(state.updates)} (${state.complete ? 'complete' : 'can be resumed'})`;
}

async function aboutModel(path: string, options: InfoOptions, output: Output): Promise<void> {
  const model = await openModel(path, options);
  using rbm = model.rbm;
  const size = (await stat(model.path)).size;
  const image = modelImageShape(model, undefined);
  const weightNorm = rootMeanSquare(rbm.getParameter('visible-hidden.weights').data);
  const { record } = model;
  const quality = record?.history[record.history.length - 1] ?? null;
  output.line(`${model.path}: RBM with ${count(rbm.visible)} visible and ${count(rbm.hidden)} hidden Bernoulli units, ${bytes(size)}`);
  output.line(`seed       ${rbm.seed}`);
  output.line(`weights    root mean square ${fixed(weightNorm, 4)}`);
  output.line(`pictures   ${image === null ? 'shape unknown' : `${image.height} × ${image.width}`}`);
  output.line(`training   ${trainingLine(model)}`);
  if (record !== null) output.line(`run        ${record.loaded.name}, ${record.state}, ${duration(record.seconds)}`);
  if (quality !== null)
    output.line(
      `quality    log-pseudo-likelihood ${fixed(quality.pseudoLikelihood)}, free-energy gap ${fixed(quality.freeEnergyGap)} nats`,
    );
  output.record({
    path: model.path,
    kind: 'rbm',
    visible: rbm.visible,
    hidden: rbm.hidden,
    seed: rbm.seed,
    bytes: size,
    weightNorm,
    image,
    training: rbm.training,
    run: record,
  });
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
