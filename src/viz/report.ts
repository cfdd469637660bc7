import { OptionCheck, readFrom, readOptions } from '../arguments.js';
import type { RowsInput } from '../data/rows-input.js';
import type { Panel } from './chart.js';
import { type CurvesOptions, curvesFor } from './curves.js';
import { reportStyle } from './report-style.js';
import type { Series } from './series.js';
import { element, escaped } from './svg.js';
import { listOf, requiredText, textOption } from './text-options.js';
import { numberText } from './ticks.js';
import { type TilesSvgOptions, tilesSvgFor } from './tiles-svg.js';

/** A name and what is to be told under it. */
export type Fact = readonly [name: string, value: string];

/** A number that stands out, with its interval where it has one. */
export interface Headline {
  /** What it is. */
  readonly name: string;
  /** The number, or what is to stand in its place. */
  readonly value: number | string;
  /** Ends of the interval. Default: none is shown. */
  readonly low?: number | undefined;
  /** Upper end of the interval. */
  readonly high?: number | undefined;
  /** Of the number, such as `'nats per row'`. */
  readonly unit?: string | undefined;
  /** A few words about it: which rows, which interval. */
  readonly note?: string | undefined;
}

/** A part of a report. Whatever is given is shown, in this order. */
export interface Section {
  /** Its heading. */
  readonly title: string;
  /** Paragraphs. */
  readonly text?: string | readonly string[] | undefined;
  /** Line charts, as for {@link curves}. */
  readonly curves?:
    | (CurvesOptions & {
        /** One or several. */
        readonly charts: readonly Series[] | readonly Panel[];
      })
    | undefined;
  /** Small images, as for {@link tilesSvg}. */
  readonly tiles?:
    | (TilesSvgOptions & {
        /** One per row. */
        readonly images: RowsInput;
      })
    | undefined;
  /** A table of names and values. */
  readonly facts?: readonly Fact[] | undefined;
  /** Lines to be copied. */
  readonly code?: string | undefined;
}

/** What a report holds. All text is shown as it is: nothing in it can become markup. */
export interface ReportOptions {
  /** Its heading, and the name of the page. */
  readonly title: string;
  /** A sentence below it. */
  readonly summary?: string | undefined;
  /** What came out. */
  readonly headlines?: readonly Headline[] | undefined;
  /** What was trained on what. */
  readonly facts?: readonly Fact[] | undefined;
  /** Everything else. */
  readonly sections?: readonly Section[] | undefined;
}

const call = 'report';
const sectionKeys = ['title', 'text', 'curves', 'tiles', 'facts', 'code'] as const;
const mostParts = 10_000;

/**
 * Makes one self-contained HTML page: it loads nothing, runs nothing, opens from a file, prints,
 * and is light or dark as the reader's screen is.
 *
 * @param options - Title, numbers, facts and sections.
 * @returns The page as text.
 * @throws `ParameterError` or `ShapeError` when something cannot be shown.
 */
export function report(options: ReportOptions): string {
  return page(readOptions(call, options, ['title', 'summary', 'headlines', 'facts', 'sections']));
}

function page(given: { readonly [P in keyof ReportOptions]?: unknown }): string {
  const check = new OptionCheck(call);
  const title = requiredText(check, 'title', given.title);
  const summary = textOption(check, 'summary', given.summary);
  const headlines = optionalList(check, 'headlines', given.headlines).map((one, i) => headline(`headlines[${i}]`, one));
  const facts = factList(check, 'facts', given.facts);
  const sections = optionalList(check, 'sections', given.sections).map((one, i) => section(`sections[${i}]`, one));
  const header = element('header', {}, element('h1', {}, escaped(title)) + paragraph(summary, 'summary'));
  const numbers = headlines.length === 0 ? '' : element('div', { class: 'headlines' }, headlines.join('\n'));
  const content = [header, numbers, facts, ...sections].filter((part) => part !== '');
  return `<!doctype html>\n<html lang="en">\n${head(title)}\n<body>\n${element('main', {}, `\n${content.join('\n')}\n`)}\n</body>\n</html>\n`;
}

function head(title: string): string {
  // Even if something slipped in that is to be loaded or run, browsers would refuse.
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
  const parts = [
    element('meta', { charset: 'utf-8' }),
    element('meta', { 'http-equiv': 'Content-Security-Policy', content: policy }),
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    element('meta', { name: 'color-scheme', content: 'light dark' }),
    element('title', {}, escaped(title) || ' '),
    element('style', {}, reportStyle),
  ];
  return element('head', {}, `\n${parts.join('\n')}\n`);
}

