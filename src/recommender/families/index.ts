import type { Family } from '../family.js';
import { ease } from './ease.js';

/** All families of models, by name. */
export const families: readonly Family<never>[] = [ease as Family<never>];
