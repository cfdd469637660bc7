import { constants } from 'node:fs';
import { access, lstat, mkdir, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FormatError } from '../errors.js';
import { removeLeftovers, writeFileAtomic } from '../io/atomic.js';
import { RunError } from './failure.js';
import { JOURNAL, withJournal } from './journal.js';
import { lockFolder, refuseIfLocked } from './lock.js';
import { type RunRecord, runRecordSchema } from './record.js';

/** The files that `train` writes into its folder. */
export const RUN_FILES = {
  record: 'run.json',
  model: 'model.safetensors',
  filters: 'filters.png',
  samples: 'samples.png',
  reconstructions: 'reconstructions.png',
  curves: 'curves.svg',
  report: 'report.html',
} as const;

/** What is to happen to a run that the folder holds already. */
export interface FolderIntent {
  force: boolean;
  resume: boolean;
}

/**
 * Reads `run.json` of a folder, and the epochs since it was written; null when there is none.
 * Throws FormatError when it is not one.
 */
export async function readRunRecord(folder: string): Promise<RunRecord | null> {
  const path = join(folder, RUN_FILES.record);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
    throw error;
  }
  return withJournal(folder, parsedRecord(text, path));
}

function parsedRecord(text: string, path: string): RunRecord {
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

/**
 * Takes away what an earlier run left, or one that failed before its first update. The record goes
 * first: nothing must ever look like a new run's record beside an old run's model.
 */
export async function removeRun(folder: string): Promise<void> {
  for (const name of [...Object.values(RUN_FILES), JOURNAL]) await rm(join(folder, name), { force: true });
}

async function listFolder(folder: string): Promise<string[] | null> {
  try {
    if (!(await stat(folder)).isDirectory()) throw new RunError(`\`--out ${folder}\` is a file, not a folder`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return readdir(folder);
}

/**
 * Links would lead what is written here to files elsewhere: a folder that somebody else made may
 * have such.
 */
async function refuseLinks(folder: string): Promise<void> {
  for (const name of Object.values(RUN_FILES)) {
    const found = await lstat(join(folder, name)).catch(() => null);
    if (found?.isSymbolicLink())
      throw new RunError(`\`${join(folder, name)}\` is a symbolic link`, { code: 'ERR_LINK', hint: 'put the file itself in its place' });
  }
}

/**
 * Looks at the output folder before anything is loaded and refuses what would destroy work: a run
 * that is going on, and any finished or interrupted one unless `force` or `resume` says what to do.
 * Returns the record of the run to resume, or null for a new run.
 */
export async function inspectRunFolder(folder: string, intent: FolderIntent): Promise<RunRecord | null> {
  const present = await listFolder(folder);
  await checkWritable(folder);
  await refuseLinks(folder);
  const record = present === null || (intent.force && !intent.resume) ? await readable(folder) : await readRunRecord(folder);
  if (intent.resume) return toResume(folder, record);
  if (intent.force) return null;
  if (record !== null) {
    const unfinished = record.state === 'running' || record.state === 'interrupted';
    const hint = unfinished ? '--resume goes on with it, --force starts over' : '--force overwrites it, or choose another --out';
    throw new RunError(`\`${folder}\` holds ${unfinished ? 'an interrupted' : 'a finished'} run`, { code: 'ERR_EXISTS', hint });
  }
  const taken = Object.values(RUN_FILES).find((name) => present?.includes(name));
  if (taken !== undefined) {
    throw new RunError(`\`${folder}\` already has a file ${taken}`, {
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

function toResume(folder: string, record: RunRecord | null): RunRecord {
  if (record === null) throw new RunError(`\`${folder}\` holds no run to resume`, { hint: 'leave out --resume to start one' });
  if (record.state === 'diverged') {
    throw new RunError(`the run in \`${folder}\` diverged; it would do so again`, { hint: 'start over with --force and a lower --lr' });
  }
  return record;
}

/** A run's folder while one process works in it. */
export interface OpenFolder {
  /** The run to resume, or null for a new one. */
  readonly kept: RunRecord | null;
  /** Lets others in; takes away folders that were made for a run that never began. */
  close(): Promise<void>;
}

/**
 * Takes a folder for this process, if need be a new one, and then looks at it as {@link
 * inspectRunFolder} does.
 */
export async function openRunFolder(folder: string, intent: FolderIntent): Promise<OpenFolder> {
  refuseIfLocked(folder);
  // First without a trace: what is refused leaves no folder behind.
  await inspectRunFolder(folder, intent);
  const { made, unlock } = await makeAndLock(folder);
  const close = async (): Promise<void> => {
    unlock();
    for (const path of made) await rmdir(path).catch(() => undefined);
  };
  try {
    // Again: another process may have worked here before the lock was taken.
    const kept = await inspectRunFolder(folder, intent);
    for (const name of Object.values(RUN_FILES)) await removeLeftovers(join(folder, name));
    return { kept, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeAndLock(folder: string): Promise<{ made: string[]; unlock: () => void }> {
  for (;;) {
    const made = await makeFolder(folder);
    try {
      return { made, unlock: lockFolder(folder) };
    } catch (error) {
      // Another process made the folder, and took it away again without having begun a run.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/** Makes the folder and those above it; returns those it made, the innermost first. */
async function makeFolder(folder: string): Promise<string[]> {
  try {
    await mkdir(folder);
    return [folder];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return [];
    const parent = dirname(resolve(folder));
    // Not `recursive`: Node 20 never returns from that where folders cannot be made, as in /proc.
    if (code !== 'ENOENT' || (await exists(parent))) throw error;
    const above = await makeFolder(parent);
    await mkdir(folder);
    return [folder, ...above];
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Finds out before anything is loaded whether files could be written: in the folder, or in the
 * nearest one that exists above it.
 */
async function checkWritable(folder: string): Promise<void> {
  let nearest = resolve(folder);
  while (!(await exists(nearest)) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  await access(nearest, constants.W_OK);
}
