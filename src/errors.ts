/** Stable codes of {@link BoltzkitError}. */
export type ErrorCode =
  | 'ERR_SHAPE'
  | 'ERR_PARAMETER'
  | 'ERR_BACKEND'
  | 'ERR_FORMAT'
  | 'ERR_FILE'
  | 'ERR_DIVERGENCE'
  | 'ERR_BUSY'
  | 'ERR_DISPOSED'
  | 'ERR_INTERNAL';

/** Base of every error this package throws on purpose. `code` is stable; messages say what call, what was expected, what came. */
export class BoltzkitError extends Error {
  /** What kind of failure this is; stable across versions. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** An array has another shape than the call needs. */
export class ShapeError extends BoltzkitError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SHAPE', message, options);
  }
}

/** An argument's value or type is not one the call accepts. */
export class ParameterError extends BoltzkitError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_PARAMETER', message, options);
  }
}

/** All of {@link BackendReason}. */
export const backendReasons = [
  'addon_missing',
  'package_missing',
  'driver_missing',
  'driver_too_old',
  'no_device',
  'arch_unsupported',
  'abi_mismatch',
  'out_of_memory',
  'device_failed',
] as const;

/**
 * Why a backend cannot be used.
 *
 * - 'addon_missing': no native addon for this platform was found, or none that loads.
 * - 'package_missing': what an optional package would bring is not there, or cannot be loaded.
 * - 'driver_missing': there is no driver of the GPU.
 * - 'driver_too_old': the driver is older than what the plug-in needs.
 * - 'no_device': there is no GPU, or none with that number.
 * - 'arch_unsupported': the plug-in has no code for a GPU of this kind.
 * - 'abi_mismatch': addon or plug-in belong to another version of the package.
 * - 'out_of_memory': the device has no room for the model, or for what a call needs.
 * - 'device_failed': the device, or its driver, reported a failure, perhaps in the middle of a call.
 */
export type BackendReason = (typeof backendReasons)[number];

/** The native addon, or the device that was asked for, cannot be used; `reason` says why. */
export class BackendError extends BoltzkitError {
  /** Why the backend cannot be used. */
  readonly reason: BackendReason;

  constructor(reason: BackendReason, message: string, options?: ErrorOptions) {
    super('ERR_BACKEND', message, options);
    this.reason = reason;
  }
}

/** A file is malformed, truncated, altered, or of another kind than expected. */
export class FormatError extends BoltzkitError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_FORMAT', message, options);
  }
}

/** A file cannot be read or written. The operating system's error is its `cause`. */
export class FileError extends BoltzkitError {
  /** The operating system's code, such as 'ENOENT' where there is no such file; null where it gave none. */
  readonly systemCode: string | null;

  constructor(message: string, options?: ErrorOptions) {
    super('ERR_FILE', message, options);
    const { code } = (options?.cause ?? {}) as { code?: unknown };
    this.systemCode = typeof code === 'string' ? code : null;
  }
}

/** Parameters would have stopped being finite; the model stands at its last good update. */
export class DivergenceError extends BoltzkitError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_DIVERGENCE', message, options);
  }
}

/** The model is being trained, or a call that cannot wait came while others were under way. */
export class BusyError extends BoltzkitError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_BUSY', message, options);
  }
}

/** The model was disposed of. */
export class DisposedError extends BoltzkitError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_DISPOSED', message, options);
  }
}
