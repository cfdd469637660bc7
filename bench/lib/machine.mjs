// What the figures were measured on.
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';

function linuxCpu() {
  try {
    const text = readFileSync('/proc/cpuinfo', 'utf8');
    const field = (name) => text.match(new RegExp(`^${name}\\s*:\\s*(.+)$`, 'm'))?.[1];
    return { family: field('cpu family'), model: field('model'), flags: field('flags') ?? '' };
  } catch {
    return {};
  }
}

export function machine() {
  const { family, model, flags = '' } = linuxCpu();
  const name = (cpus()[0]?.model ?? 'unknown').replace(/\s+/g, ' ').trim();
  return {
    cpu: family ? `${name} (family ${family}, model ${model})` : name,
    cores: availableParallelism(),
    virtual: /\bhypervisor\b/.test(flags),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    loadBefore: loadavg()[0],
  };
}

/** A file name made of the processor and the number of cores. */
export function slug({ cpu, cores }) {
  return `${cpu} ${cores} cores`
    .toLowerCase()
    .replace(/\((r|tm)\)/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
