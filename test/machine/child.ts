/** Programs that run in a process of their own, so that a crash is the child's exit code and not the test runner's. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The built package: child processes have no TypeScript. */
export const entry = new URL('../../dist/index.js', import.meta.url).href;
const run = promisify(execFile);

export interface Outcome {
  code: number | string | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** Runs a module in a process of its own; RBM is there already. */
export async function child(body: string, flags: string[] = []): Promise<Outcome> {
  if (!existsSync(fileURLToPath(entry))) throw new Error('run `npm run build` first: these tests start processes that import dist/');
  const source = `import { RBM } from ${JSON.stringify(entry)};\n${body}`;
  try {
    const { stdout, stderr } = await run(process.execPath, [...flags, '--input-type=module', '-e', source], { cwd: root, timeout: 50_000 });
    return { code: 0, signal: null, stdout, stderr };
  } catch (error) {
    const { code, signal, stdout, stderr } = error as Outcome;
    return { code: code ?? null, signal: signal ?? null, stdout, stderr };
  }
}

/** Nothing on standard error, no signal, exit code 0. */
export const clean = { code: 0, signal: null, stderr: '' };
