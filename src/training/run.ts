import type { EpochReport, Progress } from './reports.js';

/** What the work behind a run is given; `R` is what it reports. */
export interface RunControl<R = EpochReport> {
  /** Aborted by {@link TrainingRun.stop}. */
  readonly stopped: AbortSignal;
  /** Whether somebody iterates, for whom the run stands still after each report. */
  readonly followed: boolean;
  /** Calls back when somebody begins to iterate; the function it returns takes that back. */
  whenFollowed(callback: () => void): () => void;
  /** Hands reports to whoever iterates. */
  report(reports: readonly R[]): void;
  progress(progress: Progress): void;
  /** Resolves when everybody who iterates has asked for the next report. */
  read(): Promise<void>;
}

/** One `for await` over a run. */
interface Reader {
  /** The report it has not got yet. */
  next: number;
  /** Whether it waits for that. */
  waits: boolean;
}

const nothing: Progress = { update: 0, updates: 0, epoch: 0, epochs: 0, fraction: 0, secondsLeft: null };

/**
 * A training run, which reports an `R` per epoch. `await` it for the reports of all epochs, or iterate over it (`for await`) to get each as it comes: while the body of the loop
 * works, the run stands still, and the model can be read and saved, unless somebody awaits the run meanwhile: then it goes on. Leaving the loop
 * early stops the run after the current update; {@link observe} only looks on. Errors reach whoever awaits or iterates, however long a loop's body
 * takes; the error of a run that nobody awaits or iterates over is an unhandled rejection.
 *
 * @example
 * ```ts
 * import { RBM } from 'boltzkit';
 *
 * const rbm = new RBM({ visible: 4, hidden: 2, seed: 1 });
 * const run = rbm.fit([[1, 1, 0, 0], [0, 0, 1, 1]], { epochs: 3 });
 * for await (const { epoch, pseudoLikelihood } of run) {
 *   console.log(epoch, pseudoLikelihood, run.progress.fraction); // and rbm.transform(…), rbm.save(…) if you like
 * }
 * ```
 */
export class TrainingRun<R = EpochReport> implements PromiseLike<R[]>, AsyncIterable<R> {
  readonly #reports: R[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<R[]>;
  readonly #readers = new Set<Reader>();
  #onReader: (() => void) | undefined;
  #progress = nothing;
  /** Whether somebody awaits the end: then nobody's loop holds the run up. */
  #awaited = false;
  #settled = false;
  /** Whether the run stands still for those who iterate. */
  #held = false;
  #waiting: (() => void)[] = [];

