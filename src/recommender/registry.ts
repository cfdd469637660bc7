/** Families of models by name, and what is used where none is named. */
import { type OptionCheck, readOptions } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { didYouMean } from '../suggest.js';
import { families } from './families/index.js';
import type { Family, Target } from './family.js';

/** The model of a target where none is named. */
export const usualModel: Readonly<Record<Target, string>> = { ratings: 'gaussian', interactions: 'ease' };

export function familyNames(): string[] {
  return [...new Set(families.map(({ name }) => name))];
}

/** The family of a name; some names stand for one family of each target. */
export function familyOf(name: string, target: Target): Family | undefined {
  return (families as readonly Family[]).find((family) => family.name === name && family.target === target);
}

/** The targets that a name has a family for. */
export function targetsOf(name: string): Target[] {
  return families.filter((family) => family.name === name).map(({ target }) => target);
}

/** Reads `model`: a name that is known. */
export function readModelName(check: OptionCheck, given: unknown): string | undefined {
  if (given === undefined) return undefined;
  return familyNames()[check.nameOf('model', given, familyNames())];
}

/** What is settled above families: a recommender of interactions hands over who turned to what, without values. */
const settled: ReadonlySet<string> = new Set(['binarise']);

/** Reads the options that belong to a family, after refusing those that nobody knows. */
export function readFamilyOptions(call: string, check: OptionCheck, family: Family, given: Given, common: readonly string[]): unknown {
  if (family.options !== undefined) {
    const own = family.options.filter((name) => !settled.has(name));
    const names = [...common, ...own];
    const unknown = Object.keys(given).find((name) => !names.includes(name));
    if (unknown !== undefined) {
      const meant = didYouMean(unknown, names);
      const others = (families as readonly Family[]).filter(({ options }) => options?.includes(unknown)).map(({ name }) => `'${name}'`);
      const hint = others.length === 0 ? '' : `; it belongs to ${others.join(', ')}`;
      throw new ParameterError(
        `${call}: model '${family.name}' has no option \`${unknown}\`${meant}${hint}; known are ${names.join(', ')}`,
      );
    }
    return family.read(check, { ...readOptions(call, given, own) });
  }
  return family.read(check, given);
}

type Given = Readonly<Record<string, unknown>>;
