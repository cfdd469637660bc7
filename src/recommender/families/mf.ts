/** Matrix factorisation by alternating least squares: of ratings (`als.ts`) and of interactions (`implicit-als.ts`). */
import type { OptionCheck } from '../../arguments.js';
import { secondsLeft } from '../../machine/patience.js';
import { type AlsItems, type AlsSettings, fitAls, RidgeSolver } from '../als.js';
import type { Entries, Scale, UserEntries } from '../entries.js';
import type { Family, FitContext, Prediction, RecommenderModel, SavedModel } from '../family.js';
import { fitImplicit, type ImplicitSettings, ImplicitSolver } from '../implicit-als.js';
import { normalAtLeast, normalPrediction } from '../normal-scale.js';
import { SavedParts } from '../saved.js';
import type { Split } from '../split.js';
import { choose, interactionsValidation, rankingLoss, ratingsValidation, rmseOf } from '../tuning.js';

/** Cosines of one row with all, [rows]; 0 with a row of zeros. Rows are `factors` numbers from `skip` on. */
function cosines(rows: Float32Array, width: number, skip: number, row: number): Float32Array {
  const count = rows.length / width;
  const dot = (a: number, b: number) => {
    let sum = 0;
    for (let k = skip; k < width; k++) sum += (rows[a * width + k] as number) * (rows[b * width + k] as number);
    return sum;
  };
  const own = dot(row, row);
  return Float32Array.from({ length: count }, (_, other) => {
    const norms = Math.sqrt(own * dot(other, other));
    return norms === 0 ? 0 : dot(row, other) / norms;
  });
}

type RidgeSettings = Pick<AlsSettings, 'factors' | 'lambda' | 'extra'>;

class RatedFactors implements RecommenderModel {
  readonly family = 'mf';
  readonly target = 'ratings';
  readonly #width: number;
  readonly #solver: RidgeSolver;

  constructor(
    private readonly fitted: AlsItems,
    private readonly settings: RidgeSettings,
    private readonly variance: number,
    private readonly scale: Scale | undefined,
  ) {
    this.#width = 1 + settings.factors;
    this.#solver = new RidgeSolver(settings);
  }

  get items(): number {
    return this.fitted.items.length / this.#width;
  }

