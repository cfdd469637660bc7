import { type OptionCheck, readFrom } from '../arguments.js';
import type { CsvLayout } from './csv-lines.js';

/** Texts that stand for a value that is missing, unless a caller names others. */
export const usualMissing: readonly string[] = ['', 'NA', 'NaN', 'null', '?'];

/**
 * Tells whether a field stands for a missing value: blanks around it and the case of letters do not
 * count.
 */
export function missingTest(texts: readonly string[]): (field: string) => boolean {
  const known = new Set(texts.map(plain));
  return (field) => known.has(plain(field));
}

const plain = (text: string): string => text.trim().toLowerCase();

/**
 * A decimal number, or NaN: JavaScript's own rules would take blanks for 0 and read hexadecimal.
 */
export function toNumber(field: string): number {
  const value = Number(field);
  if (field.length === 1 && value !== 0) return value;
  // 0x10, 0b1 and 0o7 are the only numbers in which a 0 is followed by a letter other than e.
  return /^\s*$|^\s*0[a-df-z]/i.test(field) ? Number.NaN : value;
}

/** The names of the options that all readers of CSV files have. */
export const layoutOptions = ['delimiter', 'maxColumns', 'maxUnpackedBytes', 'missing'] as const;

/** Reads those options. */
export function readLayout(
  check: OptionCheck,
  given: { readonly [Name in (typeof layoutOptions)[number]]?: unknown },
): { layout: CsvLayout; isMissing: (field: string) => boolean } {
  const { delimiter, maxColumns, maxUnpackedBytes, missing = usualMissing } = given;
  if (delimiter !== undefined && (typeof delimiter !== 'string' || delimiter === '' || /["\r\n]/.test(delimiter))) {
    throw check.error('delimiter', 'a character other than quotes and line ends', delimiter);
  }
  const texts = readFrom(check.call, 'missing', () => (Array.isArray(missing) ? [...(missing as unknown[])] : undefined));
  if (texts === undefined || !texts.every((text) => typeof text === 'string')) throw check.error('missing', 'a list of texts', missing);
  const layout = {
    maxColumns: check.integer('maxColumns', maxColumns, 1_000_000),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(maxUnpackedBytes === undefined ? {} : { maxUnpackedBytes: check.integer('maxUnpackedBytes', maxUnpackedBytes, undefined) }),
  };
  return { layout, isMissing: missingTest(texts) };
}
