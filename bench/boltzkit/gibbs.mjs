// Block Gibbs sampling of an untrained machine through the public API: both layers drawn in every step, all of them in one call.
import { RBM } from 'boltzkit';
import { binaryRows, clock, readRows, repetitions, report, threads } from '../lib/driver.mjs';
import { work } from '../lib/work.mjs';

const { visible, hidden, sampleChains, sampleSteps } = work;
const rbm = new RBM({ visible, hidden, seed: 1, threads });
const start = { data: binaryRows(readRows(), sampleChains), shape: [sampleChains, visible] };

const seconds = [];
let states;
for (let e = 0; e <= repetitions; e++) {
  const begin = clock();
  states = await rbm.sample(sampleChains, { steps: sampleSteps, start });
  if (e > 0) seconds.push(clock() - begin);
}
if (!states.data.every((x) => x === 0 || x === 1)) throw new Error('states must be 0 or 1');
report('boltzkit', seconds, { on: [states.data.reduce((sum, x) => sum + x, 0) / states.data.length] });
rbm.dispose();
