/** Which report of a network's run is the best one. */
import type { Scale } from '../training/best-state.js';
import type { NetworkReport } from './reports.js';

/** What reports are compared by, of the validation rows: the lower the better. */
export const networkMetrics = ['error', 'loss'] as const;
/** What reports of a network are compared by: their `validationError` or `validationLoss`. */
export type NetworkMetric = (typeof networkMetrics)[number];

/** Which report is the best one. */
export interface NetworkBestOptions {
  /**
   * Of the validation rows, which must be there. Default 'error' for classifiers, 'loss' for
   * others.
   */
  readonly metric?: NetworkMetric | undefined;
}

/** When to end a run before its time. */
export interface NetworkEarlyStopping extends NetworkBestOptions {
  /** Epochs without a better one after which the run ends; at least 1. Default 10. */
  readonly patience?: number | undefined;
  /** Whether the network ends with the parameters of its best epoch. Default true. */
  readonly restoreBest?: boolean | undefined;
}

/** The number of a report, the higher the better. */
export function scaleOf(metric: NetworkMetric): Scale<NetworkReport, never> {
  const less = (value: number | null): number | null => (value === null ? null : -value);
  if (metric === 'error') return { report: ({ validationError }) => less(validationError) };
  return { report: ({ validationLoss }) => less(validationLoss) };
}
