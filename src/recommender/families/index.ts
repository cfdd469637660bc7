import type { Family } from '../family.js';
import { bias } from './bias.js';
import { popularityOfInteractions, popularityOfRatings } from './popularity.js';
import { rbm } from './rbm.js';

/** All families of models, by name. */
export const families = [popularityOfRatings, popularityOfInteractions, bias, rbm] as unknown as readonly Family<never>[];
