import { EXIT } from './failures.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Watches for Ctrl-C and termination while a command works. */
export interface InterruptWatch {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  /** Stops watching: later signals end the process as usual. */
  end(): void;
}

/**
 * The first signal aborts, so that the command can save its work; a second one gives up at once. Files are written beside their
 * destination and renamed, so even that leaves none half-written.
 */
export function watchInterrupts(): InterruptWatch {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    end: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
