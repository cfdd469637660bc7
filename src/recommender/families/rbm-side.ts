/**
 * One softmax machine and how it sees users and items: as cases and visibles, or as visibles and
 * cases. Both kinds answer the same question, P(r_ui = k).
 */
import { FormatError } from '../../errors.js';
import type { Tensor } from '../../io/safetensors.js';
import { hostBackend } from '../../machine/backend.js';
import { runJob, translating } from '../../machine/job.js';
import type { NativeRatings } from '../../machine/native-ratings.js';
import type {
  NativeSoftmaxMachine,
  NativeSoftmaxOptions,
  NativeSoftmaxParameters,
  NativeSoftmaxRule,
  NativeSoftmaxSpec,
} from '../../machine/native-softmax.js';
import type { Patience } from '../../machine/patience.js';
import type { Entries, Scale, UserEntries } from '../entries.js';
import type { SavedParts } from '../saved.js';
import type { RbmTraining } from './rbm-options.js';

export type Cases = 'users' | 'items';

/** What all questions to a machine need. */
export interface Asking extends Patience {
  readonly rule: NativeSoftmaxRule;
  /** By category. */
  readonly worth: Float64Array;
}

/** Entries of some cases, row by row. */
interface CaseRows {
  readonly offsets: Uint32Array;
  readonly visibles: Uint32Array;
  readonly categories: Uint8Array;
}

const call = 'rbm';

/** A trained machine. */
export class RbmSide {
  readonly cases: Cases;
  readonly training: RbmTraining;
  readonly spec: NativeSoftmaxSpec;
  readonly parameters: NativeSoftmaxParameters;
  readonly machine: NativeSoftmaxMachine;
  /** Where cases are items: what the hidden units of each get from its training ratings, [items, hidden]. */
  readonly fields: Float32Array | undefined;

  constructor(
    cases: Cases,
    training: RbmTraining,
    spec: NativeSoftmaxSpec,
    parameters: NativeSoftmaxParameters,
    fields: Float32Array | undefined,
  ) {
    this.cases = cases;
    this.training = training;
    this.spec = spec;
    this.parameters = parameters;
    this.fields = fields;
    this.machine = translating(call, () => new hostBackend.addon.SoftmaxMachine(spec, parameters));
  }

  get items(): number {
    return this.fields === undefined ? this.spec.visibles : this.fields.length / this.spec.hidden;
  }

  /** Whether it knows about somebody: machines whose cases are items only know the users they were trained on. */
  knows({ user }: UserEntries): boolean {
    return this.cases === 'users' || (user !== undefined && user < this.spec.visibles);
  }

