/** Nothing keeps a model that nobody can reach. How far a process grows is for bench/campaigns/memory.mjs. */
import { describe, expect, it } from 'vitest';
import { child, clean } from './child.js';

const register = `
  let collected = 0;
  const registry = new FinalizationRegistry(() => { collected += 1; });
`;

describe('models that are dropped', () => {
  it('are collected without any help: the garbage collector knows their size', async () => {
    // 250 models of 2 MB, and next to nothing in the heap itself. V8 starts collecting when 64 MB outside of it are new.
    const outcome = await child(`${register}
      for (let n = 0; n < 250; ++n) {
        const rbm = new RBM({ visible: 1000, hidden: 500 });
        registry.register(rbm);
        await rbm.sampleHidden(new Float32Array(1000));
        await new Promise((resolve) => setImmediate(resolve));
      }
      console.log(collected >= 125 || collected);`);
    expect(outcome).toMatchObject({ ...clean, stdout: 'true\n' });
  });

  it('are collected after training, with all that a run holds', async () => {
    const outcome = await child(
      `${register}
      const collect = async () => { globalThis.gc(); await new Promise((resolve) => setImmediate(resolve)); };
      const rows = { data: Uint8Array.from({ length: 50 * 200 }, (_, n) => (n * 7919) % 3 & 1), shape: [50, 200] };
      const use = async () => {
        const rbm = new RBM({ visible: 200, hidden: 160, threads: 2 });
        registry.register(rbm);
        await rbm.fit(rows, { epochs: 1, batchSize: 25, averageLast: 0.5, monitorRows: 10, onProgress: () => {} });
        await rbm.sample(20, { sweeps: 2 });
      };
      for (let n = 0; n < 100; ++n) await use();
      for (let n = 0; n < 5; ++n) await collect();
      console.log(collected >= 98 || collected);`, // the last ones may still be on the stack
      ['--expose-gc'],
    );
    expect(outcome).toMatchObject({ ...clean, stdout: 'true\n' });
  });
});
