import { constants } from 'node:fs';
import { access, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { FormatError } from '../errors.js';
import { writeFileAtomic } from '../io/atomic.js';
import { CliError } from './failures.js';
import { type RunRecord, runRecordSchema } from './run-record.js';

/** The files that `train` writes into its folder. */
export const RUN_FILES = {
  record: 'run.json',
  model: 'model.safetensors',
  filters: 'filters.png',
  samples: 'samples.png',
  reconstructions: 'reconstructions.png',
  curves: 'curves.svg',
} as const;

/** What is to happen to a run that the folder holds already. */
export interface FolderIntent {
  force: boolean;
  resume: boolean;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Reads `run.json` of a folder; null when there is none. Throws FormatError when it is not one. */
export async function readRunRecord(folder: string): Promise<RunRecord | null> {
  const path = join(folder, RUN_FILES.record);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
    throw error;
  }
  try {
    return runRecordSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new FormatError(`\`${path}\` is not the record of a boltzkit run`, { cause: error });
  }
}

export async function writeRunRecord(folder: string, record: RunRecord): Promise<void> {
  const text = JSON.stringify(record, null, 2);
  await writeFileAtomic(join(folder, RUN_FILES.record), new TextEncoder().encode(`${text}\n`), 'train');
}

/** Takes back the record of a run that failed before its first update: there is nothing to resume. */
export async function removeRunRecord(folder: string): Promise<void> {
  await rm(join(folder, RUN_FILES.record), { force: true });
}

async function listFolder(folder: string): Promise<string[] | null> {
  try {
    if (!(await stat(folder)).isDirectory()) throw new CliError(`\`--out ${folder}\` is a file, not a folder`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return readdir(folder);
}

function refuseIfRunning(folder: string, record: RunRecord): void {
  const elsewhere = record.host !== hostname() || record.pid === process.pid;
  if (record.state !== 'running' || elsewhere || !alive(record.pid)) return;
  throw new CliError(`\`${folder}\` is being written by process ${record.pid}`, { hint: 'choose another --out, or stop that run first' });
}

/**
 * Looks at the output folder before anything is loaded and refuses what would destroy work: a run that is going on, and any finished
 * or interrupted one unless `force` or `resume` says what to do. Returns the record of the run to resume, or null for a new run.
 */
export async function inspectRunFolder(folder: string, intent: FolderIntent): Promise<RunRecord | null> {
  const present = await listFolder(folder);
  await checkWritable(folder);
  const record = present === null || (intent.force && !intent.resume) ? await readable(folder) : await readRunRecord(folder);
  if (record !== null) refuseIfRunning(folder, record);
  if (intent.resume) return toResume(folder, record, present ?? []);
  if (intent.force) return null;
  if (record !== null) {
    const unfinished = record.state === 'running' || record.state === 'interrupted';
    const hint = unfinished ? '--resume goes on with it, --force starts over' : '--force overwrites it, or choose another --out';
    throw new CliError(`\`${folder}\` holds ${unfinished ? 'an interrupted' : 'a finished'} run`, { code: 'ERR_EXISTS', hint });
  }
  const taken = Object.values(RUN_FILES).find((name) => present?.includes(name));
  if (taken !== undefined) {
    throw new CliError(`\`${folder}\` already has a file ${taken}`, {
      code: 'ERR_EXISTS',
      hint: '--force overwrites it, or choose another --out',
    });
  }
  return null;
}

/** With `--force` a record that cannot be read is as good as none. */
async function readable(folder: string): Promise<RunRecord | null> {
  return readRunRecord(folder).catch(() => null);
}

function toResume(folder: string, record: RunRecord | null, present: string[]): RunRecord {
  if (record === null) throw new CliError(`\`${folder}\` holds no run to resume`, { hint: 'leave out --resume to start one' });
  if (record.state === 'diverged') {
    throw new CliError(`the run in \`${folder}\` diverged; it would do so again`, { hint: 'start over with --force and a lower --lr' });
  }
  if (!present.includes(RUN_FILES.model)) {
    const hint = 'start over with --force; a smaller --checkpoint-every saves more often';
    throw new CliError(`the run in \`${folder}\` was stopped before its first checkpoint`, { hint });
  }
  return record;
}

/** Makes the folder; called once all options and data are known to be good. */
export async function createRunFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const parent = dirname(resolve(folder));
    // Not `recursive`: Node 20 never returns from that where folders cannot be made, as in /proc.
    if (code !== 'ENOENT' || (await exists(parent))) throw error;
    await createRunFolder(parent);
    await mkdir(folder);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Finds out before anything is loaded whether files could be written: in the folder, or in the nearest one that exists above it. */
async function checkWritable(folder: string): Promise<void> {
  let nearest = resolve(folder);
  while (!(await exists(nearest)) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  await access(nearest, constants.W_OK);
}
