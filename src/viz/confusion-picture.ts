import { OptionCheck, readOptions } from '../arguments.js';
import { describeAnyRows } from '../data/any-rows.js';
import type { RowsInput } from '../data/rows-input.js';
import { toFloat64 } from '../data/vector.js';
import { ParameterError, ShapeError } from '../errors.js';
import { small, smallText } from './colour-bar.js';
import type { Paint } from './paint.js';
import { margin, readSheet, type SheetOptions, sheet, sheetOptions } from './sheet.js';
import { type Attributes, element, escaped, rounded, textWidth } from './svg.js';
import { textsOption } from './text-options.js';

/** How to draw a confusion matrix. */
export interface ConfusionPictureOptions extends SheetOptions {
  /** Names of the classes. Default: their numbers from 0. */
  readonly classes?: readonly string[] | undefined;
}

const mostClasses = 200;
/** With more classes, cells hold no numbers. */
const mostNumbered = 30;
const widestName = 130;

/** Counts with what follows from them. */
interface Matrix {
  readonly classes: number;
  /** [classes, classes]. */
  readonly counts: Float64Array;
  /** [classes]: rows of each class, and rows taken for it. */
  readonly of: readonly number[];
  readonly as: readonly number[];
}

/**
 * Draws a confusion matrix as an SVG document: rows are what things are, columns what they were taken for.
 * Cells of right answers are blue, those of wrong ones red, by their share of the row; reds are full at the
 * largest share of wrong ones. Beside the rows stands the share that was found, below the columns the share
 * that is right.
 *
 * @param counts - [classes, classes]: `counts` of `confusionMatrix`.
 * @param options - Names of classes, title, caption, colours.
 * @returns The document as text; {@link writeSvg} writes it to a file.
 * @throws `ShapeError` unless it is a square matrix of at most 200 classes, `ParameterError` where a value
 *   is no count.
 */
export function confusionPicture(counts: RowsInput, options?: ConfusionPictureOptions): string {
  const call = 'confusionPicture';
  const given = readOptions(call, options, ['classes', ...sheetOptions]);
  const matrix = readMatrix(call, counts);
  const named = textsOption(new OptionCheck(call), 'classes', given.classes, matrix.classes);
  const names = named.length > 0 ? named : Array.from({ length: matrix.classes }, (_, k) => String(k));
  const page = readSheet(call, given);
  return sheet(page, { ...draw(matrix, names, page.top, page.paint), name: 'Confusion matrix', description: describe(matrix, names) });
}

function readMatrix(call: string, input: unknown): Matrix {
  const host = describeAnyRows(input, { call, argument: 'counts', units: 'classes' });
  const { rows, cols: classes } = host;
  if (rows !== classes || classes === 0 || classes > mostClasses) {
    throw new ShapeError(`${call}: \`counts\` must be a square matrix of 1 to ${mostClasses} classes, got [${rows}, ${classes}]`);
  }
  const counts = toFloat64(host);
  const bad = counts.findIndex((n) => !(Number.isSafeInteger(n) && n >= 0));
  if (bad >= 0) {
    const place = `[${Math.floor(bad / classes)}, ${bad % classes}]`;
    throw new ParameterError(`${call}: \`counts${place}\` must be a whole number of at least 0, got ${counts[bad]}`);
  }
  const sum = (at: (i: number) => number) => Array.from({ length: classes }, (_, i) => at(i)).reduce((a, b) => a + b, 0);
  const each = (of: (k: number) => number) => Array.from({ length: classes }, (_, k) => of(k));
  return {
    classes,
    counts,
    of: each((k) => sum((i) => counts[k * classes + i] as number)),
    as: each((k) => sum((i) => counts[i * classes + k] as number)),
  };
}

