import type { Family } from '../family.js';
import { bias } from './bias.js';
import { combined } from './combined.js';
import { popularityOfInteractions, popularityOfRatings } from './popularity.js';

/** All families of models, by name. */
export const families = [
  popularityOfRatings,
  popularityOfInteractions,
  bias,
  combined(
    (name, target) => all().find((family) => family.name === name && family.target === target),
    (target) => all().flatMap((family) => (family.target === target ? [family.name] : [])),
  ),
] as unknown as readonly Family<never>[];

function all(): readonly Family[] {
  return families as readonly Family[];
}
