import { totalmem } from 'node:os';
import { RunError } from './failure.js';
import { bytes } from './format.js';
import type { RunSettings } from './settings.js';

/**
 * Matrices of the weights' size that training holds at the same time: weights, gradient, momentum
 * or moments, average.
 */
const MATRICES = 4;

/**
 * Refuses sizes that this machine cannot hold. Systems that overcommit memory grant such a request
 * and kill the process later, without a word of explanation.
 *
 * @param available - Bytes the process may have; by default what the machine, or the container,
 *   has in all.
 */
export function checkMemory(visible: number, settings: RunSettings, available: number = availableMemory()): void {
  const { hidden, algorithm, batchSize, device } = settings;
  const chains = 'chains' in algorithm ? algorithm.chains : batchSize;
  const perValue = device === 'reference' ? 8 : 4;
  const [models, groups] = copies(settings);
  const needed = perValue * ((MATRICES + models) * visible * hidden + (2 + groups) * chains * (visible + hidden));
  if (needed <= available) return;
  const message = `${visible} × ${hidden} units with ${chains} chains need about ${bytes(needed)} of memory, there are ${bytes(available)}`;
  throw new RunError(message, { code: 'ERR_MEMORY', hint: 'fewer --hidden or --chains' });
}

/** Further copies of the weights, and of the chains, that a run keeps. */
function copies({ algorithm, onDivergence, best }: RunSettings): [models: number, groups: number] {
  const kept = (onDivergence === null ? 0 : 2) + (best === null ? 0 : 1);
  if (algorithm.name === 'pt') return [kept, algorithm.betas.length];
  return algorithm.name === 'ptt' ? [kept + algorithm.reservoirs, algorithm.reservoirs] : [kept, 0];
}

function availableMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
