/**
 * The training state of up–down learning in a file: what a run keeps, by name. The names are those
 * of native/learning/.
 */
import type { TensorStock, ValueCheck } from '../io/tensor-stock.js';
import type { NativeTrainerState } from '../machine/native.js';
import { takeRun } from '../models/training-file.js';
import { finite, betas as nonNegative, parameterValues, states } from '../models/value-checks.js';
import type { UpDownRun } from './record.js';
import type { BeliefStack } from './stack.js';
import { upDownMetrics } from './up-down.js';
import { readUpDownSettings, type UpDownSettings, upDownNames } from './up-down-options.js';

interface Kept {
  readonly name: string;
  readonly shape: readonly [number, number];
  readonly check: ValueCheck;
  /** Whether a state may lack it. */
  readonly optional?: boolean;
}

/** Takes the state of a run out of a file, after comparing all of it with what such a run needs. */
export function takeUpDown(call: string, stock: TensorStock, text: string | undefined, stack: BeliefStack): UpDownRun | null {
  const required = { epochs: Number.NaN, batchSize: Number.NaN };
  return takeRun(call, stock, text, {
    settings: (given) => readUpDownSettings(call, given, required),
    settingNames: upDownNames,
    bestSources: upDownMetrics,
    parameters: () => stack.parameters(call),
    tensors: ({ prefix, settings, begun, complete }) => {
      const taken: NativeTrainerState['tensors'] = {};
      for (const { name, shape, check, optional } of keptBy(stack, settings, begun)) {
        if ((optional || !complete) && !stock.has(prefix + name)) continue;
        const values = stock.take(prefix + name, { types: ['F32', 'F64'], shape, check });
        taken[name] = { rows: shape[0], cols: shape[1], values };
      }
      return taken;
    },
  });
}

function keptBy(stack: BeliefStack, settings: UpDownSettings, begun: boolean): Kept[] {
  const here = (place: string): Kept[] => [
    ...steps(stack, settings, place),
    ...chains(stack, settings, place),
    ...offsets(stack, settings, place),
    ...limits(stack, place),
  ];
  if (settings.onDivergence === null || !begun) return here('');
  const good = (place: string): Kept[] => [...perParameter(stack, `${place}parameter/`, parameterValues), ...here(place)];
  return [...here(''), ...good('good/'), ...good('newest/')];
}

function steps(stack: BeliefStack, { averageLast, rates }: UpDownSettings, place: string): Kept[] {
  const moves = (part: string): boolean => !Object.hasOwn(rates, part) || rates[part] !== 0;
  return [
    ...perParameter(stack, `${place}velocity/`, finite()),
    ...(averageLast > 0 ? perParameter(stack, `${place}average/`, parameterValues, moves) : []),
  ];
}

/**
 * The machines as the addon calls them, with the places of their layers that learn: recognition its
 * upper one, generation its lower one.
 */
function machinesOf({ levels, top }: BeliefStack) {
  const lower = levels.slice(0, -1).flatMap(({ number, up, down }) => [
    { name: `up${number}`, part: 'up', machine: up, layers: [1] },
    { name: `down${number}`, part: 'down', machine: down, layers: [0] },
  ]);
  return [...lower, { name: 'top', part: 'top', machine: top.up, layers: top.up.spec.layers.map((_, l) => l) }];
}

function perParameter(stack: BeliefStack, place: string, check: ValueCheck, wanted: (part: string) => boolean = () => true): Kept[] {
  return machinesOf(stack).flatMap(({ name, part, machine, layers }) => {
    if (!wanted(part)) return [];
    const count = machine.spec.layers.length;
    const kept = machine.native.parameters().filter((_, i) => i >= count || layers.includes(i));
    return kept.map((parameter) => ({
      name: `${place}${name}/${parameter.name}`,
      shape: [parameter.rows, parameter.cols] as const,
      check,
    }));
  });
}

function chains({ top }: BeliefStack, settings: UpDownSettings, place: string): Kept[] {
  if (settings.chains === 0) return [];
  return top.up.spec.layers.map(({ name, units, type }, l) => {
    const check = states({ ...top.up.domain(l), type });
    return { name: `${place}top/chains/${name}`, shape: [settings.chains, units] as const, check };
  });
}

function offsets({ levels, top }: BeliefStack, { centred }: UpDownSettings, place: string): Kept[] {
  if (!centred) return [];
  const kept = (name: string, { units }: { units: number }): Kept => ({ name: place + name, shape: [1, units], check: finite() });
  const lower = levels.slice(0, -1).map(({ number, up }) => kept(`offset/${number}`, up.spec.layers[0] as { units: number }));
  return [...lower, ...top.up.spec.layers.map((layer) => kept(`top/offset/${layer.name}`, layer))];
}

function limits(stack: BeliefStack, place: string): Kept[] {
  return machinesOf(stack).map(({ name, machine }) => {
    const shape = [1, machine.spec.couplings.length] as const;
    return { name: `${place}limits/${name}`, shape, check: nonNegative, optional: true };
  });
}
