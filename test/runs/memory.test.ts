import { describe, expect, it } from 'vitest';
import { checkMemory } from '../../src/runs/memory.js';
import { resolveSettings } from '../../src/cli/train-plan.js';

describe('memory check', () => {
  it('lets through what fits and names what does not', () => {
    const settings = resolveSettings({ hidden: 500 }, 60000, 784);
    expect(() => checkMemory(784, settings, 10e6)).not.toThrow();
    expect(() => checkMemory(784, settings, 6e6)).toThrow('784 × 500 units with 100 chains need about 7.3 MB of memory, there are 6.0 MB');
    expect(() => checkMemory(784, { ...settings, device: 'reference' }, 10e6)).toThrow('14.6 MB');
  });

  it('counts the copies that some algorithms keep', () => {
    const needed = (options: Parameters<typeof resolveSettings>[0]) => () =>
      checkMemory(784, resolveSettings({ hidden: 500, ...options }, 60000, 784), 1);
    expect(needed({ onDivergence: 'rollback' })).toThrow('about 10.4 MB');
    expect(needed({ algorithm: 'pt', temperatures: 5 })).toThrow('about 9.9 MB');
    expect(needed({ algorithm: 'ptt', reservoirs: 10 })).toThrow('about 28.1 MB');
  });
});