  /** Means of `worth` for all items, [given.length, items]. Everybody must be known. */
  async scores(given: readonly UserEntries[], { rule, worth, signal, onProgress }: Asking): Promise<Float32Array> {
    const options = { call, signal, onProgress };
    if (this.fields !== undefined) {
      const [fields, users] = [this.fields, Uint32Array.from(given, ({ user }) => user as number)];
      return runJob(() => this.machine.scores(fields, users, worth, rule, true, 0), options);
    }
    const { offsets, visibles, categories } = rowsOf(given, this.#values);
    const fields = await runJob(() => this.machine.fields(offsets, visibles, categories, 0), { call, signal });
    return runJob(() => this.machine.scores(fields, null, worth, rule, false, 0), options);
  }

  /** P(r = k) of one user and some items, [items, K], at once. */
  probabilities(given: UserEntries, items: Uint32Array, rule: NativeSoftmaxRule): Float64Array {
    return translating(call, () => {
      if (this.fields !== undefined) {
        const users = new Uint32Array(items.length).fill(given.user as number);
        return this.machine.probabilities(this.fields, items, users, rule);
      }
      return this.machine.probabilities(this.#field(given), new Uint32Array(items.length), items, rule);
    });
  }

  #field(given: UserEntries): Float32Array {
    const { offsets, visibles, categories } = rowsOf([given], this.#values);
    return this.machine.fieldsNow(offsets, visibles, categories);
  }

  get #values(): Float64Array {
    return this.spec.values;
  }

  /** Directions of items, [items, width]: their weights where items are visibles, their hidden fields where they are cases. */
  directions(): { readonly rows: Float32Array; readonly width: number } {
    if (this.fields !== undefined) return { rows: this.fields, width: this.spec.hidden };
    return { rows: this.parameters.weights, width: this.parameters.weights.length / Math.max(1, this.spec.visibles) };
  }

  tensors(): [string, Tensor][] {
    const { visibles, hidden, values } = this.spec;
    const { weights, bias, hiddenBias } = this.parameters;
    const all: [string, Tensor][] = [
      [
        `${this.cases}/weights`,
        { dtype: 'F32', shape: [visibles, weights.length / Math.max(1, visibles * hidden), hidden], data: weights },
      ],
      [`${this.cases}/bias`, { dtype: 'F32', shape: [visibles, values.length], data: bias }],
      [`${this.cases}/hiddenBias`, { dtype: 'F32', shape: [hidden], data: hiddenBias }],
    ];
    if (this.fields !== undefined) all.push([`${this.cases}/fields`, { dtype: 'F32', shape: [this.items, hidden], data: this.fields }]);
    return all;
  }
}

/** Everything that training one machine takes. */
export interface SidePlan extends Patience {
  readonly cases: Cases;
  readonly training: RbmTraining;
  readonly scale: Scale;
  readonly seed: bigint;
  readonly threads: number;
  /** The machine to go on from. */
  readonly from?: RbmSide | undefined;
}

export async function trainSide(ratings: NativeRatings, entries: Entries, plan: SidePlan): Promise<RbmSide> {
  const { cases, training, scale, from, signal, onProgress } = plan;
  const spec: NativeSoftmaxSpec = {
    visibles: cases === 'users' ? entries.items.size : entries.users.size,
    hidden: training.hidden,
    values: Float64Array.from(scale.values),
    degree: training.degree,
    conditional: training.conditional,
  };
  const trainer = translating(call, () => new hostBackend.addon.SoftmaxTrainer(ratings, spec, nativeOptions(plan)));
  if (from !== undefined) translating(call, () => trainer.adopt(from.machine));
  await runJob(() => trainer.run(training.epochs), { call, signal, onProgress });
  const parameters = translating(call, () => trainer.parameters());
  const side = new RbmSide(cases, training, spec, parameters, undefined);
  return cases === 'users' ? side : new RbmSide(cases, training, spec, parameters, await itemFields(side, entries, plan));
}

function nativeOptions({ cases, training, seed, threads }: SidePlan): NativeSoftmaxOptions {
  const { batchSize, decay, decayHigher, decayRated, sweeps, ...same } = training;
  return {
    algorithm: same.algorithm,
    byItem: cases === 'items',
    epochs: same.epochs,
    batch: batchSize,
    firstSweeps: sweeps[0],
    lastSweeps: sweeps[1],
    means: same.means,
    rate: same.rate,
    lastRate: same.lastRate,
    momentum: same.momentum,
    decay: Float64Array.of(decayRated, decay, decayHigher),
    weightScale: same.weightScale,
    prior: same.prior,
    averaged: same.averaged,
    seed,
    threads,
  };
}

/** Fields of all items from their ratings. */
async function itemFields(side: RbmSide, entries: Entries, { signal, threads }: SidePlan): Promise<Float32Array> {
  const { item, user, value } = entries;
  const offsets = new Uint32Array(entries.items.size + 1);
  for (const i of item) offsets[i + 1]!++;
  for (let i = 0; i < entries.items.size; i++) offsets[i + 1]! += offsets[i] as number;
  const [next, visibles, categories] = [offsets.slice(), new Uint32Array(item.length), new Uint8Array(item.length)];
  for (let k = 0; k < item.length; k++) {
    const place = next[item[k] as number]!++;
    visibles[place] = user[k] as number;
    categories[place] = nearest(side.spec.values, value?.[k] as number);
  }
  return runJob(() => side.machine.fields(offsets, visibles, categories, threads), { call, signal });
}

function rowsOf(given: readonly UserEntries[], values: Float64Array): CaseRows {
  const offsets = new Uint32Array(given.length + 1);
  for (const [n, { items }] of given.entries()) offsets[n + 1] = (offsets[n] as number) + items.length;
  const total = offsets[given.length] as number;
  const [visibles, categories] = [new Uint32Array(total), new Uint8Array(total)];
  for (const [n, each] of given.entries()) {
    visibles.set(each.items, offsets[n]);
    for (let k = 0; k < each.items.length; k++) categories[(offsets[n] as number) + k] = nearest(values, each.values[k] as number);
  }
  return { offsets, visibles, categories };
}

/** The category of a rating; between two of them the nearer one, the lower where they are as near. */
export function nearest(values: Float64Array, rating: number): number {
  let best = 0;
  for (let k = 1; k < values.length; k++)
    if (Math.abs((values[k] as number) - rating) < Math.abs((values[best] as number) - rating)) best = k;
  return best;
}

/** Reads one machine from a file. */
export function loadSide(cases: Cases, training: RbmTraining, scale: Scale, items: number, parts: SavedParts, what: string): RbmSide {
  const components = training.degree + (training.conditional ? 1 : 0);
  const weights = parts.numbers<Float32Array>(`${cases}/weights`, 'F32', [-1, components, training.hidden]);
  const visibles = weights.shape[0] as number;
  const bias = parts.numbers<Float32Array>(`${cases}/bias`, 'F32', [visibles, scale.values.length]);
  const hiddenBias = parts.numbers<Float32Array>(`${cases}/hiddenBias`, 'F32', [training.hidden]);
  const fields = cases === 'items' ? parts.numbers<Float32Array>('items/fields', 'F32', [items, training.hidden]).data : undefined;
  if (cases === 'users' && visibles !== items)
    throw new FormatError(`${what}: the machine has ${visibles} items, the settings say ${items}`);
  const spec = {
    visibles,
    hidden: training.hidden,
    values: Float64Array.from(scale.values),
    degree: training.degree,
    conditional: training.conditional,
  };
  return new RbmSide(cases, training, spec, { weights: weights.data, bias: bias.data, hiddenBias: hiddenBias.data }, fields);
}
