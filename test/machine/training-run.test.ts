/** How the error of a run reaches whoever listens, and when nobody does. */
import { RBM } from 'boltzkit';
import { describe, expect, it } from 'vitest';
import { child } from './child.js';

/** Starts a run that fails after its first epoch, then does something with it and says what it caught. */
const failing = (use: string) => `
  const rows = Array.from({ length: 20 }, (_, r) => [r % 2, 1 - (r % 2)]);
  const rbm = new RBM({ visible: 2, hidden: 2, seed: 1 });
  const stop = new AbortController();
  const run = rbm.fit(rows, { epochs: 1e6, signal: stop.signal, onProgress: () => stop.abort(new Error('given up')) });
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  let waited = false;
  const ended = async () => { while (rbm.training === null) await sleep(5); if (!waited) await sleep(20); waited = true; };
  ${use}`;

describe('the error of a run', () => {
  it.each([
    ['is thrown by a loop whose body takes longer than the run', 'for await (const _ of run) await ended();'],
    ['is thrown by a loop that is left early', 'for await (const _ of run) { await ended(); break; }'],
    ['is thrown by a loop that waits for it', 'for await (const _ of run);'],
    ['reaches whoever awaits', 'await run;'],
    ['reaches whoever awaits after a loop that caught it', 'try { for await (const _ of run) await ended(); } catch {}; await run;'],
  ])('%s', async (_, use) => {
    const { code, stdout, stderr } = await child(failing(`try { ${use} } catch (error) { console.log(error.message); }`));
    expect([code, stdout, stderr]).toEqual([0, 'given up\n', '']);
  });

  it('is an unhandled rejection when nobody listens', async () => {
    const { code, stderr } = await child(failing('await ended();'));
    expect(code).toBe(1);
    expect(stderr).toContain('given up');
  });
});

describe('a loop that begins late', () => {
  it('finds the run standing still at each report, those it missed too', async () => {
    using rbm = new RBM({ visible: 2, hidden: 2, seed: 1 });
    const rows = Array.from({ length: 20 }, (_, r) => [r % 2, 1 - (r % 2)]);
    const run = rbm.fit(rows, { epochs: 1e7 });
    const later = () => new Promise((done) => setTimeout(done, 1));
    while (run.progress.epoch < 100) await later();
    const epochs: number[] = [];
    for await (const { epoch } of run) {
      epochs.push(epoch);
      await rbm.transform([[0, 1]]);
      if (epochs.length === 110) break;
    }
    expect(epochs).toEqual(Array.from({ length: 110 }, (_, i) => i + 1));
  });
});
