/** The tensors of a training state: what a run with given settings keeps, by name. The names are those of native/learning/. */
import type { TensorStock, ValueCheck } from '../io/tensor-stock.js';
import type { Machine } from '../machine/machine.js';
import type { NativeTrainerState } from '../machine/native.js';
import type { AlgorithmName } from '../training/algorithms.js';
import type { TrainingSettings } from '../training/options.js';
import { partNames } from '../training/rates.js';
import { finite, betas as nonNegative, parameterValues, states, whole } from './value-checks.js';

/** Visits that a link between two reservoirs remembers. */
const linkVisits = 16;
const mostReservoirs = 4096;

/** A tensor of a training state. */
interface Kept {
  readonly name: string;
  readonly shape: readonly [number, number];
  readonly check: ValueCheck;
  /** Whether a state may lack it: it depends on the data, or older versions had none. */
  readonly optional?: boolean;
}

type Tensors = NativeTrainerState['tensors'];

/** What of an algorithm decides its tensors. */
type AnyAlgorithm = { readonly name: AlgorithmName; readonly chains?: number; readonly betas?: readonly number[] };

/** Where a training state is and what it belongs to. */
export interface SavedTraining {
  /** All tensors of the file. */
  readonly stock: TensorStock;
  /** What the names of the state's tensors begin with there. */
  readonly prefix: string;
  readonly machine: Machine;
  readonly settings: TrainingSettings;
  /** Whether the run has begun. */
  readonly begun: boolean;
  /** Whether all of its tensors must be there. */
  readonly complete: boolean;
}

/** Takes the tensors of a training state out of a checkpoint. */
export function takeTrainingTensors({ stock, prefix, machine, settings, begun, complete }: SavedTraining): Tensors {
  const run = new RunTensors(stock, machine, settings);
  const taken: Tensors = {};
  const take = (place: string, kept: readonly Kept[]): void => {
    for (const { name, shape, check, optional } of kept) {
      const full = prefix + place + name;
      if ((optional || !complete) && !stock.has(full)) continue;
      const values = stock.take(full, { types: ['F32', 'F64'], shape, check });
      taken[place + name] = { rows: shape[0], cols: shape[1], values };
    }
  };
  take('', run.all(prefix));
  if (settings.onDivergence === null || !begun) return taken;
  for (const place of ['good/', 'newest/']) take(place, [...run.parameters('parameter/', parameterValues), ...run.all(prefix + place)]);
  return taken;
}

/** What a run keeps; a line here for everything that native code gives a name in tensors(). */
class RunTensors {
  readonly #stock: TensorStock;
  readonly #settings: TrainingSettings;
  readonly #shapes: readonly { readonly name: string; readonly rows: number; readonly cols: number }[];
  readonly #layers: readonly { readonly name: string; readonly units: number; readonly states: ValueCheck }[];
  readonly #parts: readonly string[];

