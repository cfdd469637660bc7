/** The look at GPUs in a process of its own, and what that process finds. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { probeGpus } from '../../src/cli/gpu-probe.js';
import { type GpuReport, reportGpus } from '../../src/cli/gpu-report.js';
import { deviceError, fakeGpus, h200 } from '../machine/fake-gpu.js';

const folder = mkdtempSync(join(tmpdir(), 'boltzkit-probe-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file that no test before has named. */
let files = 0;
function write(text: string, ending: string): string {
  const path = join(folder, `${++files}${ending}`);
  writeFileSync(path, text);
  return path;
}

let plugin = '';
beforeEach(() => {
  plugin = write('no shared library', '.so');
  vi.stubEnv('BOLTZKIT_CUDA', plugin);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const gpu = { device: 'cuda:0', ...h200 };
const check = { name: 'free energy against enumeration, cuda:0', passed: true, detail: 'good' };
const say = (part: object) => `process.send(${JSON.stringify(part)});`;
const probe = (text: string, limit?: number) => probeGpus(write(text, '.mjs'), limit);

describe('probeGpus', () => {
  it('puts together what the other process tells', async () => {
    const found = await probe(say({ gpus: [gpu] }) + say({ checks: [check] }));
    expect(found).toEqual({ plugin, gpus: [gpu], checks: [check], problem: null });
  });

  it('starts no process where there is no plug-in', async () => {
    vi.stubEnv('BOLTZKIT_CUDA', join(folder, 'nowhere.so'));
    const found = await probe(say({ gpus: [gpu] }));
    expect(found).toMatchObject({ plugin: null, gpus: [], checks: [], problem: { reason: 'package_missing' } });
    expect(found.problem?.message).toMatch(/nowhere\.so`, which is not there$/);
  });

  it.each([
    ['process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000);', 'was ended by SIGKILL'],
    ['process.exit(3);', 'ended with code 3'],
    ['throw new Error("broken");', 'ended with code 1'],
    ['setInterval(() => {}, 1000);', 'gave no answer within 2 s'],
    ['for (;;) {}', 'gave no answer within 2 s'],
  ])('outlives a process that does this: %s', async (text, says) => {
    const found = await probe(`${say({ gpus: [gpu] })} setTimeout(() => { ${text} }, 100);`, 2000);
    const problem = { reason: 'device_failed', message: `the process that asked the driver ${says}` };
    expect(found).toEqual({ plugin, gpus: [gpu], checks: [], problem });
  });

  it('keeps the reason that was told before the end', async () => {
    const problem = { reason: 'driver_missing', message: 'no driver' };
    expect((await probe(`${say({ problem })} setTimeout(() => process.exit(1), 100);`)).problem).toEqual(problem);
  });
});

describe('reportGpus', () => {
  const report = async (): Promise<Partial<GpuReport>[]> => {
    const parts: Partial<GpuReport>[] = [];
    await reportGpus((part) => parts.push(part));
    return parts;
  };

  it('tells the GPUs, then how the first did in its test', async () => {
    fakeGpus(() => [h200, h200]);
    const parts = await report();
    expect(parts[0]?.gpus).toEqual([gpu, { ...gpu, device: 'cuda:1' }]);
    expect(parts[1]?.checks).toMatchObject([{ name: check.name, passed: true }]);
    expect(parts).toHaveLength(2);
  });

  it('tells why there is none', async () => {
    fakeGpus(() => {
      throw deviceError('driver_too_old', 'the driver is too old');
    });
    expect(await report()).toEqual([{ problem: { reason: 'driver_too_old', message: 'the driver is too old' } }]);
    vi.stubEnv('BOLTZKIT_CUDA', write('', '.so'));
    fakeGpus(() => []);
    expect(await report()).toEqual([{ gpus: [] }, { problem: { reason: 'no_device', message: 'the driver knows no GPU' } }]);
  });

  it('takes a GPU that cannot be used for no wrong answer', async () => {
    fakeGpus(
      () => [h200],
      () => {
        throw deviceError('out_of_memory');
      },
    );
    const [, last] = await report();
    expect(last).toMatchObject({ problem: { reason: 'out_of_memory' } });
    expect(last).not.toHaveProperty('checks');
  });
});