  /** @internal */
  constructor(work: (control: RunControl<R>) => Promise<void>) {
    const run = this;
    const control: RunControl<R> = {
      stopped: this.#stop.signal,
      get followed() {
        return run.#readers.size > 0 && !run.#awaited;
      },
      whenFollowed: (callback) => {
        this.#onReader = callback;
        return () => {
          this.#onReader = undefined;
        };
      },
      report: (reports) => {
        this.#reports.push(...reports);
        this.#wake();
      },
      progress: (progress) => {
        this.#progress = progress;
      },
      read: () => this.#read(),
    };
    this.#done = work(control).then(
      () => this.#settle(this.#reports),
      (error: unknown) => {
        this.#settle(undefined);
        throw error;
      },
    );
  }

  /** Where the run stands: updates done and planned, and the seconds left. Zeros before its first update. */
  get progress(): Progress {
    return this.#progress;
  }

  /** Ends the run after the update under way; the run then resolves with the reports so far and can be resumed. */
  stop(): void {
    this.#stop.abort();
    this.#wake();
  }

  // biome-ignore lint/suspicious/noThenProperty: awaiting a run is its purpose
  then<A = R[], B = never>(
    onFulfilled?: ((reports: R[]) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#awaited = true;
    this.#wake();
    return this.#done.then(onFulfilled, onRejected);
  }

  /** As of a promise. */
  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<R[] | B> {
    return this.then(undefined, onRejected);
  }

  /** As of a promise. */
  finally(onFinally?: (() => void) | null): Promise<R[]> {
    this.#awaited = true;
    this.#wake();
    return this.#done.finally(onFinally);
  }

  /**
   * Yields each epoch's report as it comes, and holds the run up meanwhile: it goes on when the next report is asked for. Leaving the loop early
   * stops the run and waits for its end. A loop that begins long after the run first gets the reports it missed, once
   * the run stands still.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    // The loop throws the error after the reports before it. Until it gets there, nobody else listens for it.
    this.#done.catch(() => undefined);
    const reader = { next: 0, waits: false };
    this.#readers.add(reader);
    if (!this.#awaited) this.#onReader?.();
    let ended = false;
    try {
      yield* this.#follow(reader, () => this.#standing);
      ended = true;
      await this.#done;
    } finally {
      this.#readers.delete(reader);
      if (!ended) {
        this.stop();
        await this.#done;
      }
    }
  }

  /** Yields each epoch's report and never holds up or stops the run, however and whenever the loop is left. Errors end it as they end the run. */
  async *observe(): AsyncGenerator<R, void, undefined> {
    this.#done.catch(() => undefined);
    yield* this.reports();
    await this.#done;
  }

  /**
   * As {@link observe}, but only ends when the run ends, whatever ended it: its error is still somebody else's to hear.
   *
   * @internal
   */
  reports(): AsyncGenerator<R, void, undefined> {
    return this.#follow({ next: 0, waits: false }, () => true);
  }

  /** Whether the run stands still for those who iterate, or will not do so any more. */
  get #standing(): boolean {
    return this.#held || this.#awaited || this.#stop.signal.aborted;
  }

  /** @param may - Whether a report that is there may be given. */
  async *#follow(reader: Reader, may: () => boolean): AsyncGenerator<R, void, undefined> {
    for (; ; reader.next++) {
      while ((reader.next >= this.#reports.length || !may()) && !this.#settled) {
        if (!reader.waits) this.#wake(reader); // once: the others' turn to look at it
        await this.#woken();
      }
      reader.waits = false;
      if (reader.next >= this.#reports.length) return;
      yield this.#reports[reader.next] as R;
    }
  }

  async #read(): Promise<void> {
    const behind = (): boolean => [...this.#readers].some(({ next, waits }) => !waits || next < this.#reports.length);
    this.#held = true;
    this.#wake();
    while (!this.#awaited && !this.#stop.signal.aborted && behind()) await this.#woken();
    this.#held = false;
  }

  #settle<T>(value: T): T {
    this.#settled = true;
    this.#wake();
    return value;
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(reader?: Reader): void {
    if (reader !== undefined) reader.waits = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/**
 * The control of a run that is part of another one: its reports and its progress become those of the
 * whole.
 */
export function partOfRun<Part, Whole>(
  control: RunControl<Whole>,
  tell: {
    report(part: Part): Whole;
    progress(part: Progress): Progress;
    /** Default: as the whole. */
    read?(): Promise<void>;
  },
): RunControl<Part> {
  return {
    stopped: control.stopped,
    get followed() {
      return control.followed;
    },
    whenFollowed: (callback) => control.whenFollowed(callback),
    report: (reports) => control.report(reports.map((report) => tell.report(report))),
    progress: (progress) => control.progress(tell.progress(progress)),
    read: () => (tell.read === undefined ? control.read() : tell.read()),
  };
}

/** The same run, whose first report says a few things more. */
export function announcing<R extends { readonly warnings: readonly string[] }>(
  control: RunControl<R>,
  warnings: readonly string[],
): RunControl<R> {
  if (warnings.length === 0) return control;
  let left = warnings;
  const report: RunControl<R>['report'] = ([first, ...others]) => {
    if (first === undefined) return;
    control.report([{ ...first, warnings: [...left, ...first.warnings] }, ...others]);
    left = [];
  };
  return Object.create(control, { report: { value: report } });
}
