/**
 * Runs that go on: a finished one may be told to train for more epochs, as another run of `fit` on
 * the same model.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RUN_FILES } from './folder.js';
import type { EpochRecord, RunRecord } from './record.js';
import type { RunSettings } from './settings.js';

/** Epochs and updates of the runs before the present one. */
export function before({ earlier }: Pick<RunRecord, 'earlier'>): { epochs: number; updates: number } {
  return earlier.reduce((sum, run) => ({ epochs: sum.epochs + run.epochs, updates: sum.updates + run.updates }), { epochs: 0, updates: 0 });
}

/** A report of the present run as one of all. */
export function counted<Report extends Pick<EpochRecord, 'epoch' | 'update'>>(report: Report, record: RunRecord): Report {
  const { epochs, updates } = before(record);
  return { ...report, epoch: report.epoch + epochs, update: report.update + updates };
}

/** Makes the record of a finished run that of one which goes on with these settings. */
export async function goOn(record: RunRecord, folder: string, settings: RunSettings, updates: number): Promise<void> {
  const done = before(record);
  const epochs = (record.history.at(-1)?.epoch ?? done.epochs) - done.epochs;
  const model = await digestOfModel(folder);
  record.earlier = [...record.earlier, { settings: record.settings, epochs, updates: record.update - done.updates, model }];
  // A model that has learnt keeps its biases; a run that is resumed has to be told the same.
  record.settings = { ...settings, initialiseFromData: false };
  record.updates = record.update + updates;
  record.state = 'running';
}

/** Whether the model in the folder is still the one that the present run began with. */
export async function isAtItsBeginning({ earlier }: RunRecord, folder: string): Promise<boolean> {
  const last = earlier.at(-1);
  return last !== undefined && (await digestOfModel(folder)) === last.model;
}

async function digestOfModel(folder: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(folder, RUN_FILES.model)), hash);
  return hash.digest('hex');
}
