// Learn by reward among 2^20 actions: each of a few locks opens by its own key of twenty bits, and all
// that is told of a try is how many bits were right (after Sallans & Hinton, JMLR 2004).
import { bernoulli, FreeEnergyAgent } from 'boltzkit';
import { curves, writeSvg } from 'boltzkit/viz';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { locks, bits, trials } = { locks: 4, bits: 20, trials: small ? 3000 : 20_000 };

// A fixed little generator, so that the example repeats.
let state = 5;
const random = () => {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
};
const vector = (n: number) => Array.from({ length: n }, () => Number(random() < 0.5));
const pairs = Array.from({ length: locks }, () => ({ lock: vector(8), key: vector(bits) }));

const agent = new FreeEnergyAgent({
  state: 8,
  actions: bernoulli(bits),
  hidden: 13,
  discount: 0, // each try stands alone
  learningRate: (update) => 0.01 * (1 - update / trials),
  temperature: (update) => 0.1 ** (update / trials), // from 1 to 0.1
  seed: 1,
});

const rewards: number[] = [];
for (let trial = 0; trial < trials; trial++) {
  const { lock, key } = pairs[trial % locks] ?? { lock: [], key: [] };
  const tried = agent.act(lock);
  const reward = tried.reduce((sum, bit, i) => sum + Number(bit === key[i]), 0);
  rewards.push(reward);
  agent.learn({ reward, next: null });
}

const window = trials / 50;
const means = Array.from({ length: 50 }, (_, w) => rewards.slice(w * window, (w + 1) * window).reduce((a, b) => a + b, 0) / window);
const last = means.at(-1) ?? 0;
console.log(`bits that are right: ${(means[0] ?? 0).toFixed(1)} of ${bits} at first, ${last.toFixed(1)} in the end`);
await writeSvg(
  'key-lock.svg',
  curves([{ name: 'right bits', y: means, x: means.map((_, w) => (w + 1) * window) }], { title: `Keys of ${bits} bits` }),
);
console.log('wrote key-lock.svg: mean rewards');
process.exitCode = last > 0.75 * bits ? 0 : 1;
