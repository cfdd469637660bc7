import { describe, expect, it } from 'vitest';
import { resolveSettings, type TrainOptions } from '../../src/cli/train-plan.js';
import { checkMemory } from '../../src/runs/memory.js';

const shape = { rows: 60000, visible: 784, states: 'limited' } as const;

describe('memory check', () => {
  it('lets through what fits and names what does not', () => {
    const settings = resolveSettings({ hidden: 500, flags: {} }, shape);
    expect(() => checkMemory(784, settings, 10e6)).not.toThrow();
    expect(() => checkMemory(784, settings, 6e6)).toThrow('784 × 500 units with 100 chains need about 7.3 MB of memory, there are 6.0 MB');
    expect(() => checkMemory(784, { ...settings, device: 'reference' }, 10e6)).toThrow('14.6 MB');
  });

  it('counts the copies that some algorithms keep', () => {
    const needed = (flags: TrainOptions['flags']) => () => checkMemory(784, resolveSettings({ hidden: 500, flags }, shape), 1);
    expect(needed({ onDivergence: 'rollback' })).toThrow('about 10.4 MB');
    expect(needed({ keepBest: true })).toThrow('about 8.9 MB');
    expect(needed({ algorithm: 'pt', betas: 5 })).toThrow('about 9.9 MB');
    expect(needed({ algorithm: 'ptt', reservoirs: 10 })).toThrow('about 28.1 MB');
  });
});
