import type { Command } from 'commander';
import { backendInfo } from '../../index.js';
import { CliError } from '../failures.js';
import { Output } from '../output.js';
import { packageVersion } from '../package-info.js';
import { selfTest } from '../self-test.js';

async function doctor(options: { json?: true }): Promise<void> {
  const output = new Output(options.json === true);
  // Throws with what was tried and what to do when no addon can be loaded.
  const backend = backendInfo();
  const platform = `${process.platform}-${process.arch}`;
  const checks = await selfTest();
  const passed = checks.every((check) => check.passed);
  output.line(`boltzkit ${packageVersion()}, Node ${process.version}, ${platform}`);
  output.line(`processor  ${backend.model}`);
  output.line(
    `device     ${backend.device}, ${backend.isa} kernels (can run: ${backend.available.join(', ')}), ${backend.threads} threads`,
  );
  if (backend.fallback !== null) output.line(`note       ${backend.fallback}`);
  for (const { name, passed: good, detail } of checks) output.line(`${good ? 'ok     ' : 'FAILED '}    ${name}: ${detail}`);
  output.record({ version: packageVersion(), node: process.version, platform, backend, checks, passed });
  if (!passed)
    throw new CliError('the self-test failed', {
      code: 'ERR_SELF_TEST',
      hint: 'results on this machine cannot be trusted; `boltzkit build --clean` compiles anew',
    });
}

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what was loaded (device, instruction set, threads) and test it against known answers')
    .option('--json', 'one JSON object on stdout')
    .action(doctor);
}
