import type { Family } from '../family.js';
import { bias } from './bias.js';
import { popularityOfInteractions, popularityOfRatings } from './popularity.js';

/** All families of models, by name. */
export const families = [popularityOfRatings, popularityOfInteractions, bias] as unknown as readonly Family<never>[];