function headline(path: string, value: unknown): string {
  const given = readOptions(`${call}: \`${path}\``, value, ['name', 'value', 'low', 'high', 'unit', 'note']);
  const check = new OptionCheck(`${call}: \`${path}\``);
  const [unit, note] = [textOption(check, 'unit', given.unit), textOption(check, 'note', given.note)];
  const [shown, interval] = numberWithInterval(check, given);
  const parts = [
    element('div', { class: 'name' }, escaped(requiredText(check, 'name', given.name))),
    element('div', { class: 'value' }, escaped(shown) + (unit === '' ? '' : ` ${element('span', { class: 'unit' }, escaped(unit))}`)),
    interval === '' ? '' : element('div', { class: 'interval' }, escaped(interval)),
    note === '' ? '' : element('div', { class: 'note' }, escaped(note)),
  ];
  return element('div', { class: 'headline' }, parts.join(''));
}

/** A number with the digits that its interval leaves it, and the interval. */
function numberWithInterval(
  check: OptionCheck,
  { value, low, high }: { value?: unknown; low?: unknown; high?: unknown },
): [string, string] {
  if ((low === undefined) !== (high === undefined))
    throw check.error(low === undefined ? 'low' : 'high', 'given with the other end', undefined);
  if (typeof value === 'string') {
    if (low !== undefined) throw check.error('value', 'a number where there is an interval', value);
    return [value, ''];
  }
  if (typeof value !== 'number') throw check.error('value', 'a number or text', value);
  if (low === undefined) return [finite(value, (x) => numberText(x, 4)), ''];
  if (typeof low !== 'number') throw check.error('low', 'a number', low);
  if (typeof high !== 'number') throw check.error('high', 'a number', high);
  const width = high - low;
  const digits = width > 0 && width < Infinity ? Math.min(Math.max(1 - Math.floor(Math.log10(width)), 0), 8) : 2;
  const text = (x: number) => finite(x, () => x.toFixed(digits).replace('-', '−'));
  return [text(value), width === 0 ? '' : `${text(low)} … ${text(high)}`];
}

function finite(value: number, text: (value: number) => string): string {
  return Number.isFinite(value) ? text(value) : '–';
}

function section(path: string, value: unknown): string {
  const given = readOptions(`${call}: \`${path}\``, value, sectionKeys);
  const check = new OptionCheck(`${call}: \`${path}\``);
  const code = textOption(check, 'code', given.code);
  const parts = [
    element('h2', {}, escaped(requiredText(check, 'title', given.title))),
    ...paragraphs(check, given.text),
    given.curves === undefined ? '' : inline(chartsOf(path, given.curves)),
    given.tiles === undefined ? '' : inline(tilesOf(path, given.tiles)),
    factList(check, 'facts', given.facts),
    code === '' ? '' : element('pre', {}, element('code', {}, escaped(code))),
  ];
  return element('section', {}, parts.filter((part) => part !== '').join('\n'));
}

function paragraphs(check: OptionCheck, text: unknown): string[] {
  if (text === undefined || typeof text === 'string') return [paragraph(textOption(check, 'text', text))];
  return optionalList(check, 'text', text).map((one, i) => paragraph(requiredText(check, `text[${i}]`, one)));
}

function paragraph(text: string, name?: string): string {
  return text === '' ? '' : element('p', { class: name }, escaped(text));
}

function chartsOf(path: string, given: unknown): string {
  const { charts, ...options } = copied(`${path}.curves`, given);
  return curvesFor(`${call}: \`${path}.curves\``, charts, options);
}

function tilesOf(path: string, given: unknown): string {
  const { images, ...options } = copied(`${path}.tiles`, given);
  return tilesSvgFor(`${call}: \`${path}.tiles\``, images as RowsInput, options as unknown as TilesSvgOptions);
}

/** An object's own properties, each read once. */
function copied(path: string, given: unknown): Record<string, unknown> {
  if (typeof given === 'object' && given !== null) return readFrom(call, path, () => ({ ...given }));
  throw new OptionCheck(call).error(path, 'an object', given);
}

/** A drawing as a part of a page, where its language need not be named. */
function inline(svg: string): string {
  return svg.replace(/ xmlns="[^"]*"/, '').trimEnd();
}

function factList(check: OptionCheck, name: string, value: unknown): string {
  const facts = optionalList(check, name, value).map((fact, i) => {
    const [key, told, ...rest] = optionalList(check, `${name}[${i}]`, fact);
    if (rest.length > 0 || typeof key !== 'string' || typeof told !== 'string')
      throw check.error(`${name}[${i}]`, 'a name and a text', fact);
    return element('div', {}, element('dt', {}, escaped(key)) + element('dd', {}, escaped(told) || ' '));
  });
  return facts.length === 0 ? '' : element('dl', {}, `\n${facts.join('\n')}\n`);
}

function optionalList(check: OptionCheck, name: string, value: unknown): readonly unknown[] {
  return value === undefined ? [] : listOf(check, name, value, mostParts);
}
