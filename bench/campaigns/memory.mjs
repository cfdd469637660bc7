// node --expose-gc bench/campaigns/memory.mjs [--rounds 1000]: models are made, trained, sampled and let go, by dispose() and by garbage
// collection alone, and the process must not grow. A tensor as large as the weights takes 128 kB here, so 1,000 rounds that lose one each
// lose 128 MB; 48 MB are allowed for fragmentation, the heap and garbage not yet collected. Exit status 0: it stayed below.
import { parseArgs } from 'node:util';
import { RBM } from 'boltzkit';

const { rounds } = parseArgs({ options: { rounds: { type: 'string', default: '1000' } } }).values;
const rows = { data: Uint8Array.from({ length: 50 * 200 }, (_, n) => ((n * 7919) % 3) & 1), shape: [50, 200] };
const allowed = 48;

async function collect() {
  globalThis.gc();
  await new Promise((resolve) => setImmediate(resolve));
}

/** Megabytes of the process after some rounds. */
async function after(count, disposing) {
  for (let n = 0; n < count; n++) {
    const rbm = new RBM({ visible: 200, hidden: 160, threads: 2 });
    await rbm.fit(rows, { epochs: 1, batchSize: 25, averageLast: 0.5, monitorRows: 10 });
    await rbm.sample(20);
    if (disposing) rbm.dispose();
    else if (n % 20 === 0) await collect();
  }
  for (let n = 0; n < 3; n++) await collect();
  return process.memoryUsage().rss / 2 ** 20;
}

for (const disposing of [true, false]) {
  const before = await after(300, disposing); // fills the allocators' pools
  const grown = (await after(Number(rounds), disposing)) - before;
  console.log(`${disposing ? 'dispose' : 'garbage collection'}: ${grown.toFixed(1)} MB more after ${rounds} rounds`);
  if (grown > allowed) process.exitCode = 1;
}
