import { describe, expect, it } from 'vitest';
import { checkCombinations, defaultFolder, resolveSettings } from '../../src/cli/train-plan.js';

describe('training plan', () => {
  it('names the folder after the data', () => {
    expect(defaultFolder('mnist')).toBe('mnist-run');
    expect(defaultFolder('some/where/rows.csv.gz')).toBe('rows-run');
    expect(defaultFolder('some/folder/')).toBe('folder-run');
    expect(defaultFolder('train-images-idx3-ubyte.gz')).toBe('train-images-idx3-ubyte-run');
    expect(defaultFolder('..')).toBe('data-run');
  });

  it('fills in settings that suit the number of rows', () => {
    expect(resolveSettings({}, 60000, 784)).toMatchObject({ epochs: 584, batch: 100, chains: 100, hidden: 500, l2: 35 / 60000 });
    expect(resolveSettings({}, 9000, 784)).toMatchObject({ epochs: 700, l2: 0.001 });
    expect(resolveSettings({}, 30, 784)).toMatchObject({ batch: 30, chains: 30, epochs: 700, l2: 0.001 });
    expect(resolveSettings({ hidden: 23 }, 5000, 123).l2).toBe(0); // fewer than two weights to a row
    expect(resolveSettings({}, 10_000_000, 784).epochs).toBe(4);
    expect(() => resolveSettings({ batch: 31 }, 30, 784)).toThrow('only 30 rows');
    expect(resolveSettings({ batch: 20, epochs: 3, optimizer: 'adam' }, 100, 784)).toMatchObject({
      batch: 20,
      chains: 20,
      epochs: 3,
      lr: { from: 0.001 },
    });
  });

  it('refuses options that contradict each other', () => {
    expect(() => checkCombinations({ algorithm: 'cd', chains: 5 })).toThrow('--chains');
    expect(() => checkCombinations({ algorithm: 'exact', chains: 5 })).toThrow('--chains');
    expect(() => checkCombinations({ algorithm: 'ptt', chains: 5, reservoirs: 8 })).not.toThrow();
    expect(() => checkCombinations({ temperatures: 5 })).toThrow('--temperatures');
    expect(() => checkCombinations({ algorithm: 'pt', reservoirs: 5 })).toThrow('--reservoirs');
    expect(() => checkCombinations({ optimizer: 'adam', momentum: 0.5 })).toThrow('--momentum');
    expect(() => checkCombinations({ validation: 'x', validationFraction: 0.1 })).toThrow('--validation');
    expect(() => checkCombinations({ force: true, resume: true })).toThrow('--resume');
    expect(() => checkCombinations({})).not.toThrow();
  });
});
