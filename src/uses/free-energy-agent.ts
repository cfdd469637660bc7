import { OptionCheck, readOptions } from '../arguments.js';
import { keyOf, philox4x32, streams } from '../data/random.js';
import type { RowsInput } from '../data/rows-input.js';
import { asVector } from '../data/vector.js';
import { DivergenceError, ParameterError } from '../errors.js';
import { RBM } from '../models/rbm.js';
import { bernoulli, softmax } from '../wiring/units.js';
import { type ActionSpace, drawAction } from './actions.js';
import { type FreeEnergyAgentJson, readAgent } from './agent-file.js';
import {
  type ActionOf,
  type ActionUnits,
  agentOptions,
  type FreeEnergyAgentOptions,
  mostUnits,
  readActions,
  readSchedule,
  readScheduled,
  type Transition,
} from './agent-options.js';
import { FreeEnergy } from './free-energy.js';

/** What was done, and in which state. */
interface Step {
  readonly state: Float64Array;
  readonly action: Uint8Array;
}

/** Beyond this a single step would throw the parameters away. */
const largestStep = 1e6;

/**
 * An agent that learns from rewards: the value of an action is the negative free energy of an RBM
 * over state and action units, so that actions can be drawn by Gibbs sampling even where there are
 * 2^40 of them (Sallans & Hinton, JMLR 5, 2004): Q(s, a) = −F(s, a), less the constant that it has
 * without weights, so that values begin near 0.
 *
 * `act` draws from P(a | s) ∝ exp(Q(s, a) / T): exactly by counting up to 2^10 actions, else by Gibbs
 * sampling of the action units with the hidden ones summed out. `learn` takes one SARSA step:
 * parameters += rate · (r + γ Q(s', a') − Q(s, a)) · ∂Q(s, a). Values learnt that way need not
 * converge; lower the rate and the temperature while the agent learns.
 *
 * Plain TypeScript, before the call returns: with 12 state bits, 40 action bits and 13 hidden units a
 * value takes some microseconds and an action a fraction of a millisecond. Beyond about a hundred
 * hidden units native code would be faster. The same seed, states and rewards give the same actions.
 *
 * @example
 * ```ts
 * import { bernoulli, FreeEnergyAgent } from 'boltzkit';
 *
 * const agent = new FreeEnergyAgent({ state: 2, actions: bernoulli(3), hidden: 4, discount: 0, seed: 1 });
 * for (let trial = 0; trial < 1000; trial++) {
 *   const state = trial % 2 === 0 ? [1, 0] : [0, 1];
 *   const bits = agent.act(state);
 *   const reward = bits.filter((bit) => bit === state[0]).length; // all on in one state, all off in the other
 *   agent.learn({ reward, next: null });
 * }
 * console.log(agent.value([1, 0], [1, 1, 1]), agent.value([1, 0], [0, 0, 0]));
 * ```
 */
export class FreeEnergyAgent<const A extends ActionUnits = ActionUnits> {
  readonly #energy: FreeEnergy;
  readonly #state: number;
  readonly #space: ActionSpace;
  readonly #seed: bigint;
  readonly #key: readonly [number, number];
  readonly #rate: (update: number) => number;
  readonly #heat: (update: number) => number;
  /** What a reward is worth one step later. */
  readonly discount: number;
  /** Gibbs sweeps over the action units, where there are more than 2^10 actions. */
  readonly sweeps: number;
  #updates = 0;
  #draws = 0;
  #words: { block: number; words: readonly number[] } = { block: -1, words: [] };
  /** What was done last, and what will be done in the state that it led to. */
  #last: Step | null = null;
  #next: Step | null = null;

