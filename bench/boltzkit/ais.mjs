// Annealed importance sampling through the public API. A call anneals in both directions, after a pilot run and a warm-up; so it is timed with
// many temperatures and with few, and half of the difference is annealing alone, in one direction.
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

const seconds = [];
let last;
for (let e = 0; e <= repetitions; e++) {
  const few = await timed(FEW);
  last = await timed(FEW + temperatures);
  if (e > 0) seconds.push(((last.seconds - few.seconds) / 2 / temperatures) * work.temperatures);
}
const { value, gap, effectiveSampleSize } = last.estimate;
const scaled = temperatures < work.temperatures ? { scaled: `${temperatures} of ${work.temperatures} temperatures` } : {};
report('boltzkit', seconds, { logZ: [value], gap, effectiveSampleSize, ...scaled });
rbm.dispose();
