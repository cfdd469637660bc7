// Block Gibbs sampling through the public API: both layers drawn in every step, all of them in one call.
import { binaryRows, clock, mean, repetitions, report } from '../lib/driver.mjs';
import { work } from '../lib/work.mjs';
import { matrix, rows, startMachine } from './machine.mjs';

const { sampleChains, sampleSteps } = work;
const rbm = startMachine();
const start = matrix(binaryRows(rows, sampleChains));

const seconds = [];
let states;
for (let e = 0; e <= repetitions; e++) {
  const begin = clock();
  states = await rbm.sample(sampleChains, { sweeps: sampleSteps, start });
  if (e > 0) seconds.push(clock() - begin);
}
if (!states.data.every((x) => x === 0 || x === 1)) throw new Error('states must be 0 or 1');
report('boltzkit', seconds, { on: [mean(states.data)] });
rbm.dispose();
