/** A place in a queue. */
export interface Turn {
  /** Whether it has come already. */
  readonly come: boolean;
  /** Waits until it comes. A signal that is aborted meanwhile ends the wait with its reason. */
  wait(signal?: AbortSignal): Promise<void>;
  /** Lets the next one come; those behind a turn that has not come yet keep their places. */
  leave(): void;
}

/** Work on one thing, first in, first out. */
export class Queue {
  readonly #places = new Set<Place>();

  /** Turns that were not left, the one that has come included. */
  get size(): number {
    return this.#places.size;
  }

  /** Queues up. Without anyone before it a turn has come at once. */
  enter(): Turn {
    const place = new Place(this.#places);
    this.#places.add(place);
    return place;
  }
}

// Most turns come at once and never wait, so a promise is made only for those that do.
class Place implements Turn {
  readonly #places: Set<Place>;
  #come: boolean;
  #called: (() => void) | undefined;

  constructor(places: Set<Place>) {
    this.#places = places;
    this.#come = places.size === 0;
  }

  get come(): boolean {
    return this.#come;
  }

  async wait(signal?: AbortSignal): Promise<void> {
    if (this.#come) return;
    const called = new Promise<void>((resolve) => {
      this.#called = resolve;
    });
    await unlessAborted(called, signal);
  }

  leave(): void {
    this.#places.delete(this);
    if (!this.#come || this.#places.size === 0) return;
    for (const next of this.#places) {
      next.#come = true;
      next.#called?.();
      break;
    }
  }
}

async function unlessAborted(called: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return called;
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    await Promise.race([called, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
