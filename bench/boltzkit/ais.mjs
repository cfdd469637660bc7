// Annealed importance sampling through the public API. A call finds a base, anneals in both directions and sweeps a ladder whose length follows the
// number of temperatures. It is timed with many temperatures and with few, so that what does not depend on them drops out. Half of the difference stands
// for one direction: the ladder is counted.
import { clock, repetitions, report } from '../lib/driver.mjs';
import { work } from '../lib/work.mjs';
import { startMachine } from './machine.mjs';

const FEW = 500;
const temperatures = Number(process.env.BENCH_TEMPERATURES ?? work.temperatures);
const rbm = startMachine();

async function timed(betas) {
  const begin = clock();
  const estimate = await rbm.logZ({ method: 'ais', chains: work.annealedChains, betas, warmup: 200 });
  return { seconds: clock() - begin, estimate };
}

await timed(FEW); // warms up
const few = [];
const many = [];
for (let e = 0; e < repetitions; e++) {
  few.push(await timed(FEW));
  many.push(await timed(FEW + temperatures));
}
const least = Math.min(...few.map((call) => call.seconds)); // the same work every time, so only a disturbance makes it longer
const seconds = many.map((call) => ((call.seconds - least) / 2 / temperatures) * work.temperatures);
const { value, gap, effectiveSampleSize } = many.at(-1).estimate;
const scaled = temperatures < work.temperatures ? { scaled: `${temperatures} of ${work.temperatures} temperatures` } : {};
report('boltzkit', seconds, { logZ: [value], gap, effectiveSampleSize, ...scaled });
rbm.dispose();