function draw(matrix: Matrix, names: readonly string[], top: number, paint: Paint): { content: string; right: number; bottom: number } {
  const { classes } = matrix;
  const numbered = classes <= mostNumbered;
  const widest = Math.max(...matrix.counts, 10).toFixed(0).length;
  const cell = numbered ? Math.max(textWidth('0'.repeat(widest), small.size) + 12, 44) : Math.max(Math.floor(900 / classes), 4);
  const widestText = Math.max(textWidth('right, %', small.size), ...names.map((name) => textWidth(name, small.size)));
  const room = Math.min(widestText, widestName);
  const cut = (name: string, width: number) => shortened(name, width);
  const left = margin + 20 + room + 8;
  // Names of classes stand upright over columns that are too narrow for them.
  const upright = Math.max(...names.map((name) => textWidth(cut(name, room), small.size))) > cell - 2;
  const first = top + 22 + (numbered ? (upright ? room : small.line) + 6 : 0);
  const [right, bottom] = [left + classes * cell, first + classes * cell];
  const text = (content: string, x: number, y: number, more: Attributes = {}) =>
    smallText(content, x, y, paint, more as Record<string, string>);
  const middle = (k: number, from: number) => from + (k + 0.5) * cell;
  const parts: string[] = [drawCells(matrix, { left, top: first, cell, numbered }, paint)];
  for (const [k, name] of names.entries()) {
    if (!numbered) continue;
    const y = middle(k, first) + small.size / 3;
    parts.push(text(cut(name, room), left - 8, y, { 'text-anchor': 'end', ...paint.fill('ink') }));
    parts.push(overColumn(cut(name, room), middle(k, left), first - 7, upright, paint));
    parts.push(text(percent(matrix.counts[k * classes + k] as number, matrix.of[k] as number), right + 10, y));
    parts.push(
      text(percent(matrix.counts[k * classes + k] as number, matrix.as[k] as number), middle(k, left), bottom + 18, {
        'text-anchor': 'middle',
      }),
    );
  }
  parts.push(text('taken for', (left + right) / 2, top + small.size, { 'text-anchor': 'middle' }));
  const [x, y] = [margin + small.size, (first + bottom) / 2];
  parts.push(text('what it is', x, y, { 'text-anchor': 'middle', transform: `rotate(-90 ${rounded(x)} ${rounded(y)})` }));
  if (!numbered) return { content: parts.join(''), right: Math.max(right, margin + 260), bottom };
  parts.push(text('found, %', right + 10, first - 7), text('right, %', left - 8, bottom + 18, { 'text-anchor': 'end' }));
  return { content: parts.join(''), right: right + 62, bottom: bottom + 24 };
}

function overColumn(name: string, x: number, y: number, upright: boolean, paint: Paint): string {
  const ink = paint.fill('ink') as Record<string, string>;
  if (!upright) return smallText(name, x, y, paint, { 'text-anchor': 'middle', ...ink });
  const at = x + small.size / 3;
  return smallText(name, at, y, paint, { transform: `rotate(-90 ${rounded(at)} ${rounded(y)})`, ...ink });
}

function drawCells(
  { classes, counts, of }: Matrix,
  { left, top, cell, numbered }: { left: number; top: number; cell: number; numbered: boolean },
  paint: Paint,
): string {
  const share = (i: number, j: number) => ((of[i] as number) === 0 ? 0 : (counts[i * classes + j] as number) / (of[i] as number));
  let worst = 0;
  for (let i = 0; i < classes; i++) for (let j = 0; j < classes; j++) if (i !== j) worst = Math.max(worst, share(i, j));
  const gap = numbered ? 1 : 0;
  const parts: string[] = [];
  for (let i = 0; i < classes; i++) {
    for (let j = 0; j < classes; j++) {
      const count = counts[i * classes + j] as number;
      const strength = i === j ? share(i, j) : worst === 0 ? 0 : share(i, j) / worst;
      const [x, y] = [left + j * cell, top + i * cell];
      const size = { x, y, width: cell - gap, height: cell - gap };
      // An empty cell is seen as one.
      parts.push(element('rect', { ...size, ...paint.fill('grid'), 'fill-opacity': 0.45 }));
      const colour = paint.fill(i === j ? 'line0' : 'line1');
      // A single row of a class of thousands is still to be seen.
      if (count > 0) parts.push(element('rect', { ...size, ...colour, 'fill-opacity': opacity(strength, i === j) }));
      if (!numbered || (count === 0 && i !== j)) continue;
      const ink = paint.fill(i === j && strength > 0.55 ? 'page' : 'ink');
      const at = { x: x + (cell - gap) / 2, y: y + (cell - gap) / 2 + small.size / 3, 'font-size': small.size, 'text-anchor': 'middle' };
      parts.push(element('text', { ...at, ...ink, 'font-weight': i === j ? 'bold' : undefined }, escaped(String(count))));
    }
  }
  return parts.join('');
}

/** Dark numbers stay readable on the full colour of wrong answers. */
function opacity(strength: number, right: boolean): number {
  return Math.round((0.1 + (right ? 0.8 : 0.55) * strength) * 100) / 100;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : ((100 * part) / whole).toFixed(1);
}

function shortened(name: string, width: number): string {
  const fitting = Math.max(2, Math.floor(width / textWidth('x', small.size)));
  const characters = Array.from(name);
  return characters.length <= fitting ? name : `${characters.slice(0, fitting - 1).join('')}…`;
}

function describe({ classes, counts, of }: Matrix, names: readonly string[]): string {
  const rows = of.reduce((a, b) => a + b, 0);
  const right = Array.from({ length: classes }, (_, k) => counts[k * classes + k] as number).reduce((a, b) => a + b, 0);
  const wrong = Array.from(counts, (count, cell) => ({ count, label: Math.floor(cell / classes), taken: cell % classes }))
    .filter(({ count, label, taken }) => count > 0 && label !== taken)
    .sort((a, b) => b.count - a.count)
    .slice(0, 3)
    .map(({ count, label, taken }) => `${names[label]} for ${names[taken]} ${count} times`);
  const most = wrong.length === 0 ? 'None is taken for another.' : `Most often taken: ${wrong.join(', ')}.`;
  return `${classes} classes, ${rows} rows, ${right} of them taken for what they are. ${most}`;
}
