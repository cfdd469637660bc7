import { type ChildProcess, spawn } from 'node:child_process';
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

/** Starts the built command line in a folder, with no colours, no terminal and no MNIST folder of the caller's. */
export function startCli(args: string[], cwd: string, env: Record<string, string> = {}): RunningCli {
  const { BOLTZKIT_DATA: _data, BOLTZKIT_DEBUG: _debug, ...inherited } = process.env;
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
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

export function cli(args: string[], cwd: string, env: Record<string, string> = {}): Promise<CliResult> {
  return startCli(args, cwd, env).result;
}

/** A temporary folder for the tests of one file. */
export function useFolder(): { readonly path: string } {
  const folder = { path: '' };
  beforeAll(async () => {
    folder.path = await mkdtemp(join(tmpdir(), 'boltzkit-cli-'));
  });
  afterAll(() => rm(folder.path, { recursive: true, force: true }));
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
