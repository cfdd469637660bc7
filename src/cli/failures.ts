import { CommanderError } from 'commander';
import { BackendError, type BackendReason, BoltzkitError, DivergenceError } from '../errors.js';
import { RunError } from '../runs/failure.js';
import { shown } from '../runs/format.js';

/** Exit codes of the command: success, failure, wrong usage, interrupted. */
export const EXIT = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** A failure that the command itself found; `hint` says what to do about it. */
export class CliError extends RunError {
  readonly exitCode: number;

  constructor(message: string, options: { hint?: string; code?: string; exitCode?: number; cause?: unknown } = {}) {
    super(message, { code: 'ERR_CLI', ...options });
    this.exitCode = options.exitCode ?? EXIT.failure;
  }
}

/** The command line itself is wrong. */
export class UsageError extends CliError {
  constructor(message: string, hint?: string) {
    super(message, { code: 'ERR_USAGE', exitCode: EXIT.usage, ...(hint === undefined ? {} : { hint }) });
  }
}

/** Ctrl-C or a termination signal; `saved` says where the run can be taken up again. */
export class InterruptedError extends CliError {
  constructor(message: string, hint?: string) {
    super(message, { code: 'ERR_INTERRUPTED', exitCode: EXIT.interrupted, ...(hint === undefined ? {} : { hint }) });
  }
}

/** What is told about a failure, for people and for scripts. */
export interface Failure {
  code: string;
  message: string;
  hint?: string;
  exitCode: number;
}

const SYSTEM_ERRORS: Record<string, string> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
  EEXIST: 'it exists already',
  ELOOP: 'it is a symbolic link, or links go in a circle',
};

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}

function fromSystemError(error: NodeJS.ErrnoException): Failure {
  const code = error.code ?? 'ERR_SYSTEM';
  const reason = SYSTEM_ERRORS[code] ?? error.message;
  return { code, message: error.path === undefined ? reason : `\`${error.path}\`: ${reason}`, exitCode: EXIT.failure };
}

function fromCommander(error: CommanderError): Failure {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const hint = rest
    .join(' ')
    .trim()
    .replace(/^\(D(id you mean .*)\)$/, 'd$1');
  return { code: 'ERR_USAGE', message: first, ...(hint === '' ? {} : { hint }), exitCode: EXIT.usage };
}

function hintFor(error: BoltzkitError): string | undefined {
  if (error instanceof DivergenceError) return 'lower the learning rate, e.g. --lr linear:0.05';
  if (error instanceof BackendError && !explained.includes(error.reason)) return '--device cpu always works; `boltzkit doctor` says more';
  return undefined;
}

/** Reasons whose messages say what to do. */
const explained: readonly BackendReason[] = ['addon_missing', 'package_missing'];

/** Turns anything thrown into what the user is told. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof RunError) {
    const { code, message, hint } = error;
    return { code, message, ...(hint === undefined ? {} : { hint }), exitCode: error instanceof CliError ? error.exitCode : EXIT.failure };
  }
  if (error instanceof CommanderError) return fromCommander(error);
  if (error instanceof BoltzkitError) {
    const hint = hintFor(error);
    return { code: error.code, message: error.message, ...(hint === undefined ? {} : { hint }), exitCode: EXIT.failure };
  }
  if (isSystemError(error)) return fromSystemError(error);
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'ERR_INTERNAL', message, hint: 'unexpected; BOLTZKIT_DEBUG=1 shows where it came from', exitCode: EXIT.failure };
}

/** The single line that goes to stderr. */
export function failureLine(failure: Failure): string {
  const text = failure.hint === undefined ? failure.message : `${failure.message} (${failure.hint})`;
  return `boltzkit: ${shown(text.replace(/\s*\n\s*/g, ' ').trim())}`;
}
