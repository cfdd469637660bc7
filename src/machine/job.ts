import {
  BackendError,
  type BackendReason,
  BoltzkitError,
  BusyError,
  backendReasons,
  DisposedError,
  DivergenceError,
  ParameterError,
  ShapeError,
} from '../errors.js';
import { type OnProgress, ProgressWatch } from './job-progress.js';
import type { NativeErrorCode, NativeJob, NativeWork } from './native.js';

/** Whom a job works for. */
export interface JobOptions {
  /** Public name of the call, the start of its error messages: `RBM.fit`. */
  readonly call: string;
  readonly signal?: AbortSignal | undefined;
  /** Is told how far the job is, about ten times a second and once when it has succeeded. */
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Waits for a native job, or starts one and waits for it unless its work was done at once.
 *
 * When `signal` is aborted before the job is over, the job is cancelled, and once it has ended (so that the machine is free again) the
 * promise rejects with the signal's reason. An already aborted signal keeps a job given as a function from starting.
 *
 * `onProgress` is called while the job runs, whenever it has got further, and with a fraction of 1 when it has succeeded. If it throws,
 * the job is cancelled, and once it has ended the promise rejects with what was thrown.
 * Native errors, thrown or rejected with, become errors of this package.
 */
export async function runJob<T>(job: NativeJob<T> | (() => NativeWork<T>), options: JobOptions): Promise<T> {
  const { call, signal, onProgress } = options;
  if (typeof job === 'function') signal?.throwIfAborted();
  const running = typeof job === 'function' ? translating(call, job) : job;
  if (!isJob(running)) {
    onProgress?.({ fraction: 1, secondsLeft: 0 });
    return running;
  }
  const watch = onProgress && new ProgressWatch(running, onProgress);
  const cancel = () => {
    watch?.stop();
    running.cancel();
  };
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  const result = await outcome(running, options, watch).finally(() => {
    watch?.stop();
    signal?.removeEventListener('abort', cancel);
  });
  onProgress?.({ fraction: 1, secondsLeft: 0 });
  return result;
}

async function outcome<T>(job: NativeJob<T>, { call, signal }: JobOptions, watch: ProgressWatch | undefined): Promise<T> {
  try {
    return await job.promise;
  } catch (error) {
    throw translateError(call, error);
  } finally {
    // What stopped the job comes first, also when the job came to its end all the same.
    watch?.throwIfFailed();
    signal?.throwIfAborted();
  }
}

/** Whether work still goes on, rather than being the result itself. */
export function isJob<T>(work: NativeWork<T>): work is NativeJob<T> {
  return (work as Partial<NativeJob<T>>).cancel !== undefined;
}

/** Runs `body` and translates what the addon throws in it. */
export function translating<T>(call: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw translateError(call, error);
  }
}

/**
 * The error of this package for an error of the addon, with the public call's name in front of the message; the addon's error is its
 * `cause`. Anything that does not come from the addon is returned as it is.
 */
export function translateError(call: string, error: unknown): unknown {
  return prefixError(`${call}: `, error);
}

/** Like {@link translateError}, for messages that go on with something else than a colon. */
export function prefixError(prefix: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof BoltzkitError) return error;
  const { code } = error as Error & { code?: unknown };
  return isNativeCode(code) ? makers[code](prefix + error.message, { cause: error }) : error;
}

function isNativeCode(code: unknown): code is NativeErrorCode {
  return typeof code === 'string' && Object.hasOwn(makers, code);
}

const makers: Record<NativeErrorCode, (message: string, options: ErrorOptions) => BoltzkitError> = {
  SHAPE: (message, options) => new ShapeError(message, options),
  PARAMETER: (message, options) => new ParameterError(message, options),
  BACKEND: (message, options) => new BackendError(reasonOf(options.cause), message, options),
  DIVERGENCE: (message, options) => new DivergenceError(message, options),
  ABORTED: (message, options) => new DisposedError(message, options), // a cancelled job without an aborted signal was disposed of
  BUSY: (message, options) => new BusyError(message, options),
  DISPOSED: (message, options) => new DisposedError(message, options),
  INTERNAL: (message, options) => new BoltzkitError('ERR_INTERNAL', message, options),
};

/** Why, as the addon says; where it does not, the device failed. */
function reasonOf(error: unknown): BackendReason {
  const { reason } = error as { readonly reason?: unknown };
  return backendReasons.find((known) => known === reason) ?? 'device_failed';
}
