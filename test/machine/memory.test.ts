/** Memory that models take comes back: by dispose(), and by garbage collection alone. */
import { describe, expect, it } from 'vitest';
import { child, clean } from './child.js';

/** AddressSanitizer keeps freed memory back to find its use; the limits below are for the ordinary build. */
const sanitized = process.env.ASAN_OPTIONS !== undefined;

describe.skipIf(sanitized)('memory', () => {
  /**
   * One tensor as large as the weights takes 128 kB here, so 1,000 rounds that lose no more than one of them lose 128 MB. After a warm-up
   * that fills the allocators' pools, 48 MB are allowed for fragmentation, the JavaScript heap and garbage not yet collected.
   */
  it.each(['dispose', 'garbage collection'])('stays bounded over 1,000 rounds of create, train and %s', async (way) => {
    const outcome = await child(
      `
      const rows = { data: Uint8Array.from({ length: 50 * 200 }, (_, n) => (n * 7919) % 3 & 1), shape: [50, 200] };
      const collect = async () => { globalThis.gc(); await new Promise((resolve) => setImmediate(resolve)); };
      const rounds = async (count) => {
        for (let n = 0; n < count; ++n) {
          const rbm = new RBM({ visible: 200, hidden: 160, threads: 2 });
          await rbm.fit(rows, { epochs: 1, batchSize: 25, optimiser: 'adam', averageLast: 0.5, monitorRows: 10 });
          await rbm.sample(20, { sweeps: 2 });
          ${way === 'dispose' ? 'rbm.dispose();' : 'if (n % 20 === 0) await collect();'}
        }
        for (let n = 0; n < 3; ++n) await collect();
        return process.memoryUsage().rss / 2 ** 20;
      };
      const before = await rounds(300);
      console.log(await rounds(1000) - before);
      `,
      ['--expose-gc'],
    );
    expect(outcome).toMatchObject(clean);
    expect(Number(outcome.stdout)).toBeLessThan(48);
  });

  it('of models that are dropped comes back without any help: the garbage collector knows their size', async () => {
    // 250 models of 2 MB. V8 starts collecting when 64 MB outside of its heap are new, and finalizers run between turns of the loop.
    const outcome = await child(`
      const rss = () => process.memoryUsage().rss / 2 ** 20;
      const before = rss();
      let peak = 0;
      for (let n = 0; n < 250; ++n) {
        await new RBM({ visible: 1000, hidden: 500 }).sampleHidden(new Float32Array(1000));
        await new Promise((resolve) => setImmediate(resolve));
        peak = Math.max(peak, rss() - before);
      }
      console.log(peak);`);
    expect(outcome).toMatchObject(clean);
    expect(Number(outcome.stdout)).toBeLessThan(250);
  });
});
