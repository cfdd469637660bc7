import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveSettings } from '../../src/cli/train-plan.js';
import { thisProcess } from '../../src/io/living.js';
import { inspectRunFolder, openRunFolder, readRunRecord, writeRunRecord } from '../../src/runs/folder.js';
import { RunJournal } from '../../src/runs/journal.js';
import type { RunRecord } from '../../src/runs/record.js';

const fresh = { force: false, resume: false };
let folder: string;

function record(change: Partial<RunRecord> = {}): RunRecord {
  const report = {
    epoch: 1,
    update: 10,
    seconds: 1,
    learningRate: 0.1,
    pseudoLikelihood: -1,
    freeEnergyGap: null,
    pseudoLikelihoodError: 0.5,
    baseline: -2,
    chainFreeEnergyGap: 0,
    weightNorm: 1,
    rollbacks: 2,
    warnings: [],
    labels: null,
    health: {
      autocorrelationTime: 3,
      effectiveSampleSize: 20,
      splitRhat: null,
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
    version: 2,
    boltzkit: '0.1.0',
    state: 'finished',
    pid: 1,
    host: hostname(),
    started: '2026-01-01',
    updated: '2026-01-01',
    settings: {
      ...resolveSettings(
        { hidden: 5, seed: 2n ** 64n - 1n, flags: { algorithm: 'ptt', reservoirs: 20, onDivergence: 'rollback', earlyStopping: 4 } },
        { rows: 100, visible: 4, states: 'limited' },
      ),
      learningRate: { schedule: 'linear', from: 0.05, to: 0, hold: 0.5 },
    },
    earlier: [],
    data: {
      source: 'x.csv',
      folder: null,
      validation: null,
      validationFraction: 0.1,
      scale: null,
      labelColumn: null,
      header: null,
      table: false,
      columns: { a: 'category' },
      image: null,
      binarise: 'threshold',
      seed: '1',
    },
    loaded: {
      name: 'x.csv',
      rows: 100,
      validationRows: 0,
      visible: 4,
      layers: { visible: { type: 'bernoulli', places: 4, size: 1 } },
      image: null,
      names: ['a', 'b', 'c', 'd'],
      table: null,
      sha256: 'ab',
    },
    update: 10,
    updates: 10,
    evaluateEvery: 5,
    seconds: 1,
    hints: [{ kind: 'chains', text: 'a hint' }],
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
    expect((await inspectRunFolder(folder, resume))?.state).toBe('interrupted');
    await writeRunRecord(folder, record({ state: 'diverged' }));
    await expect(inspectRunFolder(folder, resume)).rejects.toThrow('diverged');
  });

  it('lets one at a time work in it, and leaves no trace where nothing was begun', async () => {
    const place = join(folder, 'a', 'b');
    const open = await openRunFolder(place, fresh);
    expect(open.kept).toBeNull();
    for (const intent of [fresh, { force: true, resume: false }, { force: false, resume: true }]) {
      await expect(openRunFolder(place, intent)).rejects.toThrow(`process ${process.pid}`);
    }
    await open.close();
    expect(await readdir(folder)).toEqual([]);
    await expect(openRunFolder(place, { force: false, resume: true })).rejects.toThrow('no run to resume');
    expect(await readdir(folder)).toEqual([]);
    const again = await openRunFolder(place, fresh);
    await writeRunRecord(place, record());
    await again.close();
    expect(await readdir(place)).toEqual(['run.json']);
  });

  it('is rid of what a killed process left, once it is opened', async () => {
    const { host } = thisProcess();
    for (const name of ['model.safetensors', 'samples.png'])
      await writeFile(join(folder, `.${name}.${host}-${2 ** 30}-1-00ff.tmp`), 'half');
    await (await openRunFolder(folder, fresh)).close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('with a link in it is refused: nothing is written through links', async () => {
    for (const name of ['run.json', 'model.safetensors', 'curves.svg']) {
      await writeFile(join(folder, 'elsewhere'), JSON.stringify(record({ state: 'interrupted' })));
      await symlink('elsewhere', join(folder, name));
      for (const intent of [fresh, { force: true, resume: false }, { force: false, resume: true }]) {
        await expect(openRunFolder(folder, intent)).rejects.toThrow(`${name}\` is a symbolic link`);
      }
      await rm(join(folder, name));
    }
    await symlink('elsewhere', join(folder, 'run.epochs.jsonl'));
    expect(() => new RunJournal(folder)).toThrow('ELOOP');
  });
});

describe('the journal of a run', () => {
  const epoch = (change: Partial<RunRecord['history'][number]>) => ({ seconds: 9, report: { ...record().history[0]!, ...change } });
  const steps = async () => (await readRunRecord(folder))?.history.map(({ update }) => update);

  it('adds to the record what came after it; epochs that come again replace the old ones', async () => {
    await writeRunRecord(folder, record({ state: 'running' }));
    const journal = new RunJournal(folder);
    journal.add(epoch({ epoch: 2, update: 20, pseudoLikelihood: null }));
    journal.add(epoch({ epoch: 3, update: 30 }));
    journal.add(epoch({ epoch: 2, update: 20, pseudoLikelihood: null, rollbacks: 3 }));
    const history = [...record().history, { ...record().history[0]!, epoch: 2, update: 20, pseudoLikelihood: null, rollbacks: 3 }];
    expect(await readRunRecord(folder)).toEqual({ ...record({ state: 'running' }), history, seconds: 9, update: 30 });
    await writeRunRecord(folder, (await readRunRecord(folder))!);
    expect(await steps()).toEqual([10, 20]); // a kill before the journal is taken away
    journal.remove();
    expect(await steps()).toEqual([10, 20]);
  });

  it('is read as far as it is whole', async () => {
    await writeRunRecord(folder, record());
    const line = (update: number) => JSON.stringify(epoch({ update }));
    for (const torn of [line(40).slice(0, -5), '{"seconds":1}', 'null', '\0\0']) {
      await writeFile(join(folder, 'run.epochs.jsonl'), `${line(20)}\n${line(30)}\n${torn}\n${line(50)}\n`);
      expect(await steps(), torn).toEqual([10, 20, 30]);
    }
  });
});
