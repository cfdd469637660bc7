import { describe, expect, it } from 'vitest';
import { checkCombinations, defaultFolder, resolveSettings, type TrainOptions } from '../../src/cli/train-plan.js';

/** Settings for so many rows of zeros and ones. */
const settings = (flags: TrainOptions['flags'], rows: number, visible: number, more: Partial<TrainOptions> = {}) =>
  resolveSettings({ flags, ...more }, { rows, visible, states: 'limited' });

describe('training plan', () => {
  it('names the folder after the data', () => {
    expect(defaultFolder('mnist')).toBe('mnist-run');
    expect(defaultFolder('some/where/rows.csv.gz')).toBe('rows-run');
    expect(defaultFolder('some/folder/')).toBe('folder-run');
    expect(defaultFolder('train-images-idx3-ubyte.gz')).toBe('train-images-idx3-ubyte-run');
    expect(defaultFolder('..')).toBe('data-run');
  });

  it('fills in settings that suit the number of rows', () => {
    const any = { batchSize: 100, algorithm: { name: 'pcd', sweeps: 1, chains: 100 }, hidden: 500 };
    expect(settings({}, 60000, 784)).toMatchObject({ ...any, recipe: 'usual', epochs: 50, l2: 784 / 40 / 60000 });
    expect(settings({ recipe: 'best' }, 60000, 784)).toMatchObject({ ...any, recipe: 'best', epochs: 583, l2: 35 / 60000 });
    expect(settings({ recipe: 'best' }, 9000, 784)).toMatchObject({ epochs: 700, l2: 0.001 });
    expect(settings({}, 30, 784)).toMatchObject({ batchSize: 30, algorithm: { chains: 100 }, epochs: 30000, l2: 0.03 });
    expect(settings({ recipe: 'best' }, 5000, 123, { hidden: 23 }).l2).toBe(0); // fewer than two weights to a row
    expect(settings({ recipe: 'best' }, 10_000_000, 784).epochs).toBe(4);
    expect(() => settings({ batchSize: 31 }, 30, 784)).toThrow('only 30 rows');
    expect(settings({ batchSize: 20, epochs: 3, optimiser: 'adam' }, 100, 784)).toMatchObject({
      batchSize: 20,
      epochs: 3,
      optimiser: { name: 'adam', beta1: 0.9 },
      learningRate: { from: 0.001 },
    });
    expect(settings({ batchSize: 200 }, 500, 12)).toMatchObject({ algorithm: { chains: 200 } });
  });

  it('begins lower, and goes back when it diverges, where there are real numbers', () => {
    const real = resolveSettings({ flags: {} }, { rows: 100, visible: 20, states: 'gaussian' });
    expect(real).toMatchObject({ learningRate: { schedule: 'linear', from: 0.05, to: 0, hold: 0.3 }, onDivergence: { retries: 3 } });
  });

  it('takes over the settings of a run that goes on, and what is typed anew', () => {
    const first = settings({ algorithm: 'pt', betas: 4, l2: 0.5, learningRate: 0.02, epochs: 7 }, 100, 10, { hidden: 6, seed: 9n });
    const again = resolveSettings({ flags: { epochs: 3 } }, { rows: 100, visible: 10, states: 'limited' }, first);
    expect(again).toEqual({ ...first, epochs: 3 });
    const other = resolveSettings({ flags: { epochs: 3, sweeps: 5 } }, { rows: 100, visible: 10, states: 'limited' }, first);
    expect(other.algorithm).toEqual({ ...first.algorithm, sweeps: 5 });
    const cd = resolveSettings({ flags: { epochs: 3, algorithm: 'cd' } }, { rows: 100, visible: 10, states: 'limited' }, first);
    expect(cd).toEqual({ ...first, epochs: 3, algorithm: { name: 'cd', sweeps: 1 } });
  });

  it('refuses options that contradict each other', () => {
    const check = (flags: TrainOptions['flags'], more: Partial<TrainOptions> = {}) => checkCombinations({ flags, ...more });
    expect(() => check({ algorithm: 'cd', chains: 5 })).toThrow('--chains');
    expect(() => check({ algorithm: 'exact', chains: 5 })).toThrow('--chains');
    expect(() => check({ algorithm: 'exact', sweeps: 5 })).toThrow('--sweeps belongs to --algorithm pcd, cd, fpcd, pt, ptt, mean-field');
    expect(() => check({ algorithm: 'ptt', chains: 5, reservoirs: 8, acceptance: 0.4 })).not.toThrow();
    expect(() => check({ betas: 5 })).toThrow('--betas');
    expect(() => check({ fastRate: 5 })).toThrow('--fast-rate belongs to --algorithm fpcd; pcd has no such option');
    expect(() => check({ algorithm: 'pt', reservoirs: 5 })).toThrow('--reservoirs');
    expect(() => check({ optimiser: 'adam', momentum: 0.5 })).toThrow('--momentum');
    expect(() => check({ earlyStopping: 5, keepBest: true })).toThrow('--keep-best');
    expect(() => check({}, { validation: 'x', validationFraction: 0.1 })).toThrow('--validation');
    expect(() => check({}, { force: true, resume: true })).toThrow('--resume');
    expect(() => check({})).not.toThrow();
  });
});
