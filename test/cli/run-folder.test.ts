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
    rollbacks: 2,
    warnings: [],
    health: {
      autocorrelationTime: 3,
      effectiveSampleSize: 20,
      splitRhat: Number.NaN,
      freeEnergyDrift: 0.5,
      singularValues: [2, 1],
      sentence: null,
    },
    logLikelihood: { value: -5, low: -5.1, high: -4.9 },
    evaluation: {
      logLikelihood: { mean: -5, low: -5.5, high: -4.5, perDimension: -1.25, standardError: 0.1 },
      logZ: { value: 7, low: 6.5, high: 7.5, method: 'exact' },
      effectiveSampleSize: Number.POSITIVE_INFINITY,
      converged: true,
      warnings: ['a warning'],
    },
  } as const;
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
      temperatures: null,
      reservoirs: 20,
      onDivergence: 'rollback',
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
      binarise: 'threshold',
      seed: '1',
    },
    loaded: { name: 'x.csv', rows: 100, validationRows: 0, visible: 4, image: null, sha256: 'ab' },
    step: 10,
    totalSteps: 10,
    evaluateEvery: 5,
    seconds: 1,
    hint: null,
    history: [{ ...report, evaluation: { ...report.evaluation, warnings: ['a warning'] } }],
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

  it('reads records of runs that knew of no evaluations and no --binarise', async () => {
    const { evaluateEvery: _, history, data, ...rest } = record();
    const { binarise: _binarise, ...request } = data;
    const old = { ...rest, data: request, history: history.map(({ evaluation: _evaluation, ...report }) => report) };
    await writeFile(join(folder, 'run.json'), JSON.stringify(old));
    const expected = { data: { binarise: 'none' }, evaluateEvery: null, history: [{ epoch: 1, evaluation: null }] };
    expect(await readRunRecord(folder)).toMatchObject(expected);
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
