// node bench/likelihood/cost.mjs --model file [--chains 100] [--betas 14500] [--threads 0] [--rounds 3]: how long annealing takes. The call is timed with
// many temperatures and with few; the difference is annealing alone, in both directions, without the warm-up of chains and the pilot run.
// First it is checked that log Z with many temperatures has converged and agrees with that of few.
import { parseArgs } from 'node:util';
import { RBM } from 'boltzkit';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    chains: { type: 'string', default: '100' },
    betas: { type: 'string', default: '14500' },
    threads: { type: 'string', default: '0' },
    rounds: { type: 'string', default: '3' },
  },
});
if (!values.model) {
  process.stderr.write('Usage: cost.mjs --model file [--chains 100] [--betas 14500] [--threads 0] [--rounds 3]\n');
  process.exit(2);
}
const [chains, betas, rounds] = [values.chains, values.betas, values.rounds].map(Number);
const few = 1000;
const rbm = await RBM.load(values.model, { threads: Number(values.threads) });

async function timed(temperatures) {
  const begin = performance.now();
  const estimate = await rbm.logZ({ method: 'ais', chains, betas: temperatures });
  return { ...estimate, seconds: (performance.now() - begin) / 1e3 };
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const times = [];
for (let round = 0; round < rounds; round++) {
  const [short, long] = [await timed(few), await timed(betas)];
  if (!long.converged) throw new Error(`not converged with ${betas} temperatures: ${long.warnings.join('; ')}`);
  if (Math.abs(short.value - long.value) > 1) throw new Error(`log Z ${short.value} and ${long.value} disagree`);
  times.push({ direction: ((long.seconds - short.seconds) * betas) / (betas - few) / 2, call: long.seconds, logZ: long });
}
const { logZ } = times[0];
const round2 = (x) => Number(x.toFixed(2));
console.log(
  JSON.stringify({
    machine: `${rbm.visible}-${rbm.hidden}`,
    chains,
    betas,
    threads: rbm.backendInfo().threads,
    secondsPerDirection: round2(median(times.map(({ direction }) => direction))),
    secondsOfCall: round2(median(times.map(({ call }) => call))),
    logZ: [logZ.value, logZ.low, logZ.high].map(round2),
    gap: round2(logZ.gap),
    effectiveSampleSize: round2(logZ.effectiveSampleSize),
  }),
);
rbm.dispose();
