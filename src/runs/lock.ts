import { randomBytes } from 'node:crypto';
import { closeSync, lstatSync, openSync, readFileSync, renameSync, unlinkSync, utimesSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { lives, type ProcessName, thisProcess } from '../io/living.js';
import { RunError } from './failure.js';

/**
 * The file by which one process keeps others out of a run's folder; gone when nobody works there.
 */
const LOCK = 'run.lock';
/**
 * A process of another machine, which cannot be asked whether it lives, shows it by touching its
 * lock this often, in milliseconds.
 */
const SIGN_OF_LIFE = 5000;
/** Without such a sign for this long it counts as ended. */
const SILENCE = 60_000;
/**
 * A lock without a readable name was made by a process that is just writing it, or that was killed
 * right there.
 */
const TIME_TO_WRITE = 5000;

interface Holder {
  token: string;
  process: ProcessName | null;
  /** Milliseconds since the file was written or touched. */
  age: number;
}

function parsed(text: string): { token: string; process: ProcessName } | null {
  try {
    const { token, host, pid, started } = JSON.parse(text) as Record<string, unknown>;
    const named = typeof host === 'string' && Number.isInteger(pid) && typeof started === 'string';
    // The token becomes part of a file's name.
    if (!named || typeof token !== 'string' || !/^[0-9a-f]{16}$/.test(token)) return null;
    return { token, process: { host, pid: pid as number, started } };
  } catch {
    return null;
  }
}

/** Who holds the lock; null when nobody does. */
function holderOf(path: string): Holder | null {
  try {
    const stats = lstatSync(path);
    if (!stats.isFile()) throw new RunError(`\`${path}\` is not a file of this program`, { code: 'ERR_LOCKED', hint: 'remove it' });
    const { mtimeMs, size } = stats;
    const found = size <= 1000 ? parsed(readFileSync(path, 'utf8')) : null;
    return { token: found?.token ?? 'damaged', process: found?.process ?? null, age: Date.now() - mtimeMs };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

function isAtWork({ process: name, age }: Holder): boolean {
  if (name === null) return age < TIME_TO_WRITE;
  return lives(name) ?? age < SILENCE;
}

function created(path: string, text: string): boolean {
  try {
    const file = openSync(path, 'wx');
    writeSync(file, text);
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function refuse(folder: string, holder: Holder | null): void {
  if (holder === null || !isAtWork(holder)) return;
  const who = holder.process === null ? 'another process' : `process ${holder.process.pid}`;
  const where = holder.process === null || holder.process.host === thisProcess().host ? '' : ' of another machine or container';
  throw new RunError(`\`${folder}\` is being written by ${who}${where}`, {
    code: 'ERR_LOCKED',
    hint: 'choose another --out, or stop that run first',
  });
}

/**
 * Takes the name `path` for this process. A lock whose holder has ended is replaced by its
 * successor's. Of several that try, the one that holds the successor's name may do so, and looks
 * again whether it is still that lock.
 */
function take(folder: string, path: string, text: string): void {
  while (!created(path, text)) {
    const holder = holderOf(path);
    refuse(folder, holder);
    if (holder === null) continue;
    const successor = `${path}.${holder.token}`;
    take(folder, successor, text);
    if (holderOf(path)?.token === holder.token) {
      renameSync(successor, path);
      return;
    }
    unlinkSync(successor);
  }
}

/** Throws when another process works in the folder. */
export function refuseIfLocked(folder: string): void {
  refuse(folder, holderOf(join(folder, LOCK)));
}

/**
 * Keeps other processes out of an existing folder until the returned function is called or this
 * process ends.
 *
 * @throws RunError with code ERR_LOCKED when another one is at work there. One that was killed is
 *   not, even while its parent has not noticed.
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, LOCK);
  const token = randomBytes(8).toString('hex');
  take(folder, path, `${JSON.stringify({ token, ...thisProcess() })}\n`);
  const touch = (): void => {
    try {
      utimesSync(path, new Date(), new Date());
    } catch {
      // The folder was taken away; writing into it will say so.
    }
  };
  const heart = setInterval(touch, SIGN_OF_LIFE).unref();
  const unlock = (): void => {
    clearInterval(heart);
    process.off('exit', unlock);
    if (holderOf(path)?.token === token) unlinkSync(path);
  };
  process.once('exit', unlock);
  return unlock;
}
