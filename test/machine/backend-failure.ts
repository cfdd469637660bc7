import { BackendError } from '../../src/errors.js';

/** The error of a call that a backend cannot be used for. */
export function backendFailure(call: () => unknown): BackendError {
  try {
    call();
  } catch (error) {
    if (error instanceof BackendError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
