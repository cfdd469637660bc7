// node bench/uses/agent.mjs [--parts key-lock,cost] [--states keys,all] [--seeds 1,2,3] [--tune]: what a FreeEnergyAgent earns, as a share of the best reward.
// Prints one JSON line per figure. Settings were chosen with seeds from 101 on (--tune), which make other keys and other agents.
import { parseArgs } from 'node:util';
import { bernoulli, FreeEnergyAgent } from 'boltzkit';
import { keyLock } from './key-lock.mjs';

const { values } = parseArgs({
  options: {
    parts: { type: 'string', default: 'key-lock,cost' },
    seeds: { type: 'string' },
    states: { type: 'string', default: 'keys,all' },
    tune: { type: 'boolean', default: false },
    settings: { type: 'string', default: '{}' },
  },
});
const seeds = (values.seeds ?? (values.tune ? '101' : '1,2,3')).split(',').map(Number);
const overridden = JSON.parse(values.settings);

/** Chosen with --tune. */
const chosen = {
  'key-lock': { hidden: 13, trials: 12_000, rate: 0.005, from: 1, to: 0.1, sweeps: 10, weightScale: 1 },
};
const round = (x, digits = 3) => Number(x.toFixed(digits));
const say = (line) => console.log(JSON.stringify(line));
const falling = (from, to, all) => (update) => from * (to / from) ** Math.min(1, update / all);
const linear = (from, all) => (update) => from * Math.max(0.02, 1 - update / all);

/** The mean reward of the last tenth of the trials, while learning; then of greedy actions, on 500 more states. */
function keyLocked(states, seed) {
  const settings = { ...chosen['key-lock'], ...overridden };
  const { hidden, trials, rate, from, to, sweeps, weightScale } = settings;
  const task = keyLock({ states, seed });
  const schedules = { learningRate: linear(rate, trials), temperature: falling(from, to, trials) };
  const agent = new FreeEnergyAgent({ state: 12, actions: bernoulli(40), hidden, discount: 0, seed, sweeps, weightScale, ...schedules });
  const begin = performance.now();
  const rewards = [];
  for (let trial = 0; trial < trials; trial++) {
    const state = task.state();
    const reward = task.reward(state, agent.act(state));
    rewards.push(reward);
    agent.learn({ reward, next: null });
  }
  const microseconds = ((performance.now() - begin) / trials) * 1e3;
  const greedy = FreeEnergyAgent.from(agent.toJSON(), { temperature: 1e-3 });
  let sum = 0;
  for (let trial = 0; trial < 500; trial++) {
    const state = task.state();
    sum += task.reward(state, greedy.act(state));
  }
  const tenth = rewards.slice(-trials / 10);
  const share = (total, count) => round(total / count / task.actionBits);
  say({
    task: 'key-lock',
    states,
    seed,
    ...settings,
    first: share(
      rewards.slice(0, trials / 10).reduce((a, b) => a + b),
      trials / 10,
    ),
    last: share(
      tenth.reduce((a, b) => a + b),
      tenth.length,
    ),
    greedy: share(sum, 500),
    microseconds: round(microseconds, 0),
  });
}

/** One value by plain TypeScript and by a call of native code, in microseconds; medians of 5. */
async function costs() {
  for (const [state, actions, hidden] of [
    [12, 40, 13],
    [100, 40, 100],
    [784, 100, 500],
  ]) {
    const agent = new FreeEnergyAgent({ state, actions: bernoulli(actions), hidden, seed: 1 });
    const rbm = agent.toMachine();
    const [s, a] = [state, actions].map((n) => Array.from({ length: n }, (_, i) => i % 2));
    const row = Float32Array.from([...s, ...a]);
    const timed = (work) => {
      const times = Array.from({ length: 5 }, () => {
        const begin = performance.now();
        for (let n = 0; n < 200; n++) work();
        return ((performance.now() - begin) / 200) * 1e3;
      });
      return round(times.sort((x, y) => x - y)[2], 1);
    };
    const typescript = timed(() => agent.value(s, a));
    const native = timed(() => rbm.freeEnergySync(row));
    const acting = timed(() => agent.act(s));
    const begin = performance.now();
    for (let n = 0; n < 20; n++) await rbm.sample(1, { sweeps: 20, clamp: { indices: s.map((_, i) => i), values: s } });
    const sampling = round(((performance.now() - begin) / 20) * 1e3, 0);
    say({
      task: 'cost',
      state,
      actions,
      hidden,
      'value in TypeScript': typescript,
      'value by native code': native,
      'act, 20 sweeps': acting,
      'sample of the machine, 20 sweeps': sampling,
    });
    rbm.dispose();
  }
}

for (const part of values.parts.split(',')) {
  if (part === 'cost') await costs();
  else for (const seed of seeds) for (const states of values.states.split(',')) keyLocked(states, seed);
}