  /** @throws {@link ParameterError} on options out of range. */
  constructor(options: FreeEnergyAgentOptions<A>) {
    const given = readOptions('FreeEnergyAgent', options ?? null, agentOptions);
    const check = new OptionCheck('FreeEnergyAgent');
    this.#state = check.integer('state', given.state, undefined, 1, mostUnits);
    this.#space = readActions(check, given.actions);
    const hidden = check.integer('hidden', given.hidden, undefined, 1, mostUnits);
    this.discount = check.number('discount', given.discount, 0.9, 0, 1);
    this.#rate = readSchedule(check, 'learningRate', given.learningRate, 0.01);
    this.#heat = readSchedule(check, 'temperature', given.temperature, 1);
    this.sweeps = check.integer('sweeps', given.sweeps, 20, 1, 2 ** 20);
    this.#seed = check.seed('seed', given.seed, 0n);
    this.#key = keyOf(this.#seed);
    const scale = check.number('weightScale', given.weightScale, 1);
    const visible = this.#state + this.#space.places;
    const weights = new Float64Array(visible * hidden);
    for (let i = 0; i < this.#state * hidden; i++) weights[i] = scale * this.#normal(); // no action is preferred at first
    this.#energy = new FreeEnergy({ weights, visibleBias: new Float64Array(visible), hiddenBias: new Float64Array(hidden) });
  }

  /** Updates so far. */
  get updates(): number {
    return this.#updates;
  }

  /** Actions are drawn at this temperature now. */
  get temperature(): number {
    return readScheduled('temperature', this.#heat(this.#updates), true);
  }

  /**
   * Draws an action for a state. After {@link learn} with that state it is the action that the update
   * reckoned with.
   *
   * @param state - [state], values in [0, 1].
   * @throws {@link ShapeError} on a state of another length, {@link ParameterError} on other values.
   */
  act(state: RowsInput): ActionOf<A> {
    const given = this.#readState('FreeEnergyAgent.act', 'state', state);
    const foreseen = this.#next?.state.every((value, i) => value === given[i]) ? this.#next : null;
    this.#last = foreseen ?? this.#draw(given);
    this.#next = null;
    return this.#asGiven(this.#last.action);
  }

  /**
   * Learns from what came of the last action: one SARSA step, for which the next action is drawn. At
   * the end of an episode (`next: null`) the value is the reward alone.
   *
   * @returns The temporal-difference error r + γ Q(s', a') − Q(s, a), before the step.
   * @throws {@link ParameterError} unless `act` was called since the last update,
   *   {@link DivergenceError} when parameters would stop being finite; they are as they were then.
   */
  learn(transition: Transition): number {
    const call = 'FreeEnergyAgent.learn';
    const { reward, next } = readOptions(call, transition ?? null, ['reward', 'next'], 'transition');
    const check = new OptionCheck(call);
    const gain = check.number('transition.reward', reward, Number.NaN, -Number.MAX_VALUE);
    if (next === undefined) throw check.error('transition.next', 'a state, or null at the end of an episode', next);
    const led = next === null ? null : this.#readState(call, 'transition.next', next);
    if (this.#last === null) throw new ParameterError(`${call}: there is no action to learn from: call \`act\` first`);
    const { state, action } = this.#last;
    const following = led && this.#draw(led);
    const foreseen = following === null ? 0 : this.discount * this.#value(following.state, following.action);
    const error = gain + foreseen - this.#value(state, action);
    const rate = readScheduled('learningRate', this.#rate(this.#updates), false);
    if (!(Math.abs(rate * error) < largestStep)) {
      throw new DivergenceError(
        `${call}: values are running away: an error of ${error} at a rate of ${rate}; try a lower \`learningRate\``,
      );
    }
    this.#energy.step(state, action, rate * error);
    this.#updates++;
    this.#last = null;
    this.#next = following;
    return error;
  }

  /** Q(s, a) = −F(s, a) − H log 2 of `H` hidden units. */
  value(state: RowsInput, action: ActionOf<A> | readonly number[]): number {
    const call = 'FreeEnergyAgent.value';
    return this.#value(this.#readState(call, 'state', state), this.#readAction(call, action));
  }

  /** Values begin near 0: the constant changes neither gradients nor what is drawn. */
  #value(state: Float64Array, action: Uint8Array): number {
    return this.#energy.value(state, action) - this.#energy.hidden * Math.LN2;
  }

  #draw(state: Float64Array): Step {
    const drawing = { temperature: this.temperature, sweeps: this.sweeps, uniform: () => this.#uniform() };
    return { state, action: drawAction(this.#energy, this.#space, state, drawing) };
  }

  #readState(call: string, argument: string, state: unknown): Float64Array {
    return asVector(state, this.#state, { call, argument, units: 'numbers of a state' }, { low: 0, high: 1 });
  }

  #readAction(call: string, action: unknown): Uint8Array {
    const { type, places } = this.#space;
    const check = new OptionCheck(call);
    if (type === 'softmax') {
      const number = check.integer('action', action, undefined, 0, places - 1);
      return new Uint8Array(places).fill(1, number, number + 1);
    }
    const bits = asVector(action, places, { call, argument: 'action', units: 'bits of an action' });
    const odd = bits.find((bit) => bit !== 0 && bit !== 1);
    if (odd !== undefined) throw check.error('action', 'bits, each 0 or 1', odd);
    return Uint8Array.from(bits);
  }

  #asGiven(action: Uint8Array): ActionOf<A> {
    return (this.#space.type === 'softmax' ? action.indexOf(1) : action.slice()) as ActionOf<A>;
  }

  /** A number in [0, 1): random words by their number, four to a block. */
  #uniform(): number {
    const draw = this.#draws++;
    const block = Math.floor(draw / 4);
    if (block !== this.#words.block) {
      this.#words = { block, words: philox4x32([block >>> 0, Math.floor(block / 2 ** 32), streams.agents, 0], this.#key) };
    }
    return (this.#words.words[draw % 4] as number) / 2 ** 32;
  }

  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#uniform())) * Math.cos(2 * Math.PI * this.#uniform());
  }

  /** The machine behind the values: an `RBM` whose visible units are those of states, then those of actions as independent bits. */
  toMachine(): RBM {
    const { weights, visibleBias, hiddenBias } = this.#energy.parameters;
    const rbm = new RBM({ visible: visibleBias.length, hidden: hiddenBias.length, seed: this.#seed });
    rbm.setParameter('visible-hidden.weights', { data: weights, shape: [visibleBias.length, hiddenBias.length] });
    rbm.setParameter('visible.bias', visibleBias);
    rbm.setParameter('hidden.bias', hiddenBias);
    return rbm;
  }

  /** What `JSON.stringify` writes: everything but the schedules, and the step under way. */
  toJSON(): FreeEnergyAgentJson {
    const { weights, visibleBias, hiddenBias } = this.#energy.parameters;
    return {
      format: 'boltzkit-free-energy-agent',
      version: 1,
      state: this.#state,
      actions: this.#space,
      discount: this.discount,
      sweeps: this.sweeps,
      seed: String(this.#seed),
      updates: this.#updates,
      draws: this.#draws,
      weights: [...weights],
      visibleBias: [...visibleBias],
      hiddenBias: [...hiddenBias],
    };
  }

  /**
   * An agent from what {@link toJSON} gave; it goes on as the one that was saved between two steps.
   *
   * @param schedules - `learningRate` and `temperature`, which no file holds.
   * @throws {@link FormatError} unless the object describes an agent.
   */
  static from(given: unknown, schedules?: Pick<FreeEnergyAgentOptions, 'learningRate' | 'temperature'>): FreeEnergyAgent {
    const call = 'FreeEnergyAgent.from';
    const { learningRate, temperature } = readOptions(call, schedules, ['learningRate', 'temperature']) as typeof schedules & object;
    const read = readAgent(call, given);
    const { state, actions, hiddenBias, discount, sweeps } = read;
    const units = actions.type === 'softmax' ? softmax(actions.places) : bernoulli(actions.places);
    const options = {
      state,
      actions: units,
      hidden: hiddenBias.length,
      discount,
      sweeps,
      learningRate,
      temperature,
      seed: BigInt(read.seed),
    };
    const agent = new FreeEnergyAgent<ActionUnits>(options);
    agent.#restore(read);
    return agent;
  }

  #restore({ weights, visibleBias, hiddenBias, updates, draws }: FreeEnergyAgentJson): void {
    this.#energy.parameters.weights.set(weights);
    this.#energy.parameters.visibleBias.set(visibleBias);
    this.#energy.parameters.hiddenBias.set(hiddenBias);
    this.#updates = updates;
    this.#draws = draws;
  }
}
