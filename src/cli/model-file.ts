import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BoltzmannMachine } from '../models/boltzmann-machine.js';
import { RBM } from '../models/rbm.js';
import { RUN_FILES, readRunRecord } from '../runs/folder.js';
import { guessImageShape, type ImageShape } from '../runs/image.js';
import { hiddenLayer, loadModel, placesOf } from '../runs/model.js';
import type { RunRecord } from '../runs/record.js';
import type { Device } from '../wiring/device.js';
import type { Layers } from '../wiring/names.js';
import { CliError } from './failures.js';
import { checkImageShape } from './image-shape.js';

/** A saved model, and the record of the run that made it when that lies beside it. */
export interface OpenedModel {
  model: RBM | BoltzmannMachine;
  path: string;
  record: RunRecord | null;
}

export interface ModelOptions {
  device?: Device;
  threads?: number;
}

async function modelPath(path: string): Promise<string> {
  try {
    if (!(await stat(path)).isDirectory()) return path;
    const file = join(path, RUN_FILES.model);
    if (existsSync(file)) return file;
    const hint = 'give the file of a model, or the folder that `boltzkit train` or `boltzkit dbn train` made';
    throw new CliError(`\`${path}\`: this folder holds no ${RUN_FILES.model}`, { code: 'ENOENT', hint });
  } catch (error) {
    if (error instanceof CliError) throw error;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CliError(`\`${path}\`: no such model`, {
      code: 'ENOENT',
      hint: '`boltzkit train mnist` makes mnist-run/model.safetensors',
      cause: error,
    });
  }
}

/** Loads a model from its file or from the folder of its run. The caller disposes of it. */
export async function openModel(path: string, options: ModelOptions): Promise<OpenedModel> {
  const file = await modelPath(path);
  const model = await loadModel(file, { device: options.device ?? 'auto', threads: options.threads ?? 0 });
  // A foreign run.json beside a model is no reason to refuse the model.
  const record = await readRunRecord(dirname(file)).catch(() => null);
  return { model, path: file, record: record !== null && fits(record, model) ? record : null };
}

/** Whether a record is that of a run which made such a model. */
function fits({ loaded, settings }: RunRecord, { layers }: OpenedModel['model']): boolean {
  const { hidden, ...data } = layers as Readonly<Record<string, { readonly places: number }>>;
  const names = Object.keys(data);
  const same = names.every((name) => loaded.layers[name]?.places === data[name]?.places);
  return same && names.length === Object.keys(loaded.layers).length && hidden?.places === settings.hidden;
}

/** Columns of the layers of data of a model. */
export function visibleColumns({ model }: Pick<OpenedModel, 'model'>): number {
  const layers: Layers = model.layers;
  return placesOf(layers) - (layers[hiddenLayer]?.places ?? 0);
}

/**
 * The shape of a model's pictures: as typed, as its run knew it, or guessed; null of models whose
 * rows are no pictures.
 */
export function modelImageShape(opened: OpenedModel, typed: ImageShape | undefined): ImageShape | null {
  const columns = visibleColumns(opened);
  if (typed !== undefined) return checkImageShape(typed, columns);
  if (!(opened.model instanceof RBM) || (opened.record !== null && opened.record.loaded.table !== null)) return null;
  return opened.record?.loaded.image ?? guessImageShape(columns);
}
