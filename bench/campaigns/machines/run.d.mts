/** What the suites use of the campaign. */

/** One check of a machine. */
export interface Result {
  kind: string;
  device: 'cpu' | 'reference';
  comparisons: number;
  /** Whether it deviates by more than chance or rounding explains. */
  wrong: boolean;
  /** The largest deviation in words. */
  detail: string;
}

/** Runs every check of the machine with this number. */
export function runMachine(
  seed: number,
  draws?: number,
): Promise<{ seed: number; wiring: string; strength: string; types: string[]; results: Result[] }>;

/** The p-value of draws from the machine's own distribution at `beta`, judged by that at 1; null where there are no exact draws. */
export function pOfOwnDraws(seed: number, beta: number, n?: number): number | null;
