import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inspectRunFolder, readRunRecord, writeRunRecord } from '../../src/cli/run-folder.js';
import type { RunRecord } from '../../src/cli/run-record.js';

const fresh = { force: false, resume: false };
let folder: string;

function record(change: Partial<RunRecord> = {}): RunRecord {
  const report = {
    epoch: 1,
    step: 10,
    seconds: 1,
    learningRate: 0.1,
    pseudoLikelihood: -1,
    freeEnergyGap: Number.NaN,
    chainFreeEnergyGap: 0,
    weightNorm: 1,
    rollbacks: 0,
    health: null,
    logLikelihood: null,
  };
  return {
    format: 'boltzkit-run',
    version: 1,
    boltzkit: '0.1.0',
    state: 'finished',
    pid: 1,
    host: hostname(),
    started: '2026-01-01',
    updated: '2026-01-01',
    settings: {
      hidden: 5,
      epochs: 1,
      algorithm: 'pcd',
      steps: 1,
      lr: { schedule: 'linear', from: 0.05, to: 0, holdFraction: 0.5 },
      batch: 10,
      chains: 10,
      optimizer: 'sgd',
      momentum: 0,
      l1: 0,
      l2: 0,
      centred: true,
      averageLast: 0.1,
      seed: '18446744073709551615',
      device: 'auto',
    },
    data: {
      source: 'x.csv',
      folder: null,
      validation: null,
      validationFraction: 0.1,
      scale: null,
      labelColumn: null,
      image: null,
      seed: '1',
    },
    loaded: { name: 'x.csv', rows: 100, validationRows: 0, visible: 4, image: null, sha256: 'ab' },
    step: 10,
    totalSteps: 10,
    seconds: 1,
    hint: null,
    history: [report],
    ...change,
  };
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boltzkit-run-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('run folder', () => {
  it('keeps a record as it was, a missing metric included', async () => {
    await writeRunRecord(folder, record());
    expect(await readRunRecord(folder)).toEqual(record());
  });

  it('takes a new, an empty, and a folder of other files', async () => {
    expect(await inspectRunFolder(join(folder, 'new'), fresh)).toBeNull();
    expect(await inspectRunFolder(folder, fresh)).toBeNull();
    await writeFile(join(folder, 'notes.txt'), 'x');
    expect(await inspectRunFolder(folder, fresh)).toBeNull();
  });

  it('refuses to overwrite a run or a file of the same name', async () => {
    await writeFile(join(folder, 'filters.png'), 'x');
    await expect(inspectRunFolder(folder, fresh)).rejects.toThrow('filters.png');
    await writeRunRecord(folder, record());
    await expect(inspectRunFolder(folder, fresh)).rejects.toThrow('finished run');
    await writeRunRecord(folder, record({ state: 'interrupted' }));
    await expect(inspectRunFolder(folder, fresh)).rejects.toThrow('interrupted run');
    expect(await inspectRunFolder(folder, { force: true, resume: false })).toBeNull();
  });

  it('refuses a file in place of the folder, and a broken record unless forced', async () => {
    const file = join(folder, 'file');
    await writeFile(file, 'x');
    await expect(inspectRunFolder(file, fresh)).rejects.toThrow('not a folder');
    for (const text of ['', '{', '[]', '{"format":"boltzkit-run"}', 'null']) {
      await writeFile(join(folder, 'run.json'), text);
      await expect(inspectRunFolder(folder, fresh), text).rejects.toThrow('not the record');
      expect(await inspectRunFolder(folder, { force: true, resume: false })).toBeNull();
    }
  });

  it('resumes only what can be resumed', async () => {
    const resume = { force: false, resume: true };
    await expect(inspectRunFolder(join(folder, 'none'), resume)).rejects.toThrow('no run to resume');
    await writeRunRecord(folder, record({ state: 'interrupted' }));
    await expect(inspectRunFolder(folder, resume)).rejects.toThrow('before its first checkpoint');
    await writeFile(join(folder, 'model.safetensors'), 'x');
    expect((await inspectRunFolder(folder, resume))?.state).toBe('interrupted');
    await writeRunRecord(folder, record({ state: 'diverged' }));
    await expect(inspectRunFolder(folder, resume)).rejects.toThrow('diverged');
  });

  it('keeps out of a run that another process writes', async () => {
    const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    try {
      await writeRunRecord(folder, record({ state: 'running', pid: other.pid! }));
      for (const intent of [fresh, { force: true, resume: false }, { force: false, resume: true }]) {
        await expect(inspectRunFolder(folder, intent)).rejects.toThrow(`process ${other.pid}`);
      }
    } finally {
      other.kill('SIGKILL');
    }
    await new Promise((done) => other.on('exit', done));
    await mkdir(join(folder, 'model.safetensors'));
    expect((await inspectRunFolder(folder, { force: false, resume: true }))?.state).toBe('running');
  });
});
