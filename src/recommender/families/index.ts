import type { Family } from '../family.js';
import { bias } from './bias.js';
import { combined } from './combined.js';
import { ease } from './ease.js';
import { easeHidden } from './ease-hidden.js';
import { easeSparse } from './ease-sparse.js';
import { gaussian } from './gaussian.js';
import { factorsOfInteractions, factorsOfRatings } from './mf.js';
import { popularityOfInteractions, popularityOfRatings } from './popularity.js';
import { rbm } from './rbm.js';

/** All families of models, by name. */
export const families = [
  popularityOfRatings,
  popularityOfInteractions,
  bias,
  gaussian,
  factorsOfRatings,
  factorsOfInteractions,
  rbm,
  ease,
  easeHidden,
  easeSparse,
  combined((): readonly Family[] => families as readonly Family[]),
] as unknown as readonly Family<never>[];
