import type { Family } from '../family.js';

/** All families of models, by name. */
export const families: readonly Family<never>[] = [];
