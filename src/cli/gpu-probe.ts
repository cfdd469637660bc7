/** Looks at the GPUs in another process, which a driver may take down. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findPlugin, missingPlugin } from '../machine/cuda-plugin.js';
import type { GpuReport } from './gpu-report.js';

const patience = 20_000;

/**
 * What there is of GPUs on this machine. No process is started where there is no plug-in.
 *
 * @param program - The file of the other process.
 * @param limit - Milliseconds that it may take.
 */
export async function probeGpus(program = fileURLToPath(new URL('gpu-child.js', import.meta.url)), limit = patience): Promise<GpuReport> {
  const { path } = findPlugin();
  const report: GpuReport = { plugin: path ?? null, gpus: [], checks: [], problem: null };
  if (path === undefined) return { ...report, problem: { reason: 'package_missing', message: missingPlugin() } };
  const child = fork(program, { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  child.on('message', (part) => Object.assign(report, part));
  const wrong = await Promise.race([howItEnded(child), sleep(limit, `gave no answer within ${limit / 1000} s`, { ref: false })]);
  child.on('error', () => undefined); // nobody waits for it any more
  child.kill('SIGKILL');
  child.unref();
  child.channel?.unref();
  if (wrong === null || report.problem !== null) return report;
  return { ...report, problem: { reason: 'device_failed', message: `the process that asked the driver ${wrong}` } };
}

/** Waits for the last message and for the end; says what was wrong with that, null where nothing was. */
async function howItEnded(child: ChildProcess): Promise<string | null> {
  try {
    const [[code, signal]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
    if (code === 0) return null;
    return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
  } catch (error) {
    return `could not be started: ${(error as Error).message}`;
  }
}
