import type { LayerDomain } from '../machine/host.js';
import { ModelHost } from '../machine/host.js';
import { Machine } from '../machine/machine.js';
import type { NativeArray, NativeMachine } from '../machine/native.js';
import { type NativeModel, readParameters } from '../machine/native-model.js';
import type { NativeLevels } from '../machine/native-up-down.js';
import { type BeliefSpec, labelsLayer, levelSpecs } from './spec.js';

/**
 * One level: a machine whose upward direction recognises and whose downward direction generates.
 * They are two machines once untied.
 */
export interface Level {
  /** From 1: the number of the layer it learns. */
  readonly number: number;
  readonly up: Machine;
  readonly down: Machine;
}

/** A machine and what the names of its parameters begin with. */
export interface NamedMachine {
  readonly prefix: string;
  readonly machine: Machine;
}

/**
 * The machines of a network as one native model: their parameters by level, their random counters
 * one after the other.
 */
class MachinePile implements NativeModel {
  readonly levels: Level[] = [];
  readonly #call: string;
  readonly #spec: BeliefSpec;
  #disposed = false;

  constructor(call: string, spec: BeliefSpec) {
    this.#call = call;
    this.#spec = spec;
    try {
      for (const wiring of levelSpecs(spec, 0)) {
        const up = new Machine(call, wiring);
        this.levels.push({ number: this.levels.length + 1, up, down: up });
      }
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  get top(): Level {
    return this.levels[this.levels.length - 1] as Level;
  }

  /**
   * All machines, in the order of their levels; the half that goes up before the one that goes
   * down.
   */
  get machines(): NamedMachine[] {
    return this.levels.flatMap(({ number, up, down }) => {
      const prefix = `level${number}/`;
      const both = [{ prefix, machine: up }];
      return up === down ? both : [...both, { prefix: `${prefix}generative/`, machine: down }];
    });
  }

  get untied(): boolean {
    return this.levels.some(({ up, down }) => up !== down);
  }

  /**
   * Gives every level below the top a machine of its own for the way down, with the same
   * parameters.
   */
  untie(): void {
    if (this.untied) return;
    const wirings = levelSpecs(this.#spec, 1);
    const made: Machine[] = [];
    try {
      for (const { number, up } of this.levels.slice(0, -1)) {
        const down = new Machine(this.#call, wirings[number - 1] as Machine['spec']);
        made.push(down);
        copyParameters(up.native, down.native);
      }
    } catch (error) {
      for (const machine of made) machine.dispose();
      throw error;
    }
    made.forEach((down, i) => {
      this.levels[i] = { ...(this.levels[i] as Level), down };
    });
  }

  parameters(): { name: string; rows: number; cols: number }[] {
    return this.machines.flatMap(({ prefix, machine }) => machine.native.parameters().map((one) => ({ ...one, name: prefix + one.name })));
  }

  getParameter(name: string): NativeArray {
    const { native, rest } = this.#owner(name);
    return native.getParameter(rest);
  }

  setParameter(name: string, values: NativeArray): void {
    const { native, rest } = this.#owner(name);
    native.setParameter(rest, values);
  }

  #owner(name: string): { native: NativeMachine; rest: string } {
    // The longest prefix: that of a generative half begins with its level's.
    const found = this.machines.findLast(({ prefix }) => name.startsWith(prefix)) as NamedMachine;
    return { native: found.machine.native, rest: name.slice(found.prefix.length) };
  }

  getCounters(): BigUint64Array {
    return BigUint64Array.from(this.machines.flatMap(({ machine }) => [...machine.native.getCounters()]));
  }

  setCounters(counters: BigUint64Array): void {
    let at = 0;
    for (const { machine } of this.machines) {
      const { length } = machine.native.getCounters();
      machine.native.setCounters(counters.slice(at, at + length));
      at += length;
    }
  }

  get passesAtOnce(): number {
    return Math.min(...this.machines.map(({ machine }) => machine.native.passesAtOnce)) / this.levels.length;
  }

  get busy(): boolean {
    return this.machines.some(({ machine }) => machine.native.busy);
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  dispose(): void {
    this.#disposed = true;
    // From the top: a job of a machine reads those below it.
    for (const { machine } of this.machines.reverse()) machine.dispose();
  }
}

function copyParameters(from: NativeMachine, to: NativeMachine): void {
  for (const [name, { values }] of readParameters(from)) to.setParameter(name, values);
}

/**
 * The machines of a network, one queue for all of them. Layers have the network's numbers; the
 * labels' is that after the last.
 */
export class BeliefStack extends ModelHost<NativeModel> {
  readonly spec: BeliefSpec;
  readonly #pile: MachinePile;

  constructor(call: string, spec: BeliefSpec) {
    let pile: MachinePile | undefined;
    super(call, spec, () => {
      pile = new MachinePile(call, spec);
      return { native: pile, domains: domainsOf(pile) };
    });
    this.spec = spec;
    this.#pile = pile as unknown as MachinePile;
  }

  /** From the bottom. */
  get levels(): readonly Level[] {
    return this.#pile.levels;
  }

  get top(): Level {
    return this.#pile.top;
  }

  get machines(): readonly NamedMachine[] {
    return this.#pile.machines;
  }

  /** Whether the halves that go up and down differ. */
  get untied(): boolean {
    return this.#pile.untied;
  }

  /** The halves of the levels below the top, as native code takes them. */
  get halves(): NativeLevels {
    const lower = this.levels.slice(0, -1);
    return { up: lower.map(({ up }) => up.native), down: lower.map(({ down }) => down.native) };
  }

  /** Unties them; inside `train` or before anybody has the stack. */
  untie(): void {
    this.#pile.untie();
  }

  /** The number of the label layer. */
  get labelLayer(): number {
    return this.spec.layers.length;
  }

  places(layer: number): number {
    return layer === this.labelLayer ? (this.spec.labels ?? 0) : (this.spec.layers[layer]?.units ?? 0);
  }
}

function domainsOf({ levels, top }: MachinePile): LayerDomain[] {
  const upper = levels.map(({ up }) => up.domain(1));
  const bottom = (levels[0] as Level).up.domain(0);
  return [bottom, ...upper, ...(top.up.spec.layers.length > labelsLayer ? [top.up.domain(labelsLayer)] : [])];
}
