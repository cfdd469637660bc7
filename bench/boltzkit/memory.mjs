// Peak memory of a process that trains on the whole set: it reads the rows with the library's reader of idx files and hands over bytes, or bits,
// as they are. `bareMb` is the peak of a Node process that imports nothing; `beyondMb` what is left.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { RBM } from 'boltzkit';
import { readIdx } from 'boltzkit/data';
import { batch, hidden, peakMemory, report, test, threads, visible } from '../lib/driver.mjs';
import { work } from '../lib/work.mjs';

async function rows() {
  if (test === 'memorybits') {
    const bits = readFileSync(process.env.BENCH_BITS);
    return { bits, shape: [(bits.length * 8) / visible, visible] };
  }
  return { ...(await readIdx(process.env.BENCH_IDX)), scale: 1 / 255 };
}

function bareNode() {
  const print = "console.log(/VmHWM:\\s*(\\d+)/.exec(require('fs').readFileSync('/proc/self/status', 'latin1'))[1])";
  return Number(spawnSync(process.execPath, ['-e', print], { encoding: 'utf8' }).stdout);
}

const rbm = new RBM({ visible, hidden, seed: 1, threads });
const epochs = await rbm.fit(await rows(), { learningRate: work.persistentRate, batchSize: batch, epochs: 1 });
const peak = peakMemory();
const bare = bareNode();
report(
  'boltzkit',
  epochs.map(({ seconds }) => seconds),
  { rssMb: peak / 1024, bareMb: bare / 1024, beyondMb: (peak - bare) / 1024 },
);
rbm.dispose();
