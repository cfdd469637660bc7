import { types } from 'node:util';
import { missingTest, toNumber } from '../data/csv-text.js';
import { got } from '../got.js';
import type { Label } from './columns.js';

/** A cell that holds something. */
export interface Cell {
  /** What it is known by: the number 1, and the texts `1` and ` 1 `, are the same. */
  readonly key: string;
  /** Its value as it came, blanks around a text left out. */
  readonly label: Label;
  /** Its value as a number; NaN for other texts, true and false. */
  readonly number: number;
}

/** What a cell holds; null if it is missing, a text that says what came if it can be neither. */
export type ReadCell = (value: unknown) => Cell | null | string;

/** Reads cells of which some texts stand for missing values. */
export function cellReader(missing: readonly string[]): ReadCell {
  const isMissing = missingTest(missing);
  return (value) => {
    switch (typeof value) {
      case 'string':
        return isMissing(value) ? null : textCell(value.trim());
      case 'number':
        return numberCell(value);
      case 'boolean':
        return { key: String(value), label: value, number: Number.NaN };
      case 'undefined':
        return null;
      default:
        return types.isDate(value) ? dateCell(value) : value === null ? null : got(value);
    }
  };
}

function textCell(text: string): Cell {
  const number = toNumber(text);
  return { key: text, label: text, number: Number.isFinite(number) ? number : Number.NaN };
}

function numberCell(number: number): Cell | null | string {
  if (Number.isNaN(number)) return null;
  return Number.isFinite(number) ? { key: String(number), label: number, number } : String(number);
}

function dateCell(date: Date): Cell | null {
  const text = dateText(date);
  return text === undefined ? null : textCell(text);
}

/** A date as text; undefined for one that is none. */
export function dateText(date: Date): string | undefined {
  const time = Date.prototype.getTime.call(date);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** Whether a text is a date or a time of day. */
export function isDate(text: string): boolean {
  return /^\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([T ]|$)|^\d{1,2}([-/.])\d{1,2}\3\d{2,4}( |$)|^\d{1,2}:\d{2}(:\d{2})?( ?[ap]m)?$/i.test(text);
}

/**
 * A text that is a number written as numbers are, so that nothing is lost by taking it for one;
 * `007` is none.
 */
export function isPlainNumber(text: string): boolean {
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) && text.length <= 15;
}
