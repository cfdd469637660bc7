import type { CommonOptions, Kind } from './fit-options.js';

/** What to learn, and how. */
export type FitOptions = CommonOptions & {
  readonly kind?: Kind | undefined;
  readonly model?: string | undefined;
  readonly [own: string]: unknown;
};
