/** What `boltzkit doctor` says of GPUs where there are none. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cliAlone, jsonLines, useFolder } from './support.js';

const folder = useFolder();
const at = (name: string) => join(folder.path, name);

beforeAll(() => writeFile(at('damaged.so'), 'this is no shared library'));

async function doctor(env: Record<string, string>, ...more: string[]): Promise<string> {
  const { code, stdout, stderr } = await cliAlone(['doctor', ...more], folder.path, { BOLTZKIT_DEVICE: '', ...env });
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

const told = async (env: Record<string, string>) => jsonLines(await doctor(env, '--json'))[0];

describe('doctor', () => {
  it('does without a plug-in, also where BOLTZKIT_DEVICE asks for a GPU', async () => {
    const env = { BOLTZKIT_CUDA: 'nowhere.so', BOLTZKIT_DEVICE: 'cuda' };
    const text = await doctor(env);
    expect(text).toMatch(/^gpu {8}none: BOLTZKIT_CUDA names `nowhere\.so`, which is not there$/m);
    expect(text).toMatch(/^auto {7}takes cuda:0: BOLTZKIT_DEVICE names it$/m);
    expect(text).toMatch(/^device {5}cpu, /m);
    expect(await told(env)).toMatchObject({
      backend: { device: 'cpu' },
      auto: 'cuda:0',
      gpus: [],
      gpuPlugin: null,
      gpuProblem: { reason: 'package_missing' },
      passed: true,
    });
  });

  it('outlives a plug-in that is damaged', async () => {
    const env = { BOLTZKIT_CUDA: at('damaged.so') };
    const text = await doctor(env);
    expect(text).toMatch(/^gpu {8}not usable: package_missing: [^\n]*damaged\.so[^\n]*$/m);
    expect(text).not.toMatch(/^(note|auto) /m);
    expect(text).toMatch(/^ok .*same bits$/m);
    const found = { auto: 'auto', gpus: [], gpuPlugin: at('damaged.so'), gpuProblem: { reason: 'package_missing' }, passed: true };
    expect(await told(env)).toMatchObject(found);
  });

  it('names BOLTZKIT_DEVICE where that is wrong', async () => {
    const { code, stderr } = await cliAlone(['doctor'], folder.path, { BOLTZKIT_DEVICE: 'gpu' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^boltzkit: doctor: `BOLTZKIT_DEVICE` must be 'auto', [^\n]+, got "gpu"[^\n]*\n$/);
  });
});
