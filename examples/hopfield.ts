// A Hopfield network as a memory of handwritten digits: stored once, recalled from cues of which a
// quarter of the pixels are flipped. Digits resemble each other, so the Hebbian rule runs them
// together; the pseudo-inverse rule keeps them apart. Pictures: stored, cue, Hebbian, pseudo-inverse.
import { HopfieldNetwork, rowsOf } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';
import { tiles, writePng } from 'boltzkit/viz';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const perDigit = small ? 2 : 5;
const { train } = await loadMnist();

// The first images of each digit in turn, so that the first ten are 0 to 9; ink is +1, paper −1.
const images = [...rowsOf(train.images)].map((row) => Array.from(row, (grey) => (grey > 0.5 ? 1 : -1)));
const byDigit = Array.from({ length: 10 }, (_, d) => images.filter((_, r) => train.labels.get(r) === d).slice(0, perDigit));
const patterns = Array.from({ length: 10 * perDigit }, (_, p) => byDigit[p % 10]?.[Math.floor(p / 10)] as number[]);

// A fixed little generator, so that the example repeats.
let state = 7;
const random = () => {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
};
const cues = patterns.map((pattern) => pattern.map((ink) => (random() < 0.25 ? -ink : ink)));

const network = new HopfieldNetwork({ units: 784 });
const shown = [...patterns.slice(0, 10), ...cues.slice(0, 10)];
const right: number[] = [];
for (const rule of ['hebbian', 'pseudo-inverse'] as const) {
  await network.store(patterns, { rule });
  const { states, sweeps, converged } = await network.recall(cues);
  const overlaps = network.overlap(states, patterns);
  const own = patterns.map((_, p) => overlaps.get(p, p));
  right.push(own.filter((m) => m > 0.99).length / own.length);
  shown.push(...[...rowsOf(states)].slice(0, 10).map((row) => Array.from(row)));
  const mean = own.reduce((sum, m) => sum + m, 0) / own.length;
  const most = Math.max(...sweeps.data);
  console.log(`${rule}: overlap ${mean.toFixed(3)} with what was stored, ${converged ? `fixed after ${most} sweeps` : 'not fixed yet'}`);
}
await writePng('hopfield.png', tiles(shown.map((row) => row.map((ink) => (1 + ink) / 2)), { height: 28, width: 28, columns: 10 })); // biome-ignore format: one line
console.log(`recalled of ${patterns.length} digits: ${right.map((part) => `${(100 * part).toFixed(0)} %`).join(' and ')}`);
console.log('wrote hopfield.png');
network.dispose();
process.exitCode = (right[1] as number) > 0.9 ? 0 : 1;
