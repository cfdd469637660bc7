import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ParameterError } from '../../src/errors.js';
import { curves, type Panel, type Series, writeSvg } from '../../src/viz/index.js';
import { thinned } from '../../src/viz/series.js';
import { axis, position } from '../../src/viz/ticks.js';
import { temporaryFolder } from '../data/support.js';

/** Names of elements, in order; throws unless the document is well-formed in the small part of XML that charts use. */
function elementsOf(svg: string): { name: string; attributes: Record<string, string>; text: string }[] {
  const found: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const open: (typeof found)[number][] = [];
  const token = /<\/(\w+)>|<(\w+)((?: [\w:-]+="[^"<]*")*)(\/?)>|([^<>]+)/gy;
  for (let at = 0; at < svg.length; at = token.lastIndex) {
    token.lastIndex = at;
    const [, closed, name, attributes = '', empty, text] = token.exec(svg) ?? expect.unreachable(`not XML at ${svg.slice(at, at + 40)}`);
    if (closed !== undefined) expect(open.pop()?.name).toBe(closed);
    if (text !== undefined && open.length > 0) open.at(-1)!.text += text;
    if (name === undefined) continue;
    const item = {
      name,
      attributes: Object.fromEntries([...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
      text: '',
    };
    found.push(item);
    if (empty === '') open.push(item);
  }
  expect(open).toEqual([]);
  for (const { text } of found) expect(text.replace(/&(amp|lt|gt|quot);/g, '')).not.toContain('&');
  return found;
}

const texts = (svg: string) =>
  elementsOf(svg)
    .filter(({ name }) => name === 'text')
    .map(({ text }) => text);
const paths = (svg: string) => elementsOf(svg).filter(({ name }) => name === 'path');

describe('a chart shows what it was given', () => {
  const training: Series = { name: 'training', y: [-100, -80, -75] };

  test('titles, labels, legend and round marks', () => {
    const svg = curves(
      [{ title: 'Pseudo-likelihood', xLabel: 'epoch', yLabel: 'nats', series: [training, { ...training, name: 'validation' }] }],
      {
        title: 'A run',
      },
    );
    for (const expected of ['A run', 'Pseudo-likelihood', 'epoch', 'nats', 'training', 'validation', '1', '2', '3', '−80', '−90']) {
      expect(texts(svg)).toContain(expected);
    }
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  });

  test('higher values are drawn higher, later ones further right', () => {
    const [path] = paths(curves([training]));
    const points = [...path!.attributes.d!.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
    expect(points).toHaveLength(3);
    expect(points[0]![0]).toBeLessThan(points[1]![0]!);
    expect(points[0]![1]).toBeGreaterThan(points[1]![1]!);
    expect(points[1]![1]).toBeGreaterThan(points[2]![1]!);
  });

  test('several panels side by side and below each other', () => {
    const panel = (title: string): Panel => ({ title, series: [training] });
    const [svg] = elementsOf(curves(['a', 'b', 'c'].map(panel), { columns: 2, width: 200, height: 150 }));
    expect(svg!.attributes).toMatchObject({ width: '460', height: '360', viewBox: '0 0 460 360' });
  });

  test('missing values are gaps, not zeros; a lone value between gaps is a dot', () => {
    const svg = curves([{ name: 'a', y: [1, 2, Number.NaN, 4, Number.NaN, 6, 7] }]);
    expect(paths(svg)[0]!.attributes.d!.match(/M/g)).toHaveLength(3);
    const long = Array.from({ length: 100 }, (_, i) => (i === 48 || i === 50 ? Number.NaN : i));
    expect(elementsOf(curves([{ name: 'a', y: long }])).filter(({ name }) => name === 'circle')).toHaveLength(1);
  });

  test('a series without any value is left out of the legend, a chart without any says so', () => {
    const nothing: Series = { name: 'validation', y: [Number.NaN, Number.NaN] };
    expect(texts(curves([training, nothing]))).not.toContain('validation');
    expect(texts(curves([nothing]))).toContain('no values');
    expect(texts(curves([{ series: [] }]))).toContain('no values');
    expect(elementsOf(curves([]))).not.toHaveLength(0);
  });

  test('bands lie behind their line and count for the axis', () => {
    const svg = curves([{ name: 'a', y: [1, 2], band: { low: [0, 1], high: [2, 30] } }]);
    const [band, line] = paths(svg);
    expect(band!.attributes['fill-opacity']).toBe('0.18');
    expect(line!.attributes.fill).toBe('none');
    expect(texts(svg)).toContain('30');
  });

  test('on a logarithmic axis powers of ten are evenly spaced and what is not positive is a gap', () => {
    const svg = curves([{ yScale: 'log', series: [{ name: 'a', y: [1, 10, 100, 0, -5, 1000] }] }]);
    expect(texts(svg)).toEqual(expect.arrayContaining(['1', '10', '100', '1000']));
    const ys = [...paths(svg)[0]!.attributes.d!.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y));
    expect(ys[0]! - ys[1]!).toBeCloseTo(ys[1]! - ys[2]!, 1);
    expect(ys).toHaveLength(4);
  });

  test('text from outside cannot break the document', () => {
    const name = '<script>&"\u0000\ud800\u000b]]>';
    const svg = curves([{ title: name, xLabel: name, series: [{ ...training, name, colour: '"/><script>' }] }], { title: name });
    expect(elementsOf(svg).map((item) => item.name)).not.toContain('script');
    expect(svg).not.toMatch(/[\u0000\u000b]/);
  });

  test('the file holds the document', async () => {
    const path = join(temporaryFolder().path, 'a.svg');
    await writeSvg(path, curves([training]));
    expect(readFileSync(path, 'utf8')).toBe(curves([training]));
    await expect(writeSvg(path, undefined as never)).rejects.toThrow(ParameterError);
  });
});

describe('any values give a well-formed document without NaN in it', () => {
  const values = fc.array(fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, 5e-324, Number.MAX_VALUE, -1.7e308, Number.NaN)), {
    maxLength: 12,
  });

  test('on both scales', () => {
    fc.assert(
      fc.property(values, fc.boolean(), fc.string(), (y, log, name) => {
        const svg = curves([
          { yScale: log ? 'log' : 'linear', series: [{ name, y, x: y.map((_, i) => i * 1.5), band: { low: y, high: y } }] },
        ]);
        expect(elementsOf(svg).length).toBeGreaterThan(0);
        expect(svg.replace(/<text[^>]*>[^<]*<\/text>/g, '')).not.toMatch(/NaN|Infinity|undefined/);
      }),
      { numRuns: 500 },
    );
  });

  test('a million points make a small document with the same extremes', () => {
    const y = Float64Array.from({ length: 1e6 }, (_, i) => Math.sin(i / 1e4));
    y[123_456] = 5;
    const svg = curves([{ name: 'a', y }]);
    expect(svg.length).toBeLessThan(60_000);
    expect(texts(svg)).toContain('5');
  });

  test('thinning keeps the lowest and highest of every stretch, in order, and the gaps', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.double({ noNaN: true }), fc.constant(Number.NaN)), { minLength: 1, maxLength: 300 }), (y) => {
        const points = y.map((value, x) => ({ x, y: value, low: Number.NaN, high: Number.NaN }));
        const kept = thinned(points, 40);
        expect(kept.length).toBeLessThanOrEqual(Math.max(40, 70));
        const drawn = kept.filter((point) => !Number.isNaN(point.y));
        const all = y.filter((value) => !Number.isNaN(value));
        expect(Math.max(...drawn.map((point) => point.y))).toBe(Math.max(...all));
        expect(Math.min(...drawn.map((point) => point.y))).toBe(Math.min(...all));
        expect(drawn.map((point) => point.x)).toEqual(drawn.map((point) => point.x).sort((a, b) => a - b));
      }),
    );
  });
});

