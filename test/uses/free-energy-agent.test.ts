/** Values and their gradient against the oracle, draws of actions against exp(Q / T), learning by hand. Fixed seeds. */
import { describe, expect, it } from 'vitest';
import { bernoulli, DivergenceError, FormatError, FreeEnergyAgent, ParameterError, ShapeError, softmax } from '../../src/index.js';
import { drawAction } from '../../src/uses/actions.js';
import { FreeEnergy } from '../../src/uses/free-energy.js';
import { bitVectors } from '../oracle/machine.js';
import { TestRandom } from '../oracle/random.js';
import { chiSquare, chiSquareLimit } from '../oracle/significance.js';

/** Q by its definition: log Σ_h exp(−E(s, a, h)). */
function valueByDefinition({ parameters }: FreeEnergy, x: number[]): number {
  const { weights, visibleBias, hiddenBias } = parameters;
  const hidden = hiddenBias.length;
  const total = bitVectors(hidden).reduce((sum, h) => {
    const pairs = x.reduce((own, xi, i) => own + h.reduce((part, hj, j) => part + xi * hj * weights[i * hidden + j]!, 0), 0);
    const biases = x.reduce((own, xi, i) => own + xi * visibleBias[i]!, 0) + h.reduce((own, hj, j) => own + hj * hiddenBias[j]!, 0);
    return sum + Math.exp(pairs + biases);
  }, 0);
  return Math.log(total);
}

function randomEnergy(visible: number, hidden: number, scale: number, seed: number): FreeEnergy {
  const random = new TestRandom(seed);
  const draw = (n: number) => Float64Array.from({ length: n }, () => scale * (2 * random.uniform() - 1));
  return new FreeEnergy({ weights: draw(visible * hidden), visibleBias: draw(visible), hiddenBias: draw(hidden) });
}

describe('values', () => {
  const energy = randomEnergy(7, 4, 2, 1);
  const [state, action] = [[0.5, 1, 0], [1, 0, 1, 1]]; // biome-ignore format: one line

  it('are negative free energies', () => {
    expect(energy.value(state, action)).toBeCloseTo(valueByDefinition(energy, [...state, ...action]), 12);
  });

  it('have the gradient that steps follow', () => {
    const flat = (of: FreeEnergy) => Object.values(of.parameters).flatMap((values) => [...values]);
    const copy = () => new FreeEnergy(structuredClone(energy.parameters));
    const stepped = copy();
    stepped.step(state, action, 1);
    const gradient = flat(stepped).map((value, i) => value - flat(energy)[i]!);
    const names = ['weights', 'visibleBias', 'hiddenBias'] as const;
    const places = names.flatMap((name) => Array.from(energy.parameters[name], (_, i) => [name, i] as const));
    places.forEach(([name, i], p) => {
      const at = (change: number) => {
        const moved = copy();
        moved.parameters[name][i] = moved.parameters[name][i]! + change;
        return moved.value(state, action);
      };
      expect(gradient[p]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 7);
    });
  });
});

describe('actions', () => {
  it.each([['few bits, counted', 'bernoulli', 4], ['categories, counted', 'softmax', 9], ['many bits, by Gibbs sampling', 'bernoulli', 11]] as const)('follow exp(Q / T): %s', (_, type, places) => {
    const energy = randomEnergy(2 + places, 3, 0.8, 2);
    const random = new TestRandom(7);
    const [state, temperature] = [[1, 0.25], 0.6]; // biome-ignore format: one line
    const all = type === 'softmax' ? Array.from({ length: places }, (_, k) => Array.from({ length: places }, (_, i) => Number(i === k))) : bitVectors(places);
    const weights = all.map((action) => Math.exp(valueByDefinition(energy, [...state, ...action]) / temperature));
    const total = weights.reduce((a, b) => a + b);
    const counts = new Float64Array(all.length);
    for (let n = 0; n < 20_000; n++) {
      const action = drawAction(energy, { type, places }, state, { temperature, sweeps: 30, uniform: () => random.uniform() });
      counts[type === 'softmax' ? action.indexOf(1) : action.reduce((sum, bit, i) => sum + bit * 2 ** i, 0)]!++;
    }
    const { statistic, freedom } = chiSquare(counts, weights.map((weight) => weight / total));
    expect(statistic).toBeLessThan(chiSquareLimit(freedom));
  }); // biome-ignore format: one line

  it('are drawn by Gibbs sampling of many hidden units without overflow', () => {
    const energy = randomEnergy(2 + 12, 400, 8, 3);
    const random = new TestRandom(1);
    const action = drawAction(energy, { type: 'bernoulli', places: 12 }, [1, 1], {
      temperature: 1e-9,
      sweeps: 50,
      uniform: () => random.uniform(),
    });
    const value = (bits: ArrayLike<number>) => energy.value([1, 1], bits);
    // At no temperature it ends where no single unit can do better.
    for (let i = 0; i < 12; i++) expect(value(action.map((bit, k) => (k === i ? 1 - bit : bit)))).toBeLessThan(value(action));
  });
});

