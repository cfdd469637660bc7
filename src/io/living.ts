import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, told apart from a later one with the same number. */
export interface ProcessName {
  /** Where its number means something: the machine, and on Linux the container. */
  readonly host: string;
  readonly pid: number;
  /** When it started, in letters and digits; empty where the system does not say. */
  readonly started: string;
}

interface Look {
  readonly ended: boolean;
  readonly started: string;
}

/** What the system says of a process; null when there is none of this number, undefined when it says nothing. */
function look(pid: number): Look | null | undefined {
  if (process.platform === 'linux') return lookIntoProc(pid);
  return process.platform === 'win32' ? undefined : askPs(pid);
}

function lookIntoProc(pid: number): Look | null | undefined {
  try {
    // The name in brackets may hold anything; the state is the first field behind it, the start time the twentieth.
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { ended: fields[0] === 'Z' || fields[0] === 'X', started: fields[19] ?? '' };
  } catch (error) {
    if (pid === process.pid || !['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    return look(process.pid) === undefined ? undefined : null; // without /proc nothing is known
  }
}

function askPs(pid: number): Look | null | undefined {
  try {
    const env = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
    const text = execFileSync('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe', env });
    const [state = '', ...started] = text.trim().split(/\s+/);
    return { ended: state.startsWith('Z'), started: started.join('').replaceAll(/\W/g, '') };
  } catch (error) {
    return (error as { status?: number }).status === 1 ? null : undefined;
  }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

let own: ProcessName | undefined;

/** The process that asks. */
export function thisProcess(): ProcessName {
  own ??= {
    host: createHash('sha256').update(`${hostname()} ${namespace()}`).digest('hex').slice(0, 8),
    pid: process.pid,
    started: look(process.pid)?.started ?? '',
  };
  return own;
}

/**
 * Whether a process still runs; undefined when it belongs to another machine or container. A zombie does not run: it has ended, and
 * only its parent has not asked for its exit code yet. Nor does one whose number another process has by now.
 */
export function lives({ host, pid, started }: ProcessName): boolean | undefined {
  if (host !== thisProcess().host) return undefined;
  const found = look(pid);
  if (found === undefined) return answersSignals(pid);
  if (found === null || found.ended) return false;
  return started === '' || found.started === '' || found.started === started;
}
