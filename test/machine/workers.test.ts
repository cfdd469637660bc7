/** Several threads of JavaScript, and ends in the middle of work. */
import { describe, expect, it } from 'vitest';
import { child, clean, entry } from './child.js';

/** A model that trains until somebody ends it. */
const endless = `
  const rows = { data: Uint8Array.from({ length: 200 * 50 }, (_, n) => (n * 7919) % 3 & 1), shape: [200, 50] };
  const train = (device = 'cpu') => {
    const rbm = new RBM({ visible: 50, hidden: 40, device, seed: 1 });
    const run = rbm.fit(rows, { epochs: 1e6, batchSize: 10, learningRate: 0.05, onProgress: () => {} });
    return { rbm, run };
  };
`;

/** A worker whose code is given as text. */
const workers = `
  import { Worker } from 'node:worker_threads';
  const start = (body) => new Worker(new URL('data:text/javascript,' + encodeURIComponent(
    'import { RBM } from ' + ${JSON.stringify(JSON.stringify(entry))} + '; import { parentPort } from "node:worker_threads";' + body)));
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
`;

describe('processes', () => {
  it('end by process.exit in the middle of training', async () => {
    for (const device of ['cpu', 'reference']) {
      const outcome = await child(`${endless} train('${device}'); train('${device}'); setTimeout(() => process.exit(3), 50);`);
      expect(outcome).toMatchObject({ ...clean, code: 3 });
    }
  });

  it('end by process.exit at once, during sampling, and inside of a callback', async () => {
    expect(await child(`${endless} train(); process.exit(4);`)).toMatchObject({ ...clean, code: 4 });
    const sampling = `new RBM({ visible: 50, hidden: 40 }).sample(100, { sweeps: 1e9 }); setTimeout(() => process.exit(5), 30);`;
    expect(await child(sampling)).toMatchObject({ ...clean, code: 5 });
    const callback = `const rbm = new RBM({ visible: 4, hidden: 3 });
      await rbm.fit([[0, 1, 1, 0]], { batchSize: 1, epochs: 1e9, monitorRows: 0, onProgress: () => process.exit(6) });`;
    expect(await child(callback)).toMatchObject({ ...clean, code: 6 });
  });

  it('end with an error that nobody caught while a model trains', async () => {
    const outcome = await child(`${endless} train(); setTimeout(() => { throw new Error('mine'); }, 30);`);
    expect(outcome.code).toBe(1);
    expect(outcome.signal).toBeNull();
    expect(outcome.stderr).toContain('mine');
  });

  it('wait for a run that somebody awaits, and end by themselves afterwards', async () => {
    const outcome = await child(`const rbm = new RBM({ visible: 4, hidden: 3 });
      const history = await rbm.fit(new Array(500).fill([0, 1, 1, 0]), { epochs: 40, batchSize: 5 });
      console.log(history.length);`);
    expect(outcome).toMatchObject({ ...clean, stdout: '40\n' });
  });

  it('collect models that were dropped in the middle of a run, with their inputs', async () => {
    const outcome = await child(
      `${endless}
      const runs = [];
      for (let n = 0; n < 20; ++n) {
        const { run } = train();
        runs.push(run);
        if (n % 4 === 3) globalThis.gc();
        await new Promise((resolve) => setTimeout(resolve, 5));
        run.stop();
      }
      for (const run of runs) await run;
      globalThis.gc();
      console.log('done');`,
      ['--expose-gc'],
    );
    expect(outcome).toMatchObject({ ...clean, stdout: 'done\n' });
  });

  it('keep their event loop free while all cores train', async () => {
    const outcome = await child(`${endless}
      const { rbm, run } = train();
      let over = false;
      run.finally(() => { over = true; });
      for (let turn = 0; turn < 1000; ++turn) await new Promise((resolve) => setImmediate(resolve));
      console.log(rbm.busy, over);
      run.stop();
      await run;`);
    // How long a turn takes is for the benchmarks.
    expect(outcome).toMatchObject({ ...clean, stdout: 'true false\n' });
  });
});

describe('worker threads', () => {
  it('load the addon several times and get the same bits', async () => {
    const outcome = await child(`${workers}
      const body = \`
        const rbm = new RBM({ visible: 30, hidden: 20, seed: 5, threads: 2 });
        const rows = { data: Uint8Array.from({ length: 3000 }, (_, n) => n * 31 % 7 & 1), shape: [100, 30] };
        await rbm.fit(rows, { epochs: 5, batchSize: 20 });
        parentPort.postMessage(Buffer.from(rbm.getParameter('visible-hidden.weights').data.buffer).toString('base64'));
      \`;
      const results = await Promise.all(Array.from({ length: 5 }, () => new Promise((resolve, reject) => {
        const worker = start(body);
        worker.on('message', resolve).on('error', reject);
      })));
      console.log(new Set(results).size, results[0].length > 100);`);
    expect(outcome).toMatchObject({ ...clean, stdout: '1 true\n' });
  });

  it('are terminated at random moments of training, sampling and loading', async () => {
    const outcome = await child(`${workers}
      const body = \`${endless.replaceAll('`', '').replaceAll('\\', '\\\\')}
        train();
        const other = new RBM({ visible: 50, hidden: 40 });
        other.sample(50, { sweeps: 1e9 });
        parentPort.postMessage('going');
      \`;
      let seed = 12345;
      const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
      for (let round = 0; round < 12; ++round) {
        const worker = start(body);
        worker.on('error', (error) => console.error(error));
        if (round % 3) await new Promise((resolve) => worker.once('message', resolve));
        await sleep(random() * 40);
        await worker.terminate();
      }
      // The main thread's own machine still works.
      const rbm = new RBM({ visible: 4, hidden: 3 });
      await rbm.fit([[0, 1, 1, 0]], { batchSize: 1, epochs: 3 });
      console.log('done');`);
    expect(outcome).toMatchObject({ ...clean, stdout: 'done\n' });
  });

  it('end by process.exit of their own while they train', async () => {
    const outcome = await child(`${workers}
      const body = \`${endless} train(); setTimeout(() => process.exit(7), 20);\`;
      const codes = await Promise.all([0, 1, 2].map(() => new Promise((resolve, reject) => start(body).on('exit', resolve).on('error', reject))));
      console.log(codes.join());`);
    expect(outcome).toMatchObject({ ...clean, stdout: '7,7,7\n' });
  });

  it('go down with a process that exits', async () => {
    const outcome = await child(`${workers}
      const body = \`${endless} train(); parentPort.postMessage('going');\`;
      await Promise.all([0, 1].map(() => new Promise((resolve) => start(body).once('message', resolve))));
      process.exit(8);`);
    expect(outcome).toMatchObject({ ...clean, code: 8 });
  });
});