describe('an agent', () => {
  const made = (options = {}) => new FreeEnergyAgent({ state: 2, actions: softmax(3), hidden: 2, seed: 1, ...options });

  it('steps by the temporal-difference error, with the action that it then takes', () => {
    const [agent, before] = [made({ learningRate: 0.05, discount: 0.5 }), made({ learningRate: 0.05, discount: 0.5 })];
    const action = agent.act([1, 0]);
    const error = agent.learn({ reward: 2, next: [0, 1] });
    const following = agent.act([0, 1]);
    expect(error).toBeCloseTo(2 + 0.5 * before.value([0, 1], following) - before.value([1, 0], action), 12);
    const energy = new FreeEnergy(parametersOf(before));
    energy.step(
      [1, 0],
      Float64Array.from({ length: 3 }, (_, k) => Number(k === action)),
      0.05 * error,
    );
    expect(parametersOf(agent)).toEqual(energy.parameters);
  });

  it('values the end of an episode at its reward', () => {
    const agent = made({ learningRate: 0.1 });
    for (let n = 0; n < 2000; n++) {
      const action = agent.act([1, 0]);
      agent.learn({ reward: 3 * action - 1, next: null });
    }
    for (const action of [1, 2]) expect(agent.value([1, 0], action)).toBeCloseTo(3 * action - 1, 1);
  });

  it('learns what pays among 2^20 actions', () => {
    const agent = new FreeEnergyAgent({
      state: 2,
      actions: bernoulli(20),
      hidden: 13,
      discount: 0,
      seed: 2,
      learningRate: (update) => 0.01 * (1 - update / 3000),
      temperature: (update) => 0.1 ** (update / 3000),
    });
    let last = 0;
    for (let trial = 0; trial < 3000; trial++) {
      const first = trial % 2;
      const reward = agent.act([first, 1 - first]).reduce((sum, bit, i) => sum + Number(bit === (i + first) % 2), 0);
      agent.learn({ reward, next: null });
      if (trial >= 2800) last += reward / 200;
    }
    expect(last).toBeGreaterThan(16); // of 20; 10 by chance
  });

  it('finds the way to a reward that comes late', () => {
    const agent = new FreeEnergyAgent({ state: 5, actions: 2, hidden: 8, discount: 0.9, seed: 3, learningRate: 0.05, temperature: (u) => Math.max(0.02, 0.5 * 0.999 ** u) }); // biome-ignore format: one line
    const place = (at: number) => Array.from({ length: 5 }, (_, i) => Number(i === at));
    const walk = () => {
      let [at, steps] = [0, 0];
      for (; at < 4 && steps < 60; steps++) {
        at = Math.max(0, at + (agent.act(place(at)) === 1 ? 1 : -1));
        agent.learn(at === 4 ? { reward: 1, next: null } : { reward: 0, next: place(at) });
      }
      return steps;
    };
    for (let episode = 0; episode < 300; episode++) walk();
    expect(Math.max(walk(), walk(), walk())).toBeLessThanOrEqual(6); // 4 at best
  });

  it('goes on from JSON as it would have', () => {
    const live = (agent: FreeEnergyAgent, n: number) =>
      Array.from({ length: n }, (_, i) => {
        const action = agent.act([i % 2, 1]);
        return [action, agent.learn({ reward: i % 3, next: null })];
      });
    const agent = new FreeEnergyAgent({ state: 2, actions: bernoulli(12), hidden: 3, seed: 2n ** 60n, sweeps: 3 });
    live(agent as FreeEnergyAgent, 7);
    const again = FreeEnergyAgent.from(JSON.parse(JSON.stringify(agent)));
    expect(again.toJSON()).toEqual(agent.toJSON());
    expect(live(again, 5)).toEqual(live(agent as FreeEnergyAgent, 5));
  });

  it('is a machine', async () => {
    const agent = new FreeEnergyAgent({ state: 2, actions: bernoulli(3), hidden: 4, seed: 1, weightScale: 1 });
    using rbm = agent.toMachine();
    const [f] = (await rbm.freeEnergy([[1, 0, 1, 1, 0]])).data;
    expect(agent.value([1, 0], [1, 1, 0])).toBeCloseTo(-f! - 4 * Math.LN2, 4);
  });

  it('refuses what it cannot use, and stays as it was', () => {
    const agent = made();
    const before = JSON.stringify(agent);
    expect(() => agent.learn({ reward: 1, next: null })).toThrow(
      'FreeEnergyAgent.learn: there is no action to learn from: call `act` first',
    );
    expect(() => agent.act([1])).toThrow(ShapeError);
    expect(() => agent.act([1, 2])).toThrow('`state[1]` must be a finite number from 0 to 1, got 2');
    expect(() => agent.value([1, 0], 3)).toThrow('`action` must be a whole number from 0 to 2, got 3');
    const many = new FreeEnergyAgent({ state: 1, actions: bernoulli(2), hidden: 1 });
    expect(() => many.value([1], [1, 0.5])).toThrow('`action` must be bits, each 0 or 1, got 0.5');
    expect(() => many.value([1], [1])).toThrow(ShapeError);
    expect(JSON.stringify(agent)).toBe(before);
    agent.act([1, 0]);
    const acted = JSON.stringify(agent);
    expect(() => agent.learn({ reward: Number.NaN, next: null })).toThrow('`transition.reward` must be a finite number');
    expect(() => agent.learn({ reward: 1 } as never)).toThrow('`transition.next` must be a state, or null at the end of an episode');
    expect(() => agent.learn({ reward: 1, next: [1] })).toThrow(ShapeError);
    expect(() => agent.learn({ reward: 1e300, next: null })).toThrow(DivergenceError);
    expect(JSON.stringify(agent)).toBe(acted);
    agent.learn({ reward: 1, next: null });
    expect(() => agent.learn({ reward: 1, next: null })).toThrow(ParameterError);
  });

  it('refuses options that it cannot use', () => {
    expect(() => made({ actions: 2 ** 40 })).toThrow('say bernoulli(40)');
    expect(() => made({ actions: softmax(3, 2) })).toThrow('`actions` must be one softmax unit');
    expect(() => made({ actions: { type: 'gaussian', places: 2, size: 1 } })).toThrow(
      '`actions` must be a number, bernoulli(bits) or softmax(actions)',
    );
    expect(() => made({ temperature: 0 })).toThrow('`temperature` must be a finite number above 0, or a function, got 0');
    expect(() => made({ temperature: () => -1 }).act([1, 0])).toThrow(
      '`temperature` must be a function with finite numbers above 0, got -1',
    );
    expect(() => made({ learningRate: -1 })).toThrow('`learningRate`');
    expect(() => made({ discount: 1.5 })).toThrow('`discount` must be a finite number in [0, 1], got 1.5');
    expect(() => made({ hiden: 3 })).toThrow("did you mean 'hidden'");
    expect(() => new FreeEnergyAgent(undefined as never)).toThrow(ParameterError);
    expect(() => FreeEnergyAgent.from({})).toThrow(FormatError);
    expect(() => FreeEnergyAgent.from({ ...made().toJSON(), hiddenBias: [1] })).toThrow('its parameters must fit its units');
    expect(() => FreeEnergyAgent.from({ ...made().toJSON(), seed: '99999999999999999999' })).toThrow(FormatError);
  });
});

function parametersOf(
  agent:
    | FreeEnergyAgent<never>
    | { toJSON(): { weights: readonly number[]; visibleBias: readonly number[]; hiddenBias: readonly number[] } },
) {
  const { weights, visibleBias, hiddenBias } = agent.toJSON();
  return { weights: Float64Array.from(weights), visibleBias: Float64Array.from(visibleBias), hiddenBias: Float64Array.from(hiddenBias) };
}
