/** From a stack of greedily trained machines to one deep machine. */
import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import { DeepBeliefNetwork } from '../belief/network.js';
import { type PretrainOptions, pretrainNames } from '../belief/pretrain-options.js';
import type { LevelReport } from '../belief/reports.js';
import type { RowsInput } from '../data/rows-input.js';
import { ParameterError } from '../errors.js';
import type { Machine } from '../machine/machine.js';
import type { RunControl } from '../training/run.js';
import type { LayerSpec, MachineSpec } from '../wiring/spec.js';
import { doubledLayers, doubledRows } from './doubled.js';

/**
 * How to pretrain: what `DeepBeliefNetwork.pretrain` takes, for machines whose outer layers count
 * twice.
 */
export interface DeepPretrainOptions extends Omit<PretrainOptions, 'labels' | 'validation' | 'resume'> {
  /** Rows [n, visible] that are only watched, at every level. */
  readonly validation?: RowsInput | undefined;
  /**
   * Goes on with a run that ended early: `true` with that of this machine, a path with the one that
   * `checkpoint` wrote there. Needs the same rows. Default false.
   */
  readonly resume?: boolean | string | URL | undefined;
}

/** Greedy machines, whose messages name the deep machine that they are for. */
class DoubledStack extends DeepBeliefNetwork {
  protected override call(name: string): string {
    return `DeepBoltzmannMachine.${name}`;
  }
}

/** The stack of machines that pretraining trains. */
function doubledStack(call: string, { layers, ...place }: MachineSpec): DeepBeliefNetwork {
  const { seed, device, threads, weightScale } = place;
  return new DoubledStack({ layers: doubledLayers(call, layers), seed, device, threads, weightScale });
}

/** The same, with the run that a checkpoint of it holds. */
async function loadedStack(call: string, path: string | URL, spec: MachineSpec): Promise<DeepBeliefNetwork> {
  const wanted = doubledLayers(call, spec.layers);
  const stack = await DoubledStack.load(path, { device: spec.device, threads: spec.threads });
  const [has, needs] = [stack.layers, wanted].map((list) => list.map(({ type, places, size }) => `${type}(${places}, ${size})`).join('–'));
  if (has === needs && stack.seed === spec.seed) return stack;
  const found = `${has} of seed ${stack.seed}`;
  stack.dispose();
  throw new ParameterError(`${call}: \`resume\` must name a checkpoint of machines ${needs} of seed ${spec.seed}, got ${found}`);
}

/**
 * The parameters of the deep machine. Every hidden layer between the ends belongs to two machines
 * and counts twice together, so its biases are the mean of both. So are weights between two such
 * layers: half. Those of the first and the last machine stay, as the doubled layer halves them.
 */
function composed(stack: DeepBeliefNetwork): Map<string, Float64Array> {
  const names = stack.layerNames;
  const last = names.length - 1;
  const found = (level: number, name: string): Float64Array => stack.getParameter(`level${level}/${name}`).data;
  const parameters = new Map<string, Float64Array>();
  names.forEach((name, l) => {
    const below = l > 0 ? found(l, `${name}.bias`) : null;
    const above = l < last ? found(l + 1, `${name}.bias`) : null;
    const mean = below === null || above === null ? (below ?? above) : below.map((bias, i) => (bias + (above[i] as number)) / 2);
    parameters.set(`${name}.bias`, mean as Float64Array);
    if (l === last) return;
    const coupling = `${name}-${names[l + 1]}.weights`;
    const isEnd = l === 0 || l === last - 1;
    parameters.set(coupling, isEnd ? found(l + 1, coupling) : found(l + 1, coupling).map((weight) => weight / 2));
  });
  return parameters;
}

const names = pretrainNames.filter((name) => name !== 'labels');

/** The pretraining of one machine, and the stack of a run that ended early. */
export class Pretraining {
  readonly #machine: Machine;
  #stack: DeepBeliefNetwork | null = null;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /**
   * Trains the stack. When its last level is over, replaces the parameters of the machine and calls
   * `then`.
   */
  async run(call: string, rows: unknown, options: unknown, control: RunControl<LevelReport>, then: () => void): Promise<void> {
    const { resume, validation, ...others } = readOptions(call, options, names);
    const { layers, seed } = this.#machine.spec;
    doubledLayers(call, layers);
    const twice = (argument: string, given: unknown) => doubledRows(call, argument, given, layers[0] as LayerSpec, seed);
    // Now, so that small inputs are taken before the public call returns, even if it has to wait.
    const doubling = Promise.all([twice('data', rows), validation === undefined ? undefined : twice('validation', validation)]);
    doubling.catch(() => undefined); // whoever waits for the turn hears of it
    await this.#machine.train(call, true, async (hold) => {
      const [data, watched] = await doubling;
      const stack = await this.#stackFor(call, resume);
      const given = { ...(others as PretrainOptions), resume: resume !== undefined && resume !== false };
      const run = stack.pretrain(data, watched === undefined ? given : { ...given, validation: { rows: watched } });
      const stop = (): void => run.stop();
      control.stopped.addEventListener('abort', stop);
      try {
        for await (const report of run) {
          control.progress(run.progress);
          control.report([report]);
          await hold.stand(() => control.read());
        }
      } finally {
        control.stopped.removeEventListener('abort', stop);
      }
      if (!stack.training?.complete) return;
      for (const [name, values] of composed(stack)) hold.native.setParameter(name, values);
      then();
      this.drop();
    });
  }

  async #stackFor(call: string, resume: unknown): Promise<DeepBeliefNetwork> {
    const check = new OptionCheck(call);
    const path = typeof resume === 'string' || readFrom(call, 'resume', () => resume instanceof URL) ? (resume as string | URL) : null;
    if (path !== null || !check.flag('resume', resume, false)) {
      const { spec } = this.#machine;
      const next = path === null ? doubledStack(call, spec) : await loadedStack(call, path, spec);
      this.drop();
      this.#stack = next;
    }
    if (this.#stack !== null) return this.#stack;
    throw check.error('resume', 'false, or the path of a checkpoint: this machine holds no interrupted run of `pretrain`', resume);
  }

  /** Forgets what an interrupted run left. */
  drop(): void {
    this.#stack?.dispose();
    this.#stack = null;
  }
}
