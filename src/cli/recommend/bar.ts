/** A bar for what takes longer than a second, and the signal that Ctrl-C sends. */
import type { Patience } from '../../machine/patience.js';
import { shownPatience } from '../../recommender/verbose.js';
import { InterruptedError } from '../failures.js';
import { watchInterrupts } from '../interrupt.js';
import type { Output } from '../output.js';

/** Does some work with a bar on the terminal; Ctrl-C ends it. */
export async function withBar<T>(output: Output, title: string, work: (patience: Patience) => Promise<T>): Promise<T> {
  const watch = watchInterrupts();
  const shown = output.json ? null : shownPatience(title, { signal: watch.signal });
  try {
    return await work(shown === null ? { signal: watch.signal } : { signal: watch.signal, onProgress: shown.onProgress });
  } catch (error) {
    if (watch.signal.aborted) throw new InterruptedError(`interrupted: ${title}`);
    throw error;
  } finally {
    shown?.end();
    watch.end();
  }
}
