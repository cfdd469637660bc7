/** Options of an agent: their types, and how they are read. */
import { OptionCheck, readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import type { Units } from '../wiring/units.js';
import type { ActionSpace } from './actions.js';

/** A number, or one for each update by how many went before. */
export type AgentSchedule = number | ((update: number) => number);

/** What an agent may do: `bernoulli(40)` for 2^40 actions, `softmax(4)` (or 4) for four. */
export type ActionUnits = number | Units<'bernoulli'> | Units<'softmax'>;

/** An action: its bits, or its number from 0. */
export type ActionOf<A extends ActionUnits> = A extends Units<'bernoulli'> ? Uint8Array : number;

/** How to construct an agent. */
export interface FreeEnergyAgentOptions<A extends ActionUnits = ActionUnits> {
  /** Numbers of a state, each in [0, 1]. */
  readonly state: number;
  /** Actions: a number of them, `softmax(n)`, or `bernoulli(bits)` for all 2^bits; at most 65,536 units. */
  readonly actions: A;
  /** Hidden units. */
  readonly hidden: number;
  /** What a reward is worth one step later, in [0, 1]. Default 0.9; 0 where each step stands alone. */
  readonly discount?: number | undefined;
  /** Of the temporal-difference steps, at least 0. Default 0.01. */
  readonly learningRate?: AgentSchedule | undefined;
  /** T of P(a | s) ∝ exp(Q(s, a) / T), above 0, in units of reward: lower is greedier. Default 1. */
  readonly temperature?: AgentSchedule | undefined;
  /** Gibbs sweeps over the action units, where there are more than 2^10 actions. Default 20. */
  readonly sweeps?: number | undefined;
  /** Standard deviation of the start weights of state units; those of action units start at 0. Default 1. */
  readonly weightScale?: number | undefined;
  /** Seed of all randomness. Default 0. */
  readonly seed?: number | bigint | undefined;
}

/** What came of an action. */
export interface Transition {
  /** The reward. */
  readonly reward: number;
  /** The state that the action led to; null at the end of an episode. */
  readonly next: RowsInput | null;
}

/** The names of {@link FreeEnergyAgentOptions}. */
export const agentOptions = [
  'state',
  'actions',
  'hidden',
  'discount',
  'learningRate',
  'temperature',
  'sweeps',
  'weightScale',
  'seed',
] as const;

/** Units of states, actions and hidden ones, at most. */
export const mostUnits = 2 ** 16;

/** Reads what an agent may do. */
export function readActions(check: OptionCheck, actions: unknown): ActionSpace {
  if (typeof actions === 'number') {
    if (actions > mostUnits && Number.isInteger(Math.log2(actions))) {
      throw check.error('actions', `at most ${mostUnits} actions, or bits`, actions, `: say bernoulli(${Math.log2(actions)})`);
    }
    return { type: 'softmax', places: check.integer('actions', actions, undefined, 2, mostUnits) };
  }
  const { type, places, size } = readOptions(check.call, actions ?? null, ['type', 'places', 'size'], 'actions');
  if (type !== 'bernoulli' && type !== 'softmax') throw check.error('actions', 'a number, bernoulli(bits) or softmax(actions)', type);
  if (type === 'softmax' && size !== places)
    throw check.error('actions', 'one softmax unit', `softmax(${size}, ${Number(places) / Number(size)})`);
  return { type, places: check.integer('actions', places, undefined, 1, mostUnits) };
}

/** Reads a number or a function; its numbers are checked when they are asked for. */
export function readSchedule(
  check: OptionCheck,
  name: 'learningRate' | 'temperature',
  value: unknown,
  fallback: number,
): (update: number) => number {
  if (typeof value === 'function') return value as (update: number) => number;
  const fixed = value === undefined ? fallback : value;
  const positive = name === 'temperature';
  if (!isAllowed(fixed, positive))
    throw check.error(name, positive ? 'a finite number above 0, or a function' : 'a finite number of at least 0, or a function', value);
  return () => fixed;
}

/** Checks what a schedule gave. */
export function readScheduled(name: string, value: unknown, positive: boolean): number {
  if (isAllowed(value, positive)) return value;
  throw new OptionCheck('FreeEnergyAgent').error(
    name,
    positive ? 'a function with finite numbers above 0' : 'a function with finite numbers of at least 0',
    value,
  );
}

function isAllowed(value: unknown, positive: boolean): value is number {
  return typeof value === 'number' && Number.isFinite(value) && (positive ? value > 0 : value >= 0);
}
