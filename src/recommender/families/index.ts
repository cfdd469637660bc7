import type { Family } from '../family.js';
import { gaussian } from './gaussian.js';

/** All families of models, by name. */
export const families: readonly Family[] = [gaussian];
