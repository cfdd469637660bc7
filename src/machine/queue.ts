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
  #tail: Promise<void> | undefined;
  #size = 0;

  /** Turns that were not left, the one that has come included. */
  get size(): number {
    return this.#size;
  }

  /** Queues up. Without anyone before it a turn has come at once. */
  enter(): Turn {
    const before = this.#size === 0 ? undefined : this.#tail;
    let resolve = (): void => undefined;
    this.#tail = new Promise<void>((done) => {
      resolve = done;
    });
    this.#size += 1;
    let come = before === undefined;
    const leave = (): void => {
      this.#size -= 1;
      if (come || before === undefined) resolve();
      else void before.then(resolve);
    };
    const wait = async (signal?: AbortSignal): Promise<void> => {
      if (before !== undefined) await unlessAborted(before, signal);
      come = true;
    };
    return {
      get come() {
        return come;
      },
      wait,
      leave,
    };
  }
}

async function unlessAborted(before: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return before;
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    await Promise.race([before, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
