import { shown } from '../runs/format.js';
import { CliError } from './failures.js';

/** The process's stdout: whether anybody reads it, and what went wrong if something else did. */
const stdout = { closed: false, failure: null as CliError | null, onFailure: null as (() => void) | null };

function onStdoutError(error: NodeJS.ErrnoException): void {
  // A reader that went away (`| head`) is no reason to end a training run.
  if (error.code !== 'EPIPE' && !stdout.closed) {
    stdout.failure = new CliError(`cannot write to stdout: ${error.message}`, { code: error.code ?? 'ERR_SYSTEM', cause: error });
    stdout.onFailure?.();
  }
  stdout.closed = true;
}

/**
 * Errors of the standard streams must not end the process before it has saved its work. Called
 * once, by the program.
 */
export function watchStreams(): void {
  process.stdout.on('error', onStdoutError);
  // Nobody is left to be told.
  process.stderr.on('error', () => undefined);
}

/**
 * What kept stdout from being written to, other than a reader that went away; null when nothing
 * did.
 */
export function stdoutFailure(): CliError | null {
  return stdout.failure;
}

/** Has a function called when stdout fails, once. */
export function onStdoutFailure(call: () => void): void {
  stdout.onFailure = call;
  if (stdout.failure !== null) call();
}

/**
 * Where a command writes: text for people, or with `--json` one JSON object per line and nothing
 * else on stdout.
 */
export class Output {
  readonly json: boolean;
  /** Whether stdout is a terminal that can redraw a line. */
  readonly interactive: boolean;

  constructor(json: boolean) {
    this.json = json;
    this.interactive = !json && process.stdout.isTTY === true && process.env.TERM !== 'dumb';
  }

  /**
   * A line for people, or several; silent with `--json`. Control characters, of names in files say,
   * are shown and not obeyed.
   */
  line(text = ''): void {
    if (!this.json) this.#write(text.split('\n').map(shown).join('\n'));
  }

  /** A record for scripts; silent without `--json`. Numbers that JSON cannot hold become null. */
  record(value: object): void {
    // JSON escapes most control characters by itself.
    if (this.json) this.#write(shown(JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? jsonInteger(item) : item))));
  }

  #write(text: string): void {
    if (!stdout.closed) process.stdout.write(`${text}\n`);
  }
}

/** A bigint as a number where that is exact, else as a string. */
export function jsonInteger(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER) ? Number(value) : value.toString();
}
