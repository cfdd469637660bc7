/** What `verbose` shows, and that whoever only watches neither holds a run up nor hears its error for others. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { RBM } from '../../src/index.js';
import { showRun } from '../../src/training/verbose.js';
import { child } from '../machine/child.js';
import { TestRandom } from '../oracle/random.js';

const random = new TestRandom(41);
const rows = Array.from({ length: 40 }, () => random.coins(6));

/** A stream that keeps what is written, as a terminal or as a file. */
function kept(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 100 });
  let text = '';
  stream.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}

async function shown(isTTY: boolean): Promise<string> {
  using rbm = new RBM({ visible: 6, hidden: 3, seed: 1 });
  const { stream, text } = kept(isTTY);
  const run = rbm.fit(rows, { epochs: 6, batchSize: 10 });
  showRun(run, 'RBM.fit', stream);
  await run;
  await new Promise((done) => setImmediate(done));
  return text();
}

describe('verbose', () => {
  it('writes lines where there is no terminal: the first report and the last, with the metrics', async () => {
    const lines = (await shown(false)).trimEnd().split('\n');
    expect(lines[0]).toMatch(/^RBM\.fit: update \d+ of 24, epoch 1, log pseudo-likelihood -\d+\.\d\d/);
    expect(lines.at(-1)).toMatch(/^RBM\.fit: update 24 of 24, epoch 6, log pseudo-likelihood -\d+\.\d\d.*, done$/);
  });

  it('draws a bar in a terminal', async () => {
    expect(await shown(true)).toMatch(/24\/24 updates, done, log pseudo-likelihood -\d+\.\d\d/);
  });

  it('goes to stderr, and changes no bit of the run', async () => {
    const program = (verbose: boolean) => `
      const rbm = new RBM({ visible: 4, hidden: 3, seed: 1 });
      await rbm.fit(new Array(20).fill([0, 1, 1, 0]), { epochs: 4, batchSize: 5, verbose: ${verbose} });
      console.log(rbm.getParameter('visible-hidden.weights').data.join());`;
    const [quiet, loud] = await Promise.all([child(program(false)), child(program(true))]);
    expect(quiet).toMatchObject({ code: 0, stderr: '' });
    expect(loud).toMatchObject({ code: 0, stdout: quiet.stdout, stderr: expect.stringMatching(/^RBM\.fit: update \d+ of 16, epoch 1, /) });
  });
});

it.each([false, true])('the error of a run that nobody awaits ends the process, verbose: %s', async (verbose) => {
  const outcome = await child(`
    const rbm = new RBM({ visible: 4, hidden: 3 });
    rbm.fit(new Array(20).fill([0, 1, 1, 0]), { epochs: 50, batchSize: 5, learningRate: 1e30, centred: false, verbose: ${verbose} });`);
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toMatch(/DivergenceError: RBM\.fit: /);
});

it('the error of a run that somebody iterates over does not, however long the loop takes', async () => {
  const outcome = await child(`
    const rbm = new RBM({ visible: 4, hidden: 3 });
    const run = rbm.fit(new Array(20).fill([0, 1, 1, 0]), { epochs: 50, batchSize: 5, learningRate: [...new Array(40).fill(0.1), 1e30], centred: false });
    try {
      for await (const { epoch } of run.observe()) if (epoch === 1) await new Promise((done) => setTimeout(done, 200));
    } catch (error) {
      console.log(error.code);
    }`);
  expect(outcome).toMatchObject({ code: 0, stdout: 'ERR_DIVERGENCE\n', stderr: '' });
});
