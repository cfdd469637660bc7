import { describe, expect, test } from 'vitest';
import { ParameterError, ShapeError } from '../../src/errors.js';
import { type ReportOptions, report } from '../../src/viz/index.js';
import { elementsOf } from './support.js';

const full: ReportOptions = {
  title: 'A run',
  summary: 'One sentence.',
  headlines: [
    { name: 'Log-likelihood', value: -84.2345, low: -84.51, high: -83.9, unit: 'nats per row', note: '95 % interval' },
    { name: 'Epochs', value: 75 },
    { name: 'State', value: 'finished' },
  ],
  facts: [
    ['Data', 'digits'],
    ['Rows', '60,000'],
  ],
  sections: [
    { title: 'Training', curves: { charts: [{ name: 'a', y: [1, 2, 3] }], width: 300 } },
    { title: 'Filters', text: 'On one scale.', tiles: { images: [[-1, 1]], height: 1, width: 2, range: 'symmetric', barLabel: 'weight' } },
    { title: 'Health', text: ['Nothing looks wrong.', 'One note.'], facts: [['R', '1.01']] },
    { title: 'Next', code: 'boltzkit sample a-run\nboltzkit evaluate a-run' },
  ],
};

/** Elements of a page that is well-formed XML after its first line, so that nothing is left to a browser's guess. */
function pageOf(html: string): ReturnType<typeof elementsOf> {
  const [first, ...rest] = html.split('\n');
  expect(first).toBe('<!doctype html>');
  return elementsOf(rest.join('\n'));
}
const textsOf = (html: string, name: string) => pageOf(html).flatMap((item) => (item.name === name ? [item.text] : []));
const byClass = (html: string, name: string) => pageOf(html).flatMap(({ attributes, text }) => (attributes.class === name ? [text] : []));

