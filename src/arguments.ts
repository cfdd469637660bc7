import { types } from 'node:util';
import { ParameterError } from './errors.js';
import { got } from './got.js';
import { didYouMean } from './suggest.js';

/**
 * Reads the named properties of an options object, each exactly once, into a plain object. Unknown names are refused, so that a typing
 * mistake does not pass for a default. Getters are the caller's code: check a model's state after this, not before.
 *
 * @param call - Public name of the call, for messages.
 * @param options - What the caller passed; undefined counts as no options.
 * @param names - The options that the call knows.
 * @param argument - What the object itself is called, unless it is that of the call's options.
 */
export function readOptions<K extends string>(
  call: string,
  options: unknown,
  names: readonly K[],
  argument?: string,
): { [P in K]?: unknown } {
  if (options === undefined) return Object.create(null) as { [P in K]?: unknown };
  if (typeof options !== 'object' || options === null || (!types.isProxy(options) && Array.isArray(options))) {
    const expected = argument === undefined ? 'options must be an object' : `\`${argument}\` must be an object with ${listed(names)}`;
    throw new ParameterError(`${call}: ${expected}, got ${got(options)}`);
  }
  // Without a prototype: names may be those of a user's layers, such as 'constructor'.
  const result = Object.create(null) as { [P in K]?: unknown };
  try {
    const unknownName = Object.keys(options).find((name) => !(names as readonly string[]).includes(name));
    if (unknownName !== undefined) {
      const meant = didYouMean(unknownName, names);
      const unknown = argument === undefined ? `there is no option \`${unknownName}\`` : `\`${argument}\` has no \`${unknownName}\``;
      throw new ParameterError(`${call}: ${unknown}${meant}; known are ${names.join(', ')}`);
    }
    for (const name of names) {
      if (name in Object.prototype && !Object.hasOwn(options, name)) continue;
      const value = (options as Record<string, unknown>)[name];
      if (value !== undefined) result[name] = value;
    }
  } catch (error) {
    if (error instanceof ParameterError) throw error;
    throw new ParameterError(`${call}: ${argument === undefined ? 'the options' : `\`${argument}\``} could not be read`, { cause: error });
  }
  return result;
}

/** The names in an object; none of what is no object, or a list. */
export function namesIn(value: unknown): string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}

const listed = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

/** What `read` gets out of a caller's object; what the object's own code throws becomes an error that names it. */
export function readFrom<T>(call: string, name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof ParameterError) throw cause;
    throw new ParameterError(`${call}: \`${name}\` could not be read`, { cause });
  }
}

/** Checks options one by one; every method takes the option's name and its value as read and returns it, or the fallback for undefined. */
export class OptionCheck {
  constructor(readonly call: string) {}

  /** The error for an option that is not what was expected; `hint` follows what came. */
  error(name: string, expected: string, value: unknown, hint = ''): ParameterError {
    return new ParameterError(`${this.call}: \`${name}\` must be ${expected}, got ${got(value)}${hint}`);
  }

  /** The place of a name in a list of those known. */
  nameOf(name: string, value: unknown, known: readonly string[], expected = 'one of'): number {
    const found = known.indexOf(value as string);
    if (found >= 0) return found;
    throw this.error(name, `${expected} ${known.map((each) => `'${each}'`).join(', ')}`, value, didYouMean(value, known));
  }

  /** A whole number in [low, high]. */
  integer(name: string, value: unknown, fallback: number | undefined, low = 1, high = Number.MAX_SAFE_INTEGER): number {
    const given = value === undefined ? fallback : value;
    if (typeof given === 'number' && Number.isSafeInteger(given) && given >= low && given <= high) return given;
    const range = high === Number.MAX_SAFE_INTEGER ? `of at least ${low}` : `from ${low} to ${high}`;
    throw this.error(name, `a whole number ${range}`, given);
  }

  /** A finite number in [low, high], or in [low, high) when `below` is set. */
  number(name: string, value: unknown, fallback: number, low = 0, high = Infinity, below = false): number {
    const given = value === undefined ? fallback : value;
    if (typeof given === 'number' && Number.isFinite(given) && given >= low && (below ? given < high : given <= high)) return given;
    const range = high === Infinity ? `of at least ${low}` : `in [${low}, ${high}${below ? ')' : ']'}`;
    throw this.error(name, `a finite number ${range}`, given);
  }

  /** A number in (0, 1). */
  openFraction(name: string, value: unknown, fallback: number): number {
    const given = value === undefined ? fallback : value;
    if (typeof given === 'number' && given > 0 && given < 1) return given;
    throw this.error(name, 'a number in (0, 1)', given);
  }

  /** true or false. */
  flag(name: string, value: unknown, fallback: boolean): boolean {
    const given = value === undefined ? fallback : value;
    if (typeof given === 'boolean') return given;
    throw this.error(name, 'true or false', given);
  }

  /** One of a few words. */
  oneOf<T extends string>(name: string, value: unknown, fallback: T, words: readonly T[]): T {
    const given = value === undefined ? fallback : value;
    if (words.includes(given as T)) return given as T;
    throw this.error(name, words.map((word) => `'${word}'`).join(' or '), given, didYouMean(given, words));
  }

  /** A seed: a whole number or bigint in [0, 2^64). */
  seed(name: string, value: unknown, fallback: bigint): bigint {
    if (value === undefined) return fallback;
    const seed = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
    if (typeof seed === 'bigint' && seed >= 0n && seed < 1n << 64n) return seed;
    throw this.error(name, 'a whole number (or bigint) of at least 0 and below 2^64', value);
  }

  /** A function, or undefined. */
  callback<F>(name: string, value: unknown): F | undefined {
    if (value === undefined || typeof value === 'function') return value as F | undefined;
    throw this.error(name, 'a function', value);
  }

  /** An AbortSignal, or undefined. */
  signal(value: unknown): AbortSignal | undefined {
    if (value === undefined || (!types.isProxy(value) && value instanceof AbortSignal)) return value;
    throw this.error('signal', 'an AbortSignal', value);
  }
}
