/** Rows that a machine sees through machines below it: every question takes them, and clear errors. */
import { describe, expect, it } from 'vitest';
import { hostBackend } from '../../src/machine/backend.js';
import type { NativeLayerRows, NativeMachine, NativeRows } from '../../src/machine/native.js';
import { above, labelRows, newLabelledTop } from './native-stack-support.js';
import { chainOptions, codeOf, endlessRun, hidden, newMachine, newRows, resultOf, trainerOptions, visible } from './native-support.js';

function matrix(values: Float32Array, cols: number): NativeRows {
  const rows = new hostBackend.addon.Rows(cols, 0, 1);
  rows.appendDense(values, 0, values.length / cols, cols, 1, 1);
  return rows;
}

const through = (machines: NativeMachine[], draw: 'mean' | 'sample', rows = newRows(20)): NativeLayerRows => ({
  layer: 0,
  rows,
  through: { machines, draw },
});

async function passedUp(machine: NativeMachine, rows: NativeRows): Promise<NativeLayerRows> {
  return { layer: 0, rows: matrix(await resultOf(machine.conditional([{ layer: 0, rows }], 1, 'mean')), hidden) };
}

describe('rows seen through machines', () => {
  it('answer every question as the same rows passed up before', async () => {
    const below = newMachine({ weightScale: 1 });
    const top = newLabelledTop();
    const seen = through([below], 'mean');
    const given = await passedUp(below, newRows(20));
    const labels = { layer: 2, rows: labelRows(20) };
    const same = async <T>(ask: (rows: NativeLayerRows) => T | Promise<T>) => expect(await ask(seen)).toEqual(await ask(given));
    await same((rows) => resultOf(top.conditional([rows, labels], 1, 'mean')));
    await same((rows) => resultOf(top.categoryProbabilities([rows], 2)));
    await same((rows) => resultOf(top.freeEnergy([rows, labels])));
    await same((rows) => resultOf(top.pseudoLikelihood([rows, labels], true)));
    await same((rows) => resultOf(top.placeSurprise([rows, labels])));
    const plain = newMachine({
      seed: 2n,
      layers: [
        { name: 'visible', type: 'bernoulli', units: hidden },
        { name: 'hidden', type: 'bernoulli', units: above },
      ],
    });
    await same((rows) => resultOf(plain.reconstruct(rows, 1, 'mean')));
    await same((rows) => plain.rowSums([rows]).promise.catch(() => 'refused: neither holds states'));
    const counters = top.getCounters();
    await same((rows) => {
      top.setCounters(counters);
      return resultOf(top.impute({ given: [rows], layers: [2], warmup: 2, steps: 5, output: 'mean' }));
    });
  });

  it('start chains and paths, and weigh as states where they are draws', async () => {
    const below = newMachine({ weightScale: 1 });
    const top = newLabelledTop();
    const seen = through([below], 'sample');
    const started = await resultOf(top.chains(chainOptions({ chains: 20, steps: 0, start: [seen] })));
    expect([...new Set(started.states[0])].sort()).toEqual([0, 1]);
    const sums = await top.rowSums([seen]).promise;
    expect(sums.exact).toBe(true);
    expect(sums.values.length).toBe(20);
    const partition = top.partition({ method: 'exact', rows: [seen], chains: 10, betas: new Float64Array(0), temperatures: 0, warmup: 5 });
    expect((await partition.promise).method).toBe('exact');
  });

  it('train as the same rows passed up before, and keep the machines as they were', async () => {
    const below = newMachine({ weightScale: 1 });
    const given = await passedUp(below, newRows(50));
    const train = async (rows: NativeLayerRows, changes: boolean): Promise<unknown> => {
      const top = newLabelledTop();
      const labels = { layer: 2, rows: labelRows(50) };
      const trainer = top.trainer(trainerOptions(newRows(1), { data: [rows, labels], validation: [rows, labels] }), null, false);
      if (changes) below.setParameter('hidden.bias', new Float32Array(hidden).fill(3));
      await trainer.run(trainer.totalSteps, () => {}).promise;
      return top.parameters().map(({ name }) => top.getParameter(name));
    };
    const want = await train(given, false);
    expect(await train(through([below], 'mean', newRows(50)), true)).toEqual(want);
    expect(await train(through([below], 'mean', newRows(50)), false)).not.toEqual(want);
  });

  it('say what does not fit', async () => {
    const below = newMachine();
    const top = newLabelledTop();
    const ask = (rows: NativeLayerRows) => () => resultOf(top.freeEnergy([rows, { layer: 2, rows: labelRows(20) }]));
    await expect(ask(through([], 'mean'))).toThrow(/1 to 256 machines/);
    await expect(ask(through([top, below], 'mean'))).toThrow(/must have 6 columns/);
    await expect(ask(through([below], 'mean', newRows(20, hidden)))).toThrow(
      /`given\[0\].rows` must have 6 columns \(units of 'visible'\)/,
    );
    await expect(ask(through([newMachine({ device: 'reference' })], 'mean'))).toThrow(/same device/);
    await expect(ask({ layer: 0, rows: newRows(20), through: { machines: [below], draw: 'median' as 'mean' } })).toThrow(
      /'mean' or 'sample'/,
    );
    await expect(top.rowSums([through([below], 'mean')]).promise).rejects.toThrow(/see them as draws/);
    const missing = new hostBackend.addon.Rows(visible, 0, 1, 0, false, true);
    missing.appendDense(new Float32Array(visible * 20).fill(NaN), 0, 20, visible, 1, 1);
    const impute = () =>
      resultOf(top.impute({ given: [through([below], 'mean', missing)], layers: [2], warmup: 0, steps: 1, output: 'mean' }));
    await expect(impute).toThrow(/lack values/);
  });

  it('cannot be seen through a machine that is in the middle of a job, or gone', async () => {
    const below = newMachine();
    const top = newLabelledTop();
    const job = endlessRun(below);
    expect(await codeOf(() => resultOf(top.categoryProbabilities([through([below], 'mean')], 2)))).toBe('BUSY');
    job.cancel();
    await job.promise.catch(() => {});
    await resultOf(top.categoryProbabilities([through([below], 'mean')], 2));
    below.dispose();
    expect(await codeOf(() => resultOf(top.categoryProbabilities([through([below], 'mean')], 2)))).toBe('DISPOSED');
  });
});
