/** A failure of a run's own making; `hint` says what to do about it. */
export class RunError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(message: string, options: { hint?: string | undefined; code?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code ?? 'ERR_RUN';
    this.hint = options.hint;
  }
}
