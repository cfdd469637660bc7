/** Options of runs that are the same whatever learns. */
import { type OptionCheck, readOptions } from '../arguments.js';
import { asVector } from '../data/vector.js';
import type { Progress } from './reports.js';

/** Saves a model while it is trained. */
export interface CheckpointOptions {
  /** The file; each save replaces it in one step. */
  readonly path: string | URL;
  /** Updates from one save to the next. */
  readonly every: number;
}

/** What every run takes, whatever learns. */
export interface AnyRunOptions {
  /** One weight of at least 0 per row. */
  readonly sampleWeights?: ArrayLike<number> | undefined;
  /**
   * Goes on with the interrupted run that the model holds, given the same rows. Other settings are
   * taken from that run.
   */
  readonly resume?: boolean | undefined;
  /**
   * Ends the run between two updates; it then rejects with the signal's reason and can be resumed.
   */
  readonly signal?: AbortSignal | undefined;
  /** Saves the model to `path` every so many updates, while the run goes on. */
  readonly checkpoint?: CheckpointOptions | undefined;
  /**
   * Shows how the run comes on: a bar with the latest metrics in a terminal, else a line now and
   * then. On stderr. Default false.
   */
  readonly verbose?: boolean | undefined;
  /** Called with the latest state of the run. An error it throws ends the run. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Reads `checkpoint`.
 *
 * @param save - What saves to such a path.
 */
export function readCheckpoint<S>(
  check: OptionCheck,
  given: unknown,
  save: (path: string | URL) => S,
): { readonly every: number; readonly save: S } | undefined {
  if (given === undefined) return undefined;
  const { path, every } = readOptions(check.call, given, ['path', 'every'], 'checkpoint');
  if (typeof path !== 'string' && !(path instanceof URL)) throw check.error('checkpoint.path', 'a path', path);
  return { every: check.integer('checkpoint.every', every, undefined), save: save(path) };
}

/** Reads `sampleWeights`: one weight of at least 0 per row, not all of them 0. */
export function readWeights(check: OptionCheck, weights: unknown, rows: number): Float64Array | null {
  if (weights === undefined) return null;
  const values = asVector(weights, rows, { call: check.call, argument: 'sampleWeights', units: 'rows' }, { low: 0 });
  if (values.some((w) => w > 0)) return values;
  throw check.error('sampleWeights', 'weights of which at least one is above 0', 'zeros only');
}

/** Refuses to resume a run with weights that it did not have, or without those it had. */
export function assertSameWeighting(
  check: OptionCheck,
  { weighted }: { readonly weighted: boolean },
  weights: Float64Array | null,
  given: unknown,
): void {
  if (weighted === (weights !== null)) return;
  const expected = weights === null ? 'the weights of the interrupted run' : 'left out, as in the interrupted run';
  throw check.error('sampleWeights', expected, given);
}