  constructor(stock: TensorStock, machine: Machine, settings: TrainingSettings) {
    this.#stock = stock;
    this.#settings = settings;
    this.#shapes = machine.parameters('load');
    this.#parts = partNames(machine.spec);
    this.#layers = machine.spec.layers.map(({ name, units, type }, layer) => {
      return { name, units, states: states({ ...machine.domain(layer), type }) };
    });
  }

  /** Everything, as it stands behind this place of the file. */
  all(place: string): Kept[] {
    return [...this.#steps(), ...this.#means(), ...this.#negative(place)];
  }

  /** One tensor for each parameter of the machine. */
  parameters(place: string, check: ValueCheck = finite(), wanted: (part: string) => boolean = () => true): Kept[] {
    return this.#shapes.flatMap(({ name, rows, cols }, part) =>
      wanted(this.#parts[part] as string) ? [{ name: place + name, shape: [rows, cols] as const, check }] : [],
    );
  }

  #steps(): Kept[] {
    const { optimiser, averageLast, rates } = this.#settings;
    const moves = (part: string): boolean => !Object.hasOwn(rates, part) || rates[part] !== 0;
    return [
      ...this.parameters('velocity/'),
      ...(optimiser.name === 'adam' ? this.parameters('second/', nonNegative) : []),
      ...(averageLast > 0 ? this.parameters('average/', parameterValues, moves) : []),
    ];
  }

  #means(): Kept[] {
    const { centred, sparsity, standardised } = this.#settings;
    const couplings = this.#shapes.length - this.#layers.length;
    return [
      ...(centred ? this.#perUnit('offset/', finite()) : []),
      ...this.#perUnit('seen/', nonNegative).map((kept) => ({ ...kept, optional: true })),
      ...(sparsity === null ? [] : this.#perUnit('activity/', finite()).map((kept) => ({ ...kept, optional: true }))),
      ...(standardised ? this.#perUnit('variance/', nonNegative) : []),
      ...(couplings > 0 ? [{ name: 'limits', shape: [1, couplings] as const, check: nonNegative, optional: true }] : []),
    ];
  }

  #perUnit(place: string, check: ValueCheck): Kept[] {
    return this.#layers.map(({ name, units }) => ({ name: place + name, shape: [1, units] as const, check }));
  }

  #chains(place: string, rows: number): Kept[] {
    return this.#layers.map((layer) => ({ name: place + layer.name, shape: [rows, layer.units] as const, check: layer.states }));
  }

  #negative(place: string): Kept[] {
    const { name: algorithm, chains = 0, betas: temperatures = [] } = this.#settings.algorithm as AnyAlgorithm;
    if (this.#settings.objective === 'discriminative') return []; // needs no chains
    if (algorithm === 'pcd') return this.#chains('chains/', chains);
    if (algorithm === 'fpcd') return [...this.#chains('chains/', chains), ...this.parameters('fast/')];
    if (algorithm === 'ptt') return [...this.#chains('chains/', chains), ...this.#trajectory(place)];
    if (algorithm !== 'pt') return [];
    const replicas = chains * temperatures.length;
    return [...this.#chains('chains/', replicas), { name: 'rungs', shape: [1, replicas], check: onDifferentRungs(temperatures.length) }];
  }

  /** As many reservoirs as the file has; which layers make their chains depends on the data, but not on the reservoir. */
  #trajectory(place: string): Kept[] {
    const { chains = 0 } = this.#settings.algorithm as AnyAlgorithm;
    const [count = 0] = this.#stock.shape(`${place}reservoirs`);
    if (count > mostReservoirs) this.#stock.fail(`must hold at most ${mostReservoirs} reservoirs, got ${count}`);
    if (count === 0 && this.#stock.has(`${place}turn`)) this.#stock.fail('lacks the reservoirs of its run');
    const kept = this.#chains('chains/', chains).filter(({ name }) => this.#stock.has(`${place}reservoir0/${name}`));
    const reservoirs = Array.from({ length: count }, (_, k) => [
      ...this.parameters(`reservoir${k}/`),
      ...kept.map((layer) => ({ ...layer, name: `reservoir${k}/${layer.name}` })),
      { name: `reservoir${k}/link`, shape: [2 * linkVisits, chains] as const, check: finite() },
    ]);
    if (count === 0)
      return [
        { name: 'turn', shape: [1, 2], check: finite() },
        { name: 'reservoirs', shape: [0, 3], check: finite() },
      ];
    return [
      { name: 'reservoirs', shape: [count, 3], check: summaries },
      { name: 'turn', shape: [1, 2], check: whole(0, mostReservoirs) },
      ...reservoirs.flat(),
    ];
  }
}

/** Acceptance, visits that the link holds, and the place of the next; of each reservoir. */
const summaries: ValueCheck = (values) => {
  const [accepted, visits, places] = [0, 1, 2].map((part) => values.filter((_, i) => i % 3 === part)) as [Values, Values, Values];
  return finite(0, 1)(accepted, 1) ?? whole(0, linkVisits)(visits, 1) ?? whole(0, linkVisits - 1)(places, 1);
};

type Values = Float32Array | Float64Array;

/** The members of each group of chains stand on different rungs. */
export function onDifferentRungs(rungs: number): ValueCheck {
  return (values, cols) => {
    const wrong = whole(0, rungs - 1)(values, cols);
    if (wrong !== undefined) return wrong;
    for (let first = 0; first < values.length; first += rungs) {
      if (new Set(values.subarray(first, first + rungs)).size !== rungs)
        return `of chains on different rungs, got two on one (from place ${first})`;
    }
    return undefined;
  };
}
