import type { BoltzkitError } from '../errors.js';
import { got } from '../got.js';
import { isDate } from './cells.js';
import type { Collected } from './collected.js';
import type { ColumnType, Label, Unplaced } from './columns.js';
import { orderedLabels, shown } from './labels.js';
import { mostLabels } from './schema.js';
import type { Rows } from './source.js';

/** A column as it was found: what it is, and its value for every row (NaN where it is missing). */
export interface Found {
  readonly column: Unplaced;
  /** Written over the numbers that were gathered. */
  readonly values: () => Float64Array;
}

/** Why a column cannot be taken as it is, and what could be said of it. */
export interface Complaint {
  readonly name: string;
  readonly why: string;
  readonly remedy: ColumnType;
}

/** Texts with more labels than these are taken for ids or free text. */
const mostFoundLabels = 100;
/**
 * From this many rows on, columns whose values nearly all differ, or count the rows, are taken for
 * ids.
 */
const manyRows = 20;
/** Columns of this few different values may be labels although most of them are numbers. */
const fewLabels = 20;
/** The largest value of a column that is taken for counts. */
const mostFoundCount = 255;
/** Digits that doubles hold, with some to spare. */
const exactDigits = 1e14;

/** What a column is: as the caller says, or as its values look. */
export function inferColumn(of: Collected): Found | Complaint {
  const { name, wish, missing } = of;
  if (wish?.type === 'ignore') return { column: { type: 'ignore', name, missing }, values: () => new Float64Array(0) };
  const isOpen = wish?.labels === undefined && wish?.max === undefined;
  if (isOpen && of.present === 0) return complaint(of, 'has no value in any row');
  if (isOpen && !of.crowded && of.labels.length === 1) {
    return complaint(of, `has one value (${shown(of.labels)}) in all rows, of which nothing can be learnt`);
  }
  return wish === undefined ? asFound(of) : asWished(of, wish.type);
}

function complaint({ name }: Collected, why: string, remedy: ColumnType = 'ignore'): Complaint {
  return { name, why, remedy };
}

function asWished(of: Collected, type: ColumnType): Found | Complaint {
  if (type === 'number') return numbers(of);
  if (type === 'count') return counts(of);
  const { labels } = of;
  if (of.crowded || labels.length > mostLabels) return tooMany(of, `has more than ${mostLabels} different values`);
  if (type === 'binary' && labels.length !== 2) {
    return complaint(of, `must have two values to be 'binary', got ${labels.length} (${shown(labels)})`, 'category');
  }
  return labelled(of, type === 'binary');
}

function tooMany(of: Collected, why: string): Complaint {
  return complaint(of, `${why}, too many to be categories (group the rare ones)`);
}

function asFound(of: Collected): Found | Complaint {
  const { labels, present, texts } = of;
  if (texts > 0 && holdsDates(labels)) {
    return complaint(of, `holds dates or times (such as ${shown(labels, 1)}): make numbers of them, such as days since the first`);
  }
  if (labels.length === 2 && !of.crowded) return labelled(of, true);
  if (texts === 0) return foundNumbers(of);
  const isMixed = (of.crowded || labels.length > fewLabels) && 2 * texts < present;
  if (isMixed) {
    const others = texts === 1 ? '' : ` and ${texts - 1} more texts`;
    const first = of.firstText;
    const why = `has numbers, but in ${first?.place} the text ${shown(first === undefined ? [] : [first.label])}${others}`;
    return complaint(of, `${why} (mend it, or list it in \`missing\`)`);
  }
  if (of.crowded || labels.length > mostFoundLabels) {
    return tooMany(of, `has ${of.crowded ? 'more than 10000' : labels.length} different texts in ${present} rows`);
  }
  if (present >= manyRows && 2 * labels.length > present) {
    return complaint(of, `has ${labels.length} different texts in ${present} rows, as ids or free text have`);
  }
  return labelled(of, false);
}

function holdsDates(labels: readonly Label[]): boolean {
  const some = labels.slice(0, 100);
  return some.length > 0 && some.filter((label) => isDate(String(label))).length >= 0.9 * some.length;
}

function foundNumbers(of: Collected): Found | Complaint {
  if (of.rising && of.present >= manyRows) return complaint(of, 'counts the rows');
  const { low, high, mean, sd } = momentsOf(of.numbers);
  // Of such numbers a Gaussian would put a sixth or more below zero.
  const areCounts = of.decimals === 0 && low >= 0 && high <= mostFoundCount && sd >= mean;
  return areCounts ? counts(of) : numbers(of);
}

function numbers(of: Collected): Found | Complaint {
  const { name, missing } = of;
  const { low, high, mean, sd } = momentsOf(of.numbers);
  if (!(sd > 0 && Number.isFinite(sd))) return complaint(of, `has numbers from ${low} to ${high}, whose standard deviation cannot be told`);
  const isExact = of.decimals <= 9 && Math.max(-low, high) * 10 ** of.decimals <= exactDigits;
  const values = () => {
    for (let i = 0, all = of.numbers; i < all.length; i++) all[i] = ((all[i] as number) - mean) / sd;
    return of.numbers;
  };
  return { column: { type: 'number', name, missing, mean, sd, decimals: isExact ? of.decimals : null }, values };
}

function counts(of: Collected): Found {
  const { name, missing, wish } = of;
  return { column: { type: 'count', name, missing, max: wish?.max ?? momentsOf(of.numbers).high }, values: () => of.numbers };
}

function labelled(of: Collected, binary: boolean): Found {
  const { name, missing, wish } = of;
  const { labels, places } = wish?.labels === undefined ? orderedLabels(of.labels) : { labels: of.labels, places: undefined };
  const values = () => {
    const [all, { codes }] = [of.numbers, of];
    for (let i = 0; i < all.length; i++) {
      const code = codes[i] as number;
      all[i] = code < 0 ? Number.NaN : (places?.[code] ?? code);
    }
    return all;
  };
  if (binary) return { column: { type: 'binary', name, missing, labels: labels as [Label, Label] }, values };
  return { column: { type: 'category', name, missing, labels }, values };
}

/** Smallest, largest, mean and standard deviation of the numbers that are there. */
function momentsOf(all: Float64Array): { low: number; high: number; mean: number; sd: number } {
  let [n, sum, low, high] = [0, 0, Infinity, -Infinity];
  for (const x of all) {
    if (Number.isNaN(x)) continue;
    n++;
    sum += x;
    low = Math.min(low, x);
    high = Math.max(high, x);
  }
  const mean = sum / n;
  let squares = 0;
  for (const x of all) if (!Number.isNaN(x)) squares += (x - mean) ** 2;
  return { low, high, mean, sd: Math.sqrt(squares / n) };
}

/** One error for all columns that cannot be taken. */
export function complaintError(complaints: readonly Complaint[], error: Rows['error']): BoltzkitError {
  const most = 10;
  const some = complaints.slice(0, most);
  const [first] = some;
  const more = complaints.length > most;
  const schema = `the schema can say { ${some.map(({ name, remedy }) => `${keyOf(name)}: '${remedy}'`).join(', ')}${more ? ', …' : ''} }`;
  if (complaints.length === 1 && first !== undefined) return error(`${first.why}; ${schema}`, `column ${got(first.name)}`);
  const lines = some.map(({ name, why }) => `\n  column ${got(name)} ${why}`);
  const rest = more ? `\n  and ${complaints.length - most} more` : '';
  return error(`has ${complaints.length} columns that cannot be taken as they are; ${schema}:${lines.join('')}${rest}`);
}

function keyOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}
