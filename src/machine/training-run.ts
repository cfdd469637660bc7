import type { Evaluation, Interval } from './evaluation-results.js';

/**
 * How well the model's chains mix: measured on copies of them, with the parameters held. NaN where there is no such number: no chains, layers that
 * cannot be summed out, missing values.
 */
export interface Health {
  /** Integrated autocorrelation time of the energies of the negative phase's chains, in sweeps; 1: every sweep is new (Vehtari et al. 2021). */
  readonly autocorrelationTime: number;
  /** Independent draws that the watched chains and sweeps amount to. */
  readonly effectiveSampleSize: number;
  /** Split-R̂ of the energies (Gelman et al. 2013): 1 when chains agree with each other and with themselves; above 1.1 they do not. */
  readonly splitRhat: number;
  /** Mean free energy of chains started from noise minus that of chains started from data, 10 sweeps later, in nats; 0 when both forget. */
  readonly freeEnergyDrift: number;
  /** The largest singular values of the weights of the first coupling, at most 10, falling. */
  readonly singularValues: readonly number[];
  /** One sentence when the chains are out of equilibrium, null otherwise: their mean energy moves although the parameters do not. */
  readonly sentence: string | null;
}

/**
 * Metrics at the end of an epoch. Free energies and likelihoods are in nats per row; rows that lack
 * values are completed by a draw first. Means over training rows are weighted as training is
 * (`sampleWeights`), those over validation rows are plain.
 *
 * Where layers without data are coupled to each other or to themselves (deep machines) free
 * energies have no closed form: both gaps are then of their mean-field bounds, after
 * `positiveSteps` sweeps. NaN are: everything but `weightNorm` with `monitorRows: 0`; both gaps and
 * `pseudoLikelihood` where layers without data hold counts and are coupled so; `freeEnergyGap` without validation rows; `chainFreeEnergyGap` for
 * algorithms that draw no states; and `pseudoLikelihood` as said there.
 */
export interface EpochReport {
  /** Epochs completed in this run. */
  readonly epoch: number;
  /** Updates completed in this run. */
  readonly step: number;
  /** Time this epoch's updates took, metrics not counted. */
  readonly seconds: number;
  /** Learning rate of the last update. */
  readonly learningRate: number;
  /**
   * Log pseudo-likelihood, one random unit per row (Besag 1975), of the validation rows if there
   * are any, else of training rows. NaN where it cannot be worked out: layers without data that are
   * coupled to each other or to themselves, data of counts, and data of units with more values than
   * can be counted unless all layers have data.
   */
  readonly pseudoLikelihood: number;
  /** Mean free energy of validation rows minus that of training rows; it grows when the model over-fits. NaN without validation rows. */
  readonly freeEnergyGap: number;
  /** Mean free energy of the negative phase's chains minus that of training rows; far from 0 when the chains lag behind the model. */
  readonly chainFreeEnergyGap: number;
  /** Root mean square of all weights. */
  readonly weightNorm: number;
  /** How often this run has gone back to a good state so far (`onDivergence`). Epochs that it repeats are reported again. */
  readonly rollbacks: number;
  /** What to know about the run (a constant column of Gaussian data, chains too few) or about this epoch's numbers, a sentence each. */
  readonly warnings: readonly string[];
  /** How well the chains mix; null in epochs in which `monitorBudget` leaves no time for it. The last epoch has it whenever one has. */
  readonly health: Health | null;
  /**
   * Mean log-likelihood of the rows behind `pseudoLikelihood`, with the 95 % interval that the
   * uncertainty of log Z leaves. Only with algorithm 'ptt' and at least 16 chains, for rows that
   * lack no value, of layers whose free energy has a closed form; otherwise null. Where rows have
   * finitely many states it never says that one of them is likelier than 1: an interval is cut
   * there, and one that lies beyond is null with a warning.
   */
  readonly logLikelihood: Interval | null;
  /** Log-likelihood of the validation rows if there are any, else of training rows, in epochs that `evaluateEvery` names; else null. Rows count alike. */
  readonly evaluation: Evaluation | null;
}

/** Where a run stands; only the latest is handed on. */
export interface Progress {
  /** Updates completed. */
  readonly step: number;
  /** Updates of the whole run. */
  readonly totalSteps: number;
  /** Epochs completed. */
  readonly epoch: number;
  /** step / totalSteps. */
  readonly fraction: number;
}

/** What the work behind a run is given. */
export interface RunControl {
  /** Aborted by {@link TrainingRun.stop}. */
  readonly stopped: AbortSignal;
  /** Hands reports to whoever iterates. */
  report(reports: readonly EpochReport[]): void;
}

/**
 * A training run. `await` it for the reports of all epochs, or iterate over it (`for await`) to get each as it comes; leaving the loop
 * early stops the run after the current update. Errors reach whoever awaits or iterates.
 */
export class TrainingRun implements PromiseLike<EpochReport[]>, AsyncIterable<EpochReport> {
  readonly #reports: EpochReport[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<EpochReport[]>;
  #settled = false;
  #waiting: (() => void)[] = [];

  /** @internal */
  constructor(work: (control: RunControl) => Promise<void>) {
    const report = (reports: readonly EpochReport[]): void => {
      this.#reports.push(...reports);
      this.#wake();
    };
    this.#done = work({ stopped: this.#stop.signal, report }).then(
      () => this.#settle(this.#reports),
      (error: unknown) => {
        this.#settle(undefined);
        throw error;
      },
    );
  }

  /** Ends the run after the update under way; the run then resolves with the reports so far and can be resumed. */
  stop(): void {
    this.#stop.abort();
  }

  // biome-ignore lint/suspicious/noThenProperty: awaiting a run is its purpose
  then<A = EpochReport[], B = never>(
    onFulfilled?: ((reports: EpochReport[]) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#done.then(onFulfilled, onRejected);
  }

  /** As of a promise. */
  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<EpochReport[] | B> {
    return this.#done.catch(onRejected);
  }

  /** As of a promise. */
  finally(onFinally?: (() => void) | null): Promise<EpochReport[]> {
    return this.#done.finally(onFinally);
  }

  /** Yields each epoch's report as it comes. Leaving the loop early stops the run and waits for its end. */
  async *[Symbol.asyncIterator](): AsyncGenerator<EpochReport, void, undefined> {
    let ended = false;
    try {
      for (let next = 0; ; next++) {
        while (next >= this.#reports.length && !this.#settled) await new Promise<void>((resolve) => this.#waiting.push(resolve));
        if (next >= this.#reports.length) break;
        yield this.#reports[next] as EpochReport;
      }
      ended = true;
      await this.#done;
    } finally {
      if (!ended) {
        this.stop();
        await this.#done;
      }
    }
  }

  #settle<T>(value: T): T {
    this.#settled = true;
    this.#wake();
    return value;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