  /** (b_u, p_u), [1 + d]: one small solve, the same for users of training and new ones. */
  #user({ items, values }: UserEntries): Float64Array {
    this.#solver.begin();
    for (const [k, item] of items.entries()) {
      this.#solver.add(this.fitted.items, item * this.#width, (values[k] as number) - this.fitted.mean);
    }
    return this.#solver.solve(items.length);
  }

  #mean(user: Float64Array, item: number): number {
    const at = item * this.#width;
    let sum = this.fitted.mean + (this.fitted.items[at] as number) + (user[0] as number);
    for (let k = 1; k < this.#width; k++) sum += (user[k] as number) * (this.fitted.items[at + k] as number);
    return sum;
  }

  async scores(given: readonly UserEntries[], { atLeast }: { readonly atLeast?: number | undefined } = {}): Promise<Float32Array> {
    const scores = new Float32Array(given.length * this.items);
    for (const [n, each] of given.entries()) {
      const user = this.#user(each);
      for (let item = 0; item < this.items; item++) {
        const mean = this.#mean(user, item);
        scores[n * this.items + item] =
          atLeast === undefined ? mean : normalAtLeast(mean, this.variance, this.scale ?? { values: [atLeast, atLeast] }, atLeast);
      }
    }
    return scores;
  }

  predict(given: UserEntries, items: Uint32Array): Prediction[] {
    const user = this.#user(given);
    return Array.from(items, (item) => normalPrediction(this.#mean(user, item), this.variance, this.scale));
  }

  similar(item: number): Float32Array {
    return cosines(this.fitted.items, this.#width, 1, item);
  }

  withVariance(variance: number): RatedFactors {
    return new RatedFactors(this.fitted, this.settings, Math.max(variance, 1e-6), this.scale);
  }

  save(): SavedModel {
    return {
      tensors: new Map([['items', { dtype: 'F32', shape: [this.items, this.#width], data: this.fitted.items }]]),
      settings: {
        mean: this.fitted.mean,
        lambda: this.settings.lambda,
        extra: this.settings.extra,
        variance: this.variance,
        scale: this.scale?.values ?? null,
      },
    };
  }
}

class SeenFactors implements RecommenderModel {
  readonly family = 'mf';
  readonly target = 'interactions';
  readonly #solver: ImplicitSolver;

  /** @param rows - h [items, d], row-major. */
  constructor(
    private readonly rows: Float32Array,
    private readonly settings: Omit<ImplicitSettings, 'sweeps'>,
  ) {
    this.#solver = new ImplicitSolver(rows, settings);
  }

  get items(): number {
    return this.rows.length / this.settings.factors;
  }

  async scores(given: readonly UserEntries[]): Promise<Float32Array> {
    const { factors: d } = this.settings;
    const scores = new Float32Array(given.length * this.items);
    for (const [n, { items }] of given.entries()) {
      const user = this.#solver.solve(items);
      for (let item = 0, at = 0; item < this.items; item++) {
        let sum = 0;
        for (let k = 0; k < d; k++, at++) sum += (user[k] as number) * (this.rows[at] as number);
        scores[n * this.items + item] = sum;
      }
    }
    return scores;
  }

  similar(item: number): Float32Array {
    return cosines(this.rows, this.settings.factors, 0, item);
  }

  /** w_uᵀ h = Σ_i h_iᵀ A⁻¹ h over the items i that the user has. */
  contributions({ items }: UserEntries, item: number): Float64Array {
    const { factors: d } = this.settings;
    const toward = this.#solver.toward(items, item);
    return Float64Array.from(items, (own) => toward.reduce((sum, x, k) => sum + x * (this.rows[own * d + k] as number), 0));
  }

  save(): SavedModel {
    const { factors, unseenWeight, lambda } = this.settings;
    return {
      tensors: new Map([['items', { dtype: 'F32', shape: [this.items, factors], data: this.rows }]]),
      settings: { unseenWeight, lambda },
    };
  }
}

/** Options of the factorisation of ratings; those left out are chosen on validation. */
export interface RatingsFactorsOptions {
  /** d, from 1 to 256. Default: 8 or 16. */
  readonly factors: number | undefined;
  /** λ, what one rating adds to the diagonal. Default: 0.07 to 0.14. */
  readonly lambda: number | undefined;
  /** Default 12. */
  readonly sweeps: number;
}

const readFactors = (check: OptionCheck, given: unknown) =>
  given === undefined ? undefined : check.integer('factors', given, undefined, 1, 256);
const readLambda = (check: OptionCheck, given: unknown) =>
  given === undefined ? undefined : check.number('lambda', given, 0, Number.MIN_VALUE);

/** Each setting once. */
function distinct<S extends object>(settings: readonly S[]): S[] {
  return [...new Map(settings.map((each) => [JSON.stringify(each), each])).values()];
}

function ratingsSettings({ factors, lambda, sweeps }: RatingsFactorsOptions): AlsSettings[] {
  const usual = [
    [16, 0.1, 20],
    [16, 0.1, 5],
    [8, 0.1, 20],
    [16, 0.07, 20],
    [8, 0.07, 20],
    [16, 0.14, 5],
  ] as const;
  return distinct(usual.map(([d, l, extra]) => ({ factors: factors ?? d, lambda: lambda ?? l, extra, sweeps })));
}

/** Alternating least squares of ratings. */
export const factorsOfRatings: Family<RatingsFactorsOptions> = {
  name: 'mf',
  target: 'ratings',
  options: ['factors', 'lambda', 'sweeps'],
  read: (check, given) => ({
    factors: readFactors(check, given.factors),
    lambda: readLambda(check, given.lambda),
    sweeps: check.integer('sweeps', given.sweeps, 12, 1, 1000),
  }),
  async fit(entries: Entries, options: RatingsFactorsOptions, context: FitContext) {
    const call = 'mf';
    const split = ratingsValidation(call, entries, context.seed);
    const candidates = ratingsSettings(options);
    const steps = split === undefined ? 1 : Math.min(candidates.length, Math.max(1, context.trials ?? candidates.length)) + 1;
    const fitted = async (some: Entries, settings: AlsSettings, step: number) =>
      new RatedFactors(await fitAls(some, settings, context.seed, turnOf(context, step, steps)), settings, 1, context.scale);
    if (split === undefined) return fitted(entries, candidates[0] as AlsSettings, 0);
    const loss = async (settings: AlsSettings, step: number) => rmseOf(call, await fitted(split.train, settings, step), split);
    const { settings, tried } = await choose(candidates, context.trials, loss);
    const rmse = tried.find((each) => each.settings === settings)?.loss ?? (await loss(settings, 0));
    return (await fitted(entries, settings, steps - 1)).withVariance(rmse * rmse);
  },
  load(saved, what) {
    const parts = new SavedParts(saved, what);
    const { data, shape } = parts.numbers<Float32Array>('items', 'F32', [-1, -1]);
    const settings = { factors: (shape[1] as number) - 1, lambda: parts.number('lambda', 0), extra: parts.number('extra', 0) };
    return new RatedFactors({ mean: parts.number('mean'), items: data }, settings, parts.number('variance', 0), parts.scale());
  },
};

/** Options of the factorisation of interactions; those left out are chosen on validation. */
export interface InteractionsFactorsOptions {
  /** d, from 1 to 256. Default 32. */
  readonly factors: number;
  /** α, the weight of pairs that were not seen. Default: 0.05 to 0.2. */
  readonly unseenWeight: number | undefined;
  /** λ. Default: 0.005 to 0.02. */
  readonly lambda: number | undefined;
  /** Default 8. */
  readonly sweeps: number;
}

function interactionsSettings({ factors, unseenWeight, lambda, sweeps }: InteractionsFactorsOptions): ImplicitSettings[] {
  const usual = [
    [0.1, 0.01],
    [0.1, 0.005],
    [0.2, 0.01],
    [0.05, 0.01],
    [0.05, 0.02],
  ] as const;
  return distinct(usual.map(([w, l]) => ({ factors, unseenWeight: unseenWeight ?? w, lambda: lambda ?? l, sweeps })));
}

/** Alternating least squares of interactions. */
export const factorsOfInteractions: Family<InteractionsFactorsOptions> = {
  name: 'mf',
  target: 'interactions',
  options: ['factors', 'unseenWeight', 'lambda', 'sweeps'],
  read: (check, given) => ({
    factors: check.integer('factors', given.factors, 32, 1, 256),
    unseenWeight: given.unseenWeight === undefined ? undefined : check.number('unseenWeight', given.unseenWeight, 0, Number.MIN_VALUE),
    lambda: readLambda(check, given.lambda),
    sweeps: check.integer('sweeps', given.sweeps, 8, 1, 1000),
  }),
  async fit(entries: Entries, options: InteractionsFactorsOptions, context: FitContext) {
    const call = 'mf';
    const split = interactionsValidation(call, entries, context.seed);
    const candidates = interactionsSettings(options).slice(0, split === undefined ? 1 : undefined);
    const tries = Math.min(candidates.length, Math.max(1, context.trials ?? candidates.length));
    const steps = tries === 1 ? 1 : tries + 1;
    const fitted = async (some: Entries, settings: ImplicitSettings, step: number) =>
      new SeenFactors(await fitImplicit(some, settings, context.seed, turnOf(context, step, steps)), settings);
    const { settings } = await choose(candidates, context.trials, async (each, step) => {
      const { train } = split as Split;
      // Half the sweeps put settings in the same order.
      return rankingLoss(call, await fitted(train, { ...each, sweeps: Math.ceil(each.sweeps / 2) }, step), split as Split);
    });
    return fitted(entries, settings, steps - 1);
  },
  load(saved, what) {
    const parts = new SavedParts(saved, what);
    const { data, shape } = parts.numbers<Float32Array>('items', 'F32', [-1, -1]);
    return new SeenFactors(data, {
      factors: shape[1] as number,
      unseenWeight: parts.number('unseenWeight', 0),
      lambda: parts.number('lambda', 0),
    });
  },
};

/** Told the share of one of `steps` trainings: ends the call where it must and reports the share of all. */
function turnOf({ signal, onProgress }: FitContext, step: number, steps: number): (share: number) => void {
  const began = performance.now();
  return (share) => {
    signal?.throwIfAborted();
    const fraction = (step + share) / steps;
    if (share > 0) onProgress?.({ fraction, secondsLeft: secondsLeft(began, share, steps - step - share) });
  };
}
