/** Agents as plain objects, for JSON. */
import { z } from 'zod';
import { readFrom } from '../arguments.js';
import { FormatError } from '../errors.js';
import type { ActionSpace } from './actions.js';

/** An agent as plain numbers, for a file. */
export interface FreeEnergyAgentJson {
  /** What the file is. */
  readonly format: 'boltzkit-free-energy-agent';
  /** Of the form of this object. */
  readonly version: 1;
  /** Numbers of a state. */
  readonly state: number;
  /** Type and number of the action units. */
  readonly actions: ActionSpace;
  /** What a reward is worth one step later. */
  readonly discount: number;
  /** Gibbs sweeps. */
  readonly sweeps: number;
  /** Decimal digits. */
  readonly seed: string;
  /** Updates so far. */
  readonly updates: number;
  /** Random words so far. */
  readonly draws: number;
  /** [state + actions] rows of [hidden] weights, one after the other. */
  readonly weights: readonly number[];
  /** Of states, then of actions. */
  readonly visibleBias: readonly number[];
  /** One to a hidden unit. */
  readonly hiddenBias: readonly number[];
}

const count = z.number().int().nonnegative();
const json = z.strictObject({
  format: z.literal('boltzkit-free-energy-agent'),
  version: z.literal(1),
  state: count.min(1).max(2 ** 16),
  actions: z.strictObject({ type: z.enum(['bernoulli', 'softmax']), places: count.min(1).max(2 ** 16) }),
  discount: z.number().min(0).max(1),
  sweeps: count.min(1).max(2 ** 20),
  seed: z
    .string()
    .regex(/^\d{1,20}$/)
    .refine((seed) => BigInt(seed) < 1n << 64n),
  updates: count,
  draws: count,
  weights: z.array(z.number()),
  visibleBias: z.array(z.number()),
  hiddenBias: z.array(z.number()).min(1),
});

/** Checks what a file holds. */
export function readAgent(call: string, given: unknown): FreeEnergyAgentJson {
  const { success, data, error } = readFrom(call, 'json', () => json.safeParse(given));
  const [issue] = error?.issues ?? [];
  if (!success) throw new FormatError(`${call}: \`json\` does not describe an agent: ${issue?.path.join('.') || 'it'}: ${issue?.message}`);
  const { state, actions, weights, visibleBias, hiddenBias } = data;
  if (visibleBias.length === state + actions.places && weights.length === visibleBias.length * hiddenBias.length) return data;
  throw new FormatError(`${call}: \`json\` does not describe an agent: its parameters must fit its units`);
}
