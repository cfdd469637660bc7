import type { Command } from 'commander';
import { chooseDevice } from '../../machine/backend.js';
import { processorInfo } from '../../machine/host.js';
import { CliError } from '../failures.js';
import { probeGpus } from '../gpu-probe.js';
import type { GpuSummary } from '../gpu-report.js';
import { Output } from '../output.js';
import { packageVersion } from '../package-info.js';
import { selfTest } from '../self-test.js';

async function doctor(options: { json?: true }): Promise<void> {
  const output = new Output(options.json === true);
  // Throws with what was tried and what to do when no addon can be loaded.
  const backend = processorInfo();
  const auto = chooseDevice('doctor', 'auto').device;
  const platform = `${process.platform}-${process.arch}`;
  const own = await selfTest();
  const { plugin, gpus, checks: theirs, problem } = await probeGpus();
  const checks = [...own, ...theirs];
  const passed = checks.every((check) => check.passed);
  output.line(`boltzkit ${packageVersion()}, Node ${process.version}, ${platform}`);
  output.line(`processor  ${backend.model}`);
  output.line(
    `device     ${backend.device}, ${backend.isa} kernels (can run: ${backend.available.join(', ')}), ${backend.threads} threads`,
  );
  for (const gpu of gpus) output.line(`gpu        ${gpuText(gpu)}`);
  if (problem !== null) output.line(`gpu        ${plugin === null ? 'none' : `not usable: ${problem.reason}`}: ${problem.message}`);
  if (auto !== 'auto') output.line(`auto       takes ${auto}: BOLTZKIT_DEVICE names it`);
  else if (gpus.length > 0) output.line(`note       ${backend.fallback}`);
  for (const { name, passed: good, detail } of checks) output.line(`${good ? 'ok     ' : 'FAILED '}    ${name}: ${detail}`);
  const installation = { version: packageVersion(), node: process.version, platform, backend, auto };
  output.record({ ...installation, gpus, gpuPlugin: plugin, gpuProblem: problem, checks, passed });
  if (!passed) throw failed(own.every((check) => check.passed));
}

function gpuText({ device, name, arch, memory, free }: GpuSummary): string {
  const gibibytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  return `${device} ${name} (${arch}), ${gibibytes(free)} of ${gibibytes(memory)} GiB free`;
}

function failed(onlyGpu: boolean): CliError {
  const hint = onlyGpu
    ? 'results on this GPU cannot be trusted; --device cpu computes without it'
    : 'results on this machine cannot be trusted; `boltzkit build --clean` compiles anew';
  return new CliError('the self-test failed', { code: 'ERR_SELF_TEST', hint });
}

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what was loaded (device, instruction set, threads, GPUs) and test it against known answers')
    .option('--json', 'one JSON object on stdout')
    .action(doctor);
}