describe('axes have round marks inside their range', () => {
  test.each<[number, number, number, string[]]>([
    [0, 1, 5, ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']],
    [-0.3, 0.3, 3, ['−0.2', '0.0', '0.2']],
    [97, 103, 5, ['97', '98', '99', '100', '101', '102', '103']],
    [0, 3e6, 3, ['0', '1e6', '2e6', '3e6']],
    [1e-6, 3e-6, 2, ['1e−6', '2e−6', '3e−6']],
    [5, 5, 5, ['4.6', '4.8', '5.0', '5.2', '5.4']],
  ])('%d to %d', (low, high, count, labels) => {
    expect(axis([low, high], count).ticks.map(({ label }) => label)).toEqual(labels);
  });

  test('counts of epochs have whole marks', () => {
    expect(axis([1, 2], 8, { whole: true }).ticks.map(({ label }) => label)).toEqual(['1', '2']);
    expect(axis([1, 1], 8, { whole: true }).ticks.map(({ label }) => label)).toEqual(['0', '1', '2']);
  });

  test('for any range there are some, few, rising and inside', () => {
    const bound = fc.double({ min: -1e200, max: 1e200, noNaN: true });
    fc.assert(
      fc.property(bound, bound, fc.integer({ min: 2, max: 10 }), (a, b, count) => {
        const made = axis([Math.min(a, b), Math.max(a, b)], count);
        expect(made.ticks.length).toBeLessThanOrEqual(2 * count + 2);
        for (const [i, { value }] of made.ticks.entries()) {
          expect(position(made, value)).toBeGreaterThan(-0.01);
          expect(position(made, value)).toBeLessThan(1.01);
          if (i > 0) expect(value).toBeGreaterThan(made.ticks[i - 1]!.value);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what cannot be drawn is refused', () => {
  const y = [1, 2];
  test.each<[string, unknown, RegExp]>([
    ['no array', undefined, /curves: `charts` must be an array of panels or series, got undefined/],
    ['a number among series', [{ name: 'a', y }, 5], /`charts\[1\]` must be a series like the others, got 5/],
    [
      'a series among panels',
      [{ series: [] }, { name: 'a', y }],
      /`charts\[1\]` must be a panel \(with an array `series`\) like the others/,
    ],
    ['a panel without its list', [{ series: [] }, { series: 5 }], /`charts\[1\]` must be a panel/],
    ['a series that is no object', [{ series: [null] }], /a series must be an object, got null/],
    ['no name', [{ y }], /the `name` of a series must be text, got undefined/],
    ['no values', [{ name: 'a' }], /`y` of "a" must be an array of numbers, got undefined/],
    ['places of another length', [{ name: 'a', y, x: [1] }], /`x` of "a" must have 2 entries like `y`, got 1/],
    ['charts without end', new Array(2 ** 32 - 1), /`charts` must have at most 1000 entries, got 4294967295/],
    ['series without end', [{ series: new Array(2 ** 32 - 1) }], /`charts\[0\].series` must have at most 1000 entries/],
    ['values without end', [{ name: 'a', y: new Array(2 ** 32 - 1) }], /`y` of "a" must have at most 4194304 entries, got 4294967295/],
    ['a band of another length', [{ name: 'a', y, band: { low: y, high: [1] } }], /`band.high` of "a" must have 2 entries/],
  ])('%s', (_, charts, message) => {
    expect(() => curves(charts as Series[])).toThrow(ParameterError);
    expect(() => curves(charts as Series[])).toThrow(message);
  });

  test.each<[object]>([[{ width: 0 }], [{ height: Number.NaN }], [{ columns: 0 }], [{ columns: 1.5 }]])('option %j', (options) => {
    expect(() => curves([], options)).toThrow(/curves: `\w+` must be a whole number from/);
  });
});
