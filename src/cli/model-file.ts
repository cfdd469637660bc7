import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RBM } from '../models/rbm.js';
import type { Device } from '../wiring/spec.js';
import { CliError } from './failures.js';
import { checkImageShape, guessImageShape } from './image-shape.js';
import type { ImageShape } from './options.js';
import { RUN_FILES, readRunRecord } from './run-folder.js';
import type { RunRecord } from './run-record.js';

/** A saved model, and the record of the run that made it when that lies beside it. */
export interface OpenedModel {
  rbm: RBM;
  path: string;
  record: RunRecord | null;
}

export interface ModelOptions {
  device?: Device;
  threads?: number;
}

async function modelPath(path: string): Promise<string> {
  try {
    return (await stat(path)).isDirectory() ? join(path, RUN_FILES.model) : path;
  } catch (error) {
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
  const rbm = await RBM.load(file, { device: options.device ?? 'auto', threads: options.threads ?? 0 });
  // A foreign run.json beside a model is no reason to refuse the model.
  const record = await readRunRecord(dirname(file)).catch(() => null);
  const fits = record !== null && record.loaded.visible === rbm.visible && record.settings.hidden === rbm.hidden;
  return { rbm, path: file, record: fits ? record : null };
}

/** The shape of a model's pictures: as typed, as its run knew it, or guessed. */
export function modelImageShape(model: OpenedModel, typed: ImageShape | undefined): ImageShape | null {
  if (typed !== undefined) return checkImageShape(typed, model.rbm.visible);
  return model.record?.loaded.image ?? guessImageShape(model.rbm.visible);
}
