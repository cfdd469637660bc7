import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';

/** The built command line. */
export const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface CliResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A command that is running. */
export interface RunningCli {
  child: ChildProcess;
  result: Promise<CliResult>;
  /** Resolves as soon as stdout holds the text. */
  said(text: string): Promise<void>;
}

/** What the caller has set for commands is not for those of tests. */
function inherited(): NodeJS.ProcessEnv {
  const { BOLTZKIT_DATA: _data, BOLTZKIT_DEBUG: _debug, ...env } = process.env;
  return env;
}

/** Starts the built command line in a folder, with no colours, no terminal and no MNIST folder of the caller's. */
export function startCli(args: string[], cwd: string, env: Record<string, string> = {}): RunningCli {
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...inherited(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const result = new Promise<CliResult>((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })));
  const said = async (text: string): Promise<void> => {
    while (!stdout.includes(text)) {
      if (child.exitCode !== null) throw new Error(`the command ended without saying "${text}"; it said:\n${stdout}\n${stderr}`);
      await new Promise((done) => setTimeout(done, 5));
    }
  };
  return { child, result, said };
}

/** Does a command in a process of its own, as users do. */
export function cliAlone(args: string[], cwd: string, env: Record<string, string> = {}): Promise<CliResult> {
  return startCli(args, cwd, env).result;
}

/** What the host says of a command, `left` being what would keep a process of its own from ending. */
interface Told {
  code: number;
  stdout: string;
  stderr: string;
  left: string[];
}

interface Host {
  child: ChildProcess;
  /** What it said by itself. */
  stderr: string;
  ended: Promise<unknown>;
}

let host: Host | null = null;
let last: Promise<unknown> = Promise.resolve();

/**
 * Does a command in a process that does all of them, one after the other (host.mjs), for tests of what a command says and writes. One that
 * ends that process, or leaves something that would keep it from ending, is an error.
 */
export function cli(args: string[], cwd: string): Promise<CliResult> {
  const result = last.then(() => ask(args, cwd));
  last = result.catch(() => undefined);
  return result;
}

async function ask(args: string[], cwd: string): Promise<CliResult> {
  host ??= startHost();
  const asked = host;
  const fault = (text: string) => new Error(`\`${args.join(' ')}\` ${text}`);
  const { left, ...result } = await new Promise<Told>((resolve, reject) => {
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      host = null;
      reject(fault(`ended its process with ${code ?? signal}: ${asked.stderr}`));
    };
    asked.child.once('close', end).once('message', (message) => {
      asked.child.off('close', end);
      resolve(message as Told);
    });
    asked.child.send({ args, cwd });
  });
  if (left.length > 0) {
    asked.child.kill('SIGKILL');
    host = null;
    throw fault(`is not over: ${left.join(', ')}`);
  }
  return { ...result, signal: null };
}

function startHost(): Host {
  const program = fileURLToPath(new URL('host.mjs', import.meta.url));
  const child = fork(program, { env: inherited(), execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const started: Host = { child, stderr: '', ended: once(child, 'exit') };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    started.stderr += text;
  });
  return started;
}

async function endHost(): Promise<void> {
  host?.child.disconnect();
  await host?.ended;
  host = null;
}

/** A temporary folder for the tests of one file. */
export function useFolder(): { readonly path: string } {
  const folder = { path: '' };
  beforeAll(async () => {
    folder.path = await mkdtemp(join(tmpdir(), 'boltzkit-cli-'));
  });
  afterAll(async () => {
    await endHost();
    await rm(folder.path, { recursive: true, force: true });
  });
  return folder;
}

/** Pictures of `side` x `side` with one bright row each, as a csv of zeros and ones. */
export async function writeStripes(path: string, rows: number, side = 6): Promise<void> {
  const line = (r: number): string => Array.from({ length: side * side }, (_, i) => (Math.floor(i / side) === r % side ? 1 : 0)).join(',');
  await writeFile(path, `${Array.from({ length: rows }, (_, r) => line(r)).join('\n')}\n`);
}

export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