describe('a report', () => {
  const html = report(full);

  test('holds what it was given, in order', () => {
    expect(textsOf(html, 'h1')).toEqual(['A run']);
    expect(pageOf(html).find(({ name }) => name === 'title')!.text).toBe('A run');
    expect(textsOf(html, 'h2')).toEqual(['Training', 'Filters', 'Health', 'Next']);
    expect(textsOf(html, 'p')).toEqual(['One sentence.', 'On one scale.', 'Nothing looks wrong.', 'One note.']);
    expect(textsOf(html, 'dt')).toEqual(['Data', 'Rows', 'R']);
    expect(textsOf(html, 'dd')).toEqual(['digits', '60,000', '1.01']);
    expect(textsOf(html, 'code')).toEqual(['boltzkit sample a-run\nboltzkit evaluate a-run']);
    expect(textsOf(html, 'svg')).toHaveLength(2);
    expect(textsOf(html, 'text')).toEqual(expect.arrayContaining(['weight', '−1', '0', '1']));
  });

  test('numbers stand with their intervals, with the digits that those leave', () => {
    expect(byClass(html, 'value').map((text) => text.trim())).toEqual(['−84.23', '75', 'finished']);
    expect(byClass(html, 'interval')).toEqual(['−84.51 … −83.90']);
    expect(byClass(html, 'unit')).toEqual(['nats per row']);
    const number = (headline: object) =>
      byClass(report({ title: '', headlines: [{ name: 'n', value: 12.3456, ...headline }] }), 'value')[0];
    expect(number({ low: 2, high: 40 })).toBe('12');
    expect(number({ low: 12.3445, high: 12.3465 })).toBe('12.3456');
    expect(number({})).toBe('12.35');
    expect(number({ value: Number.NaN, low: Number.NaN, high: Infinity })).toBe('–');
  });

  test('loads nothing, runs nothing and names no other place', () => {
    const without = html.replaceAll(/data:image\/png;base64,[\w+/=]+/g, 'data');
    expect(without).not.toMatch(/https?:|\/\/|@import|url\(|<script|<link|<iframe|\son\w+=/i);
    const links = pageOf(html).flatMap(({ attributes }) => [attributes.src, attributes.href].filter((link) => link !== undefined));
    expect(links).toHaveLength(4);
    for (const link of links) expect(link).toMatch(/^data:image\/png;base64,/);
    const policy = pageOf(html).find(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy');
    expect(policy!.attributes.content).toBe("default-src 'none'; style-src 'unsafe-inline'; img-src data:");
  });

  test('is dark where the screen is, and light on paper', () => {
    expect(html).toContain('@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;--page:#15181d');
    expect(html).toContain('@media print');
    expect(html).not.toMatch(/@media \(prefers-color-scheme/);
  });

  test('no text can become markup', () => {
    const hostile = `</title></style><script>alert("1")</script><img src=x onerror='a'>&amp;"\u0000\u001b`;
    const page = report({
      title: hostile,
      summary: hostile,
      headlines: [{ name: hostile, value: hostile, unit: hostile, note: hostile }],
      facts: [[hostile, hostile]],
      sections: [
        {
          title: hostile,
          text: [hostile],
          facts: [[hostile, hostile]],
          code: hostile,
          curves: {
            title: hostile,
            charts: [{ title: hostile, xLabel: hostile, yLabel: hostile, series: [{ name: hostile, y: [1, 2], colour: hostile }] }],
          },
          tiles: {
            images: [[1]],
            height: 1,
            width: 1,
            zoom: 999,
            title: hostile,
            caption: hostile,
            barLabel: hostile,
            captions: { rows: [hostile] },
          },
        },
      ],
    });
    const names = pageOf(page).map(({ name }) => name);
    expect(names).not.toContain('script');
    expect(names).not.toContain('img');
    expect(textsOf(page, 'h1')[0]).toContain('&lt;script&gt;alert(&quot;1&quot;)');
    expect(page).not.toMatch(/[\u0000\u001b]/);
  });

  test('may be nearly empty', () => {
    expect(textsOf(report({ title: 'x' }), 'main')).toHaveLength(1);
    expect(textsOf(report({ title: '' }), 'h1')).toEqual(['']);
  });
});

describe('what cannot be shown is refused', () => {
  test.each<[string, object, RegExp]>([
    ['no title', { title: undefined }, /report: `title` must be text, got undefined/],
    ['an unknown part', { author: 'me' }, /report: there is no option `author`; known are title, summary, headlines, facts, sections/],
    ['an unknown part of a section', { sections: [{ title: 'a', svg: '<svg/>' }] }, /report: `sections\[0\]`: there is no option `svg`/],
    ['an unknown part of a headline', { headlines: [{ name: 'a', value: 1, text: '' }] }, /`headlines\[0\]`: there is no option `text`/],
    [
      'an unknown option of curves',
      { sections: [{ title: 'a', curves: { charts: [], wide: 1 } }] },
      /`sections\[0\].curves`: there is no option `wide`/,
    ],
    [
      'an unknown option of tiles',
      { sections: [{ title: 'a', tiles: { images: [[1]], height: 1, width: 1, wide: 1 } }] },
      /`sections\[0\].tiles`: there is no option `wide`/,
    ],
    ['a fact that is no pair', { facts: [['a']] }, /report: `facts\[0\]` must be a name and a text/],
    ['a fact with a number', { facts: [['a', 1]] }, /report: `facts\[0\]` must be a name and a text/],
    ['facts without end', { facts: new Array(2 ** 32 - 1) }, /`facts` must have at most 10000 entries, got 4294967295/],
    ['half an interval', { headlines: [{ name: 'a', value: 1, low: 0 }] }, /`headlines\[0\]`: `high` must be given with the other end/],
    [
      'an interval of words',
      { headlines: [{ name: 'a', value: 'b', low: 0, high: 1 }] },
      /`value` must be a number where there is an interval, got "b"/,
    ],
    ['a value that is neither', { headlines: [{ name: 'a', value: null }] }, /`value` must be a number or text, got null/],
    ['a paragraph that is a number', { sections: [{ title: 'a', text: [1] }] }, /`text\[0\]` must be text, got 1/],
    ['tiles that are text', { sections: [{ title: 'a', tiles: '<svg/>' }] }, /`sections\[0\].tiles` must be an object/],
  ])('%s', (_, options, message) => {
    expect(() => report({ ...full, ...options })).toThrow(ParameterError);
    expect(() => report({ ...full, ...options })).toThrow(message);
  });

  test('images of another size', () => {
    const sections = [{ title: 'a', tiles: { images: [[1, 2]], height: 1, width: 1 } }];
    expect(() => report({ title: 'a', sections })).toThrow(ShapeError);
  });
});
