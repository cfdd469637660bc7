import { isatty } from 'node:tty';
import { EXIT } from './failures.js';
import { onStdoutFailure } from './output.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Watches for Ctrl-C, termination and a terminal that closes while a command works. */
export interface InterruptWatch {
  /** Aborts at the first signal, and when stdout cannot be written to. */
  readonly signal: AbortSignal;
  /** Stops watching: later signals end the process as usual. */
  end(): void;
}

/**
 * Whether this process works for a terminal. Under `nohup` it does not: that takes away all that is
 * one. It also has SIGHUP ignored, but Node undoes that before any script runs. On macOS `nohup`
 * leaves stdin as it is, so stdin says nothing there.
 */
export function hasTerminal(): boolean {
  return isatty(1) || isatty(2) || (process.platform === 'linux' && isatty(0));
}

/**
 * Without a terminal there is none to lose: SIGHUP does not end the process. Called once, by the
 * program.
 */
export function outliveHangups(): void {
  if (!hasTerminal()) process.on('SIGHUP', () => undefined);
}

/**
 * The first signal aborts, so that the command can save its work; a second one gives up at once.
 * Files are written beside their destination and renamed, so even that leaves none half-written.
 *
 * @param attached - Whether to obey SIGHUP, which says that the terminal closed.
 */
export function watchInterrupts(attached = hasTerminal()): InterruptWatch {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  };
  const signals = SIGNALS.filter((name) => attached || name !== 'SIGHUP');
  for (const name of signals) process.on(name, onSignal);
  onStdoutFailure(() => controller.abort());
  return {
    signal: controller.signal,
    end: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
